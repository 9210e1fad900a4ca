"""Scores of the whole list equal scoring each title alone, for every tokenizer and architecture."""

import numpy as np
import pytest
import torch

from occu_core.careers import CareerHistory, Query
from occu_core.models.storage import load_model
from occu_core.occupations import occ1990dd
from tests.careers_at_random import TOY
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
