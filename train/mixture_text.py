"""Groups of instruction texts as token rows to learn from and held-out items to measure on."""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from torch import Tensor

USER, ASSISTANT, END = "<|user|>", "<|assistant|>", "</s>"
MOST_TOKENS = 512
"""Longer items are cut; `Corpus.cut` counts them."""


@dataclass(frozen=True, slots=True)
class Group:
    """Texts of one kind: those to learn from, to choose settings on, and to measure at the end."""

    name: str
    train: tuple[str, ...]
    valid: tuple[str, ...]
    test: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class HeldOut:
    """Held-out items as windows of tokens; a long item has several, each read on its own."""

    tokens: Tensor  # (windows, row tokens), right-padded with 0
    lengths: Tensor  # (windows,)
    items: Tensor  # (windows,), the number of each window's item, counted over all groups
    groups: Tensor  # (items,)

    @property
    def count(self) -> int:
        """How many items."""
        return len(self.groups)


@dataclass(frozen=True, slots=True)
class Corpus:
    """Every group encoded: training rows by group, and two held-out parts."""

    names: tuple[str, ...]
    vocabulary: int
    rows: tuple[Tensor, ...]  # by group, (rows, row tokens)
    items: tuple[int, ...]
    valid: HeldOut
    test: HeldOut
    cut: int

    @property
    def tokens(self) -> list[int]:
        """Tokens to learn from, by group: its size."""
        return [rows.numel() for rows in self.rows]


def as_text(turns: Iterable[tuple[str, str]]) -> str:
    r"""Turns in the plain form, an end after each answer and after a question alone.

    >>> as_text([("user", "Hi"), ("assistant", "Hello")])
    '<|user|>\nHi\n<|assistant|>\nHello</s>'
    """
    marks = {"user": USER, "assistant": ASSISTANT}
    said = [f"{marks[role]}\n{content.strip()}" for role, content in turns if role in marks]
    return "\n".join(said) + END


def split_groups(
    texts: Mapping[str, Sequence[str]], valid: int, test: int, seed: int
) -> tuple[Group, ...]:
    """Hold out as many items of each group; a question asked twice, anywhere, is kept once.

    Raises:
        SystemExit: naming a group that is too small to leave half of it to learn from.
    """
    seen: set[str] = set()
    groups = []
    for name, own in texts.items():
        kept = []
        for text in own:
            key = _words_asked(text)
            if key not in seen:
                seen.add(key)
                kept.append(text)
        if len(kept) < 2 * (valid + test):
            raise SystemExit(
                f"{name}: has {len(kept)} different items; holding out {valid + test} needs at"
                f" least {2 * (valid + test)}. Join it with another group or hold out fewer."
            )
        random.Random(f"{seed} {name}").shuffle(kept)
        held = valid + test
        groups.append(Group(name, tuple(kept[held:]), tuple(kept[:valid]), tuple(kept[valid:held])))
    return tuple(groups)


def encode(groups: Sequence[Group], vocabulary: int, row_tokens: int) -> Corpus:
    """Learn a byte-level BPE from the training texts alone, and cut all texts into rows.

    Raises:
        SystemExit: naming a group whose training texts do not fill a row.
    """
    tokenizer = _learn_tokenizer(chain.from_iterable(g.train for g in groups), vocabulary)
    rows = []
    cut = 0
    for group in groups:
        encoded = [tokenizer.encode(text).ids for text in group.train]
        cut += sum(len(ids) > MOST_TOKENS for ids in encoded)
        stream = list(chain.from_iterable(ids[:MOST_TOKENS] for ids in encoded))
        full = len(stream) // row_tokens
        if not full:
            raise SystemExit(
                f"{group.name}: has {len(stream)} tokens to learn from; expected at least"
                f" {row_tokens}. Join it with another group."
            )
        rows.append(torch.tensor(stream[: full * row_tokens]).view(full, row_tokens))
    return Corpus(
        names=tuple(group.name for group in groups),
        vocabulary=tokenizer.get_vocab_size(),
        rows=tuple(rows),
        items=tuple(len(group.train) for group in groups),
        valid=_held_out(tokenizer, [g.valid for g in groups], row_tokens),
        test=_held_out(tokenizer, [g.test for g in groups], row_tokens),
        cut=cut,
    )


def _learn_tokenizer(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[END, USER, ASSISTANT],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(texts, trainer)
    return tokenizer


def _held_out(tokenizer: Tokenizer, texts: Sequence[Sequence[str]], row_tokens: int) -> HeldOut:
    """Windows of at most `row_tokens`; a last one of a single token predicts none and is left."""
    windows: list[list[int]] = []
    items: list[int] = []
    groups: list[int] = []
    for number, own in enumerate(texts):
        for text in own:
            ids = tokenizer.encode(text).ids[:MOST_TOKENS]
            parts = [ids[i : i + row_tokens] for i in range(0, len(ids), row_tokens)]
            parts = [part for part in parts if len(part) > 1]
            windows.extend(parts)
            items.extend([len(groups)] * len(parts))
            groups.append(number)
    tokens = torch.zeros(len(windows), row_tokens, dtype=torch.long)
    for row, window in enumerate(windows):
        tokens[row, : len(window)] = torch.tensor(window)
    lengths = torch.tensor([len(window) for window in windows])
    return HeldOut(tokens, lengths, torch.tensor(items), torch.tensor(groups))


def _words_asked(text: str) -> str:
    """What is asked, in its words alone."""
    asked = text.removeprefix(USER).partition(ASSISTANT)[0].removesuffix(END)
    return " ".join(re.findall(r"\w+", asked.casefold())) or asked
