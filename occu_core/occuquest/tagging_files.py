"""Tag a file of any size: rows stream through, bad ones stand aside, the result appears whole."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TextIO

from occu_core.occuquest.reading_rows import BadRow, Rows, opened_rows
from occu_core.occuquest.tagging import NO_OCCUPATION, Tag, Tagger, TaggerError

PREFIX = "tag_"
_BATCH = 512
_USERS = {"user", "human", "prompter"}


class TagFileError(ValueError):
    """A file that cannot be tagged as asked: names file, row and field, and the way out."""


class _BadTextError(ValueError):
    """A row without a text to tag."""


@dataclass(slots=True)
class TagCount:
    """How many rows were tagged so far, how many of them have no occupation, and what was aside."""

    tagged: int = 0
    no_occupation: int = 0
    rejected: int = 0


@dataclass(frozen=True, slots=True)
class _Question:
    number: int
    row: Mapping[str, object]
    text: str


def tag_file(
    source: Path, out: Path, tagger: Tagger, field: str = "messages", prefix: str = PREFIX
) -> TagCount:
    """Write each row with its tag to JSON lines; rows without a text go to `OUT.rejected.jsonl`.

    Args:
        source: JSON lines, a JSON list, CSV or parquet, gzipped or not.
        out: the new file; both files appear only once every row is read.
        tagger: what tags.
        field: where the text stands: a field, a dotted path (`meta.question`, `turns.0`), or one
            with a list of messages, whose first of the user is taken.
        prefix: of the three fields that are added: category, occupation, confidence.

    Raises:
        TagFileError: if a row has one of those fields already, or `out` is the file itself.
        DatasetError: if no rows can be read from the file.
    """
    if out.exists() and out.samefile(source):
        raise TagFileError(f"{out}: is the file that is read; expected another name")
    count = TagCount()
    with ExitStack() as stack:
        rows = stack.enter_context(opened_rows(source))
        aside = stack.enter_context(_appearing(rejected_path(out), lambda: count.rejected > 0))
        tagged = stack.enter_context(_appearing(out))
        questions = _questions(rows, field, aside, count)
        while batch := list(islice(questions, _BATCH)):
            for question, tag in _tagged(batch, tagger, aside, count):
                tagged.write(_line(_with_tag(question, tag, prefix, source.name)))
                count.tagged += 1
                count.no_occupation += tag.category is None
    return count


def rejected_path(out: Path) -> Path:
    """Where the rows that cannot be tagged go: `tags.jsonl` has `tags.rejected.jsonl`."""
    return out.with_name(f"{out.name.removesuffix('.jsonl')}.rejected.jsonl")


def text_at(row: object, field: str) -> str:
    """The text to tag: a field's, or that of the first message of the user in it.

    >>> text_at({"turns": [{"role": "user", "content": "Hi"}]}, "turns")
    'Hi'

    Raises:
        ValueError: naming the field, what is there and what is expected.
    """
    found = row
    for part in field.split("."):
        if isinstance(found, list) and part.isdecimal() and int(part) < len(found):
            found = found[int(part)]
        elif isinstance(found, Mapping) and part in found:
            found = found[part]
        else:
            raise _BadTextError(f"has no field {field}{_there(row)}")
    if isinstance(found, list):
        found = next((_said(turn) for turn in found if _is_users(turn)), None)
    if not isinstance(found, str) or not found.strip():
        raise _BadTextError(
            f"{field} is {str(found)[:60]!r}; expected a text, or messages of a user"
        )
    return found


def _questions(rows: Rows, field: str, aside: TextIO, count: TagCount) -> Iterator[_Question]:
    for row in rows:
        if isinstance(row, BadRow):
            _reject(row.number, row.problem, None, aside, count)
        elif not isinstance(row.content, Mapping):
            _reject(row.number, "is not an object with fields", row.content, aside, count)
        else:
            try:
                yield _Question(row.number, row.content, text_at(row.content, field))
            except _BadTextError as error:
                _reject(row.number, str(error), row.content, aside, count)


def _tagged(
    batch: list[_Question], tagger: Tagger, aside: TextIO, count: TagCount
) -> Iterator[tuple[_Question, Tag]]:
    """Tags of a batch; where a tagger fails on some of it, each question is tried on its own."""
    try:
        yield from zip(batch, tagger.tag([question.text for question in batch]), strict=True)
    except TaggerError:
        for question in batch:
            try:
                tag = tagger.tag([question.text])[0]
            except TaggerError as error:
                _reject(question.number, str(error), question.row, aside, count)
            else:
                yield question, tag


def _with_tag(question: _Question, tag: Tag, prefix: str, name: str) -> dict[str, object]:
    added = {
        f"{prefix}category": tag.category or NO_OCCUPATION,
        f"{prefix}occupation": tag.occupation,
        f"{prefix}confidence": None if tag.confidence is None else round(tag.confidence, 4),
    }
    if there := [field for field in added if field in question.row]:
        raise TagFileError(
            f"{name} row {question.number}: has a field {there[0]} already, which is never"
            " overwritten; choose other names with --prefix, such as --prefix new_tag_"
        )
    return {**question.row, **added}


def _reject(number: int, problem: str, content: object, aside: TextIO, count: TagCount) -> None:
    aside.write(_line({"row": number, "problem": problem, "content": content}))
    count.rejected += 1


def _line(row: Mapping[str, object]) -> str:
    return json.dumps(row, ensure_ascii=False, default=str) + "\n"


@contextmanager
def _appearing(path: Path, keep: Callable[[], bool] = lambda: True) -> Iterator[TextIO]:
    """A file that appears under its name once it is whole, if it is to be kept."""
    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            yield file
        if keep():
            partial.chmod(0o644)
            partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _is_users(turn: object) -> bool:
    return isinstance(turn, Mapping) and (turn.get("role") or turn.get("from")) in _USERS


def _said(turn: Mapping[str, object]) -> object:
    return turn.get("content", turn.get("value", turn.get("text")))


def _there(row: object) -> str:
    fields = ", ".join(map(str, row)) if isinstance(row, Mapping) else ""
    return f"; it has {fields[:120]}" if fields else ""
