"""Cases kept on this server, each under an id that cannot be guessed; stored in SQLite.

A case is a career, the question, and the models asked. Whoever has its id can open and delete it;
nothing lists the ids. It is stored whole, sex and race/ethnicity with it, so that a link need not
carry them.
"""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from occu_core.data.career_json import CareerJsonError, parse_query, query_to_json
from occu_core.data.links import LinkError, View

MOST_CASES = 20_000
MOST_NAME = 120
KEPT_DAYS = 180
_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_ID_BYTES = 16
_WAIT_SECONDS = 10.0
_LAYOUT = """
CREATE TABLE IF NOT EXISTS cases (
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    career TEXT NOT NULL,
    models TEXT NOT NULL,
    saved_on TEXT NOT NULL
) WITHOUT ROWID
"""


class CaseError(ValueError):
    """A case that is not there or cannot be kept, in a sentence for the user."""


@dataclass(frozen=True, slots=True)
class SavedCase:
    """What an id stands for."""

    case_id: str
    name: str
    view: View
    saved_on: date

    @property
    def kept_until(self) -> date:
        """The last day on which it opens."""
        return self.saved_on + timedelta(days=KEPT_DAYS)


@dataclass(frozen=True, slots=True)
class CaseStore:
    """The cases in a file, which is made when the first is saved; readable by its owner only."""

    path: Path

    def save(self, view: View, name: str, today: date | None = None) -> SavedCase:
        """Keep a case under a new id; those past their time are forgotten.

        Raises:
            CaseError: if the store is full or cannot be written.
        """
        saved_on = today or datetime.now(UTC).date()
        case = SavedCase(secrets.token_urlsafe(_ID_BYTES), name[:MOST_NAME], view, saved_on)
        with self._open(make=True) as database:
            oldest = (saved_on - timedelta(days=KEPT_DAYS)).isoformat()
            database.execute("DELETE FROM cases WHERE saved_on < ?", (oldest,))
            if database.execute("SELECT count(*) FROM cases").fetchone()[0] >= MOST_CASES:
                raise CaseError(
                    f"this server keeps at most {MOST_CASES:,} cases and has as many; delete some,"
                    " or download the career instead"
                )
            database.execute("INSERT INTO cases VALUES (?, ?, ?, ?, ?)", _row(case))
        return case

    def find(self, case_id: str, today: date | None = None) -> SavedCase:
        """The case of an id.

        Raises:
            CaseError: if there is none, its time is over, or it cannot be read.
        """
        if not _ID.fullmatch(case_id):
            raise CaseError("the address of this case is damaged or incomplete; copy it again")
        row = self._read(case_id)
        if row is not None:
            case = _case(row)
            if (today or datetime.now(UTC).date()) <= case.kept_until:
                return case
        raise CaseError(
            "there is no such case here: it was deleted, it was saved more than"
            f" {KEPT_DAYS} days ago, or on another server"
        )

    def delete(self, case_id: str) -> bool:
        """Forget a case; whether there was one."""
        if not self.path.exists():
            return False
        with self._open() as database:
            deleted = database.execute("DELETE FROM cases WHERE id = ?", (case_id,)).rowcount
        return deleted > 0

    def _read(self, case_id: str) -> tuple[str, ...] | None:
        if not self.path.exists():
            return None
        with self._open() as database:
            row: tuple[str, ...] | None = database.execute(
                "SELECT id, name, career, models, saved_on FROM cases WHERE id = ?", (case_id,)
            ).fetchone()
        return row

    @contextmanager
    def _open(self, *, make: bool = False) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction that writers enter one after another.

        Raises:
            CaseError: if the file cannot be used.
        """
        try:
            if make:
                self.path.parent.mkdir(parents=True, exist_ok=True)
                self.path.touch(mode=0o600)
            with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as database:
                database.execute("PRAGMA journal_mode = WAL")
                database.execute("PRAGMA secure_delete = ON")
                database.execute(_LAYOUT)
                with database:
                    database.execute("BEGIN IMMEDIATE")
                    yield database
        except (OSError, sqlite3.Error) as error:
            raise CaseError(f"saved cases cannot be used on this server: {error}") from None


def _row(case: SavedCase) -> tuple[str, ...]:
    career = json.dumps(query_to_json(case.view.query), ensure_ascii=False)
    models = json.dumps(case.view.models)
    return case.case_id, case.name, career, models, case.saved_on.isoformat()


def _case(row: tuple[str, ...]) -> SavedCase:
    case_id, name, career, models, saved_on = row
    try:
        view = View(parse_query(career, "the saved case"), tuple(json.loads(models)))
        return SavedCase(case_id, name, view, date.fromisoformat(saved_on))
    except (CareerJsonError, LinkError, ValueError, TypeError) as error:
        raise CaseError(f"the saved case cannot be read: {error}") from None
