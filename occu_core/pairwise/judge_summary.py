"""How far a judge can be relied on: unread replies, position inconsistency, habits; in numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.habits import Habits, habits
from occu_core.pairwise.judges import Judge, Judgement, raw_votes, settled_votes
from occu_core.pairwise.judging_people import judges_beside_people
from occu_core.pairwise.studies import OVERALL, Criterion
from occu_core.pairwise.win_rates import Groups, PairRates, all_pair_rates, grouped


@dataclass(frozen=True, slots=True)
class JudgeSummary:
    """One judge over all that it was shown.

    Attributes:
        calls: showings, two for each item.
        unread: judgements without a verdict; their items give no vote.
        items: with a verdict in both orders; the denominator of what follows.
        inconsistent: items whose two verdicts differ; each counts as a tie.
        first_position: the answer shown first over all decided verdicts, one for each order.
        habits: over the same verdicts: longer answer, ties, both bad.
        pairs: who wins how often, one settled vote an item.
        by_category: the same for each category of questions; none where they have none.
    """

    judge: str
    calls: int
    unread: tuple[Judgement, ...]
    items: int
    inconsistent: Rate | None
    first_position: Rate | None
    habits: Habits
    pairs: tuple[PairRates, ...]
    by_category: Groups


def judge_summary(
    judge: Judge, judgements: Sequence[Judgement], criterion: Criterion = OVERALL
) -> JudgeSummary:
    """Sum up one judge's judgements; intervals are clustered by question."""
    own = [one for one in judgements if one.judge == judge.name]
    raw = raw_votes(own, criterion)
    found = judges_beside_people(raw, ())
    seen = found[0].habits if found else habits([], judge.annotator)
    settled = settled_votes(own, criterion)
    return JudgeSummary(
        judge.name,
        len(own),
        tuple(one for one in own if one.verdict is None),
        found[0].both_orders if found else 0,
        found[0].inconsistent if found else None,
        seen.left,
        seen,
        all_pair_rates(settled),
        grouped(settled, lambda vote: vote.category),
    )
