"""The database behind the store: SQLite in one file, or PostgreSQL by URL, brought up to date."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import ConnectionPoolEntry

from occu_core.home import data_folder
from occu_core.pairwise.store_refusals import StoreError
from occu_core.pairwise.store_turns import Turns

URL_VARIABLE = "OCCU_DATABASE_URL"
_WAIT_SECONDS = 30
_WRITERS, _READERS = 12, 8  # connections of one process to PostgreSQL, which allows 100
_PRAGMAS = (
    f"PRAGMA busy_timeout = {_WAIT_SECONDS * 1000}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",  # an acknowledged vote survives a power cut too
    "PRAGMA foreign_keys = ON",
)
_MIGRATING = 0x0CC5  # the key of PostgreSQL's lock while tables are made


def database_url() -> str:
    """`OCCU_DATABASE_URL`, or a file in the user's data folder."""
    if url := os.environ.get(URL_VARIABLE):
        return url
    return URL.create("sqlite", database=str(data_folder() / "studies.sqlite3")).render_as_string()


class Database:
    """Transactions; writers of one process take turns, on SQLite one at a time.

    SQLite's own waiting is by polling, and unfair; it remains for writers of other processes.
    """

    def __init__(self, url: str) -> None:
        self._engine = _engine(_parsed(url))
        self._turn = Turns(1 if self._engine.dialect.name == "sqlite" else _WRITERS)
        with self.writing() as connection:
            _bring_up_to_date(connection)

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that may write; it is on disk once the block ends."""
        with _named_troubles(), self._turn, self._engine.begin() as connection:
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that sees one state of everything and waits for no writer."""
        options = self._engine.execution_options(
            **({"occu_reading": True} if self._engine.dialect.name == "sqlite" else _REPEATABLE)
        )
        with _named_troubles(), options.begin() as connection:
            yield connection

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()


_REPEATABLE = {"isolation_level": "REPEATABLE READ"}


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise StoreError(f"{URL_VARIABLE} is not a URL; expected {_EXAMPLES}") from None
    if parsed.drivername in ("postgresql", "postgres"):
        parsed = parsed.set(drivername="postgresql+psycopg")
    if parsed.get_backend_name() not in ("sqlite", "postgresql"):
        raise StoreError(
            f"{URL_VARIABLE} is for {parsed.get_backend_name()!r}; expected {_EXAMPLES}"
        )
    return parsed


_EXAMPLES = "sqlite:////folder/studies.sqlite3 or postgresql://user@host/database"


def _engine(url: URL) -> Engine:
    try:
        if url.get_backend_name() == "sqlite":
            return _sqlite(url)
        return create_engine(url, pool_size=_WRITERS, max_overflow=_READERS, pool_pre_ping=True)
    except NoSuchModuleError:
        raise StoreError(f"{URL_VARIABLE} names no driver known here; use {_EXAMPLES}") from None


def _sqlite(url: URL) -> Engine:
    if not url.database or url.database == ":memory:":
        raise StoreError(f"{URL_VARIABLE} names no file; expected {_EXAMPLES}")
    try:
        Path(url.database).parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise StoreError(f"{url.database}: {error.strerror}") from None
    engine = create_engine(url, pool_size=1 + _READERS, max_overflow=_READERS)
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_sqlite)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _entry: ConnectionPoolEntry) -> None:
    connection.isolation_level = None  # `_begin_sqlite` begins
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begin_sqlite(connection: Connection) -> None:
    """A writer takes its lock at the start: two that upgrade later would refuse each other."""
    reading = connection.get_execution_options().get("occu_reading")
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")


@contextmanager
def _named_troubles() -> Iterator[None]:
    """The database's own errors as ours, without the statement or the password."""
    try:
        yield
    except PoolTimeoutError:
        raise StoreError("the database is busy: no connection was free in time") from None
    except DBAPIError as error:
        raise StoreError(f"the database refused: {error.orig}") from error


def _bring_up_to_date(connection: Connection) -> None:
    """Run the migrations that are not applied yet, all in the caller's transaction."""
    # Alembic loads slowly, and only opening a store needs it.
    from alembic.config import Config
    from alembic.operations import Operations
    from alembic.runtime.migration import MigrationContext
    from alembic.script import ScriptDirectory
    from alembic.script.revision import RevisionError
    from alembic.util import CommandError

    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATING})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")))
    scripts = ScriptDirectory.from_config(config)
    context = MigrationContext.configure(connection, opts={"render_as_batch": True})
    current = context.get_current_revision()
    try:
        missing = list(scripts.iterate_revisions("head", current or "base"))
    except (CommandError, RevisionError):
        raise StoreError(
            f"the database is at {current!r}, which this version does not know; use a newer one"
        ) from None
    with Operations.context(context):
        for script in reversed(missing):
            script.module.upgrade()
            context.stamp(scripts, script.revision)
