"""The win rate two systems would have if their answers were equally long.

logit P(first wins) = θ + φ · tanh((characters of the first − of the second) / s), with s the
standard deviation of the differences, and the length-controlled win rate is expit(θ): the idea of
AlpacaEval 2 (Dubois et al. 2024, section 3) on people's votes, without its term for how hard each
instruction is. A tie or both bad counts as half a win.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit

from occu_core.pairwise.clustered import Clusters, spread
from occu_core.pairwise.votes import Pair, Vote
from occu_core.pairwise.win_rates import clusters_of, half_ties

FORMULA = "logit P(first wins) = θ + φ·tanh(length difference / its SD); win rate = expit(θ)"
_FEWEST = 20  # votes
_STEPS = 50

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class LengthControlled:
    """A pair's win rate at equal length, ties as half.

    Attributes:
        votes: those whose answers are known.
        plain: the win rate of the same votes without the control.
        length_effect: φ; above 0, longer answers win more often.
    """

    systems: Pair
    votes: int
    plain: float
    win_rate: float
    low: float
    high: float
    length_effect: float
    effect_low: float
    effect_high: float


def length_controlled(votes: Sequence[Vote]) -> LengthControlled | None:
    """One pair's votes; None with fewer than 20, without lengths, or where no fit is finite."""
    known = [vote for vote in votes if _difference(vote) is not None]
    lengths = np.array([_difference(vote) for vote in known], np.float64)
    if len(known) < _FEWEST or lengths.std() == 0:
        return None
    design = np.column_stack([np.ones(len(known)), np.tanh(lengths / lengths.std())])
    won = np.array(half_ties(known))
    fitted = _fit(design, won)
    if fitted is None:
        return None
    coefficients, influence = fitted
    clusters = clusters_of(known)
    theta, phi = (_interval(float(coefficients[i]), influence[:, i], clusters) for i in (0, 1))
    rate, low, high = (float(expit(end)) for end in theta)
    plain = float(won.mean())
    return LengthControlled(known[0].systems, len(known), plain, rate, low, high, *phi)


def _difference(vote: Vote) -> int | None:
    """Characters of the first system's answer minus the second's."""
    if vote.response_left is None or vote.response_right is None:
        return None
    difference = len(vote.response_left) - len(vote.response_right)
    return difference if vote.first_on_left else -difference


def _fit(design: Floats, won: Floats) -> tuple[Floats, Floats] | None:
    """Coefficients by Newton's method, and each vote's influence on them; None if not finite.

    The influence of a vote is N · H⁻¹ x (y − p), whose mean is the error of the coefficients to
    first order, so that its clustered variance is theirs (the two-way sandwich).
    """
    coefficients = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = expit(design @ coefficients)
        hessian = design.T @ (design * (chance * (1 - chance))[:, None])
        if np.linalg.cond(hessian) > 1e10:
            return None
        step = np.linalg.solve(hessian, design.T @ (won - chance))
        coefficients = coefficients + step
        if np.abs(step).max() < 1e-10:
            scores = design * (won - chance)[:, None]
            return coefficients, len(won) * scores @ np.linalg.inv(hessian)
    return None


def _interval(value: float, influence: Floats, clusters: Clusters) -> tuple[float, float, float]:
    found = spread(influence, clusters)
    half = found.quantile() * float(np.sqrt(found.variance))
    return value, value - half, value + half
