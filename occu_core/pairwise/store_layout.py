"""A study laid out in the store: its questions, answers, pairs, and the plan of votes wanted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from importlib.metadata import PackageNotFoundError, version

from sqlalchemy import Connection, Table, insert, select, update

from occu_core.pairwise.assignment import AnswerPair, answer_pairs, plan
from occu_core.pairwise.launching import Check, check_content, planned_per_question
from occu_core.pairwise.settings_json import settings_json
from occu_core.pairwise.store_lookup import (
    EventKind,
    Happening,
    SlotState,
    Study,
    field_key,
    note_down,
)
from occu_core.pairwise.store_refusals import StudyExistsError, StudySettingsError
from occu_core.pairwise.studies import (
    ItemKind,
    Response,
    StudyQuestion,
    StudySettings,
    StudyState,
    check_name,
)
from occu_core.pairwise.tables import MATCHUP, PAIR, QUESTION, RESPONSE, SLOT, STUDY

_MOST_TITLE = 200


def create(
    connection: Connection,
    name: str,
    title: str,
    questions: Sequence[StudyQuestion],
    settings: StudySettings,
    now: float,
) -> Check:
    """Lay a study out."""
    checked = check_content(questions, settings)
    study_id = add_study(connection, name, title, settings, now)
    pairs, identical = answer_pairs(questions)
    question_ids = _add_questions(connection, study_id, questions)
    response_ids = _add_responses(connection, questions, question_ids)
    matchup_ids = _add_matchups(connection, study_id, pairs)
    rows: list[dict[str, object]] = [
        {
            "study_id": study_id,
            "question_id": question_ids[pair.question],
            "matchup_id": matchup_ids[pair.systems],
            "first_id": response_ids[pair.question, pair.first.system],
            "second_id": response_ids[pair.question, pair.second.system],
            "kind": pair.kind,
            "expected": pair.expected,
        }
        for pair in pairs
    ]
    pair_ids = _insert(connection, PAIR, rows)
    slots = plan(pairs, settings.overlap, planned_per_question(settings), settings.seed)
    fields = [field_key(question.field) for question in questions]
    connection.execute(
        insert(SLOT),
        [
            {
                "study_id": study_id,
                "pair_id": pair_ids[slot.pair],
                "matchup_id": matchup_ids[pairs[slot.pair].systems],
                "field": fields[pairs[slot.pair].question],
                "position": position,
                "first_on_left": slot.first_on_left,
                "state": SlotState.FREE,
            }
            for position, slot in enumerate(slots)
        ],
    )
    counts = {
        "identical": identical,
        "planned": checked.votes_planned,
        "practice": checked.practice,
        "pairs": len({slot.pair for slot in slots}),
        "checks": checked.gold + checked.attention,
    }
    connection.execute(update(STUDY).where(STUDY.c.id == study_id).values(counts))
    details: dict[str, object] = {**counts, "leaks": len(checked.leaks), "name": name}
    note_down(connection, study_id, Happening(EventKind.CREATED, details=details), now)
    return checked


def questions_of(connection: Connection, study: Study) -> tuple[StudyQuestion, ...]:
    """The study's content as it was given, identical answers included."""
    answers: dict[int, list[Response]] = {}
    mine = RESPONSE.join(QUESTION, RESPONSE.c.question_id == QUESTION.c.id)
    of_study = QUESTION.c.study_id == study.id
    statement = select(RESPONSE).select_from(mine).where(of_study).order_by(RESPONSE.c.id)
    for row in connection.execute(statement):
        answers.setdefault(row.question_id, []).append(Response(row.system, row.text, row.place))
    return tuple(
        StudyQuestion(
            row.question_id,
            row.text,
            tuple(answers[row.id]),
            row.category,
            row.field,
            row.group,
            ItemKind(row.kind),
            row.expected,
            row.explanation,
        )
        for row in connection.execute(select(QUESTION).where(of_study).order_by(QUESTION.c.id))
    )


def add_study(
    connection: Connection, name: str, title: str, settings: StudySettings, now: float
) -> int:
    """A draft without content; gives its key."""
    check_name(name)
    if not 1 <= len(title.strip()) <= _MOST_TITLE or "\x00" in title:
        raise StudySettingsError(f"the title of study {name} has no 1–{_MOST_TITLE} characters")
    if connection.execute(select(STUDY.c.id).where(STUDY.c.name == name)).first():
        raise StudyExistsError(f"there is a study {name!r} already; choose another name")
    row = {
        "name": name,
        "title": title.strip(),
        "state": StudyState.DRAFT,
        "settings": settings_json(settings),
        "version": _version(),
        "created": now,
        **dict.fromkeys(("identical", "planned", "practice", "pairs", "checks"), 0),
    }
    return _insert(connection, STUDY, [row])[0]


def _add_questions(
    connection: Connection, study_id: int, questions: Sequence[StudyQuestion]
) -> list[int]:
    rows: list[dict[str, object]] = [
        {
            "study_id": study_id,
            "question_id": question.question_id,
            "text": question.text,
            "category": question.category,
            "field": question.field,
            "group": question.group,
            "kind": question.kind,
            "expected": question.expected,
            "explanation": question.explanation,
        }
        for question in questions
    ]
    return _insert(connection, QUESTION, rows)


def _add_responses(
    connection: Connection, questions: Sequence[StudyQuestion], question_ids: Sequence[int]
) -> dict[tuple[int, str], int]:
    """The keys of responses by the question's place and the system."""
    keys = [(k, answer.system) for k, one in enumerate(questions) for answer in one.responses]
    rows = [
        {
            "question_id": question_ids[k],
            "system": answer.system,
            "text": answer.text,
            "place": answer.place[:200],
        }
        for k, one in enumerate(questions)
        for answer in one.responses
    ]
    return dict(zip(keys, _insert(connection, RESPONSE, rows), strict=True))


def _add_matchups(
    connection: Connection, study_id: int, pairs: Iterable[AnswerPair]
) -> dict[tuple[str, str], int]:
    systems = sorted({pair.systems for pair in pairs})
    none = dict.fromkeys(("first_wins", "second_wins", "undecided"), 0)
    rows = [{"study_id": study_id, "first": a, "second": b, **none} for a, b in systems]
    return dict(zip(systems, _insert(connection, MATCHUP, rows), strict=True))


def _insert(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> list[int]:
    """Add rows and give their keys in order."""
    statement = insert(table).returning(table.c.id, sort_by_parameter_order=True)
    return list(connection.scalars(statement, rows))


def _version() -> str:
    try:
        return version("occuscope")
    except PackageNotFoundError:
        return "unknown"
