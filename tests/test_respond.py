"""Answers to a file of questions, by models on this computer and by servers."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from contextlib import closing

import numpy as np
import pytest
import torch
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer, GenerationConfig
from typer.testing import CliRunner

from occu_core.answering.answer_files import SystemAnswer, answers_text
from occu_core.answering.decoding import Drawn
from occu_core.answering.local_model import LocalModel
from occu_core.answering.prompting import PromptError, PromptForm, plain_text, prompt_tokens
from occu_core.answering.questions import QuestionsError, asked, load_questions, with_system
from occu_core.answering.responding import fingerprint
from occu_core.answering.sources import (
    LocalSource,
    ServerSource,
    SourceError,
    Writing,
    configured,
    local_source,
)
from occu_core.cli import app
from occu_core.endpoints import Reply, Turn
from occu_core.models.model_files import ModelError, Quantised
from occu_core.pairwise.study_files import load_study_files, read_study_files
from tests.conftest import ROOT
from tests.misbehaving_server import DOWN, KEY, MODEL, TOKENS_IN, TOKENS_OUT, MisbehavingServer
from tests.small_answer_models import TEMPLATE, save_adapter, save_base
from tests.small_language_models import sentencepiece_like

HOSTILE = '<script>alert(1)</script>\n| "; DROP TABLE replies; -- \u202e\x07 =cmd()'
ASKED = ["Why does a weld crack?", "How long does dough rest?", "Who signs the lease?", HOSTILE]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A base without a template, one with, and two adapters of the first."""
    folder = tmp_path_factory.mktemp("models")
    base = save_base(folder / "base")
    return {
        "base": base,
        "chat": save_base(folder / "chat", template=TEMPLATE),
        "tuned": save_adapter(folder / "tuned", base),
        "other": save_adapter(folder / "other", base, seed=2),
    }


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("OCCU_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.delenv("OCCU_ANSWER_MODELS", raising=False)


@pytest.fixture
def questions(tmp_path):
    return saved(tmp_path / "questions.jsonl", [{"question": text} for text in ASKED])


def saved(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def loaded(folder, name="any"):
    return LocalModel.load(LocalSource(name, str(folder)))


def occu(*words):
    return CliRunner().invoke(app, [str(word) for word in words])


def respond(questions, out, model, *words):
    return occu("respond", questions, "--model", model, "--out", out, "--max-tokens", 12, *words)


def at_server(questions, out, server, *words):
    money = ("--price-in", 1, "--price-out", 2, "--key-variable", "TEST_KEY")
    return respond(questions, out, f"{server.url}#{MODEL}", *money, *words)


def rows_of(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def greedy_by_hand(network, tokens, count, end):
    """The likeliest token again and again, everything read anew each time."""
    tokens = list(tokens)
    for _ in range(count):
        with torch.inference_mode():
            best = int(network(input_ids=torch.tensor([tokens])).logits[0, -1].argmax())
        if best == end:
            break
        tokens.append(best)
    return tokens


# Questions


def test_a_question_gets_the_id_that_a_study_would_give_it():
    (question,) = read_study_files(
        [("a.jsonl", b'{"question": "Why?", "responses": {"a": "x", "b": "y"}}')]
    )
    assert asked("Why?").question_id == question.question_id


def test_rows_without_a_question_and_repeated_ids_are_all_named(tmp_path):
    rows = [
        {"question_id": "a", "question": "Why?"},
        {"question_id": "b"},
        {"question_id": "c", "question": "  "},
        {"question_id": "a", "question": "How?"},
    ]
    path = saved(tmp_path / "q.jsonl", rows)
    with path.open("a") as file:
        file.write("{broken\n")
    with pytest.raises(QuestionsError) as error:
        load_questions(path)
    assert [line.partition(":")[0] for line in str(error.value).splitlines()] == [
        *("q.jsonl row 2", "q.jsonl row 3", "q.jsonl row 4", "q.jsonl row 5")
    ]
    assert "question_id 'a' stands at row 1 too" in str(error.value)


def test_the_longest_question_is_taken_and_a_longer_one_refused(tmp_path):
    (most,) = load_questions(saved(tmp_path / "q.jsonl", [{"question": "x" * 100_000}]))
    assert len(most.text) == 100_000
    with pytest.raises(QuestionsError, match="has 100,001 characters"):
        load_questions(saved(tmp_path / "q.jsonl", [{"question": "x" * 100_001}]))


def test_a_character_that_no_study_takes_is_refused_in_questions_and_left_out_of_answers(tmp_path):
    with pytest.raises(QuestionsError, match="holds a NUL character"):
        load_questions(saved(tmp_path / "q.jsonl", [{"question": "Wh\0y?"}]))
    said = Reply("Be\0cause.", "m", 1, 1, 0.0, False, "")
    answers = [SystemAnswer(asked("Why?"), name, said, "form") for name in ("a", "b")]
    (question,) = read_study_files([("a.jsonl", answers_text(answers).encode())])
    assert [one.text for one in question.responses] == ["Because.", "Because."]


def test_a_dialogue_is_asked_up_to_the_last_words_of_the_user(tmp_path):
    said = [("user", "Hi"), ("assistant", "Yes?"), ("user", "Why?"), ("assistant", "Because.")]
    messages = [{"role": role, "content": content} for role, content in said]
    row = {"messages": messages, "category": "Legal", "occupation": "Judge", "id": 7}
    (question,) = load_questions(saved(tmp_path / "q.jsonl", [row]))
    assert question.question_id == "7"
    assert [turn.content for turn in question.turns] == ["Hi", "Yes?", "Why?"]
    assert question.text == "User: Hi\n\nAssistant: Yes?\n\nUser: Why?"
    assert dict(question.kept) == {"category": "Legal", "occupation": "Judge"}


def test_words_to_the_system_come_first_and_are_not_shown():
    (question,) = with_system([asked("Why?")], "Be brief.")
    assert [turn.role for turn in question.turns] == ["system", "user"]
    assert question.text == "Why?"


# Prompts


def test_the_plain_form_by_hand():
    turns = [Turn("user", "Hi"), Turn("assistant", "Yes?"), Turn("user", "Why?")]
    assert plain_text(turns) == (
        "<|user|>\nHi\n<|assistant|>\nYes?</s>\n<|user|>\nWhy?\n<|assistant|>\n"
    )


def test_a_tokenizer_that_begins_texts_begins_a_plain_prompt_once_and_ends_none():
    tokenizer = sentencepiece_like()
    tokens = prompt_tokens(tokenizer, asked("Why?").turns)
    assert tokens[0] == tokenizer.bos_token_id
    assert tokenizer.eos_token_id not in tokens
    assert tokens.count(tokenizer.bos_token_id) == 1


def test_the_chat_template_is_used_where_there_is_one(models):
    chat, plain = loaded(models["chat"]), loaded(models["base"])
    assert (chat.form, plain.form) == (PromptForm.CHAT_TEMPLATE, PromptForm.PLAIN)
    text = chat.tokenizer.decode(chat.prompt(asked("Why?").turns))
    assert text == "<|user|>\nWhy?\n<|assistant|>\n"


def test_a_template_that_refuses_turns_is_named():
    tokenizer = sentencepiece_like()
    tokenizer.chat_template = "{{ raise_exception('no system role') }}"
    with pytest.raises(PromptError, match="takes no such turns: no system role"):
        prompt_tokens(tokenizer, asked("Why?").turns)


# Models on this computer


@pytest.mark.parametrize("architecture", ["llama", "gpt2"])
def test_a_batch_answers_as_the_likeliest_tokens_found_one_by_one(tmp_path, architecture):
    folder = save_base(tmp_path / "base", architecture=architecture)
    model = loaded(folder)
    prompts = [model.prompt(asked(text).turns) for text in ASKED]
    network = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    end = model.tokenizer.eos_token_id
    for prompt, one in zip(prompts, model.write(prompts, Writing(12)), strict=True):
        tokens = greedy_by_hand(network, prompt, 12, end)[len(prompt) :]
        text = model.tokenizer.decode(tokens, skip_special_tokens=True)
        ends = [text.find(mark) for mark in ("<|user|>", "</s>") if mark in text]
        assert one.text == text[: min(ends, default=None)].strip()
        assert (one.tokens_in, one.tokens_out) == (len(prompt), len(tokens))
        assert one.cut == (len(tokens) == 12)


def test_drawn_tokens_come_with_the_probabilities_of_the_softmax():
    logits, temperature = torch.tensor([2.0, 1.0, 0.0, -1.0]), 0.7
    draw = Drawn(temperature, 1.0, range(4_000))
    chosen = draw(torch.zeros(4_000, 1), logits.expand(4_000, 4)).argmax(1).tolist()
    shares = np.array([Counter(chosen)[k] for k in range(4)]) / 4_000
    expected = np.exp(logits.numpy() / temperature)
    expected /= expected.sum()
    # five standard errors
    assert np.all(np.abs(shares - expected) < 5 * np.sqrt(expected * (1 - expected) / 4_000))


def test_tokens_outside_the_top_share_are_never_drawn():
    logits = torch.tensor([2.0, 1.9, 0.0, -1.0])
    chosen = Drawn(1.0, 0.7, range(500))(torch.zeros(500, 1), logits.expand(500, 4)).argmax(1)
    assert set(chosen.tolist()) == {0, 1}


def test_what_is_drawn_depends_on_the_seed_and_not_on_the_batch(models):
    model = loaded(models["base"])
    prompts = [model.prompt(asked(text).turns) for text in ASKED]
    warm = Writing(12, temperature=1.0, seed=5)
    together = model.write(prompts, warm)
    assert together == [model.write([prompt], warm)[0] for prompt in prompts]
    other = model.write(prompts, Writing(12, temperature=1.0, seed=6))
    assert [one.text for one in together] != [one.text for one in other]


def test_an_answer_is_told_as_it_grows_and_ends_when_nobody_waits(models):
    model = loaded(models["base"])
    prompt = model.prompt(asked("Why?").turns)
    (whole,) = model.write([prompt], Writing(12))
    seen = []
    (one,) = model.write([prompt], Writing(12), seen.append, lambda: len(seen) == 4)
    assert len(seen) == 4
    assert one.cut
    assert whole.text.startswith(one.text)
    assert one.tokens_out == 5


def test_a_text_that_goes_on_with_the_users_words_ends_before_them(models, monkeypatch):
    model = loaded(models["base"])
    said = model.tokenizer.encode("Dry it.\n<|user|>\nAnd then?", add_special_tokens=False)
    place = iter(range(len(said)))

    class Scripted(Drawn):
        def __call__(self, input_ids, scores):
            scores = torch.full_like(scores, -1e9)
            scores[:, said[next(place)]] = 0
            return scores

    monkeypatch.setattr("occu_core.answering.local_model.Drawn", Scripted)
    prompt = model.prompt(asked("Why?").turns)
    (one,) = model.write([prompt], Writing(100, temperature=1.0))
    assert one.text == "Dry it."
    assert not one.cut
    assert next(place) == len("Dry it.\n<|user|>")


def test_adapters_answer_as_if_merged_into_their_base(models):
    base = loaded(models["base"])
    prompt = base.prompt(asked("Why?").turns)
    before = base.write([prompt], Writing(12))
    texts = []
    for name in ("tuned", "other"):
        model = loaded(models[name])
        assert model.model.base is base.model.base
        network = AutoModelForCausalLM.from_pretrained(models["base"], dtype=torch.float32)
        network = PeftModel.from_pretrained(network, models[name]).merge_and_unload()
        tokens = greedy_by_hand(network, prompt, 12, base.tokenizer.eos_token_id)
        (one,) = model.write([prompt], Writing(12))
        assert one.text == base.tokenizer.decode(tokens[len(prompt) :]).strip()
        texts.append(one.text)
    assert len({*texts, before[0].text}) == 3
    assert base.write([prompt], Writing(12)) == before


def test_an_adapter_that_was_taught_another_end_stops_there(models, tmp_path):
    prompt = loaded(models["base"]).prompt(asked("Why?").turns)
    tuned = save_adapter(tmp_path / "mine", models["base"])
    (whole,) = loaded(tuned).write([prompt], Writing(12))
    network = AutoModelForCausalLM.from_pretrained(models["base"], dtype=torch.float32)
    network = PeftModel.from_pretrained(network, tuned).merge_and_unload()
    end = greedy_by_hand(network, prompt, 4, None)[-1]
    GenerationConfig(eos_token_id=[end]).save_pretrained(tuned)
    (one,) = loaded(tuned).write([prompt], Writing(12))
    assert (whole.tokens_out, whole.cut) == (12, True)
    assert (one.tokens_out <= 3, one.cut) == (True, False)


def test_an_adapter_of_another_base_is_refused_before_weights_are_loaded(models, tmp_path):
    tuned = save_adapter(tmp_path / "mine", models["base"])
    settings = json.loads((tuned / "adapter_config.json").read_text())
    for base, why in (
        (save_base(tmp_path / "wide", seed=4, width=64), "was made for another base: its model"),
        (save_base(tmp_path / "gpt2", architecture="gpt2"), "which its base .* does not have"),
    ):
        settings["base_model_name_or_path"] = str(base)
        (tuned / "adapter_config.json").write_text(json.dumps(settings))
        with pytest.raises(ModelError, match=why):
            loaded(tuned)


def test_a_tokenizer_of_another_base_is_refused(models, tmp_path):
    tuned = save_adapter(tmp_path / "mine", models["base"])
    sentencepiece_like().save_pretrained(tuned)
    with pytest.raises(ModelError, match="they belong to different bases"):
        loaded(tuned)


def test_a_missing_base_and_damaged_weights_are_named(models, tmp_path):
    gone = save_adapter(tmp_path / "mine", models["base"])
    settings = json.loads((gone / "adapter_config.json").read_text())
    settings["base_model_name_or_path"] = str(tmp_path / "gone")
    (gone / "adapter_config.json").write_text(json.dumps(settings))
    with pytest.raises(ModelError, match="its base .*gone' is not here"):
        loaded(gone)
    damaged = save_base(tmp_path / "damaged")
    (damaged / "model.safetensors").write_bytes(b"nothing")
    with pytest.raises(ModelError, match="damaged: the model cannot be loaded"):
        loaded(damaged)


# The setting


def test_the_setting_names_models_in_one_line(models, monkeypatch):
    line = f"mine={models['tuned']}; {models['base']};here=http://127.0.0.1:9/v1#m"
    monkeypatch.setenv("OCCU_ANSWER_MODELS", line)
    found = configured()
    assert list(found) == ["mine", "base", "here"]
    assert found["mine"] == LocalSource("mine", str(models["tuned"]))
    assert isinstance(found["here"], ServerSource)
    assert (found["here"].endpoint.cost(10**6, 10**6), found["here"].cap) == (0.0, 1.0)


def test_the_setting_as_toml(models, tmp_path, monkeypatch):
    path = tmp_path / "answers.toml"
    path.write_text(
        f'[small]\nplace = "{models["base"]}"\nquantised = "4bit"\n'
        '[away]\nplace = "https://api.example.com/v1#m"\napi_key_variable = "TEST_KEY"\n'
        "price_in = 0.5\nprice_out = 1\ncap = 3\n"
    )
    monkeypatch.setenv("OCCU_ANSWER_MODELS", str(path))
    found = configured()
    assert found["small"].quantised is Quantised.FOUR_BIT
    assert found["away"].cap == 3
    assert found["away"].endpoint.cost(10**6, 10**6) == 1.5


@pytest.mark.parametrize(
    ("entry", "why"),
    [
        ("a=/no/such/folder", "neither a model folder"),
        ("a=https://api.example.com/v1#m", "has no price_in and price_out"),
        ("a=http://127.0.0.1:9/v1", "names no model"),
        ("a=https://me:secret@example.com/v1#m", "holds a user, password"),
        ("missing.toml", "there is no such file"),
    ],
)
def test_what_cannot_be_used_in_the_setting_is_named(entry, why, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", entry)
    with pytest.raises(SourceError, match=why) as error:
        configured()
    assert "secret" not in str(error.value)


def test_an_unknown_model_is_refused_with_what_there_is(questions, tmp_path, models, monkeypatch):
    monkeypatch.setenv("OCCU_ANSWER_MODELS", f"mine={models['base']}")
    result = respond(questions, tmp_path / "a.jsonl", "no-such-model")
    assert result.exit_code == 2
    assert "no model 'no-such-model'" in result.stderr
    assert "OCCU_ANSWER_MODELS names mine" in result.stderr
    with pytest.raises(SourceError, match="is no model folder"):
        local_source("any", str(tmp_path))


def test_another_file_in_the_folder_is_another_model(models):
    prints = {fingerprint(LocalSource("any", str(folder))) for folder in models.values()}
    assert len(prints) == 4
    four = LocalSource("any", str(models["base"]), Quantised.FOUR_BIT)
    assert fingerprint(four) not in prints


# The command


def test_two_models_answers_make_a_study_as_they_are(models, tmp_path):
    rows = [
        {"question_id": f"q{k}", "question": text, "category": "Legal"}
        for k, text in enumerate(ASKED)
    ]
    questions = saved(tmp_path / "q.jsonl", rows)
    files = []
    for name in ("base", "tuned"):
        files.append(tmp_path / f"{name}.jsonl")
        result = respond(questions, files[-1], models[name], "--batch", 3)
        assert result.exit_code == 0, result.output
        assert f"4 answers by {name}" in result.stdout
        assert "plain <|user|>/<|assistant|>" in result.stderr
    model = loaded(models["tuned"])
    (alone,) = model.write([model.prompt(asked(HOSTILE).turns)], Writing(12))
    assert rows_of(files[1])[3]["response"] == alone.text
    assert rows_of(files[1])[3]["form"] == PromptForm.PLAIN
    study = load_study_files(files)
    assert [one.text for one in study] == [text.strip() for text in ASKED]
    assert {one.category for one in study} == {"Legal"}
    assert [answer.system for answer in study[0].responses] == ["base", "tuned"]
    result = occu("study", "create", "two", *files)
    assert result.exit_code == 0, result.output
    assert "4 questions, systems base, tuned" in result.stdout
    assert occu("study", "launch", "two").exit_code == 0


def test_the_same_command_again_asks_nothing_and_another_seed_asks_anew(
    models, questions, tmp_path
):
    out = tmp_path / "a.jsonl"
    assert "4 new, 0 known" in respond(questions, out, models["base"]).stdout
    first = out.read_bytes()
    assert "0 new, 4 known" in respond(questions, out, models["base"]).stdout
    assert out.read_bytes() == first
    again = respond(questions, out, models["base"], "--seed", 2, "--temperature", 1)
    assert "4 new, 0 known" in again.stdout
    assert out.read_bytes() != first


def test_a_question_that_the_model_cannot_read_is_named_and_the_others_answered(models, tmp_path):
    rows = [{"question_id": "long", "question": "x" * 100_000}, {"question": "Why?"}]
    out = tmp_path / "a.jsonl"
    result = respond(saved(tmp_path / "q.jsonl", rows), out, models["base"])
    assert result.exit_code == 0, result.output
    assert "'long' has no answer: the question has 100,0" in result.stderr
    assert "the model reads 4,096" in result.stderr
    assert len(rows_of(out)) == 1


def test_a_long_question_leaves_others_beside_it_their_length(models, tmp_path):
    tight = 4_096 - len("<|user|>\n\n<|assistant|>\n") - 5  # five tokens are left
    rows = [{"question_id": "tight", "question": "x" * tight}, {"question": "Why?"}]
    out = tmp_path / "a.jsonl"
    respond(saved(tmp_path / "q.jsonl", rows), out, models["base"])
    written = {row["question_id"]: row["tokens_out"] for row in rows_of(out)}
    assert written.pop("tight") == 5
    assert list(written.values()) == [12]


def test_a_server_answers_for_what_it_costs_and_is_never_asked_twice(questions, tmp_path):
    out = tmp_path / "a.jsonl"
    with MisbehavingServer() as server:
        result = at_server(questions, out, server, "--name", "theirs", "--cap", 1)
        assert result.exit_code == 0, result.output
        cost = 4 * (TOKENS_IN + 2 * TOKENS_OUT) / 1e6
        assert f"${cost:,.4f} spent" in result.stdout
        assert "4 questions, 0 answered before" in result.stderr
        again = at_server(questions, out, server, "--name", "theirs", "--cap", 1)
        assert "0 new, 4 known" in again.stdout
        assert len(server.seen) == 4
    row = rows_of(out)[3]
    assert (row["question"], row["system"], row["form"]) == (HOSTILE.strip(), "theirs", "messages")
    assert KEY not in out.read_text() + result.output


def test_an_estimate_asks_nothing_and_leaves_nothing(questions, tmp_path):
    with MisbehavingServer() as server:
        result = at_server(questions, tmp_path / "a.jsonl", server, "--estimate", "--json")
        assert not server.seen
    estimate = json.loads(result.stdout)
    # by hand: a token for four characters, 12 for each answer at most, $1 and $2 a million
    tokens = round(sum(len(text.strip()) for text in ASKED) / 4)
    assert estimate["tokens_in"] == tokens
    assert estimate["cost"] == pytest.approx((tokens + 2 * 4 * 12) / 1e6)
    assert [path.name for path in tmp_path.iterdir()] == ["questions.jsonl"]


def test_the_cap_stops_it_and_a_higher_one_goes_on_without_paying_twice(questions, tmp_path):
    out = tmp_path / "a.jsonl"
    with MisbehavingServer() as server:
        # the most a call can take is far above what it does take: two fit, not four
        result = at_server(questions, out, server, "--cap", 0.0005, "--concurrency", 1)
        assert result.exit_code == 2
        assert "the spending cap of $0.00 is reached" in result.stderr
        assert not out.exists()
        paid = len(server.seen)
        assert 0 < paid < 4
        assert at_server(questions, out, server, "--cap", 1).exit_code == 0
        assert len(server.seen) == 4
        assert max(server.paid.values()) == 1
    assert len(rows_of(out)) == 4


def test_a_server_that_fails_is_named_and_its_key_is_not(questions, tmp_path, monkeypatch):
    out = tmp_path / "a.jsonl"
    with MisbehavingServer() as server:
        unknown = respond(questions, out, f"{server.url}#gone", "--key-variable", "TEST_KEY")
        assert unknown.exit_code == 2
        assert "does not know the model 'gone'" in unknown.stderr
        monkeypatch.setenv("TEST_KEY", "sk-wrong-123456")
        wrong = at_server(questions, out, server)
        assert "does not accept the key" in wrong.stderr
        assert "123456" not in wrong.output
    assert not out.exists()


def test_a_question_that_a_server_refuses_is_listed(questions, tmp_path):
    from tests.misbehaving_server import error

    out = tmp_path / "a.jsonl"
    refused = error(400, "I will not")
    with MisbehavingServer(lambda n, prompt: refused if "lease" in prompt else None) as server:
        result = at_server(questions, out, server)
    assert result.exit_code == 0
    assert "has no answer" in result.stderr
    assert "3 answers" in result.stdout
    assert [row["question"] for row in rows_of(out)] == [*ASKED[:2], HOSTILE.strip()]


@pytest.mark.slow
def test_a_server_that_is_down_ends_it_and_what_came_before_is_kept(
    questions, tmp_path, monkeypatch
):
    monkeypatch.setattr("occu_core.endpoints.caller.backoff", lambda attempt: 0.0)
    out = tmp_path / "a.jsonl"
    with MisbehavingServer(lambda n, prompt: None if n < 2 else DOWN) as server:
        result = at_server(questions, out, server, "--concurrency", 1)
        assert "no answer" in result.stderr
        assert len(rows_of(out)) == 2
        server.fault = lambda n, prompt: None
        assert "2 new, 2 known" in at_server(questions, out, server).stdout


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (("--max-tokens", 0), "max_tokens is 0; expected 1 to 8,192"),
        (("--temperature", 3), "temperature is 3.0; expected 0 to 2"),
        (("--quantised", "2bit"), "expected 8bit or 4bit"),
        (("--out", "nowhere/a.jsonl"), "there is no folder nowhere"),
        (("--out", "a.csv"), "expected a file whose name ends in .jsonl"),
    ],
)
def test_what_cannot_be_is_refused_before_a_model_is_loaded(
    questions, models, words, why, tmp_path
):
    result = respond(questions, tmp_path / "a.jsonl", models["base"], *words)
    assert result.exit_code == 2
    assert why in result.stderr


def test_the_questions_are_never_overwritten(questions, models):
    before = questions.read_bytes()
    result = respond(questions, questions, models["base"])
    assert result.exit_code == 2
    assert questions.read_bytes() == before


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_answers_of_an_unbroken_one(models, tmp_path):
    rows = [{"question_id": str(k), "question": f"{ASKED[k % 3]} {k}"} for k in range(24)]
    questions = saved(tmp_path / "q.jsonl", rows)
    whole, broken = tmp_path / "whole.jsonl", tmp_path / "broken.jsonl"
    warm = ("--temperature", "1", "--batch", "1", "--max-tokens", "200")
    command = [sys.executable, "-c", "from occu_core.cli import main; main()"]
    command += ["respond", str(questions), "--model", str(models["base"]), "--out", str(broken)]
    run = subprocess.Popen([*command, *warm], cwd=ROOT, env={**os.environ, "OMP_NUM_THREADS": "1"})
    kept = tmp_path / "broken.jsonl.replies.sqlite"
    try:
        while count_of(kept) < 4:
            assert run.poll() is None
            time.sleep(0.02)
    finally:
        run.send_signal(signal.SIGKILL)
        run.wait()
    assert not broken.exists()
    before = count_of(kept)
    assert 4 <= before < 24
    words = ("--temperature", 1, "--batch", 1, "--max-tokens", 200)
    result = respond(questions, broken, models["base"], *words)
    assert f"{24 - before} new, {before} known" in result.stdout
    respond(questions, whole, models["base"], *words)
    assert [row["response"] for row in rows_of(broken)] == [
        row["response"] for row in rows_of(whole)
    ]


def count_of(path):
    if not path.exists():
        return 0
    with closing(sqlite3.connect(path, timeout=30)) as rows:
        try:
            return rows.execute("SELECT COUNT(*) FROM replies").fetchone()[0]
        except sqlite3.OperationalError:
            return 0


def test_only_one_command_writes_an_answer_file(questions, models, tmp_path):
    from occu_core.answering.answer_files import lock_of

    out = tmp_path / "a.jsonl"
    with lock_of(out):
        result = respond(questions, out, models["base"])
    assert result.exit_code == 2
    assert "another `occu respond` is writing" in result.stderr


def test_the_tokenizer_saved_with_a_tuned_adapter_brings_its_template(models, tmp_path):
    tuned = save_adapter(tmp_path / "mine", models["base"])
    tokenizer = AutoTokenizer.from_pretrained(models["base"])
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(tuned)
    assert loaded(tuned).form is PromptForm.CHAT_TEMPLATE
