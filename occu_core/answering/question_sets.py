"""Sets of questions that systems are compared on: OccuQuest's test splits, files, our own sample.

occu-test          OccuQuest's test split, 25 categories × 10, from the hub
estate             its category (real estate) that training never saw
occu-quora         real questions, without answers or categories
occuquest:SPLIT    any split from the hub; FOLDER:SPLIT the same in a folder
sample:CATEGORY    what the sample that ships has in a category, to hold out of training
FILE               questions, instructions or dialogues in any layout that `occu balance` reads
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from occu_core.answering.questions import MOST_BYTES, Question, QuestionsError, question_of
from occu_core.occuquest.item_files import to_json
from occu_core.occuquest.reading import KeptAside
from occu_core.occuquest.reading_hub import OccuQuestSplit, download_split, local_split
from occu_core.occuquest.reading_rows import BadRow, opened_rows
from occu_core.occuquest.sample import sample_items
from occu_core.occuquest.taxonomy import categories

HELD_OUT = "Real Estate"
"""The category of the sample that stands in for OccuQuest's `estate`: hold it out of training."""

_NAMED = {
    "occu-test": OccuQuestSplit.TEST,
    "estate": OccuQuestSplit.ESTATE,
    "occu-quora": OccuQuestSplit.QUORA,
}
_FROM_HUB = "occuquest"
_FROM_SAMPLE = "sample"


@dataclass(slots=True)
class QuestionSet:
    """The questions of a set in their order, each once.

    Attributes:
        by_id: the questions; `places` says where each stands in its file.
        repeats: rows that ask again what an earlier one asked.
        aside: rows that are no question.
    """

    by_id: dict[str, Question] = field(default_factory=dict)
    places: dict[str, str] = field(default_factory=dict)
    repeats: int = 0
    aside: KeptAside = field(default_factory=KeptAside)

    @property
    def questions(self) -> tuple[Question, ...]:
        """Each once, in order."""
        return tuple(self.by_id.values())

    def add(self, question: Question, place: str) -> None:
        """Take one more.

        Raises:
            QuestionsError: if another question has its id.
        """
        before = self.by_id.setdefault(question.question_id, question)
        if before is question:
            self.places[question.question_id] = place
        elif before.turns == question.turns:
            self.repeats += 1
        else:
            raise QuestionsError(
                f"{place}: question_id {question.question_id[:60]!r} is another question at"
                f" {self.places[question.question_id]}; expected one question to each id"
            )


def read_question_set(source: str) -> QuestionSet:
    """A set by its name, or from a file.

    Raises:
        QuestionsError: if no row is a question, if two share an id, or for an unknown category.
        DatasetError: if there is no such file, or the hub cannot be reached.
    """
    found = QuestionSet()
    kind, _, category = source.partition(":")
    if kind == _FROM_SAMPLE and category:
        _read_sample(found, category)
    else:
        for path in _files(source):
            _read_file(found, path)
    if not found.by_id:
        why = f"; {found.aside.lines(1)[0]}" if found.aside.count else ""
        raise QuestionsError(f"{source}: holds no question{why}")
    return found


def about(question: Question, name: str) -> str | None:
    """What a question's row said besides: its category, its occupation."""
    return dict(question.kept).get(name)


def drawn(questions: Sequence[Question], most: int, seed: int) -> tuple[Question, ...]:
    """At most so many of them, drawn by the seed and left in their order."""
    if len(questions) <= most:
        return tuple(questions)
    chosen = sorted(Random(seed).sample(range(len(questions)), most))
    return tuple(questions[position] for position in chosen)


def save_questions(questions: Iterable[Question], path: Path) -> None:
    """Write them as `occu respond` and `occu study compare` read them, whole or not at all."""
    save_lines(map(_row, questions), path)


def save_lines(rows: Iterable[Mapping[str, object]], path: Path) -> None:
    """Write rows as JSON lines; the file appears under its name only once it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.writelines(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _row(question: Question) -> dict[str, object]:
    """A single question as text; words to the system and earlier turns as messages."""
    turns = [{"role": turn.role, "content": turn.content} for turn in question.turns]
    said = {"question": question.text} if len(turns) == 1 else {"messages": turns}
    return {"question_id": question.question_id, **said, **dict(question.kept)}


def _files(source: str) -> list[Path]:
    """The files a set is made of, downloaded if need be."""
    if source in _NAMED and not Path(source).exists():
        return download_split(_NAMED[source])
    place, _, split = source.rpartition(":")
    if split in set(OccuQuestSplit) and place == _FROM_HUB:
        return download_split(OccuQuestSplit(split))
    if split in set(OccuQuestSplit) and Path(place).is_dir():
        return local_split(Path(place), OccuQuestSplit(split))
    return [Path(source)]


def _read_sample(found: QuestionSet, category: str) -> None:
    known = {one.casefold(): one for one in categories()}
    if category.casefold() not in known:
        raise QuestionsError(
            f"{_FROM_SAMPLE}:{category[:60]}: there is no such category; expected one of"
            f" {', '.join(known.values())}"
        )
    for number, item in enumerate(sample_items(), start=1):
        if item.category == known[category.casefold()]:
            row = {name: value for name, value in to_json(item).items() if name != "id"}
            found.add(question_of(row), f"sample item {number}")


def _read_file(found: QuestionSet, path: Path) -> None:
    with opened_rows(path, most_bytes=MOST_BYTES) as rows:
        for row in rows:
            if isinstance(row, BadRow):
                found.aside.add(BadRow(row.number, f"{row.problem} ({path.name})"))
                continue
            try:
                question = question_of(row.content)
            except QuestionsError as error:
                found.aside.add(BadRow(row.number, f"{error} ({path.name})"))
                continue
            found.add(question, f"{path.name} row {row.number}")
