"""The career table: one row per person-year, read from CSV and checked row by row.

Required columns: `person_id`, `year`, `occupation` (a title or a code; empty is skipped).
Optional: `dataset`, `split`, `birth_year`, `sex`, `race_ethnicity`, `region`, `education`;
an empty value is unknown. Other columns are ignored. Rows may come in any order. A worker's
region is the first one known, so that nothing of the future leaks into a query.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import TypeVar

from occu_core.careers import (
    CareerError,
    CareerHistory,
    Education,
    JobRecord,
    RaceEthnicity,
    Region,
    Sex,
    check_year,
)
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError, occ1990dd

REQUIRED_COLUMNS = ("person_id", "year", "occupation")
OPTIONAL_COLUMNS = (
    *("dataset", "split", "birth_year", "sex", "race_ethnicity", "region", "education"),
)
MOST_CELL = 100_000
"""Characters of one cell."""
MOST_ERRORS = 20
_FIXED = ("birth_year", "sex", "race_ethnicity", "split")
_Label = TypeVar("_Label", bound=StrEnum)


class CareerTableError(ValueError):
    """A table with rows that cannot be read; `problems` has one line for each, up to twenty."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Split(StrEnum):
    """Which part of a dataset a worker belongs to."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


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


@dataclass(slots=True)
class _Row:
    """One checked row and where it stands."""

    number: int
    person: tuple[str, str]
    year: int
    occupation: Occupation | None
    education: Education | None
    region: Region | None
    fixed: tuple[int | str | None, ...]


def read_career_table(
    text: str, name: str = "table", taxonomy: Taxonomy | None = None
) -> CareerTable:
    """Read a whole table from its text (see `occu_core.data.files` for bytes and paths).

    Raises:
        CareerTableError: naming file, row, column, value and what is allowed, for up to
            twenty rows. Row 1 is the header, as in a spreadsheet.
    """
    csv.field_size_limit(MOST_CELL)  # one limit for the whole process; other readers allow more
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=_delimiter(text), strict=True)
    problems: list[str] = []
    rows = list(_checked_rows(reader, name, taxonomy or occ1990dd(), problems))
    if not problems and not rows:
        problems.append(f"{name}: has a header but no rows; expected one row per person and year")
    workers: dict[tuple[str, str], list[_Row]] = {}
    for row in rows:
        workers.setdefault(row.person, []).append(row)
    careers, splits, skipped = [], [], []
    for worker in workers.values():
        worker.sort(key=lambda row: row.year)
        try:
            careers.append(_career(worker))
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


def _delimiter(text: str) -> str:
    """Comma, or what Excel writes in some countries: semicolon or tab."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def _checked_rows(
    reader: Iterable[list[str]], name: str, taxonomy: Taxonomy, problems: list[str]
) -> Iterator[_Row]:
    lines, number = iter(reader), 0
    try:
        header = [column.strip().lower() for column in next(lines, [])]
        number = 1
        if problem := _header_problem(header):
            problems.append(f"{name} row 1: {problem}")
            return
        occupation = _remember(taxonomy.find)
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
                    yield _check(cells, number, occupation)
                except _CellError as error:
                    problems.append(f"{name} row {number}, column {error}")
            if len(problems) > MOST_ERRORS:
                return
    except csv.Error as error:
        problems.append(f"{name} row {number + 1}: is not a row of a CSV table: {error}")


def _header_problem(header: list[str]) -> str | None:
    if missing := [column for column in REQUIRED_COLUMNS if column not in header]:
        found = ", ".join(header)[:200] or "nothing"
        return (
            f"column {', '.join(missing)} is missing; found {found}; required are"
            f" {', '.join(REQUIRED_COLUMNS)}; optional are {', '.join(OPTIONAL_COLUMNS)}"
        )
    known = {*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS}
    if repeated := sorted({c for c in header if c in known and header.count(c) > 1}):
        return f"column {repeated[0]} occurs twice"
    return None


class _CellError(ValueError):
    """Column, value and what is allowed."""

    def __init__(self, column: str, value: str, allowed: str) -> None:
        super().__init__(f"{column}: {value[:80]!r} is not allowed; expected {allowed}")


def _check(cells: dict[str, str], number: int, find: Callable[[str], Occupation]) -> _Row:
    if not cells["person_id"]:
        raise _CellError("person_id", "", "a name or number for the worker")
    year = _whole_number(cells, "year")
    if year is None:
        raise _CellError("year", "", "a year such as 1997")
    try:
        check_year(year)
        occupation = find(cells["occupation"]) if cells["occupation"] else None
    except CareerError as error:
        raise _CellError("year", cells["year"], str(error).partition("expected ")[2]) from None
    except UnknownOccupationError as error:
        raise _CellError("occupation", cells["occupation"], _allowed(error)) from None
    fixed = (
        _whole_number(cells, "birth_year"),
        _label(cells, "sex", Sex),
        _label(cells, "race_ethnicity", RaceEthnicity),
        _label(cells, "split", Split),
    )
    return _Row(
        number,
        (cells.get("dataset", ""), cells["person_id"]),
        year,
        occupation,
        _label(cells, "education", Education),
        _label(cells, "region", Region),
        fixed,
    )


def _allowed(error: UnknownOccupationError) -> str:
    return "one of the titles or codes; " + str(error).partition("; ")[2].partition(" (")[0]


def _whole_number(cells: dict[str, str], column: str) -> int | None:
    """Whole numbers, also as spreadsheets write them once a column has gaps: 1981.0."""
    text = cells.get(column, "")
    if not text:
        return None
    digits = text.removesuffix(".0")
    if not (digits.isascii() and digits.isdigit() and len(digits) == 4):
        raise _CellError(column, text, "a year of four digits")
    return int(digits)


def _label(cells: dict[str, str], column: str, kind: type[_Label]) -> _Label | None:
    text = cells.get(column, "")
    if not text:
        return None
    try:
        return kind(text)
    except ValueError:
        for label in kind:
            if label.value.casefold() == text.casefold():
                return label
        allowed = "; ".join(repr(label.value) for label in kind)
        raise _CellError(column, text, f"{allowed} or empty") from None


def _remember(find: Callable[[str], Occupation]) -> Callable[[str], Occupation]:
    """Look each distinct title up once."""
    known: dict[str, Occupation] = {}

    def remembered(text: str) -> Occupation:
        if text not in known:
            known[text] = find(text)
        return known[text]

    return remembered


def _career(rows: list[_Row]) -> CareerHistory:
    """One worker's rows, sorted by year, as a career."""
    for earlier, later in pairwise(rows):
        if earlier.year == later.year:
            raise CareerError(
                f"year {later.year} is on rows {earlier.number} and {later.number};"
                " expected one row per person and year"
            )
    for k, column in enumerate(_FIXED):
        for row in rows:
            if row.fixed[k] != rows[0].fixed[k]:
                raise CareerError(
                    f"{column} is {rows[0].fixed[k]!r} on row {rows[0].number} but"
                    f" {row.fixed[k]!r} on row {row.number}; expected one value per person"
                )
    dataset, worker_id = rows[0].person
    birth_year, sex, race_ethnicity, _ = rows[0].fixed
    return CareerHistory(
        worker_id=worker_id,
        records=tuple(
            JobRecord(row.year, row.occupation, row.education) for row in rows if row.occupation
        ),
        dataset=dataset or None,
        birth_year=int(birth_year) if birth_year is not None else None,
        sex=Sex(str(sex)) if sex else None,
        race_ethnicity=RaceEthnicity(str(race_ethnicity)) if race_ethnicity else None,
        region=next((row.region for row in rows if row.region), None),
    )
