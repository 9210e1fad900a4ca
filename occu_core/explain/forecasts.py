"""Sampled futures of one career, and what share of them is in which state in each year.

A share of n sampled paths is off by chance: its standard error is √(p(1 − p)/n), and intervals are
Wilson's at 95%, which stay within 0 and 1 (Wilson, JASA 1927). They say how far sampling is from
what the model believes, not how far the model is from what will happen.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt

from occu_core.careers import LATEST_YEAR, Query
from occu_core.explain.draws import Draws
from occu_core.explain.education_paths import EducationRule, evolving, held, shipped_table
from occu_core.explain.path_sampling import sample_paths
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy

MOST_YEARS, MOST_PATHS, LARGEST_SEED = 30, 2_000, 2**32 - 1
OTHER = "Other jobs"
_Z = 1.959963984540054  # the standard normal's 97.5th percentile

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


class ForecastError(ValueError):
    """Futures that cannot be sampled: says what was asked and what is allowed."""


@dataclass(frozen=True, slots=True)
class ForecastSettings:
    """What to sample.

    Raises:
        ForecastError: if a number is outside its range.
    """

    years: int = 10
    paths: int = 200
    seed: int = 1
    education: EducationRule = EducationRule.FIXED

    def __post_init__(self) -> None:
        for name, value, least, most in (
            ("years", self.years, 1, MOST_YEARS),
            ("paths", self.paths, 1, MOST_PATHS),
            ("seed", self.seed, 0, LARGEST_SEED),
        ):
            if isinstance(value, bool) or not isinstance(value, int):
                raise ForecastError(f"{name} {value!r} is not a whole number")
            if not least <= value <= most:
                raise ForecastError(f"{name} {value:,} is not allowed; expected {least}–{most:,}")


@dataclass(frozen=True)
class Forecast:
    """Sampled futures with all that made them.

    Attributes:
        card: of the model.
        query: the career, the first year and the education in it.
        settings: what was asked.
        taxonomy: what states are places in.
        years: those sampled, in order.
        states: shape (paths, years).
        education: positions in `Education`, -1 unknown; shape (paths, years).
    """

    card: ModelCard
    query: Query
    settings: ForecastSettings
    taxonomy: Taxonomy
    years: tuple[int, ...]
    states: Ints
    education: Ints

    @property
    def counts(self) -> Ints:
        """How many paths are in each state each year; shape (years, states)."""
        return np.stack([np.bincount(y, minlength=len(self.taxonomy)) for y in self.states.T])


@dataclass(frozen=True, slots=True)
class Share:
    """A share of sampled paths with its Monte-Carlo error."""

    value: float
    standard_error: float
    low: float
    high: float


def share_of(count: int, paths: int) -> Share:
    """A share, its standard error and Wilson's 95% interval.

    >>> share = share_of(50, 200)
    >>> round(share.value, 3), round(share.standard_error, 4), round(share.low, 3)
    (0.25, 0.0306, 0.195)
    """
    p, z2 = count / paths, _Z * _Z
    middle = (p + z2 / (2 * paths)) / (1 + z2 / paths)
    half = _Z * sqrt(p * (1 - p) / paths + z2 / (4 * paths * paths)) / (1 + z2 / paths)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return Share(p, sqrt(p * (1 - p) / paths), 0.0 if count == 0 else low, max(high, p))


def forecast_years(query: Query, years: int) -> tuple[int, ...]:
    """The query's year and those after it.

    Raises:
        ForecastError: if they reach past the latest year there is.
    """
    last = query.year + years - 1
    if last > LATEST_YEAR:
        raise ForecastError(
            f"{years} years from {query.year} reach {last}, but years end in {LATEST_YEAR};"
            f" ask for at most {LATEST_YEAR - query.year + 1}"
        )
    return tuple(range(query.year, last + 1))


def forecast(
    model: OccupationModel,
    query: Query,
    settings: ForecastSettings,
    on_step: Callable[[int, int], None] | None = None,
) -> Forecast:
    """Sample futures that begin in the query's year, with its education.

    The same seed gives the same paths, and more paths leave the first ones as they are.

    Args:
        model: any.
        query: the career so far, the first year and the education in it.
        settings: how many years and paths.
        on_step: told how much is done; what it raises ends the sampling.

    Raises:
        ForecastError: if the years reach too far.
        UnknownOccupationError: if the past holds an occupation outside the model's taxonomy.
    """
    for record in query.past.records:
        model.taxonomy.position(record.occupation.code)
    years, draws = forecast_years(query, settings.years), Draws(settings.seed, settings.paths)
    levels = held(query.education, years, settings.paths)
    if settings.education is EducationRule.EVOLVING:
        start = (query.year, query.education)
        born = query.past.birth_year
        levels = evolving(start, years, draws, birth_year=born, table=shipped_table())
    states = sample_paths(model, query.past, years, levels, draws, on_step)
    return Forecast(model.card, query, settings, model.taxonomy, years, states, levels)


@dataclass(frozen=True, slots=True)
class Lanes:
    """The states that are shown by name, and everybody's place among them.

    Attributes:
        names: the top occupations, then other jobs, Not working and Student.
        of: the lane of each state of the taxonomy.
    """

    names: tuple[str, ...]
    of: Ints

    def counts(self, found: Forecast) -> Ints:
        """Paths in each lane each year; shape (years, lanes)."""
        lanes = self.of[found.states]
        return np.stack([np.bincount(y, minlength=len(self.names)) for y in lanes.T])

    def flows(self, found: Forecast) -> Ints:
        """Paths from lane to lane between following years; shape (years - 1, lanes, lanes)."""
        lanes, size = self.of[found.states], len(self.names)
        pairs = lanes[:, :-1] * size + lanes[:, 1:]
        return np.stack(
            [np.bincount(step, minlength=size * size).reshape(size, size) for step in pairs.T]
            or [np.zeros((0, size, size), np.int64)]
        ).reshape(-1, size, size)


def lanes(found: Forecast, top: int) -> Lanes:
    """The occupations in which paths spend most years, and three lanes for all else.

    Ties keep taxonomy order.
    """
    total = np.where(found.taxonomy.jobs, found.counts.sum(axis=0), 0)
    order = [int(i) for i in np.argsort(-total, kind="stable")[:top] if total[i]]
    occupations = found.taxonomy.occupations
    place = {code: k for k, code in enumerate((NOT_WORKING, STUDENT))}
    of = np.array([len(order) if o.is_job else len(order) + 1 + place[o.code] for o in occupations])
    of[order] = np.arange(len(order))
    names = [*(occupations[i].title for i in order), OTHER]
    names += [found.taxonomy[code].title for code in (NOT_WORKING, STUDENT)]
    return Lanes(tuple(names), of)


def states_of_year(found: Forecast, year: int) -> list[tuple[Occupation, Share]]:
    """Every state that a path is in that year, the most frequent first; ties in taxonomy order."""
    counts = found.counts[found.years.index(year)]
    return [
        (found.taxonomy.occupations[i], share_of(int(counts[i]), found.settings.paths))
        for i in np.argsort(-counts, kind="stable")
        if counts[i]
    ]
