"""Careers as surveys record them: a worker's characteristics and one occupation per year."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import Enum, StrEnum
from itertools import groupby, pairwise

from occu_core.occupations import Occupation

EARLIEST_YEAR, LATEST_YEAR = 1950, 2030
EARLIEST_BIRTH_YEAR = 1880
MOST_RECORDS = LATEST_YEAR - EARLIEST_YEAR + 1
_DATASET_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,39}")


class CareerError(ValueError):
    """A career that cannot be: says what was found and what is allowed."""


class Sex(StrEnum):
    """Sex as the surveys record it."""

    FEMALE = "female"
    MALE = "male"


class RaceEthnicity(StrEnum):
    """The three sampling groups that both cohorts share."""

    BLACK = "Black"
    HISPANIC = "Hispanic"
    NEITHER = "non-Black, non-Hispanic"


class Region(StrEnum):
    """Census region of residence."""

    NORTHEAST = "Northeast"
    MIDWEST = "Midwest"
    SOUTH = "South"
    WEST = "West"


class Education(StrEnum):
    """Highest level reached, lowest first."""

    LESS_THAN_HIGH_SCHOOL = "less than high school"
    HIGH_SCHOOL = "high school"
    SOME_COLLEGE = "some college"
    BACHELORS = "bachelor's degree"
    GRADUATE = "graduate degree"


class Move(Enum):
    """How a record relates to the one before it."""

    FIRST = "first"
    STAY = "stay"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class JobRecord:
    """The state a worker reported in one survey year; education None is unknown."""

    year: int
    occupation: Occupation
    education: Education | None = None

    def __post_init__(self) -> None:
        check_year(self.year)


@dataclass(frozen=True, slots=True)
class JobSpell:
    """A run of consecutive records in the same occupation."""

    occupation: Occupation
    first_year: int
    last_year: int


@dataclass(frozen=True, slots=True)
class CareerHistory:
    """A worker's fixed characteristics and job records, oldest first; None is unknown.

    Years strictly increase but need not be consecutive: surveys turn biennial, and people
    skip interviews. Education may fall from one record to the next: it does in real surveys.

    >>> cook, chef = Occupation("4020", "Cooks", "Food"), Occupation("4000", "Chefs", "Food")
    >>> career = CareerHistory("w1", (JobRecord(1990, cook), JobRecord(1992, chef)))
    >>> [transition.move.value for transition in career.transitions()]
    ['first', 'move']
    """

    worker_id: str
    records: tuple[JobRecord, ...] = ()
    dataset: str | None = None
    birth_year: int | None = None
    sex: Sex | None = None
    race_ethnicity: RaceEthnicity | None = None
    region: Region | None = None

    def __post_init__(self) -> None:
        if self.dataset is not None and not _DATASET_NAME.fullmatch(self.dataset):
            raise CareerError(
                f"dataset {self.dataset[:60]!r} is not a name; expected up to 40 letters, digits,"
                " spaces, dots, dashes or underscores, such as NLSY97"
            )
        for earlier, later in pairwise(self.records):
            if later.year == earlier.year:
                raise CareerError(f"year {later.year} is recorded twice; expected one job a year")
            if later.year < earlier.year:
                raise CareerError(
                    f"records must be in year order, but {later.year} follows {earlier.year}"
                )
        self._check_birth_year()

    def _check_birth_year(self) -> None:
        if self.birth_year is None:
            return
        if not EARLIEST_BIRTH_YEAR <= self.birth_year <= LATEST_YEAR:
            raise CareerError(
                f"birth year {self.birth_year} is not possible;"
                f" expected {EARLIEST_BIRTH_YEAR}–{LATEST_YEAR}"
            )
        if self.records and self.birth_year >= self.records[0].year:
            raise CareerError(
                f"birth year {self.birth_year} is not before the first job"
                f" in {self.records[0].year}"
            )

    def until(self, year: int) -> CareerHistory:
        """The career as it was known just before `year`."""
        return replace(self, records=tuple(r for r in self.records if r.year < year))

    def transitions(self) -> Iterator[Transition]:
        """Each record in turn, paired with only what came before it."""
        for record in self.records:
            query = Query(self.until(record.year), record.year, record.education)
            yield Transition(query, record.occupation)

    def spells(self) -> Iterator[JobSpell]:
        """Consecutive records in one occupation, merged."""
        for occupation, run in groupby(self.records, key=lambda record: record.occupation):
            years = [record.year for record in run]
            yield JobSpell(occupation, years[0], years[-1])


@dataclass(frozen=True, slots=True)
class Query:
    """What a model is asked: given this past, which state in this year?

    Raises:
        CareerError: if the past holds a record of the query's year or later.
    """

    past: CareerHistory
    year: int
    education: Education | None = None

    def __post_init__(self) -> None:
        check_year(self.year)
        if self.past.records and self.past.records[-1].year >= self.year:
            raise CareerError(
                f"cannot predict {self.year} from a history that reaches"
                f" {self.past.records[-1].year}; expected a year after it"
            )
        if self.past.birth_year is not None and self.past.birth_year >= self.year:
            raise CareerError(
                f"cannot predict {self.year} for a worker born in {self.past.birth_year}"
            )

    @property
    def previous(self) -> Occupation | None:
        """The state of the last record, or None for a first job."""
        return self.past.records[-1].occupation if self.past.records else None


@dataclass(frozen=True, slots=True)
class Transition:
    """A query together with what actually happened."""

    query: Query
    outcome: Occupation

    @property
    def move(self) -> Move:
        """Whether this is a first record, a stay (same state as the last record) or a move."""
        if self.query.previous is None:
            return Move.FIRST
        return Move.STAY if self.query.previous == self.outcome else Move.MOVE


def check_year(year: int) -> None:
    """Refuse a year outside the range that any career file covers."""
    if not EARLIEST_YEAR <= year <= LATEST_YEAR:
        side = "before" if year < EARLIEST_YEAR else "after"
        bound = EARLIEST_YEAR if year < EARLIEST_YEAR else LATEST_YEAR
        raise CareerError(f"year {year} is {side} {bound}; expected {EARLIEST_YEAR}–{LATEST_YEAR}")
