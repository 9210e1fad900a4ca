"""PSID-SHELF's long file, a row per person and survey year, read into a career table.

PSID-SHELF (Pfeffer, Daumler, Friedman; openICPSR 194322) harmonises the Panel Study of Income
Dynamics. Variable names and codes are those of release 2025-01, as documented; this reader is
tested on made-up rows in that layout. Occupation is asked of reference persons and their spouses;
a year that says neither employment nor occupation is no record, and one of work without a code has
no codable occupation. A family of 1968 and its descendants share the thousands of `ID`, so splits
go by blocks of 1,000 ids.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
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
from occu_core.data.career_table import MOST_ERRORS, CareerTable, CareerTableError
from occu_core.data.crosswalks import CensusScheme, Crosswalk
from occu_core.data.psid_rows import PsidCellError, long_rows, whole_number
from occu_core.data.survey import (
    Activity,
    Role,
    StateCoder,
    SurveyReading,
    SurveyVariable,
    refuse,
)
from occu_core.occupations import Occupation, occ1990dd

DATASET = "PSID"
BLOCK = 1000
LATEST = 9999
VARIABLES = (
    SurveyVariable(Role.PERSON, "ID", "person: 1968 family times 1000 plus number", "all", True),
    SurveyVariable(Role.YEAR, "YEAR", "survey year", "all", True),
    SurveyVariable(Role.SEX, "DEMO_SEX", "sex", "once"),
    SurveyVariable(Role.BIRTH_YEAR, "DEMO_BIRTH_YEAR", "year of birth", "once"),
    SurveyVariable(Role.RACE_ETHNICITY, "RACE_ETH_MAJ_COL", "race/ethnicity, 4 groups", "once"),
    SurveyVariable(Role.REGION, "GEO_REGION", "region of residence", "all"),
    SurveyVariable(Role.EDUCATION, "EDU_LEVEL", "education so far, 5 levels", "all"),
    SurveyVariable(Role.EMPLOYMENT, "EMP_STAT_1M", "employment status", "all", True),
    SurveyVariable(
        Role.OCCUPATION,
        *("OCC_2010C_1M", "main job, census 2010", "2017 on"),
        schemes=((LATEST, CensusScheme.CENSUS_2010),),
    ),
    SurveyVariable(
        Role.OCCUPATION,
        *("OCC_2000C_1M", "main job, census 2000", "2003-2015"),
        schemes=((LATEST, CensusScheme.CENSUS_2000),),
    ),
    SurveyVariable(
        Role.OCCUPATION,
        *("OCC_1970C", "main job, census 1970", "1968-2001"),
        schemes=((LATEST, CensusScheme.CENSUS_1970),),
    ),
)
SEXES = {1: Sex.MALE, 2: Sex.FEMALE}
RACE_ETHNICITIES = {
    1: RaceEthnicity.NEITHER,
    2: RaceEthnicity.BLACK,
    3: RaceEthnicity.NEITHER,
    4: RaceEthnicity.HISPANIC,
}
REGIONS: Mapping[int, Region | None] = {
    **{1: Region.NORTHEAST, 2: Region.MIDWEST, 3: Region.SOUTH, 4: Region.WEST},
    **{5: Region.WEST, 6: None},
}
EDUCATIONS = dict(enumerate(Education))
ACTIVITIES = {
    **dict.fromkeys((1, 2), Activity.WORKING),
    **dict.fromkeys((3, 4, 5, 6, 8), Activity.NOT_WORKING),
    7: Activity.STUDYING,
}
_T = TypeVar("_T")


@dataclass(slots=True)
class _Person:
    """What the rows read so far say of one person; a year without a state is None."""

    sex: Sex | None = None
    birth_year: int | None = None
    race_ethnicity: RaceEthnicity | None = None
    regions: dict[int, Region] = field(default_factory=dict)
    records: dict[int, JobRecord | None] = field(default_factory=dict)


def load_psid_shelf(path: Path, crosswalk: Crosswalk) -> SurveyReading:
    """Read a long file: Stata's `.dta`, or its columns as `.csv` or `.csv.gz` with codes.

    Raises:
        CareerTableError: naming file, row, column, value and what is allowed. Row 1 is the header.
    """
    wanted = {variable.name for variable in VARIABLES}
    with long_rows(path, wanted) as rows:
        return read_psid_shelf(rows, crosswalk, path.name)


def read_psid_shelf(
    rows: Iterable[Sequence[object]], crosswalk: Crosswalk, name: str = "table"
) -> SurveyReading:
    """Read rows of cells, the header first; an empty cell, `.` or NaN is missing."""
    lines = iter(rows)
    header = [str(column).strip().upper() for column in next(lines, ())]
    places = _places(header, name)
    coder = StateCoder(crosswalk, occ1990dd())
    people: dict[int, _Person] = {}
    problems: list[str] = []
    for number, row in enumerate(lines, start=2):
        if len(problems) > MOST_ERRORS:
            break
        if len(row) != len(header):
            problems.append(f"{name} row {number}: has {len(row)} values; expected {len(header)}")
            continue
        try:
            cells = {column: whole_number(row[place], column) for column, place in places.items()}
            _add(people, cells, coder, number)
        except ValueError as error:
            problems.append(f"{name} row {number}: {error}")
    careers: list[CareerHistory] = []
    skipped: list[int] = []
    for person_id, person in people.items():
        try:
            careers.append(_career(person_id, person))
            skipped.append(sum(record is None for record in person.records.values()))
        except CareerError as error:
            problems.append(f"{name}: person {person_id}: {error}")
    if not problems and not careers:
        problems.append(f"{name}: has no row with an employment status or an occupation")
    refuse(problems, name)
    table = CareerTable(tuple(careers), (None,) * len(careers), tuple(skipped))
    return SurveyReading(table, coder.unknown_codes(name))


def _places(header: list[str], name: str) -> dict[str, int]:
    """Where each wanted column stands."""
    occupations = [v.name for v in VARIABLES if v.role is Role.OCCUPATION]
    missing = [v.name for v in VARIABLES if v.needed and v.name not in header]
    if not any(column in header for column in occupations):
        missing.append(" or ".join(occupations))
    if missing:
        raise CareerTableError(
            [
                f"{name} row 1: column {', '.join(missing)} is missing;"
                f" found {', '.join(header)[:200] or 'nothing'} (is this PSID-SHELF's long file?)"
            ]
        )
    return {v.name: header.index(v.name) for v in VARIABLES if v.name in header}


def _add(
    people: dict[int, _Person], cells: dict[str, int | None], coder: StateCoder, number: int
) -> None:
    """Put one row to its person."""
    person_id, year = cells["ID"], cells["YEAR"]
    if not person_id:
        raise PsidCellError("ID", "", "a person's number")
    if year is None:
        raise PsidCellError("YEAR", "", "a survey year")
    check_year(year)
    activity = _known(cells, "EMP_STAT_1M", ACTIVITIES)
    job, coded = _job(cells, coder, year, number)
    if activity is None and not coded:
        return
    person = people.setdefault(person_id, _Person())
    if year in person.records:
        raise CareerError(f"person {person_id} has {year} on an earlier row; expected one")
    person.sex = person.sex or _known(cells, "DEMO_SEX", SEXES)
    person.birth_year = person.birth_year or cells.get("DEMO_BIRTH_YEAR")
    person.race_ethnicity = person.race_ethnicity or _known(
        cells, "RACE_ETH_MAJ_COL", RACE_ETHNICITIES
    )
    if region := _known(cells, "GEO_REGION", REGIONS):
        person.regions[year] = region
    state = coder.state(activity or Activity.WORKING, job)
    education = _known(cells, "EDU_LEVEL", EDUCATIONS)
    person.records[year] = JobRecord(year, state, education) if state else None


def _job(
    cells: dict[str, int | None], coder: StateCoder, year: int, number: int
) -> tuple[Occupation | None, bool]:
    """The occupation of the main job, and whether any census code was given."""
    for variable in VARIABLES:
        if variable.role is Role.OCCUPATION and (code := cells.get(variable.name)):
            where = f"row {number}, column {variable.name}"
            return coder.job(variable.scheme(year), code, where), True
    return None, False


def _career(person_id: int, person: _Person) -> CareerHistory:
    records = sorted((r for r in person.records.values() if r), key=lambda record: record.year)
    return CareerHistory(
        worker_id=str(person_id),
        records=tuple(records),
        dataset=DATASET,
        birth_year=person.birth_year,
        sex=person.sex,
        race_ethnicity=person.race_ethnicity,
        region=person.regions[min(person.regions)] if person.regions else None,
    )


def _known(cells: dict[str, int | None], column: str, labels: Mapping[int, _T]) -> _T | None:
    code = cells.get(column)
    if code is None:
        return None
    if code not in labels:
        raise PsidCellError(column, code, f"one of {', '.join(map(str, labels))}, or missing")
    return labels[code]
