"""What can be changed about a case, one field at a time, and how two cases differ."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from occu_core.careers import (
    CareerHistory,
    Education,
    JobRecord,
    Query,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError, occ1990dd

UNKNOWN = "unknown"
Value = str | int | Occupation | None


class CaseChangeError(ValueError):
    """A change that cannot be made: names the field, what was found and what is allowed."""


class Field(StrEnum):
    """What can be changed, named as in a career's JSON.

    `JOB` is one record's, the last unless its year is named; `YEAR` and `EDUCATION` are those of
    the question, while the records keep theirs.
    """

    JOB = "job"
    YEAR = "year"
    EDUCATION = "education"
    BIRTH_YEAR = "birth_year"
    SEX = "sex"
    RACE_ETHNICITY = "race_ethnicity"
    REGION = "region"


LABELS: dict[Field, type[Sex] | type[RaceEthnicity] | type[Region] | type[Education]] = {
    Field.SEX: Sex,
    Field.RACE_ETHNICITY: RaceEthnicity,
    Field.REGION: Region,
    Field.EDUCATION: Education,
}


@dataclass(frozen=True, slots=True)
class CaseChange:
    """One field's new value; None is unknown. `record` is the year of the job that changes."""

    field: Field
    value: Value
    record: int | None = None


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing in which two cases differ, in words."""

    what: str
    before: str
    after: str


def read_change(text: str, taxonomy: Taxonomy | None = None) -> CaseChange:
    """A change written as `field=value`; the job of an earlier record as `job.2004=Cooks`.

    >>> read_change("sex=Female").value
    <Sex.FEMALE: 'female'>

    Raises:
        CaseChangeError: if the field, its value or the form is not allowed.
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals:
        raise CaseChangeError(f"{text[:60]!r} is not a change; expected FIELD=VALUE")
    name, dot, record = name.partition(".")
    field = read_field(name)
    if dot and field is not Field.JOB:
        raise CaseChangeError(f"{field} belongs to no record; expected {field}=VALUE")
    year = _year(f"job.{record[:20]}", record) if dot else None
    if field is Field.JOB:
        return CaseChange(field, _occupation(value, taxonomy or occ1990dd()), year)
    return CaseChange(field, read_value(field, value))


def read_field(name: str) -> Field:
    """A field by its name.

    Raises:
        CaseChangeError: naming the fields there are.
    """
    try:
        return Field(name)
    except ValueError:
        fields = ", ".join(Field)
        raise CaseChangeError(
            f"no field {name[:60]!r} to change; fields: {fields} (an earlier job is job.YEAR)"
        ) from None


def read_value(field: Field, text: str) -> Value:
    """A year, or a label in any case; `unknown` is None.

    Raises:
        CaseChangeError: naming what is allowed.
    """
    if text.casefold() == UNKNOWN and field is not Field.YEAR:
        return None
    if field not in LABELS:
        return _year(field.value, text)
    found = next((label for label in LABELS[field] if label.casefold() == text.casefold()), None)
    if found is None:
        allowed = "; ".join([*LABELS[field], UNKNOWN])
        raise CaseChangeError(f"{field} {text[:60]!r} is not allowed; expected one of: {allowed}")
    return found


def changed(query: Query, changes: Iterable[CaseChange]) -> Query:
    """The case after all changes, made at once, so that their order does not matter.

    Raises:
        CaseChangeError: if a field is changed twice or a record is not there.
        CareerError: if the changed case cannot be, such as a job before birth.
    """
    wanted: dict[tuple[Field, int | None], Value] = {}
    for change in changes:
        key = change.field, _record_year(query.past, change)
        if key in wanted:
            raise CaseChangeError(f"{_name(*key)} is changed twice; expected one value")
        wanted[key] = change.value
    asked = {field.value: value for (field, _), value in wanted.items()}
    traits = (Field.BIRTH_YEAR, Field.SEX, Field.RACE_ETHNICITY, Field.REGION)
    past = replace(
        query.past,
        records=tuple(_with_job(record, wanted) for record in query.past.records),
        **{field.value: asked[field] for field in traits if field in asked},  # type: ignore[arg-type]
    )
    question = {f.value: asked[f] for f in (Field.YEAR, Field.EDUCATION) if f in asked}
    return replace(query, past=past, **question)  # type: ignore[arg-type]


def value_of(query: Query, field: Field) -> Value:
    """What a case has now; a job is the last record's."""
    if field is Field.JOB:
        return query.previous
    holder = query if field in {Field.YEAR, Field.EDUCATION} else query.past
    value: Value = getattr(holder, field.value)
    return value


def differences(before: Query, after: Query) -> tuple[Difference, ...]:
    """What differs between two cases; records of one alone are named, of both compared."""
    fields = [field for field in Field if field is not Field.JOB]
    found = [
        Difference(_spoken(field), shown(a), shown(b))
        for field in fields
        if (a := value_of(before, field)) != (b := value_of(after, field))
    ]
    if before.past.dataset != after.past.dataset:
        found.append(Difference("survey", shown(before.past.dataset), shown(after.past.dataset)))
    return (*_record_differences(before.past.records, after.past.records), *found)


def shown(value: Value) -> str:
    """A value as people read it."""
    if value is None:
        return UNKNOWN
    return value.title if isinstance(value, Occupation) else str(value)


def _record_differences(
    before: Sequence[JobRecord], after: Sequence[JobRecord]
) -> Iterable[Difference]:
    olds, news = ({record.year: record for record in side} for side in (before, after))
    for year in sorted(olds.keys() | news.keys()):
        old, new = olds.get(year), news.get(year)
        jobs = [record.occupation.title if record else "no record" for record in (old, new)]
        if jobs[0] != jobs[1]:
            yield Difference(f"job in {year}", *jobs)
        elif old and new and old.education != new.education:
            yield Difference(f"education in {year}", shown(old.education), shown(new.education))


def _with_job(record: JobRecord, wanted: dict[tuple[Field, int | None], Value]) -> JobRecord:
    occupation = wanted.get((Field.JOB, record.year), record.occupation)
    if not isinstance(occupation, Occupation):
        raise CaseChangeError(f"a job cannot be {shown(occupation)}; expected an occupation")
    return replace(record, occupation=occupation)


def _record_year(past: CareerHistory, change: CaseChange) -> int | None:
    """The year of the record whose job changes; None for every other field."""
    if change.field is not Field.JOB:
        return None
    years = [record.year for record in past.records]
    if not years:
        raise CaseChangeError("the career has no record, so no job can be changed")
    if change.record is not None and change.record not in years:
        there = ", ".join(map(str, years))
        raise CaseChangeError(f"no record of {change.record} to change; records: {there}")
    return change.record or years[-1]


def _occupation(text: str, taxonomy: Taxonomy) -> Occupation:
    try:
        return taxonomy.find(text)
    except UnknownOccupationError as error:
        raise CaseChangeError(f"job: {error}") from None


def _year(what: str, text: str) -> int:
    if not (text.isascii() and text.isdigit() and len(text) <= 4):
        raise CaseChangeError(f"{what}: {text[:60]!r} is not a year; expected one such as 1997")
    return int(text)


def _name(field: Field, record: int | None) -> str:
    return f"{field}.{record}" if record else field.value


def _spoken(field: Field) -> str:
    names = {
        Field.YEAR: "year to predict",
        Field.EDUCATION: "education that year",
        Field.BIRTH_YEAR: "birth year",
        Field.RACE_ETHNICITY: "race/ethnicity",
    }
    return names.get(field, field.value)
