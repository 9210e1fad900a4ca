"""Adapters on one base, bases in few bits, and threads that must not score with another's."""

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
import torch
from peft import LoraConfig, PromptTuningConfig, get_peft_model
from transformers import AutoModelForCausalLM, AutoTokenizer, LlamaConfig, LlamaForCausalLM

from occu_core.careers import Query
from occu_core.models.adapters import SharedBase, SharedModel
from occu_core.models.model_files import ModelError, Quantised
from occu_core.models.storage import load_model, model_folder, read_card, write_card
from occu_core.occupations import occ1990dd
from tests.small_language_models import long_career

BASE = "language_model"


def make_adapter(folder, seed, config=None, base=BASE, **settings):
    """An adapter of the shipped model with random weights that change its answers."""
    torch.manual_seed(seed)
    source = model_folder(BASE)
    network = AutoModelForCausalLM.from_pretrained(source, dtype=torch.float32)
    config = config or LoraConfig(
        r=4, target_modules="all-linear", init_lora_weights=False, task_type="CAUSAL_LM"
    )
    adapted = get_peft_model(network, config)
    adapted.peft_config["default"].base_model_name_or_path = base
    adapted.save_pretrained(folder, save_embedding_layers=False)
    AutoTokenizer.from_pretrained(source).save_pretrained(folder)
    write_card(folder, replace(read_card(source), name=folder.name, settings=settings, metrics=()))
    return folder


@pytest.fixture(scope="module")
def adapters(tmp_path_factory):
    """Two folders with adapters that answer differently."""
    folder = tmp_path_factory.mktemp("adapters")
    return [make_adapter(folder / f"adapter{seed}", seed) for seed in (1, 2)]


@pytest.fixture(scope="module")
def queries():
    return [Query(long_career(occ1990dd(), records), 2015, None) for records in (1, 3, 6)]


def answers(model, queries):
    return np.array([model.predict(query).log_probs_raw for query in queries])


def merged(folder):
    """The adapter's answers from weights added into the base: no switching, no sharing."""
    from peft import PeftModel

    from occu_core.models.language_model import LanguageModel

    network = AutoModelForCausalLM.from_pretrained(model_folder(BASE), dtype=torch.float32)
    network = PeftModel.from_pretrained(network, str(folder)).merge_and_unload()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    return LanguageModel(read_card(folder), occ1990dd(), network, tokenizer)


def test_adapters_share_one_base_and_answer_as_if_merged_into_it(adapters, queries):
    base = load_model(BASE)
    before = answers(base, queries)
    loaded = [load_model(str(folder)) for folder in adapters]
    assert len({id(model.scorer.model.base) for model in (base, *loaded)}) == 1
    for model, folder in zip(loaded, adapters, strict=True):
        assert model.scorer.takes_tree_masks
        np.testing.assert_allclose(
            answers(model, queries), answers(merged(folder), queries), atol=1e-3
        )
    assert np.abs(answers(loaded[0], queries) - answers(loaded[1], queries)).max() > 0.1
    np.testing.assert_array_equal(answers(base, queries), before)


def test_eight_threads_get_the_single_thread_numbers(adapters, queries):
    models = [load_model(BASE), *(load_model(str(folder)) for folder in adapters)]
    alone = [answers(model, queries) for model in models]
    together = [k % 3 for k in range(24)]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda k: answers(models[k], queries), together))
    for k, answer in zip(together, found, strict=True):
        np.testing.assert_array_equal(answer, alone[k])


def test_passes_with_the_same_weights_run_side_by_side(queries):
    model, met = load_model(BASE), threading.Barrier(2)

    def meet(*_):
        met.wait(20)  # breaks unless both are in a pass

    hook = model.scorer.model.base.model.register_forward_pre_hook(meet)
    try:
        with ThreadPoolExecutor(2) as threads:
            found = list(threads.map(lambda _: answers(model, queries[:1]), range(2)))
    finally:
        hook.remove()
    np.testing.assert_array_equal(found[0], found[1])


@pytest.mark.parametrize(("rope", "most"), [("default", 2), ("dynamic", 1)])
def test_a_model_that_a_pass_changes_runs_one_pass_at_a_time(rope, most):
    shape = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "vocab_size": 9}
    positions = {"rope_type": rope, "rope_theta": 10_000.0, "factor": 2.0}
    config = LlamaConfig(**shape, num_attention_heads=2, rope_parameters=positions)
    network, inside, seen = LlamaForCausalLM(config), [], []

    def enter(*_):
        inside.append(1)
        time.sleep(0.05)
        seen.append(len(inside))
        time.sleep(0.05)
        inside.pop()

    network.register_forward_pre_hook(enter)
    model = SharedModel(SharedBase(network), None)
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(lambda _: model(input_ids=torch.tensor([[1, 2]])), range(4)))
    assert max(seen) == most


def test_the_same_adapter_is_loaded_once_and_a_changed_one_again(tmp_path, queries):
    folder = make_adapter(tmp_path / "mine", 3)
    first, again = load_model(str(folder)), load_model(str(folder))
    assert first.scorer.model.adapter == again.scorer.model.adapter
    before = answers(first, queries)
    make_adapter(folder, 4)
    changed = load_model(str(folder))
    assert np.abs(answers(changed, queries) - before).max() > 0.1
    np.testing.assert_array_equal(answers(first, queries), before)


@pytest.mark.parametrize("bits", Quantised)
def test_few_bits_take_less_memory_and_answer_nearly_alike(bits, queries):
    full, small = load_model(BASE), load_model(BASE, quantised=bits)
    held = [model.scorer.model.get_memory_footprint() for model in (full, small)]
    assert held[1] < held[0] / 2
    apart = np.exp(answers(small, queries)) - np.exp(answers(full, queries))
    assert 0 < np.abs(apart).max() < 0.3
    assert np.exp(answers(small, queries)).sum(1) == pytest.approx(1, abs=0.02)


def test_the_card_says_in_how_few_bits_an_adapters_base_is_held(tmp_path, queries):
    folder = make_adapter(tmp_path / "mine", 5, quantised="8bit")
    model = load_model(str(folder))
    assert model.scorer.model.is_loaded_in_8bit
    full = load_model(str(make_adapter(tmp_path / "full", 5)))
    assert full.scorer.model.base is not model.scorer.model.base
    assert np.abs(answers(model, queries) - answers(full, queries)).max() > 0


def test_only_language_models_are_quantised():
    with pytest.raises(ModelError, match="only language models can be quantised"):
        load_model("markov", quantised=Quantised.EIGHT_BIT)


def test_a_missing_base_is_named(tmp_path):
    folder = make_adapter(tmp_path / "mine", 6, base=str(tmp_path / "gone"))
    with pytest.raises(ModelError, match=r"its base '.*gone' is not here"):
        load_model(str(folder))


def test_a_base_may_stand_beside_its_adapter(tmp_path, queries):
    folder = make_adapter(tmp_path / "mine", 1)
    for source in model_folder(BASE).iterdir():
        target = tmp_path / "base" / source.name
        target.parent.mkdir(exist_ok=True)
        target.write_bytes(source.read_bytes())
    settings = json.loads((folder / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = "../base"
    (folder / "adapter_config.json").write_text(json.dumps(settings))
    expected = answers(merged(folder), queries)
    np.testing.assert_allclose(answers(load_model(str(folder)), queries), expected, atol=1e-3)


def test_an_adapter_that_rewrites_the_prompt_is_refused(tmp_path):
    config = PromptTuningConfig(task_type="CAUSAL_LM", num_virtual_tokens=2)
    folder = make_adapter(tmp_path / "prompt", 1, config)
    with pytest.raises(ModelError, match="PROMPT_TUNING adapter"):
        load_model(str(folder))


def test_pickled_adapter_weights_are_not_read(tmp_path):
    folder = make_adapter(tmp_path / "mine", 1)
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(ModelError, match=r"has no adapter_model\.safetensors"):
        load_model(str(folder))
