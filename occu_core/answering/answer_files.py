"""A file of one system's answers, as a study takes it: a row for each answer."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock, Timeout

from occu_core.answering.questions import Question
from occu_core.answering.sources import SourceError
from occu_core.endpoints import Reply

MOST_NAME = 200


@dataclass(frozen=True, slots=True)
class SystemAnswer:
    """What one system answered to one question, and how it was asked.

    Attributes:
        system: what it is called in studies.
        form: how the turns were told apart, or `messages` where a server does that.
    """

    question: Question
    system: str
    reply: Reply
    form: str

    def row(self) -> dict[str, object]:
        """As a line of the file; a study reads the first four and the fields after them."""
        return {
            "question_id": self.question.question_id,
            "question": self.question.text,
            "system": self.system,
            "response": self.reply.text.replace("\0", ""),  # a study takes none
            **dict(self.question.kept),
            "model": self.reply.model,
            "form": self.form,
            "tokens_in": self.reply.tokens_in,
            "tokens_out": self.reply.tokens_out,
            "cut": self.reply.cut,
            "made_at": self.reply.made_at,
        }


def answers_text(answers: Iterable[SystemAnswer]) -> str:
    """Answers as JSON lines."""
    return "".join(json.dumps(one.row(), ensure_ascii=False) + "\n" for one in answers)


def save_answers(answers: Iterable[SystemAnswer], path: Path) -> None:
    """Write answers; the file appears under its name only once it is whole."""
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(answers_text(answers))
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)


def replies_path(out: Path) -> Path:
    """Where replies are kept beside a file of answers."""
    return out.with_name(f"{out.name}.replies.sqlite")


def lock_of(out: Path) -> FileLock:
    """For one process at a time; held, once given.

    Raises:
        SourceError: if another one writes these answers.
    """
    lock = FileLock(out.with_name(f".{out.name}.lock"))
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise SourceError(f"{out}: another `occu respond` is writing these answers") from None
    return lock
