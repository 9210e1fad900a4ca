"""What really followed: counts of transitions in the careers that the models were trained on.

Only the train split is counted, and small counts are hidden in the file itself: see
`train/count_transitions.py`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache, cached_property
from math import sqrt
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.careers import Query
from occu_core.occupations import Occupation, Taxonomy, occ1990dd

SMALLEST = 5
HIDDEN = f"<{SMALLEST}"
FIRST, ALL = "first", "all"
COLUMNS = ("cohort", "origin", "destination", "count")
_Z = 1.959963984540054  # 95%


@dataclass(frozen=True, slots=True)
class Count:
    """How often something happened; where that is hidden, the fewest and the most it can be."""

    least: int
    most: int

    @property
    def exact(self) -> bool:
        """False where the count is hidden."""
        return self.least == self.most

    def __str__(self) -> str:
        if self.exact:
            return f"{self.most:,}"
        small = self.most < SMALLEST
        return HIDDEN if small else f"{self.least:,}–{self.most:,}"


NEVER = Count(0, 0)


@dataclass(frozen=True, slots=True)
class Observed:
    """How often `target` followed `origin` in one cohort; without an origin, came first.

    `total` counts everything that followed `origin`.
    """

    cohort: str
    origin: Occupation | None
    target: Occupation
    count: Count
    total: Count

    @property
    def share(self) -> float | None:
        """Of what followed; None where a count is hidden or nothing ever followed."""
        if not (self.count.exact and self.total.exact and self.total.most):
            return None
        return self.count.most / self.total.most

    @property
    def interval(self) -> tuple[float, float] | None:
        """Around the share, 95%; around every share there can be where the count is hidden."""
        if self.total == NEVER:
            return None
        low, _ = wilson(self.count.least, self.total.most)
        _, high = wilson(self.count.most, max(self.count.most, self.total.least))
        return low, high

    @property
    def words(self) -> str:
        """The count as a sentence's end."""
        if self.total == NEVER:
            return "nobody was ever seen there"
        if self.count == NEVER:
            return f"never seen in {self.total} transitions"
        return f"{self.count} of {self.total} transitions"


@dataclass(frozen=True)
class ObservedTransitions:
    """The whole table.

    Attributes:
        data: which survey, years and workers were counted.
        taxonomy: what the codes are of.
        counts: by cohort, origin (or `FIRST`) and destination (or `ALL`, where the sum is told).
    """

    data: str
    taxonomy: Taxonomy
    counts: dict[tuple[str, str, str], Count]

    @cached_property
    def cohorts(self) -> tuple[str, ...]:
        """The datasets that were counted, in the order of the file."""
        return tuple(dict.fromkeys(cohort for cohort, _, _ in self.counts))

    @cached_property
    def _followed(self) -> dict[tuple[str, str], dict[str, Count]]:
        """Destinations by cohort and origin."""
        found: dict[tuple[str, str], dict[str, Count]] = {}
        for (cohort, origin, destination), count in self.counts.items():
            found.setdefault((cohort, origin), {})[destination] = count
        return found

    def of(self, cohort: str, origin: Occupation | None, target: Occupation) -> Observed:
        """How often `target` followed `origin` in one cohort."""
        followed = self._followed.get((cohort, origin.code if origin else FIRST), {})
        known = [count for end, count in followed.items() if end != ALL]
        between = Count(sum(c.least for c in known), sum(c.most for c in known))
        count = followed.get(target.code, NEVER)
        return Observed(cohort, origin, target, count, followed.get(ALL, between))

    def beside(self, query: Query, target: Occupation) -> tuple[Observed, ...]:
        """The same in every cohort, the worker's own first."""
        own_first = sorted(self.cohorts, key=lambda cohort: cohort != query.past.dataset)
        return tuple(self.of(cohort, query.previous, target) for cohort in own_first)

    def after(self, cohort: str, origin: Occupation | None) -> list[Observed]:
        """Everything that followed `origin`, most often first; ties keep taxonomy order."""
        found = [self.of(cohort, origin, target) for target in self.taxonomy]
        seen = [one for one in found if one.count != NEVER]
        return sorted(seen, key=lambda one: -one.count.least)


@cache
def observed_transitions() -> ObservedTransitions:
    """The table that ships."""
    return read_observed(asset_path("observed_transitions.csv"))


def read_observed(path: Path, taxonomy: Taxonomy | None = None) -> ObservedTransitions:
    """Read a table that `train.count_transitions` wrote.

    Raises:
        ValueError: naming the first row that is none.
    """
    taxonomy = taxonomy or occ1990dd()
    codes = {occupation.code for occupation in taxonomy}
    with path.open(encoding="utf-8", newline="") as file:
        data = file.readline().removeprefix("#").strip()
        rows = csv.DictReader(file)
        if tuple(rows.fieldnames or ()) != COLUMNS:
            raise ValueError(f"{path.name}: expected the columns {', '.join(COLUMNS)}")
        counts: dict[tuple[str, str, str], Count] = {}
        for number, row in enumerate(rows, start=3):
            place = row["cohort"], row["origin"], row["destination"]
            if not {place[1], place[2]} <= codes | {FIRST, ALL}:
                raise ValueError(f"{path.name} row {number}: {place} is not in {taxonomy.name}")
            counts[place] = _count(row["count"], f"{path.name} row {number}")
    return ObservedTransitions(data, taxonomy, counts)


def wilson(count: int, total: int) -> tuple[float, float]:
    """The 95% score interval of a share of independent trials (Wilson, JASA 22, 1927).

    >>> [round(end, 3) for end in wilson(216, 250)]
    [0.816, 0.901]
    """
    p, z = count / total, _Z
    centre = (p + z**2 / (2 * total)) / (1 + z**2 / total)
    half = z * sqrt(p * (1 - p) / total + z**2 / (4 * total**2)) / (1 + z**2 / total)
    return max(0.0, centre - half), min(1.0, centre + half)


def _count(text: str, where: str) -> Count:
    if text == HIDDEN:
        return Count(1, SMALLEST - 1)
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{where}: {text[:20]!r} is not a count; expected a number or {HIDDEN}")
    return Count(int(text), int(text))
