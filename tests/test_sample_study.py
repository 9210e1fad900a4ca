"""The built-in sample study: balanced as its README says, and nothing in it names a side."""

import json
import re
from collections import Counter
from dataclasses import asdict
from itertools import combinations

import pytest

from occu_core.pairwise.launching import check_content
from occu_core.pairwise.studies import StudySettings
from occu_core.pairwise.study_files import load_study_files
from tests.conftest import ROOT

SAMPLE = ROOT / "assets/studies/sample.jsonl"
ROWS = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
SYSTEMS = ("demo-a", "demo-b")
KINDS = {"length": 14, "specificity": 12, "one mistake": 14}
CATEGORIES = 26


def words(text):
    return re.findall(r"\w+", text.casefold())


def overlap(one, other):
    """Shared pairs of neighbouring words over all of them (Jaccard)."""
    first, second = (set(zip(words(t), words(t)[1:], strict=False)) for t in (one, other))
    return len(first & second) / len(first | second)


def longer(row):
    return max(SYSTEMS, key=lambda system: len(row["responses"][system]))


def of_kind(kind):
    return [row for row in ROWS if row["difference"] == kind]


def test_the_study_reads_as_forty_questions_without_identical_pairs_or_leaks():
    check = check_content(load_study_files([SAMPLE]), StudySettings())
    assert (check.questions, check.pairs, check.identical) == (40, 40, 0)
    assert check.systems == SYSTEMS
    assert check.leaks == ()


def test_every_row_is_marked_as_a_demo_and_all_categories_are_there():
    assert all(row["demo"] is True for row in ROWS)
    assert len({row["category"] for row in ROWS}) == CATEGORIES


@pytest.mark.parametrize(("kind", "count"), KINDS.items())
def test_within_each_kind_both_systems_are_better_and_longer_equally_often(kind, count):
    rows = of_kind(kind)
    half = dict.fromkeys(SYSTEMS, count // 2)
    assert Counter(row["better"]["system"] for row in rows) == half
    assert Counter(longer(row) for row in rows) == half


def test_the_longer_answer_is_the_better_one_in_half_of_all_questions():
    assert sum(row["better"]["system"] == longer(row) for row in ROWS) == 20


def test_questions_and_answers_have_the_lengths_that_were_asked_for():
    for row in ROWS:
        assert 20 <= len(row["question"].split()) <= 60, row["question_id"]
        for text in row["responses"].values():
            assert 60 <= len(text.split()) <= 180, row["question_id"]
        assert len(row["better"]["why"].split()) <= 20, row["question_id"]


def test_answers_that_differ_in_length_say_the_same_and_one_says_more():
    for row in of_kind("length"):
        short, long = sorted(row["responses"].values(), key=len)
        assert len(long) > 1.6 * len(short), row["question_id"]
        said = " ".join(words(long))
        assert all(" ".join(words(line)) in said for line in short.splitlines()), row["question_id"]


def test_answers_that_differ_in_specificity_are_of_similar_length():
    for row in of_kind("specificity"):
        short, long = sorted(len(text.split()) for text in row["responses"].values())
        assert long <= 1.15 * short, row["question_id"]


def test_answers_that_differ_in_one_mistake_differ_in_one_place():
    for row in of_kind("one mistake"):
        first, second = (words(row["responses"][system]) for system in SYSTEMS)
        before = next(
            i for i, pair in enumerate(zip(first, second, strict=False)) if len({*pair}) > 1
        )
        ends = zip(reversed(first), reversed(second), strict=False)
        after = next(i for i, pair in enumerate(ends) if len({*pair}) > 1)
        place = max(len(first), len(second)) - before - after
        assert place <= 40, row["question_id"]


def test_no_two_questions_nearly_repeat_each_other_or_the_sample_of_instruction_data():
    files = (ROOT / "assets/occuquest/sample").glob("*.jsonl")
    items = [json.loads(line) for file in files for line in file.open(encoding="utf-8")]
    others = [item["messages"][0]["content"] for item in items]
    assert len(others) == 676
    own = [row["question"] for row in ROWS]
    close = [pair for pair in combinations(own, 2) if overlap(*pair) > 0.1]
    close += [(one, other) for one in own for other in others if overlap(one, other) > 0.1]
    assert close == []


def test_what_is_kept_for_checks_is_not_read_into_the_study():
    for row, question in zip(ROWS, load_study_files([SAMPLE]), strict=True):
        shown = json.dumps(asdict(question), ensure_ascii=False)
        assert question.question_id == row["question_id"]
        assert row["better"]["why"] not in shown
        assert question.expected is None


def test_neither_the_order_of_rows_nor_an_identifier_tells_which_is_better():
    for row in ROWS:
        assert re.fullmatch(r"sample-\d\d", row["question_id"])
        assert tuple(row["responses"]) == SYSTEMS
    first_half = Counter(row["better"]["system"] for row in ROWS[:20])
    assert all(5 <= first_half[system] <= 15 for system in SYSTEMS)


def test_no_text_names_a_system_or_speaks_of_the_comparison():
    telling = re.compile(
        r"demo|answer [ab]\b|language model|assistant model|as an ai", re.IGNORECASE
    )
    for row in ROWS:
        for text in (row["question"], *row["responses"].values()):
            found = [hit for hit in telling.findall(text) if hit.lower() != "demo"]
            assert not found, row["question_id"]
            assert not re.search(r"demo[-_ ][ab]\b", text, re.IGNORECASE)
