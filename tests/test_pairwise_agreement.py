"""Agreement between annotators, against worked examples of the literature."""

import evalica
import numpy as np
import pandas as pd
import pytest

from occu_core.pairwise.agreement import agreement, alpha, counts, fleiss
from occu_core.pairwise.votes import Outcome, by_item
from tests.pairwise_by_hand import alpha_by_hand, invented_votes, vote

# Krippendorff, Computing Krippendorff's Alpha-Reliability (2011), section C: four observers, twelve
# units, five values; nominal α = 0.743.
KRIPPENDORFF = [
    [1, 1, 1],
    [2, 2, 3, 2],
    [3, 3, 3, 3],
    [3, 3, 3, 3],
    [2, 2, 2, 2],
    [1, 2, 3, 4],
    [4, 4, 4, 4],
    [1, 1, 2, 1],
    [2, 2, 2, 2],
    [5, 5, 5],
    [1, 1],
    [3],
]
# Fleiss, Psychological Bulletin 76 (1971), as in his table's commonest retelling: ten subjects,
# fourteen raters, five categories; κ = 0.210.
FLEISS = np.array(
    [
        [0, 0, 0, 0, 14],
        [0, 2, 6, 4, 2],
        [0, 0, 3, 5, 6],
        [0, 3, 9, 2, 0],
        [2, 2, 8, 1, 1],
        [7, 7, 0, 0, 0],
        [3, 2, 6, 3, 0],
        [2, 5, 3, 2, 2],
        [6, 5, 2, 1, 0],
        [0, 2, 2, 3, 7],
    ]
)


def table_of(items, kinds):
    return np.array([[item.count(kind) for kind in kinds] for item in items], float)


def test_krippendorffs_own_example_gives_his_alpha():
    assert alpha(table_of(KRIPPENDORFF, range(1, 6))) == pytest.approx(0.743, abs=5e-4)
    assert alpha_by_hand(KRIPPENDORFF) == pytest.approx(0.743, abs=5e-4)


def test_fleisss_example_gives_his_kappa():
    assert fleiss(FLEISS) == pytest.approx(0.210, abs=5e-4)


def test_cohens_kappa_of_two_annotators_is_the_worked_one():
    # 20 both first, 5 and 10 apart, 15 both second: raw 0.7, by chance 0.5, κ = 0.4.
    verdicts = [("left", "left")] * 20 + [("left", "right")] * 5
    verdicts += [("right", "left")] * 10 + [("right", "right")] * 15
    votes = [
        vote(f"q{i}", verdict, annotator)
        for i, both in enumerate(verdicts)
        for verdict, annotator in zip(both, ("one", "two"), strict=True)
    ]
    (found,) = agreement(votes).kappas
    assert found.annotators == ("one", "two")
    assert (found.items, found.raw) == (50, pytest.approx(0.7))
    assert found.kappa == pytest.approx(0.4)


def test_alpha_is_evalicas_and_that_of_pairs_counted_by_hand():
    votes = invented_votes(questions=40)
    items = [[v.outcome.value for v in item] for item in by_item(votes).values()]
    found = agreement(votes)
    frame = pd.DataFrame({(v.item, n): {v.annotator: v.outcome.value} for n, v in enumerate(votes)})
    frame = frame.T.groupby(level=0).first().T
    assert found.alpha == pytest.approx(alpha_by_hand(items))
    assert found.alpha == pytest.approx(evalica.alpha(frame).alpha)
    assert found.low < found.alpha < found.high


def test_raw_agreement_counts_pairs_of_votes_and_sides_do_not_matter():
    votes = [
        vote("q1", "left", "a"),
        vote("q1", "right", "b", left="beta", right="alpha"),
        vote("q1", "tie", "c"),
        vote("q2", "left", "a"),
        vote("q2", "right", "b"),
        vote("q3", "left", "a"),
    ]
    found = agreement(votes)
    assert (found.overlap, found.agreeing, found.pairs) == (2, 1, 4)
    assert found.raw == 0.25
    assert (found.decided_agreeing, found.decided_pairs, found.raw_decided) == (1, 2, 0.5)


def test_without_overlap_or_variation_there_is_no_alpha():
    apart = agreement([vote("q1", "left", "a"), vote("q2", "left", "b")])
    assert (apart.overlap, apart.raw, apart.alpha, apart.low) == (0, None, None, None)
    same = agreement([vote("q1", "left", "a"), vote("q1", "left", "b")])
    assert (same.raw, same.alpha, same.fleiss) == (1.0, None, None)


def test_the_interval_of_alpha_resamples_whole_questions():
    votes = invented_votes(questions=40)
    tripled = [
        vote(f"{v.question_id}.{n}", v.verdict, v.annotator, v.system_left, v.system_right,
             group=v.question_id)
        for v in votes
        for n in range(3)
    ]  # fmt: skip
    once, thrice = agreement(votes), agreement(tripled)
    assert thrice.high - thrice.low == pytest.approx(once.high - once.low, rel=0.15)
    assert agreement(votes, seed=3) == agreement(votes, seed=3)


def test_counts_are_by_item_and_kind():
    assert counts([[Outcome.TIE, Outcome.FIRST], [Outcome.BOTH_BAD]]).tolist() == [
        [1, 0, 1, 0],
        [0, 0, 0, 1],
    ]
