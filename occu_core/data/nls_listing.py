"""The listing (`.sdf`) that comes with an NLS Investigator extract: what each column asks.

Investigator names a column by its reference number, `R0000100`, which the listing writes
`R00001.00`, with its year, a description and the question's name in columns of fixed width.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from occu_core.data.career_table import CareerTableError

_REFERENCE = re.compile(r"([A-Z]\d{5})\.(\d{2})\b")
_HEADINGS = ("Number", "Year", "Variable Description", "Question Name")
_YEAR_WITHIN = re.compile(r"\((\d{4})\)|_(\d{4})\.")


@dataclass(frozen=True, slots=True)
class ListedVariable:
    """One column of an extract; `year` is None for what is asked once, as birth or sex."""

    reference: str
    question: str
    description: str
    year: int | None


def read_listing(text: str, name: str) -> tuple[ListedVariable, ...]:
    """Read a listing from its text.

    Raises:
        CareerTableError: if it is no listing, or lists a column twice.
    """
    lines = text.splitlines()
    starts = next((_starts(line) for line in lines if all(h in line for h in _HEADINGS)), None)
    if starts is None:
        raise CareerTableError(
            [
                f"{name}: is not an Investigator listing; expected a line with the headings"
                f" {', '.join(_HEADINGS)} (the .sdf file of the extract)"
            ]
        )
    listed = tuple(_listed(lines, starts))
    if not listed:
        raise CareerTableError([f"{name}: lists no variable, such as R00001.00"])
    references = [variable.reference for variable in listed]
    if len(set(references)) < len(references):
        twice = next(r for r in references if references.count(r) > 1)
        raise CareerTableError([f"{name}: lists {twice} twice"])
    return listed


def _starts(heading: str) -> tuple[int, int, int]:
    """Where year, description and question name begin."""
    year, description, question = (heading.index(h) for h in _HEADINGS[1:])
    return year, description, question


def _listed(lines: list[str], starts: tuple[int, int, int]) -> Iterator[ListedVariable]:
    year_at, description_at, question_at = starts
    for line in lines:
        if found := _REFERENCE.match(line):
            description = line[description_at:question_at].strip()
            question = line[question_at:].strip()
            year = _year(line[year_at:description_at].strip(), description, question)
            yield ListedVariable(found[1] + found[2], question, description, year)


def _year(column: str, description: str, question: str) -> int | None:
    """The survey year, or the year that a week of the event history belongs to."""
    if column.isdigit():
        return int(column)
    within = _YEAR_WITHIN.search(question) or _YEAR_WITHIN.search(description)
    return int(within[1] or within[2]) if within else None
