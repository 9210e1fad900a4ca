"""Groups of workers: who is in which, worked out by hand, and how few get no interval."""

from dataclasses import replace

import numpy as np
import pytest

from occu_core.careers import CareerHistory, Education, JobRecord, RaceEthnicity, Sex
from occu_core.evaluation.bootstrap import BlockBootstrap
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail
from occu_core.evaluation.subgroups import (
    FEWEST_BLOCKS,
    subgroup_note,
    subgroups,
    weighted_perplexity,
)
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations


def worker(number, sex, *states, birth_year=1960, education=None):
    records = tuple(JobRecord(1980 + k, state, education) for k, state in enumerate(states))
    return CareerHistory(
        str(number), records, dataset="A", sex=sex, birth_year=birth_year,
        race_ethnicity=RaceEthnicity.BLACK if number % 2 else None,
    )  # fmt: skip


@pytest.fixture
def scores():
    """Forty blocks: women who are cooks twice, ten blocks of men who begin as actors."""
    women = [worker(20 * n, Sex.FEMALE, COOK, COOK) for n in range(30)]
    men = [worker(20 * n + 1, Sex.MALE, ACTOR, education=Education.GRADUATE) for n in range(30, 40)]
    return score(FixedModel(), [*women, *men], Detail.OUTCOME)


def found(scores):
    return {(s.by, s.group): s for s in subgroups(scores)}


def test_each_groups_perplexity_is_that_of_its_own_rows(scores):
    groups = found(scores)
    women, men = groups["sex", "female"], groups["sex", "male"]
    assert women.perplexity.value == pytest.approx((0.2 * 0.4) ** (-1 / 2))
    assert men.perplexity.value == pytest.approx(1 / 0.1)
    assert (women.workers, women.rows, women.blocks) == (30, 60, 30)
    assert (men.workers, men.rows, men.blocks) == (10, 10, 10)
    assert groups["race_ethnicity", "Black"].rows == 10
    assert groups["race_ethnicity", "unknown"].rows == 60
    assert groups["education", "graduate degree"].rows == 10
    assert groups["birth_cohort", "1960"].rows == 70


def test_groups_of_one_kind_share_out_all_rows(scores):
    groups = subgroups(scores)
    for by in {group.by for group in groups}:
        assert sum(group.rows for group in groups if group.by == by) == len(scores), by


def test_years_of_history_are_put_in_spans():
    career = worker(1, None, *[COOK] * 12)
    groups = found(score(FixedModel(), [career], Detail.OUTCOME))
    rows = {group: s.rows for (by, group), s in groups.items() if by == "history"}
    assert rows == {"none": 1, "1": 1, "2–4": 3, "5–9": 5, "10+": 2}


def test_many_birth_years_are_put_in_decades():
    careers = [worker(n, None, COOK, birth_year=1950 + n) for n in range(12)]
    careers.append(worker(99, None, COOK, birth_year=None))
    groups = found(score(FixedModel(), careers, Detail.OUTCOME))
    rows = {group: s.rows for (by, group), s in groups.items() if by == "birth_cohort"}
    assert rows == {"1950–1959": 10, "1960–1969": 2, "unknown": 1}


def test_too_few_blocks_get_no_interval_and_the_note_says_so(scores):
    groups = found(scores)
    assert groups["sex", "male"].blocks < FEWEST_BLOCKS <= groups["sex", "female"].blocks
    assert groups["sex", "male"].perplexity.low is None
    assert groups["sex", "female"].perplexity.low is not None
    note = subgroup_note(tuple(groups.values()))
    assert "male (10)" in note
    assert "female (30)" not in note
    assert "fewer than 20 blocks" in note
    assert "No interval" not in subgroup_note((groups["sex", "female"],))


def test_weights_count_person_years_and_missing_ones_count_nothing(scores):
    assert weighted_perplexity(scores, BlockBootstrap(scores.blocks)) is None
    assert found(scores)["sex", "female"].weighted is None
    # Women's first records weigh 1 and their second 3; men have none.
    weights = np.where(scores.sex == "male", np.nan, np.where(scores.history == 0, 1.0, 3.0))
    weighed = replace(scores, weight=weights)
    expected = (0.2 * 0.4**3) ** (-1 / 4)
    whole = weighted_perplexity(weighed, BlockBootstrap(weighed.blocks))
    assert whole.value == pytest.approx(expected)
    groups = found(weighed)
    assert groups["sex", "female"].weighted.value == pytest.approx(expected)
    assert groups["sex", "male"].weighted is None
