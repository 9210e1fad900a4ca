"""Intervals that stay valid however often one looks, and how many more votes are needed.

The anytime interval is the asymptotic confidence sequence of Waudby-Smith, Arbour, Sinha, Kennedy
and Ramdas (Annals of Statistics 52, 2024, theorem 2.2) with the clustered standard error: with t
independent questions it is ± s · √(2(tρ² + 1)/(tρ²) · ln(√(tρ² + 1)/α)). ρ is set so that it is
tightest near 100 questions. Being asymptotic, it is not shown under 20 questions.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, log, sqrt

import numpy as np

from occu_core.pairwise.clustered import CONFIDENCE, Rate, rate, spread
from occu_core.pairwise.votes import Pair, Vote
from occu_core.pairwise.win_rates import clusters_of, half_ties

FEWEST_QUESTIONS = 20
TIGHTEST = 100
MARGIN = 0.05


@dataclass(frozen=True, slots=True)
class Early:
    """What can be said of a pair's win rate (ties as half) at any moment of a running study.

    Attributes:
        questions: how many.
        rate: with the interval that is valid at one moment fixed beforehand.
        low: of the interval that is valid at every look; None with under 20 questions.
        leader: the system that is ahead whenever one looks; None while that is open.
    """

    systems: Pair
    questions: int
    rate: Rate
    low: float | None
    high: float | None
    leader: str | None


@dataclass(frozen=True, slots=True)
class MoreVotes:
    """How many more votes make a pair's interval ± `margin`, with as many votes a question.

    Attributes:
        half_width: of the interval now.
        more: votes needed if new people join as questions do, 0 if none.
        same_people: if nobody joins; None where no number would do, because the annotators' own
            leanings alone are wider than the margin.
    """

    systems: Pair
    margin: float
    half_width: float
    more: int
    same_people: int | None


def looking_early(votes: Sequence[Vote]) -> Early:
    """The anytime interval of one pair, of which there is at least one vote."""
    systems, clusters, values = votes[0].systems, clusters_of(votes), half_ties(votes)
    found = spread(np.array(values), clusters)
    fixed = rate(values, clusters)
    assert fixed is not None
    if found.questions < FEWEST_QUESTIONS or not found.variance:
        return Early(systems, found.questions, fixed, None, None, None)
    half = sqrt(found.variance) * boundary(found.questions)
    low, high = max(0.0, fixed.value - half), min(1.0, fixed.value + half)
    leader = systems[0] if low > 0.5 else systems[1] if high < 0.5 else None
    return Early(systems, found.questions, fixed, low, high, leader)


def boundary(questions: int, confidence: float = CONFIDENCE) -> float:
    """Standard errors on either side that hold the truth at every look.

    >>> round(boundary(100), 2), round(boundary(1000), 2)
    (3.04, 3.24)
    """
    alpha = 1 - confidence
    rho2 = (-2 * log(alpha) + log(-2 * log(alpha) + 1)) / TIGHTEST
    grown = questions * rho2
    return sqrt(2 * (grown + 1) / grown * log(sqrt(grown + 1) / alpha))


def more_votes(votes: Sequence[Vote], margin: float = MARGIN) -> MoreVotes:
    """How many more votes of one pair until its win rate, ties as half, is known to ± `margin`.

    The variance is taken to fall as one over the number of votes; the annotators' part only if new
    people join in proportion.
    """
    if not 0 < margin < 0.5:
        raise ValueError(f"margin {margin} is not between 0 and 0.5")
    clusters = clusters_of(votes)
    found = spread(np.array(half_ties(votes)), clusters)
    quantile = found.quantile()
    target = (margin / quantile) ** 2
    lasting, shrinking = found.annotators, found.variance - found.annotators
    room = target - lasting
    return MoreVotes(
        votes[0].systems,
        margin,
        quantile * sqrt(found.variance),
        _more(len(votes), found.variance / target),
        _more(len(votes), shrinking / room) if room > 0 else None,
    )


def _more(votes: int, factor: float) -> int:
    return max(0, ceil(votes * (factor - 1) - 1e-9))
