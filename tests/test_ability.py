"""General ability: the harness's numbers against our own, from local files, without a network."""

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest
from transformers import AutoModelForCausalLM, AutoTokenizer

from occu_core import figures
from occu_core.evaluation.ability import AbilityReport, AbilityScore, ability_boards
from occu_core.evaluation.report_files import (
    ReportError,
    file_name,
    load_reports,
    parse_report,
    report_json,
    save_report,
)
from occu_core.evaluation.report_upload import parse_own_report
from occu_core.evaluation.reports import Interval
from occu_core.models.model_files import Quantised
from pages.shared import reports
from tests.small_answer_models import TEMPLATE, save_adapter, save_base
from train.ability_scores import ability_scores, cut_items, share_of
from train.measure_ability import AbilitySettings, main

ROOT = Path(__file__).resolve().parents[1]
QUIZ = ROOT / "assets/ability/occupations_quiz.jsonl"
ITEMS = [json.loads(line) for line in QUIZ.read_text(encoding="utf-8").splitlines()]
SCORE = AbilityScore(
    *("gsm8k", "exact_match (strict-match)", Interval(0.2, 0.18, 0.22), 1319, 5, "3.0"),
    *(None, None, "a" * 16),
)
PART = replace(SCORE, task="mmlu_law", measure="acc", chance=0.25, part_of="mmlu", shots=0)
REPORT = AbilityReport(
    *("runs/tuned", "Tuned", "4bit", "lm-eval 0.4.13", False, 1, "python -m …", (SCORE, PART))
)
WRITING = """
task: write_a_word
dataset_path: json
dataset_kwargs: {{data_files: {{test: {data}}}}}
output_type: generate_until
test_split: test
doc_to_text: "{{{{prompt}}}}"
doc_to_target: "{{{{target}}}}"
generation_kwargs: {{until: ["\\n"], max_gen_toks: 8, do_sample: false}}
metric_list: [{{metric: exact_match, aggregation: mean, higher_is_better: true}}]
unsafe_code: {unsafe}
metadata: {{version: 2.0}}
"""


@pytest.fixture(scope="module")
def harness():
    return pytest.importorskip("lm_eval", reason="lm-evaluation-harness is an extra: ability")


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return save_base(tmp_path_factory.mktemp("models") / "base", width=48, seed=11)


@pytest.fixture(autouse=True)
def local(monkeypatch, tmp_path):
    """No network, and what a task keeps goes away with the test."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "datasets")
    monkeypatch.chdir(ROOT)


def settings(model, tmp_path, *tasks, **more):
    asked = tasks or ("occupations_quiz",)
    return AbilitySettings(str(model), asked, out=tmp_path / "reports", **more)


def measured(asked):
    return parse_report(main(asked).read_bytes())


def ours(model, tokenizer, item):
    """Log-likelihood and length of each choice, one at a time, straight from the definition."""
    before = tokenizer(f"Question: {item['question']}\nAnswer:").input_ids
    found = []
    for choice in item["choices"]:
        after = tokenizer(f" {choice}").input_ids
        logits = model(torch.tensor([before + after])).logits[0, len(before) - 1 : -1]
        chosen = logits.log_softmax(-1)[range(len(after)), after]
        found.append((float(chosen.sum()), len(choice)))
    return found


@pytest.mark.parametrize("adapted", [False, True], ids=["base", "adapter"])
def test_the_harness_scores_the_quiz_as_our_own_likelihoods_do(harness, base, tmp_path, adapted):
    model = save_adapter(tmp_path / "adapter", base, seed=4) if adapted else base
    report = measured(settings(model, tmp_path))
    network = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32).eval()
    if adapted:
        from peft import PeftModel

        network = PeftModel.from_pretrained(network, model).eval()
    with torch.inference_mode():
        answers = [ours(network, AutoTokenizer.from_pretrained(base), item) for item in ITEMS]
    plain, normed = (
        sum(
            max(range(4), key=lambda k: by(*choices[k])) == item["answer"]
            for item, choices in zip(ITEMS, answers, strict=True)
        )
        / 40
        for by in (lambda total, length: total, lambda total, length: total / length)
    )
    assert [(s.measure, s.score.value) for s in report.scores] == [
        ("acc", pytest.approx(plain)),
        ("acc_norm", pytest.approx(normed)),
    ]
    for score in report.scores:
        assert (score.items, score.shots, score.chance, score.version) == (40, 0, 0.25, "1.0")


def test_models_of_random_weights_score_about_what_guessing_does(harness, tmp_path):
    right = 0.0
    for seed in range(1, 6):
        base = save_base(tmp_path / str(seed), width=24, seed=seed)
        right += 40 * measured(settings(base, tmp_path)).scores[0].score.value
    found = share_of(right / 200, 200, None)
    assert found.low <= 0.25 <= found.high


def test_an_adapter_is_measured_and_not_its_base(harness, base, tmp_path):
    adapter = save_adapter(tmp_path / "adapter", base, seed=4)
    right = {
        place: [s.score.value for s in measured(settings(place, tmp_path)).scores]
        for place in (base, adapter)
    }
    assert right[base] != right[adapter]


def test_a_base_in_eight_bits_says_so(harness, base, tmp_path):
    report = measured(settings(base, tmp_path, quantised=Quantised.EIGHT_BIT, limit=2))
    assert (report.weights, report.scores[0].items) == ("8bit", 2)
    assert "--quantised 8bit --limit 2" in report.command


def writing(tmp_path, *, unsafe=False):
    data = tmp_path / "words.jsonl"
    data.write_text("".join(json.dumps({"prompt": f"{k}: ", "target": "no"}) + "\n" for k in "ab"))
    folder = tmp_path / "tasks"
    folder.mkdir()
    (folder / "write_a_word.yaml").write_text(WRITING.format(data=data, unsafe=str(unsafe).lower()))
    return (folder,)


def test_a_task_of_ones_own_that_writes_answers_has_no_chance_level(harness, base, tmp_path):
    include = writing(tmp_path)
    (score,) = measured(settings(base, tmp_path, "write_a_word", include=include)).scores
    assert (score.measure, score.score.value, score.chance) == ("exact_match", 0.0, None)
    assert (score.score.low, score.score.high) == (0.0, pytest.approx(0.6576, abs=1e-3))


def test_a_chat_model_is_asked_in_its_template_and_another_is_refused(harness, base, tmp_path):
    chat = save_base(tmp_path / "chat", template=TEMPLATE)
    assert measured(settings(chat, tmp_path, chat=True, limit=2)).chat
    with pytest.raises(SystemExit, match="has no chat template; leave out --chat"):
        main(settings(base, tmp_path, chat=True))


def test_code_is_run_only_where_that_is_allowed(harness, base, tmp_path, monkeypatch):
    monkeypatch.setenv("HF_ALLOW_CODE_EVAL", "0")
    include = writing(tmp_path, unsafe=True)
    asked = settings(base, tmp_path, "write_a_word", include=include)
    items = tmp_path / "words.jsonl"
    items.rename(tmp_path / "aside")
    with pytest.raises(SystemExit, match="write_a_word: runs code that the model wrote"):
        main(asked)  # before its items are fetched: the harness runs code while it loads HumanEval
    (tmp_path / "aside").rename(items)
    assert measured(replace(asked, allow_code=True)).command.endswith("--allow-code --seed 1234")


def test_bad_input_is_told_before_anything_is_measured(harness, base, tmp_path):
    cases = {
        "no model 'nowhere'": settings("nowhere", tmp_path),
        "markov: is no model folder": settings("markov", tmp_path),
        "no task 'gsm9k'; there are gsm8k": settings(base, tmp_path, "gsm9k"),
    }
    other = save_base(tmp_path / "other", width=24)
    adapter = save_adapter(tmp_path / "adapter", base)
    written = (adapter / "adapter_config.json").read_text(encoding="utf-8")
    (adapter / "adapter_config.json").write_text(written.replace(str(base), str(other)))
    cases["was made for another base"] = settings(adapter, tmp_path)
    lone = tmp_path / "lone"
    lone.mkdir()
    cases["is no folder of tasks"] = settings(base, tmp_path, include=(lone / "none",))
    for said, asked in cases.items():
        with pytest.raises(SystemExit, match=said):
            main(asked)
    assert not (tmp_path / "reports").exists()


def test_items_that_cannot_be_fetched_say_where_they_come_from(harness, base, tmp_path):
    (folder,) = writing(tmp_path)
    asked = settings(base, tmp_path, "write_a_word", include=(folder,))
    (tmp_path / "words.jsonl").unlink()
    with pytest.raises(SystemExit, match="the items cannot be loaded .*Unable to find"):
        main(asked)
    task = folder / "write_a_word.yaml"
    task.write_text(re.sub("(?m)^dataset_.*$", "", task.read_text()) + "dataset_path: openai/gsm8k")
    with pytest.raises(SystemExit, match="Couldn't reach .* from the Hugging Face Hub"):
        main(asked)


def results_at_hand():
    """Two tasks in a group: 3 of 4 right with 4 choices, 1 of 2 right with 2 choices."""

    def sample(number, choices):
        return {"doc_id": number, "doc_hash": f"h{number}", "resps": [None] * choices}

    def task(right):
        return {"alias": "-", "acc,none": right, "acc_stderr,none": 0.1, "perplexity,none": 0.5}

    config = {"output_type": "multiple_choice"}
    return {
        "results": {"one": task(0.75), "two": task(0.5)},
        "groups": {"both": {"acc,none": 4 / 6, "acc_stderr,none": 0.1}},
        "higher_is_better": {
            "one": {"acc": True, "perplexity": False},
            "two": {"perplexity": False},
        },
        "samples": {
            "one": [sample(k, 4) for k in range(4)],
            "two": [sample(k, 2) for k in range(2)],
        },
        "configs": {"one": config, "two": config},
        "n-shot": {"one": 5, "two": 0},
        "versions": {"one": 1, "two": 2},
    }


def test_a_group_counts_its_items_and_weighs_guessing_by_them():
    one, two, both = ability_scores(results_at_hand(), {"both": ("one", "two")})
    assert (one.task, one.part_of, one.shots, one.chance) == ("one", "both", 5, 0.25)
    assert (two.items, two.chance, two.version) == (2, 0.5, "2")
    assert (both.items, both.part_of, both.shots) == (6, None, None)
    assert both.chance == pytest.approx((4 * 0.25 + 2 * 0.5) / 6)
    assert len({one.items_digest, two.items_digest, both.items_digest}) == 3


def test_groups_in_groups_are_measured_as_their_items_together(harness, base, tmp_path):
    quiz = (ROOT / "assets/ability/occupations_quiz.yaml").read_text(encoding="utf-8")
    folder = tmp_path / "tasks"
    folder.mkdir()
    for name, items in (("few", ITEMS[:8]), ("many", ITEMS[8:])):
        data = tmp_path / f"{name}.jsonl"
        data.write_text("".join(json.dumps(item) + "\n" for item in items))
        task = quiz.replace("assets/ability/occupations_quiz.jsonl", str(data))
        (folder / f"{name}.yaml").write_text(
            task.replace("task: occupations_quiz", f"task: {name}")
        )
    rule = "aggregate_metric_list: [{metric: acc, weight_by_size: true}]"
    (folder / "inner.yaml").write_text(f"group: inner\ntask: [few, many]\n{rule}\n")
    (folder / "outer.yaml").write_text(f"group: outer\ntask: [inner]\n{rule}\n")
    scores = measured(settings(base, tmp_path, "outer", include=(folder,))).scores
    found = {score.task: score for score in scores if score.measure == "acc"}
    assert [(n, s.items, s.part_of) for n, s in sorted(found.items())] == [
        ("few", 8, "inner"),
        ("inner", 40, "outer"),
        ("many", 32, "inner"),
        ("outer", 40, None),
    ]
    (whole, _) = measured(settings(base, tmp_path)).scores
    assert (found["outer"].score, found["outer"].chance) == (whole.score, 0.25)
    assert found["outer"].items_digest == found["inner"].items_digest


def test_intervals_are_wilsons_for_right_and_wrong_and_of_standard_errors_otherwise():
    found = share_of(216 / 250, 250, 0.5)  # 216 of 250: 0.816 to 0.901 (Wilson)
    assert (round(found.low, 3), round(found.high, 3)) == (0.816, 0.901)
    assert share_of(0.33, 10, 0.1).low == pytest.approx(0.33 - 0.196, abs=1e-4)
    assert share_of(0.95, 7, 0.1).high == 1.0
    assert share_of(0.33, 10, "N/A") == Interval(0.33)
    assert share_of(0.0, 2, 0.0).high > 0.6


def test_items_longer_than_the_model_reads_are_counted_once():
    samples = {
        "choices": [{"doc_id": 0, "arguments": [("aaaa", "bbbb"), ("aaaa", "b")]}],
        "writing": [
            {"doc_id": 0, "arguments": [("aaaaa", {"max_gen_toks": 3})]},
            {"doc_id": 0, "arguments": [("aaaaa", {"max_gen_toks": 3})]},
        ],
    }
    assert [cut_items(samples, len, longest) for longest in (6, 7, 8)] == [2, 1, 0]


def test_a_model_that_does_not_read_the_question_scores_exactly_what_guessing_does():
    assert len({item["question"] for item in ITEMS}) == 40
    sets = {}
    for item in ITEMS:
        sets.setdefault(tuple(item["choices"]), []).append(item["answer"])
    assert len(sets) == 10
    assert all(sorted(answers) == [0, 1, 2, 3] for answers in sets.values())
    assert len({choice for choices in sets for choice in choices}) == 40


def test_a_report_is_written_read_and_named():
    assert parse_report(report_json(REPORT)) == REPORT
    assert re.fullmatch(r"ability-tuned-4bit-gsm8k-[0-9a-f]{6}\.json", file_name(REPORT))
    assert file_name(REPORT) != file_name(replace(REPORT, command="python -m … --limit 10"))
    raw = report_json(REPORT).encode()
    assert parse_own_report(raw, "mine.json").title == "Tuned (yours)"
    with pytest.raises(ReportError, match="is no share; expected 0 to 1"):
        parse_report(raw.replace(b'"value": 0.2', b'"value": 20.0'))
    with pytest.raises(ReportError, match="title has 201 characters"):
        parse_own_report(report_json(replace(REPORT, title="x" * 201)).encode(), "mine.json")


def test_only_scores_on_the_same_items_asked_alike_stand_side_by_side():
    better = replace(REPORT, title="Better", scores=(replace(SCORE, score=Interval(0.4)),))
    chat = replace(better, title="Chat", chat=True)
    few = replace(better, title="Few", scores=(replace(SCORE, items_digest="b" * 16),))
    boards = ability_boards([REPORT, better, chat, few])
    assert [[report.title for report, _ in board.rows] for board in boards] == [
        ["Better", "Tuned"],
        ["Chat"],
        ["Few"],
    ]
    assert len({board.label for board in boards}) == 3
    assert figures.abilities(boards[0]).alt.index("Better") < figures.abilities(
        boards[0]
    ).alt.index("Tuned")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(reports, "report_folders", lambda: (tmp_path,))
    return tmp_path


def page():
    at = AppTest.from_file(str(ROOT / "pages/models.py"), default_timeout=180).run()
    assert not at.exception, at.exception[0].message
    return at


def test_the_models_page_shows_scores_beside_guessing(folder):
    assert "train.measure_ability" in page().code[1].value
    quiz = replace(SCORE, task="quiz", measure="acc", score=Interval(0.3, 0.2, 0.4), chance=0.25)
    save_report(replace(REPORT, title="<b>", scores=(SCORE, quiz, PART)), folder / "ability-a.json")
    assert len(load_reports(folder).abilities) == 1
    at = page()
    said = " ".join(element.value for element in at.markdown).replace("\\", "")
    assert "<b> scores 20.0% (18.0–22.0) on 1,319 items." in said
    assert list(at.dataframe[-1].value["Part of"]) == ["–", "–", "mmlu"]
    at.selectbox(key="models.ability").select(at.selectbox(key="models.ability").options[1]).run()
    said = " ".join(element.value for element in at.markdown).replace("\\", "")
    assert "cannot be told from guessing (25%)" in said
    raw = report_json(replace(REPORT, title="Mine")).encode()
    at.file_uploader(key="models.upload").upload("mine.json", raw).run()
    said = " ".join(element.value for element in at.markdown).replace("\\", "")
    assert "Mine (yours) is under" in said
    assert "Mine (yours)" in list(at.dataframe[-1].value["Model"])
