"""Intervals for votes that share questions and annotators."""

import json
from pathlib import Path

import numpy as np
import pytest
from statsmodels.stats.proportion import proportion_confint

from occu_core.pairwise.clustered import Clusters, ends, rate, resampled, spread, wilson
from tests.pairwise_by_hand import components_by_hand, variance_by_hand
from train.simulate_intervals import Cell, World, assigned, cells, simulate

ROOT = Path(__file__).resolve().parents[1]


def leaning(seed, questions=12, per_question=4, annotators=7):
    """Votes with strong effects of question and annotator, each annotator once a question."""
    rng = np.random.default_rng(seed)
    q = np.repeat(np.arange(questions), per_question)
    a = np.concatenate([rng.permutation(annotators)[:per_question] for _ in range(questions)])
    lean = rng.normal(0, 2, questions)[q] + rng.normal(0, 2, annotators)[a]
    return (lean + rng.logistic(size=len(q)) > 0).astype(float), q.tolist(), a.tolist()


def test_wilsons_interval_is_the_published_one():
    # Newcombe (Statistics in Medicine 17, 1998), table I: 81/263, 15/148, 0/20, 1/29.
    published = {
        (81, 263): (0.2553, 0.3662),
        (15, 148): (0.0624, 0.1605),
        (0, 20): (0.0, 0.1611),
        (1, 29): (0.0061, 0.1718),
    }
    for (won, votes), expected in published.items():
        assert wilson(won / votes, votes) == pytest.approx(expected, abs=5e-5)


def test_votes_that_share_nothing_get_wilsons_interval_exactly():
    won = [True] * 13 + [False] * 27
    found = rate(won, Clusters.of(range(40), range(40)))
    assert (found.low, found.high) == pytest.approx(proportion_confint(13, 40, method="wilson"))
    assert (found.above, found.below) == (13, 40)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_variance_is_that_of_dense_matrices(seed):
    won, q, a = leaning(seed)
    found = spread(won, Clusters.of(q, a))
    assert found.variance == pytest.approx(variance_by_hand(won, q, a))


def test_with_complete_crossing_the_variance_is_that_of_the_two_way_table():
    rng = np.random.default_rng(4)
    table = rng.normal(0, 1, (8, 1)) + rng.normal(0, 1, (1, 5)) + rng.normal(0, 0.5, (8, 5))
    q, a = np.indices(table.shape)
    found = spread(table.ravel(), Clusters(q.ravel(), a.ravel()))
    rows, columns = table.mean(axis=1), table.mean(axis=0)
    rest = table - rows[:, None] - columns + table.mean()
    of_rows, of_columns = 5 * rows.var(ddof=1), 8 * columns.var(ddof=1)
    of_rest = np.square(rest).sum() / 28
    expected = (of_rows + of_columns - of_rest) / 40
    assert found.variance == pytest.approx(expected * 39 / 40)
    assert found.annotators == pytest.approx((of_columns - of_rest) / 40 * 39 / 40)


def test_three_people_who_always_agree_say_no_more_than_one():
    won = np.array([1.0, 0, 0, 1, 1, 0, 1, 0, 0, 0, 1, 0])
    alone = rate(won, Clusters.of(range(12), ["a"] * 12))
    thrice = rate(
        np.repeat(won, 3), Clusters.of(np.repeat(range(12), 3).tolist(), list("abc") * 12)
    )
    assert thrice.value == alone.value
    assert thrice.high - thrice.low >= alone.high - alone.low
    assert thrice.high - thrice.low < 1.25 * (alone.high - alone.low)


def test_an_interval_does_not_depend_on_names_or_order():
    won, q, a = leaning(5)
    order = np.random.default_rng(0).permutation(len(won))
    named = Clusters.of([f"q{q[i]}" for i in order], [f"p{a[i]}" for i in order])
    shuffled, plain = rate(won[order], named), rate(won, Clusters.of(q, a))
    assert (shuffled.low, shuffled.high) == pytest.approx((plain.low, plain.high))


def test_taking_the_other_system_turns_the_interval_around():
    won, q, a = leaning(6)
    one, other = rate(won, Clusters.of(q, a)), rate(1 - won, Clusters.of(q, a))
    assert (other.low, other.high) == pytest.approx((1 - one.high, 1 - one.low))


def test_unanimous_votes_are_as_certain_as_their_number_of_questions():
    found = rate([1.0] * 30, Clusters.of([i // 3 for i in range(30)], list("abc") * 10))
    assert found.high == 1
    assert 0 < found.low <= wilson(1.0, 10)[0]


def test_one_annotators_interval_leaves_out_other_people_and_one_vote_says_almost_nothing():
    found = rate([1, 0, 1, 0, 1, 1], Clusters.of(range(6), ["a"] * 6))
    assert (found.low, found.high) == pytest.approx(proportion_confint(4, 6, method="wilson"))
    single = rate([1.0], Clusters.of(["q"], ["a"]))
    assert single.low < 0.05
    assert rate([], Clusters.of([], [])) is None


def test_leanings_of_annotators_widen_the_interval_and_are_named():
    won = np.array([1.0] * 20 + [0.0] * 20)
    people = [f"a{i // 4}" for i in range(40)]
    found = spread(won, Clusters.of(range(40), people))
    assert found.variance > 2 * won.var() / 40
    assert found.annotators == pytest.approx(found.variance, rel=0.2)


def test_degrees_of_freedom_are_satterthwaites_with_the_annotators_part_one_error_larger():
    rng = np.random.default_rng(4)
    table = rng.normal(0, 1, (8, 1)) + rng.normal(0, 0.5, (1, 5)) + rng.normal(0, 0.5, (8, 5))
    q, a = np.indices(table.shape)
    found = spread(table.ravel(), Clusters(q.ravel(), a.ravel()))
    parts, shares = components_by_hand(table.ravel(), q.ravel(), a.ravel())
    assert parts.min() > 0
    of_people, of_rest = parts[1] * shares[1] * 39 / 40, parts[2] * shares[2] * 39 / 40
    # 8 questions of 5 votes, 5 annotators of 8: 7/(1 − 1/5) and 4/(1 − 1/8) degrees of freedom.
    larger = of_people + (of_people + of_rest) * np.sqrt(2 / (4 / (7 / 8)))
    expected = ((found.variance - of_people) / found.variance) ** 2 / (7 / (4 / 5))
    expected += (min(larger, found.variance) / found.variance) ** 2 / (4 / (7 / 8))
    assert found.df == pytest.approx(max(1 / expected, 4 / (7 / 8)))
    assert found.df > 4 / (7 / 8)


def test_resampling_draws_whole_questions():
    sums = resampled(np.array([[1.0], [1.0], [1.0]]), np.array([0, 0, 1]), seed=1, replicates=500)
    assert set(sums[:, 0]) == {2.0, 3.0, 4.0}
    assert np.array_equal(sums, resampled(np.ones((3, 1)), np.array([0, 0, 1]), 1, 500))
    assert ends(np.array([np.nan])) == (None, None)


def test_simulated_annotators_share_the_work_and_never_meet_a_question_twice():
    cell = Cell(25, 3, 10, 1)
    people = assigned(cell, np.random.default_rng(1))
    assert np.ptp(np.bincount(people)) <= 1
    assert all(len(set(panel)) == 3 for panel in people.reshape(25, 3))


def test_the_true_win_rate_is_that_of_a_great_many_people_and_questions():
    world, rng = World(), np.random.default_rng(2)
    won = world.wins(np.arange(400_000), np.arange(400_000), rng)
    assert won.mean() == pytest.approx(world.truth(), abs=0.003)


@pytest.mark.slow
@pytest.mark.parametrize("cell", list(cells(2_000, (10,))), ids=str)
def test_clustered_intervals_hold_the_truth_in_93_to_97_of_100_studies(cell):
    found = simulate(cell, World(), seed=7)
    assert 0.93 <= found.clustered <= 0.97
    assert cell.votes_per_question == 1 or found.wilson < 0.92


def test_the_published_coverage_is_within_its_bounds():
    published = json.loads((ROOT / "assets/studies/coverage.json").read_text(encoding="utf-8"))
    sizes = {(c["questions"], c["votes_per_question"]) for c in published["cells"]}
    assert sizes == {(q, v) for q in (25, 100) for v in (1, 3, 5)}
    for cell in published["cells"]:
        assert cell["runs"] >= 2_000
        assert 0.93 <= cell["clustered"] <= 0.97
