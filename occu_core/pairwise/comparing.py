"""Two systems' answer files joined by question, for a study or a judge."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from occu_core.pairwise.importing_files import Row, read_votes_file
from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.studies import Response, StudyQuestion
from occu_core.pairwise.study_files import file_rows, made_id, said

_LISTED = 10


@dataclass(frozen=True, slots=True)
class Asked:
    """A question that both systems were asked."""

    question_id: str
    text: str
    category: str | None = None
    place: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """A system's answer, and the question as its file has it, if it does."""

    response: Response
    question: str | None


@dataclass(frozen=True, slots=True)
class SystemAnswers:
    """All answers of one system by question_id; `name` is their file's."""

    name: str
    system: str
    answers: Mapping[str, Answer]


@dataclass(frozen=True, slots=True)
class Compared:
    """The questions with both answers.

    Attributes:
        left_out: ids of questions that not both systems answered.
        other: how many answers are to questions that are not asked here.
    """

    questions: tuple[StudyQuestion, ...]
    left_out: tuple[str, ...]
    other: int


def read_answers(path: Path, system: str | None = None) -> SystemAnswers:
    """One system's answers: rows with question_id (or question), response, and system.

    Args:
        path: JSON lines, a JSON list or CSV, as `occu respond` writes.
        system: what it is called; the file's own `system` if None.

    Raises:
        StudySettingsError, VotesError: naming file, row, field and what is allowed.
    """
    answers: dict[str, Answer] = {}
    names: set[str] = set()
    for row in file_rows(path.name, read_votes_file(path)):
        question_id = row.optional_text("question_id") or made_id(row.text("question"))
        names.add(row.optional_text("system") or _no_system(row, system))
        if before := answers.get(question_id):
            raise StudySettingsError(
                f"{row.place}: question {question_id[:60]!r} was answered before, at"
                f" {before.response.place}; expected one answer to each"
            )
        called = system or max(names)
        answers[question_id] = Answer(
            Response(called, said(row), row.place), row.optional_text("question")
        )
    if len(names) > 1:
        raise StudySettingsError(
            f"{path.name}: holds answers of {len(names)} systems, {', '.join(sorted(names))[:200]};"
            " expected one system a file"
        )
    return SystemAnswers(path.name, system or max(names), answers)


def compared(
    asked: Sequence[Asked], first: SystemAnswers, second: SystemAnswers, *, common: bool = False
) -> Compared:
    """Every question with both answers.

    Args:
        asked: the questions.
        first: one system's answers.
        second: the other's.
        common: leave out what not both answered, instead of refusing it.

    Raises:
        StudySettingsError: naming the questions without an answer, or answered as another question.
    """
    both = first, second
    if first.system == second.system:
        raise StudySettingsError(
            f"{first.name} and {second.name} are both answers of {first.system!r}; name one of"
            " them otherwise: OTHER=FILE"
        )
    ids = {one.question_id for one in asked}
    missing = [[i for i in _in_order(asked) if i not in one.answers] for one in both]
    lines = [_missing(one, left, asked) for one, left in zip(both, missing, strict=True) if left]
    left_out = {question_id for left in missing for question_id in left}
    if lines and (not common or len(left_out) == len(ids)):
        raise StudySettingsError("\n".join(lines))
    joined = tuple(_joined(one, both) for one in asked if one.question_id not in left_out)
    other = sum(len(one.answers.keys() - ids) for one in both)
    return Compared(joined, tuple(i for i in _in_order(asked) if i in left_out), other)


def save_compared(questions: Iterable[StudyQuestion], path: Path) -> None:
    """Write questions with their answers as `occu study create` and `occu judge` read them."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            file.writelines(map(_line, questions))
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _no_system(row: Row, system: str | None) -> str:
    if system is None:
        raise StudySettingsError(
            f"{row.place}: says no system; name the one that answered: NAME=FILE"
        )
    return system


def _in_order(asked: Sequence[Asked]) -> list[str]:
    return [one.question_id for one in asked]


def _missing(one: SystemAnswers, left: Sequence[str], asked: Sequence[Asked]) -> str:
    """The first ids without an answer; where none has one, an id of the file beside them."""
    listed = ", ".join(question_id[:60] for question_id in left[:_LISTED])
    more = f" and {len(left) - _LISTED:,} more" if len(left) > _LISTED else ""
    line = (
        f"{one.name}: {one.system!r} did not answer {len(left):,} of {len(asked):,} questions:"
        f" {listed}{more}"
    )
    if len(left) == len(asked) and one.answers:
        return f"{line}; its own ids are such as {next(iter(one.answers))[:60]!r}"
    return f"{line}; have them answered, or compare what both answered (--common)"


def _joined(asked: Asked, both: tuple[SystemAnswers, SystemAnswers]) -> StudyQuestion:
    found = [one.answers[asked.question_id] for one in both]
    for answer in found:
        if answer.question is not None and answer.question.strip() != asked.text.strip():
            raise StudySettingsError(
                f"{answer.response.place}: question {asked.question_id[:60]!r} is"
                f" {answer.question[:60]!r} there, but {asked.text[:60]!r} at {asked.place};"
                " expected answers to the same question"
            )
    return StudyQuestion(
        asked.question_id,
        asked.text,
        tuple(answer.response for answer in found),
        category=asked.category,
        place=asked.place,
    )


def _line(question: StudyQuestion) -> str:
    row = {
        "question_id": question.question_id,
        "question": question.text,
        "category": question.category,
        "responses": {answer.system: answer.text for answer in question.responses},
    }
    return json.dumps(row, ensure_ascii=False) + "\n"
