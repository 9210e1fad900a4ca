"""The career table: one row per person-year, read from CSV and checked row by row.

Required columns: `person_id`, `year`, `occupation` (a title or a code; empty is skipped).
Optional: `dataset`, `split`, `birth_year`, `sex`, `race_ethnicity`, `region`, `education`;
an empty value is unknown. Other columns are ignored. Rows may come in any order. A worker's
region is the first one known, so that nothing of the future leaks into a query.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from occu_core.careers import CareerError, CareerHistory
from occu_core.data.career_rows import MOST_CELL as MOST_CELL
from occu_core.data.career_rows import OPTIONAL_COLUMNS as OPTIONAL_COLUMNS
from occu_core.data.career_rows import REQUIRED_COLUMNS as REQUIRED_COLUMNS
from occu_core.data.career_rows import (
    CellError,
    TableRow,
    career_of,
    check_row,
    delimiter_of,
    header_problem,
    remember,
)
from occu_core.data.career_rows import Split as Split
from occu_core.occupations import Taxonomy, occ1990dd

MOST_ERRORS = 20


class CareerTableError(ValueError):
    """A table with rows that cannot be read; `problems` has one line for each, up to twenty."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True, slots=True)
class CareerTable:
    """The careers of a table, with each worker's split and rows without a codable occupation."""

    careers: tuple[CareerHistory, ...]
    splits: tuple[Split | None, ...]
    skipped_rows: tuple[int, ...]

    @property
    def skipped(self) -> int:
        """How many rows had no codable occupation; the workers' other years stay."""
        return sum(self.skipped_rows)

    def only(self, split: Split) -> CareerTable:
        """The workers of one split.

        Raises:
            ValueError: if no worker belongs to it.
        """
        chosen = [i for i, own in enumerate(self.splits) if own is split]
        if not chosen:
            found = ", ".join(sorted({s.value for s in self.splits if s})) or "none"
            raise ValueError(f"no worker belongs to split {split.value!r}; splits found: {found}")
        return CareerTable(
            tuple(self.careers[i] for i in chosen),
            (split,) * len(chosen),
            tuple(self.skipped_rows[i] for i in chosen),
        )


def read_career_table(
    text: str, name: str = "table", taxonomy: Taxonomy | None = None
) -> CareerTable:
    """Read a whole table from its text (see `occu_core.data.files` for bytes and paths).

    Raises:
        CareerTableError: naming file, row, column, value and what is allowed, for up to
            twenty rows. Row 1 is the header, as in a spreadsheet.
    """
    csv.field_size_limit(MOST_CELL)  # one limit for the whole process; other readers allow more
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter_of(text), strict=True)
    problems: list[str] = []
    rows = list(_checked_rows(reader, name, taxonomy or occ1990dd(), problems))
    if not problems and not rows:
        problems.append(f"{name}: has a header but no rows; expected one row per person and year")
    workers: dict[tuple[str, str], list[TableRow]] = {}
    for row in rows:
        workers.setdefault(row.person, []).append(row)
    careers, splits, skipped = [], [], []
    for worker in workers.values():
        worker.sort(key=lambda row: row.year)
        try:
            careers.append(career_of(worker))
            splits.append(Split(str(worker[0].fixed[3])) if worker[0].fixed[3] else None)
            skipped.append(sum(row.occupation is None for row in worker))
        except CareerError as error:
            first = worker[0]
            problems.append(f"{name} row {first.number}: person {first.person[1]!r}: {error}")
    if problems:
        more = [f"{name}: and more; the first {MOST_ERRORS} are shown"]
        raise CareerTableError(
            problems[:MOST_ERRORS] + (more if len(problems) > MOST_ERRORS else [])
        )
    return CareerTable(tuple(careers), tuple(splits), tuple(skipped))


def _checked_rows(
    reader: Iterable[list[str]], name: str, taxonomy: Taxonomy, problems: list[str]
) -> Iterator[TableRow]:
    lines, number = iter(reader), 0
    try:
        header = [column.strip().lower() for column in next(lines, [])]
        number = 1
        if problem := header_problem(header):
            problems.append(f"{name} row 1: {problem}")
            return
        occupation = remember(taxonomy.find)
        for number, values in enumerate(lines, start=2):
            if not any(value.strip() for value in values):
                continue
            if len(values) != len(header):
                problems.append(
                    f"{name} row {number}: has {len(values)} values; expected {len(header)},"
                    " one per column (is a comma inside a title unquoted?)"
                )
            else:
                cells = {c: v.strip() for c, v in zip(header, values, strict=True)}
                try:
                    yield check_row(cells, number, occupation)
                except CellError as error:
                    problems.append(f"{name} row {number}, column {error}")
            if len(problems) > MOST_ERRORS:
                return
    except csv.Error as error:
        problems.append(f"{name} row {number + 1}: is not a row of a CSV table: {error}")
