"""What judges said, on disk: the votes that count as a table, and every judgement with its reasons.

OUT.csv               one vote an item, as `occu study report OUT.csv --format csv` reads it
OUT.judgements.jsonl  one line for each call: order, verdict, reasons, or why there is no verdict
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from occu_core.pairwise.bundle import table_text
from occu_core.pairwise.importing import COLUMNS, OPTIONAL_COLUMNS
from occu_core.pairwise.judges import Judgement
from occu_core.pairwise.votes import Vote

_CALLED = {"question": "question_id"}
_YES_NO = {True: "yes", False: "no"}


def judgements_path(votes: Path) -> Path:
    """Where the judgements stand that the votes come from."""
    return votes.with_suffix(".judgements.jsonl")


def replies_path(votes: Path) -> Path:
    """Where replies are kept if no other file is named."""
    return votes.with_suffix(".replies.sqlite")


def save_votes(votes: Sequence[Vote], judgements: Iterable[Judgement], path: Path) -> None:
    """Write both files, each whole or not at all."""
    _write_whole(judgements_path(path), "".join(map(_line, judgements)))
    _write_whole(path, votes_csv(votes))


def votes_csv(votes: Sequence[Vote]) -> str:
    """Votes as the generic table; cells that a spreadsheet would take for formulas begin with '."""
    columns = (*COLUMNS, *OPTIONAL_COLUMNS)
    if not votes:
        return ",".join(columns) + "\n"
    return table_text([{name: _cell(vote, name) for name in columns} for vote in votes])


def _cell(vote: Vote, name: str) -> object:
    value = getattr(vote, _CALLED.get(name, name))
    return _YES_NO[value] if isinstance(value, bool) else value


def _line(one: Judgement) -> str:
    shown = one.showing
    row = {
        "judge": one.judge,
        "question_id": shown.question.question_id,
        "system_left": shown.left.system,
        "system_right": shown.right.system,
        "order": shown.turn + 1,
        "verdict": one.verdict,
        "problem": one.problem or None,
        "reply": one.reply,
        "time": one.time or None,
    }
    return json.dumps(row, ensure_ascii=False) + "\n"


def _write_whole(path: Path, text: str) -> None:
    """The file appears under its name only once it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8", errors="backslashreplace", newline="")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
