"""Promises that every occupation model keeps, whatever it is made of."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.models.storage import load_model
from occu_core.occupations import Occupation, UnknownOccupationError, occ1990dd
from tests import small_baselines as small
from tests.careers_at_random import TOY, careers
from tests.small_language_models import byte_level, language_model, merging

MODELS = {
    "markov": lambda: load_model("markov"),
    "career": lambda: load_model("career"),
    "language model": lambda: load_model("language_model"),
    "untrained, byte level": lambda: language_model(byte_level(), TOY),
    "untrained, merging": lambda: language_model(merging(), TOY),
    "unigram": small.unigram,
    "second order": small.second_order,
    "logit": small.logit,
    "bag of jobs": small.bag_of_jobs,
    "embedding logit": small.embedding_logit,
    "embedding logit, merging": lambda: small.embedding_logit(merging),
    "stay or move": small.stay_move,
    "stay or move, merging": lambda: small.stay_move(merging),
    "ensemble": small.ensemble,
}
REAL = careers(occ1990dd(), most_records=5)
TINY = careers(TOY, most_records=5)
few = settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=MODELS, scope="module")
def model(request):
    return MODELS[request.param]()


def drawn_for(model):
    return TINY if len(model.taxonomy) == len(TOY) else REAL


def sample(model, data):
    return data.draw(drawn_for(model))


@few
@given(data=st.data())
def test_probabilities_sum_to_one_and_coverage_is_a_share(model, data):
    for transition in sample(model, data).transitions():
        found = model.predict(transition.query)
        assert found.taxonomy is model.taxonomy
        assert found.probs.sum() == pytest.approx(1, abs=1e-9)
        assert (found.probs > 0).all()
        assert 0 < found.coverage <= 1


@few
@given(data=st.data())
def test_one_pass_agrees_with_asking_one_question_at_a_time(model, data):
    career = sample(model, data)
    asked = [model.predict(transition.query) for transition in career.transitions()]
    positions = [model.taxonomy.position(r.occupation.code) for r in career.records]
    expected = [d.log_probs_raw[p] for d, p in zip(asked, positions, strict=True)]
    np.testing.assert_allclose(model.log_likelihoods(career), expected, atol=2e-4)
    together = list(model.distributions(career))
    assert len(together) == len(asked)
    for one, other in zip(together, asked, strict=True):
        np.testing.assert_allclose(one.log_probs_raw, other.log_probs_raw, atol=2e-4)


@few
@given(data=st.data())
def test_chosen_states_get_the_probabilities_of_the_whole_distribution(model, data):
    career = sample(model, data)
    if not career.records:
        return
    choices = np.array([[0, k % len(model.taxonomy), 3] for k in range(len(career.records))])
    whole = [found.log_probs_raw for found in model.distributions(career)]
    expected = [one[chosen] for one, chosen in zip(whole, choices, strict=True)]
    np.testing.assert_allclose(model.log_probabilities(career, choices), expected, atol=2e-4)


@few
@given(data=st.data())
def test_no_prediction_depends_on_what_happens_later(model, data):
    career = sample(model, data)
    if not career.records:
        return
    other_end = next(o for o in model.taxonomy if o != career.records[-1].occupation)
    last = replace(career.records[-1], occupation=other_end)
    rewritten = replace(career, records=(*career.records[:-1], last))
    np.testing.assert_allclose(
        model.log_likelihoods(career)[:-1], model.log_likelihoods(rewritten)[:-1], atol=2e-4
    )
    before, after = list(model.distributions(career)), list(model.distributions(rewritten))
    np.testing.assert_allclose(before[-1].log_probs, after[-1].log_probs, atol=2e-4)


@few
@given(data=st.data())
def test_the_same_question_gets_the_same_answer(model, data):
    for transition in sample(model, data).transitions():
        first, second = (model.predict(transition.query).log_probs for _ in range(2))
        np.testing.assert_array_equal(first, second)


def test_an_unknown_occupation_is_refused_by_name(model):
    stranger = Occupation("9999", "Lighthouse keepers", "Sea")
    career = CareerHistory("w", (JobRecord(2000, stranger),))
    with pytest.raises(UnknownOccupationError, match="9999"):
        model.predict(Query(career, 2001))
    with pytest.raises(UnknownOccupationError, match="9999"):
        model.log_likelihoods(career)


def test_an_empty_history_has_a_first_job_distribution_and_no_likelihoods(model):
    career = CareerHistory("w")
    assert model.predict(Query(career, 2000)).probs.sum() == pytest.approx(1)
    assert len(model.log_likelihoods(career)) == 0
    assert list(model.distributions(career)) == []


def test_the_longest_career_there_can_be_is_answered(model):
    jobs = model.taxonomy.occupations
    records = tuple(JobRecord(1950 + k, jobs[k % len(jobs)]) for k in range(80))
    assert model.predict(Query(CareerHistory("w", records), 2030)).probs.sum() == pytest.approx(1)
