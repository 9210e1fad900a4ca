"""What models answered, kept by what was asked: a kill loses nothing, nothing is paid for twice."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

_TABLES = """
CREATE TABLE IF NOT EXISTS replies (
    key TEXT PRIMARY KEY, text TEXT NOT NULL, model TEXT NOT NULL, tokens_in INTEGER NOT NULL,
    tokens_out INTEGER NOT NULL, cost REAL NOT NULL, cut INTEGER NOT NULL, made_at TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS spending (
    id INTEGER PRIMARY KEY, key TEXT NOT NULL, at_most REAL NOT NULL, cost REAL
);
"""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer; `cut` where it ran into the limit of tokens, `made_at` as ISO 8601 in UTC."""

    text: str
    model: str
    tokens_in: int
    tokens_out: int
    cost: float
    cut: bool
    made_at: str
    cached: bool = False


class ReplyStore:
    """Replies and spending in one SQLite file, each record written whole or not at all.

    A call is entered with the most that it can cost before it is made, and settled after it: what
    was on its way when the process was killed counts in full.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open or begin a file; without one, keep everything in memory.

        Raises:
            ValueError: if there is something else in the file.
        """
        try:
            # Handed from thread to thread, but never used by two at a time.
            self._rows = sqlite3.connect(
                path or ":memory:", timeout=30, isolation_level=None, check_same_thread=False
            )
            self._rows.execute("PRAGMA journal_mode=WAL")
            self._rows.execute("PRAGMA synchronous=NORMAL")
            self._rows.executescript(_TABLES)
        except sqlite3.Error as error:
            raise ValueError(f"{path}: replies cannot be kept here: {error}") from None

    def find(self, key: str) -> Reply | None:
        """The reply to what was asked before."""
        row = self._rows.execute(
            "SELECT text, model, tokens_in, tokens_out, cost, cut, made_at FROM replies"
            " WHERE key = ?",
            (key,),
        ).fetchone()
        if row is None:
            return None
        text, model, tokens_in, tokens_out, cost, cut, made_at = row
        return Reply(text, model, tokens_in, tokens_out, cost, bool(cut), made_at, cached=True)

    def enter(self, key: str, at_most: float) -> int:
        """Note a call that is about to be made; returns its number in the ledger."""
        added = self._rows.execute(
            "INSERT INTO spending (key, at_most) VALUES (?, ?)", (key, at_most)
        )
        return int(added.lastrowid or 0)

    def settle(self, entry: int, cost: float) -> None:
        """What a call without a usable reply came to."""
        self._rows.execute("UPDATE spending SET cost = ? WHERE id = ?", (cost, entry))

    def keep(self, key: str, reply: Reply, entry: int) -> None:
        """Keep a reply and settle its call, both or neither."""
        row = (key, reply.text, reply.model, reply.tokens_in, reply.tokens_out, reply.cost)
        with self._rows:
            self._rows.execute("BEGIN IMMEDIATE")
            self.settle(entry, reply.cost)
            self._rows.execute(
                "INSERT OR IGNORE INTO replies (key, text, model, tokens_in, tokens_out, cost,"
                " cut, made_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                (*row, reply.cut, reply.made_at),
            )

    @property
    def empty(self) -> bool:
        """Whether nothing was answered yet."""
        return self._rows.execute("SELECT 1 FROM replies LIMIT 1").fetchone() is None

    def spent(self) -> float:
        """Dollars over all runs; a call that was never settled counts with its most."""
        (total,) = self._rows.execute(
            "SELECT COALESCE(SUM(COALESCE(cost, at_most)), 0) FROM spending"
        ).fetchone()
        return float(total)

    def unsettled(self) -> tuple[str, ...]:
        """What was asked and never heard of again, as keys."""
        rows = self._rows.execute("SELECT key FROM spending WHERE cost IS NULL ORDER BY id")
        return tuple(key for (key,) in rows)

    def close(self) -> None:
        """Let go of the file."""
        self._rows.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def now() -> str:
    """The time as an ISO 8601 text in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
