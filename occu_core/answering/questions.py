"""The questions of a file, as models are asked them and as a study shows them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from occu_core.endpoints import Turn
from occu_core.occuquest.item_files import ItemFileError
from occu_core.occuquest.items import Item, Message, Role
from occu_core.occuquest.reading_layouts import item_of, layout_of
from occu_core.occuquest.reading_rows import BadRow, Row, opened_rows
from occu_core.pairwise.study_files import made_id

MOST_QUESTIONS = 20_000
MOST_CHARACTERS = 100_000
"""Of one question, as studies take it."""

MOST_BYTES = 200_000_000
_KEPT = ("category", "field", "group", "kind", "expected", "explanation", "occupation")
_SHOWN_PROBLEMS = 10
_SPEAKERS = {"user": "User", "assistant": "Assistant", "system": "System"}


class QuestionsError(ValueError):
    """A file of questions that cannot be asked: names file, row, field and what is expected."""


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked, up to the last words of the user.

    Attributes:
        question_id: the same for every system that answers.
        text: as people read it: the question, or the whole conversation where there is one.
        kept: the other fields of its row that a study knows, by name.
    """

    question_id: str
    text: str
    turns: tuple[Turn, ...]
    kept: tuple[tuple[str, str], ...] = ()


def load_questions(path: Path) -> tuple[Question, ...]:
    """The questions of a file: JSON lines, a JSON list, CSV or parquet, gzipped or not.

    A row has a `question`, `prompt` or `messages`, of which a last answer is left out; any layout
    that `occu balance` reads will do. `question_id` or `id` names it; else its text does.

    Raises:
        DatasetError: if the file cannot be read.
        QuestionsError: naming every row that asks nothing, or two rows of one id.
    """
    with opened_rows(path, most_bytes=MOST_BYTES) as rows:
        return _checked(rows, path.name)


def asked(text: str, category: str | None = None) -> Question:
    """A question that somebody typed or chose."""
    return question_of({"question": text, "category": category})


def with_system(questions: Iterable[Question], words: str) -> tuple[Question, ...]:
    """The same questions after words to the system; those with such words of their own keep them.

    >>> [turn.role for turn in with_system([asked("Why?")], "Be brief.")[0].turns]
    ['system', 'user']
    """
    first = Turn("system", words)
    return tuple(
        one
        if one.turns[0].role == "system"
        else Question(one.question_id, one.text, (first, *one.turns), one.kept)
        for one in questions
    )


def question_of(content: object) -> Question:
    """The question of one row.

    Raises:
        QuestionsError: naming the field, what was found and what is expected.
    """
    layout = layout_of(content)
    if layout is None:
        raise QuestionsError(f"asks nothing: {_shown(content)}; expected a field question")
    try:
        item = item_of(content, layout)
    except ItemFileError as error:
        raise QuestionsError(str(error)) from None
    turns = _turns(item)
    text = _text(turns)
    if len(text) > MOST_CHARACTERS:
        raise QuestionsError(
            f"the question has {len(text):,} characters; expected at most {MOST_CHARACTERS:,}"
        )
    if "\0" in text:
        raise QuestionsError("the question holds a NUL character, which is no text")
    fields = content if isinstance(content, Mapping) else {}
    return Question(_name(fields) or made_id(text), text, turns, _kept(fields, item))


def _checked(rows: Iterable[Row | BadRow], name: str) -> tuple[Question, ...]:
    found: dict[str, Question] = {}
    places: dict[str, int] = {}
    problems: list[str] = []
    for row in rows:
        if len(found) == MOST_QUESTIONS:
            raise QuestionsError(f"{name}: has more than {MOST_QUESTIONS:,} questions")
        try:
            question = question_of(row.content) if isinstance(row, Row) else None
            if question is None:
                problems.append(f"{name} {row}")
            elif first := places.get(question.question_id):
                problems.append(
                    f"{name} row {row.number}: question_id {question.question_id!r} stands at row"
                    f" {first} too; expected each once"
                )
            else:
                found[question.question_id] = question
                places[question.question_id] = row.number
        except QuestionsError as error:
            problems.append(f"{name} row {row.number}: {error}")
    if problems:
        raise QuestionsError("\n".join(_listed(problems)))
    if not found:
        raise QuestionsError(f"{name}: holds no question; expected one row or more")
    return tuple(found.values())


def _listed(problems: Sequence[str]) -> list[str]:
    more = len(problems) - _SHOWN_PROBLEMS
    return [*problems[:_SHOWN_PROBLEMS], *([f"and {more:,} more rows"] if more > 0 else [])]


def _turns(item: Item) -> tuple[Turn, ...]:
    """A dialogue that ends with an answer is asked up to the question before it."""
    last = max(k for k, one in enumerate(item.messages) if one.role is Role.USER)
    if not item.is_dialogue:
        last = next(k for k, one in enumerate(item.messages) if one.role is Role.USER)
    return tuple(map(_turn, item.messages[: last + 1]))


def _turn(message: Message) -> Turn:
    return Turn(message.role.value, message.content)


def _text(turns: Sequence[Turn]) -> str:
    said = [turn for turn in turns if turn.role != "system"]
    if len(said) == 1:
        return said[0].content
    return "\n\n".join(f"{_SPEAKERS[turn.role]}: {turn.content}" for turn in said)


def _kept(fields: Mapping[str, object], item: Item) -> tuple[tuple[str, str], ...]:
    values = {name: fields.get(name) for name in _KEPT}
    values["category"] = values["category"] or item.category
    values["occupation"] = values["occupation"] or item.occupation
    return tuple((k, str(v).strip()) for k, v in values.items() if v and str(v).strip())


def _name(fields: Mapping[str, object]) -> str:
    """The id that a row gives itself; empty where it gives none."""
    for field in ("question_id", "id"):
        value = fields.get(field)
        if isinstance(value, str | int) and str(value).strip():
            return str(value).strip()
    return ""


def _shown(content: object) -> str:
    if isinstance(content, Mapping):
        return "found fields " + (", ".join(map(str, content))[:120] or "none")
    return f"found {content!r}"[:60]
