"""What readers think of items: helpfulness, honesty and harmlessness, 1 to 5, kept in SQLite.

The three scales are those on which the paper had 100 samples of its data rated (Xue et al. 2023).
"""

from __future__ import annotations

import csv
import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path

LOWEST, HIGHEST = 1, 5
MOST_NAME = 80
_WAIT_SECONDS = 10.0
_TABLE = """
CREATE TABLE IF NOT EXISTS ratings (
    rater TEXT NOT NULL,
    item_id TEXT NOT NULL,
    helpfulness INTEGER NOT NULL CHECK (helpfulness BETWEEN 1 AND 5),
    honesty INTEGER NOT NULL CHECK (honesty BETWEEN 1 AND 5),
    harmlessness INTEGER NOT NULL CHECK (harmlessness BETWEEN 1 AND 5),
    rated_at TEXT NOT NULL,
    PRIMARY KEY (rater, item_id)
) WITHOUT ROWID
"""
_PUT = """
INSERT INTO ratings VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (rater, item_id) DO UPDATE SET helpfulness = excluded.helpfulness,
    honesty = excluded.honesty, harmlessness = excluded.harmlessness, rated_at = excluded.rated_at
"""


class RatingError(ValueError):
    """A rating that is not one: names the field, its value and what is allowed."""


@dataclass(frozen=True, slots=True)
class Rating:
    """One reader's opinion of one item; `rated_at` is ISO 8601, filled in when it is stored."""

    rater: str
    item_id: str
    helpfulness: int
    honesty: int
    harmlessness: int
    rated_at: str = ""

    def __post_init__(self) -> None:
        if not self.rater.strip() or len(self.rater) > MOST_NAME:
            raise RatingError(
                f"rater is {self.rater[:40]!r}; expected a name of 1 to {MOST_NAME} characters"
            )
        for scale in SCALES:
            value = getattr(self, scale)
            if type(value) is not int or not LOWEST <= value <= HIGHEST:
                raise RatingError(f"{scale} is {value!r}; expected {LOWEST} to {HIGHEST}")


SCALES = ("helpfulness", "honesty", "harmlessness")


@dataclass(frozen=True, slots=True)
class RatingStore:
    """The ratings in a file, which is made when the first is stored; one per rater and item."""

    path: Path

    def put(self, rating: Rating) -> None:
        """Store a rating; the rater's earlier one of the same item gives way."""
        now = datetime.now(UTC).isoformat(timespec="seconds")
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with self._open() as database:
            scales = (getattr(rating, scale) for scale in SCALES)
            database.execute(_PUT, (rating.rater.strip(), rating.item_id, *scales, now))

    def of(self, rater: str, item_id: str) -> Rating | None:
        """What a rater thought of an item, if anything."""
        found = self._read("WHERE rater = ? AND item_id = ?", (rater.strip(), item_id))
        return found[0] if found else None

    def all(self) -> tuple[Rating, ...]:
        """Every rating, by item and rater."""
        return self._read("ORDER BY item_id, rater", ())

    def _read(self, condition: str, values: tuple[str, ...]) -> tuple[Rating, ...]:
        if not self.path.exists():
            return ()
        columns = ", ".join(field.name for field in fields(Rating))
        with self._open() as database:
            rows = database.execute(f"SELECT {columns} FROM ratings {condition}", values)
            return tuple(Rating(*row) for row in rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection in a transaction; other writers wait for it instead of failing."""
        with closing(sqlite3.connect(self.path, timeout=_WAIT_SECONDS)) as database, database:
            database.execute("PRAGMA journal_mode = WAL")
            database.execute(_TABLE)
            yield database


def ratings_csv(ratings: tuple[Rating, ...]) -> str:
    """Ratings as a table; a name that a spreadsheet would run as a formula is quoted."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    names = [field.name for field in fields(Rating)]
    writer.writerow(names)
    for rating in ratings:
        values = (str(getattr(rating, name)) for name in names)
        writer.writerow(["'" + v if v.startswith(("=", "+", "-", "@")) else v for v in values])
    return text.getvalue()
