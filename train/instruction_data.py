"""Items to learn from: read from every source, checked, some held out, the rest mixed."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

from occu_core.occuquest.item_files import ItemFileError
from occu_core.occuquest.items import Item, Role
from occu_core.occuquest.reading import KeptAside, first_rows, unknown_layout
from occu_core.occuquest.reading_hub import OccuQuestSplit, download_split
from occu_core.occuquest.reading_layouts import item_of, recognise
from occu_core.occuquest.reading_rows import BadRow, DatasetError, opened_rows
from train.instruction_settings import InstructionSettings

RELEASED = "occuquest:"
_READ = (".jsonl", ".json", ".csv", ".parquet", ".jsonl.gz", ".json.gz", ".csv.gz")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Source:
    """One of `data`, read.

    Attributes:
        name: its file's or folder's name.
        items: all that can be learned from, each once over all sources.
        repeats: how many items an earlier row said already.
        bad: rows that cannot be learned from, by what is wrong, with files and numbers.
    """

    name: str
    items: tuple[Item, ...]
    repeats: int
    bad: KeptAside

    def category(self, item: Item) -> str:
        """An item's category, or the name of its source where it has none."""
        return item.category or f"({self.name})"


def read_sources(settings: InstructionSettings) -> list[Source]:
    """Read all data.

    Raises:
        SystemExit: if a source cannot be read, holds nothing, or has bad rows and `skip_bad` is
            off; names files, rows and what is wrong.
    """
    seen: set[str] = set()
    try:
        sources = [_source(given, seen) for given in settings.data]
    except (DatasetError, OSError) as error:
        raise SystemExit(f"data: {error}") from None
    bad = sum(source.bad.count for source in sources)
    if bad and not settings.skip_bad:
        lines = [line for source in sources for line in source.bad.lines(most=10)]
        raise SystemExit(
            "\n".join([f"data: {bad:,} rows cannot be learned from:", *lines])
            + "\ncorrect them, or leave them out with --skip-bad"
        )
    for given, source in zip(settings.data, sources, strict=True):
        if not source.items:
            raise SystemExit(f"data: {given} holds nothing to learn from that came not before")
    return sources


def problem_of(item: Item) -> str | None:
    """Why an item cannot be learned from; None if it can.

    Expected: perhaps one system message, then user and assistant in turn, the assistant last.
    """
    turns = [m.role for m in item.messages]
    first = 1 if turns[0] is Role.SYSTEM else 0
    for place, role in enumerate(turns[first:]):
        due = (Role.USER, Role.ASSISTANT)[place % 2]
        if role is not due:
            return f"message {first + place + 1} is of the {role}; expected the {due}, in turn"
    if turns[-1] is not Role.ASSISTANT:
        return f"message {len(turns)} of the user has no answer; expected one of the assistant"
    return None


def held_out(source: Source, settings: InstructionSettings) -> tuple[list[Item], list[Item]]:
    """A source's items to learn from, and those that are only measured.

    Whether an item is held out depends on what it says and the seed, not on the rows around it,
    except that its category's share is exact.
    """
    by_category: dict[str, list[Item]] = {}
    for item in source.items:
        by_category.setdefault(source.category(item), []).append(item)
    learned: set[str] = set()
    measured: list[Item] = []
    for category, items in by_category.items():
        ranked = sorted(items, key=lambda item: _rank(item, settings.seed))
        share = settings.held_out_share
        count = max(round(share * len(items)), 1 if share and len(items) > 1 else 0)
        if category == settings.hold_out:
            count = len(items)
        measured += ranked[:count][: settings.measured_items]
        learned.update(item.item_id for item in ranked[count:])
    return [item for item in source.items if item.item_id in learned], measured


def mix(parts: Sequence[Sequence[T]], weights: Sequence[float], seed: int) -> list[T]:
    """As many items as all parts have, in the proportion of the weights.

    A part that is asked for more than it has is repeated whole, and the rest drawn at random.

    >>> sorted(mix(["ab", "wxyz"], [1, 1], seed=1))[:4]
    ['a', 'a', 'b', 'w']
    """
    if not weights:
        return [item for part in parts for item in part]
    total = sum(len(part) for part in parts)
    rng = random.Random(seed)
    mixed: list[T] = []
    for part, weight in zip(parts, weights, strict=True):
        whole, rest = divmod(round(total * weight / sum(weights)), len(part))
        mixed += list(part) * whole + rng.sample(list(part), rest)
    return mixed


def digest(items: Iterable[Item]) -> str:
    """Sixteen hexadecimal digits of what all items say, in order."""
    return sha256(" ".join(item.item_id for item in items).encode()).hexdigest()[:16]


def _source(given: str, seen: set[str]) -> Source:
    bad = KeptAside()
    items: list[Item] = []
    repeats = 0
    for path in _files(given):
        for item in _good(path, bad):
            repeats += item.item_id in seen
            if item.item_id not in seen:
                seen.add(item.item_id)
                items.append(item)
    name = given if given.startswith(RELEASED) else Path(given).name.partition(".")[0]
    return Source(name, tuple(items), repeats, bad)


def _files(given: str) -> list[Path]:
    if given.startswith(RELEASED):
        split = given.removeprefix(RELEASED)
        if split not in list(OccuQuestSplit):
            raise DatasetError(f"{given}: expected one of {', '.join(OccuQuestSplit)} after the :")
        return download_split(OccuQuestSplit(split))
    path = Path(given)
    if not path.is_dir():
        return [path]
    found = sorted(file for file in path.iterdir() if file.name.endswith(_READ))
    if not found:
        raise DatasetError(f"{path}: has no file of items; expected one of {', '.join(_READ)}")
    return found


def _good(path: Path, bad: KeptAside) -> Iterator[Item]:
    with opened_rows(path) as rows:
        rows, contents = first_rows(rows, path.name)
        layout = recognise(contents)
        if layout is None:
            raise unknown_layout(path.name, contents[0])
        for row in rows:
            if isinstance(row, BadRow):
                problem: str | None = row.problem
            else:
                try:
                    item = item_of(row.content, layout)
                    problem = problem_of(item)
                except ItemFileError as error:
                    problem = str(error)
            if problem is None:
                yield item
            else:
                bad.add(_Placed(row.number, problem, path.name))


@dataclass(frozen=True, slots=True)
class _Placed(BadRow):
    """A bad row of one file among several."""

    file: str

    def __str__(self) -> str:
        return f"{self.file} row {self.number}: {self.problem}"


def _rank(item: Item, seed: int) -> str:
    return sha256(f"{seed} {item.item_id}".encode()).hexdigest()
