"""Instruction tuning end to end on the processor: every way, kills, forms, bad input, serving."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from occu_core.assets import asset_path
from occu_core.models.model_files import check_files
from occu_core.occuquest.item_files import save_items
from occu_core.occuquest.items import Item, Message, Role
from occu_core.occuquest.sample import sample_items
from tests.conftest import ROOT
from tests.small_language_models import speaking_base

pytest.importorskip("trl", reason="instruction tuning needs trl: pip install -e .[dev]")

from train import finetune_instructions, make_servable
from train.finetune_instructions import main
from train.instruction_data import held_out, mix, problem_of, read_sources
from train.instruction_forms import PLAIN, example, set_form, write
from train.instruction_losses import losses_by_category
from train.instruction_settings import Form, InstructionSettings
from train.instruction_trainer import last_checkpoint, make_trainer
from train.processes import Processes
from train.settings import load_settings
from train.tuning import Base, Tuning, load_base, load_tokenizer

TAUGHT = ("Accounting", "Legal", "Retail")
HELD = "Real Estate"
ALWAYS = "The notary signs it."
CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m['role'] + '\n' + m['content'] + '</s>\n' }}"
    "{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


def said(*turns):
    roles = (Role.USER, Role.ASSISTANT)
    return Item(tuple(Message(roles[place % 2], turn) for place, turn in enumerate(turns)), "Legal")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = tmp_path_factory.mktemp("base")
    return speaking_base(folder, [m.content for i in sample_items() for m in i.messages])


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """The sample's items of four categories, in one file."""
    path = tmp_path_factory.mktemp("data") / "items.jsonl"
    save_items((item for item in sample_items() if item.category in (*TAUGHT, HELD)), path)
    return path


def settings_for(base, data, out, /, **changed):
    """A short run that learns fast."""
    usual = {
        "form": "plain",
        "tuning": "full",
        "hold_out": HELD,
        "held_out_share": 0.15,
        "measured_items": 4,
        "epochs": 2,
        "max_tokens": 256,
        "pack_tokens": 512,
        "packs_a_step": 2,
        "learning_rate_full": 5e-3,
        "learning_rate_adapter": 5e-3,
        "rank": 8,
        "bf16": False,
        "checkpoint_steps": 4,
    }
    return InstructionSettings(
        **{"base": str(base), "data": (str(data),), "out": out} | usual | changed
    )


@pytest.fixture(scope="module")
def taught(base, data, tmp_path_factory):
    """What a whole model learned, with a template of its own."""
    out = tmp_path_factory.mktemp("taught") / "run"
    main(settings_for(base, data, out))
    return out / "model"


def facts(folder):
    return json.loads((folder / "instructions.json").read_text())


def losses(folder, when):
    return {loss["category"]: loss["loss"] for loss in facts(folder)[when]}


@pytest.mark.slow
def test_a_whole_model_answers_every_category_better_even_one_it_never_saw(taught):
    check_files(taught)
    before, after = losses(taught, "before"), losses(taught, "after")
    assert set(after) == {*TAUGHT, HELD}
    assert all(after[name] < before[name] - 0.3 for name in after)
    assert facts(taught)["categories"] == dict.fromkeys(sorted(TAUGHT), 22)  # 26, four held out
    card = (taught / "README.md").read_text()
    assert "Real Estate (never trained on) | 0 |" in card
    assert f"{after['Legal']:.4f} | {after['Legal'] - before['Legal']:+.4f}" in card


@pytest.mark.slow
@pytest.mark.parametrize("tuning", [t for t in Tuning if t is not Tuning.FULL])
def test_an_adapter_in_16_8_or_4_bits_lowers_every_categorys_loss(tuning, base, data, tmp_path):
    out = tmp_path / "run"
    main(settings_for(base, data, out, tuning=tuning.value))
    model = out / "model"
    check_files(model)
    before, after = losses(model, "before"), losses(model, "after")
    assert all(after[name] < before[name] - 0.3 for name in (*TAUGHT, HELD)), (before, after)
    weights = load_file(model / "adapter_model.safetensors")
    assert all(torch.isfinite(w).all() for w in weights.values())
    config = json.loads((model / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == str(base.resolve())
    assert load_tokenizer(Base(str(model), "")).chat_template == PLAIN
    assert json.loads((model / "generation_config.json").read_text())["eos_token_id"] == [0]
    # trl measures the same losses, over the same tokens but averaged over packs
    tokens = facts(model)["after"]
    mean = sum(t["loss"] * t["tokens"] for t in tokens) / sum(t["tokens"] for t in tokens)
    assert facts(model)["epochs"][-1] == pytest.approx(mean, rel=0.02)


def launched(settings, *launcher, wait=True):
    """The script as a user starts it."""
    path = settings.out.with_suffix(".toml")
    given = {
        name: getattr(settings, name)
        for name in InstructionSettings.__dataclass_fields__
        if getattr(settings, name) != getattr(InstructionSettings("", ("",)), name)
    }
    path.write_text(
        "".join(
            f"{name} = {json.dumps(list(v) if isinstance(v, tuple) else v, default=str)}\n"
            for name, v in given.items()
        )
    )
    process = subprocess.Popen(
        [sys.executable, *launcher, "-m", "train.finetune_instructions", str(path)],
        cwd=ROOT,
        env=os.environ | {"OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    if not wait:
        return process
    out, problems = process.communicate(timeout=300)
    assert process.returncode == 0, problems[-3000:]
    return out


def adapter_of(out):
    return load_file(out / "model" / "adapter_model.safetensors")


@pytest.mark.slow
def test_a_killed_run_goes_on_to_what_an_unbroken_one_learns(taught, data, tmp_path):
    usual = {"tuning": "lora", "form": "chat", "adapter_dropout": 0.2, "checkpoint_steps": 2}
    whole = settings_for(taught, data, tmp_path / "whole", **usual)
    launched(whole)
    broken = settings_for(taught, data, tmp_path / "broken", **usual)
    process = launched(broken, wait=False)
    try:
        for _ in range(6000):
            if (stood := last_checkpoint(broken.out)) or process.poll() is not None:
                break
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
    finally:
        process.kill()
        process.communicate()
    assert stood is not None
    assert not (broken.out / "model").exists()
    torn = broken.out / "checkpoints" / "checkpoint-9999"  # killed again while writing this one
    torn.mkdir()
    (torn / "adapter_model.safetensors").write_bytes(b"half of")
    assert f"going on from {last_checkpoint(broken.out).name}" in launched(broken)
    assert not torn.exists()
    expected = adapter_of(whole.out)
    for name, weights in adapter_of(broken.out).items():
        torch.testing.assert_close(weights, expected[name], rtol=1e-5, atol=1e-6)
    assert losses(broken.out / "model", "before") == losses(whole.out / "model", "before")
    assert facts(broken.out / "model")["epochs"] == pytest.approx(
        facts(whole.out / "model")["epochs"]
    )
    with pytest.raises(SystemExit, match="holds a run with other settings or data"):
        main(replace(broken, epochs=3))


@pytest.mark.slow
def test_two_processes_learn_what_one_learns(taught, data, tmp_path):
    usual = {"tuning": "lora", "form": "chat", "adapter_dropout": 0.0, "epochs": 1}
    one = settings_for(taught, data, tmp_path / "one", **usual)
    two = settings_for(taught, data, tmp_path / "two", **usual)
    launched(one)
    launcher = ("-m", "accelerate.commands.launch", "--multi_gpu", "--num_processes", "2")
    rest = ("--num_machines", "1", "--mixed_precision", "no", "--dynamo_backend", "no")
    out = launched(two, *launcher, *rest, "--main_process_port", "29741")
    assert "2 process(es)" in out
    assert out.count("saved in") == 1
    found, expected = adapter_of(two.out), adapter_of(one.out)
    for name, weights in expected.items():
        assert (found[name] - weights).norm() < 0.02 * weights.norm(), name


@pytest.mark.slow
def test_an_adapter_can_be_gone_on_from_and_only_on_its_own_base(taught, base, data, tmp_path):
    first = settings_for(taught, data, tmp_path / "one", tuning="lora", form="chat", epochs=1)
    main(first)
    adapter = str(first.out / "model")
    second = replace(first, out=tmp_path / "two", adapter=adapter)
    main(second)
    after, before = losses(first.out / "model", "after"), losses(second.out / "model", "before")
    assert before == pytest.approx(after)
    with pytest.raises(SystemExit, match=f"{adapter} is for .*model .*, not for .*base"):
        main(replace(second, base=str(base), form="plain", out=tmp_path / "three"))
    with pytest.raises(SystemExit, match="is an adapter; give its base as `base`"):
        main(replace(second, base=adapter, out=tmp_path / "three"))


# Serving


@pytest.fixture(scope="module")
def served(taught, data, tmp_path_factory):
    """A running `transformers serve` with an adapter that was taught to always say the same."""
    out = tmp_path_factory.mktemp("served") / "run"
    same = out.with_suffix(".jsonl")
    save_items((said(item.question, ALWAYS) for item in sample_items()[:60]), same)
    fast = {"learning_rate_adapter": 2e-2, "packs_a_step": 1, "epochs": 3, "hold_out": ""}
    main(settings_for(taught, same, out, tuning="lora", form="chat", **fast))
    folder = out / "served"
    make_servable.main(make_servable.Question(out / "model", folder))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = out / "serve.log"
    command = Path(sys.executable).with_name("transformers")
    with log.open("w") as written:
        server = subprocess.Popen(
            [
                *(str(command), "serve", str(folder), "--device", "cpu"),
                *("--host", "127.0.0.1", "--port", str(port)),
            ],
            stdout=written,
            stderr=subprocess.STDOUT,
            env={**os.environ, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"},
        )
    try:
        for _ in range(600):
            assert server.poll() is None, log.read_text()
            with suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=1).close()
                break
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}/v1", folder, out / "model"
    finally:
        server.terminate()
        server.wait(30)


@pytest.mark.slow
def test_an_adapter_answers_the_openai_client_as_it_does_here(served, taught):
    from openai import OpenAI
    from peft import PeftModel

    pytest.importorskip("fastapi", reason="`transformers serve` needs fastapi")
    address, folder, adapter = served
    question = [{"role": "user", "content": sample_items()[70].question}]  # was not learned from
    with OpenAI(base_url=address, api_key="none", timeout=120) as client:
        reply = client.chat.completions.create(
            model=str(folder), messages=question, temperature=0, max_tokens=20, seed=1
        )
    tokenizer = load_tokenizer(Base(str(adapter), ""))
    base = load_base(Base(str(taught), ""), Tuning.LORA, torch.device("cpu"), bf16=False)
    asked = tokenizer.apply_chat_template(question, add_generation_prompt=True, return_tensors="pt")

    def answer_of(model):
        tokens = model.generate(**asked, do_sample=False, max_new_tokens=20)[0]
        return tokenizer.decode(tokens[asked["input_ids"].shape[1] :], skip_special_tokens=True)

    assert answer_of(base) != ALWAYS
    assert answer_of(PeftModel.from_pretrained(base, str(adapter))) == ALWAYS
    assert reply.usage.prompt_tokens == asked["input_ids"].shape[1]
    assert reply.choices[0].message.content == ALWAYS
    assert reply.choices[0].finish_reason == "stop"


@pytest.mark.slow
def test_a_merged_model_is_whole_and_scores_as_base_and_adapter(served, taught, tmp_path):
    _, _, adapter = served
    make_servable.main(make_servable.Question(adapter, tmp_path / "merged", merge=True))
    check_files(tmp_path / "merged")
    from peft import PeftModel

    cpu = torch.device("cpu")
    merged = load_base(Base(str(tmp_path / "merged"), ""), Tuning.FULL, cpu, bf16=False)
    base = load_base(Base(str(taught), ""), Tuning.LORA, cpu, bf16=False)
    tokens = torch.arange(5, 60)[None]
    with torch.no_grad():
        expected = PeftModel.from_pretrained(base, str(adapter))(input_ids=tokens).logits
        torch.testing.assert_close(merged(input_ids=tokens).logits, expected, rtol=0, atol=1e-4)
    with pytest.raises(SystemExit, match="is no adapter: a whole model is served as it is"):
        make_servable.main(make_servable.Question(tmp_path / "merged", tmp_path / "again"))


# Forms


@pytest.mark.parametrize("bos", [None, "<s>"])
def test_the_plain_form_is_written_as_by_hand(base, bos):
    from tokenizers.processors import TemplateProcessing

    tokenizer = load_tokenizer(Base(str(base), ""))
    if bos:
        tokenizer.add_special_tokens({"bos_token": bos})
        tokenizer.backend_tokenizer.post_processor = TemplateProcessing(
            single="<s> $A", special_tokens=[("<s>", tokenizer.bos_token_id)]
        )
    assert set_form(tokenizer, Form.PLAIN, "base") == tokenizer.eos_token_id
    item = Item(
        (
            Message(Role.SYSTEM, "Be brief. "),
            *said("A keel?", " Below.", "A mast?", "Above.\n").messages,
        )
    )
    written = write(tokenizer, item.messages)
    assert tokenizer.decode(written.tokens) == (bos or "") + (
        "<|system|>\nBe brief.\n<|user|>\nA keel?\n<|assistant|>\nBelow.</s>\n"
        "<|user|>\nA mast?\n<|assistant|>\nAbove.</s>"
    )
    spans = [tokenizer.decode(written.tokens[start:end]) for start, end in written.answers]
    assert spans == ["Below.</s>", "Above.</s>"]


@pytest.mark.parametrize("form", Form)
def test_what_is_learned_begins_with_the_very_tokens_of_the_prompt_it_will_be_asked(base, form):
    tokenizer = load_tokenizer(Base(str(base), ""))
    tokenizer.chat_template = CHATML
    set_form(tokenizer, form, "base")
    for item in sample_items()[::13]:
        written = write(tokenizer, item.messages)
        turns = [{"role": m.role.value, "content": m.content} for m in item.messages]
        whole = tokenizer.apply_chat_template(turns)
        assert whole["input_ids"] == list(written.tokens)
        answers = [k for k, m in enumerate(item.messages) if m.role is Role.ASSISTANT]
        for k, (start, end) in zip(answers, written.answers, strict=True):
            prompt = tokenizer.apply_chat_template(turns[:k], add_generation_prompt=True)
            assert prompt["input_ids"] == list(written.tokens[:start])
            answer = tokenizer.decode(written.tokens[start:end])
            assert answer == item.messages[k].content + "</s>"


@pytest.mark.parametrize(
    ("template", "eos", "form", "message"),
    [
        (None, "</s>", Form.CHAT, "base: has no chat template; give --form plain"),
        (None, None, Form.PLAIN, "base: has no end-of-text token"),
        ("{% for m in messages %}{{ m['content'] }} {% endfor %}", "</s>", Form.CHAT, "never stop"),
        ("{{ messages | length }}</s>", "</s>", Form.CHAT, "rewrites a turn.*give --form plain"),
        ("{{ raise_exception('no dialogues') }}", "</s>", Form.CHAT, "refuses.*no dialogues"),
    ],
)
def test_a_base_that_cannot_be_asked_is_refused_with_the_way_out(
    template, eos, form, message, base
):
    tokenizer = load_tokenizer(Base(str(base), ""))
    tokenizer.chat_template, tokenizer.eos_token = template, eos
    with pytest.raises(SystemExit, match=message):
        set_form(tokenizer, form, "base")


def test_a_long_item_is_cut_and_says_so_and_one_whose_answer_is_cut_off_is_left_out(base):
    tokenizer = load_tokenizer(Base(str(base), ""))
    set_form(tokenizer, Form.PLAIN, "base")
    item = said("Why?", "Because of the keel, the mast and the sails.")
    written = write(tokenizer, item.messages)
    ((start, end),) = written.answers
    assert end == len(written.tokens)
    cut = example(tokenizer, item, "Legal", start + 3)
    assert cut.written.tokens == written.tokens[: start + 3]
    assert (cut.cut, cut.answered) == (end - start - 3, 3)
    assert example(tokenizer, item, "Legal", start) is None
    assert example(tokenizer, item, "Legal", end).cut == 0


# Data


def test_side_by_side_or_below_each_other_answers_are_as_likely(base):
    tokenizer = load_tokenizer(Base(str(base), ""))
    set_form(tokenizer, Form.PLAIN, "base")
    model = load_base(Base(str(base), ""), Tuning.FULL, torch.device("cpu"), bf16=False)
    some = [example(tokenizer, item, item.category, 300) for item in sample_items()[:60:6]]
    found = [
        losses_by_category(model, some, Processes(), pack_tokens=700, packed=packed, bf16=False)
        for packed in (True, False)
    ]
    for one, other in zip(*found, strict=True):
        assert (one.category, one.items, one.tokens) == (other.category, other.items, other.tokens)
        assert one.loss == pytest.approx(other.loss, rel=1e-5)
    # by hand, one token at a time
    written = some[0].written
    with torch.no_grad():
        scores = model(input_ids=torch.tensor([written.tokens])).logits[0].log_softmax(-1)
    ((start, end),) = written.answers
    nats = -sum(scores[k - 1, written.tokens[k]].item() for k in range(start, end))
    (alone,) = losses_by_category(
        model, some[:1], Processes(), pack_tokens=700, packed=True, bf16=False
    )
    assert alone.loss == pytest.approx(nats / (end - start), rel=1e-5)


def test_the_trainer_is_given_the_tokens_of_answers_and_no_others_to_learn(base, data, tmp_path):
    tokenizer = load_tokenizer(Base(str(base), ""))
    set_form(tokenizer, Form.PLAIN, "base")
    model = load_base(Base(str(base), ""), Tuning.FULL, torch.device("cpu"), bf16=False)
    some = [example(tokenizer, said("Why?", "Because."), "Legal", 300) for _ in range(3)]
    parts = (settings_for(base, data, tmp_path), model, tokenizer, some, [], Processes())
    (pack,) = make_trainer(*parts, packed=True).train_dataset
    assert pack["seq_lengths"] == [len(some[0].written.tokens)] * 3
    learned = [label for label in pack["labels"] if label != -100]
    assert tokenizer.decode(learned) == "Because.</s>" * 3
    kept = zip(pack["input_ids"], pack["labels"], strict=True)
    assert all(label in (token, -100) for token, label in kept)


@pytest.mark.parametrize(
    ("roles", "problem"),
    [
        ("ua", None),
        ("suaua", None),
        ("u", "message 1 of the user has no answer"),
        ("uau", "message 3 of the user has no answer"),
        ("au", "message 1 is of the assistant; expected the user"),
        ("uaa", "message 3 is of the assistant; expected the user"),
        ("uua", "message 2 is of the user; expected the assistant"),
        ("usa", "message 2 is of the system; expected the assistant"),
        ("ssua", "message 2 is of the system; expected the user"),
    ],
)
def test_roles_out_of_order_are_named(roles, problem):
    kinds = {"u": Role.USER, "a": Role.ASSISTANT, "s": Role.SYSTEM}
    found = problem_of(Item(tuple(Message(kinds[role], "x") for role in roles)))
    assert found == problem or (problem and found.startswith(problem))


def row(*roles):
    return json.dumps({"messages": [{"role": r, "content": f"text {r}"} for r in roles]}) + "\n"


def test_bad_rows_stop_a_run_before_a_weight_is_read_or_are_left_out_and_counted(
    base, tmp_path, monkeypatch, capsys
):
    path = tmp_path / "mixed.jsonl"
    good = "".join(
        row("user", "assistant").replace("text", f"text {number}") for number in range(5)
    )
    path.write_text(good + row("user") + "not json\n" + row("assistant", "user") + good[:0] + good)

    def too_late(*_, **__):
        raise AssertionError("weights are read")

    monkeypatch.setattr(finetune_instructions, "load_base", too_late)
    settings = settings_for(base, path, tmp_path / "out", hold_out="")
    with pytest.raises(SystemExit) as refused:
        main(settings)
    lines = str(refused.value).splitlines()
    assert lines[0] == "data: 3 rows cannot be learned from:"
    assert [line.partition(": ")[0] for line in lines[1:4]] == [
        f"mixed.jsonl row {number}" for number in (6, 7, 8)
    ]
    assert lines[-1].endswith("--skip-bad")
    (source,) = read_sources(replace(settings, skip_bad=True))
    assert (len(source.items), source.repeats, source.bad.count) == (5, 5, 3)
    with pytest.raises(AssertionError, match="weights are read"):
        main(replace(settings, skip_bad=True))
    assert "5 repeats, 3 bad rows" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"data": ("nowhere.jsonl",)}, "there is no such file"),
        ({"data": ("occuquest:tests",)}, "expected one of train, dialog"),
        ({"base": "no/such/base"}, "no/such/base: is no base that can be read"),
        ({"form": "chat"}, "has no chat template; give --form plain"),
        ({"max_tokens": 4096, "pack_tokens": 4096}, "reads at most 2,048 tokens; lower max_tokens"),
        ({"hold_out": "Sailing"}, "hold_out is 'Sailing'; expected one of .*Accounting"),
        ({"adapter": "nowhere", "tuning": "lora"}, "nowhere holds no adapter_config.json"),
        ({"max_tokens": 8}, "nothing is left to learn from"),
    ],
)
def test_what_cannot_be_run_is_refused_before_a_weight_is_read(
    changed, message, base, data, tmp_path, monkeypatch
):
    monkeypatch.setattr(finetune_instructions, "load_base", None)
    with pytest.raises(SystemExit, match=message):
        main(settings_for(base, data, tmp_path / "out", **changed))


def test_a_base_too_large_for_memory_or_disk_is_refused_before_a_weight_is_read(
    base, data, tmp_path
):
    # A base of 600 billion weights, told by its settings alone: there is nothing to read.
    config = json.loads((base / "config.json").read_text())
    config |= {"hidden_size": 24_576, "intermediate_size": 65_536, "num_hidden_layers": 96}
    for name in ("tokenizer.json", "tokenizer_config.json"):
        (tmp_path / name).write_text((base / name).read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"head_dim": 12_288}))
    settings = settings_for(tmp_path, data, tmp_path / "out", tuning="full")
    with pytest.raises(SystemExit, match=r"memory: .* GB are free\. Needs less: tuning = qlora"):
        main(settings)
    with pytest.raises(SystemExit, match=r"disk: .* need .* GB; .* has .* GB free"):
        main(replace(settings, check_memory=False))


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"tuning": "half"}, "tuning is 'half'; expected one of full, lora"),
        ({"form": "poem"}, "form is 'poem'; expected one of chat, plain"),
        ({"data": ()}, "data is empty"),
        ({"weights": (1.0, 2.0)}, "weights has 2 numbers for 1 of data"),
        ({"weights": (0.0,)}, "expected numbers above 0"),
        ({"max_tokens": 4000}, r"max_tokens is 4000; expected 8 to pack_tokens \(2048\)"),
        ({"held_out_share": 1.0}, "held_out_share is 1.0; expected 0 or more, and less than 1"),
        ({"epochs": 0}, "epochs is 0; expected 1 or more"),
        ({"adapter": "a", "tuning": "full"}, "adapter is given, but tuning is full"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_by_name(changed, message):
    with pytest.raises(SystemExit, match=message):
        InstructionSettings(**{"base": "b", "data": ("d",)} | changed)


def test_an_item_that_holds_a_mark_of_the_tokenizer_is_left_out(base):
    from train.instruction_forms import holds_special

    tokenizer = load_tokenizer(Base(str(base), ""))
    assert holds_special(tokenizer, said("What is </s> for?", "An end."))
    assert not holds_special(tokenizer, said("What is an end?", "A mark."))


def test_parts_are_mixed_in_the_proportion_of_their_weights():
    parts = (["a", "b"], list("stuvwxyz"))
    assert mix(parts, (), seed=1) == [*"ab", *"stuvwxyz"]
    mixed = mix(parts, (1.0, 1.0), seed=1)  # five of each: 2·2 + 1, and five of eight
    assert sorted(mixed[:4]) == ["a", "a", "b", "b"]
    assert mixed[4] in "ab"
    assert len(mixed) == 10
    assert len(set(mixed[5:])) == 5
    assert mix(parts, (1.0, 1.0), seed=1) == mixed != mix(parts, (1.0, 1.0), seed=2)


def test_the_same_items_are_held_out_whatever_stands_around_them(data, tmp_path):
    settings = settings_for("base", data, tmp_path, measured_items=99)
    (source,) = read_sources(settings)
    learned, measured = held_out(source, settings)
    assert not {item.item_id for item in learned} & {item.item_id for item in measured}
    assert len(learned) + len(measured) == len(source.items) == 4 * 26
    by_category = [item.category for item in measured]
    assert {name: by_category.count(name) for name in set(by_category)} == {
        **dict.fromkeys(TAUGHT, 4),  # 0.15 · 26 = 3.9
        HELD: 26,
    }
    turned = replace(source, items=source.items[::-1])
    assert {i.item_id for i in held_out(turned, settings)[1]} == {i.item_id for i in measured}
    other = held_out(source, replace(settings, seed=2))[1]
    assert {i.item_id for i in other} != {i.item_id for i in measured}


@pytest.mark.parametrize("recipe", ["occullama", "prollama"])
def test_each_recipe_is_read_and_holds_out_what_the_paper_held_out(recipe):
    settings = load_settings(InstructionSettings, ROOT / "train/settings" / f"{recipe}.toml")
    assert settings.hold_out == "Real Estate"
    assert settings.form == "plain"
    assert len(settings.weights) in (0, len(settings.data))


def test_the_sample_has_the_category_that_the_recipes_hold_out():
    assert HELD in {item.category for item in sample_items()}
    assert asset_path("occuquest", "sample", "real_estate.jsonl").is_file()


@pytest.mark.slow
def test_the_command_line_speaks_over_the_settings_file_and_may_bring_its_base(tmp_path):
    path = tmp_path / "tuning.toml"
    path.write_text('data = ["a.jsonl", "b.jsonl"]\nweights = [0.5, 0.5]\n')
    command = [sys.executable, "-m", "train.finetune_instructions", str(path)]
    runs = [
        subprocess.run(
            [*command, *more],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"HF_HUB_OFFLINE": "1"},
        )
        for more in (["--base", str(tmp_path)], [])
    ]
    assert f"{tmp_path}: is no base that can be read" in runs[0].stderr
    assert "names no base or no data" in runs[1].stderr
