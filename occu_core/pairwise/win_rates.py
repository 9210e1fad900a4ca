"""How often each system of a pair wins, with every interval a reader may ask for."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from occu_core.pairwise.clustered import Clusters, Rate, rate, wilson
from occu_core.pairwise.votes import Outcome, Pair, Vote, by_pair

Ends = tuple[float, float]
_HALF = {Outcome.FIRST: 1.0, Outcome.SECOND: 0.0, Outcome.TIE: 0.5, Outcome.BOTH_BAD: 0.5}


@dataclass(frozen=True, slots=True)
class PairRates:
    """Who wins how often between two systems, in alphabetical order.

    Attributes:
        first_on_left: votes in which the first system stood on the left.
        win_rate: wins of the first over all votes, ties and both bad among them; its interval is
            clustered by question and annotator.
        wilson: the interval that takes votes for independent, which is too narrow.
        loss_rate: wins of the second over all votes.
        half_ties: wins of the first, a tie or both bad counted as half.
        acceptable: how often each answer was good enough, where that was asked.
        both_unacceptable: votes that found neither good enough, whichever was better.
    """

    systems: Pair
    wins_first: int
    ties: int
    both_bad: int
    wins_second: int
    first_on_left: int
    win_rate: Rate
    wilson: Ends
    loss_rate: Rate
    half_ties: Rate
    acceptable: tuple[Rate | None, Rate | None]
    both_unacceptable: int

    @property
    def votes(self) -> int:
        """The denominator of every rate."""
        return self.wins_first + self.ties + self.both_bad + self.wins_second


Groups = tuple[tuple[str, tuple[PairRates, ...]], ...]
"""The rates of every pair in each group of votes, by the groups' names."""


def all_pair_rates(votes: Sequence[Vote]) -> tuple[PairRates, ...]:
    """One line for each pair of systems."""
    return tuple(pair_rates(chosen) for chosen in by_pair(votes).values())


def pair_rates(votes: Sequence[Vote]) -> PairRates:
    """The rates of one pair, of which there is at least one vote."""
    outcomes = [vote.outcome for vote in votes]
    counts = Counter(outcomes)
    won = [outcome is Outcome.FIRST for outcome in outcomes]
    return PairRates(
        systems=votes[0].systems,
        wins_first=counts[Outcome.FIRST],
        ties=counts[Outcome.TIE],
        both_bad=counts[Outcome.BOTH_BAD],
        wins_second=counts[Outcome.SECOND],
        first_on_left=sum(vote.first_on_left for vote in votes),
        win_rate=_certain(rate_of(votes, won)),
        wilson=wilson(sum(won) / len(won), len(won)),
        loss_rate=_certain(rate_of(votes, [one is Outcome.SECOND for one in outcomes])),
        half_ties=_certain(rate_of(votes, half_ties(votes))),
        acceptable=(_acceptable(votes, first=True), _acceptable(votes, first=False)),
        both_unacceptable=sum(
            vote.acceptable_left is False and vote.acceptable_right is False for vote in votes
        ),
    )


def half_ties(votes: Sequence[Vote]) -> list[float]:
    """1 where the first system of the pair wins, 0 where the second does, else a half."""
    return [_HALF[vote.outcome] for vote in votes]


def rate_of(votes: Sequence[Vote], values: Sequence[float]) -> Rate | None:
    """The mean of one value a vote, clustered by question and annotator; None without votes."""
    return rate(values, clusters_of(votes))


def clusters_of(votes: Sequence[Vote]) -> Clusters:
    """The questions (or groups of them) and annotators of votes."""
    return Clusters.of([vote.cluster for vote in votes], [vote.annotator for vote in votes])


def grouped(votes: Sequence[Vote], label: Callable[[Vote], str | None]) -> Groups:
    """The rates of each group of votes, such as a category; votes without a label are left out."""
    groups: dict[str, list[Vote]] = {}
    for vote in votes:
        if (name := label(vote)) is not None:
            groups.setdefault(name, []).append(vote)
    return tuple((name, all_pair_rates(groups[name])) for name in sorted(groups))


def expertise(vote: Vote) -> str | None:
    """Whether the annotator works in the question's field; None where unknown."""
    return None if vote.expert is None else "experts" if vote.expert else "others"


def _acceptable(votes: Sequence[Vote], *, first: bool) -> Rate | None:
    asked = [
        (vote, answer)
        for vote in votes
        if (answer := _good_enough(vote, left=vote.first_on_left == first)) is not None
    ]
    return rate_of([vote for vote, _ in asked], [answer for _, answer in asked])


def _good_enough(vote: Vote, *, left: bool) -> bool | None:
    return vote.acceptable_left if left else vote.acceptable_right


def _certain(found: Rate | None) -> Rate:
    if found is None:
        raise ValueError("a rate needs at least one vote; found none")
    return found
