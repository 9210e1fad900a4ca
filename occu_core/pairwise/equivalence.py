"""Whether two systems are as good as each other, which a wide interval around one half is not.

Two one-sided t tests (Schuirmann 1987) on the win rate with ties as half, its variance clustered by
question and annotator: equivalent at 5% when the 90% interval lies within the margin around 1/2.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

import numpy as np
from scipy.stats import t as student

from occu_core.pairwise.clustered import spread
from occu_core.pairwise.votes import Pair, Vote
from occu_core.pairwise.win_rates import clusters_of, half_ties

MARGIN = 0.05
LEVEL = 0.05


class Finding(StrEnum):
    """What the votes show of a pair."""

    EQUIVALENT = "no meaningful difference"
    DIFFERENT = "a difference"
    BOTH = "a difference too small to matter"
    OPEN = "not decided"


@dataclass(frozen=True, slots=True)
class Equivalence:
    """A pair's equivalence test.

    Attributes:
        margin: a win rate within 1/2 ± margin makes no meaningful difference.
        p_equivalent: of the two one-sided tests, the larger.
        p_different: of the two-sided test that the win rate is 1/2.
        low: of the 90% interval.
    """

    systems: Pair
    margin: float
    win_rate: float
    low: float
    high: float
    p_equivalent: float
    p_different: float
    finding: Finding


def equivalence(votes: Sequence[Vote], margin: float = MARGIN) -> Equivalence | None:
    """Test one pair's votes; None where they do not vary, so that nothing can be tested."""
    if not 0 < margin < 0.5:
        raise ValueError(f"margin {margin} is not between 0 and 0.5")
    values = np.array(half_ties(votes))
    found = spread(values, clusters_of(votes))
    if not found.variance:
        return None
    error, lead = sqrt(found.variance), float(values.mean()) - 0.5
    above = float(student.sf((lead + margin) / error, found.df))
    below = float(student.cdf((lead - margin) / error, found.df))
    differs = float(2 * student.sf(abs(lead) / error, found.df))
    half = found.quantile(1 - 2 * LEVEL) * error
    return Equivalence(
        votes[0].systems,
        margin,
        lead + 0.5,
        lead + 0.5 - half,
        lead + 0.5 + half,
        max(above, below),
        differs,
        _finding(max(above, below) < LEVEL, differs < LEVEL),
    )


def _finding(equivalent: bool, different: bool) -> Finding:
    if equivalent:
        return Finding.BOTH if different else Finding.EQUIVALENT
    return Finding.DIFFERENT if different else Finding.OPEN
