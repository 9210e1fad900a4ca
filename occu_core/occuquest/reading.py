"""Datasets of any known layout as items: streamed, with bad rows kept aside by number."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, islice
from pathlib import Path

from occu_core.occuquest.item_files import ItemFileError
from occu_core.occuquest.items import Item
from occu_core.occuquest.reading_layouts import Layout, item_of, recognise
from occu_core.occuquest.reading_rows import BadRow, DatasetError, Row, Rows, opened_rows

MOST_UPLOADED_BYTES = 50_000_000
MOST_UNPACKED_BYTES = 200_000_000
MOST_PROBLEMS = 1_000
_LOOKED_AT = 20


@dataclass(slots=True)
class KeptAside:
    """The rows that were no items: how many, and the first of them."""

    count: int = 0
    first: list[BadRow] = field(default_factory=list)

    def add(self, row: BadRow) -> None:
        """Count a row; only the first thousand are held."""
        self.count += 1
        if len(self.first) < MOST_PROBLEMS:
            self.first.append(row)

    def lines(self, most: int = 20) -> list[str]:
        """The first problems, a line each, and how many more there are."""
        shown = [str(row) for row in self.first[:most]]
        more = self.count - len(shown)
        return [*shown, f"and {more:,} more rows"] if more else shown


@contextmanager
def read_dataset(
    source: Path | bytes,
    layout: Layout | None = None,
    *,
    name: str | None = None,
    most_bytes: int | None = None,
) -> Iterator[tuple[Iterator[Item], KeptAside]]:
    """The items of a file, one at a time, and the rows kept aside so far.

    Args:
        source: a path, or uploaded bytes.
        layout: how rows are laid out; None to recognise it from the first twenty.
        name: what errors call uploaded bytes.
        most_bytes: see `opened_rows`.

    Raises:
        DatasetError: if no row can be read at all, or if the layout is none that is known.
    """
    aside = KeptAside()
    with opened_rows(source, name, most_bytes) as rows:
        called = name or (source.name if isinstance(source, Path) else "upload")
        rows, contents = first_rows(rows, called)
        layout = layout or recognise(contents)
        if layout is None:
            raise unknown_layout(called, contents[0])
        yield _items(rows, layout, aside), aside


def first_rows(rows: Rows, name: str) -> tuple[Rows, list[object]]:
    """The same rows, and what stands in the first of them, for `recognise`.

    Raises:
        DatasetError: if nothing in them can be read.
    """
    first = list(islice(rows, _LOOKED_AT))
    contents = [row.content for row in first if isinstance(row, Row)]
    if not contents:
        why = str(first[0]) if first else "it has no rows"
        raise DatasetError(f"{name}: no row can be read; {why}")
    return chain(first, rows), contents


def unknown_layout(name: str, content: object) -> DatasetError:
    """The refusal of a row that is laid out like nothing that is read."""
    fields = ", ".join(map(str, content)) if isinstance(content, Mapping) else str(content)
    return DatasetError(
        f"{name}: has a layout that is not known: {fields[:200] or 'no fields'}; expected one of"
        f" {', '.join(Layout)}, chosen with --format where it cannot be recognised"
    )


def without_repeats(items: Iterator[Item]) -> Iterator[Item]:
    """Each item once: what says the same has the same id, whatever ids a file gave its rows."""
    seen: set[str] = set()
    for item in items:
        if item.item_id not in seen:
            seen.add(item.item_id)
            yield item


def _items(rows: Rows, layout: Layout, aside: KeptAside) -> Iterator[Item]:
    for row in rows:
        if isinstance(row, BadRow):
            aside.add(row)
            continue
        try:
            yield item_of(row.content, layout)
        except ItemFileError as error:
            aside.add(BadRow(row.number, str(error)))
