"""The tables of the store; `migrations/` makes them, and a test holds the two equal."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
)

METADATA = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
_KEY = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows only by INTEGER keys


def _key() -> Column[int]:
    return Column("id", _KEY, primary_key=True)


def _of(table: str, *, name: str | None = None) -> Column[int]:
    return Column(name or f"{table}_id", _KEY, ForeignKey(f"{table}.id"), nullable=False)


# Times are seconds since 1970.
STUDY = Table(
    "study",
    METADATA,
    _key(),
    Column("name", String(64), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    Column("state", String(10), nullable=False),
    Column("settings", JSON, nullable=False),
    Column("identical", Integer, nullable=False),
    Column("planned", Integer, nullable=False),
    Column("practice", Integer, nullable=False),
    Column("pairs", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("version", String(40), nullable=False),
    Column("created", Float(53), nullable=False),
)
QUESTION = Table(
    "question",
    METADATA,
    _key(),
    _of("study"),
    Column("question_id", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("category", String(200)),
    Column("field", String(200)),
    Column("group", String(200)),
    Column("kind", String(10), nullable=False),
    Column("expected", String(200)),
    Column("explanation", Text),
    UniqueConstraint("study_id", "question_id"),
)
RESPONSE = Table(
    "response",
    METADATA,
    _key(),
    _of("question"),
    Column("system", String(200), nullable=False),
    Column("text", Text, nullable=False),
    Column("place", String(200), nullable=False),
    UniqueConstraint("question_id", "system"),
)
# Two systems that are compared; `first` comes first in the alphabet. Counts serve adaptive choice.
MATCHUP = Table(
    "matchup",
    METADATA,
    _key(),
    _of("study"),
    Column("first", String(200), nullable=False),
    Column("second", String(200), nullable=False),
    Column("first_wins", Integer, nullable=False),
    Column("second_wins", Integer, nullable=False),
    Column("undecided", Integer, nullable=False),
    UniqueConstraint("study_id", "first", "second"),
)
# Two answers to one question. `expected` is an outcome by systems.
PAIR = Table(
    "pair",
    METADATA,
    _key(),
    _of("question"),
    _of("matchup"),
    _of("response", name="first_id"),
    _of("response", name="second_id"),
    Column("study_id", _KEY, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("expected", String(10)),
    UniqueConstraint("first_id", "second_id"),
    Index(None, "study_id", "kind"),
)
# One vote that the plan wants; who holds it until when. `field` as `field_key` writes it.
SLOT = Table(
    "slot",
    METADATA,
    _key(),
    Column("study_id", _KEY, nullable=False),
    _of("pair"),
    Column("matchup_id", _KEY, nullable=False),
    Column("field", String(200)),
    Column("position", Integer, nullable=False),
    Column("first_on_left", Boolean(create_constraint=False), nullable=False),
    Column("state", String(10), nullable=False),
    Column("holder", String(30)),
    Column("lease_until", Float(53)),
    UniqueConstraint("study_id", "position"),
    Index(None, "study_id", "state", "position"),
    Index(None, "study_id", "state", "field", "position"),
    Index(None, "study_id", "state", "matchup_id", "first_on_left", "position"),
    Index(None, "study_id", "state", "lease_until"),
)
# Counts are of items given, by kind, and of votes cast.
ANNOTATOR = Table(
    "annotator",
    METADATA,
    _key(),
    _of("study"),
    Column("number", Integer, nullable=False),
    Column("label", Text, nullable=False),
    Column("field", String(200)),
    Column("expertise", String(20)),
    Column("token_digest", String(64), nullable=False, unique=True),
    Column("identity_digest", String(64)),
    Column("consented", Float(53)),
    Column("revoked", Float(53)),
    Column("practice", Integer, nullable=False),
    Column("main", Integer, nullable=False),
    Column("checks", Integer, nullable=False),
    Column("repeats", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    UniqueConstraint("study_id", "number"),
    UniqueConstraint("study_id", "identity_digest"),
)
# How often one annotator saw the first system of two on either side, main items only.
EXPOSURE = Table(
    "exposure",
    METADATA,
    Column("annotator_id", _KEY, ForeignKey("annotator.id"), primary_key=True),
    Column("matchup_id", _KEY, ForeignKey("matchup.id"), primary_key=True),
    Column("on_left", Integer, nullable=False),
    Column("on_right", Integer, nullable=False),
)
# A pair as it was shown to one annotator: the key that makes a second vote impossible.
PRESENTATION = Table(
    "presentation",
    METADATA,
    Column("id", String(30), primary_key=True),
    _of("study"),
    _of("annotator"),
    _of("pair"),
    Column("matchup_id", _KEY, nullable=False),
    Column("slot_id", _KEY, ForeignKey("slot.id")),
    Column("number", Integer, nullable=False),
    Column("kind", String(10), nullable=False),
    Column("repeat", Integer, nullable=False),
    Column("first_on_left", Boolean(create_constraint=False), nullable=False),
    Column("arm", String(10), nullable=False),
    Column("state", String(10), nullable=False),
    Column("created", Float(53), nullable=False),
    Column("shown", Float(53)),
    UniqueConstraint("annotator_id", "pair_id", "repeat"),
    UniqueConstraint("annotator_id", "number"),
    Index(None, "annotator_id", "state", "number"),
    Index(None, "study_id"),
)
VOTE = Table(
    "vote",
    METADATA,
    Column("presentation_id", String(30), ForeignKey("presentation.id"), primary_key=True),
    _of("study"),
    _of("annotator"),
    Column("verdicts", JSON, nullable=False),
    Column("acceptable_left", Boolean(create_constraint=False)),
    Column("acceptable_right", Boolean(create_constraint=False)),
    Column("comment", Text, nullable=False),
    Column("seconds", Float(53), nullable=False),
    Column("cast", Float(53), nullable=False),
    Index(None, "study_id", "cast"),
    Index(None, "annotator_id", "cast"),
)
# Votes cast elsewhere: a judge's, or another study's.
ADDED_VOTE = Table(
    "added_vote",
    METADATA,
    _key(),
    _of("study"),
    Column("source", String(200), nullable=False),
    Column("position", Integer, nullable=False),
    Column("vote", JSON, nullable=False),
    UniqueConstraint("study_id", "source", "position"),
)
# Only ever added to: triggers refuse to change or delete a row. So nothing here points elsewhere.
EVENT = Table(
    "event",
    METADATA,
    _key(),
    Column("study_id", _KEY, nullable=False),
    Column("time", Float(53), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("annotator", Integer),
    Column("presentation_id", String(30)),
    Column("details", JSON, nullable=False),
    Index(None, "study_id", "id"),
)
