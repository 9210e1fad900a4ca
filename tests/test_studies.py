"""What makes a study, read from files and checked before anybody votes."""

import gzip
import json
from dataclasses import asdict

import pytest

from occu_core.pairwise.ballots import Ballot
from occu_core.pairwise.launching import check_content
from occu_core.pairwise.settings_json import settings_json, settings_of
from occu_core.pairwise.store_refusals import BallotError, StudySettingsError
from occu_core.pairwise.studies import (
    CRITERIA,
    HELPFUL,
    OVERALL,
    Criterion,
    ItemKind,
    PairChoice,
    Response,
    StudyQuestion,
    StudySettings,
    check_name,
)
from occu_core.pairwise.study_files import read_study_files
from occu_core.pairwise.votes import Verdict, VotesError
from tests.small_studies import gold, question, questions

LONG = [
    {"question_id": "1", "question": "What?", "system": "alto", "response": "A", "field": "Law"},
    {"question_id": "1", "question": "What?", "system": "bass", "response": "B", "category": "x"},
]


def lines(rows):
    return "\n".join(json.dumps(row) for row in rows).encode()


def read(*files):
    return read_study_files([(name, raw) for name, raw in files])


def test_a_row_for_each_answer_and_a_row_for_each_question_say_the_same():
    wide = {"question_id": "1", "question": "What?", "responses": {"alto": "A", "bass": "B"}}
    (long_one,) = read(("long.jsonl", lines(LONG)))
    (wide_one,) = read(("wide.json", lines([wide | {"field": "Law", "category": "x"}])))
    table = b"question_id,question,response:alto,response:bass,field,category\n1,What?,A,B,Law,x\n"
    (table_one,) = read(("wide.csv", table))

    def content(one):
        answers = [(answer.system, answer.text) for answer in one.responses]
        return one.question_id, one.text, one.field, one.category, answers

    expected = ("1", "What?", "Law", "x", [("alto", "A"), ("bass", "B")])
    assert content(long_one) == content(wide_one) == content(table_one) == expected


def test_files_of_several_systems_are_joined_by_question():
    (one,) = read(
        ("alto.jsonl", lines(LONG[:1])), ("bass.jsonl.gz", gzip.compress(lines(LONG[1:])))
    )
    assert [(answer.system, answer.place) for answer in one.responses] == [
        ("alto", "alto.jsonl line 1"),
        ("bass", "bass.jsonl.gz line 1"),
    ]


def test_a_question_without_an_id_is_known_by_its_text():
    rows = [{key: value for key, value in row.items() if key != "question_id"} for row in LONG]
    (one,) = read(("f.jsonl", lines(rows)))
    assert len(one.question_id) == 12


def test_gold_items_come_from_the_same_files():
    rows = [row | {"kind": "gold", "expected": "bass"} for row in LONG]
    (one,) = read(("f.jsonl", lines(rows)))
    assert (one.kind, one.expected) == (ItemKind.GOLD, "bass")


@pytest.mark.parametrize(
    ("rows", "refusal"),
    [
        (LONG[:1], "f.jsonl line 1: systems are alto; expected two or more"),
        (
            [*LONG, LONG[0]],
            "f.jsonl line 3: 'alto' answered question '1' before, at f.jsonl line 1",
        ),
        (
            [LONG[0], LONG[1] | {"question": "Who?"}],
            "f.jsonl line 2: question of question '1' is 'Who?', but 'What?' at f.jsonl line 1",
        ),
        ([{"question_id": "1", "system": "a", "response": ""}], "line 1: question is missing"),
        ([{"question": "What?", "system": "a"}], "f.jsonl line 1: response is missing"),
        ([{"question": "What?"}], "f.jsonl line 1: system is missing"),
        ([{"question": "?", "responses": ["A", "B"]}], "expected an object {system: answer}"),
        ([row | {"kind": "golden"} for row in LONG], "kind 'golden'; expected main | gold"),
        ([row | {"kind": "gold"} for row in LONG], "expected is None; allowed: alto, bass, tie"),
        ([row | {"kind": "repeat"} for row in LONG], "line 1: kind 'repeat'; expected main"),
        (
            [LONG[0] | {"response": "x" * 100_001}, LONG[1]],
            "f.jsonl line 1: response has 100,001 characters; expected at most 100,000",
        ),
        ([LONG[0] | {"response": "a\x00b"}, LONG[1]], "line 1: response holds a NUL character"),
        ([LONG[0] | {"system": " "}, LONG[1]], "f.jsonl line 1: system is empty"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_by_row(rows, refusal):
    with pytest.raises((StudySettingsError, VotesError)) as error:
        read(("f.jsonl", lines(rows)))
    assert refusal in str(error.value)


@pytest.mark.parametrize("raw", [b"{", b"\xff\xfe{", b"[1]", b"   ", gzip.compress(b"x")[:-4]])
def test_damaged_files_are_refused_by_name(raw):
    with pytest.raises(VotesError, match="f.jsonl"):
        read(("f.jsonl", raw))


def test_an_upload_larger_than_allowed_is_refused_even_when_packed():
    with pytest.raises(VotesError, match=r"f\.jsonl\.gz: is larger"):
        read_study_files([("f.jsonl.gz", gzip.compress(b" " * 2_000_000))], most_bytes=1_000_000)


def test_right_to_left_text_scripts_and_sql_are_kept_as_they_are():
    odd = "‮שלום <script>alert(1)</script> '; DROP TABLE vote; -- ![x](http://x/y.png)"
    (one,) = read(("f.jsonl", lines([row | {"response": odd} for row in LONG])))
    assert {answer.text for answer in one.responses} == {odd}


@pytest.mark.parametrize("name", ["", "A", "a b", "-a", "a" * 65, "a'; DROP TABLE study; --", "é"])
def test_names_that_could_not_stand_in_a_link_are_refused(name):
    with pytest.raises(StudySettingsError, match="is not allowed"):
        check_name(name)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("overlap", 0),
        ("per_annotator", 0),
        ("random_share", 1.5),
        ("minimum_seconds", -1.0),
        ("minimum_seconds", float("nan")),
        ("lease_minutes", 0.0),
        ("seed", -1),
    ],
)
def test_settings_out_of_bounds_are_refused_by_name(field, value):
    with pytest.raises(StudySettingsError, match=f"{field} is "):
        StudySettings(**{field: value})


def test_criteria_are_asked_once_each():
    with pytest.raises(StudySettingsError, match="overall, overall; expected one or more"):
        StudySettings(criteria=(OVERALL, OVERALL))
    with pytest.raises(StudySettingsError, match="criteria are none"):
        StudySettings(criteria=())
    with pytest.raises(StudySettingsError, match="is not a name"):
        Criterion("x y", "?")


def test_settings_survive_json():
    settings = StudySettings(
        criteria=CRITERIA, overlap=3, pair_choice=PairChoice.ADAPTIVE, completion_code="C0DE"
    )
    assert settings_of(json.loads(json.dumps(settings_json(settings)))) == settings


def test_a_criterion_may_be_given_by_its_name():
    assert settings_of({"criteria": ["overall", "helpful"]}).criteria == (OVERALL, HELPFUL)


@pytest.mark.parametrize(
    ("written", "refusal"),
    [
        ([], "s.json: is []; expected an object of settings"),
        ({"overlaps": 2}, "s.json: no setting 'overlaps'; allowed: criteria, "),
        ({"overlap": "2"}, "s.json: overlap is '2'; expected int"),
        ({"overlap": True}, "s.json: overlap is True; expected int"),
        ({"demo": 1}, "s.json: demo is 1; expected bool"),
        ({"pair_choice": "best"}, "s.json: pair_choice is 'best'; expected balanced or adaptive"),
        ({"criteria": ["nice"]}, "s.json: criteria has 'nice'; expected overall, helpful"),
    ],
)
def test_written_settings_are_read_strictly(written, refusal):
    with pytest.raises(StudySettingsError) as error:
        settings_of(written, "s.json")
    assert refusal in str(error.value)


def test_a_study_is_looked_over_before_it_is_launched():
    same = StudyQuestion("s", "?", (Response("alto", "yes"), Response("bass", "yes ")))
    content = [*questions(3), same, gold(10, "alto"), gold(11, "tie", ItemKind.ATTENTION)]
    check = check_content(content, StudySettings(overlap=2))
    found = {name: value for name, value in asdict(check).items() if name != "leaks"}
    assert found == {
        "questions": 4,
        "systems": ("alto", "bass"),
        "pairs": 3,
        "identical": 1,
        "votes_planned": 6,
        "practice": 0,
        "gold": 1,
        "attention": 1,
    }
    assert len(check.leaks) == 10  # every answer but two begins with its system's name


@pytest.mark.parametrize(
    ("content", "refusal"),
    [
        ([], "a study has 0 questions; expected 1 to 20,000"),
        ([question(1), question(1)], "question_id 'q1' stands for two questions"),
        ([gold(1, "alto")], "there is nothing to compare"),
        ([question(1), gold(2, "tie")], "q2: expected is tie, which is not allowed"),
    ],
)
def test_content_that_cannot_be_a_study_is_refused(content, refusal):
    with pytest.raises(StudySettingsError) as error:
        check_content(content, StudySettings(allow_ties=False))
    assert refusal in str(error.value)


def test_a_ballot_must_answer_what_is_asked():
    left, tie = ("overall", Verdict.LEFT), ("overall", Verdict.TIE)
    both = StudySettings(criteria=(OVERALL, HELPFUL), allow_ties=False, ask_acceptable=True)
    whole = Ballot((("helpful", Verdict.RIGHT), left), True, False)
    assert whole.checked(both).verdicts == (left, ("helpful", Verdict.RIGHT))
    for ballot, settings, refusal in [
        (Ballot(()), StudySettings(), "verdicts are on none; expected one each on overall"),
        (Ballot((left, left)), StudySettings(), "verdicts are on overall, overall"),
        (Ballot((left,)), both, "expected one each on overall, helpful"),
        (Ballot((tie,)), StudySettings(allow_ties=False), "overall: tie is not allowed"),
        (Ballot((tie, ("helpful", Verdict.LEFT)), True, True), both, "tie is not allowed"),
        (Ballot((left,), True, True), StudySettings(), "acceptable: expected no answer"),
        (Ballot(whole.verdicts, True), both, "expected yes or no for both sides"),
        (Ballot((("overall", Verdict.BOTH_BAD),)), StudySettings(allow_both_bad=False), "both_bad"),
    ]:
        with pytest.raises(BallotError) as error:
            ballot.checked(settings)
        assert refusal in str(error.value)
