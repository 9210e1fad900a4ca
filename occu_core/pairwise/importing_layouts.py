"""Who writes votes how: one reader for each layout, a row in, its votes out."""

from __future__ import annotations

import math
from collections.abc import Iterator
from hashlib import sha256

from occu_core.pairwise.importing_files import Row, as_text
from occu_core.pairwise.votes import Verdict, Vote

LEFT, RIGHT, TIE, BOTH_BAD = Verdict
_YES_NO = {"yes": True, "no": False, "true": True, "false": False, "1": True, "0": False}
_TULU = {
    "a-is-better": LEFT,
    "a-is-slightly-better": LEFT,
    "tie": TIE,
    "b-is-slightly-better": RIGHT,
    "b-is-better": RIGHT,
}
_ARENA = {
    "model_a": LEFT,
    "model_b": RIGHT,
    "tie": TIE,
    "tie (bothbad)": BOTH_BAD,
    "both_bad": BOTH_BAD,
}
_NOT_PEOPLE = ("gpt-", "gpt4", "claude", "gemini", "llama")


def read_tulu(row: Row) -> Iterator[Vote]:
    """Tulu-1's `eval_annotations`: a five-way preference, slight or clear counted alike."""
    yield Vote(
        question_id=row.text("instance_id"),
        system_left=row.text("model_a"),
        system_right=row.text("model_b"),
        verdict=row.choice("preference", _TULU),
        annotator=row.text("evaluator"),
        response_left=row.optional_text("completion_a"),
        response_right=row.optional_text("completion_b"),
        acceptable_left=_yes_or_no(row, "completion_a_is_acceptable"),
        acceptable_right=_yes_or_no(row, "completion_b_is_acceptable"),
        time=row.optional_text("timestamp"),
    )


def read_pandalm(row: Row) -> Iterator[Vote]:
    """PandaLM's test set: three people a row; the first of `cmp_key` always stood on the left.

    The same instruction and input, shown for several pairs of systems, is one question.
    """
    systems = row.text("cmp_key").split("_")
    if len(systems) != 2:
        raise row.refusal("cmp_key", row.get("cmp_key"), "two systems joined by one _")
    question = "\n".join((_answer(row, "instruction"), row.optional_text("input") or "")).strip()
    for person in ("annotator1", "annotator2", "annotator3"):
        yield Vote(
            question_id=question,
            system_left=systems[0],
            system_right=systems[1],
            verdict=row.choice(person, {"0": TIE, "1": LEFT, "2": RIGHT}),
            annotator=person,
            response_left=_answer(row, "response1"),
            response_right=_answer(row, "response2"),
            category=row.optional_text("motivation_app"),
        )


def read_llmbar(row: Row) -> Iterator[Vote]:
    """LLMBar: one label a row, without names of systems or of who labelled.

    The same two answers to the same input are one item, whichever stands first.
    """
    left, right = _answer(row, "output_1"), _answer(row, "output_2")
    question = row.text("input")
    yield Vote(
        question_id=sha256("\0".join([question, *sorted((left, right))]).encode()).hexdigest()[:16],
        system_left="output_1",
        system_right="output_2",
        verdict=row.choice("label", {"1": LEFT, "2": RIGHT}),
        annotator="label",
        response_left=left,
        response_right=right,
        group=question,
    )


def read_arena(row: Row) -> Iterator[Vote]:
    """Chatbot Arena's battles: every vote is on a question of its own, its writer's."""
    yield Vote(
        question_id=row.text("question_id"),
        system_left=row.text("model_a"),
        system_right=row.text("model_b"),
        verdict=row.choice("winner", _ARENA),
        annotator=row.optional_text("judge") or row.optional_text("judge_hash") or "anonymous",
        response_left=_said(row, "conversation_a"),
        response_right=_said(row, "conversation_b"),
        category=row.optional_text("language"),
        time=row.optional_text("tstamp"),
    )


def read_mtbench(row: Row) -> Iterator[Vote]:
    """MT-Bench judgments: both turns of a question stand together; judges may be models."""
    judge = row.need("judge")
    name = as_text(judge[0]) if isinstance(judge, list) and judge else as_text(judge)
    question, turn = row.text("question_id"), row.optional_text("turn") or "1"
    yield Vote(
        question_id=f"{question} turn {turn}",
        system_left=row.text("model_a"),
        system_right=row.text("model_b"),
        verdict=row.choice("winner", _ARENA | {"tie (inconsistent)": TIE}),
        annotator=name,
        response_left=_said(row, "conversation_a"),
        response_right=_said(row, "conversation_b"),
        group=question,
        automatic=name.lower().startswith(_NOT_PEOPLE),
    )


def read_csv(row: Row) -> Iterator[Vote]:
    """A table with one vote a row."""
    yield Vote(
        question_id=row.text("question"),
        system_left=row.text("system_left"),
        system_right=row.text("system_right"),
        verdict=row.choice("verdict", {verdict.value: verdict for verdict in Verdict}),
        annotator=row.text("annotator"),
        response_left=row.optional_text("response_left"),
        response_right=row.optional_text("response_right"),
        category=row.optional_text("category"),
        seconds=_seconds(row),
        criterion=row.optional_text("criterion"),
        expert=_yes_or_no(row, "expert"),
        acceptable_left=_yes_or_no(row, "acceptable_left"),
        acceptable_right=_yes_or_no(row, "acceptable_right"),
        time=row.optional_text("time"),
        group=row.optional_text("group"),
        automatic=_yes_or_no(row, "automatic") or False,
        adaptive=_yes_or_no(row, "adaptive") or False,
    )


def _answer(row: Row, name: str) -> str:
    """A response, which may be empty, but not missing."""
    if name not in row.fields:
        row.need(name)
    value = row.fields[name]
    return "" if value is None else as_text(value)


def _yes_or_no(row: Row, name: str) -> bool | None:
    return None if row.get(name) is None else row.choice(name, _YES_NO)


def _seconds(row: Row) -> float | None:
    value = row.optional_text("seconds")
    if value is None:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds < math.inf:
        raise row.refusal("seconds", value, "a number of seconds, 0 or more")
    return seconds


def _said(row: Row, name: str) -> str | None:
    """What the system said last in a conversation, as JSON or as JSON in a string."""
    turns = row.get(name)
    if not isinstance(turns, list):
        return None
    said = [as_text(turn.get("content", "")) for turn in turns if isinstance(turn, dict)]
    return "\n".join(said[1::2]) or None
