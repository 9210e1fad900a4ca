"""Distributions: normalising, the four parts, groups."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occu_core.distributions import OccupationDistribution
from tests.careers_at_random import TOY

scores = st.lists(st.floats(-60, 0), min_size=len(TOY), max_size=len(TOY))


def example():
    """Cooks .3, head cooks .2, carpenters .2, actors .1, not working .15, student .05."""
    return OccupationDistribution.from_scores(TOY, np.log([0.3, 0.2, 0.2, 0.1, 0.15, 0.05]))


@given(scores, st.sampled_from([None, *TOY.occupations]))
def test_the_four_parts_sum_to_one(scores, previous):
    parts = OccupationDistribution.from_scores(TOY, scores).parts(previous)
    total = (parts.same_job or 0) + parts.different_job + parts.not_working + parts.student
    assert total == pytest.approx(1, abs=1e-12)


def test_the_parts_of_a_worked_example():
    parts = example().parts(TOY["1"])
    assert parts.same_job == pytest.approx(0.3)
    assert parts.different_job == pytest.approx(0.5)
    assert parts.not_working == pytest.approx(0.15)
    assert parts.student == pytest.approx(0.05)


@pytest.mark.parametrize("previous", [None, TOY["NW"], TOY["ST"]])
def test_without_a_previous_job_there_is_no_same_job(previous):
    parts = example().parts(previous)
    assert parts.same_job is None
    assert parts.different_job == pytest.approx(0.8)


@given(scores)
def test_raw_scores_come_back_from_coverage(scores):
    total = np.logaddexp.reduce(scores)
    shifted = np.array(scores) - max(total, 0)  # raw scores of a language model sum to at most one
    distribution = OccupationDistribution.from_scores(TOY, shifted)
    assert 0 < distribution.coverage <= 1
    np.testing.assert_allclose(distribution.log_probs_raw, shifted, atol=1e-9)


def test_groups_add_up_likeliest_first():
    assert example().groups()[0][0] == "Food"
    assert dict(example().groups())["Food"] == pytest.approx(0.5)


def test_top_ties_keep_taxonomy_order():
    assert [o.code for o, _ in example().top(3)] == ["1", "2", "3"]


@pytest.mark.parametrize("bad", [[0.0], [math.nan] * 6, [-math.inf] * 6])
def test_scores_that_are_no_distribution_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        OccupationDistribution.from_scores(TOY, bad)
