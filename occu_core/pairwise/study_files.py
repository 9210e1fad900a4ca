"""Questions and answers of a study from files: a row for each answer, or for each question.

A file is JSON lines, a JSON list, or CSV with a header; `.gz` of either is read too. Fields:

    question_id   the same in every file and row of a question; made from its text where missing
    question      its text
    system        who answered        ┐ a row for each answer, as `occu respond` writes;
    response      the answer          ┘ several files are joined by question_id
    responses     {system: answer}      instead of the two above, in JSON, all answers in one row
    response:NAME the answer of NAME    instead of them, in CSV, a column for each system
    category      of the question; for rates by category            (optional, as all below)
    field         of work; people of the field are given the question first
    group         questions that stand together, such as turns of one conversation
    kind          main | practice | gold | attention; main where missing
    expected      of gold, attention and practice items: the better system, tie or both_bad
    explanation   of practice items: shown after the vote
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from occu_core.pairwise.importing_files import (
    MOST_BYTES,
    Row,
    as_text,
    csv_rows,
    json_rows,
    read_votes_file,
)
from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.studies import ItemKind, Response, StudyQuestion

_COLUMN = "response:"
_SHARED = ("question", "category", "field", "group", "kind", "expected", "explanation")
_KINDS = {kind.value: kind for kind in ItemKind if kind is not ItemKind.REPEAT}


def load_study_files(paths: Iterable[Path]) -> tuple[StudyQuestion, ...]:
    """Read the questions of a study from disk.

    Raises:
        StudySettingsError, VotesError: naming file, row, field and what is allowed.
    """
    return read_study_files([(path.name, read_votes_file(path)) for path in paths])


def read_study_files(
    files: Sequence[tuple[str, bytes]], most_bytes: int = MOST_BYTES
) -> tuple[StudyQuestion, ...]:
    """Read the questions of a study from `(name, bytes)`, in the order they first appear.

    Raises:
        StudySettingsError, VotesError: naming file, row, field and what is allowed.
    """
    drafts: dict[str, _Draft] = {}
    for name, raw in files:
        for row in file_rows(name, raw, most_bytes):
            question_id = row.optional_text("question_id") or made_id(row.text("question"))
            drafts.setdefault(question_id, _Draft(question_id, row.place)).add(row)
    if not drafts:
        raise StudySettingsError("no file holds a question; expected one row or more")
    return tuple(draft.finished() for draft in drafts.values())


class _Draft:
    """A question while its rows are being read."""

    def __init__(self, question_id: str, place: str) -> None:
        self._id, self._place = question_id, place
        self._shared: dict[str, tuple[str, str]] = {}
        self._responses: dict[str, Response] = {}

    def add(self, row: Row) -> None:
        """Take one more row on the question."""
        for name in _SHARED:
            self._agree(row, name)
        for system, text in _answers(row):
            if before := self._responses.get(system):
                raise StudySettingsError(
                    f"{row.place}: {system!r} answered question {self._id!r} before, at"
                    f" {before.place}; expected one answer a system"
                )
            self._responses[system] = Response(system, text, row.place)

    def finished(self) -> StudyQuestion:
        """The question with all its answers."""
        shared = {name: value for name, (value, _) in self._shared.items()}
        if "question" not in shared:
            raise StudySettingsError(f"{self._place}: question is missing")
        return StudyQuestion(
            question_id=self._id,
            text=shared["question"],
            responses=tuple(self._responses.values()),
            category=shared.get("category"),
            field=shared.get("field"),
            group=shared.get("group"),
            kind=ItemKind(shared.get("kind", ItemKind.MAIN)),
            expected=shared.get("expected"),
            explanation=shared.get("explanation"),
            place=self._place,
        )

    def _agree(self, row: Row, name: str) -> None:
        value = row.optional_text(name)
        if value is None:
            return
        if name == "kind":
            row.choice(name, _KINDS)
        before, place = self._shared.setdefault(name, (value, row.place))
        if before != value:
            raise StudySettingsError(
                f"{row.place}: {name} of question {self._id!r} is {value[:60]!r}, but"
                f" {before[:60]!r} at {place}; expected the same on every row"
            )


def file_rows(name: str, raw: bytes, most_bytes: int = MOST_BYTES) -> Iterator[Row]:
    """The rows of a file by the ending of its name: CSV, or else JSON."""
    if name.lower().removesuffix(".gz").endswith(".csv"):
        return csv_rows(raw, name, {}, most_bytes)
    return json_rows(raw, name, most_bytes)


def _answers(row: Row) -> Iterator[tuple[str, str]]:
    """The answers a row holds, in whichever of the three ways."""
    columns = [name for name in row.fields if name.startswith(_COLUMN)]
    if columns:
        for name in columns:
            yield name.removeprefix(_COLUMN), as_text(row.fields[name] or "")
        return
    responses = row.get("responses")
    if responses is None:
        yield row.text("system"), said(row)
    elif isinstance(responses, dict):
        for system, text in responses.items():
            yield system, "" if text is None else as_text(text)
    else:
        raise row.refusal("responses", responses, "an object {system: answer}")


def said(row: Row) -> str:
    """An answer may be empty, but not missing."""
    if "response" not in row.fields:
        row.need("response")
    value = row.fields["response"]
    return "" if value is None else as_text(value)


def made_id(question: str) -> str:
    """The id of a question that has none: twelve digits of its text."""
    return sha256(question.encode("utf-8", "surrogatepass")).hexdigest()[:12]
