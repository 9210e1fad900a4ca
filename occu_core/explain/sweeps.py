"""One characteristic over all its values, everything else of the case as it is."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from occu_core.careers import LATEST_YEAR, CareerError, Query
from occu_core.explain.case_changes import (
    LABELS,
    CaseChange,
    CaseChangeError,
    Field,
    Value,
    changed,
    value_of,
)
from occu_core.explain.seed_spread import noise_floor
from occu_core.explain.what_if import (
    PARTS,
    Answered,
    Shift,
    WhatIf,
    compare,
    seed_parts,
    told_by_parts,
)
from occu_core.models.base import Cohort, ModelCard
from occu_core.predictions import Prediction

ASSOCIATION = "an association in this cohort, not an effect"
SWEPT = (
    *(Field.EDUCATION, Field.REGION, Field.SEX, Field.RACE_ETHNICITY),
    *(Field.BIRTH_YEAR, Field.YEAR),
)
TOP_OCCUPATIONS = 5
MOST_VALUES = 40
_YEARS_AHEAD = 10

Span = tuple[int, int]


@dataclass(frozen=True)
class SweepPoint:
    """The case with one value of what is swept, beside the case as it is."""

    value: Value
    answered: Answered
    what_if: WhatIf

    @property
    def prediction(self) -> Prediction:
        """What is answered with this value."""
        return self.answered.prediction


@dataclass(frozen=True)
class Gap:
    """The widest gap of one outcome between two values of a sweep; `noise` is its own floor."""

    code: str | None
    name: str
    lowest: Value
    highest: Value
    gap: float
    noise: float

    @property
    def within_noise(self) -> bool:
        """Whether the gap is no larger than its noise floor."""
        return self.gap <= self.noise


@dataclass(frozen=True)
class Sweep:
    """A case with each value of one field; the points are in the field's own order."""

    field: Field
    case: Prediction
    points: tuple[SweepPoint, ...]

    def outcomes(self, top: int = TOP_OCCUPATIONS) -> tuple[tuple[str | None, str], ...]:
        """Code and name of the parts there are, then of the occupations likeliest on average."""
        first = self.points[0].what_if.parts
        parts = [(None, part.name) for part in first if part.before is not None]
        mean = np.mean([point.prediction.distribution.probs for point in self.points], axis=0)
        states = self.case.distribution.taxonomy.occupations
        told = told_by_parts(self.case.query, self.case.query)
        order = [i for i in np.argsort(-mean, kind="stable") if states[i].code not in told]
        return (*parts, *((states[i].code, states[i].title) for i in order[:top]))

    def row(self, code: str | None, name: str) -> tuple[Shift, ...]:
        """One outcome with each value, beside the case as it is."""
        return tuple(
            next(
                shift
                for shift in (point.what_if.parts if code is None else point.what_if.shifts)
                if shift.code == code and (code is not None or shift.name == name)
            )
            for point in self.points
        )

    def widest_gap(self, code: str | None, name: str) -> Gap:
        """The lowest and the highest value of an outcome, with the noise floor between the two.

        Ties go to the earlier value. It is the widest of many gaps, so chance passes its floor more
        often than that of a gap named beforehand.
        """
        shares = [float(shift.after or 0.0) for shift in self.row(code, name)]
        low, high = int(np.argmin(shares)), int(np.argmax(shares))
        changes = self._seeds(high, code, name) - self._seeds(low, code, name)
        return Gap(
            code,
            name,
            self.points[low].value,
            self.points[high].value,
            shares[high] - shares[low],
            float(noise_floor(changes[:, None])[0]),
        )

    def _seeds(self, place: int, code: str | None, name: str) -> np.ndarray:
        """The seed models' probability of an outcome at one value; shape (seeds,)."""
        answered = self.points[place].answered
        taxonomy = self.case.distribution.taxonomy
        if code is not None:
            return answered.seeds[:, taxonomy.position(code)]
        parts = seed_parts(taxonomy, answered.seeds, self.case.query.previous)
        return parts[:, list(PARTS.values()).index(name)]


def sweep(
    query: Query, field: Field, values: Sequence[Value], ask: Callable[[Query], Answered]
) -> Sweep:
    """Ask the case with every value.

    Args:
        query: the case.
        field: what is swept, one of `SWEPT`.
        values: from `values_of`, or chosen.
        ask: answers one case, such as `what_if.answer` with its models.

    Raises:
        CaseChangeError: if the field cannot be swept, or there is no value.
        CareerError: if a value is impossible for this case.
    """
    check_swept(field)
    if not values:
        raise CaseChangeError(f"no value of {field} is possible for this case")
    case = ask(query)
    points = []
    for value in values:
        answered = ask(changed(query, [CaseChange(field, value)]))
        points.append(SweepPoint(value, answered, compare(case, answered)))
    return Sweep(field, case.prediction, tuple(points))


def values_of(
    query: Query, field: Field, card: ModelCard, span: Span | None = None
) -> tuple[Value, ...]:
    """All values of a field, in its own order, and unknown where the case says so.

    Years of birth are those of the workers the model learned from; years to predict are the ten
    after the last record that the model has seen. A `span` of years replaces both.

    Raises:
        CaseChangeError: if the field cannot be swept, or the span is none or too long.
        CareerError: if a year of the span is impossible for this case.
    """
    check_swept(field)
    own = value_of(query, field)
    if field in LABELS:
        if span:
            raise CaseChangeError(f"{field} has no years; expected --sweep {field} alone")
        labels: tuple[Value, ...] = tuple(LABELS[field])
        return labels if own is not None else (*labels, None)
    if span:
        return _span(query, field, span)
    years = _years_born(query, card) if field is Field.BIRTH_YEAR else _years_ahead(query, card)
    known = sorted({*years, *([own] if isinstance(own, int) else [])})
    possible = [year for year in known if _possible(query, field, year)][:MOST_VALUES]
    return tuple(possible) if own is not None else (*possible, None)


def read_sweep(text: str) -> tuple[Field, Span | None]:
    """A sweep written as `region`, or with its years as `birth_year=1957-1964`.

    Raises:
        CaseChangeError: if it is neither.
    """
    name, equals, years = (part.strip() for part in text.partition("="))
    field = _swept(name)
    if not equals:
        return field, None
    first, dash, last = years.replace("–", "-").partition("-")
    if not (dash and all(year.isascii() and year.isdigit() for year in (first, last))):
        raise CaseChangeError(
            f"{field}: {years[:60]!r} is not a span of years; expected one such as 1980-1984"
        )
    return field, (int(first[:5]), int(last[:5]))


def check_swept(field: Field) -> None:
    """Refuse a field that has no list of values to go through.

    Raises:
        CaseChangeError: naming those that have.
    """
    if field not in SWEPT:
        raise CaseChangeError(f"{field} cannot be swept; expected one of {', '.join(SWEPT)}")


def _swept(name: str) -> Field:
    try:
        field = Field(name)
        check_swept(field)
    except ValueError:
        raise CaseChangeError(
            f"{name[:60]!r} cannot be swept; expected one of {', '.join(SWEPT)}"
        ) from None
    return field


def _span(query: Query, field: Field, span: Span) -> tuple[Value, ...]:
    first, last = span
    if first > last:
        raise CaseChangeError(f"{field}: {first}-{last} ends before it begins")
    if last - first >= MOST_VALUES:
        raise CaseChangeError(
            f"{field}: {first}-{last} has {last - first + 1:,} years; expected {MOST_VALUES} or"
            " fewer"
        )
    for year in (first, last):
        changed(query, [CaseChange(field, year)])
    return tuple(range(first, last + 1))


def _possible(query: Query, field: Field, year: int) -> bool:
    try:
        changed(query, [CaseChange(field, year)])
    except CareerError:
        return False
    return True


def _years_born(query: Query, card: ModelCard) -> set[int]:
    spans = [cohort.birth_years for cohort in _cohorts(query, card)]
    return {year for first, last in spans for year in range(first, last + 1)}


def _years_ahead(query: Query, card: ModelCard) -> set[int]:
    records = query.past.records
    first = records[-1].year + 1 if records else query.year
    seen = max(cohort.years[1] for cohort in _cohorts(query, card))
    return set(range(first, min(first + _YEARS_AHEAD - 1, max(seen, first), LATEST_YEAR) + 1))


def _cohorts(query: Query, card: ModelCard) -> tuple[Cohort, ...]:
    """The training careers of the case's survey, or all where that is not one of them."""
    own = tuple(c for c in card.trained_on if c.dataset == query.past.dataset)
    return own or card.trained_on
