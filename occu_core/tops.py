"""The likeliest occupations alone, found without scoring the whole list."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from occu_core.distributions import OccupationDistribution
from occu_core.occupations import Occupation


@dataclass(frozen=True)
class TopOccupations:
    """The k likeliest occupations, likeliest first; no other can be likelier.

    Attributes:
        occupations: at most k; ties keep taxonomy order.
        log_probs_raw: exact, before normalising over the taxonomy; nats, shape (occupations,).
        coverage: two bounds between which the raw mass on all titles lies; equal if all are known.
    """

    occupations: tuple[Occupation, ...]
    log_probs_raw: npt.NDArray[np.float64] = field(repr=False)
    coverage: tuple[float, float]

    @classmethod
    def of(cls, distribution: OccupationDistribution, k: int) -> TopOccupations:
        """The same from a whole distribution, for models that have no shorter way."""
        order = np.argsort(-distribution.log_probs, kind="stable")[:k]
        return cls(
            tuple(distribution.taxonomy.occupations[i] for i in order),
            distribution.log_probs_raw[order],
            (distribution.coverage, distribution.coverage),
        )

    def probs(self) -> list[tuple[float, float]]:
        """Two bounds of each normalised probability: the raw one over the coverage's bounds."""
        low, high = self.coverage
        return [(min(raw / high, 1.0), min(raw / low, 1.0)) for raw in np.exp(self.log_probs_raw)]
