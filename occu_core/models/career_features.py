"""What a career says about the next state, as sparse numbers for a multinomial logit."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, Education, JobRecord, Query, RaceEthnicity, Region, Sex
from occu_core.models.classifier import Floats, Ints, states_of
from occu_core.occupations import Taxonomy

UNKNOWN = 0
_SPANS = (1, 2, 3, 4, 5, 6, 8, 10, 13, 17, 22)
_GAPS = (1, 2, 3, 5)
_AGES = (16, 18, 19, 20, 21, 22, 23, 24, 25, 27, 29, 32, 35, 40)
_CHANGES = 4

Entry = tuple[str, int, float]


@dataclass(frozen=True, slots=True)
class SparseRows:
    """Rows of numbers, most of them zero; none is empty.

    Attributes:
        columns: where the others stand, row after row; shape (entries,).
        values: what they are; shape (entries,).
        ends: where each row begins, and where the last one ends; shape (rows + 1,).
    """

    columns: Ints
    values: Floats
    ends: Ints

    def __len__(self) -> int:
        return len(self.ends) - 1

    @classmethod
    def stack(cls, parts: Sequence[SparseRows]) -> SparseRows:
        """The rows of several, one after another."""
        lengths = np.concatenate([np.diff(part.ends) for part in parts])
        return cls(
            np.concatenate([part.columns for part in parts]),
            np.concatenate([part.values for part in parts]),
            np.concatenate([[0], np.cumsum(lengths)]),
        )

    def choose(self, rows: Ints) -> SparseRows:
        """Some of the rows, in the order asked for."""
        lengths = np.diff(self.ends)[rows]
        ends = np.concatenate([[0], np.cumsum(lengths)])
        places = np.repeat(self.ends[rows] - ends[:-1], lengths) + np.arange(ends[-1])
        return SparseRows(self.columns[places], self.values[places], ends)

    def times(self, weights: npt.NDArray[np.float64]) -> Floats:
        """Their product with a matrix of shape (columns, outputs); shape (rows, outputs)."""
        if not len(self):
            return np.zeros((0, weights.shape[1]))
        products = weights[self.columns] * self.values[:, np.newaxis]
        sums: Floats = np.add.reduceat(products, self.ends[:-1], axis=0)
        return sums


class History(StrEnum):
    """How a logit reads the jobs before the last one."""

    LAST_JOBS = "last_jobs"
    """The last different job, years in the current one and since the first."""

    BAG = "bag"
    """Every earlier job, unordered: whether it was held, and its share of the records."""


@dataclass(frozen=True)
class FeatureSpace:
    """Which features there are, and where each block of them stands.

    Every feature is 0 or 1, except the shares of a bag. `years` and `datasets` are those that
    training saw.
    """

    history: History
    states: int
    years: tuple[int, ...]
    datasets: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.years:
            raise ValueError("years are empty; expected those that the training careers hold")

    @cached_property
    def blocks(self) -> dict[str, int]:
        """The size of each block of features."""
        covariates = {
            "year": len(self.years),
            "gap": 1 + len(_GAPS),
            "education": 1 + len(Education),
            "education_change": _CHANGES,
            "sex": 1 + len(Sex),
            "race_ethnicity": 1 + len(RaceEthnicity),
            "region": 1 + len(Region),
            "age": 2 + len(_AGES),
            "dataset": 1 + len(self.datasets),
            "current": self.states + 1,
            "current_in_dataset": (self.states + 1) * len(self.datasets),
        }
        spans = 1 + len(_SPANS)
        if self.history is History.LAST_JOBS:
            own = {"before": self.states + 1, "years_in_job": spans, "years_in_all": spans}
        else:
            own = {"held": self.states, "share": self.states}
        return covariates | own

    @cached_property
    def starts(self) -> dict[str, int]:
        """Where each block begins."""
        sizes = list(self.blocks.values())
        return dict(zip(self.blocks, np.cumsum([0, *sizes[:-1]]).tolist(), strict=True))

    @property
    def size(self) -> int:
        """How many features there are."""
        return sum(self.blocks.values())


@dataclass(frozen=True)
class FeatureReader:
    """Turns careers into rows of features, one for each state to predict.

    A year that training never saw reads as the nearest one that it did, the earlier of two.
    """

    space: FeatureSpace
    taxonomy: Taxonomy

    def rows(self, career: CareerHistory, query: Query | None = None) -> SparseRows:
        """Features at each record, then at the query; shape (records and query, features)."""
        states = states_of(career, self.taxonomy)
        moments = [(record.year, record.education) for record in career.records]
        moments += [(query.year, query.education)] if query else []
        traits = self._traits(career)
        rows = [
            traits + self._now(career, states[:k], year, education)
            for k, (year, education) in enumerate(moments)
        ]
        starts = self.space.starts
        columns = [starts[block] + place for row in rows for block, place, _ in row]
        values = [value for row in rows for _, _, value in row]
        ends = np.cumsum([0, *(len(row) for row in rows)])
        return SparseRows(np.array(columns, np.int64), np.array(values, np.float64), ends)

    def _traits(self, career: CareerHistory) -> list[Entry]:
        """What does not change with the years."""
        return [
            ("sex", _index(career.sex, tuple(Sex)), 1.0),
            ("race_ethnicity", _index(career.race_ethnicity, tuple(RaceEthnicity)), 1.0),
            ("region", _index(career.region, tuple(Region)), 1.0),
            ("dataset", _index(career.dataset, self.space.datasets), 1.0),
        ]

    def _now(
        self, career: CareerHistory, past: Ints, year: int, education: Education | None
    ) -> list[Entry]:
        """What is known in one year; `past` holds the states before it."""
        records = career.records[: len(past)]
        age = None if career.birth_year is None else year - career.birth_year
        last = records[-1] if records else None
        return [
            ("year", _nearest(year, self.space.years), 1.0),
            ("gap", bisect_right(_GAPS, year - last.year) if last else 0, 1.0),
            ("education", _index(education, tuple(Education)), 1.0),
            ("education_change", _change(last.education if last else None, education), 1.0),
            ("age", UNKNOWN if age is None else 1 + bisect_right(_AGES, age), 1.0),
            *self._current(career, past),
            *(
                self._last_jobs(records, past, year)
                if self.space.history is History.LAST_JOBS
                else self._bag(past)
            ),
        ]

    def _current(self, career: CareerHistory, past: Ints) -> list[Entry]:
        """The last state, for all datasets and for this one."""
        current = int(past[-1]) if len(past) else self.space.states
        entries = [("current", current, 1.0)]
        if career.dataset in self.space.datasets:
            place = self.space.datasets.index(career.dataset) * (self.space.states + 1) + current
            entries.append(("current_in_dataset", place, 1.0))
        return entries

    def _last_jobs(self, records: tuple[JobRecord, ...], past: Ints, year: int) -> list[Entry]:
        """The state before the current spell, and years since the spell and the career began."""
        if not records:
            return [("before", self.space.states, 1.0)]
        others = np.flatnonzero(past != past[-1])
        spell = int(others[-1]) + 1 if len(others) else 0
        before = int(past[spell - 1]) if spell else self.space.states
        return [
            ("before", before, 1.0),
            ("years_in_job", bisect_right(_SPANS, year - records[spell].year), 1.0),
            ("years_in_all", bisect_right(_SPANS, year - records[0].year), 1.0),
        ]

    def _bag(self, past: Ints) -> list[Entry]:
        """The states before the last one: which, and how much of the time."""
        held, times = np.unique(past[:-1], return_counts=True)
        shares = times / max(len(past) - 1, 1)
        entries: list[Entry] = [("held", int(state), 1.0) for state in held]
        return entries + [("share", int(s), float(p)) for s, p in zip(held, shares, strict=True)]


def _change(before: Education | None, now: Education | None) -> int:
    """0 unknown, 1 the same, 2 risen, 3 fallen."""
    if before is None or now is None:
        return UNKNOWN
    levels = tuple(Education)
    risen = levels.index(now) - levels.index(before)
    return 1 if risen == 0 else 2 if risen > 0 else 3


def _nearest(year: int, seen: tuple[int, ...]) -> int:
    """The index of the year in `seen`, which ascends, that is nearest; the earlier of two."""
    after = bisect_left(seen, year)
    around = range(max(after - 1, 0), min(after + 1, len(seen)))
    return min(around, key=lambda i: abs(seen[i] - year))


def _index(value: str | None, known: tuple[str, ...]) -> int:
    """1 and up for what is known, 0 for None and for what is not."""
    return known.index(value) + 1 if value in known else UNKNOWN
