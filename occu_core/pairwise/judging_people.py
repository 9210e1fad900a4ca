"""A language model's judgements beside people's, and beside how far people agree themselves.

A judge who saw both orders gives one verdict an item: what both orders say, else a tie (Zheng et
al. 2023, section 3.4), and the disagreement is counted as position inconsistency.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from occu_core.pairwise.clustered import Rate, ends, numbered, rate, resampled
from occu_core.pairwise.habits import Habits, chose_longer, habits
from occu_core.pairwise.votes import Item, Outcome, Vote, by_item
from occu_core.pairwise.win_rates import clusters_of

REPLICATES = 2_000
SEED = 1
_UNDECIDED = (Outcome.TIE, Outcome.BOTH_BAD)


@dataclass(frozen=True, slots=True)
class Match:
    """Agreeing over all pairs of verdicts, with an interval that resamples questions."""

    value: float | None
    low: float | None
    high: float | None
    agreeing: int
    pairs: int


@dataclass(frozen=True, slots=True)
class JudgeBesidePeople:
    """One judge on the items that it and people both voted on.

    Attributes:
        items: how many it shares with people.
        agreement: of its verdicts with each person's.
        decided: the same where both preferred one side.
        people: of people with each other on the same items: the ceiling.
        people_decided: the same where both preferred one side.
        longest: of "the longer answer is better" with each person's decided vote: the floor.
        both_orders: items it judged with the sides both ways.
        inconsistent: of those, where the two verdicts differ; None without any.
        habits: its own position, length and tie habits over all its judgements.
    """

    judge: str
    items: int
    agreement: Match
    decided: Match
    people: Match
    people_decided: Match
    longest: Match
    both_orders: int
    inconsistent: Rate | None
    habits: Habits


Voted = Mapping[Item, list[Vote]]


def judges_beside_people(
    judgements: Sequence[Vote], people: Sequence[Vote], seed: int = SEED
) -> tuple[JudgeBesidePeople, ...]:
    """Each judge beside people, judges in alphabetical order."""
    cast: dict[str, list[Vote]] = {}
    for vote in judgements:
        cast.setdefault(vote.annotator, []).append(vote)
    return tuple(_beside(name, cast[name], people, seed) for name in sorted(cast))


def _beside(
    judge: str, own: Sequence[Vote], people: Sequence[Vote], seed: int
) -> JudgeBesidePeople:
    verdicts = {item: both_orders(votes) for item, votes in by_item(own).items()}
    voted = {item: votes for item, votes in by_item(people).items() if item in verdicts}

    def match(pairs: Callable[[Outcome, list[Vote]], Iterable[bool]]) -> Match:
        return _match({i: pairs(verdicts[i], votes) for i, votes in voted.items()}, voted, seed)

    swapped = [votes for votes in by_item(own).values() if _seen_both_ways(votes)]
    differ = [len({vote.outcome for vote in votes}) > 1 for votes in swapped]
    return JudgeBesidePeople(
        judge,
        len(voted),
        agreement=match(lambda verdict, votes: [vote.outcome is verdict for vote in votes]),
        decided=match(_decided),
        people=match(lambda _, votes: [a.outcome is b.outcome for a, b in combinations(votes, 2)]),
        people_decided=match(
            lambda _, votes: [
                a.outcome is b.outcome
                for a, b in combinations([vote for vote in votes if vote.decided], 2)
            ]
        ),
        longest=match(_longest),
        both_orders=len(swapped),
        inconsistent=rate(differ, clusters_of([votes[0] for votes in swapped])),
        habits=habits(own, judge),
    )


def both_orders(votes: Sequence[Vote]) -> Outcome:
    """One verdict from a judge's votes on an item: what they all say, else a tie."""
    said = {vote.outcome for vote in votes}
    return said.pop() if len(said) == 1 else Outcome.TIE


def _seen_both_ways(votes: Sequence[Vote]) -> bool:
    return len({vote.first_on_left for vote in votes}) == 2


def _decided(verdict: Outcome, votes: list[Vote]) -> list[bool]:
    if verdict in _UNDECIDED:
        return []
    return [vote.outcome is verdict for vote in votes if vote.decided]


def _longest(_: Outcome, votes: list[Vote]) -> list[bool]:
    return [chose_longer(v) for v in votes if v.decided and v.longer_on_left is not None]


def _match(matches: Mapping[Item, Iterable[bool]], voted: Voted, seed: int) -> Match:
    rows = [(sum(same), len(same)) for same in map(list, matches.values())]
    table = np.array(rows, np.float64).reshape(-1, 2)
    agreeing, pairs = (int(total) for total in table.sum(axis=0))
    if not pairs:
        return Match(None, None, None, 0, 0)
    questions = numbered([votes[0].cluster for votes in voted.values()])
    drawn = resampled(table, questions, seed, REPLICATES)
    with np.errstate(invalid="ignore", divide="ignore"):
        low, high = ends(drawn[:, 0] / drawn[:, 1])
    return Match(agreeing / pairs, low, high, agreeing, pairs)
