"""Instruction data from occupations: the whole pipeline against a server that misbehaves."""

import asyncio
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from occu_core.cli import app
from occu_core.endpoints import Endpoint, EndpointRefusedError, Reply, ReplyStore
from occu_core.occuquest.generation import quality
from occu_core.occuquest.generation.duplicates import near_duplicates, similarity, word_pairs
from occu_core.occuquest.generation.estimate import estimate
from occu_core.occuquest.generation.folder import RunFolder
from occu_core.occuquest.generation.jobs import Jobs
from occu_core.occuquest.generation.parsing import (
    UnreadableError,
    read_briefs,
    read_dialogue,
    read_list,
)
from occu_core.occuquest.generation.plan import Plan, PlanError, Sizes, Stage, Subject
from occu_core.occuquest.generation.prompts import Brief, prompt
from occu_core.occuquest.generation.quality import Fault
from occu_core.occuquest.generation.records import Ending
from occu_core.occuquest.generation.running import generate
from occu_core.occuquest.generation.splits import Part, split
from occu_core.occuquest.generation.subjects import parse_subjects
from occu_core.occuquest.item_files import from_json
from occu_core.occuquest.items import Item, Message, Role
from tests.misbehaving_server import (
    BROKEN_LIST,
    BUSY,
    DOWN,
    EMPTY,
    GATEWAY,
    KEY,
    MODEL,
    NO_LIST,
    SLOW,
    TOKENS_IN,
    TOKENS_OUT,
    MisbehavingServer,
    apart,
    invented,
)

ROOT = Path(__file__).resolve().parents[1]
SIZES = Sizes(responsibilities=2, topics=2, questions=2, dialogues=1, turns=2)
SUBJECTS = (
    Subject("Nurse", "Health"),
    Subject("Midwife", "Health"),
    Subject("Cook", "Food"),
    Subject("Estate agent", "Real Estate"),
)
PLAN = Plan(SUBJECTS, SIZES, hold_out="Real Estate")
CALLS = 4 * (1 + 2 + 4 + 8 + 1)
"""By hand: for each occupation the responsibilities, topics, questions, answers, a dialogue."""


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)
    monkeypatch.setattr("occu_core.endpoints.troubles._FIRST_REST", 0.01)


def endpoint(server, **changes):
    usual = {"model": MODEL, "api_key_variable": "TEST_KEY", "price_in": 1.0, "price_out": 2.0}
    return Endpoint(server.url, **{**usual, "timeout": 5.0, **changes})


def make(server, folder, plan=PLAN, cap=10.0, **changes):
    return apart(asyncio.run, generate(plan, endpoint(server, **changes), folder, cap))


def items(folder, name="items"):
    lines = (folder / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def said(folder):
    """The items without the time at which each was made."""
    return [{k: v for k, v in row.items() if k != "made_at"} for row in items(folder)]


def reply(text, *, cut=False):
    return Reply(text, MODEL, 1, 1, 0.0, cut, "2026-01-01T00:00:00Z")


def test_a_plan_becomes_items_splits_and_a_manifest(tmp_path):
    with MisbehavingServer() as server:
        manifest = make(server, tmp_path / "run")
    assert manifest.ending is Ending.COMPLETE
    assert len(server.seen) == CALLS
    assert (manifest.items, manifest.dialogues) == (4 * 8 + 4, 4)
    rows = items(tmp_path / "run")
    assert [row["occupation"] for row in rows[:32]] == [
        s.occupation for s in SUBJECTS for _ in "8" * 8
    ]
    for row in rows:
        item = from_json(row)
        assert item.responsibility
        assert item.topic
        assert len(item.features) == 3
        assert item.origin.source_model == MODEL
        assert item.origin.prompt_version == "1"
        assert item.answer
    assert sum(from_json(row).is_dialogue for row in rows) == 4
    written = json.loads((tmp_path / "run/manifest.json").read_text(encoding="utf-8"))
    assert written["prompts"].keys() == {stage.value for stage in Stage}
    assert written["stages"]["answers"] == {
        **{"planned": 32, "asked": 32, "unreadable": 0, "failed": 0, "made": 32, "left_out": {}}
    }
    assert written["usage"]["calls"] == CALLS
    assert written["usage"]["spent"] == pytest.approx(CALLS * (TOKENS_IN + 2 * TOKENS_OUT) / 1e6)
    assert written["parameters"]["model"] == MODEL


def test_the_held_out_category_is_in_no_other_split(tmp_path):
    with MisbehavingServer() as server:
        make(server, tmp_path / "run")
    rows = {part: items(tmp_path / "run", part) for part in Part}
    assert {row["category"] for row in rows[Part.HELD_OUT]} == {"Real Estate"}
    assert len(rows[Part.HELD_OUT]) == 9
    others = [row for part in Part if part is not Part.HELD_OUT for row in rows[part]]
    assert {row["category"] for row in others} == {"Health", "Food"}
    assert Counter(r["id"] for r in others) + Counter(r["id"] for r in rows[Part.HELD_OUT]) == (
        Counter(row["id"] for row in items(tmp_path / "run"))
    )


def test_a_server_that_misbehaves_changes_nothing_that_comes_out(tmp_path):
    faults = [BUSY, DOWN, GATEWAY, EMPTY, SLOW]

    def fault(number, _):
        return faults[number % 15 // 3] if number % 3 == 0 else None

    with MisbehavingServer() as server:
        make(server, tmp_path / "calm")
    with MisbehavingServer(fault) as server:
        manifest = make(server, tmp_path / "rough", timeout=1.0)
    assert len(server.seen) > 1.3 * CALLS
    assert manifest.ending is Ending.COMPLETE
    assert said(tmp_path / "rough") == said(tmp_path / "calm")


def test_broken_lists_lose_their_last_element_and_are_kept_for_reading(tmp_path):
    def fault(_, prompt):
        return BROKEN_LIST if "Name 2 responsibilities" in prompt else None

    with MisbehavingServer(fault) as server:
        manifest = make(server, tmp_path / "run")
    assert manifest.stages[Stage.RESPONSIBILITIES].made == 4
    assert manifest.stages[Stage.ANSWERS].made == 4 * 4
    aside = RunFolder(tmp_path / "run").set_aside()
    assert [one.occupation for one in aside] == [subject.occupation for subject in SUBJECTS]
    assert aside[0].reason == "the list breaks off; 1 of 2 found"
    assert aside[0].raw.startswith('["Look after the ')


def test_what_cannot_be_read_is_asked_once_more_and_then_set_aside(tmp_path):
    bad = []

    def fault(_, prompt):
        if "Name 2 topics" not in prompt:
            return None
        bad.append(prompt)
        return NO_LIST if "Cook" in prompt or bad.count(prompt) == 1 else None

    with MisbehavingServer(fault) as server:
        manifest = make(server, tmp_path / "run")
    topics = manifest.stages[Stage.TOPICS]
    assert (topics.planned, topics.asked, topics.unreadable) == (8, 8, 8 + 2)
    assert topics.made == 3 * 2 * 2
    assert {row["occupation"] for row in items(tmp_path / "run")} == {
        *("Nurse", "Midwife", "Estate agent")
    }
    cook = [one for one in RunFolder(tmp_path / "run").set_aside() if one.occupation == "Cook"]
    assert [one.reason for one in cook] == ["there is no list in it"] * 4
    assert cook[0].raw == "Certainly, here is what I think about it."


def test_a_call_that_fails_is_set_aside_and_asked_again_by_the_next_run(tmp_path):
    down = {"Cook"}

    def fault(_, prompt):
        return DOWN if any(f"Occupation: {name}" in prompt for name in down) else None

    with MisbehavingServer(fault) as server:
        manifest = make(server, tmp_path / "run", retries=1)
        assert manifest.stages[Stage.RESPONSIBILITIES].failed == 1
        assert "Cook" not in {row["occupation"] for row in items(tmp_path / "run")}
        down.clear()
        manifest = make(server, tmp_path / "run")
    assert manifest.items == 36
    assert max(server.paid.values()) == 1


def test_near_duplicates_are_left_out_within_and_across_occupations(tmp_path):
    same = "How do I check the pressure valve of the old boiler when the guard is in the way?"
    near = "How do I check the pressure valve of the old heater when the guard is in the way?"

    def write(body):
        asked = body["messages"][-1]["content"]
        if "Write 2 questions" in asked and "Occupation: Nurse" in asked:
            return json.dumps([same, near])
        if "Write 2 questions" in asked and "Occupation: Cook" in asked:
            return json.dumps([near, json.loads(invented(body))[0]])
        return invented(body)

    with MisbehavingServer(write=write) as server:
        manifest = make(server, tmp_path / "run")
    # the nurse keeps 1 of 8, the cook 4 of 8
    assert manifest.stages[Stage.QUESTIONS].left_out == {"nearly the same as another": 7 + 4}
    asked = [row["messages"][0]["content"] for row in items(tmp_path / "run")]
    assert asked.count(same) == 1
    assert near not in asked


def test_answers_with_a_fault_are_left_out_and_counted(tmp_path):
    bad = [
        "I'm sorry, but I cannot help with that.",
        "As an AI language model, " + "I see it " * 30,
    ]

    def write(body):
        if body["messages"][0]["role"] == "system" and "Cook" in body["messages"][0]["content"]:
            return bad[len(body["messages"][-1]["content"]) % 2]
        return invented(body)

    with MisbehavingServer(write=write) as server:
        manifest = make(server, tmp_path / "run")
    left_out = manifest.stages[Stage.ANSWERS].left_out
    assert left_out.keys() <= {"refuses", "speaks of being a program"}
    assert sum(left_out.values()) == 8
    assert manifest.items == 36 - 8


def test_the_cap_ends_a_run_with_what_was_made_and_a_higher_one_goes_on(tmp_path):
    cost = (TOKENS_IN + 2 * TOKENS_OUT) / 1e6
    cap = 50 * cost
    with MisbehavingServer() as server:
        capped = make(server, tmp_path / "run", cap=cap, max_tokens=50)
        assert capped.ending is Ending.CAP
        assert capped.usage.spent <= cap
        assert sum(server.paid.values()) * cost == pytest.approx(capped.usage.spent)
        assert sum(server.paid.values()) >= 40
        assert 0 < capped.items == len(items(tmp_path / "run"))
        whole = make(server, tmp_path / "run", max_tokens=50)
    assert whole.items == 36
    assert sum(server.paid.values()) == CALLS


def test_fewer_items_never_replace_more(tmp_path):
    with MisbehavingServer() as server:
        make(server, tmp_path / "run")
        before = said(tmp_path / "run")

        async def cancelled():
            going = asyncio.create_task(generate(PLAN, endpoint(server), tmp_path / "run", 10.0))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            going.cancel()
            await going

        with pytest.raises(asyncio.CancelledError):
            apart(asyncio.run, cancelled())
    assert said(tmp_path / "run") == before


def test_a_wrong_key_ends_a_run_at_once_and_a_right_one_goes_on(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "sk-wrong")
    with MisbehavingServer() as server:
        with pytest.raises(EndpointRefusedError, match="does not accept the key"):
            make(server, tmp_path / "run")
        assert len(server.seen) <= 4
        monkeypatch.setenv("TEST_KEY", KEY)
        assert make(server, tmp_path / "run").items == 36


def test_a_folder_of_another_run_or_of_somebody_else_is_refused(tmp_path):
    with MisbehavingServer() as server:
        make(server, tmp_path / "run")
        with pytest.raises(PlanError, match=r"temperature was None, now 0\.5"):
            make(server, tmp_path / "run", temperature=0.5)
        with pytest.raises(PlanError, match="questions was 2, now 3"):
            make(server, tmp_path / "run", replace(PLAN, sizes=replace(SIZES, questions=3)))
        (tmp_path / "thesis").mkdir()
        (tmp_path / "thesis/chapter.txt").write_text("dear reader")
        with pytest.raises(PlanError, match="not empty and holds no run"):
            make(server, tmp_path / "thesis")
    assert [path.name for path in (tmp_path / "thesis").iterdir()] == ["chapter.txt"]


def test_settings_of_a_run_that_was_never_answered_may_be_corrected(tmp_path):
    with MisbehavingServer() as server:
        with pytest.raises(EndpointRefusedError, match="does not know the model"):
            make(server, tmp_path / "run", model="mispelt")
        assert make(server, tmp_path / "run").items == 36


def test_two_runs_in_one_folder_are_refused(tmp_path):
    with (
        MisbehavingServer() as server,
        RunFolder(tmp_path).opened(PLAN, endpoint(server)),
        pytest.raises(PlanError, match="another run is going on"),
    ):
        make(server, tmp_path)


def command(server, table, out):
    return [
        *(sys.executable, "-c", "from occu_core.cli import main; main()", "generate"),
        *("--occupations", str(table)),
        *("--endpoint", server.url, "--model", MODEL, "--api-key-variable", "TEST_KEY"),
        *("--out", str(out), "--cap", "1", "--price-in", "1", "--price-out", "2"),
        *("--responsibilities", "2", "--topics", "2", "--questions", "2", "--dialogues", "1"),
        *("--turns", "2", "--hold-out", "Real Estate", "--concurrency", "4"),
    ]


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "occupations.csv"
    rows = "".join(f"{one.occupation},{one.category}\n" for one in SUBJECTS)
    path.write_text("occupation,category\n" + rows)
    return path


@pytest.mark.slow
def test_killed_at_five_random_points_it_loses_nothing_and_pays_for_nothing_twice(tmp_path, table):
    points = sorted(random.Random(7).sample(range(4, CALLS - 4), 5))
    unheard: set[str] = set()
    with MisbehavingServer(latency=0.05) as server:
        for point in points:
            run = subprocess.Popen(
                command(server, table, tmp_path / "killed"),
                cwd=ROOT,
                stderr=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
            )
            while len(server.seen) < point:
                assert run.poll() is None
                time.sleep(0.002)
            os.kill(run.pid, signal.SIGKILL)
            run.wait()
            time.sleep(0.2)  # the server finishes what it was at
            with ReplyStore(tmp_path / "killed/replies.sqlite") as store:
                unheard |= set(store.unsettled())
        subprocess.run(command(server, table, tmp_path / "killed"), cwd=ROOT, check=True)
    whole = Endpoint(server.url, MODEL, max_tokens=2048)
    with MisbehavingServer() as calm:
        subprocess.run(command(calm, table, tmp_path / "whole"), cwd=ROOT, check=True)
    assert said(tmp_path / "killed") == said(tmp_path / "whole")
    assert len(server.paid) == CALLS
    twice = {_key(whole, body) for body, times in server.paid.items() if times > 1}
    assert twice <= unheard
    assert len(unheard) <= 4 * len(points)


def _key(where, body):
    from occu_core.endpoints import Turn

    turns = tuple(Turn(**one) for one in json.loads(body)["messages"])
    return where.key(turns)


@pytest.mark.slow
def test_ctrl_c_pauses_and_the_same_command_goes_on(tmp_path, table):
    with MisbehavingServer(latency=0.1) as server:
        run = subprocess.Popen(
            command(server, table, tmp_path / "run"), cwd=ROOT, stderr=subprocess.PIPE, text=True
        )
        while len(server.seen) < 40:
            assert run.poll() is None
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        _, errors = run.communicate(timeout=20)
        assert run.returncode == 130
        assert "paused; the same command goes on" in errors
        assert "Traceback" not in errors
        with ReplyStore(tmp_path / "run/replies.sqlite") as store:
            assert not store.unsettled()
        assert json.loads((tmp_path / "run/manifest.json").read_text())["ending"] == "paused"
        subprocess.run(command(server, table, tmp_path / "run"), cwd=ROOT, check=True)
    assert max(server.paid.values()) == 1
    assert len(items(tmp_path / "run")) == 36


def test_no_file_of_a_run_holds_the_key(tmp_path, monkeypatch):
    with MisbehavingServer() as server:
        make(server, tmp_path / "run")
        monkeypatch.setenv("TEST_KEY", KEY + "-wrong")
        with pytest.raises(EndpointRefusedError):
            make(server, tmp_path / "other")
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 8
    for path in files:
        assert KEY.encode() not in path.read_bytes(), path


def occu(*words):
    return apart(CliRunner().invoke, app, ["generate", *map(str, words)])


def test_an_estimate_calls_nobody_and_writes_nothing(tmp_path, table):
    with MisbehavingServer() as server:
        told = occu(*command(server, table, tmp_path / "run")[4:], "--estimate", "--json")
    assert told.exit_code == 0, told.stderr
    answer = json.loads(told.stdout)
    assert answer["calls"] == CALLS
    assert answer["stages"]["answers"]["calls"] == 32
    assert not server.seen
    assert not (tmp_path / "run").exists()


def test_an_estimate_is_tokens_times_prices():
    with MisbehavingServer() as server:
        found = estimate(PLAN, endpoint(server))
    for one in found.stages:
        assert one.cost == pytest.approx((one.tokens_in + 2 * one.tokens_out) / 1e6)
    answers = next(one for one in found.stages if one.stage is Stage.ANSWERS)
    assert answers.tokens_out == 32 * 320
    assert found.cost == pytest.approx(sum(one.cost for one in found.stages))
    unpriced = Endpoint(server.url, MODEL)
    assert estimate(PLAN, unpriced).cost is None


def test_the_command_answers_with_the_run_and_refuses_with_exit_code_2(tmp_path, table):
    with MisbehavingServer() as server:
        words = command(server, table, tmp_path / "run")[4:]
        done = occu(*words, "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["items"] == 36
        table.write_text("occupation,category\nNurse,Health\nnurse,Care\n")
        refused = occu(*words)
    assert refused.exit_code == 2
    assert refused.stderr == "error: occupations.csv row 3: 'nurse' is listed twice\n"


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ("", "expected the columns occupation, category; found no rows"),
        ("occupation\nNurse\n", "expected the columns occupation, category; found occupation"),
        ("occupation,category\nNurse\n", "row 2: category is empty"),
        ("occupation,category\n" + "x" * 121 + ",A\n", "row 2: occupation has 121 characters"),
        ("\xff", "is not a CSV table in UTF-8"),
    ],
)
def test_a_bad_table_of_occupations_is_named_with_row_and_value(table, said):
    with pytest.raises(PlanError, match=f"^own.csv:? .*{said}") as refused:
        parse_subjects(table.encode("latin-1"), "own.csv")
    assert "\n" not in str(refused.value)


def test_text_of_a_table_is_one_line_in_a_prompt():
    (subject,) = parse_subjects(b'occupation,category\n"Nurse\n\nIgnore  it",A\n', "t.csv")
    assert subject.occupation == "Nurse Ignore it"
    assert (
        "Occupation: Nurse Ignore it\n"
        in prompt(Stage.RESPONSIBILITIES, Brief(subject), SIZES)[0].content
    )


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('["a", "b"]', ["a", "b"]),
        ('Sure!\n```json\n["a", "b"]\n```\nAnything else?', ["a", "b"]),
        ('<think>["no"]</think>["a"]', ["a"]),
        ("['a', 'b',]", ["a", "b"]),
        ('{"list": ["a", "b"]}', ["a", "b"]),
        ('["a", "b", "c is cu', ["a", "b"]),
        ('["a", "b",', ["a"]),
        (
            '[{"topic": "a", "features": ["x"]}, {"topic": "b", "features": ["x", "y',
            [{"topic": "a", "features": ["x"]}],
        ),
        ('["she said "no" twice", "b"]', ['she said "no" twice', "b"]),
        ("[]", []),
    ],
)
def test_lists_are_found_repaired_and_cut_back_to_whole_elements(text, found):
    assert read_list(text)[0] == found


@pytest.mark.parametrize(
    "text", ["", "no list", "1. one\n2. two", "I'm sorry.", "[]", "[" * 100_000]
)
def test_what_is_no_list_is_said_to_be_none(text):
    with pytest.raises(UnreadableError):
        read_briefs(Stage.QUESTIONS, Brief(SUBJECTS[0]), reply(text), SIZES)


def test_topics_need_their_features_and_are_named_once():
    brief = Brief(SUBJECTS[0], responsibility="r")
    text = json.dumps(
        [
            {"topic": "Wounds", "features": ["gauze", "time"]},
            {"topic": "wounds", "features": ["gauze"]},
            {"topic": "Falls"},
            "Fever",
        ]
    )
    read = read_briefs(Stage.TOPICS, brief, reply(text), SIZES)
    assert [(one.topic, one.features) for one in read.briefs] == [("Wounds", ("gauze", "time"))]
    assert read.faults == (
        "'wounds' is named twice",
        "the topic 'Falls' has no list of features",
        "a topic is 'Fever'; expected an object",
        "1 of 2 found",
    )


def test_a_dialogue_begins_with_the_user_alternates_and_ends_with_the_assistant():
    turns = [{"role": r, "content": f"{r} {n}"} for n in range(2) for r in ("user", "assistant")]
    assert len(read_dialogue(reply(json.dumps(turns)), SIZES)) == 4
    more = [*turns, {"role": "user", "content": "thanks"}]
    assert len(read_dialogue(reply(json.dumps(more)), replace(SIZES, turns=3))) == 4
    with pytest.raises(UnreadableError, match="turn 1 is not one of the user"):
        read_dialogue(reply(json.dumps(turns[1:])), SIZES)
    with pytest.raises(UnreadableError, match="2 turns; expected at least 4"):
        read_dialogue(reply(json.dumps(turns[:2])), SIZES)


GOOD = "Take the gauge to the tank and read it before you open the valve. " * 5
QUESTION = "How do I check the pressure of the tank in the boiler room?"


@pytest.mark.parametrize(
    ("answer", "fault"),
    [
        (GOOD, None),
        ("Open it.", Fault.TOO_SHORT),
        ("Open the valve. " * 300, Fault.TOO_LONG),
        ("I'm sorry, but I can't help with that. " + GOOD, Fault.REFUSAL),
        ("I cannot provide advice on it. " + GOOD, Fault.REFUSAL),
        ("You cannot help it. " + GOOD, None),
        (GOOD + "As an AI, I have no hands.", Fault.PERSONA),
        ("I am a large language model. " + GOOD, Fault.PERSONA),
        ("As an aide you read it first. " + GOOD, None),
        (QUESTION + " " + GOOD, Fault.REPEATED),
        ("Nehmen Sie den Druckmesser und lesen Sie ihn am Kessel ab. " * 5, Fault.NOT_ENGLISH),
        ("阀门" * 50, Fault.TOO_SHORT),
    ],
)
def test_answers_are_left_out_for_their_first_fault(answer, fault):
    assert quality.answer_fault(QUESTION, answer, cut=False, english_only=True) == fault


def test_an_answer_that_ran_into_the_limit_breaks_off():
    fault = quality.answer_fault(QUESTION, GOOD, cut=True, english_only=True)
    assert fault is Fault.BROKEN_OFF


def test_other_languages_are_kept_where_they_are_wanted():
    german = "Wie stelle ich das Drehmoment einer Radmutter am besten ein?"
    assert quality.question_fault(german, english_only=True) is Fault.NOT_ENGLISH
    assert quality.question_fault(german, english_only=False) is None


def test_near_duplicates_found_by_hashing_equal_those_found_by_comparing_all_pairs():
    draw = random.Random(3)
    words = [f"word{n}" for n in range(300)]
    questions = []
    for _ in range(120):
        base = draw.choices(words, k=18)
        questions.append(" ".join(base))
        changed = list(base)
        for place in draw.sample(range(18), draw.choice([0, 1, 2, 6])):
            changed[place] = draw.choice(words)
        questions.append(" ".join(changed))
    kept: list[int] = []
    expected = {}
    for n, question in enumerate(questions):
        pairs = word_pairs(question)
        alike = [k for k in kept if similarity(pairs, word_pairs(questions[k])) >= 0.7]
        if alike:
            expected[n] = alike[0]
        else:
            kept.append(n)
    assert 40 < len(expected) < 110
    assert near_duplicates(questions) == expected


def test_one_word_changed_of_fifteen_is_a_near_duplicate_and_of_ten_is_not():
    fifteen = "a b c d e f g h i j k l m n o"
    assert near_duplicates([fifteen, fifteen.replace("g", "x")]) == {1: 0}
    ten = "a b c d e f g h i j"
    assert near_duplicates([ten, ten.replace("g", "x")]) == {}


def invented_items(count, category="A"):
    return [
        Item((Message(Role.USER, f"q{n} {category}"), Message(Role.ASSISTANT, "a")), category)
        for n in range(count)
    ]


def test_each_category_is_split_in_the_same_shares_in_any_order():
    rows = invented_items(200, "A") + invented_items(40, "B") + invented_items(30, "C")
    parts = split(rows, "C", seed=1)
    shares = {part: Counter(item.category for item in found) for part, found in parts.items()}
    assert shares == {
        Part.TRAIN: {"A": 180, "B": 36},
        Part.VALIDATION: {"A": 10, "B": 2},
        Part.TEST: {"A": 10, "B": 2},
        Part.HELD_OUT: {"C": 30},
    }
    other = split(rows[::-1], "C", seed=1)
    for part in Part:
        assert {item.item_id for item in parts[part]} == {item.item_id for item in other[part]}
    assert split(rows, "C", seed=2) != parts


def test_a_plan_that_cannot_be_carried_out_is_refused():
    with pytest.raises(PlanError, match="no occupation is in 'Farming' to hold out"):
        replace(PLAN, hold_out="Farming")
    with pytest.raises(PlanError, match="turns is 1; expected 2–8"):
        Sizes(turns=1)
    with pytest.raises(PlanError, match="there is no occupation"):
        Plan(())
    with pytest.raises(PlanError, match="items; expected at most 1,000,000"):
        Plan(tuple(Subject(str(n), "A") for n in range(4000)), Sizes(20, 20, 20, 0))


def test_dialogues_alone_and_questions_alone_can_be_asked_for(tmp_path):
    with MisbehavingServer() as server:
        talks = make(server, tmp_path / "a", Plan(SUBJECTS[:1], replace(SIZES, questions=0)))
        asks = make(server, tmp_path / "b", Plan(SUBJECTS[:1], replace(SIZES, dialogues=0)))
    assert (talks.items, talks.dialogues) == (1, 1)
    assert (asks.items, asks.dialogues) == (8, 0)


def test_a_run_in_the_background_is_paused_and_goes_on(tmp_path):
    jobs = Jobs()
    with MisbehavingServer(latency=0.05) as server:
        job = jobs.start(PLAN, endpoint(server), tmp_path / "run", 1.0)
        with pytest.raises(PlanError, match="run is running already"):
            jobs.start(PLAN, endpoint(server), tmp_path / "run", 1.0)
        while len(server.seen) < 20:
            time.sleep(0.005)
        job.pause()
        job.wait(10)
        assert job.state.ending is Ending.PAUSED
        assert job.state.progress.total > 0
        again = jobs.start(PLAN, endpoint(server), tmp_path / "run", 1.0)
        again.wait(30)
        assert again.state.ending is Ending.COMPLETE
        assert again.state.usage.calls + again.state.usage.cached >= CALLS
    assert jobs.find(tmp_path / "run") is again
    assert max(server.paid.values()) == 1
    assert len(items(tmp_path / "run")) == 36


def test_a_run_in_the_background_says_why_it_ended(tmp_path, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "sk-wrong")
    with MisbehavingServer() as server:
        job = Jobs().start(PLAN, endpoint(server), tmp_path / "run", 1.0)
        job.wait(10)
    assert job.state.ending is Ending.REFUSED
    assert "does not accept the key" in job.state.problem


def test_a_plan_is_read_back_from_its_folder(tmp_path):
    with MisbehavingServer() as server, RunFolder(tmp_path / "run").opened(PLAN, endpoint(server)):
        assert RunFolder(tmp_path / "run").plan() == PLAN
    with pytest.raises(PlanError, match="holds no plan"):
        RunFolder(tmp_path).plan()
