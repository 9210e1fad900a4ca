"""What a row of a career table may say, and how a worker's rows become a career."""

from __future__ import annotations

from collections.abc import Callable
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
from occu_core.occupations import Occupation, UnknownOccupationError

REQUIRED_COLUMNS = ("person_id", "year", "occupation")
OPTIONAL_COLUMNS = (
    *("dataset", "split", "birth_year", "sex", "race_ethnicity", "region", "education"),
)
MOST_CELL = 100_000
"""Characters of one cell."""
_FIXED = ("birth_year", "sex", "race_ethnicity", "split")
_Label = TypeVar("_Label", bound=StrEnum)


class Split(StrEnum):
    """Which part of a dataset a worker belongs to."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


@dataclass(slots=True)
class TableRow:
    """One checked row and where it stands."""

    number: int
    person: tuple[str, str]
    year: int
    occupation: Occupation | None
    education: Education | None
    region: Region | None
    fixed: tuple[int | str | None, ...]


def delimiter_of(text: str) -> str:
    """Comma, or what Excel writes in some countries: semicolon or tab."""
    header = text.partition("\n")[0]
    return max(",;\t", key=header.count)


def header_problem(header: list[str]) -> str | None:
    """Why no table can have this header, or None; names are lower-case and stripped."""
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


class CellError(ValueError):
    """Column, value and what is allowed."""

    def __init__(self, column: str, value: str, allowed: str) -> None:
        super().__init__(f"{column}: {value[:80]!r} is not allowed; expected {allowed}")
        self.column, self.value, self.allowed = column, value[:80], allowed


def check_row(cells: dict[str, str], number: int, find: Callable[[str], Occupation]) -> TableRow:
    """One row, checked; `cells` are stripped and by column, `find` looks an occupation up.

    Raises:
        CellError: for the first cell that is not allowed.
    """
    if not cells["person_id"]:
        raise CellError("person_id", "", "a name or number for the worker")
    year = _whole_number(cells, "year")
    if year is None:
        raise CellError("year", "", "a year such as 1997")
    try:
        check_year(year)
        occupation = find(cells["occupation"]) if cells["occupation"] else None
    except CareerError as error:
        raise CellError("year", cells["year"], str(error).partition("expected ")[2]) from None
    except UnknownOccupationError as error:
        raise CellError("occupation", cells["occupation"], _allowed(error)) from None
    fixed = (
        _whole_number(cells, "birth_year"),
        _label(cells, "sex", Sex),
        _label(cells, "race_ethnicity", RaceEthnicity),
        _label(cells, "split", Split),
    )
    return TableRow(
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
        raise CellError(column, text, "a year of four digits")
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
        raise CellError(column, text, f"{allowed} or empty") from None


def remember(find: Callable[[str], Occupation]) -> Callable[[str], Occupation]:
    """Look each distinct title up once."""
    known: dict[str, Occupation] = {}

    def remembered(text: str) -> Occupation:
        if text not in known:
            known[text] = find(text)
        return known[text]

    return remembered


def career_of(rows: list[TableRow]) -> CareerHistory:
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
