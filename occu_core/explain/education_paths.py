"""Education in the years to come: held, or moving as it did in the surveys at that age and level.

The table counts how often a worker of some age and level had which level a year later, in the
training splits of both cohorts (`train/count_education.py`); counts under 5 are not in it. NLSY97
counts a GED from age 19 if it was ever obtained, so its high-school levels look slightly ahead.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.careers import Education
from occu_core.explain.draws import EDUCATION, Draws

Ints = npt.NDArray[np.int64]
LEVELS = tuple(Education)
UNKNOWN = -1


class EducationRule(StrEnum):
    """How education goes on after the first year asked about."""

    FIXED = "fixed"
    EVOLVING = "evolving"


@dataclass(frozen=True)
class EducationTable:
    """Counts of one-year changes by age band, level before and level after.

    Attributes:
        bands: first and last age of each, in order.
        counts: shape (bands, levels, levels).
        source: what was counted.
    """

    bands: tuple[tuple[int, int], ...]
    counts: Ints
    source: str

    def __post_init__(self) -> None:
        expected = len(self.bands), len(LEVELS), len(LEVELS)
        if self.counts.shape != expected or self.counts.min() < 0:
            raise ValueError(f"education counts have shape {self.counts.shape}, not {expected}")

    def chances(self, age: int | None, level: int) -> npt.NDArray[np.float64]:
        """P(level a year later); shape (levels,).

        An age outside the bands takes the nearest one, an unknown age all of them together; a level
        that was never seen in its band stays.
        """
        counts = self.counts.sum(axis=0) if age is None else self.counts[self._band(age)]
        row = (
            counts[level].astype(np.float64) if counts[level].any() else np.eye(len(LEVELS))[level]
        )
        return np.asarray(row / row.sum())

    def _band(self, age: int) -> int:
        return sum(age > last for _, last in self.bands[:-1])


@cache
def shipped_table() -> EducationTable:
    """The table that ships, counted by `train.count_education`."""
    written = json.loads(
        asset_path("explain", "education_transitions.json").read_text(encoding="utf-8")
    )
    return EducationTable(
        tuple((first, last) for first, last in written["bands"]),
        np.array(written["counts"], np.int64),
        written["source"],
    )


def position(level: Education | None) -> int:
    """Where a level stands in `LEVELS`; -1 for an unknown one."""
    return UNKNOWN if level is None else LEVELS.index(level)


def held(level: Education | None, years: Sequence[int], paths: int) -> Ints:
    """The same level in every year; positions, shape (paths, years)."""
    return np.full((paths, len(years)), position(level))


def evolving(
    start: tuple[int, Education | None],
    years: Sequence[int],
    draws: Draws,
    *,
    birth_year: int | None,
    table: EducationTable,
) -> Ints:
    """Levels that change from year to year as in the table; positions, shape (paths, years).

    Args:
        start: a year and the level in it, no later than the first of `years`.
        years: which to tell.
        draws: of each path.
        birth_year: of the worker; None takes all ages together.
        table: what to draw from. An unknown level stays unknown.
    """
    year, level = start
    levels = np.full(draws.paths, position(level))
    told: Mapping[int, Ints] = {year: levels}
    for now in range(year, years[-1]):
        age = None if birth_year is None else now - birth_year
        levels = _moved(levels, draws.uniform(now + 1, EDUCATION), age, table)
        told = {**told, now + 1: levels}
    return np.stack([told[one] for one in years], axis=1)


def _moved(
    levels: Ints, uniform: npt.NDArray[np.float64], age: int | None, table: EducationTable
) -> Ints:
    after = levels.copy()
    for level in range(len(LEVELS)):
        here = levels == level
        ends = table.chances(age, level).cumsum()
        found = np.searchsorted(ends, uniform[here], side="right")
        after[here] = np.minimum(found, len(LEVELS) - 1)
    return after
