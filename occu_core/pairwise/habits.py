"""Which side, which length and how many ties people choose, whatever the systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scipy.stats import binomtest

from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.votes import Verdict, Vote, by_pair
from occu_core.pairwise.win_rates import rate_of

_FEWEST = 10  # votes before a pair's sides can look lopsided
_UNLIKELY = 0.001


@dataclass(frozen=True, slots=True)
class Habits:
    """Habits of all annotators, or of one.

    Attributes:
        annotator: whose; None for all.
        votes: how many count.
        left: left over decided votes.
        longer: the longer answer over decided votes whose answers differ in characters.
        ties: ties over all votes; both bad is no tie.
        both_bad: both bad over all votes.
        seconds: the median time of a vote, where known.
    """

    annotator: str | None
    votes: int
    left: Rate | None
    longer: Rate | None
    ties: Rate | None
    both_bad: Rate | None
    seconds: float | None


def habits(votes: Sequence[Vote], annotator: str | None = None) -> Habits:
    """The habits behind some votes, intervals clustered by question and annotator."""
    decided = [vote for vote in votes if vote.decided]
    unequal = [vote for vote in decided if vote.longer_on_left is not None]
    return Habits(
        annotator,
        len(votes),
        left=rate_of(decided, [vote.verdict is Verdict.LEFT for vote in decided]),
        longer=rate_of(unequal, [chose_longer(vote) for vote in unequal]),
        ties=rate_of(votes, [vote.verdict is Verdict.TIE for vote in votes]),
        both_bad=rate_of(votes, [vote.verdict is Verdict.BOTH_BAD for vote in votes]),
        seconds=_median([vote.seconds for vote in votes if vote.seconds is not None]),
    )


def annotator_habits(votes: Sequence[Vote]) -> tuple[Habits, ...]:
    """One card for each annotator, those with most votes first."""
    cast: dict[str, list[Vote]] = {}
    for vote in votes:
        cast.setdefault(vote.annotator, []).append(vote)
    ranked = sorted(cast.items(), key=lambda one: (-len(one[1]), one[0]))
    return tuple(habits(own, annotator) for annotator, own in ranked)


def side_warnings(votes: Sequence[Vote]) -> tuple[str, ...]:
    """Pairs in which one system stood on one side so often that side and system are confounded.

    A pair is named when its sides are further from a fair coin than one pair in a thousand
    assigned at random.
    """
    warnings = []
    for (first, second), chosen in by_pair(votes).items():
        left = sum(vote.first_on_left for vote in chosen)
        many = len(chosen) >= _FEWEST
        if many and binomtest(left, len(chosen)).pvalue < _UNLIKELY:
            always = left in (0, len(chosen))
            effect = "cannot be told apart" if always else "are confounded"
            warnings.append(
                f"{first} stood on the left in {left} of {len(chosen)} votes against {second}:"
                f" what people think of the systems and of the sides {effect}"
            )
    return tuple(warnings)


def chose_longer(vote: Vote) -> bool:
    """Whether a decided vote went to the answer with more characters."""
    return (vote.verdict is Verdict.LEFT) == vote.longer_on_left


def _median(values: list[float]) -> float | None:
    if not values:
        return None
    ordered, half = sorted(values), len(values) // 2
    return (ordered[half] + ordered[~half]) / 2
