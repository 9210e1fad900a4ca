"""Scores of the whole list equal scoring each title alone, for every tokenizer and architecture."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.models.scoring import TitleScorer
from occu_core.models.storage import load_model
from occu_core.occupations import Occupation, UnknownOccupationError, occ1990dd
from occu_core.tops import TopOccupations
from tests.careers_at_random import TOY, careers
from tests.small_language_models import (
    ARCHITECTURES,
    TAKES_TREE_MASKS,
    TOKENIZERS,
    byte_level,
    language_model,
    long_career,
    merging,
)

TOLERANCE = 1e-4


@torch.inference_mode()
def one_title_at_a_time(model, query):
    """The plain definition: tokenise prompt and answer whole, run it, add the answer's tokens.

    The answer's tokens are those that the whole texts of all titles, and the prompt alone,
    do not begin with in common. Independent of the tree, the cache and the splitting code.
    """
    network, tokenizer = model.scorer.model, model.tokens.tokenizer
    prompt = model.template.prompt(query)
    texts = [prompt + model.template.completion(occupation) for occupation in model.taxonomy]
    end = tokenizer.eos_token_id
    encode = lambda text: [t for t in tokenizer(text)["input_ids"] if t != end or end == 0]  # noqa: E731
    alone, wholes = encode(prompt), [encode(text) for text in texts]
    start = 0
    while start < len(alone) and all(whole[start] == alone[start] for whole in wholes):
        start += 1
    scores = []
    for whole in wholes:
        logits = network(input_ids=torch.tensor([whole]), use_cache=False).logits[0]
        log_probs = logits.double().log_softmax(-1)
        scores.append(sum(log_probs[k - 1, whole[k]].item() for k in range(start, len(whole))))
    return np.array(scores)


def query_after(records, taxonomy):
    career = long_career(taxonomy, records)
    return Query(career, 1997 + records, None)


def assert_equal_to_one_at_a_time(model, query):
    expected = one_title_at_a_time(model, query)
    found = model.predict(query)
    assert np.abs(found.log_probs_raw - expected).max() < TOLERANCE
    assert 0 < found.coverage <= 1


@pytest.fixture(scope="module")
def shipped():
    return load_model("language_model")


@pytest.mark.parametrize("records", [0, 1, 9, 26])
def test_the_shipped_model_scores_each_title_as_if_alone(shipped, records):
    assert_equal_to_one_at_a_time(shipped, query_after(records, shipped.taxonomy))


@pytest.mark.slow
@pytest.mark.parametrize("records", range(27))
def test_the_shipped_model_agrees_at_every_history_length(shipped, records):
    assert_equal_to_one_at_a_time(shipped, query_after(records, shipped.taxonomy))


@pytest.mark.slow
@pytest.mark.parametrize("records", range(27))
def test_a_byte_level_tokenizer_agrees_at_every_history_length(records):
    model = language_model(byte_level())
    assert_equal_to_one_at_a_time(model, query_after(records, model.taxonomy))


@pytest.mark.parametrize("tokenizer", TOKENIZERS)
@pytest.mark.parametrize("records", [0, 2, 7])
def test_every_kind_of_tokenizer_agrees(tokenizer, records):
    model = language_model(TOKENIZERS[tokenizer](), TOY)
    assert_equal_to_one_at_a_time(model, query_after(records, TOY))


@pytest.mark.parametrize("architecture", ARCHITECTURES)
def test_every_kind_of_architecture_agrees(architecture):
    model = language_model(byte_level(), TOY, architecture)
    assert model.scorer.takes_tree_masks == (architecture in TAKES_TREE_MASKS)
    assert_equal_to_one_at_a_time(model, query_after(3, TOY))


def test_the_merging_tokenizer_does_merge_across_the_boundary():
    model = language_model(merging(), occ1990dd())
    query = query_after(2, model.taxonomy)
    split = model.tokens.split(query)
    assert model.tokens.separable is None
    assert len(split.context) < len(model.tokens.encode(model.template.prompt(query)))


def test_titles_that_begin_one_another_are_told_apart():
    model = language_model(byte_level(), TOY)
    query = Query(CareerHistory("w"), 2000)
    found = model.predict(query)
    both = found.log_probs_raw[TOY.position("1")], found.log_probs_raw[TOY.position("2")]
    assert np.abs(np.array(both) - one_title_at_a_time(model, query)[:2]).max() < TOLERANCE


def kinds():
    """A model of every architecture, and one with every tokenizer."""
    return [
        *(pytest.param(byte_level, kind, id=kind) for kind in ARCHITECTURES),
        *(pytest.param(TOKENIZERS[kind], "llama", id=kind) for kind in TOKENIZERS),
    ]


@pytest.mark.parametrize(("tokenizer", "architecture"), kinds())
def test_all_years_together_equal_one_year_at_a_time(tokenizer, architecture):
    model = language_model(tokenizer(), TOY, architecture)
    career = long_career(TOY, 9)
    asked = [model.predict(transition.query) for transition in career.transitions()]
    together = list(model.distributions(career))
    assert len(together) == 9
    for one, other in zip(asked, together, strict=True):
        assert np.abs(one.log_probs_raw - other.log_probs_raw).max() < 1e-5


@pytest.mark.parametrize(("tokenizer", "architecture"), kinds())
def test_what_happened_and_what_was_chosen_equal_the_whole_distributions(tokenizer, architecture):
    model = language_model(tokenizer(), TOY, architecture)
    career = long_career(TOY, 6)
    whole = np.array([found.log_probs_raw for found in model.distributions(career)])
    happened = [TOY.position(record.occupation.code) for record in career.records]
    chosen = np.array([[k % 6, 5, k % 6] for k in range(6)])
    assert np.abs(model.log_likelihoods(career) - whole[range(6), happened]).max() < 1e-5
    picked = np.take_along_axis(whole, chosen, axis=1)
    assert np.abs(model.log_probabilities(career, chosen) - picked).max() < 1e-5


class TokensRun:
    """How many tokens, and how many scores of tokens, each forward pass of a model had."""

    def __init__(self, model):
        self.tokens, self.scores = [], []
        network = model.scorer.model
        network.register_forward_pre_hook(self._before, with_kwargs=True)
        network.register_forward_hook(self._after)

    def _before(self, _, positional, named):
        self.tokens.append(named["input_ids"].numel())

    def _after(self, _, inputs, output):
        self.scores.append(output.logits.numel())


@pytest.mark.parametrize("budget", [1, 64, 150, 10**6])
@pytest.mark.parametrize("architecture", ["llama", "gemma2"])
def test_a_bound_on_the_tokens_of_a_pass_is_kept_and_changes_nothing(budget, architecture):
    model = language_model(byte_level(), TOY, architecture)
    career = long_career(TOY, 7)
    expected = [found.log_probs_raw for found in model.distributions(career)]
    model.scorer = TitleScorer(model=model.scorer.model, tokens_a_pass=budget)
    run = TokensRun(model)
    found = [found.log_probs_raw for found in model.distributions(career)]
    assert np.abs(np.array(found) - expected).max() < 1e-5
    text = len(model.tokens.resume(career).tokens)  # is always read whole
    row = 64 if architecture == "llama" else text + 12  # else the context with one title
    assert max(run.tokens) <= max(budget, row, text)
    assert (len(run.tokens) == 2) == (budget == 10**6 and architecture == "llama")


def test_a_large_vocabulary_bounds_the_scores_of_a_pass(monkeypatch):
    monkeypatch.setattr("occu_core.models.scoring._MOST_LOGITS", 64 * 256)
    model = language_model(byte_level(), TOY)
    run = TokensRun(model)
    list(model.distributions(long_career(TOY, 7)))
    assert max(run.scores) <= 64 * 256


def test_what_happened_is_scored_in_one_plain_pass_over_the_titles_alone():
    model = language_model(byte_level(), TOY)
    career = long_career(TOY, 7)
    resume, run = model.tokens.resume(career), TokensRun(model)
    model.log_likelihoods(career)
    assert run.tokens == [len(resume.tokens)]
    assert run.scores == [256 * sum(end - start for start, end in resume.answers)]


def assert_same_top(top, whole, k):
    """Ties may fall either way by rounding, so likelihoods are compared place by place."""
    expected = whole.top(k)
    raw = np.log([probability for _, probability in expected]) + np.log(whole.coverage)
    assert np.abs(top.log_probs_raw - raw).max() < 1e-5
    named = [whole.log_probs_raw[whole.taxonomy.position(o.code)] for o in top.occupations]
    assert np.abs(np.array(named) - raw).max() < 1e-5
    assert len(set(top.occupations)) == len(expected)
    low, high = top.coverage
    assert low - 1e-5 <= whole.coverage <= high + 1e-5
    for (least, most), (_, probability) in zip(top.probs(), expected, strict=True):
        assert least - 1e-5 <= probability <= most + 1e-5


@pytest.fixture(scope="module")
def untrained():
    return language_model(byte_level(), TOY)


@settings(max_examples=200, deadline=None)
@given(career=careers(most_records=4), k=st.integers(1, 8))
def test_the_likeliest_few_are_those_of_the_whole_list(untrained, career, k):
    query = Query(career, 2023)
    assert_same_top(untrained.top(query, k), untrained.predict(query), k)


@pytest.mark.parametrize(("tokenizer", "architecture"), kinds())
@pytest.mark.parametrize("k", [1, 3, 6, 9])
def test_the_likeliest_few_of_every_year_are_those_of_the_whole_lists(tokenizer, architecture, k):
    model = language_model(tokenizer(), TOY, architecture)
    career = long_career(TOY, 4)
    whole = list(model.distributions(career))
    for top, one in zip(model.tops(career, k), whole, strict=True):
        assert_same_top(top, one, k)


@pytest.mark.parametrize("k", [1, 10, 343, 400])
def test_the_shipped_models_likeliest_few_are_those_of_the_whole_list(shipped, k):
    career = long_career(shipped.taxonomy, 5)
    for top, whole in zip(shipped.tops(career, k), shipped.distributions(career), strict=True):
        assert_same_top(top, whole, k)
        assert (top.coverage[0] == top.coverage[1]) == (k >= 343)


def test_the_ten_likeliest_need_less_than_half_of_the_tokens(shipped):
    query = query_after(12, shipped.taxonomy)
    run = TokensRun(shipped)
    shipped.top(query, 10)
    some = sum(run.tokens)
    shipped.predict(query)
    assert some < (sum(run.tokens) - some) / 2


def test_equally_likely_titles_keep_taxonomy_order():
    model = language_model(byte_level(), TOY)
    with torch.no_grad():
        model.scorer.model.get_output_embeddings().weight.zero_()
    query = query_after(2, TOY)
    everything = model.predict(query).top(6)
    for k in range(1, 7):
        found = model.top(query, k)
        assert list(found.occupations) == [occupation for occupation, _ in everything[:k]]


def test_a_whole_distribution_gives_the_same_few(untrained):
    whole = untrained.predict(query_after(3, TOY))
    top = TopOccupations.of(whole, 4)
    assert list(top.occupations) == [occupation for occupation, _ in whole.top(4)]
    assert top.coverage == (whole.coverage, whole.coverage)
    for (least, most), (_, probability) in zip(top.probs(), whole.top(4), strict=True):
        assert least == most == pytest.approx(probability)


def test_an_unknown_occupation_is_refused_by_the_short_way_too(untrained):
    career = CareerHistory("w", (JobRecord(2000, Occupation("9999", "Lighthouse keepers", "")),))
    with pytest.raises(UnknownOccupationError, match="9999"):
        untrained.top(Query(career, 2001), 3)
    with pytest.raises(UnknownOccupationError, match="9999"):
        list(untrained.tops(career, 3))
