"""Changes to the career being edited, each a new `Query` or an error that says why not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import pandas as pd

from occu_core.careers import CareerError, CareerHistory, Education, JobRecord, Query
from occu_core.occupations import Occupation, Taxonomy

YEAR, OCCUPATION, EDUCATION = "Year", "Occupation", "Education"
BLANK = Query(CareerHistory(""), 2000)


def records_table(records: Sequence[JobRecord]) -> pd.DataFrame:
    """Records as the rows of an editable table."""
    return pd.DataFrame(
        {
            YEAR: pd.Series([record.year for record in records], dtype="Int64"),
            OCCUPATION: pd.Series([r.occupation.title for r in records], dtype="object"),
            EDUCATION: pd.Series(
                [r.education.value if r.education else None for r in records], dtype="object"
            ),
        }
    )


def edited_rows(
    rows: Sequence[JobRecord], changes: Mapping[str, object], taxonomy: Taxonomy
) -> tuple[JobRecord, ...]:
    """The table's rows, in the order shown, after what the user changed in it.

    Raises:
        CareerError: if a cell is empty or its year is impossible.
        UnknownOccupationError: if a title is not of the taxonomy.
    """
    cells = records_table(rows).to_dict("records")
    for position, changed in dict(changes["edited_rows"]).items():
        cells[int(position)].update(changed)
    deleted = set(changes["deleted_rows"])
    kept = [row for position, row in enumerate(cells) if position not in deleted]
    return tuple(_record(row, taxonomy) for row in [*kept, *changes["added_rows"]])


def with_records(query: Query, records: Sequence[JobRecord]) -> Query:
    """The query with other records, put in year order; what is asked moves along with the last.

    The question stays as it was if it was about a later year of the user's own choice.
    """
    ordered = tuple(sorted(records, key=lambda record: record.year))
    before = query.past.records[-1] if query.past.records else None
    past = replace(query.past, records=ordered)
    if not ordered:
        return replace(query, past=past)
    last = ordered[-1]
    followed = before is None or query.year == before.year + 1
    year = last.year + 1 if followed or query.year <= last.year else query.year
    same = before is None or query.education == before.education
    return Query(past, year, last.education if same else query.education)


def with_next(query: Query, occupation: Occupation) -> Query:
    """The query after `occupation` has become the record of the year that was asked about."""
    record = JobRecord(query.year, occupation, query.education)
    return Query(
        replace(query.past, records=(*query.past.records, record)), query.year + 1, query.education
    )


def asked_next(career: CareerHistory) -> Query:
    """A whole career as a past: the question is about the year after its last record."""
    if not career.records:
        return Query(career, BLANK.year)
    last = career.records[-1]
    return Query(career, last.year + 1, last.education)


def with_worker(query: Query, field: str, value: object) -> Query:
    """The query about a worker with another dataset, birth year, sex, race/ethnicity or region."""
    return replace(query, past=replace(query.past, **{field: value}))


def _record(row: Mapping[str, object], taxonomy: Taxonomy) -> JobRecord:
    year, title, education = row.get(YEAR), row.get(OCCUPATION), row.get(EDUCATION)
    if year is None or pd.isna(year):
        raise CareerError("a record has no year; type one such as 2001")
    if not title:
        raise CareerError(f"the record of {year} has no occupation; choose one from the list")
    try:
        level = Education(str(education)) if education else None
    except ValueError:
        raise CareerError(f"{str(education)[:60]!r} is not an education level") from None
    return JobRecord(int(year), taxonomy.find(str(title)), level)
