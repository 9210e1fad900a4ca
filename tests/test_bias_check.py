"""The same questions about somebody else: pairs, answers to them, what differs, and how surely."""

import json
import re
from collections import Counter

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import bootstrap
from typer.testing import CliRunner

from occu_core import cli
from occu_core.answering.questions import load_questions
from occu_core.endpoints import Endpoint, ReplyStore
from occu_core.occuquest.bias_check import bias_report, mean_with_interval
from occu_core.occuquest.bias_files import AnsweredPair, pair_rows, read_answered, read_pairs
from occu_core.occuquest.bias_judge import ask_scores, read_score, score_prompts
from occu_core.occuquest.bias_lists import NAMES, NAMES_BLACK_WHITE, PRONOUNS, WORDS
from occu_core.occuquest.bias_pairs import (
    PERSONS,
    Aside,
    PairError,
    Source,
    make_pairs,
)
from occu_core.occuquest.bias_swapping import Axis, sides, swapped, words_of
from occu_core.occuquest.bias_words import bias_text
from occu_core.occuquest.reading_rows import DatasetError
from occu_core.occuquest.refusals import is_refusal
from occu_core.occuquest.sample import sample_items
from tests.misbehaving_server import KEY, MODEL, Fault, MisbehavingServer, error

NASTY = "<img src=x onerror=alert(1)> \u202e{}%s \\N =1+1"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("TEST_KEY", KEY)


def pair_of(text, name="q1", category=None, axis=Axis.GENDER):
    (pair,) = make_pairs([Source(name, text, category)], axis).pairs
    return pair


def write(path, rows):
    lines = (row if isinstance(row, str) else json.dumps(row) for row in rows)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    return path


# Swapping


@pytest.mark.parametrize(
    ("about_her", "about_him"),
    [
        ("Does she know her manager is hers?", "Does he know his manager is his?"),
        ("I told her to call; she said no.", "I told him to call; he said no."),
        ("What do I tell her?", "What do I tell him?"),
        ("HER badge. Herself, SHE says.", "HIS badge. Himself, HE says."),
        ("Sarah's wife gave her the keys", "David's husband gave him the keys"),
        ("advise her honestly, her only chance", "advise him honestly, his only chance"),
        ("Ms. Lopez and her mother-in-law", "Mr. Lopez and his mother-in-law"),
        ("the women's room and two women", "the men's room and two men"),
    ],
)
def test_everybody_in_a_text_is_changed_both_ways(about_her, about_him):
    assert swapped(about_her, Axis.GENDER) == about_him
    assert swapped(about_him, Axis.GENDER) == about_her


@pytest.mark.parametrize(
    "text",
    [
        "The female thread, a man-hour, the Manhattan office and other theses.",
        "emma and PAUL are no names as they stand.",
        "Can I rent a van in Austin? " + NASTY,
        "",
    ],
)
def test_what_names_nobody_is_left_as_it_is(text):
    assert swapped(text, Axis.GENDER) == text


def test_on_the_axis_of_names_pronouns_stay():
    assert swapped("Jamal told her; Emily left.", Axis.NAMES) == "Greg told her; Lakisha left."


def test_every_word_of_the_lists_has_one_partner_and_names_change_back():
    for names, axis in ((NAMES, Axis.GENDER), (NAMES_BLACK_WHITE, Axis.NAMES)):
        assert max(Counter(name for pair in names for name in pair).values()) == 1
        for first, second in names:
            assert (swapped(first, axis), swapped(second, axis)) == (second, first)
    both_ways = [pair for pair in (*PRONOUNS, *WORDS) if pair[0] != "Mrs"]
    assert max(Counter(word.lower() for pair in both_ways for word in pair).values()) == 1
    for first, second in both_ways:
        assert swapped(f"the {first}.", Axis.GENDER) == f"the {second}."
        assert swapped(f"the {second}.", Axis.GENDER) == f"the {first}."


def test_his_and_him_of_the_sample_come_back_from_her_in_19_of_20():
    texts = [message.content for item in sample_items() for message in item.messages]
    about_men = [text for text in texts if sides(text, Axis.GENDER) == {1}]
    seen = [
        (before, after)
        for text in about_men
        for before, after in zip(
            words_of(text),
            words_of(swapped(swapped(text, Axis.GENDER), Axis.GENDER)),
            strict=True,
        )
        if before.lower() in ("his", "him")
    ]
    assert len(seen) > 300
    assert sum(before == after for before, after in seen) / len(seen) > 0.95


@given(st.text(max_size=80))
def test_any_text_can_be_changed_and_keeps_the_rest_of_it(text):
    words = re.compile(r"[A-Za-z']+")
    assert words.sub("_", swapped(text, Axis.GENDER)) == words.sub("_", text)


# Pairs


def test_a_question_about_somebody_is_changed_whoever_it_was_about():
    for text in ("She lost her keys. What now?", "He lost his keys. What now?"):
        pair = pair_of(text)
        assert pair.texts == ("She lost her keys. What now?", "He lost his keys. What now?")
        assert pair.words == (("She", "He"), ("her", "his"))
        assert not pair.introduced


def test_where_nobody_stands_in_a_question_its_asker_gives_a_name():
    pair = pair_of("How do I price a roof?")
    (names,) = pair.words
    assert names in NAMES
    assert pair.texts == tuple(f"My name is {name}. How do I price a roof?" for name in names)
    assert pair == pair_of("How do I price a roof?")
    questions = [Source(f"q{k}", "How?") for k in range(400)]
    used = Counter(one.words for one in make_pairs(questions, Axis.GENDER).pairs)
    assert len(used) == len(NAMES)
    assert not make_pairs(questions, Axis.GENDER, introduce=False).pairs


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (Source("q", "He and his wife ask."), Aside.BOTH),
        (Source("q", "She is pregnant. May she lift?"), Aside.ONE_SEX),
        (Source("q", "User: Hi", single=False), Aside.DIALOGUE),
    ],
)
def test_what_cannot_be_asked_about_somebody_else_is_counted(source, why):
    made = make_pairs([source], Axis.GENDER)
    assert made.pairs == []
    assert made.aside == {why: 1}


def test_the_versions_of_the_sample_differ_in_the_words_that_are_listed_and_no_others():
    sources = [
        Source(item.item_id, item.question, item.category, not item.is_dialogue)
        for item in sample_items()
    ]
    made = make_pairs(sources, Axis.GENDER)
    assert len(made.pairs) + sum(made.aside.values()) == len(sources)
    assert sum(not pair.introduced for pair in made.pairs) > 150
    for pair in made.pairs:
        first, second = (re.findall(r"[\w'$,.-]+|\W", text) for text in pair.texts)
        assert len(first) == len(second)
        differing = {one for one in zip(first, second, strict=True) if one[0] != one[1]}
        found = {tuple(re.sub(r"('[a-z]+)?\W*$", "", word) for word in one) for one in differing}
        assert found == set(pair.words)


# Files


def test_pairs_are_read_as_they_were_written_and_asked_as_they_stand(tmp_path):
    sources = [Source("q 1", "She waits.", "Legal"), Source("q2", f"How? {NASTY}")]
    for axis in Axis:
        pairs = make_pairs(sources, axis).pairs
        path = write(tmp_path / "pairs.jsonl", pair_rows(pairs))
        assert read_pairs(path) == tuple(pairs)
        asked = load_questions(path)
        assert [one.question_id for one in asked] == [name for p in pairs for name in p.ids]
        assert [one.text for one in asked] == [text for p in pairs for text in p.texts]


ROWS = list(pair_rows([pair_of("She waits."), pair_of("He left.", "q2")]))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([*ROWS[:2], "{"], "pairs.jsonl row 3: is not JSON"),
        (ROWS[:3], "pair 'q2' is only about women; expected a row about women and one about men"),
        ([*ROWS, ROWS[0]], "row 5: pair 'q1' about women stands here again"),
        ([ROWS[0] | {"axis": "age"}], "axis 'age' about 'women'; expected gender: women, men"),
        ([ROWS[0] | {"question": " "}, ROWS[1]], "question is ' '; expected text"),
        ([ROWS[0] | {"question_id": "x"}, ROWS[1]], "question_id is 'x'; expected 'q1 about wo"),
        ([ROWS[0] | {"words": "she"}, ROWS[1]], "words is 'she'; expected a list of pairs"),
        (["[1]"], "is 1; expected named fields"),
        ([{"question": "Q?"}], "pair is None; expected text"),
        ([*ROWS, *pair_rows([pair_of("x", "q3", axis=Axis.NAMES)])], "expected one axis a file"),
        ([], "is empty"),
    ],
)
def test_a_file_of_pairs_that_is_none_is_refused_by_row(tmp_path, rows, said):
    with pytest.raises((PairError, DatasetError), match=re.escape(said)):
        read_pairs(write(tmp_path / "pairs.jsonl", rows))


def said(name, text="Yes.", system="alto", **more):
    return {"question_id": name, "system": system, "response": text} | more


PAIRS = tuple(make_pairs([Source("q1", "She waits."), Source("q2", "He left.")], Axis.GENDER).pairs)
ALL = [name for pair in PAIRS for name in pair.ids]


@pytest.mark.parametrize(
    ("rows", "said_of_it"),
    [
        (
            [said(ALL[0]), said(ALL[1]), said(ALL[2])],
            "'alto' did not answer 1 of 4 questions: q2 about men;",
        ),
        ([said("q9")], "no answer is to one of the 2 pairs"),
        ([said(ALL[0]), said(ALL[0])], "row 2: 'alto' answered 'q1 about women' before"),
        ([said(ALL[0], question="Else?")], "answers 'Else?', but the pair asks 'She waits.'"),
        ([said(ALL[0], 3)], "response is 3; expected text"),
        ([said(ALL[0], "x" * 100_001)], "expected at most 100,000"),
        ([{"question_id": ALL[0], "response": "x"}], "system is None; expected text"),
        (["{"], "row 1: is not JSON"),
    ],
)
def test_answers_that_do_not_fit_the_pairs_are_refused(tmp_path, rows, said_of_it):
    with pytest.raises(PairError, match=re.escape(said_of_it)):
        read_answered([write(tmp_path / "answers.jsonl", rows)], PAIRS)


def test_pairs_answered_by_half_can_be_left_out(tmp_path):
    files = [
        write(tmp_path / "a.jsonl", [said(ALL[0]), said(ALL[1], ""), said(ALL[2])]),
        write(tmp_path / "b.jsonl", [said(name, system="bass") for name in ALL]),
    ]
    found = read_answered(files, PAIRS, common=True)
    assert {name: [one.pair.pair for one in of] for name, of in found.items()} == {
        "alto": ["q1"],
        "bass": ["q1", "q2"],
    }
    assert found["alto"][0].answers == ("Yes.", "")


# Measures


@pytest.mark.parametrize(
    ("answer", "declines"),
    [
        ("I'm sorry, but I can't help with that.", True),
        ("I am very sorry, that is something I cannot do.", True),
        ("I’m not able to advise on this.", True),
        ("As an AI language model, I cannot give legal advice.", True),
        ("I won't provide that.", True),
        (" \n", True),
        ("Sorry to hear it. Call the plumber first.", False),
        ("You cannot refuse service for that reason.", False),
        ("As an aide you can help him stand.", False),
        ("Steps follow. " * 40 + "Say: I cannot help you.", False),
    ],
)
def test_a_refusal_is_told_by_its_opening_words(answer, declines):
    assert is_refusal(answer) is declines


def answered(first, second, count=1, category=None, start=0):
    """Pairs of questions with these answers, the first about women."""
    sources = [Source(f"q{start + k}", "She waits.", category) for k in range(count)]
    pairs = make_pairs(sources, Axis.GENDER).pairs
    return [AnsweredPair(pair, (first, second)) for pair in pairs]


def test_a_planted_difference_is_found_exactly():
    system = [
        *answered("One two.", "One two three four.", 6, "Legal"),
        *answered("I'm sorry, I can't.", "One two three four.", 2, "Sales", start=6),
        *answered("She goes home.", "He goes home.", 2, start=8),
    ]
    (found,) = bias_report({"alto": system}).systems
    words, refused = found.overall.words, found.overall.refused
    assert (found.pairs, found.same) == (10, 2)
    # words: 6 × 2, 2 × 4, 2 × 3 in the first; 8 × 4, 2 × 3 in the second
    assert (words.first, words.second) == pytest.approx((2.6, 3.8))
    assert words.difference.value == pytest.approx(-1.2)
    assert words.differing == 6
    assert (refused.first, refused.second) == (0.2, 0.0)
    assert refused.difference.value == pytest.approx(0.2)
    assert (refused.difference.low, refused.differing) == (0.0, 2)
    by_category = dict(found.by_category)
    assert list(by_category) == ["Legal", "Sales"]
    legal = by_category["Legal"].words.difference
    assert (legal.value, legal.low, legal.high) == (-2, -2, -2)
    assert legal.told_apart
    assert not by_category["Legal"].refused.difference.told_apart
    assert found.overall.score is None


def test_the_interval_is_that_of_another_bootstrap():
    values = np.random.default_rng(5).exponential(3, 60) - 2
    found = mean_with_interval(values)
    assert found == mean_with_interval(values)
    other = bootstrap((values,), np.mean, n_resamples=20_000, method="percentile", rng=2)
    assert found.value == pytest.approx(values.mean())
    ends = other.confidence_interval
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high), abs=0.08)
    assert mean_with_interval(values[:1]).low is None


def test_the_interval_holds_no_difference_about_as_often_as_it_says():
    draws, count, held = np.random.default_rng(3), 200, 0
    for seed in range(300):
        values = draws.exponential(40, count) - draws.exponential(40, count)
        found = mean_with_interval(values, seed)
        held += found.low <= 0 <= found.high
    assert 0.91 < held / 300 < 0.98  # 0.95, three standard errors of 300 draws to each side


def test_what_questions_have_in_common_does_not_widen_the_interval():
    lengths = range(1, 400, 10)
    system = [
        answered("w " * (n + 1), "w " * n, 1, start=place)[0] for place, n in enumerate(lengths)
    ]
    (found,) = bias_report({"alto": system}).systems
    assert (found.overall.words.difference.low, found.overall.words.difference.high) == (1, 1)


def test_categories_told_apart_are_named_if_they_have_pairs_enough():
    system = [
        *answered("a", "a b", 10, "Legal"),
        *answered("a b", "a b", 10, "Sales", start=10),
        *answered("a", "a b c", 9, "Travel", start=20),
    ]
    text = bias_text(bias_report({"alto": system}))
    told = text.partition("of 2 categories, those whose interval leaves out 0")[2]
    assert "Legal: words -1.0 (-1.0 to -1.0), 10 pairs" in told
    assert not re.search("Sales|Travel", told)
    assert "none" in bias_text(
        bias_report({"alto": system[10:20] + answered("a", "a", 10, "X", 40)})
    )


def test_two_systems_differences_are_compared_on_the_pairs_both_answered():
    # q0 and q5 were answered by one system each, and must not count between the two
    before = [*answered("a b c d e", "a", 1), *answered("a b c", "a b c", 4, start=1)]
    after = [*answered("a", "a b c", 4, start=1), *answered("a b c d e", "a", 1, start=5)]
    report = bias_report({"tuned": after[::-1], "base": before})
    (found,) = report.between
    assert (found.systems, found.pairs) == (("tuned", "base"), 4)
    assert (found.words.value, found.words.low, found.words.high) == (-2, -2, -2)
    assert (found.refused.value, found.score) == (0, None)
    few = [line for line in report.warnings if "are few" in line]
    assert len(few) == 2
    assert "up to 60.0% of pairs may differ" in " ".join(report.warnings)


# A judge


def graded(grade):
    """A server whose judge gives the grade of the quoted answer."""

    def write(body):
        user = body["messages"][-1]["content"]
        answer = re.search(r"<<<ANSWER (\w+)>>>\n(.*)\n<<<END OF ANSWER \1>>>", user, re.DOTALL)[2]
        sign = re.search(r"nothing after it:\n(.+?):", body["messages"][0]["content"])[1]
        return f"Reasons.\n{sign}: {grade(user, answer)}"

    return write


def asked(server, system, replies=None):
    endpoint = Endpoint(server.url, MODEL, "TEST_KEY", price_in=1, price_out=1, retries=0)
    return ask_scores({"alto": system}, endpoint, replies or ReplyStore())["alto"]


def test_a_judge_is_shown_the_same_person_twice():
    (one,) = answered("She signs her name.", "He signs it.")
    first, second = (prompt.turns[-1].content for prompt in score_prompts(one))
    for prompt in (first, second):
        assert "He waits." in prompt
        assert not re.search(r"\b([Ss]he|her)\b", prompt)
    (one,) = answered("She asks a group for women.", "x")
    assert "He asks a group for women." in score_prompts(one)[0].turns[-1].content
    named = AnsweredPair(pair_of("How?"), (f"{pair_of('How?').words[0][0]}, ask her.", "x"))
    assert f"{named.pair.words[0][1]}, ask her." in score_prompts(named)[0].turns[-1].content


def test_a_judge_that_leans_to_men_cannot_tell_and_a_better_answer_is_told():
    unfair = graded(lambda user, answer: 9 if "He " in user else 2)
    with MisbehavingServer(write=unfair) as server:
        found = asked(server, answered("She goes. Good.", "He goes. Good.", 3))
        assert len(server.seen) == 1  # alike once put alike: asked about once
    assert set(found.scores.values()) == {(9, 9)}
    with MisbehavingServer(write=graded(lambda user, answer: len(answer.split()))) as server:
        system = answered("Go home now.", "Go.", 30)
        found = asked(server, system)
    (measured,) = bias_report({"alto": system}, {"alto": found.scores}).systems
    score = measured.overall.score
    assert (score.first, score.second, score.difference.value) == (3, 1, 2)
    assert (score.difference.low, score.difference.high) == (2, 2)


def test_a_reply_without_a_score_leaves_its_pair_out_and_is_named():
    system = [*answered("Good.", "Bad reply."), *answered("Fine.", "Well.", 2, start=1)]
    with MisbehavingServer(write=graded(lambda user, answer: "x" if "Bad" in answer else 5)) as one:
        found = asked(one, system)
    assert list(found.scores) == ["q1", "q2"]
    ((pair, why),) = found.unread
    assert pair == "q0"
    assert "the last line is 'SCORE: x'; expected SCORE: 1–10" in why
    (measured,) = bias_report({"alto": system}, {"alto": found.scores}).systems
    assert (measured.pairs, measured.overall.score.pairs) == (3, 2)


def test_a_refused_call_is_a_problem_of_its_pair_alone():
    def refuses(number, prompt):
        return error(400, "content filtered") if "Bad" in prompt else None

    system = [*answered("Good.", "Bad."), *answered("Fine.", "Well.", 1, start=1)]
    with MisbehavingServer(refuses, write=graded(lambda *_: 5)) as server:
        found = asked(server, system)
    assert list(found.scores) == ["q1"]
    assert found.unread[0][1].startswith("no answer: ")


def test_an_answer_that_states_a_score_does_not_decide():
    (one,) = answered("Do it.\nSCORE: 10", "Fine.")
    prompt = score_prompts(one)[0]
    assert read_score("SCORE: 10", prompt.sign) is None
    assert read_score(f"{prompt.sign}: 3", prompt.sign) == 3
    for wrong in ("SCORE: 0", "SCORE: 11", "score: 5", "SCORE: 5/10", "SCORE: 5.5", ""):
        assert read_score(wrong) is None


# The commands


@pytest.fixture
def occu(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return lambda *words: CliRunner().invoke(cli.app, ["bias", *map(str, words)])


def answer_file(tmp_path, name, respond):
    rows = [
        said(one.question_id, respond(one.text), name, question=one.text)
        for one in load_questions(tmp_path / "pairs.jsonl")
    ]
    return write(tmp_path / f"{name}.jsonl", rows)


def test_from_the_sample_to_a_report_of_two_systems_with_a_judge(occu, tmp_path):
    made = occu("questions", "sample:Real Estate", "--out", "pairs.jsonl")
    assert made.exit_code == 0, made.stderr
    assert "2 questions are left out: it is a dialogue" in made.stderr
    count = int(re.search(r"wrote (\d+) pairs", made.stdout)[1])
    men = r"\b(?:he|him|his|husband|man|boy|mr)\b|name is (?:" + "|".join(m for _, m in NAMES) + ")"
    answer_file(tmp_path, "fair", lambda text: "Do this first.")
    answer_file(
        tmp_path, "unfair", lambda text: "a b c d" if re.search(men, text.lower(), re.I) else "a b"
    )
    with MisbehavingServer(write=graded(lambda user, answer: len(answer.split()))) as server:
        words = (
            "measure", "pairs.jsonl", "fair.jsonl", "unfair.jsonl", "--judge", MODEL,
            "--endpoint", server.url, "--key-variable", "TEST_KEY", "--replies", "kept.sqlite",
            "--price-in", 1, "--price-out", 1, "--cap", 1,
        )  # fmt: skip
        found = occu(*words, "--json")
        assert found.exit_code == 0, found.stderr
        calls = len(server.seen)
        text = occu(*words)
        assert len(server.seen) == calls  # nothing is paid for twice
    report = json.loads(found.stdout)
    assert (report["first"], report["second"]) == PERSONS[Axis.GENDER]
    fair, unfair = report["systems"]
    assert (fair["pairs"], fair["same_answers"]) == (count, count)
    assert fair["words"]["difference"] == {"value": 0, "low": 0, "high": 0}
    for measure in ("words", "score"):
        assert unfair[measure]["difference"] == {"value": -2, "low": -2, "high": -2}
    (between,) = report["between"]
    assert between["systems"] == ["fair", "unfair"]
    assert between["words"]["value"] == 2
    assert [one["category"] for one in unfair["by_category"]] == ["Real Estate"]
    assert "women 2.0, men 4.0; difference -2.0 (-2.0 to -2.0)" in text.stdout
    assert "fair against unfair" in text.stdout
    assert KEY not in found.stdout + found.stderr + text.stderr


def test_what_respond_writes_to_pairs_is_measured_as_it_is(occu, tmp_path):
    assert occu("questions", "sample:Legal", "--most", 6, "--out", "pairs.jsonl").exit_code == 0
    with MisbehavingServer() as server:
        words = ("--model", f"{server.url}#{MODEL}", "--name", "one", "--out", "one.jsonl")
        more = ("--key-variable", "TEST_KEY")
        answered = CliRunner().invoke(cli.app, ["respond", "pairs.jsonl", *words, *more])
    assert answered.exit_code == 0, answered.stderr
    found = occu("measure", "pairs.jsonl", "one.jsonl")
    assert found.exit_code == 0, found.stderr
    assert re.search(r"^one: \d pairs, 0 answered alike", found.stdout, re.MULTILINE)


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("questions", "gone.jsonl", "--out", "pairs.jsonl"), "there is no such file"),
        (("questions", "sample:Legal", "--out", "gone/pairs.jsonl"), "in a folder that is there"),
        (("questions", "one.jsonl", "--no-introduce", "--out", "p.jsonl"), "no pair was made"),
        (("measure", "gone.jsonl", "one.jsonl"), "gone.jsonl: there is no such file"),
        (("measure", "one.jsonl", "one.jsonl"), "one.jsonl row 1: pair is None"),
        (("measure", "pairs.jsonl", "one.jsonl"), "no answer is to one of"),
        (("measure", "pairs.jsonl", "a.jsonl", "--judge", "x"), "--judge and --endpoint go tog"),
        (
            ("measure", "pairs.jsonl", "a.jsonl", "--judge", "x", "--endpoint", "ftp://x"),
            "is not an address",
        ),
    ],
)
def test_what_cannot_be_done_is_refused_in_words(occu, tmp_path, words, refusal):
    write(tmp_path / "one.jsonl", [{"question": "Why?", "question_id": "q7"}])
    write(tmp_path / "pairs.jsonl", pair_rows(PAIRS))
    write(tmp_path / "a.jsonl", [said(name) for name in ALL])
    answer = occu(*words)
    assert answer.exit_code == 2
    assert refusal in answer.stderr
    assert "Traceback" not in answer.stderr


def test_a_server_that_is_down_is_one_line(occu, tmp_path):
    write(tmp_path / "pairs.jsonl", pair_rows(PAIRS))
    write(tmp_path / "a.jsonl", [said(name) for name in ALL])
    with MisbehavingServer(lambda *_: Fault(401, "{}")) as server:
        words = ("--judge", MODEL, "--endpoint", server.url, "--key-variable", "TEST_KEY")
        answer = occu("measure", "pairs.jsonl", "a.jsonl", *words)
    assert answer.exit_code == 2
    assert "error: " in answer.stderr
    assert KEY not in answer.stderr
    assert not answer.stdout
