"""Votes by side and by system, which of them count, and reading them from files."""

import gzip
import json

import pytest

from occu_core.pairwise.importing import VotesFormat, load_votes, mapped_columns, parse_votes
from occu_core.pairwise.votes import Outcome, Verdict, Vote, VotesError, count_votes, only_criterion
from tests.pairwise_by_hand import vote

HEADER = "question,system_left,system_right,verdict,annotator"


def read(text, layout="csv", **more):
    return parse_votes(text.encode(), "votes", VotesFormat(layout), **more)


def lines(*records):
    return "\n".join(json.dumps(record) for record in records)


def test_a_verdict_by_side_is_an_outcome_by_system():
    assert vote(verdict="left").outcome is Outcome.FIRST
    assert vote(verdict="left", left="beta", right="alpha").outcome is Outcome.SECOND
    assert vote(verdict="right", left="beta", right="alpha").outcome is Outcome.FIRST
    assert vote(verdict="both_bad").outcome is Outcome.BOTH_BAD
    assert vote(left="beta", right="alpha").systems == ("alpha", "beta")


def test_a_vote_between_a_system_and_itself_or_by_nobody_is_refused():
    with pytest.raises(VotesError, match="'alpha' stands on both sides"):
        vote(right="alpha")
    with pytest.raises(VotesError, match="annotator is empty"):
        vote(annotator="")


def test_the_first_vote_in_time_counts_and_later_ones_are_told_apart_by_side():
    votes = [
        vote("q", "right", time="2"),
        vote("q", "left", time="1"),
        vote("q", "left", time="3", left="beta", right="alpha"),
        vote("q", "left", time="4", annotator="other"),
    ]
    kept = count_votes(votes)
    assert [v.time for v in kept.votes] == ["1", "4"]
    assert (kept.exclusions.repeats, kept.exclusions.repeats_swapped) == (1, 1)
    assert kept.exclusions.duplicates == 2
    assert [(a.time, b.time) for a, b in kept.repeated] == [("1", "2"), ("1", "3")]


def test_without_times_votes_are_in_the_order_given():
    kept = count_votes([vote(verdict="right"), vote(verdict="left", time="1")])
    assert [v.verdict for v in kept.votes] == [Verdict.RIGHT]


def test_votes_on_identical_answers_count_unless_they_are_to_be_dropped():
    same = vote(response_left="yes\n", response_right="yes")
    other = vote("q2", response_left="yes", response_right="no")
    assert count_votes([same, other]).votes == (same, other)
    dropped = count_votes([same, other], drop_identical=True)
    assert dropped.votes == (other,)
    assert dropped.exclusions.identical == 1


def test_judges_stand_apart_from_people_but_count_when_alone():
    judge, person = vote(annotator="judge", automatic=True), vote()
    kept = count_votes([judge, person])
    assert (kept.votes, kept.judges, kept.exclusions.judges) == ((person,), (judge,), 1)
    assert count_votes([judge]).votes == (judge,)


def test_adaptively_chosen_pairs_count_in_no_rate():
    chosen, drawn = vote(adaptive=True), vote("q2")
    kept = count_votes([chosen, drawn])
    assert (kept.votes, kept.adaptive, kept.exclusions.adaptive) == ((drawn,), (chosen,), 1)


def test_one_criterion_is_reported_at_a_time():
    votes = [vote(criterion="helpful"), vote(criterion="honest")]
    assert only_criterion(votes, "honest") == (votes[1],)
    with pytest.raises(VotesError, match="2 criteria; choose one of helpful, honest"):
        only_criterion(votes, None)
    with pytest.raises(VotesError, match="'kind'; expected one of helpful, honest"):
        only_criterion(votes, "kind")


def test_a_table_is_read_with_its_optional_columns():
    text = (
        f"{HEADER},response_left,response_right,category,time,expert\n"
        'q1,alpha,beta,left,ann,"two\nlines",short,law,2024-01-01,yes\n'
    )
    (found,) = read("\ufeff" + text)
    assert found == Vote(
        *("q1", "alpha", "beta", Verdict.LEFT, "ann", "two\nlines", "short", "law"),
        time="2024-01-01",
        expert=True,
    )


def test_columns_are_mapped_to_fields():
    text = "item,a,b,choice,rater,secs\nq1,alpha,beta,tie,ann,2.5\n"
    pairs = ["item=question", "a=system_left", "b=system_right", "choice=verdict"]
    columns = mapped_columns([*pairs, "rater=annotator", "secs=seconds"])
    (found,) = read(text, columns=columns)
    assert (found.question_id, found.verdict, found.seconds) == ("q1", Verdict.TIE, 2.5)


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        (["rater"], "'rater': expected column=field, such as rater=annotator"),
        (["x=rater"], "no field 'rater'; expected one of question, system_left"),
        (["x=verdict", "y=verdict"], "verdict is already 'x'"),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(pairs, message):
    with pytest.raises(VotesError, match=message):
        mapped_columns(pairs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER}\nq,a,b,up,ann", r"votes row 2: verdict 'up'; expected left \| right \| tie"),
        (f"{HEADER}\nq,a,b,left,ann\nq,a,b,left,", "votes row 3: annotator is empty"),
        (f"{HEADER}\nq,a,a,left,ann", "votes row 2: question q: 'a' stands on both sides"),
        (f"{HEADER}\nq,a,b,left", "votes row 2: expected 5 cells as the header"),
        (f"{HEADER}\nq,a,b,left,ann,more", "votes row 2: expected 5 cells as the header"),
        ("question,verdict\nq,left", "has no column 'system_left'; found question, verdict"),
        (f"{HEADER},verdict\n", "column 'verdict' stands in the header twice"),
        (f'{HEADER}\n"q,a', "votes: is not CSV after line 1: unexpected end of data"),
        (f"{HEADER}\n", "votes: holds no votes"),
        (" \n", "votes: is empty"),
        (f"{HEADER},seconds\nq,a,b,left,ann,-1", "row 2: seconds '-1'; expected a number"),
        (f"{HEADER},seconds\nq,a,b,left,ann,nan", "row 2: seconds 'nan'; expected a number"),
        (f"{HEADER},expert\nq,a,b,left,ann,maybe", r"row 2: expert 'maybe'; expected yes \| no"),
    ],
)
def test_a_bad_table_is_refused_with_row_value_and_what_is_allowed(text, message):
    with pytest.raises(VotesError, match=message):
        read(text)


def tulu(**changes):
    record = {
        "instance_id": "task_1",
        "model_a": "alpha",
        "model_b": "beta",
        "completion_a": "yes",
        "completion_b": "no",
        "completion_a_is_acceptable": "yes",
        "completion_b_is_acceptable": "no",
        "preference": "a-is-slightly-better",
        "evaluator": "ann",
        "timestamp": "2023-05-19T13:11:45",
    }
    return record | changes


def test_tulu_votes_keep_acceptability_apart_from_preference():
    better, tied = read(lines(tulu(), tulu(preference="tie", instance_id="task_2")), "tulu")
    assert (better.verdict, tied.verdict) == (Verdict.LEFT, Verdict.TIE)
    assert (better.acceptable_left, better.acceptable_right) == (True, False)
    with pytest.raises(VotesError, match="votes line 2: preference 'c'; expected a-is-better"):
        read(lines(tulu(), tulu(preference="c")), "tulu")


def pandalm(**changes):
    return {
        "cmp_key": "opt-7b_llama-7b",
        "instruction": "Answer.",
        "input": "Is it?",
        "response1": True,
        "response2": "",
        "annotator1": 1,
        "annotator2": 2,
        "annotator3": 0,
        "motivation_app": "Quora",
    } | changes


def test_a_pandalm_row_is_three_votes():
    found = read(json.dumps([pandalm()]), "pandalm")
    assert [v.verdict.value for v in found] == ["left", "right", "tie"]
    assert [v.annotator for v in found] == ["annotator1", "annotator2", "annotator3"]
    assert {(v.system_left, v.system_right, v.response_left) for v in found} == {
        ("opt-7b", "llama-7b", "true")
    }
    with pytest.raises(VotesError, match=r"record 1: annotator2 '3'; expected 0 \| 1 \| 2"):
        read(json.dumps([pandalm(annotator2=3)]), "pandalm")
    with pytest.raises(VotesError, match="cmp_key 'one'; expected two systems"):
        read(json.dumps([pandalm(cmp_key="one")]), "pandalm")


def test_llmbar_takes_the_same_two_answers_for_one_item_whichever_is_first():
    one = {"input": "Say it.", "output_1": "a", "output_2": "bb", "label": 2}
    other = {"input": "Say it.", "output_1": "bb", "output_2": "a", "label": 2}
    third = {"input": "Say it.", "output_1": "c", "output_2": "a", "label": 1}
    found = read(json.dumps([one, other, third]), "llmbar")
    assert found[0].question_id == found[1].question_id != found[2].question_id
    assert {v.cluster for v in found} == {"Say it."}


def arena(winner, **changes):
    turns = [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "hello"}]
    return {
        "question_id": "b1",
        "model_a": "alpha",
        "model_b": "beta",
        "winner": winner,
        "judge": "arena_user_3",
        "conversation_a": turns,
        "conversation_b": [*turns[:1], {"role": "assistant", "content": "hello there"}],
        "language": "English",
        "tstamp": 1.5,
    } | changes


def test_arena_battles_have_four_outcomes_and_their_answers():
    found = read(
        lines(*(arena(w) for w in ("model_a", "model_b", "tie", "tie (bothbad)"))), "arena"
    )
    assert [v.verdict for v in found] == list(Verdict)
    assert (found[0].response_left, found[0].longer_on_left) == ("hello", False)
    with pytest.raises(VotesError, match="winner 'nobody'; expected model_a"):
        read(lines(arena("nobody")), "arena")


def test_both_turns_of_an_mtbench_question_stand_together_and_judges_are_told_from_people():
    found = read(
        lines(
            arena("model_a", question_id=81, turn=1, judge="expert_17"),
            arena("tie (inconsistent)", question_id=81, turn=2, judge=["gpt-4", "pair-v2"]),
        ),
        "mtbench",
    )
    assert [v.question_id for v in found] == ["81 turn 1", "81 turn 2"]
    assert {v.cluster for v in found} == {"81"}
    assert [(v.annotator, v.automatic) for v in found] == [("expert_17", False), ("gpt-4", True)]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"[{]", "votes: is not JSON"),
        (b"\n{", "votes line 2: is not JSON"),
        (b"[1]", "votes record 1: 1 is not an object with fields"),
        (b"\xff\xfe", "line 1: byte 0xff is not UTF-8 text"),
        (b"\x1f\x8bnot", "votes: is a damaged gzip file"),
        (b'{"instance_id": "i"}', "line 1: model_a is missing; found fields instance_id"),
        (b"[" * 100_000, "votes: is not JSON"),
    ],
)
def test_a_damaged_file_is_refused_by_place(raw, message):
    with pytest.raises(VotesError, match=message):
        parse_votes(raw, "votes", VotesFormat.TULU)


def test_files_may_be_gzipped_but_not_huge(tmp_path):
    path = tmp_path / "votes.jsonl.gz"
    path.write_bytes(gzip.compress(lines(tulu()).encode()))
    assert len(load_votes(path, VotesFormat.TULU)) == 1
    bomb = gzip.compress(b"x" * 3_000_000)
    with pytest.raises(VotesError, match="votes: is larger than 2 MB"):
        parse_votes(bomb, "votes", VotesFormat.TULU, most_bytes=2_000_000)
    with pytest.raises(VotesError, match="there is no such file"):
        load_votes(tmp_path / "absent", VotesFormat.TULU)


def test_columns_are_mapped_in_a_table_only():
    with pytest.raises(VotesError, match="columns can be mapped in a csv only, not in tulu"):
        read(lines(tulu()), "tulu", columns={"annotator": "x"})


def test_a_language_model_that_goes_by_the_side_has_voted_a_tie_and_a_person_has_not():
    def both(**more):
        return [
            vote("q", "left", **more),
            vote("q", "left", left="beta", right="alpha", **more),
        ]

    assert [v.verdict for v in count_votes(both(automatic=True)).votes] == [Verdict.TIE]
    assert [v.verdict for v in count_votes(both()).votes] == [Verdict.LEFT]
    same = [vote("q", "left", automatic=True), vote("q", "left", automatic=True)]
    assert [v.verdict for v in count_votes(same).votes] == [Verdict.LEFT]
