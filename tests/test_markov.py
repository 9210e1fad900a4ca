"""The Markov table on a world of three states, with expectations worked out by hand."""

from pathlib import Path

import numpy as np
import pytest

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions, log_probabilities
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError

COOK, NOT_WORKING, STUDENT = (
    Occupation("1", "Cooks", "Food"),
    Occupation("NW", "Not working", ""),
    Occupation("ST", "Student", ""),
)
TOY = Taxonomy("toy", (COOK, NOT_WORKING, STUDENT))
CARD = ModelCard(
    "toy",
    ModelKind.MARKOV,
    "Toy",
    "0",
    TOY.name,
    TOY.digest,
    trained_on=(),
    settings={},
    metrics=(),
)
SMOOTHING = Smoothing(stay=2.0, move=1.0, share=1.0)


def career(*states: Occupation, dataset: str | None = "A") -> CareerHistory:
    records = tuple(JobRecord(1990 + k, state) for k, state in enumerate(states))
    return CareerHistory("w", records, dataset)


# In A: cook to cook twice, cook to student once, student to cook once. In B: nobody stays.
CAREERS = (
    career(COOK, COOK, COOK, STUDENT),
    career(STUDENT, COOK),
    career(NOT_WORKING, COOK, NOT_WORKING, dataset="B"),
)


@pytest.fixture(scope="module")
def model() -> MarkovModel:
    return MarkovModel(CARD, TOY, count_transitions(CAREERS, TOY), SMOOTHING)


def test_counts_are_who_followed_whom_with_first_records_last() -> None:
    counts = count_transitions(CAREERS, TOY)
    assert counts["A"].tolist() == [[2, 0, 1], [0, 0, 0], [1, 0, 0], [1, 0, 1]]
    assert counts["B"].tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 0], [0, 1, 0]]


def test_a_row_is_stay_or_move_each_backed_off_to_its_dataset(model: MarkovModel) -> None:
    # Of A's 4 transitions 2 stay: overall (2+1)/(4+2) = 1/2, so cooks stay with
    # (2 + 2/2)/(3 + 2) = 3/5. A's destinations are cook 1, student 1; raised by 1, the shares are
    # 2/5, 1/5, 2/5; away from cook 1/3, 2/3. One move, to student, and one imaginary one:
    # (0 + 1/3)/2 = 1/6 and (1 + 2/3)/2 = 5/6 of the 2/5 who leave.
    probs = model.predict(Query(career(COOK), 1995)).probs
    np.testing.assert_allclose(probs, [3 / 5, 2 / 5 / 6, 2 / 5 * 5 / 6])


def test_a_state_nobody_left_has_only_its_datasets_rates(model: MarkovModel) -> None:
    # Stays at 1/2; the shares away from Not working are 2/5 : 2/5.
    probs = model.predict(Query(career(NOT_WORKING), 1995)).probs
    np.testing.assert_allclose(probs, [1 / 4, 1 / 2, 1 / 4])


def test_first_records_have_shares_of_their_own(model: MarkovModel) -> None:
    np.testing.assert_allclose(model.predict(Query(career(), 1990)).probs, [2 / 5, 1 / 5, 2 / 5])


@pytest.mark.parametrize("dataset", [None, "Elsewhere"])
def test_a_worker_of_no_known_dataset_reads_the_pooled_table(
    model: MarkovModel, dataset: str | None
) -> None:
    # First records of both: cook 1, Not working 1, student 1.
    probs = model.predict(Query(career(dataset=dataset), 1990)).probs
    np.testing.assert_allclose(probs, [1 / 3, 1 / 3, 1 / 3])
    # Stays 2 of 6: overall 3/8; cooks stay with (2 + 2·3/8)/(4 + 2).
    stay = model.predict(Query(career(COOK, dataset=dataset), 1995)).prob("1")
    assert stay == pytest.approx(2.75 / 6)


def test_every_probability_is_positive_and_every_row_sums_to_one() -> None:
    rng = np.random.default_rng(0)
    counts = rng.integers(0, 3, (31, 30)) * rng.integers(0, 2, (31, 1))
    probs = np.exp(log_probabilities(counts, Smoothing(0.1, 0.1, 0.1)))
    assert probs.min() > 0
    np.testing.assert_allclose(probs.sum(axis=1), 1)


def test_log_likelihoods_are_those_of_what_happened(model: MarkovModel) -> None:
    # Student to cook: stays (0 + 1)/(1 + 2) = 1/3; shares away from student 2/3, 1/3; (1 + 2/3)/2.
    nats = model.log_likelihoods(career(STUDENT, COOK, COOK))
    np.testing.assert_allclose(np.exp(nats), [2 / 5, 2 / 3 * 5 / 6, 3 / 5])
    assert model.log_likelihoods(career()).shape == (0,)


def test_one_distribution_a_transition_as_if_asked_one_by_one(model: MarkovModel) -> None:
    worker = career(STUDENT, COOK, COOK, NOT_WORKING)
    asked = [model.predict(t.query).log_probs for t in worker.transitions()]
    np.testing.assert_array_equal([d.log_probs for d in model.distributions(worker)], asked)


def test_an_unknown_occupation_anywhere_in_the_past_is_refused(model: MarkovModel) -> None:
    astronaut = Occupation("9", "Astronauts", "Space")
    with pytest.raises(UnknownOccupationError, match="'9'"):
        model.predict(Query(career(astronaut, COOK), 1995))


def test_smoothing_must_be_positive() -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Smoothing(0.0, 1.0, 1.0)


def test_counting_needs_a_dataset() -> None:
    with pytest.raises(ValueError, match="names no dataset"):
        count_transitions([career(COOK, dataset=None)], TOY)


def test_saved_and_loaded_it_answers_the_same(model: MarkovModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    loaded = MarkovModel.load(tmp_path, CARD, TOY)
    assert loaded.smoothing == SMOOTHING
    for worker in CAREERS:
        np.testing.assert_array_equal(loaded.log_likelihoods(worker), model.log_likelihoods(worker))


def test_a_damaged_or_foreign_file_is_refused(model: MarkovModel, tmp_path: Path) -> None:
    model.save(tmp_path)
    with pytest.raises(ValueError, match="is not a table"):
        MarkovModel.load(tmp_path, CARD, Taxonomy("smaller", TOY.occupations[:2]))
    (tmp_path / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ValueError, match=r"model\.safetensors"):
        MarkovModel.load(tmp_path, CARD, TOY)
