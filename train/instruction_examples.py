"""Items in tokens, ready to be learned from or measured, with a count of what became of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from transformers import PreTrainedTokenizerBase as Tokenizer

from occu_core.occuquest.items import Item
from train.instruction_card import SourceCount
from train.instruction_data import Source, digest, held_out, mix, read_sources
from train.instruction_forms import Example, FormError, example, holds_special
from train.instruction_settings import InstructionSettings


@dataclass(frozen=True, slots=True)
class Lessons:
    """What a run learns from and is measured on.

    Attributes:
        train: an epoch's examples.
        held_out: only measured.
        sources: what became of every row.
        cut_tokens: tokens that were cut off, by category, held-out items included.
        digest: of all items read, in order.
    """

    train: tuple[Example, ...]
    held_out: tuple[Example, ...]
    sources: tuple[SourceCount, ...]
    cut_tokens: Mapping[str, int]
    digest: str

    @property
    def tokens(self) -> int:
        """In an epoch."""
        return sum(len(example.written.tokens) for example in self.train)

    @property
    def answered(self) -> int:
        """Tokens of an epoch that the loss counts."""
        return sum(example.answered for example in self.train)


def make_lessons(settings: InstructionSettings, tokenizer: Tokenizer) -> Lessons:
    """Read, check, hold out, tokenise, mix.

    Raises:
        SystemExit: if the data are bad, the template refuses them, or nothing is left to learn.
    """
    sources = read_sources(settings)
    if settings.hold_out:
        _check_category(settings.hold_out, sources)
    learned, measured, counts = [], [], []
    for source in sources:
        left, aside = held_out(source, settings)
        kept = _Kept(tokenizer, source, settings)
        learned.append(kept.examples(left))
        measured += kept.examples(aside)
        counts.append(kept.counts)
        if settings.weights and not learned[-1]:
            raise SystemExit(f"weights: nothing of {source.name} is left to draw from")
    if not any(learned):
        raise SystemExit("data: nothing is left to learn from")
    train = mix(learned, settings.weights, settings.seed)
    drawn = Counter(id(example) for example in train)
    cut_tokens: Counter[str] = Counter()
    for every in (*learned, measured):
        for one in every:
            cut_tokens[one.category] += one.cut
    return Lessons(
        tuple(train),
        tuple(measured),
        tuple(
            _source_count(source, count, sum(drawn[id(one)] for one in part))
            for source, count, part in zip(sources, counts, learned, strict=True)
        ),
        dict(sorted(cut_tokens.items())),
        digest(item for source in sources for item in source.items),
    )


class _Kept:
    """Tokenises the items of one source, and counts those that are left out or cut."""

    def __init__(self, tokenizer: Tokenizer, source: Source, settings: InstructionSettings) -> None:
        self._tokenizer = tokenizer
        self._source = source
        self._most = settings.max_tokens
        self.counts: Counter[str] = Counter()

    def examples(self, items: Sequence[Item]) -> list[Example]:
        """Those items of which something can be learned."""
        return [one for item in items if (one := self._example(item))]

    def _example(self, item: Item) -> Example | None:
        if holds_special(self._tokenizer, item):
            self.counts["special"] += 1
            return None
        try:
            found = example(self._tokenizer, item, self._source.category(item), self._most)
        except FormError as error:
            raise SystemExit(f"data: an item of {self._source.name}: {error}") from None
        self.counts["unanswered"] += found is None
        self.counts["cut"] += found is not None and found.cut > 0
        return found


def _source_count(source: Source, counts: Mapping[str, int], drawn: int) -> SourceCount:
    return SourceCount(
        name=source.name,
        read=len(source.items),
        repeats=source.repeats,
        bad=source.bad.count,
        special=counts["special"],
        unanswered=counts["unanswered"],
        cut=counts["cut"],
        drawn=drawn,
    )


def _check_category(name: str, sources: Sequence[Source]) -> None:
    known = {source.category(item) for source in sources for item in source.items}
    if name not in known:
        raise SystemExit(
            f"hold_out is {name!r}; expected one of the categories in data: "
            + ", ".join(sorted(known)[:40])
        )
