"""Probability distributions over a taxonomy."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy


@dataclass(frozen=True, slots=True)
class FourParts:
    """Where the next state falls, in four parts that sum to one.

    `same_job` is None when there is no previous occupation to keep: a first record,
    or a previous record without a job.
    """

    same_job: float | None
    different_job: float
    not_working: float
    student: float


@dataclass(frozen=True)
class OccupationDistribution:
    """P(next state), normalised over a taxonomy.

    `coverage` is the mass the model put on valid titles before normalising: 1 for a classifier,
    less for a language model that may write anything. `log_probs + log(coverage)` is the
    model's raw log-probability of each title.
    """

    taxonomy: Taxonomy
    log_probs: npt.NDArray[np.float64] = field(repr=False)
    coverage: float = 1.0

    @classmethod
    def from_scores(cls, taxonomy: Taxonomy, log_scores: npt.ArrayLike) -> OccupationDistribution:
        """Normalise raw log-scores, one per occupation in taxonomy order.

        >>> toy = Taxonomy("toy", (Occupation("a", "Actors", ""), Occupation("b", "Bakers", "")))
        >>> guess = OccupationDistribution.from_scores(toy, np.log([0.3, 0.1]))
        >>> round(guess.prob("a"), 3), round(guess.coverage, 3)
        (0.75, 0.4)
        """
        scores = np.asarray(log_scores, dtype=np.float64)
        if scores.shape != (len(taxonomy),):
            raise ValueError(
                f"expected {len(taxonomy)} scores for {taxonomy.name!r}, got shape {scores.shape}"
            )
        total = np.logaddexp.reduce(scores) if not np.isnan(scores).any() else np.nan
        if not np.isfinite(total):
            raise ValueError(f"the scores add up to {np.exp(total)}; expected a positive number")
        # Rounding may put the sum of single-precision scores a hair above one.
        return cls(taxonomy, scores - total, coverage=min(float(np.exp(total)), 1.0))

    @property
    def probs(self) -> npt.NDArray[np.float64]:
        """The probabilities, in taxonomy order; shape (occupations,)."""
        return np.exp(self.log_probs)

    @property
    def log_probs_raw(self) -> npt.NDArray[np.float64]:
        """Log-probabilities before normalising, in nats; shape (occupations,)."""
        return np.asarray(self.log_probs + np.log(self.coverage))

    def prob(self, code: str) -> float:
        """The probability of one occupation."""
        return float(np.exp(self.log_probs[self.taxonomy.position(code)]))

    def top(self, k: int) -> list[tuple[Occupation, float]]:
        """The k likeliest occupations; ties keep taxonomy order."""
        order = np.argsort(-self.log_probs, kind="stable")[:k]
        return [(self.taxonomy.occupations[i], float(np.exp(self.log_probs[i]))) for i in order]

    def parts(self, previous: Occupation | None) -> FourParts:
        """The probability of keeping the `previous` job, changing it, or having none."""
        not_working, student = self.prob(NOT_WORKING), self.prob(STUDENT)
        keeps = previous is not None and previous.is_job
        same = self.prob(previous.code) if previous is not None and keeps else None
        in_a_job = float(self.probs[self.taxonomy.jobs].sum())
        return FourParts(same, max(in_a_job - (same or 0.0), 0.0), not_working, student)

    def groups(self) -> list[tuple[str, float]]:
        """The probability of each occupation group, likeliest first."""
        sums: dict[str, float] = {}
        for occupation, prob in zip(self.taxonomy, self.probs, strict=True):
            sums[occupation.group] = sums.get(occupation.group, 0.0) + float(prob)
        return sorted(sums.items(), key=lambda pair: -pair[1])
