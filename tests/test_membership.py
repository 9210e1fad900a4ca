"""The membership check tells a model that remembers its training workers from one that does not."""

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.distributions import OccupationDistribution
from occu_core.evaluation.membership import is_reproduced, long_enough, loss_gap, verbatim_audit
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations


def workers(first_id, count, seed):
    """Careers of eight random states, one worker to a block."""
    draws = np.random.default_rng(seed)
    return [
        CareerHistory(
            str(20 * (first_id + n)),
            tuple(
                JobRecord(1990 + k, TOY.occupations[s])
                for k, s in enumerate(draws.integers(0, 6, 8))
            ),
            dataset="A",
        )
        for n in range(count)
    ]


class RememberingModel(FixedModel):
    """Knows by heart what follows each history of its training workers."""

    def __init__(self, train):
        super().__init__()
        self.known = {
            (c.worker_id, t.query.year): t.outcome for c in train for t in c.transitions()
        }

    def _after(self, past):
        year = 1990 + len(past.records)
        if (outcome := self.known.get((past.worker_id, year))) is None:
            return super()._after(past)
        probs = np.full(len(TOY), 0.02)
        probs[TOY.position(outcome.code)] = 0.9
        return OccupationDistribution.from_scores(TOY, np.log(probs))


@pytest.fixture(scope="module")
def sides():
    return workers(0, 60, 1), workers(100, 50, 2)


def test_a_model_that_remembers_is_found_out(sides):
    train, test = sides
    model = RememberingModel(train)
    gap = loss_gap(*(score(model, side, Detail.OUTCOME) for side in sides))
    assert gap.attack_auc.value == 1
    assert gap.nats_train.value == pytest.approx(-np.log(0.9))
    assert gap.nats_test.value > 1
    audit = verbatim_audit(model, train, test)
    assert (audit.train.value, audit.test.value) == (1, 0)
    assert audit.changing_train.low > 0.9


def test_a_model_that_never_saw_them_is_not(sides):
    train, test = sides
    gap = loss_gap(*(score(FixedModel(), side, Detail.OUTCOME) for side in sides))
    assert gap.attack_auc.low < 0.5 < gap.attack_auc.high
    assert gap.nats_train.low < gap.nats_test.value < gap.nats_train.high
    assert (gap.train_workers, gap.test_workers) == (60, 50)
    audit = verbatim_audit(FixedModel(), train, test, history=2, continued=3)
    assert audit.train.low == 0
    assert audit.test.low == pytest.approx(0, abs=0.01)


def test_the_loss_gap_counts_each_worker_once_as_scikit_learn_does(sides):
    train, test = sides
    short = [CareerHistory("9999", train[0].records[:1], dataset="A"), *test]
    gap = loss_gap(*(score(FixedModel(), side, Detail.OUTCOME) for side in (train, short)))
    nats = [-FixedModel().log_likelihoods(c).mean() for c in (*train, *short)]
    assert gap.nats_train.value == pytest.approx(np.mean(nats[:60]))
    assert gap.nats_test.value == pytest.approx(np.mean(nats[60:]))
    member = np.arange(len(nats)) < 60
    assert gap.attack_auc.value == pytest.approx(roc_auc_score(member, -np.round(nats, 9)))


def test_a_career_is_reproduced_only_if_every_year_is_the_likeliest_state():
    # The fixed model always thinks a cook the likeliest.
    def career(*states):
        return CareerHistory("1", tuple(JobRecord(1990 + k, s) for k, s in enumerate(states)))

    assert is_reproduced(FixedModel(), career(ACTOR, COOK, COOK, ACTOR), 1, 2)
    assert not is_reproduced(FixedModel(), career(ACTOR, COOK, COOK, ACTOR), 1, 3)
    assert not is_reproduced(FixedModel(), career(COOK, ACTOR, COOK), 1, 2)


def test_careers_that_only_repeat_are_told_from_those_that_change():
    steady = CareerHistory("1", tuple(JobRecord(1990 + k, COOK) for k in range(4)))
    returning = CareerHistory(
        "2", (JobRecord(1990, ACTOR), *(JobRecord(1991 + k, COOK) for k in range(3)))
    )
    audit = verbatim_audit(FixedModel(), [steady, returning], [steady], history=1, continued=3)
    assert (audit.train.value, audit.test.value) == (1, 1)
    assert audit.changing_train.value == 1
    assert audit.changing_test is None
    # One of one: Wilson's interval goes down to 1/(1 + 1.96²).
    assert audit.changing_train.low == pytest.approx(1 / (1 + 1.959964**2))


class AskedModel(FixedModel):
    def __init__(self):
        super().__init__()
        self.queries = []

    def predict(self, query):
        self.queries.append(query)
        return super().predict(query)


def test_the_audit_shows_the_model_no_more_than_the_years_before():
    career = CareerHistory("1", tuple(JobRecord(1990 + k, COOK) for k in range(6)))
    model = AskedModel()
    is_reproduced(model, career, 2, 3)
    assert model.queries == [Query(career.until(year), year) for year in (1992, 1993, 1994)]


def test_an_audit_without_long_careers_is_refused(sides):
    train, _ = sides
    assert long_enough([*train, CareerHistory("x", train[0].records[:7])], 8) == train
    with pytest.raises(ValueError, match="with 8 records; found 60 and 0"):
        verbatim_audit(FixedModel(), train, [])
