"""The model card that a run writes: its data, settings and losses, by category."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from train.instruction_checks import FACTS
from train.instruction_losses import CategoryLoss, mean_loss

CARD = "README.md"
_SOURCE_HEAD = (
    *("Source", "Read", "Repeats", "Bad rows", "Held a mark", "No answer left", "Cut"),
    "In an epoch",
)


@dataclass(frozen=True, slots=True)
class SourceCount:
    """What became of one source's rows.

    Attributes:
        name: of the source.
        read: items that can be learned from, each once.
        repeats: items that an earlier row said already.
        bad: rows left out, since nothing can be learned from them.
        special: items left out, since they hold text that is one of the tokenizer's marks.
        unanswered: items left out, since no answer is left after cutting.
        cut: items cut to the longest length.
        drawn: items in an epoch, repeats of them included.
    """

    name: str
    read: int
    repeats: int
    bad: int
    special: int
    unanswered: int
    cut: int
    drawn: int


@dataclass(frozen=True, slots=True)
class RunFacts:
    """All that a card says.

    Attributes:
        name: the model's, its folder's.
        base: a folder or an id.
        base_digest: what tells this base from another of its name.
        settings: of the run, by name.
        sources: what became of every row.
        categories: items in an epoch, by category.
        cut_tokens: tokens that were cut off, by category.
        tokens: in an epoch.
        answered: of them, those that the loss counts.
        packed: whether items stood side by side.
        hold_out: the category that was never trained on; empty for none.
        before: losses of the base.
        after: losses of what was learned.
        epochs: the mean held-out loss after each.
        versions: of the libraries.
    """

    name: str
    base: str
    base_digest: str
    settings: Mapping[str, object]
    sources: tuple[SourceCount, ...]
    categories: Mapping[str, int]
    cut_tokens: Mapping[str, int]
    tokens: int
    answered: int
    packed: bool
    hold_out: str
    before: tuple[CategoryLoss, ...]
    after: tuple[CategoryLoss, ...]
    epochs: tuple[float, ...]
    versions: Mapping[str, str]


def write_card(folder: Path, facts: RunFacts) -> None:
    """Write the card for people and the same facts for programs, beside the weights."""
    written = json.dumps(asdict(facts), indent=2, ensure_ascii=False, default=str)
    for name, text in ((FACTS, written + "\n"), (CARD, card_text(facts))):
        partial = folder / f"{name}.new"
        partial.write_text(text, encoding="utf-8")
        partial.replace(folder / name)


def card_text(facts: RunFacts) -> str:
    """The card in Markdown, its head as the Hugging Face hub reads it."""
    adapter = facts.settings["tuning"] != "full"
    head = ["---", f"base_model: {json.dumps(facts.base)}"]
    head += ["library_name: peft"] if adapter else ["library_name: transformers"]
    head += ["pipeline_tag: text-generation", "tags: [instruction-tuning, trl]", "---"]
    parts = [
        "\n".join(head),
        f"# {facts.name}",
        f"{facts.settings['tuning']} tuning of `{facts.base}` (digest {facts.base_digest}) on"
        f" {sum(facts.categories.values()):,} items: {facts.tokens:,} tokens an epoch, of which the"
        f" loss counts the {facts.answered:,} of answers. "
        + ("Items stood side by side, none seeing another." if facts.packed else "One item a row."),
        "## Data",
        _table(
            _SOURCE_HEAD,
            [
                (s.name, s.read, s.repeats, s.bad, s.special, s.unanswered, s.cut, s.drawn)
                for s in facts.sources
            ],
        ),
        "Bad rows and items that held a mark of the tokenizer were left out; cut items were"
        f" learned up to {facts.settings['max_tokens']:,} tokens.",
        "## By category",
        _losses(facts),
        "Losses are nats for each token of held-out answers, of the base and of this model"
        " as it stands here. Fewer held-out items make a number less sure.",
        "Mean held-out loss after each epoch: "
        + (", ".join(f"{loss:.4f}" for loss in facts.epochs) or "not measured")
        + ".",
        "## Settings",
        _table(("Setting", "Value"), [(name, f"`{v}`") for name, v in facts.settings.items()]),
        "Made with " + ", ".join(f"{name} {v}" for name, v in facts.versions.items()) + ".",
        "## Limits",
        "The loss says how well answers of the same kind are foreseen, not whether what is said"
        " is true, useful or safe. Not measured here: general ability, bias, refusals.",
    ]
    return "\n\n".join(parts) + "\n"


def _losses(facts: RunFacts) -> str:
    before = {loss.category: loss for loss in facts.before}
    after = {loss.category: loss for loss in facts.after}
    rows: list[Sequence[object]] = []
    for name in sorted(facts.categories.keys() | after.keys()):
        first, last = before.get(name), after.get(name)
        shown = f"{name} (never trained on)" if name == facts.hold_out else name
        rows.append(
            (
                *(shown, facts.categories.get(name, 0), facts.cut_tokens.get(name, 0)),
                *(last.items if last else 0, _loss(first), _loss(last), _change(first, last)),
            )
        )
    if facts.after:
        totals = mean_loss(facts.before), mean_loss(facts.after)
        items = sum(loss.items for loss in facts.after)
        rows.append(
            (
                *("all", sum(facts.categories.values()), sum(facts.cut_tokens.values()), items),
                *(f"{totals[0]:.4f}", f"{totals[1]:.4f}", f"{totals[1] - totals[0]:+.4f}"),
            )
        )
    head = ("Category", "In an epoch", "Tokens cut off", "Held out", "Loss before", "Loss after")
    return _table((*head, "Change"), rows)


def _loss(found: CategoryLoss | None) -> str:
    return f"{found.loss:.4f}" if found else "–"


def _change(first: CategoryLoss | None, last: CategoryLoss | None) -> str:
    return f"{last.loss - first.loss:+.4f}" if first and last else "–"


def _table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(map(_cell, line)) + " |" for line in lines)


def _cell(value: object) -> str:
    text = f"{value:,}" if isinstance(value, int) else str(value)
    return text.replace("|", "\\|").replace("\n", " ")
