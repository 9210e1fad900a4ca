"""Official NLS Investigator extracts of NLSY79 and NLSY97, read into a career table.

An extract has a row per person and a column per question and year; its listing says which is
which. Negative codes are no answer: -1 refused, -2 don't know, -3 invalid, -4 valid skip, -5 not
interviewed. A year is a record if the person was interviewed. The state is decided so:

- the job's occupation, if it is coded and not every known week of the year was without work;
- Student if enrolled, else Not working, if no job was described (-4) or no known week was at work;
- otherwise no codable occupation, and the year is skipped.

The job described is the current or most recent one, so a person who left work shortly before an
interview can count as still in it. NLSY79 is tested on real rows; NLSY97 on made-up rows in the
documented layout.
"""

from __future__ import annotations

import csv
import io
from fnmatch import fnmatchcase
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import MOST_ERRORS, CareerTable, CareerTableError
from occu_core.data.crosswalks import Crosswalk
from occu_core.data.files import MOST_BYTES, decode, read_bytes, unpack
from occu_core.data.nls_cohorts import NlsCohort
from occu_core.data.nls_listing import ListedVariable, read_listing
from occu_core.data.nls_persons import NlsColumn, PersonReader
from occu_core.data.survey import Role, StateCoder, SurveyReading, refuse
from occu_core.occupations import occ1990dd


def load_nls_extract(
    cohort: NlsCohort, extract: Path, crosswalk: Crosswalk, listing: Path | None = None
) -> SurveyReading:
    """Read an extract (`.csv` or `.csv.gz`) and its listing, by default the `.sdf` beside it.

    Raises:
        CareerTableError: naming file, row, column, value and what is allowed.
    """
    listing = listing or _listing_beside(extract)
    texts = [
        decode(unpack(read_bytes(path), path.name, MOST_BYTES), path.name)
        for path in (extract, listing)
    ]
    return read_nls_extract(
        cohort, texts[0], read_listing(texts[1], listing.name), crosswalk, extract.name
    )


def read_nls_extract(
    cohort: NlsCohort,
    text: str,
    listing: tuple[ListedVariable, ...],
    crosswalk: Crosswalk,
    name: str = "extract",
) -> SurveyReading:
    """Read an extract from its text. Row 1 is the header, as in a spreadsheet."""
    reader = csv.reader(io.StringIO(text, newline=""))
    header = [reference.strip() for reference in next(reader, [])]
    persons = PersonReader(
        cohort, _columns(cohort, header, listing, name), StateCoder(crosswalk, occ1990dd())
    )
    problems: list[str] = []
    careers: dict[str, CareerHistory] = {}
    skipped: list[int] = []
    for number, row in enumerate(reader, start=2):
        if not any(row):
            continue
        if len(problems) > MOST_ERRORS:
            break
        if len(row) != len(header):
            problems.append(f"{name} row {number}: has {len(row)} values; expected {len(header)}")
            continue
        try:
            career, left_out = persons.read(row, number)
        except ValueError as error:
            problems.append(f"{name} row {number}: {error}")
            continue
        if career.worker_id in careers:
            problems.append(f"{name} row {number}: person {career.worker_id} is on an earlier row")
        careers[career.worker_id] = career
        skipped.append(left_out)
    if not problems and not careers:
        problems.append(f"{name}: has a header but no rows; expected one row per person")
    refuse(problems, name)
    table = CareerTable(tuple(careers.values()), (None,) * len(careers), tuple(skipped))
    return SurveyReading(table, persons.coder.unknown_codes(name))


def _listing_beside(extract: Path) -> Path:
    beside = sorted(extract.parent.glob("*.sdf"))
    if len(beside) != 1:
        raise CareerTableError(
            [
                f"{extract}: found {len(beside)} listings (.sdf) beside it; expected one, or"
                " give the listing that came with the extract"
            ]
        )
    return beside[0]


def _columns(
    cohort: NlsCohort, header: list[str], listing: tuple[ListedVariable, ...], name: str
) -> dict[Role, list[NlsColumn]]:
    """The extract's columns by role; of one role, in the order of the cohort's variables."""
    listed = {variable.reference: variable for variable in listing}
    if unlisted := [reference for reference in header if reference not in listed]:
        raise CareerTableError(
            [
                f"{name} row 1: column {', '.join(unlisted)[:200] or 'names'} not in the listing;"
                " expected reference numbers such as R0000100, and the listing (.sdf) that came"
                " with this extract"
            ]
        )
    columns: dict[Role, list[NlsColumn]] = {role: [] for role in Role}
    for variable in cohort.variables:
        found = [
            NlsColumn(place, own.reference, own.question, variable, own.year)
            for place, own in enumerate(listed[reference] for reference in header)
            if fnmatchcase(own.question, variable.name)
        ]
        columns[variable.role] += found
        if variable.needed and not found:
            raise CareerTableError(
                [
                    f"{name} row 1: column {variable.name} ({variable.meaning}) is missing; tick"
                    f" it in NLS Investigator (is this an extract of {cohort.dataset}?)"
                ]
            )
    if not columns[Role.OCCUPATION]:
        names = ", ".join(v.name for v in cohort.variables if v.role is Role.OCCUPATION)
        raise CareerTableError(
            [f"{name} row 1: no occupation column; tick one of {names} in NLS Investigator"]
        )
    return columns
