"""Baselines on a world of three states, with expectations worked out by hand."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.career_features import FeatureReader, FeatureSpace, History, SparseRows
from occu_core.models.classifier import Classifier
from occu_core.models.ensemble import POOLED, EnsembleModel, fit_weights
from occu_core.models.logit import LogitModel, LogitWeights, log_probabilities
from occu_core.models.markov import Smoothing
from occu_core.models.second_order import BackOff, SecondOrderModel, count_triples
from occu_core.models.stay_move import with_stays
from occu_core.models.storage import ModelError, load_model, write_card
from occu_core.models.unigram import UnigramModel, count_states
from occu_core.occupations import Occupation, Taxonomy, occ1990dd
from tests import small_baselines as small
from train import logit_fitting
from train.fit_embedding_logit import unscaled
from train.fit_ensemble import weights_by_dataset
from train.fit_stay_move import fit_head

COOK, NOT_WORKING, STUDENT = (
    Occupation("1", "Cooks", "Food"),
    Occupation("NW", "Not working", ""),
    Occupation("ST", "Student", ""),
)
TOY = Taxonomy("toy", (COOK, NOT_WORKING, STUDENT))
START = len(TOY)


def card(kind: ModelKind) -> ModelCard:
    return small.card_of(kind, TOY)


def career(*states: Occupation, dataset: str | None = "A", first: int = 1990) -> CareerHistory:
    records = tuple(JobRecord(first + k, state) for k, state in enumerate(states))
    return CareerHistory("w", records, dataset)


# ── Unigram ──────────────────────────────────────────────────────────────────


def test_a_unigram_gives_each_state_its_raised_share_of_its_dataset() -> None:
    careers = (career(COOK, COOK, STUDENT), career(NOT_WORKING, dataset="B"))
    model = UnigramModel(card(ModelKind.UNIGRAM), TOY, count_states(careers, TOY), 0.5)
    # A: 2, 0, 1 raised by a half; both datasets together: 2, 1, 1 raised by a half.
    in_a = model.predict(Query(career(STUDENT), 1995)).probs
    np.testing.assert_allclose(in_a, [2.5 / 4.5, 0.5 / 4.5, 1.5 / 4.5])
    elsewhere = model.predict(Query(career(dataset=None), 1995)).probs
    np.testing.assert_allclose(elsewhere, [2.5 / 5.5, 1.5 / 5.5, 1.5 / 5.5])


@pytest.mark.parametrize("share", [0.0, -1.0, np.inf])
def test_a_unigram_needs_a_positive_share(share: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        UnigramModel(card(ModelKind.UNIGRAM), TOY, {"A": np.ones(3, np.int64)}, share)


# ── Second order ─────────────────────────────────────────────────────────────

# After (student, cook): cook once, student twice. After (cook, cook): not working once.
PAIRS = (
    career(STUDENT, COOK, COOK, NOT_WORKING),
    career(STUDENT, COOK, STUDENT),
    career(STUDENT, COOK, STUDENT),
)
BACK_OFF = BackOff(arrival=3.0, stay=2.0, move=4.0, discount=0.5)


@pytest.fixture(scope="module")
def second_order() -> SecondOrderModel:
    smoothing = Smoothing(stay=2.0, move=1.0, share=1.0)
    triples = count_triples(PAIRS, TOY)
    return SecondOrderModel(card(ModelKind.SECOND_ORDER), TOY, triples, smoothing, BACK_OFF)


def test_triples_count_what_followed_each_pair() -> None:
    triples = count_triples(PAIRS, TOY)["A"]
    assert triples.seen.tolist() == [
        [0, 0, 1, 1],
        [2, 0, 0, 1],
        [2, 0, 2, 2],
        [START, 2, 0, 3],
        [START, START, 2, 3],
    ]
    assert triples.first_order.tolist() == [[1, 1, 2], [0, 0, 0], [3, 0, 0], [0, 0, 3]]


def first_order_of_cooks() -> tuple[float, float, float]:
    # 7 transitions, 1 stay: overall 2/9; cooks stay (1 + 2·2/9)/(4 + 2) = 13/54.
    # Destinations 3, 1, 2 raised by 1: shares 4/9, 2/9, 3/9; away from cook 2/5, 3/5.
    # Movers from cook 1 and 2, and one imaginary: (1 + 2/5)/4 and (2 + 3/5)/4.
    stay = 13 / 54
    return stay, (1 - stay) * 1.4 / 4, (1 - stay) * 2.6 / 4


def test_a_pair_backs_off_to_those_who_just_moved_and_then_to_the_last_state(
    second_order: SecondOrderModel,
) -> None:
    stay, away, school = first_order_of_cooks()
    # All who just moved to cook are those of the pair: 1 of 3 stays.
    moved = (1 + 3 * stay) / (3 + 3)
    pair = (1 + 2 * moved) / (3 + 2)
    # One destination, twice: 2 − ½, and (4 + ½·1) imaginary ones, of 2 + 4.
    not_working = 4.5 * away / (away + school) / 6
    student = (1.5 + 4.5 * school / (away + school)) / 6
    probs = second_order.predict(Query(career(STUDENT, COOK), 1995)).probs
    np.testing.assert_allclose(probs, [pair, (1 - pair) * not_working, (1 - pair) * student])


def test_a_pair_never_seen_has_the_rates_of_who_just_moved(second_order: SecondOrderModel) -> None:
    stay, away, school = first_order_of_cooks()
    moved = (1 + 3 * stay) / (3 + 3)
    probs = second_order.predict(Query(career(NOT_WORKING, COOK), 1995)).probs
    rest = (1 - moved) / (away + school)
    np.testing.assert_allclose(probs, [moved, rest * away, rest * school])


def test_a_first_record_has_the_first_order_shares(second_order: SecondOrderModel) -> None:
    np.testing.assert_allclose(
        second_order.predict(Query(career(), 1990)).probs, [1 / 6, 1 / 6, 4 / 6]
    )


@pytest.mark.parametrize("broken", [{"stay": 0.0}, {"move": -1.0}, {"discount": 1.0}])
def test_back_off_must_leave_everything_possible(broken: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must be"):
        replace(BACK_OFF, **broken)


# ── Logit ────────────────────────────────────────────────────────────────────

SPACE = FeatureSpace(History.LAST_JOBS, len(TOY), (1990, 1991, 1993), ("A", "B"))


def named(space: FeatureSpace, rows: SparseRows, row: int) -> dict[str, list[tuple[int, float]]]:
    """A row's entries by block, each as its place and value."""
    found: dict[str, list[tuple[int, float]]] = {}
    for entry in range(rows.ends[row], rows.ends[row + 1]):
        block = max(
            (b for b, start in space.starts.items() if start <= rows.columns[entry]),
            key=space.starts.__getitem__,
        )
        place = int(rows.columns[entry]) - space.starts[block]
        found.setdefault(block, []).append((place, float(rows.values[entry])))
    return found


def test_features_say_what_was_known_before_the_record() -> None:
    records = (
        JobRecord(1985, STUDENT, Education.HIGH_SCHOOL),
        JobRecord(1988, COOK, Education.SOME_COLLEGE),
        JobRecord(1990, COOK, None),
        JobRecord(1993, COOK, Education.HIGH_SCHOOL),
    )
    worker = CareerHistory("w", records, "B", birth_year=1967)
    query = Query(worker, 1994, Education.LESS_THAN_HIGH_SCHOOL)
    rows = FeatureReader(SPACE, TOY).rows(worker, query)
    assert len(rows) == 5
    first, last = named(SPACE, rows, 0), named(SPACE, rows, 4)
    assert first["current"] == first["before"] == [(START, 1.0)]
    assert first["gap"] == [(0, 1.0)]
    assert first["age"] == [(1 + 2, 1.0)]  # 18
    assert "years_in_job" not in first
    assert last["current"] == [(0, 1.0)]
    assert last["current_in_dataset"] == [(START + 1 + 0, 1.0)]  # the second dataset's block
    assert last["before"] == [(2, 1.0)]
    assert last["years_in_job"] == [(6, 1.0)]  # 1988 to 1994: six years
    assert last["years_in_all"] == [(7, 1.0)]  # nine years: eight to ten
    assert last["year"] == [(2, 1.0)]  # 1994 reads as 1993
    assert last["gap"] == [(1, 1.0)]
    assert last["education_change"] == [(3, 1.0)]  # fallen
    assert named(SPACE, rows, 1)["education_change"] == [(2, 1.0)]  # risen
    assert named(SPACE, rows, 2)["education_change"] == [(0, 1.0)]  # unknown now
    assert named(SPACE, rows, 1)["gap"] == [(3, 1.0)]  # three or four years


def test_a_bag_forgets_the_order_of_earlier_jobs_but_not_the_last() -> None:
    space = replace(SPACE, history=History.BAG)
    reader = FeatureReader(space, TOY)
    one, other = (
        named(space, reader.rows(career(*states), Query(career(*states), 1999)), 4)
        for states in (
            (COOK, STUDENT, COOK, NOT_WORKING),
            (COOK, COOK, STUDENT, NOT_WORKING),
        )
    )
    assert one == other
    assert one["held"] == [(0, 1.0), (2, 1.0)]
    assert one["share"] == [(0, pytest.approx(2 / 3)), (2, pytest.approx(1 / 3))]
    assert one["current"] == [(1, 1.0)]


def test_two_stages_stay_or_share_the_rest_among_the_other_states() -> None:
    scores = np.log([[1.0, 2.0, 3.0, 3.0]] * 2)
    probs = np.exp(log_probabilities(scores, np.array([1, START]), two_stages=True))
    # Odds of staying 3 : 1, and cook and student share the rest 1 : 3; at the start 1 : 2 : 3.
    np.testing.assert_allclose(probs, [[1 / 16, 3 / 4, 3 / 16], [1 / 6, 2 / 6, 3 / 6]])


def test_one_stage_is_a_softmax() -> None:
    scores = np.log([[1.0, 2.0, 3.0, 99.0]])
    probs = np.exp(log_probabilities(scores, np.array([1]), two_stages=False))
    np.testing.assert_allclose(probs, [[1 / 6, 2 / 6, 3 / 6]])


@pytest.mark.parametrize("two_stages", [True, False])
def test_training_and_answering_agree_on_the_probabilities(two_stages: bool) -> None:
    rng = np.random.default_rng(0)
    scores, previous = rng.normal(size=(20, 4)), rng.integers(0, START + 1, 20)
    expected = log_probabilities(scores, previous, two_stages=two_stages)
    found = logit_fitting.log_probabilities(
        torch.from_numpy(scores), torch.from_numpy(previous), two_stages=two_stages
    )
    np.testing.assert_allclose(found, expected, atol=1e-12)


def test_a_product_of_sparse_rows_is_that_of_the_full_ones() -> None:
    rows = SparseRows(np.array([0, 2, 1]), np.array([1.0, 0.5, 2.0]), np.array([0, 2, 3]))
    weights = np.arange(6.0).reshape(3, 2)
    full = np.array([[1.0, 0.0, 0.5], [0.0, 2.0, 0.0]])
    np.testing.assert_allclose(rows.times(weights), full @ weights)
    np.testing.assert_allclose(rows.choose(np.array([1, 0])).times(weights), full[::-1] @ weights)
    np.testing.assert_allclose(SparseRows.stack([rows, rows]).times(weights)[2:], full @ weights)


def test_fitting_finds_the_frequencies_of_a_world_with_one_feature() -> None:
    # From Not working: stay 60 of 100, else cook 30 and student 10. One feature, always on.
    outcomes = np.repeat([1, 0, 2], [60, 30, 10])
    data = logit_fitting.Examples(np.ones((100, 1), np.float32), np.full(100, 1), outcomes)
    fitting = logit_fitting.Fitting(
        two_stages=True, l2=0.01, epochs=400, batch_rows=100, learning_rate=0.1, seed=1
    )
    layer, perplexity = logit_fitting.fit(data, data, (1, len(TOY)), fitting)
    scores = layer.weights.astype(float) + layer.bias
    probs = np.exp(log_probabilities(scores, np.array([1]), two_stages=True))
    np.testing.assert_allclose(probs, [[0.3, 0.6, 0.1]], atol=5e-3)
    entropy = -(0.6 * np.log(0.6) + 0.3 * np.log(0.3) + 0.1 * np.log(0.1))
    assert perplexity == pytest.approx(np.exp(entropy), abs=1e-3)


def test_a_heavy_penalty_leaves_only_the_bias() -> None:
    outcomes = np.repeat([1, 0, 2], [60, 30, 10])
    data = logit_fitting.Examples(np.ones((100, 1), np.float32), np.full(100, 1), outcomes)
    fitting = logit_fitting.Fitting(
        two_stages=False, l2=1e5, epochs=20, batch_rows=100, learning_rate=0.01, seed=1
    )
    layer, _ = logit_fitting.fit(data, data, (1, len(TOY)), fitting)
    assert np.abs(layer.weights).max() < 0.02


def test_a_layer_of_another_shape_is_refused() -> None:
    layer = LogitWeights(np.zeros((7, 4), np.float32), np.zeros(4, np.float32), two_stages=True)
    with pytest.raises(ValueError, match=r"\(7, 4\).*expected"):
        LogitModel(card(ModelKind.LOGIT), TOY, SPACE, layer)


def test_a_layer_for_scaled_inputs_is_told_in_their_own_units() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.normal(3, 5, size=(6, 2)).astype(np.float32)
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0)
    layer = LogitWeights(
        rng.normal(size=(2, 4)).astype(np.float32), np.ones(4, np.float32), two_stages=True
    )
    found = unscaled(layer, mean, spread)
    expected = (inputs - mean) / spread @ layer.weights + layer.bias
    np.testing.assert_allclose(inputs @ found.weights + found.bias, expected, atol=1e-5)


# ── Stay or move ─────────────────────────────────────────────────────────────


def test_movers_share_what_the_language_model_leaves_after_the_previous_title() -> None:
    # It gives the previous title ½ and 0.1 to no title; the head lets three of four stay.
    raw, same = np.log([[0.5, 0.3, 0.1]]), np.array([[True, False, False]])
    found = np.exp(with_stays(raw, raw[:, 0], np.log([3.0]), same))
    np.testing.assert_allclose(found, [[0.75, 0.25 * 0.6, 0.25 * 0.2]])


def test_a_head_learns_odds_in_the_units_of_its_inputs() -> None:
    # 30 of 40 stay at 10, 10 of 40 at 20: log odds log 3 and −log 3.
    inputs = np.repeat([[10.0], [20.0]], 40, axis=0)
    stayed = np.repeat([1, 0, 1, 0], [30, 10, 10, 30])
    head = fit_head(inputs, stayed, l2=1e-6)
    np.testing.assert_allclose(
        inputs[[0, -1]] @ head.weights + head.bias, [np.log(3), -np.log(3)], rtol=1e-3
    )


# ── Ensemble ─────────────────────────────────────────────────────────────────


def test_an_ensemble_mixes_raw_probabilities_with_the_weights_of_the_dataset() -> None:
    model = small.ensemble()
    worker = small.made_up(1, 5)[0]
    for dataset, shares in (("NLSY97", [0.9, 0.1]), ("NLSY79", [0.5, 0.5]), (None, [0.5, 0.5])):
        query = Query(replace(worker, dataset=dataset), 2020)
        parts = [member.predict(query) for member in model.members]
        raw = sum(w * np.exp(p.log_probs_raw) for w, p in zip(shares, parts, strict=True))
        found = model.predict(query)
        np.testing.assert_allclose(np.exp(found.log_probs_raw), raw, rtol=1e-9)
        covered = sum(w * p.coverage for w, p in zip(shares, parts, strict=True))
        assert found.coverage == pytest.approx(covered)


def test_the_likeliest_weights_of_two_sure_members_are_how_often_each_was_right() -> None:
    # Each is sure of its own: 30 rows go to the first, 10 to the second.
    right, wrong = np.log(1 - 1e-9), np.log(1e-9)
    first = np.repeat([right, wrong], [30, 10])
    weights = fit_weights(np.array([first, first[::-1]]))
    first_right = np.repeat([right, wrong], [30, 10])
    assert fit_weights(np.array([first_right, right + wrong - first_right])) == pytest.approx(
        [0.75, 0.25], abs=1e-4
    )
    assert weights == pytest.approx([0.5, 0.5], abs=1e-4)


def test_a_member_worse_on_every_row_gets_no_weight() -> None:
    rng = np.random.default_rng(0)
    good = np.log(rng.uniform(0.2, 0.9, 200))
    assert fit_weights(np.array([good, good - 1]))[1] < 1e-3


def test_each_dataset_has_the_weights_of_its_own_rows() -> None:
    scored = np.log([[0.9, 0.9, 0.1, 0.1], [0.1, 0.1, 0.9, 0.9]])
    datasets = np.array(["A", "A", "B", "B"])
    weights = weights_by_dataset(scored, datasets, by_dataset=True)
    assert list(weights) == [POOLED, "A", "B"]
    assert weights["A"][0] > 0.99
    assert weights["B"][1] > 0.99
    assert weights[POOLED] == pytest.approx([0.5, 0.5])
    assert list(weights_by_dataset(scored, datasets, by_dataset=False)) == [POOLED]


@pytest.mark.parametrize("shares", [[0.5, 0.6], [1.5, -0.5], [1.0]])
def test_weights_must_be_shares_of_the_members(shares: list[float]) -> None:
    with pytest.raises(ValueError, match="expected 2 shares"):
        EnsembleModel(card(ModelKind.ENSEMBLE), TOY, ["a", "b"], {POOLED: np.array(shares)})


def real(model: Classifier) -> Classifier:
    """The same kind of model for the taxonomy that `load_model` knows."""
    taxonomy = occ1990dd()
    counts = {"NLSY97": np.arange(len(taxonomy))}
    return UnigramModel(small.card_of(model.card.kind, taxonomy), taxonomy, counts, 1.0)


def test_an_ensemble_loads_its_members_when_first_asked(tmp_path: Path) -> None:
    small.saved(real(small.unigram()), tmp_path / "unigram")
    taxonomy = occ1990dd()
    own = small.card_of(ModelKind.ENSEMBLE, taxonomy)
    names = ["markov", str(tmp_path / "unigram")]
    weights = {POOLED: np.array([0.25, 0.75])}
    folder = small.saved(EnsembleModel(own, taxonomy, names, weights), tmp_path / "ensemble")
    assert json.loads((folder / "config.json").read_text())["members"] == ["markov", "../unigram"]
    (tmp_path / "unigram").rename(tmp_path / "away")
    model = load_model(str(folder))
    with pytest.raises(ModelError, match="unigram"):
        model.predict(Query(career(), 2000))
    (tmp_path / "away").rename(tmp_path / "unigram")
    query = Query(CareerHistory("w", dataset="NLSY97"), 2000)
    parts = [load_model(name).predict(query).probs for name in names]
    np.testing.assert_allclose(model.predict(query).probs, 0.25 * parts[0] + 0.75 * parts[1])


def test_an_ensemble_of_ensembles_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "loop"
    own = small.card_of(ModelKind.ENSEMBLE, occ1990dd())
    weights = {POOLED: np.array([0.5, 0.5])}
    small.saved(EnsembleModel(own, occ1990dd(), ["markov", str(folder)], weights), folder)
    with pytest.raises(ModelError, match="itself an ensemble"):
        load_model(str(folder)).predict(Query(career(), 2000))


# ── Files ────────────────────────────────────────────────────────────────────

KINDS = [
    *(small.unigram, small.second_order, small.logit, small.bag_of_jobs),
    *(small.embedding_logit, small.stay_move, small.ensemble),
]


@pytest.mark.parametrize("build", KINDS, ids=lambda build: build.__name__)
def test_saved_and_loaded_it_answers_the_same(build, tmp_path: Path, monkeypatch) -> None:
    model = build()
    folder = small.saved(model, tmp_path / "model")
    loaded = type(model).load(folder, model.card, model.taxonomy)
    if getattr(model, "_given", None) is not None:
        monkeypatch.setattr(loaded, "_given", model._given)
    for worker in small.VALID[:5]:
        np.testing.assert_allclose(
            loaded.log_likelihoods(worker), model.log_likelihoods(worker), atol=1e-6
        )


@pytest.mark.parametrize("build", KINDS, ids=lambda build: build.__name__)
def test_a_damaged_file_is_refused(build, tmp_path: Path) -> None:
    model = build()
    folder = small.saved(model, tmp_path / "model")
    (folder / "model.safetensors").write_bytes(b"not safetensors")
    with pytest.raises(ValueError, match=r"model\.safetensors"):
        type(model).load(folder, model.card, model.taxonomy)


def test_storage_loads_a_baseline_by_its_kind(tmp_path: Path) -> None:
    folder = small.saved(real(small.unigram()), tmp_path / "unigram")
    model = load_model(str(folder))
    assert isinstance(model, UnigramModel)
    write_card(folder, replace(model.card, kind=ModelKind.SECOND_ORDER))
    with pytest.raises(ModelError, match="cannot be loaded"):
        load_model(str(folder))
