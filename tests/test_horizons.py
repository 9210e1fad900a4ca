"""Two years ahead: a Markov chain agrees with itself, and a hand-made pair of models does not."""

import numpy as np
import pytest

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.distributions import OccupationDistribution
from occu_core.evaluation.horizons import (
    composed,
    direct,
    drawn,
    horizon_agreement,
    two_year_transitions,
)
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
TABLE = np.random.default_rng(1).dirichlet(np.ones(6), 6)


class ChainModel(FixedModel):
    """A Markov chain that, asked over a gap, takes one step a year."""

    def __init__(self, *, over_gaps=True):
        super().__init__()
        self.over_gaps, self.queries = over_gaps, []

    def predict(self, query):
        self.queries.append(query)
        last = query.past.records[-1]
        steps = query.year - last.year if self.over_gaps else 1
        row = np.linalg.matrix_power(TABLE, steps)[TOY.position(last.occupation.code)]
        return OccupationDistribution.from_scores(TOY, np.log(row))


def career(*years, education=None):
    records = tuple(
        JobRecord(year, TOY.occupations[k % 6], education) for k, year in enumerate(years)
    )
    return CareerHistory("1", records)


def test_transitions_are_three_records_in_consecutive_years():
    found = two_year_transitions([career(1990, 1991, 1992, 1994, 1995, 1996), career(1990, 1991)])
    assert [(t.past.records[-1].year, t.first.year, t.second.year) for t in found] == [
        *((1990, 1991, 1992), (1994, 1995, 1996))
    ]
    assert [len(t.past.records) for t in found] == [1, 4]


def test_the_draw_is_seeded_and_takes_all_of_fewer():
    every = two_year_transitions([career(*range(1990, 2000))])
    assert drawn(every, 3, seed=1) == drawn(every, 3, seed=1) != drawn(every, 3, seed=2)
    assert sorted(t.second.year for t in drawn(every, 99, seed=1)) == list(range(1992, 2000))


def test_composing_is_a_product_of_the_chains_tables():
    (transition,) = two_year_transitions([career(1990, 1991, 1992)])
    assert composed(ChainModel(), transition) == pytest.approx((TABLE @ TABLE)[0])
    assert direct(ChainModel(over_gaps=False), transition) == pytest.approx(TABLE[0])


def test_a_chain_that_knows_of_gaps_agrees_with_itself():
    every = two_year_transitions([career(*range(1990, 2000))])
    found = horizon_agreement(ChainModel(), every)
    assert found.transitions == 8
    assert found.correlation.value == pytest.approx(1)
    assert found.correlation_outcome.value == pytest.approx(1)
    assert found.total_variation.value == pytest.approx(0, abs=1e-12)
    assert found.perplexity_direct.value == pytest.approx(found.perplexity_composed.value)


def test_a_chain_that_does_not_has_the_disagreement_worked_out_apart():
    every = two_year_transitions([career(*range(1990, 1999))])
    found = horizon_agreement(ChainModel(), every, directly=ChainModel(over_gaps=False))
    starts = [TOY.position(t.past.records[-1].occupation.code) for t in every]
    ends = [TOY.position(t.second.occupation.code) for t in every]
    one, two = TABLE[starts], (TABLE @ TABLE)[starts]
    hit = np.arange(len(every)), ends
    assert found.total_variation.value == pytest.approx(np.abs(one - two).sum() / 2 / len(every))
    assert found.correlation.value == pytest.approx(np.corrcoef(one.ravel(), two.ravel())[0, 1])
    assert found.correlation_outcome.value == pytest.approx(np.corrcoef(one[hit], two[hit])[0, 1])
    assert found.perplexity_direct.value == pytest.approx(np.exp(-np.log(one[hit]).mean()))
    assert found.perplexity_composed.value == pytest.approx(np.exp(-np.log(two[hit]).mean()))


def test_the_intervals_are_over_blocks_of_workers():
    careers = [CareerHistory(str(20 * k), career(*range(1990, 1992 + k)).records) for k in range(9)]
    every = two_year_transitions(careers)
    found = horizon_agreement(ChainModel(), every, directly=ChainModel(over_gaps=False))
    assert found.total_variation.low < found.total_variation.value < found.total_variation.high
    assert found.correlation.low < found.correlation.value < found.correlation.high <= 1
    twins = [CareerHistory(str(k), c.records) for k, c in enumerate(careers)]
    one = horizon_agreement(
        ChainModel(), two_year_transitions(twins), directly=ChainModel(over_gaps=False)
    )
    assert one.total_variation.low == pytest.approx(one.total_variation.high)


def test_both_ways_take_the_workers_own_education_path():
    path = (Education.HIGH_SCHOOL, Education.SOME_COLLEGE, Education.BACHELORS)
    records = tuple(JobRecord(1990 + k, COOK, e) for k, e in enumerate(path))
    (transition,) = two_year_transitions([CareerHistory("1", records)])
    model = ChainModel()
    direct(model, transition)
    assert model.queries == [Query(CareerHistory("1", records[:1]), 1992, path[2])]
    composed(model, transition)
    _, first, *second = model.queries
    assert (first.year, first.education) == (1991, path[1])
    assert [q.past.records[-1] for q in second] == [JobRecord(1991, o, path[1]) for o in TOY]
    assert {(q.year, q.education) for q in second} == {(1992, path[2])}


def test_equal_probabilities_have_no_correlation_but_a_distance():
    found = horizon_agreement(FixedModel(), two_year_transitions([career(1990, 1991, 1992)] * 2))
    assert found.correlation_outcome is None
    assert found.total_variation.value == pytest.approx(0)


def test_no_transition_is_refused():
    with pytest.raises(ValueError, match="no three records in consecutive years"):
        horizon_agreement(FixedModel(), [])
