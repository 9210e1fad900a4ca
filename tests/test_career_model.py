"""CAREER on a world of four states with random weights: what holds whatever it has learned."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from occu_core.careers import (
    CareerHistory,
    Education,
    JobRecord,
    Query,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.career import CareerConfig, CareerModel, CareerNetwork
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError

COOK, BAKER, NOT_WORKING, STUDENT = (
    Occupation("1", "Cooks", "Food"),
    Occupation("2", "Bakers", "Food"),
    Occupation("NW", "Not working", ""),
    Occupation("ST", "Student", ""),
)
TOY = Taxonomy("toy", (COOK, BAKER, NOT_WORKING, STUDENT))
CARD = ModelCard(
    "toy",
    ModelKind.CAREER,
    "Toy",
    "0",
    TOY.name,
    TOY.digest,
    trained_on=(),
    settings={},
    metrics=(),
)
CONFIG = CareerConfig(
    states=4,
    years=(1990, 1991, 1992, 1993, 1996),
    birth_years=(1960, 1970),
    datasets=("A", "B"),
    positions=6,
    layers=2,
    width=8,
    heads=2,
    feed_forward=16,
    dropout=0.5,
)
WORKER = CareerHistory(
    "w",
    tuple(
        JobRecord(1990 + k, state, Education.HIGH_SCHOOL)
        for k, state in enumerate((STUDENT, COOK, COOK, NOT_WORKING, NOT_WORKING, BAKER))
    ),
    "A",
    1970,
    Sex.FEMALE,
    RaceEthnicity.BLACK,
    Region.WEST,
)


@pytest.fixture(scope="module")
def model() -> Iterator[CareerModel]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        network = CareerNetwork(CONFIG)
        for weight in network.parameters():
            torch.nn.init.normal_(weight, std=0.5)
        yield CareerModel(CARD, TOY, network)


def table(model: CareerModel, career: CareerHistory) -> np.ndarray:
    return np.array([distribution.log_probs for distribution in model.distributions(career)])


def with_heads(model: CareerModel, stay: float, moves: list[float]) -> CareerModel:
    """The same model with the hidden layers silenced, so that only the head's biases speak."""
    silenced = CareerModel(CARD, TOY, model.network)
    with torch.no_grad():
        silenced.network.norm.weight.zero_()
        silenced.network.norm.bias.zero_()
        silenced.network.stay.bias.fill_(stay)
        silenced.network.move_bias.copy_(torch.tensor(moves))
    return silenced


def test_every_distribution_sums_to_one(model: CareerModel) -> None:
    np.testing.assert_allclose(np.exp(table(model, WORKER)).sum(axis=1), np.ones(6), atol=1e-12)


@pytest.mark.parametrize("previous", [COOK, NOT_WORKING, STUDENT])
def test_the_head_stays_or_shares_the_rest_among_the_other_states(
    model: CareerModel, previous: Occupation
) -> None:
    # A stay logit of log 3 is 3/4; the move logits of log 1, 2, 3, 4 share 1/4 without `previous`.
    answering = with_heads(model, np.log(3), np.log([1, 2, 3, 4]).tolist())
    at = TOY.position(previous.code)
    weights = np.array([1.0, 2.0, 3.0, 4.0])
    weights[at] = 0
    expected = weights / weights.sum() / 4
    expected[at] = 3 / 4
    past = CareerHistory("w", (JobRecord(1990, previous),))
    np.testing.assert_allclose(answering.predict(Query(past, 1991)).probs, expected, rtol=1e-6)


def test_a_first_record_has_no_stay_logit(model: CareerModel) -> None:
    answering = with_heads(model, np.log(3), np.log([1, 2, 3, 4]).tolist())
    probs = answering.predict(Query(CareerHistory("w"), 1990)).probs
    np.testing.assert_allclose(probs, [0.1, 0.2, 0.3, 0.4], rtol=1e-6)


@pytest.mark.parametrize("at", range(6))
def test_no_answer_sees_its_own_state_or_a_later_record(model: CareerModel, at: int) -> None:
    other = tuple(
        replace(r, occupation=BAKER if r.occupation != BAKER else COOK) if k >= at else r
        for k, r in enumerate(WORKER.records)
    )
    before, after = table(model, WORKER), table(model, replace(WORKER, records=other))
    np.testing.assert_allclose(after[: at + 1], before[: at + 1], atol=1e-12)
    assert all(np.abs(after[k] - before[k]).max() > 1e-3 for k in range(at + 1, 6))


def test_a_later_year_and_education_leave_earlier_answers_alone(model: CareerModel) -> None:
    last = replace(WORKER.records[-1], year=1996, education=Education.GRADUATE)
    changed = replace(WORKER, records=(*WORKER.records[:-1], last))
    before, after = table(model, WORKER), table(model, changed)
    np.testing.assert_allclose(after[:-1], before[:-1], atol=1e-12)
    assert np.abs(after[-1] - before[-1]).max() > 1e-3


def test_one_pass_agrees_with_asking_one_by_one(model: CareerModel) -> None:
    asked = [model.predict(t.query).log_probs for t in WORKER.transitions()]
    np.testing.assert_allclose(table(model, WORKER), asked, atol=1e-12)
    happened = [
        d[TOY.position(r.occupation.code)] for d, r in zip(asked, WORKER.records, strict=True)
    ]
    np.testing.assert_allclose(model.log_likelihoods(WORKER), happened, atol=1e-12)


def test_answers_repeat_to_the_bit_despite_dropout(model: CareerModel) -> None:
    np.testing.assert_array_equal(table(model, WORKER), table(model, WORKER))


@pytest.mark.parametrize(
    "changed",
    [
        replace(WORKER, dataset="B"),
        replace(WORKER, birth_year=1960),
        replace(WORKER, sex=Sex.MALE),
        replace(WORKER, race_ethnicity=RaceEthnicity.HISPANIC),
        replace(WORKER, region=Region.SOUTH),
        replace(WORKER, sex=None),
    ],
)
def test_every_characteristic_is_heard(model: CareerModel, changed: CareerHistory) -> None:
    assert np.abs(table(model, changed) - table(model, WORKER)).max() > 1e-3


def test_an_unseen_dataset_is_an_unknown_one(model: CareerModel) -> None:
    unseen, unknown = replace(WORKER, dataset="Elsewhere"), replace(WORKER, dataset=None)
    np.testing.assert_array_equal(table(model, unseen), table(model, unknown))


@pytest.mark.parametrize(("year", "seen"), [(2030, 1996), (1995, 1996), (1994, 1993)])
def test_an_unseen_year_reads_as_the_nearest_seen(model: CareerModel, year: int, seen: int) -> None:
    past = CareerHistory("w", (JobRecord(1991, COOK),))
    answers = [model.predict(Query(past, asked)).log_probs for asked in (year, seen)]
    np.testing.assert_array_equal(answers[0], answers[1])


def test_an_unseen_birth_year_reads_as_the_nearest_seen_and_the_earlier_of_two(
    model: CareerModel,
) -> None:
    answers = {born: table(model, replace(WORKER, birth_year=born)) for born in (1960, 1965, 1970)}
    np.testing.assert_array_equal(answers[1965], answers[1960])
    np.testing.assert_array_equal(table(model, replace(WORKER, birth_year=1980)), answers[1970])


def test_a_career_longer_than_any_seen_is_answered(model: CareerModel) -> None:
    records = tuple(JobRecord(year, COOK) for year in range(1950, 2031))
    assert np.isfinite(model.log_likelihoods(CareerHistory("w", records))).all()


def test_a_career_without_records_has_no_answers(model: CareerModel) -> None:
    assert list(model.distributions(CareerHistory("w"))) == []
    assert model.log_likelihoods(CareerHistory("w")).shape == (0,)


def test_an_unknown_occupation_anywhere_in_the_past_is_refused(model: CareerModel) -> None:
    astronaut = JobRecord(1988, Occupation("9", "Astronauts", "Space"))
    with pytest.raises(UnknownOccupationError, match="'9'"):
        model.predict(Query(replace(WORKER, records=(astronaut, *WORKER.records)), 1996))


def test_saved_and_loaded_it_answers_the_same(model: CareerModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = CareerModel.load(tmp_path, CARD, TOY)
    np.testing.assert_array_equal(table(loaded, WORKER), table(model, WORKER))
    assert loaded.network.config == CONFIG


@pytest.mark.parametrize("name", ["model.safetensors", "config.json"])
def test_a_damaged_file_is_refused(model: CareerModel, tmp_path: Path, name: str) -> None:
    model.save(tmp_path)
    (tmp_path / name).write_text("[]")
    with pytest.raises(ValueError, match="is damaged"):
        CareerModel.load(tmp_path, CARD, TOY)


def test_a_model_for_another_taxonomy_is_refused(model: CareerModel) -> None:
    smaller = Taxonomy("smaller", TOY.occupations[:3])
    with pytest.raises(ValueError, match=r"4 states.*'smaller' has 3"):
        CareerModel(CARD, smaller, model.network)
