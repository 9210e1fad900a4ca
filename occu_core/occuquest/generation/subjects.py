"""The occupations to generate for: from the taxonomy that ships, or from a user's table."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from occu_core.occuquest import taxonomy
from occu_core.occuquest.generation.plan import MOST_OCCUPATIONS, PlanError, Subject

MOST_BYTES = 2_000_000
_LONGEST = 120
_COLUMNS = ("occupation", "category")


def subjects_of(
    categories: Sequence[str] = (), most: int | None = None, hold_out: str | None = None
) -> tuple[Subject, ...]:
    """Occupations of the taxonomy; one that is in two categories counts once.

    Args:
        categories: only these; all of them if empty.
        most: at most so many of each category, in the taxonomy's order.
        hold_out: an occupation that is in this category too counts there, so that nothing about it
            is trained on.

    Raises:
        PlanError: naming a category that the taxonomy does not have.
    """
    known = taxonomy.categories()
    if wrong := [name for name in (*categories, *filter(None, [hold_out])) if name not in known]:
        raise PlanError(f"no category {wrong[0]!r}; there are {', '.join(known)}")
    wanted = categories or known
    taken = dict.fromkeys(wanted, 0)
    found = []
    for occupation in taxonomy.occupations():
        within = [name for name in occupation.categories if name in wanted]
        if not within:
            continue
        category = hold_out if hold_out in within else within[0]
        if most is None or taken[category] < most:
            taken[category] += 1
            found.append(Subject(occupation.name, category))
    return tuple(found)


def read_subjects(path: Path) -> tuple[Subject, ...]:
    """Occupations of a CSV file; see `parse_subjects`."""
    with path.open("rb") as file:
        return parse_subjects(file.read(MOST_BYTES + 1), path.name)


def parse_subjects(raw: bytes, name: str) -> tuple[Subject, ...]:
    """Occupations of a CSV table with the columns `occupation` and `category`.

    Raises:
        PlanError: naming file, row and value.
    """
    if len(raw) > MOST_BYTES:
        raise PlanError(f"{name}: is larger than {MOST_BYTES:,} bytes")
    try:
        text = raw.decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text, newline=""), strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise PlanError(f"{name}: is not a CSV table in UTF-8: {error}") from None
    if not rows or any(column not in rows[0] for column in _COLUMNS):
        found = ", ".join(map(str, rows[0])) if rows else "no rows"
        raise PlanError(f"{name}: expected the columns occupation, category; found {found}")
    if len(rows) > MOST_OCCUPATIONS:
        raise PlanError(f"{name}: has {len(rows):,} rows; expected at most {MOST_OCCUPATIONS:,}")
    subjects: dict[str, Subject] = {}
    for number, row in enumerate(rows, start=2):
        occupation, category = (_text(row[column], column, name, number) for column in _COLUMNS)
        if occupation.casefold() in subjects:
            raise PlanError(f"{name} row {number}: {occupation!r} is listed twice")
        subjects[occupation.casefold()] = Subject(occupation, category)
    return tuple(subjects.values())


def _text(value: str | None, column: str, name: str, number: int) -> str:
    text = " ".join((value or "").split())
    if not text or len(text) > _LONGEST:
        found = "is empty" if not text else f"has {len(text)} characters"
        raise PlanError(f"{name} row {number}: {column} {found}; expected 1–{_LONGEST}")
    return text
