"""What a mixture is worth: losses by group, of the worst group and on average, with intervals.

Intervals are 95% percentiles of replicates that draw held-out items anew within each group, once
for all mixtures, and seeds anew for each mixture. With three seeds their spread is understated by
√(2/3), as any bootstrap of three draws does; the losses of each seed stand beside the intervals.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from occu_core.occuquest.balance import Estimate
from occu_core.occuquest.mixture_report import Measure
from train.mixture_runs import Losses
from train.mixtures import Floats

REPLICATES = 4_000


@dataclass(frozen=True)
class Measured:
    """Losses of every mixture and seed, and their replicates."""

    names: tuple[str, ...]
    by_seed: Floats  # (mixtures, seeds, groups)
    replicates: Floats  # (replicates, mixtures, groups)
    named: int
    sizes: Floats  # (groups,), summing to one

    def losses(self, mixture: str) -> list[Estimate]:
        """Of every group."""
        place = self.names.index(mixture)
        means, drawn = self.by_seed[place].mean(axis=0), self.replicates[:, place]
        return [_estimate(means[g], drawn[:, g]) for g in range(means.shape[-1])]

    def worst_group(self, mixture: str) -> int:
        """The group that does worst, by the mean over seeds."""
        return int(self.by_seed[self.names.index(mixture)].mean(axis=0).argmax())

    def of(self, mixture: str, measure: Measure) -> Estimate:
        """A measure of a mixture."""
        place = self.names.index(mixture)
        value = self._apply(self.by_seed[place].mean(axis=0), measure)
        return _estimate(float(value), self._apply(self.replicates[:, place], measure))

    def difference(self, mixture: str, against: str, measure: Measure) -> Estimate:
        """How much higher a measure of `mixture` is; below 0 it is better."""
        one, other = self.names.index(mixture), self.names.index(against)
        means = self._apply(self.by_seed.mean(axis=1), measure)
        drawn = self._apply(self.replicates, measure)
        return _estimate(float(means[one] - means[other]), drawn[:, one] - drawn[:, other])

    def differences_by_seed(self, mixture: str, against: str, measure: Measure) -> list[float]:
        """The same for each seed on its own."""
        found = self._apply(self.by_seed, measure)
        one, other = self.names.index(mixture), self.names.index(against)
        differences: list[float] = (found[one] - found[other]).tolist()
        return differences

    def _apply(self, losses: Floats, measure: Measure) -> Floats:
        """A measure of losses, groups along the last axis."""
        if measure is Measure.WORST:
            found = losses.max(axis=-1)
        elif measure is Measure.NAMED:
            found = losses[..., self.named]
        elif measure is Measure.MEAN:
            found = losses.mean(axis=-1)
        else:
            found = losses @ self.sizes
        return np.asarray(found, np.float64)


def measure(
    found: Mapping[str, Sequence[Losses]],
    named: int,
    sizes: Floats,
    *,
    replicates: int = REPLICATES,
    seed: int = 1,
) -> Measured:
    """Measure every mixture's models, one for each seed, on the same held-out items."""
    draws = np.random.default_rng(seed)
    mixtures, seeds = len(found), len(next(iter(found.values())))
    nats = np.stack([[losses.nats for losses in own] for own in found.values()])
    first = next(iter(found.values()))[0]
    weights = draws.multinomial(seeds, np.full(seeds, 1 / seeds), (replicates, mixtures)) / seeds
    drawn = []
    for group in range(len(sizes)):
        own = first.groups == group
        count = int(own.sum())
        times = draws.multinomial(count, np.full(count, 1 / count), replicates)
        sums = np.einsum("ri,msi->rms", times, nats[..., own], optimize=True)
        means = sums / (times @ first.tokens[own])[:, None, None]
        drawn.append((means * weights).sum(axis=2))
    by_seed = np.stack([[losses.by_group() for losses in own] for own in found.values()])
    return Measured(tuple(found), by_seed, np.stack(drawn, axis=-1), named, sizes)


def _estimate(value: float, replicates: Floats) -> Estimate:
    low, high = np.percentile(replicates, (2.5, 97.5))
    return Estimate(float(value), float(low), float(high))
