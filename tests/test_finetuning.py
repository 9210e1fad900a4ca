"""Fine-tuning a base end to end: full, LoRA, 8 bits, 4 bits; alone and in two processes."""

import json
import math
import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from occu_core.careers import Query
from occu_core.data.career_table import Split
from occu_core.models.model_files import check_files
from occu_core.models.storage import load_model, model_folder, read_card
from occu_core.occupations import occ1990dd
from tests.conftest import ROOT
from tests.made_up_survey import write_survey
from tests.small_language_models import TOKENIZERS, long_career, small_model
from train.checkpoints import learning
from train.data import load_split
from train.estimate_finetuning import Question
from train.estimate_finetuning import main as estimate
from train.finetune_language_model import main
from train.finetuning_costs import Shape, Way, activation_bytes, weight_bytes
from train.finetuning_data import FinetuningData, sample
from train.finetuning_settings import FinetuneSettings
from train.measure_finetuning import kept_bytes
from train.packing import can_pack
from train.tuning import Adapter, Base, Tuning, load_base, make_tunable, narrow

LORA = Adapter(4, 8.0, 0.0)


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    return write_survey(tmp_path_factory.mktemp("survey") / "survey.csv")


def settings_for(table, out, tuning, **changed):
    """A short run that learns fast."""
    usual = {
        "epochs": 3,
        "patience": 9,
        "pack_tokens": 256,
        "packs_a_step": 2,
        "learning_rate_full": 2e-3,
        "learning_rate_adapter": 5e-3,
        "rank": 4,
        "alpha": 8.0,
        "bf16": False,
    }
    return FinetuneSettings(
        **{"base": "language_model", "tables": (str(table),), "tuning": tuning, "out": out}
        | usual
        | changed
    )


@pytest.mark.parametrize("tuning", Tuning)
def test_each_way_of_tuning_learns_and_its_result_predicts(tuning, table, tmp_path):
    settings = settings_for(table, tmp_path / "mine", tuning.value)
    main(settings)
    best = tmp_path / "mine" / "best"
    check_files(best)
    assert (best / "adapter_config.json").exists() == (tuning is not Tuning.FULL)
    model = load_model(str(best))
    assert (model.scorer.model.adapter is None) == (tuning is Tuning.FULL)
    found = model.predict(Query(long_career(occ1990dd(), 3), 2001, None))
    assert found.probs.sum() == pytest.approx(1)
    assert 0.5 < found.coverage <= 1
    log = [json.loads(line) for line in (tmp_path / "mine/log.jsonl").read_text().splitlines()]
    scores = [entry["score"] for entry in log if "score" in entry]
    assert min(scores) < scores_before(table) * 0.9
    measured = {m.years: m.perplexity_raw for m in read_card(best).metrics}
    exact = tuning in {Tuning.FULL, Tuning.LORA}
    assert measured["all"] == pytest.approx(min(scores), rel=1e-3 if exact else 0.05)


def scores_before(table):
    """Title perplexity of the base itself on valid."""
    valid = load_split((str(table),), Split.VALID)
    model = load_model("language_model")
    nats = np.concatenate([model.log_likelihoods(career) for career in valid])
    return math.exp(-nats.mean())


@pytest.mark.parametrize("tuning", [t for t in Tuning if t.quantised])
def test_scoring_on_valid_does_not_stop_a_quantised_base_from_learning(tuning):
    base = Base.find("language_model")
    network = load_base(base, tuning, torch.device("cpu"), bf16=False)
    model = make_tunable(network, base, tuning, LORA, save_memory=False)
    tokens = torch.arange(5, 25)[None]
    gradients = []
    for _ in range(2):
        model.train()
        model.zero_grad()
        model(input_ids=tokens, labels=tokens).loss.backward()
        gradients.append([w.grad.clone() for w in learning(model).values()])
        model.eval()
        with torch.no_grad():
            model(input_ids=tokens)
    assert sum(gradient.abs().sum() for gradient in gradients[0]) > 0
    for before, after in zip(*gradients, strict=True):
        torch.testing.assert_close(before, after)


@pytest.mark.parametrize("tuning", Tuning)
def test_only_what_should_learn_learns(tuning):
    base = Base.find("language_model")
    network = load_base(base, tuning, torch.device("cpu"), bf16=True)
    model = make_tunable(network, base, tuning, LORA, save_memory=True)
    names = learning(model)
    assert all(weights.dtype == torch.float32 for weights in names.values())
    if tuning is Tuning.FULL:
        assert len(names) == len(list(model.parameters()))
    else:
        assert all("lora_" in name for name in names)
        assert len(names) == 2 * 7 * 4  # two matrices for each of seven layers in four blocks


def test_keeping_no_activations_changes_no_gradient():
    base = Base.find("language_model")
    tokens = torch.arange(5, 25)[None]
    found = []
    for save_memory in (False, True):
        torch.manual_seed(1)
        network = load_base(base, Tuning.LORA, torch.device("cpu"), bf16=False)
        model = make_tunable(network, base, Tuning.LORA, LORA, save_memory=save_memory)
        model.train()
        model(input_ids=tokens, labels=tokens).loss.backward()
        found.append([weights.grad for weights in learning(model).values()])
    for kept, computed_again in zip(*found, strict=True):
        torch.testing.assert_close(kept, computed_again)


def make_base(folder, tokenizer, architecture="llama", dtype=torch.float32):
    """A base nobody trained, with any tokenizer."""
    fast = TOKENIZERS[tokenizer]()
    small_model(architecture, len(fast)).to(dtype).save_pretrained(folder)
    fast.save_pretrained(folder)
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("loss", ["titles", "all"])
@pytest.mark.parametrize(
    ("tokenizer", "architecture"),
    [("merging", "llama"), ("sentencepiece-like", "gpt2"), ("byte level", "bloom")],
)
def test_any_tokenizer_and_architecture_can_be_tuned(
    tokenizer, architecture, loss, table, tmp_path
):
    folder = make_base(tmp_path / "base", tokenizer, architecture)
    main(
        settings_for(
            *(table, tmp_path / "mine", "lora"),
            **{"base": str(folder), "loss": loss, "epochs": 2, "measured_workers": 1},
        )
    )
    log = [json.loads(line) for line in (tmp_path / "mine/log.jsonl").read_text().splitlines()]
    scores = [entry["score"] for entry in log if "score" in entry]
    assert scores[1] < scores[0]
    model = load_model(str(tmp_path / "mine" / "best"))
    query = Query(long_career(occ1990dd(), 2), 2001, None)
    assert model.predict(query).probs.sum() == pytest.approx(1)


def test_a_whole_model_is_kept_in_its_bases_own_number_format(tmp_path):
    base = Base.find(str(make_base(tmp_path / "base", "byte level", dtype=torch.bfloat16)))
    network = load_base(base, Tuning.FULL, torch.device("cpu"), bf16=False)
    assert network.dtype == torch.float32
    network.save_pretrained(tmp_path / "best")
    TOKENIZERS["byte level"]().save_pretrained(tmp_path / "best")
    narrow(tmp_path / "best", base)
    kept = load_file(tmp_path / "best/model.safetensors")
    assert {weights.dtype for weights in kept.values()} == {torch.bfloat16}
    assert json.loads((tmp_path / "best/config.json").read_text())["dtype"] == "bfloat16"


def tuned_in(processes, launcher, table, out):
    """The adapter after a run in so many processes."""
    out.mkdir()
    settings = out / "settings.toml"
    settings.write_text(
        f'base = "language_model"\ntables = ["{table}"]\nout = "{out}/run"\nepochs = 2\n'
        "bf16 = false\npack_tokens = 256\npacks_a_step = 4\nmeasured_workers = 1\n"
        "adapter_dropout = 0.2\nhidden_share = 0.3\nlearning_rate_adapter = 1e-3\n"
    )
    environment = os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"}
    command = [sys.executable, *launcher, "-m", "train.finetune_language_model"]
    ran = subprocess.run(
        [*command, str(settings)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert f"over {processes} process" in ran.stdout
    assert ran.stdout.count("saved in") == 1
    log = [json.loads(line) for line in (out / "run/log.jsonl").read_text().splitlines()]
    return load_file(out / "run/best/adapter_model.safetensors"), log


LAUNCHERS = {
    "torchrun": ["-m", "torch.distributed.run", "--nproc-per-node", "2", "--master-port", "29731"],
    "accelerate": [
        *("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2"),
        *("--num_machines", "1"),
        *("--mixed_precision", "no", "--dynamo_backend", "no", "--main_process_port", "29732"),
    ],
}


@pytest.fixture(scope="module")
def in_one(table, tmp_path_factory):
    return tuned_in(1, [], table, tmp_path_factory.mktemp("processes") / "one")


@pytest.mark.slow
@pytest.mark.parametrize("launcher", LAUNCHERS)
def test_two_processes_learn_what_one_learns(launcher, in_one, table, tmp_path):
    adapter, log = tuned_in(2, LAUNCHERS[launcher], table, tmp_path / "two")
    expected, expected_log = in_one
    scores, expected_scores = (
        [entry["score"] for entry in lines if "score" in entry] for lines in (log, expected_log)
    )
    assert scores == pytest.approx(expected_scores, rel=1e-4)
    for name, weights in expected.items():
        assert weights.norm() > 0
        assert (adapter[name] - weights).norm() < 0.01 * weights.norm(), name


def test_the_same_epoch_has_the_same_steps_and_another_has_others(table):
    from occu_core.models.tokens import ResumeTokenizer
    from occu_core.templates import TextTemplate
    from train.resume_spans import ResumeReader
    from train.tuning import load_tokenizer

    settings = settings_for(table, "nowhere", "lora", hidden_share=0.3)
    tokenizer = load_tokenizer(Base.find("language_model"))
    reader = ResumeReader(
        ResumeTokenizer(tokenizer, TextTemplate(), occ1990dd()), occ1990dd(), to_end=False
    )
    data = FinetuningData(settings, reader, packed=True, most_tokens=2048)
    train = load_split(settings.tables, Split.TRAIN)
    texts = [
        [pack.tokens.tolist() for step in data.steps(train, epoch) for pack in step]
        for epoch in (0, 0, 1)
    ]
    assert texts[0] == texts[1] != texts[2]
    with pytest.raises(SystemExit, match="language_model reads at most 20"):
        replace(data, most_tokens=20).steps(train, 0)


def test_a_sample_of_workers_is_always_the_same(table):
    careers = load_split((str(table),), Split.TRAIN)
    assert sample(careers, 999) == careers
    assert sample(careers, 5) == sample(careers, 5)
    assert len(sample(careers, 5)) == 5


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tuning": "half"}, "tuning is 'half'; expected one of full, lora, qlora-8bit"),
        ({"loss": "some"}, "loss is 'some'; expected one of titles, all"),
        ({"epochs": 0}, "epochs is 0; expected 1 or more"),
    ],
)
def test_settings_that_mean_nothing_are_refused_by_name(changed, message):
    with pytest.raises(SystemExit, match=message):
        FinetuneSettings(**{"base": "b", "tables": ("t",)} | changed)


def test_the_command_line_speaks_over_the_settings_file(table, tmp_path):
    run = subprocess.run(
        [sys.executable, "-m", "train.finetune_language_model", "--base", "x"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 2
    assert "without a settings file, give --tables" in run.stderr


def test_the_shipped_model_can_be_packed():
    base = Base.find(str(model_folder("language_model")))
    assert base.name == "language_model"
    network = load_base(base, Tuning.LORA, torch.device("cpu"), bf16=False)
    assert can_pack(network)


@pytest.mark.slow
@pytest.mark.parametrize("full", [True, False])
def test_the_formula_of_activations_holds_on_a_shape_it_was_not_fitted_to(full):
    shape = Shape(6, 192, 512, 500, 192)
    measured = kept_bytes(shape, 384, full=full, labels=16)
    tuning = Tuning.FULL if full else Tuning.LORA
    way = Way(tuning, 8, 384, 16 / 384, checkpointing=False, eight_bit_optimiser=False)
    assert measured == pytest.approx(activation_bytes(shape, way), rel=0.15)


@pytest.mark.parametrize("tuning", Tuning)
def test_the_formula_counts_every_weight_that_is_held(tuning):
    base = Base.find("language_model")
    network = load_base(base, tuning, torch.device("cpu"), bf16=True)
    shape = Shape(4, 192, 512, 2005, 192, tied=True)
    model = make_tunable(network, base, tuning, LORA, save_memory=False)
    held = sum(w.nbytes for w in {id(w): w for w in model.parameters()}.values())
    learned = sum(weights.numel() for weights in learning(model).values())
    full = tuning is Tuning.FULL
    assert learned == (shape.parameters if full else shape.adapter(LORA.rank))
    way = Way(tuning, LORA.rank, 1, 0.0, checkpointing=False, eight_bit_optimiser=False)
    copies = 2.0 * (shape.matrices if full else learned)  # made while multiplying
    assert held == pytest.approx(weight_bytes(shape, way) - copies, rel=0.03)


@pytest.mark.parametrize(
    ("billions", "layers", "width"), [(6.74, 32, 4096), (13.0, 40, 5120)], ids=["7B", "13B"]
)
def test_published_sizes_are_reckoned_as_their_published_shapes(billions, layers, width):
    # Llama 2 (Touvron et al. 2023), 7B and 13B.
    shape = Shape.of_size(billions * 1e9, 32_000)
    assert (shape.layers, shape.width) == (layers, width)
    assert shape.parameters == pytest.approx(billions * 1e9, rel=0.02)


def test_the_estimate_prints_memory_and_time(capsys):
    estimate(Question(6.7e9, Tuning.QLORA_4BIT, checkpointing=True))
    few = capsys.readouterr().out
    estimate(Question(6.7e9, Tuning.FULL, checkpointing=True))
    many = capsys.readouterr().out
    in_all = [float(text.split("in all")[1].split()[0]) for text in (few, many)]
    assert in_all[0] < 16
    assert in_all[1] > 80
    assert "32 layers, 4096 wide: 6.70 billion weights" in few
    assert "hours for 3 epochs" in few
