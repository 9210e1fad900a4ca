"""One row of an NLS extract as a career: who the person is, and the state of each survey year."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

from occu_core.careers import CareerHistory, Education, JobRecord
from occu_core.data.nls_cohorts import REGIONS, SEXES, NlsCohort
from occu_core.data.survey import Activity, Role, StateCoder, SurveyVariable, education_of_grade
from occu_core.occupations import Occupation

VALID_SKIP, NOT_INTERVIEWED = -4, -5
PER_YEAR = (Role.OCCUPATION, Role.MAIN_JOB, Role.EDUCATION, Role.ENROLMENT)
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class NlsColumn:
    """Where a ticked variable stands in an extract; `year` is None for what is asked once."""

    place: int
    reference: str
    question: str
    variable: SurveyVariable
    year: int | None

    @property
    def job(self) -> int:
        """Which job of the roster it is about: `OCCALL-EMP.02` is of job 2."""
        number = self.question.rpartition(".")[2]
        return int(number) if number.isdigit() else 1


class NlsCellError(ValueError):
    """Column, value and what is allowed."""

    def __init__(self, column: NlsColumn, value: object, allowed: str) -> None:
        super().__init__(
            f"column {column.reference} ({column.question}): {str(value)[:40]!r} is not"
            f" allowed; expected {allowed}, or -1 to -5 for no answer"
        )


@dataclass(slots=True)
class PersonReader:
    """Reads a row at a time; `columns` of a role are in order of preference."""

    cohort: NlsCohort
    columns: dict[Role, list[NlsColumn]]
    coder: StateCoder

    def read(self, row: list[str], number: int) -> tuple[CareerHistory, int]:
        """A person's career, and how many years had no codable occupation.

        Raises:
            ValueError: naming column, value and what is allowed.
        """
        person = self.columns[Role.PERSON][0]
        worker = _code(row, person)
        if worker is None or worker < 1:
            raise NlsCellError(person, row[person.place], "a person's number")
        years = self._interviewed(row)
        states = {year: self._state(row, number, year) for year in years}
        records = tuple(
            JobRecord(year, state, self._education(row, year))
            for year, state in states.items()
            if state
        )
        career = CareerHistory(
            worker_id=str(worker),
            records=records,
            dataset=self.cohort.dataset,
            birth_year=self._birth_year(row),
            sex=self._first(row, Role.SEX, SEXES),
            race_ethnicity=self._first(row, Role.RACE_ETHNICITY, self.cohort.race_ethnicities),
            region=self._first(row, Role.REGION, REGIONS),
        )
        return career, len(years) - len(records)

    def _interviewed(self, row: list[str]) -> list[int]:
        """The years with an occupation column in which the person answered anything at all."""
        asked = {column.year for column in self.columns[Role.OCCUPATION] if column.year}
        answered = {
            column.year
            for role in PER_YEAR
            for column in self.columns[role]
            if column.year in asked and _code(row, column) not in {None, NOT_INTERVIEWED}
        }
        return sorted(year for year in answered if year)

    def _state(self, row: list[str], number: int, year: int) -> Occupation | None:
        column = self._job_column(row, year)
        code = _code(row, column) if column else None
        job = None
        if column and code is not None and code > 0:
            where = f"row {number}, column {column.reference}"
            job = self.coder.job(column.variable.scheme(year), code, where)
        share = self._share_at_work(row, year)
        jobless = share == 0 or code == VALID_SKIP
        if not jobless:
            return self.coder.state(Activity.WORKING, job)
        enrolled = self._known(row, Role.ENROLMENT, self.cohort.enrolled, year)
        return self.coder.state(Activity.STUDYING if enrolled else Activity.NOT_WORKING, None)

    def _job_column(self, row: list[str], year: int) -> NlsColumn | None:
        """The year's main job: coded if any of its columns is, else the preferred one."""
        flagged = [c for c in self.columns[Role.MAIN_JOB] if c.year == year]
        main = next((code for c in flagged if (code := _code(row, c) or 0) > 0), 1)
        asked = [c for c in self.columns[Role.OCCUPATION] if c.year == year and c.job == main]
        return next((c for c in asked if (_code(row, c) or 0) > 0), asked[0] if asked else None)

    def _share_at_work(self, row: list[str], year: int) -> float | None:
        """Of the year's weeks that are known, the share with a job; None if none is known."""
        weeks = [
            code
            for column in self.columns[Role.EMPLOYMENT]
            if column.year == year and (code := _code(row, column) or 0) > 0
        ]
        if not weeks:
            return None
        first, others = self.cohort.employers_from, self.cohort.at_work
        return sum(code >= first or code in others for code in weeks) / len(weeks)

    def _education(self, row: list[str], year: int) -> Education | None:
        if self.cohort.degrees is not None:
            return self._known(row, Role.EDUCATION, self.cohort.degrees, year)
        for column in self.columns[Role.EDUCATION]:
            grade = _code(row, column) if column.year == year else None
            if grade is None or grade < 0:
                continue
            try:
                return education_of_grade(grade)
            except ValueError as error:
                raise NlsCellError(column, grade, str(error)) from None
        return None

    def _birth_year(self, row: list[str]) -> int | None:
        first, last = self.cohort.births
        for column in self.columns[Role.BIRTH_YEAR]:
            if (code := _code(row, column)) is not None and code >= 0:
                year = code + self.cohort.born_after
                if not first <= year <= last:
                    raise NlsCellError(column, code, f"a year of birth from {first} to {last}")
                return year
        return None

    def _first(self, row: list[str], role: Role, labels: Mapping[int, _T]) -> _T | None:
        """The earliest answer of a role, in the order of years."""
        years = sorted({column.year or 0 for column in self.columns[role]})
        answers = (self._known(row, role, labels, year) for year in years)
        return next((answer for answer in answers if answer is not None), None)

    def _known(self, row: list[str], role: Role, labels: Mapping[int, _T], year: int) -> _T | None:
        """The first answer of a role in a year; None if there is none."""
        for column in self.columns[role]:
            if (column.year or 0) != year or (code := _code(row, column)) is None or code < 0:
                continue
            if code not in labels:
                raise NlsCellError(column, code, f"one of {', '.join(map(str, labels))}")
            return labels[code]
        return None


def _code(row: list[str], column: NlsColumn) -> int | None:
    """A cell's whole number, negative for no answer; None if it is empty.

    Raises:
        NlsCellError: if it is not a whole number, or below -5.
    """
    text = row[column.place].strip()
    if not text:
        return None
    digits = text.removesuffix(".0").removeprefix("-")
    if not (digits.isascii() and digits.isdigit() and len(digits) <= 9):
        raise NlsCellError(column, text, "a whole number")
    if text.startswith("-") and not 1 <= int(digits) <= 5:
        raise NlsCellError(column, text, "a whole number")
    return int(text.removesuffix(".0"))
