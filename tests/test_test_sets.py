"""Sets of questions, two systems' answers to them, and the study and judge's votes they become."""

import csv
import json
import re

import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.answering import question_sets
from occu_core.answering.question_sets import (
    HELD_OUT,
    about,
    drawn,
    read_question_set,
    save_questions,
)
from occu_core.answering.questions import QuestionsError, load_questions
from occu_core.occuquest.reading_hub import local_split
from occu_core.occuquest.reading_rows import DatasetError
from occu_core.pairwise.comparing import Asked, compared, read_answers
from occu_core.pairwise.store import Store
from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.votes import VotesError
from tests.misbehaving_server import KEY, MODEL, MisbehavingServer

NASTY = "<script>alert(1)</script> =1+1 \u202e مرحبا"
CATEGORIES = ("Legal", "Sales", "Travel")


def write(path, rows):
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


def released(question, category, answer="An answer."):
    """A row as OccuQuest's authors laid it out; quora's have no answer."""
    turns = [{"role": "user", "content": question}]
    turns += [{"role": "assistant", "content": answer}] if answer else []
    return {"category": category, "occupation": "Clerk", "topic": "t", "messages": turns}


@pytest.fixture
def folder(tmp_path):
    """OccuQuest's three test splits, small and invented."""
    where = tmp_path / "occuquest"
    where.mkdir()
    asked = [(f"How is job {k} of {name} done?", name) for name in CATEGORIES for k in range(2)]
    write(where / "test.jsonl", [released(*one) for one in asked])
    write(where / "estate.jsonl", [released(f"Estate {k}?", "Real Estate") for k in range(3)])
    write(where / "quora.jsonl", [{"question": f"Quora {k}?"} for k in range(4)])
    return where


@pytest.fixture
def occu(tmp_path, monkeypatch):
    """Runs a command in a folder of its own, on a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCCU_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite3")
    monkeypatch.setenv("TEST_KEY", KEY)
    return lambda *words: CliRunner().invoke(cli.app, ["study", *map(str, words)])


def answer_rows(folder, system, text):
    """What a system says to the test split, as a row for each question."""
    return [
        {"question_id": one.question_id, "question": one.text, "system": system, "response": said}
        for number, one in enumerate(read_question_set(f"{folder}:test").questions)
        for said in [text(number)]
    ]


@pytest.fixture
def answers(folder, tmp_path):
    """Two answer files: alto's answers are long in the even questions, bassoon's in the odd."""
    long = [f"{k} and a good deal more." for k in range(6)]
    for system, odd in (("alto-7", 0), ("bassoon-9", 1)):
        rows = answer_rows(folder, system, lambda k, odd=odd: f"{k}" if k % 2 != odd else long[k])
        write(tmp_path / f"{system}.jsonl", rows)
    return "alto-7.jsonl", "bassoon-9.jsonl"


# Sets


def test_the_three_released_test_sets_are_read_from_a_folder_and_by_name(folder, monkeypatch):
    monkeypatch.setattr(
        question_sets, "download_split", lambda split: local_split(folder, split)
    )  # the hub as it would be on this disk
    for name, split, count in (("occu-test", "test", 6), ("estate", "estate", 3)):
        found = read_question_set(f"{folder}:{split}").questions
        assert len(found) == count
        assert found == read_question_set(name).questions
        assert found == read_question_set(f"occuquest:{split}").questions
    quora = read_question_set("occu-quora").questions
    assert [one.text for one in quora] == [f"Quora {k}?" for k in range(4)]
    assert [about(one, "category") for one in quora] == [None] * 4
    test = read_question_set("occu-test").questions
    assert [about(one, "category") for one in test] == [c for c in CATEGORIES for _ in range(2)]
    assert about(test[0], "occupation") == "Clerk"
    assert "An answer." not in repr(test)


def test_a_category_of_the_sample_can_be_held_out():
    held = read_question_set(f"sample:{HELD_OUT.lower()}")
    assert len(held.questions) == 26
    assert {about(one, "category") for one in held.questions} == {HELD_OUT}
    with pytest.raises(QuestionsError, match="no such category; expected one of Accounting, Admin"):
        read_question_set("sample:Astrology")


def test_what_is_written_is_what_a_model_is_asked_and_a_study_shows(tmp_path):
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "Who?"},
        {"role": "assistant", "content": "Ann."},
        {"role": "user", "content": NASTY},
    ]
    rows = [{"question": NASTY, "id": 7, "category": "Legal"}, {"messages": turns}]
    found = read_question_set(str(write(tmp_path / "in.jsonl", rows))).questions
    save_questions(found, tmp_path / "out.jsonl")
    assert load_questions(tmp_path / "out.jsonl") == found
    assert read_question_set(str(tmp_path / "out.jsonl")).questions == found
    assert found[0].question_id == "7"
    assert [turn.content for turn in found[1].turns] == ["Be brief.", "Who?", "Ann.", NASTY]


def test_rows_that_ask_nothing_are_kept_aside_by_number_and_repeats_are_counted(tmp_path):
    rows = [{"question": "Q?"}, {"answer": "A."}, "{", {"question": " "}, {"question": "Q?"}]
    found = read_question_set(str(write(tmp_path / "in.jsonl", rows)))
    assert [one.text for one in found.questions] == ["Q?"]
    assert [row.number for row in found.aside.first] == [2, 3, 4]
    assert found.repeats == 1


def test_one_id_for_two_questions_is_refused_by_row(tmp_path):
    rows = [{"id": "x", "question": "Q?"}, {"id": "x", "question": "Another?"}]
    with pytest.raises(QuestionsError, match=re.escape("in.jsonl row 2: question_id 'x' is ano")):
        read_question_set(str(write(tmp_path / "in.jsonl", rows)))


@pytest.mark.parametrize(
    ("rows", "said"),
    [([{"answer": "A."}], "holds no question; row 1:"), ([], "is empty")],
)
def test_a_file_without_any_question_is_refused(tmp_path, rows, said):
    with pytest.raises((DatasetError, QuestionsError), match=said):
        read_question_set(str(write(tmp_path / "in.jsonl", rows)))
    with pytest.raises(DatasetError, match="there is no such file"):
        read_question_set(str(tmp_path / "none.jsonl"))


def test_a_draw_is_the_same_for_the_same_seed_and_keeps_the_order():
    whole = read_question_set(f"sample:{HELD_OUT}").questions
    first, again, other = (drawn(whole, 10, seed) for seed in (1, 1, 2))
    assert first == again != other
    places = [whole.index(one) for one in first]
    assert places == sorted(set(places))
    assert len(places) == 10
    assert drawn(whole, 99, 1) == whole


# Joining two systems' answers


ASKED = [Asked("q1", "One?", "Legal", "here"), Asked("q2", "Two?"), Asked("q3", "Three?")]


def joined(tmp_path, first, second, **options):
    files = [write(tmp_path / "a.jsonl", first), write(tmp_path / "b.jsonl", second)]
    return compared(ASKED, *map(read_answers, files), **options)


def row(number, system="alto", **more):
    return {"question_id": f"q{number}", "system": system, "response": f"{system} {number}"} | more


def test_answers_are_joined_by_question_whatever_their_order(tmp_path):
    second = [row(k, "bass") for k in (3, 1, 2, 9)]
    found = joined(tmp_path, [row(k) for k in (1, 2, 3)], second)
    assert [[one.text for one in question.responses] for question in found.questions] == [
        [f"alto {k}", f"bass {k}"] for k in (1, 2, 3)
    ]
    assert [question.category for question in found.questions] == ["Legal", None, None]
    assert (found.left_out, found.other) == ((), 1)


def test_missing_answers_are_named_for_each_system_or_left_out_when_told(tmp_path):
    first, second = [row(1), row(3)], [row(1, "bass"), row(2, "bass")]
    with pytest.raises(StudySettingsError) as refused:
        joined(tmp_path, first, second)
    assert "a.jsonl: 'alto' did not answer 1 of 3 questions: q2;" in str(refused.value)
    assert "b.jsonl: 'bass' did not answer 1 of 3 questions: q3;" in str(refused.value)
    found = joined(tmp_path, first, second, common=True)
    assert [one.question_id for one in found.questions] == ["q1"]
    assert found.left_out == ("q2", "q3")


@pytest.mark.parametrize(
    ("first", "second", "said"),
    [
        ([row(8)], [row(1, "bass")], "its own ids are such as 'q8'"),
        ([row(1), row(1)], [row(1, "bass")], "a.jsonl line 2: question 'q1' was answered before"),
        ([row(1)], [row(1)], "both answers of 'alto'; name one"),
        ([row(1), row(2, "bass")], [row(1)], "a.jsonl: holds answers of 2 systems, alto, bass"),
        ([row(1, question="Else?")], [row(1, "bass")], "is 'Else?' there, but 'One?' at here"),
        ([{"question_id": "q1", "response": "x"}], [row(1)], "says no system"),
        ([{"question_id": "q1", "system": "alto"}], [row(1)], "response is missing"),
        (["{"], [row(1)], "a.jsonl line 1: is not JSON"),
        ([row(1, response="x" * 100_001)], [row(1, "bass")], "expected at most 100,000"),
    ],
)
def test_answers_that_cannot_be_compared_are_refused_by_place(tmp_path, first, second, said):
    with pytest.raises((StudySettingsError, VotesError), match=re.escape(said)):
        joined(tmp_path, first, second, common=True)


# One command


def test_two_answer_files_become_an_open_study_in_one_command(occu, folder, answers):
    made = occu(
        "compare", "mine", f"{folder}:test", "--a", answers[0], "--b", answers[1],
        "--launch", "--annotators", 2, "--overlap", 2, "--title", "Mine", "--address", "https://x",
    )  # fmt: skip
    assert made.exit_code == 0, made.stderr
    said, *rest = made.stdout.splitlines()
    assert said == "study mine is open: 6 questions, systems alto-7, bassoon-9"
    assert "12 votes planned" in rest[1]
    assert all(re.fullmatch(r"https://x/annotate\?annotator=[\w-]{22}", link) for link in rest[2:])
    assert len(rest) == 4
    found = Store().export("mine").questions
    assert [one.category for one in found] == [c for c in CATEGORIES for _ in range(2)]
    again = occu(
        "compare", "mine", f"{folder}:test", "--a", answers[0], "--b", answers[1],
        "--launch", "--annotators", 2, "--overlap", 2,
    )  # fmt: skip
    assert again.exit_code == 0
    assert "is there already, with the same answers" in again.stderr
    assert Store().summary("mine").annotators == 2
    for name, overlap in ((f"tenor={answers[0]}", 2), (answers[0], 3)):
        other = occu(
            "compare", "mine", f"{folder}:test", "--a", name, "--b", answers[1],
            "--overlap", overlap,
        )  # fmt: skip
        assert other.exit_code == 2
        assert "it has other answers or settings" in other.stderr


def longer_is_better(body):
    """What a judge says who prefers the longer answer."""
    user = body["messages"][-1]["content"]
    left, right = (
        len(re.search(rf"<<<ANSWER {side} \w+>>>\n(.*)\n<<<END", user)[1]) for side in "AB"
    )
    return f"Reasons.\nVERDICT: {'A' if left > right else 'B'}"


def test_a_judge_votes_beside_people_and_its_win_rates_stand_by_category(
    occu, folder, answers, tmp_path
):
    command = (
        "compare", "judged", f"{folder}:test", "--a", answers[0], "--b", answers[1], "--launch",
        "--judge", MODEL, "--out", "votes.csv", "--key-variable", "TEST_KEY",
        "--price-in", 1, "--price-out", 1, "--cap", 1,
    )  # fmt: skip
    with MisbehavingServer(write=longer_is_better) as server:
        stopped = occu(*command, "--endpoint", server.url, "--cap", 0.0001)
        assert stopped.exit_code == 2
        assert "cap" in stopped.stderr
        assert not server.seen
        assert not Store().votes("judged")
        made = occu(*command, "--endpoint", server.url)
        assert made.exit_code == 0, made.stderr
        assert len(server.seen) == 12
    assert len(Store().votes("judged")) == 12
    text = made.stdout.partition("win rate by category:")[2]
    for category in CATEGORIES:
        assert re.search(rf"{category} +50\.0% \(.*; 1/2\)  alto-7 against bassoon-9", text)
    votes = list(csv.DictReader((tmp_path / "votes.csv").open(encoding="utf-8")))
    assert sorted(vote["category"] for vote in votes) == [c for c in CATEGORIES for _ in range(2)]
    reported = occu("report", "votes.csv", "--format", "csv")
    assert "win rate by category" in reported.stdout
    assert re.search(r"Sales +50\.0%", reported.stdout)
    judged = (tmp_path / "votes.answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert json.loads(judged[0])["responses"] == {
        "alto-7": "0 and a good deal more.",
        "bassoon-9": "0",
    }


def test_what_respond_writes_is_compared_as_it_is(occu, tmp_path):
    assert occu("questions", f"sample:{HELD_OUT}", "--out", "q.jsonl").exit_code == 0
    with MisbehavingServer() as server:
        for name, seed in (("one", 1), ("two", 2)):
            words = ("--model", f"{server.url}#{MODEL}", "--name", name, "--out", f"{name}.jsonl")
            more = ("--key-variable", "TEST_KEY", "--temperature", "1", "--seed", str(seed))
            answered = CliRunner().invoke(cli.app, ["respond", "q.jsonl", *words, *more])
            assert answered.exit_code == 0, answered.stderr
    made = occu("compare", "mine", "q.jsonl", "--a", "one.jsonl", "--b", "two.jsonl", "--launch")
    assert made.exit_code == 0, made.stderr
    assert made.stdout.startswith("study mine is open: 26 questions, systems one, two\n26 pairs;")


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--judge", MODEL), "--judge, --endpoint and --out go together"),
        (
            ("--judge", MODEL, "--endpoint", "ftp://x", "--out", "votes.csv"),
            "is not an address",
        ),
        (
            ("--judge", MODEL, "--endpoint", "http://x/v1", "--out", "votes.csv", "--cap", 1),
            "a cap of $1.00 needs prices",
        ),
        (
            ("--judge", MODEL, "--endpoint", "http://x/v1", "--out", "gone/votes.csv"),
            "there is no folder gone",
        ),
        (
            (
                "--a",
                "v.answers.jsonl",
                "--judge",
                MODEL,
                "--endpoint",
                "http://x/v1",
                "--out",
                "v.csv",
            ),
            "v.answers.jsonl beside it would be overwritten",
        ),
        (("--annotators", 2), "add --launch"),
        (("--a", "=alto-7.jsonl"), "names no system"),
        (("--a", "gone.jsonl"), "gone.jsonl: there is no such file"),
        (("--settings", "alto-7.jsonl"), "is not JSON"),
    ],
)
def test_what_cannot_be_done_is_refused_before_a_study_is_made(occu, folder, answers, more, said):
    answer = occu("compare", "mine", f"{folder}:test", "--a", answers[0], "--b", answers[1], *more)
    assert answer.exit_code == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
    assert not Store().studies()


def test_questions_are_written_for_systems_to_answer(occu, folder, tmp_path):
    wrote = occu("questions", f"{folder}:test", "--out", "q.jsonl", "--most", 4)
    assert wrote.stdout == "wrote 4 questions to q.jsonl\n"
    assert len(load_questions(tmp_path / "q.jsonl")) == 4
    refused = occu("questions", f"{folder}:test", "--out", "gone/q.jsonl")
    assert refused.exit_code == 2
    write(tmp_path / "bad.jsonl", [{"question": "Q?"}, {"answer": "A."}])
    wrote = occu("questions", "bad.jsonl", "--out", "q.jsonl")
    assert "note: row 2: " in wrote.stderr
    assert "note: bad.jsonl: 1 rows ask nothing and are left out" in wrote.stderr
