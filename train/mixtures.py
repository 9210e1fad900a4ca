"""Shares of a training mixture: in proportion, alike, by temperature, or distributionally robust.

A mixture says which share of a batch each group of texts has. Robust shares are found as DoReMi
finds them (Xie, Pham, Dong et al. 2023, algorithm 1; Re-Mix does the same for robot data): a small
proxy model learns beside a reference model, and the groups where its loss exceeds the reference's
most gain weight at every step; the mixture is the mean over the steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SMOOTHING = 1e-3
"""Share of equal weights blended in at every step, as in DoReMi."""


class MixtureError(ValueError):
    """Shares that cannot be found from what was given."""


def uniform(groups: int) -> Floats:
    """Every group alike: 1:1.

    >>> uniform(4).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    if groups < 1:
        raise MixtureError(f"there are {groups} groups to mix; expected at least one")
    return np.full(groups, 1 / groups)


def by_ratio(ratios: Sequence[float]) -> Floats:
    """Shares as given, brought to a sum of one; sizes as ratios mix in proportion.

    >>> by_ratio([300, 100]).tolist()
    [0.75, 0.25]
    """
    given = np.asarray(ratios, np.float64)
    if not len(given) or not np.isfinite(given).all() or (given < 0).any() or not given.any():
        raise MixtureError(
            f"ratios are {list(ratios)}; expected numbers of at least 0, one of them above 0"
        )
    shares: Floats = given / given.sum()
    return shares


def by_temperature(sizes: Sequence[float], temperature: float) -> Floats:
    """Shares in proportion to size^(1/τ): τ = 1 is in proportion, a large τ nearly alike.

    >>> by_temperature([900, 100], 2).round(3).tolist()
    [0.75, 0.25]
    """
    if not temperature > 0:
        raise MixtureError(f"temperature is {temperature}; expected a number above 0")
    shares = by_ratio(sizes)
    return by_ratio((shares / shares.max()) ** (1 / temperature))


@dataclass(slots=True)
class RobustShares:
    """Shares that follow the excess loss: exponentiated gradient ascent from equal shares."""

    groups: int
    step_size: float
    smoothing: float = SMOOTHING
    current: Floats = field(init=False)
    _sum: Floats = field(init=False)
    _steps: int = field(init=False, default=0)

    def __post_init__(self) -> None:
        if not self.step_size > 0 or not 0 <= self.smoothing <= 1:
            raise MixtureError(
                f"step size {self.step_size} and smoothing {self.smoothing}; expected a step size"
                " above 0 and a smoothing from 0 to 1"
            )
        self.current = uniform(self.groups)
        self._sum = np.zeros(self.groups)

    def update(self, excess: npt.ArrayLike) -> Floats:
        """Raise the groups whose excess loss is largest, and return the new shares.

        Args:
            excess: of each group, in nats per token (see `excess_loss`); shape (groups,).
        """
        gain = self.step_size * np.asarray(excess, np.float64)
        raised = self.current * np.exp(gain - gain.max())
        blended = (1 - self.smoothing) * raised / raised.sum()
        self.current = blended + self.smoothing / self.groups
        self._sum += self.current
        self._steps += 1
        return self.current

    @property
    def mean(self) -> Floats:
        """The mixture: the mean of the shares after every step."""
        if not self._steps:
            raise MixtureError("no step was taken; expected at least one update")
        return self._sum / self._steps


def excess_loss(proxy: Floats, reference: Floats) -> float:
    """Mean over tokens of how much worse the proxy is than the reference, clipped at 0 per token.

    >>> excess_loss(np.array([3.0, 1.0]), np.array([1.0, 2.0]))
    1.0
    """
    return float(np.maximum(proxy - reference, 0).mean())


def places(shares: Floats, rows: int, offset: float) -> npt.NDArray[np.int64]:
    """How many of a batch's rows each group has: its share, rounded up or down by chance.

    Systematic sampling: equally spaced points, the first at `offset` (uniform in [0, 1)) of the
    spacing, fall into the groups' stretches, so each group has its share in expectation.

    >>> places(np.array([0.5, 0.3, 0.2]), 10, 0.5).tolist()
    [5, 3, 2]
    """
    points = (np.arange(rows) + offset) / rows
    owners = np.searchsorted(np.cumsum(shares)[:-1], points, side="right")
    return np.bincount(owners, minlength=len(shares))
