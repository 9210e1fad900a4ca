"""What the readers of survey extracts share: variables to tick, states, codes nobody lists."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import Enum

from occu_core.careers import Education
from occu_core.data.career_table import MOST_ERRORS, CareerTable, CareerTableError
from occu_core.data.crosswalks import CensusScheme, Crosswalk, UnknownCensusCodeError
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy

MOST_UNKNOWN_SHARE = 0.1


class Role(Enum):
    """What a survey's variable says about a person or a year."""

    PERSON = "person"
    YEAR = "year"
    BIRTH_YEAR = "birth year"
    SEX = "sex"
    RACE_ETHNICITY = "race/ethnicity"
    REGION = "region"
    EDUCATION = "education"
    ENROLMENT = "enrolment"
    EMPLOYMENT = "employment"
    OCCUPATION = "occupation"
    MAIN_JOB = "main job"


@dataclass(frozen=True, slots=True)
class SurveyVariable:
    """A variable to tick in the survey's extract.

    `name` is the survey's own; `*` stands for any ending. `schemes` are the last year and the
    census of an occupation variable's codes, earliest first.
    """

    role: Role
    name: str
    meaning: str
    years: str
    needed: bool = False
    schemes: tuple[tuple[int, CensusScheme], ...] = ()

    def scheme(self, year: int) -> CensusScheme:
        """The census whose codes this occupation variable has in a year."""
        return next(scheme for last, scheme in self.schemes if year <= last)


class Activity(Enum):
    """What a person was doing in a survey year."""

    WORKING = "working"
    NOT_WORKING = "not working"
    STUDYING = "studying"


@dataclass(frozen=True, slots=True)
class SurveyReading:
    """The careers of an extract and each unlisted census code's first place and count."""

    table: CareerTable
    unknown_codes: tuple[str, ...]


@dataclass(slots=True)
class StateCoder:
    """Turns activities and census codes into states, and remembers unlisted codes.

    A few codes that no census lists are in every real survey (armed forces, slips of a coder):
    such a year has no codable occupation. Many of them mean the wrong file.
    """

    crosswalk: Crosswalk
    taxonomy: Taxonomy
    coded: int = 0
    _first: dict[str, str] = field(default_factory=dict)
    _count: Counter[str] = field(default_factory=Counter)

    def state(self, activity: Activity | None, job: Occupation | None) -> Occupation | None:
        """The occupation, Not working or Student; None if at work but not codable, or unknown."""
        if activity is Activity.NOT_WORKING:
            return self.taxonomy[NOT_WORKING]
        if activity is Activity.STUDYING:
            return self.taxonomy[STUDENT]
        return job if activity is Activity.WORKING else None

    def job(self, scheme: CensusScheme, code: int, where: str) -> Occupation | None:
        """The occupation of a census code read at `where`; None if it has none."""
        self.coded += 1
        try:
            return self.crosswalk.occupation(scheme, code)
        except UnknownCensusCodeError as error:
            self._first.setdefault(str(error), where)
            self._count[str(error)] += 1
            return None

    def unknown_codes(self, name: str) -> tuple[str, ...]:
        """A line for each unlisted code.

        Raises:
            CareerTableError: if more than a tenth of an extract's occupations are unlisted.
        """
        lines = [
            f"{self._first[code]}: {code}; found {count} times"
            for code, count in self._count.most_common()
        ]
        if self._count.total() > MOST_UNKNOWN_SHARE * self.coded:
            raise CareerTableError(
                [
                    f"{name}: {self._count.total()} of {self.coded} occupation codes are not in the"
                    " crosswalk; is this the right source, and are these its occupation columns?",
                    *lines[: MOST_ERRORS - 1],
                ]
            )
        return tuple(lines)


def refuse(problems: list[str], name: str) -> None:
    """Raise the first twenty problems, if there are any."""
    if problems:
        more = [f"{name}: and more; the first {MOST_ERRORS} are shown"]
        raise CareerTableError(
            problems[:MOST_ERRORS] + (more if len(problems) > MOST_ERRORS else [])
        )


def education_of_grade(grade: int) -> Education | None:
    """The level of a highest grade completed; 95, ungraded, is unknown.

    >>> education_of_grade(15).value
    'some college'

    Raises:
        ValueError: if no such grade exists.
    """
    if grade == 95:
        return None
    if not 0 <= grade <= 20:
        raise ValueError("a grade from 0 to 20, or 95 for ungraded")
    if grade < 12:
        return Education.LESS_THAN_HIGH_SCHOOL
    if grade == 12:
        return Education.HIGH_SCHOOL
    if grade < 16:
        return Education.SOME_COLLEGE
    return Education.BACHELORS if grade == 16 else Education.GRADUATE
