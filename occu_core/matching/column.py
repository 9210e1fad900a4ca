"""A whole column of job titles at once: each row with its occupation and how sure that is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from occu_core.matching.features import is_readable
from occu_core.matching.matcher import Match, Sureness, TitleMatcher
from occu_core.matching.table_writing import TableWriter, table_writer
from occu_core.matching.tables import OpenTable, TableError, check_new_columns, opened_table

COLUMNS = ("match_code", "match_occupation", "match_confidence", "match_top5")
_BATCH, _MOST_KEPT = 512, 50_000
_TOP = 5

OnBytes = Callable[[int], None]


@dataclass(slots=True)
class ColumnCount:
    """How a column was coded so far, in rows.

    Attributes:
        rows: of the table.
        empty: without a title; their new cells stay empty.
        sure: that can be coded without looking.
        doubtful: that may be none of the occupations listed.
    """

    rows: int = 0
    empty: int = 0
    sure: int = 0
    doubtful: int = 0

    @property
    def likely(self) -> int:
        """Rows to look at: neither sure nor doubtful."""
        return self.rows - self.empty - self.sure - self.doubtful


class RememberingMatcher:
    """Matches titles in batches and looks each distinct one up once, as long as it is remembered.

    The oldest are forgotten, so that memory stays flat however long the table is.
    """

    def __init__(self, matcher: TitleMatcher) -> None:
        self._matcher = matcher
        self._known: dict[str, Match] = {}

    def match(self, titles: Sequence[str]) -> list[Match | None]:
        """One match for each title in order; None for a title with nothing to read."""
        while len(self._known) > _MOST_KEPT:
            del self._known[next(iter(self._known))]
        readable = dict.fromkeys(title for title in titles if is_readable(title))
        fresh = [title for title in readable if title not in self._known]
        self._known.update(zip(fresh, self._matcher.match(fresh, _TOP), strict=True))
        return [self._known[title] if title in readable else None for title in titles]


def code_file(
    path: Path,
    column: str,
    out: Path,
    matcher: TitleMatcher,
    *,
    overwrite: bool = False,
    on_bytes: OnBytes | None = None,
) -> ColumnCount:
    """Write a table again with four more columns: code, occupation, confidence and top five codes.

    Args:
        path: CSV or TSV, gzipped or not; read row by row.
        column: where the titles stand.
        out: the new table; it appears once it is whole.
        matcher: what codes.
        overwrite: replace these columns where they are there already.
        on_bytes: told how many bytes of the table have been read.

    Raises:
        TableError: naming file, row and column of what cannot be read.
    """
    if out.exists() and out.samefile(path):
        raise TableError(f"{out}: is the table that is read; expected another name")
    with opened_table(path) as table, table_writer(out, table.delimiter) as writer:
        return code_table(table, column, writer, matcher, overwrite=overwrite, on_bytes=on_bytes)


def code_table(
    table: OpenTable,
    column: str,
    writer: TableWriter,
    matcher: TitleMatcher,
    *,
    overwrite: bool = False,
    on_bytes: OnBytes | None = None,
) -> ColumnCount:
    """Code an open table into another."""
    place = table.column(column)
    check_new_columns(table.header, COLUMNS, table.name, overwrite=overwrite)
    kept = [i for i, name in enumerate(table.header) if name.strip().casefold() not in COLUMNS]
    writer.row([*(table.header[i] for i in kept), *COLUMNS])
    count, remembering = ColumnCount(), RememberingMatcher(matcher)
    for rows in _batches(table.rows()):
        matches = remembering.match([row[place] for row in rows])
        for row, match in zip(rows, matches, strict=True):
            writer.row([*(row[i] for i in kept), *_cells(match)])
            _add(count, match)
        if on_bytes:
            on_bytes(table.bytes_read)
    return count


def _batches(rows: Iterator[list[str]]) -> Iterator[list[list[str]]]:
    while batch := list(islice(rows, _BATCH)):
        yield batch


def _cells(match: Match | None) -> tuple[str, ...]:
    if match is None:
        return ("",) * len(COLUMNS)
    best = match.best
    codes = "|".join(one.occupation.code for one in match.ranked)
    return best.code, best.title, f"{match.confidence:.4f}", codes


def _add(count: ColumnCount, match: Match | None) -> None:
    count.rows += 1
    count.empty += match is None
    count.sure += match is not None and match.sureness is Sureness.SURE
    count.doubtful += match is not None and match.sureness is Sureness.DOUBTFUL
