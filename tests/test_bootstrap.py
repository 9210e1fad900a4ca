"""Intervals over blocks: equal to resampling the rows by brute force, and paired comparisons."""

import numpy as np
import pytest
from sklearn.metrics import brier_score_loss, roc_auc_score

from occu_core.evaluation.bootstrap import BlockBootstrap, compare, interval
from occu_core.evaluation.metrics import auc, perplexity, squared_errors


@pytest.fixture
def rows():
    """Blocks of unequal size, scores with ties, and outcomes that follow them."""
    draws = np.random.default_rng(3)
    blocks = np.unique(draws.integers(0, 12, 400), return_inverse=True)[1]
    scores = draws.integers(0, 15, 400) / 14
    return blocks, scores, draws.random(400) < scores


def resampled(bootstrap, replicate):
    """The row numbers of one replicate, blocks drawn twice standing twice."""
    drawn = bootstrap.multiplicities[replicate].astype(int)
    return np.concatenate(
        [
            np.flatnonzero(bootstrap.blocks == b)
            for b, times in enumerate(drawn)
            for _ in range(times)
        ]
    )


def test_each_replicate_draws_as_many_blocks_as_there_are(rows):
    bootstrap = BlockBootstrap(rows[0], replicates=200)
    assert bootstrap.multiplicities.shape == (200, 12)
    assert set(bootstrap.multiplicities.sum(axis=1)) == {12}
    assert bootstrap.multiplicities.mean(axis=0) == pytest.approx(np.ones(12), abs=0.3)


def test_the_same_seed_gives_the_same_interval_and_another_does_not(rows):
    blocks, scores, _ = rows
    first, again, other = (BlockBootstrap(blocks, seed=s).mean(scores) for s in (1, 1, 2))
    assert first == again
    assert first.value == other.value
    assert first != other


def test_means_and_perplexities_are_those_of_the_resampled_rows(rows):
    blocks, scores, _ = rows
    bootstrap, nats = BlockBootstrap(blocks, replicates=50), -scores - 0.1
    weights = np.arange(400) % 3
    by_hand = [resampled(bootstrap, r) for r in range(50)]
    expected = [np.average(scores[i], weights=weights[i]) for i in by_hand]
    found = bootstrap.mean(scores, weights)
    assert found.value == pytest.approx(np.average(scores, weights=weights))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))
    expected = [perplexity(nats[i]) for i in by_hand]
    found = bootstrap.perplexity(nats)
    assert found.value == pytest.approx(perplexity(nats))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))


def test_the_auc_is_scikit_learns_on_the_rows_and_on_every_replicate(rows):
    blocks, scores, happened = rows
    bootstrap = BlockBootstrap(blocks, replicates=60)
    expected = [
        roc_auc_score(happened[i], scores[i]) for i in (resampled(bootstrap, r) for r in range(60))
    ]
    found = bootstrap.auc(scores, happened)
    assert found.value == pytest.approx(roc_auc_score(happened, scores))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))


def test_an_auc_needs_both_kinds_of_rows():
    scores = np.array([0.1, 0.2])
    assert BlockBootstrap(np.array([0, 1])).auc(scores, np.array([True, True])) is None
    with pytest.raises(ValueError, match="rows of both kinds; found 0 and 2"):
        auc(scores, np.array([False, False]))


def test_a_replicate_without_a_row_of_the_kind_is_left_out():
    # One block in twenty has all that happened: a third of the replicates never draw it.
    blocks = np.arange(20)
    happened = blocks == 0
    found = BlockBootstrap(blocks).auc(happened * 1.0, happened)
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_the_correlation_is_numpys_on_the_rows_and_on_every_replicate(rows):
    blocks, scores, happened = rows
    bootstrap, other = BlockBootstrap(blocks, replicates=60), 1e6 + happened + scores**2
    expected = [
        np.corrcoef(scores[i], other[i])[0, 1] for i in (resampled(bootstrap, r) for r in range(60))
    ]
    found = bootstrap.correlation(scores, other)
    assert found.value == pytest.approx(np.corrcoef(scores, other)[0, 1])
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))
    assert bootstrap.correlation(scores, np.full(400, 0.1)) is None


def test_brier_is_scikit_learns(rows):
    _, scores, happened = rows
    assert squared_errors(scores, happened).mean() == pytest.approx(
        brier_score_loss(happened, scores)
    )


def test_blocks_that_vary_widen_the_interval_more_than_rows_do():
    draws = np.random.default_rng(5)
    blocks = np.repeat(np.arange(40), 25)
    values = draws.normal(size=40)[blocks] + 0.1 * draws.normal(size=1000)
    by_block, by_row = (BlockBootstrap(b).mean(values) for b in (blocks, np.arange(len(values))))
    assert by_block.high - by_block.low > 3 * (by_row.high - by_row.low)


def test_intervals_cover_the_truth_as_often_as_they_say():
    draws, covered = np.random.default_rng(7), 0
    blocks = np.repeat(np.arange(60), 5)
    for k in range(200):
        values = draws.normal(size=60)[blocks] + draws.normal(size=300)
        found = BlockBootstrap(blocks, replicates=200, seed=k).mean(values)
        covered += found.low <= 0 <= found.high
    assert 0.89 <= covered / 200 <= 0.99


def test_a_comparison_is_paired_by_hand():
    # Both models' nats vary much between blocks, but A is always 0.1 nats a row better.
    draws = np.random.default_rng(9)
    blocks = np.repeat(np.arange(30), 4)
    nats = draws.normal(-3, 1, 30)[blocks]
    found = compare(nats, nats - 0.1, BlockBootstrap(blocks))
    difference = 100 * (np.exp(-0.1) - 1)
    assert found.perplexity_a == pytest.approx(perplexity(nats))
    assert found.perplexity_b == pytest.approx(perplexity(nats - 0.1))
    ends = found.percent.value, found.percent.low, found.percent.high
    assert ends == pytest.approx((difference,) * 3)
    assert found.share_below == 1


def test_swapping_the_models_turns_the_difference_around():
    draws = np.random.default_rng(11)
    blocks, a, b = np.repeat(np.arange(25), 8), draws.normal(-2, 1, 200), draws.normal(-2, 1, 200)
    forth, back = (compare(x, y, BlockBootstrap(blocks)) for x, y in ((a, b), (b, a)))
    turned = [100 * (1 / (1 + end / 100) - 1) for end in (back.percent.high, back.percent.low)]
    assert [forth.percent.low, forth.percent.high] == pytest.approx(turned)
    assert forth.share_below == pytest.approx(1 - back.share_below)


def test_a_part_of_the_rows_is_compared_on_the_same_draws():
    draws = np.random.default_rng(13)
    blocks, chosen = np.repeat(np.arange(25), 8), draws.random(200) < 0.3
    a, b = draws.normal(-2, 1, (2, 200))
    bootstrap = BlockBootstrap(blocks, replicates=40)
    expected = []
    for r in range(40):
        rows = resampled(bootstrap, r)
        rows = rows[chosen[rows]]
        expected.append(100 * (perplexity(a[rows]) / perplexity(b[rows]) - 1))
    found = compare(a, b, bootstrap, chosen).percent
    assert found.value == pytest.approx(100 * (perplexity(a[chosen]) / perplexity(b[chosen]) - 1))
    assert (found.low, found.high) == pytest.approx(tuple(np.percentile(expected, [2.5, 97.5])))


def test_seeds_that_differ_widen_the_interval_and_equal_ones_do_not():
    draws = np.random.default_rng(15)
    blocks, nats = np.repeat(np.arange(30), 4), draws.normal(-2, 1, 120)
    b = np.stack([nats, nats, nats]) - 0.1
    equal = compare(np.stack([nats] * 3), b, BlockBootstrap(blocks))
    spread = compare(np.stack([nats + 0.05, nats, nats - 0.05]), b, BlockBootstrap(blocks))
    assert equal.percent.high - equal.percent.low == pytest.approx(0, abs=1e-9)
    assert spread.percent.value == pytest.approx(equal.percent.value)
    # The mean of three draws from {−0.05, 0, 0.05} reaches ±0.05 in 1 of 27 replicates each.
    ends = [100 * np.expm1(-0.1 - 0.05), 100 * np.expm1(-0.1 + 0.05)]
    assert [spread.percent.low, spread.percent.high] == pytest.approx(ends)


def test_an_interval_leaves_out_what_could_not_be_computed():
    found = interval(1.0, np.array([np.nan, 0.0, 1.0, 2.0]))
    assert (found.low, found.high) == pytest.approx((0.05, 1.95))


def test_a_bootstrap_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one row"):
        BlockBootstrap(np.array([], np.int64))
