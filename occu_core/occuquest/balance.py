"""A dataset's balance over occupations: shares, measures and how sure each is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from occu_core.occuquest.balance_counts import Counts
from occu_core.occuquest.balance_metrics import (
    Floats,
    divergence,
    effective_categories,
    gini,
    normalised_entropy,
    rarefy,
)
from occu_core.occuquest.balance_standard import Reference, Standard

REPLICATES = 2_000
SEED = 1
_ENDS = (2.5, 97.5)
_TAIL = 0.025


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95% interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class CategoryShare:
    """A category's items, and their share of all items, those of no occupation included.

    `per_occupation` is how many items there are for each occupation that the category has, which
    takes the size of the category out of the comparison.
    """

    count: int
    share: Estimate
    per_occupation: float


@dataclass(frozen=True, slots=True)
class Spread:
    """How evenly items with a category are spread over the categories; see `balance_metrics`."""

    entropy: Estimate
    effective_categories: Estimate
    gini: Estimate
    kl: Estimate | None


@dataclass(frozen=True, slots=True)
class Balance:
    """What `occu balance` says of one dataset.

    Attributes:
        spread: None where no item has a category; its `kl` is to `reference`, and None where that
            has nothing of a category that items are of.
        controlled: the same of items per occupation, so that a category with many occupations is
            expected to have many items.
        coverage: the share of the listed occupations to expect among `coverage_at` items.
        no_occupation: the share of items that are about nobody's work.
        occupations: items of each listed occupation; `outside` are of others.
        aside: rows that could not be read, none of which is counted.
    """

    name: str
    items: int
    categories: Mapping[str, CategoryShare]
    reference: Reference
    spread: Spread | None
    controlled: Spread | None
    coverage: Estimate
    coverage_at: int
    no_occupation: Estimate
    occupations: Mapping[str, int] = field(default_factory=dict)
    outside: int = 0
    tagged_here: int = 0
    aside: int = 0


@dataclass(frozen=True, slots=True)
class Weighing:
    """How balance is measured: against what, how often resampled, from which seed."""

    standard: Standard
    reference: Reference = Reference.CATEGORIES
    replicates: int = REPLICATES
    seed: int = SEED

    def measure(self, name: str, counts: Counts, at: int | None = None) -> Balance:
        """The balance of counted items, its coverage at a sample of `at` items, or all of them.

        Intervals are of a multinomial bootstrap: as many items are drawn again, each kind as
        likely as it was. A share's runs between the 2.5th and 97.5th percentile; a category that
        nothing was of gets the exact upper end, which no resample can show. A spread's is the
        basic interval (Davison and Hinkley 1997, section 5.2): in few items some categories are
        missed by chance, so a resample looks less even than what it is drawn from, and
        percentiles would lie too low. It can lie to one side of the number, which is of the items
        as they are.

        Raises:
            ValueError: if there are no items, or fewer than `at`.
        """
        if not counts.items:
            raise ValueError(f"{name}: has no items that can be read; nothing to measure")
        found = np.array([counts.categories[c] for c in self.standard.categories], np.float64)
        kinds = np.append(found, counts.no_occupation)
        draws = np.random.default_rng(self.seed)
        drawn = draws.multinomial(counts.items, kinds / counts.items, self.replicates)
        *shares, nobody = _shares(kinds, drawn)
        sizes = np.maximum(1, np.array(self.standard.sizes, np.float64))
        named = zip(self.standard.categories, found, shares, found / sizes, strict=True)
        at = counts.items if at is None else at
        return Balance(
            name=name,
            items=counts.items,
            categories={c: CategoryShare(int(n), share, float(per)) for c, n, share, per in named},
            reference=self.reference,
            spread=self._spread(found, drawn[:, :-1]),
            controlled=self._spread(found / sizes, drawn[:, :-1] / sizes),
            coverage=self._coverage(counts, at),
            coverage_at=at,
            no_occupation=nobody,
            occupations=dict(counts.occupations.most_common()),
            outside=counts.outside,
            tagged_here=counts.tagged_here,
            aside=counts.aside.count,
        )

    def _spread(self, found: Floats, drawn: npt.NDArray[np.float64 | np.int64]) -> Spread | None:
        if not found.any():
            return None
        drawn = drawn[drawn.any(axis=1)]
        most = len(found)
        reference = self.standard.shares(self.reference)
        apart = float(divergence(found, reference))
        return Spread(
            _basic(normalised_entropy, found, drawn, (0.0, 1.0)),
            _basic(effective_categories, found, drawn, (1.0, most)),
            _basic(gini, found, drawn, (0.0, 1 - 1 / most)),
            _basic(lambda x: divergence(x, reference), found, drawn, (0.0, np.inf))
            if np.isfinite(apart)
            else None,
        )

    def _coverage(self, counts: Counts, at: int) -> Estimate:
        listed = len(self.standard.occupations)
        found = rarefy(list(counts.occupations.values()), counts.items, at)
        ends = found.expected, found.low, min(found.high, listed)
        return Estimate(*(end / listed for end in ends))


def measure_all(
    counted: Mapping[str, Counts], weighing: Weighing, at: int | None = None
) -> tuple[Balance, ...]:
    """Several datasets side by side, coverage at one sample size: that of the smallest if unsaid.

    Raises:
        ValueError: if a dataset has no items, or fewer than `at`.
    """
    smallest = min((counts.items for counts in counted.values()), default=0)
    return tuple(
        weighing.measure(name, counts, at or smallest or None) for name, counts in counted.items()
    )


def _shares(kinds: Floats, drawn: npt.NDArray[np.int64]) -> list[Estimate]:
    """Each kind's share with a percentile interval; exact where nothing, or all, is of a kind."""
    items = kinds.sum()
    lows, highs = np.percentile(drawn / items, _ENDS, axis=0)
    beyond = 1 - _TAIL ** (1 / items)
    lows = np.where(kinds == items, 1 - beyond, lows)
    highs = np.where(kinds == 0, beyond, highs)
    return [
        Estimate(float(count / items), float(low), float(high))
        for count, low, high in zip(kinds, lows, highs, strict=True)
    ]


def _basic(
    measure: Callable[[npt.ArrayLike], Floats],
    found: Floats,
    drawn: npt.NDArray[np.float64 | np.int64],
    possible: tuple[float, float],
) -> Estimate:
    """The basic bootstrap interval: as far on the other side as the resamples lie on theirs."""
    value = float(measure(found))
    low, high = np.percentile(measure(drawn), _ENDS)
    ends = np.clip((2 * value - high, 2 * value - low), *possible)
    return Estimate(value, float(ends[0]), float(ends[1]))
