"""A few sampled futures that stand for all of them: k-medoids over the distance between paths.

Two paths are as far apart as the share of years in which they differ; a year in two jobs of the
same occupation group counts half. Medoids are chosen greedily, each the path that lowers the total
distance to the nearest medoid most (BUILD of PAM, Kaufman and Rousseeuw, Finding Groups in Data,
1990, chapter 2), and then exchanged for other paths until no exchange lowers it (SWAP). Every step
takes the first of equals, so the same paths give the same answer. A medoid is a sampled path, not
an average of some.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

import numpy as np
import numpy.typing as npt

from occu_core.careers import JobSpell
from occu_core.explain.forecasts import Forecast, Share, share_of
from occu_core.occupations import Occupation, Taxonomy

MOST_TYPES = 8
_MOST_CANDIDATES = 300  # distinct paths tried as medoids, the most frequent first

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TypicalPath:
    """One sampled path and those it stands for.

    Attributes:
        occupations: its state each year.
        share: of all paths, those nearer to it than to any other typical path.
        same: mean share of years in which they are in the very state that it is in.
    """

    occupations: tuple[Occupation, ...]
    share: Share
    same: float

    def spells(self, years: tuple[int, ...]) -> list[JobSpell]:
        """Consecutive years in one state, merged."""
        found = []
        for occupation, run in groupby(zip(years, self.occupations, strict=True), lambda p: p[1]):
            during = [year for year, _ in run]
            found.append(JobSpell(occupation, during[0], during[-1]))
        return found


def typical_paths(found: Forecast, count: int = 5) -> tuple[TypicalPath, ...]:
    """At most so many typical paths, the one that stands for most first.

    Raises:
        ValueError: if `count` is outside 1–8.
    """
    if not 1 <= count <= MOST_TYPES:
        raise ValueError(f"{count} typical paths were asked for; expected 1–{MOST_TYPES}")
    distinct, which, sizes = np.unique(
        found.states, axis=0, return_inverse=True, return_counts=True
    )
    which = which.reshape(-1)
    tried = np.argsort(-sizes, kind="stable")[:_MOST_CANDIDATES]
    apart = distances(distinct, distinct[tried], found.taxonomy)
    chosen = medoids(apart * sizes[:, np.newaxis], count)
    nearest = apart[:, chosen].argmin(axis=1)[which]
    return tuple(
        sorted(
            (_typical(found, distinct[tried[m]], nearest == k) for k, m in enumerate(chosen)),
            key=lambda path: -path.share.value,
        )
    )


def distances(paths: Ints, others: Ints, taxonomy: Taxonomy) -> Floats:
    """The mean over years of 0 (same state), ½ (two jobs of a group) or 1; (paths, others)."""
    groups = {name: k for k, name in enumerate(dict.fromkeys(o.group for o in taxonomy))}
    group = np.array([groups[o.group] for o in taxonomy])
    total = np.zeros((len(paths), len(others)))
    for a, b in zip(paths.T, others.T, strict=True):
        same = a[:, np.newaxis] == b
        jobs = taxonomy.jobs[a][:, np.newaxis] & taxonomy.jobs[b]
        alike = jobs & (group[a][:, np.newaxis] == group[b])
        total += np.where(same, 0.0, np.where(alike, 0.5, 1.0))
    return np.asarray(total / paths.shape[1])


def medoids(costs: Floats, count: int) -> list[int]:
    """The columns that serve the rows at least cost, each row by its cheapest; (rows, columns).

    >>> medoids(np.array([[0.0, 2.0, 9.0], [2.0, 0.0, 7.0], [9.0, 7.0, 0.0]]), 2)
    [1, 2]
    """
    chosen: list[int] = []
    best = np.full(len(costs), np.inf)
    while len(chosen) < min(count, costs.shape[1]):
        totals = np.minimum(best[:, np.newaxis], costs).sum(axis=0)
        totals[chosen] = np.inf
        chosen.append(int(totals.argmin()))
        best = np.minimum(best, costs[:, chosen[-1]])
    improved = True
    while improved:
        improved = False
        for place in range(len(chosen)):
            others = costs[:, chosen[:place] + chosen[place + 1 :]]
            rest = others.min(axis=1) if others.shape[1] else np.full(len(costs), np.inf)
            totals = np.minimum(rest[:, np.newaxis], costs).sum(axis=0)
            now = int(totals.argmin())
            if totals[now] < totals[chosen[place]] - 1e-9 and now not in chosen:
                chosen[place], improved = now, True
    return chosen


def _typical(found: Forecast, path: Ints, near: npt.NDArray[np.bool_]) -> TypicalPath:
    occupations = found.taxonomy.occupations
    return TypicalPath(
        tuple(occupations[state] for state in path),
        share_of(int(near.sum()), len(near)),
        float((found.states[near] == path).mean()) if near.any() else 1.0,
    )
