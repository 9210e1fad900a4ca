"""Brings the rows of each worker together, on disk, for a table in any order.

Workers come in the order of their first rows, and each worker's rows in the table's order, as
`read_career_table` has them.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice
from pathlib import Path

from occu_core.data.table_lines import TableLine

_BATCH = 5_000
_CACHE_KIB = 32_000
_TABLES = """
PRAGMA journal_mode = OFF;
PRAGMA synchronous = OFF;
CREATE TABLE workers (id INTEGER PRIMARY KEY, person TEXT, whose TEXT UNIQUE);
CREATE INDEX by_person ON workers (person);
CREATE TABLE lines (worker INTEGER, number INTEGER, line TEXT, PRIMARY KEY (worker, number))
    WITHOUT ROWID;
CREATE TABLE strays (number INTEGER PRIMARY KEY, person TEXT, line TEXT);
"""
# A line without a worker's key goes to the worker whose id it bears, else behind everyone.
_STRAYS = """
INSERT INTO lines SELECT coalesce(
    (SELECT min(id) FROM workers WHERE workers.person = strays.person), 1 << 60), number, line
FROM strays
"""


def sort_lines(lines: Iterable[TableLine], path: Path) -> None:
    """Write the lines to a database that appears under its name only once it is whole."""
    unfinished = path.with_name(path.name + ".new")
    unfinished.unlink(missing_ok=True)
    with closing(sqlite3.connect(unfinished, isolation_level=None)) as database:
        database.executescript(_TABLES)
        database.execute(f"PRAGMA cache_size = -{_CACHE_KIB}")
        waiting = iter(lines)
        while some := list(islice(waiting, _BATCH)):
            database.execute("BEGIN")
            _add(database, some)
            database.execute("COMMIT")
        database.execute(_STRAYS)
    unfinished.replace(path)


def sorted_lines(path: Path) -> Iterator[TableLine]:
    """The lines of such a database, worker by worker."""
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as database:
        found = database.execute("SELECT number, line FROM lines ORDER BY worker, number")
        for number, line in found:
            cells, problem = json.loads(line)
            yield TableLine(number, cells, problem)


def _add(database: sqlite3.Connection, lines: Iterable[TableLine]) -> None:
    for line in lines:
        person, text = _key(line.cells.get("person_id", "")), json.dumps([line.cells, line.problem])
        if not line.whole or not line.cells["person_id"]:
            database.execute("INSERT INTO strays VALUES (?, ?, ?)", (line.number, person, text))
            continue
        whose = json.dumps([line.cells.get("dataset", ""), person])
        database.execute(
            "INSERT INTO workers (person, whose) VALUES (?, ?) ON CONFLICT DO NOTHING",
            (person, whose),
        )
        database.execute(
            "INSERT INTO lines SELECT id, ?, ? FROM workers WHERE whose = ?",
            (line.number, text, whose),
        )


def _key(person: str) -> str:
    """An id without the surrogates that no database takes."""
    return person.encode("utf-8", "backslashreplace").decode()
