"""Studies, their plan, annotators, presentations, votes and the event log."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_KEY = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


_REFUSAL = "the event log is only ever added to"
_SQLITE = """
CREATE TRIGGER event_no_{action} BEFORE {action} ON event
BEGIN SELECT RAISE(ABORT, '{refusal}'); END
"""
_POSTGRESQL = (
    f"""
    CREATE FUNCTION event_is_kept() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION '{_REFUSAL}'; END $$
    """,
    """
    CREATE TRIGGER event_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON event
    FOR EACH STATEMENT EXECUTE FUNCTION event_is_kept()
    """,
)


def upgrade() -> None:
    """Make every table."""
    for make in (
        _study,
        _question,
        _response,
        _matchup,
        _pair,
        _slot,
        _annotator,
        _exposure,
        _presentation,
        _vote,
        _added_vote,
        _event,
    ):
        make()
    _keep_events()


def _keep_events() -> None:
    """Refuse, in the database itself, to change or delete what happened."""
    if op.get_bind().dialect.name == "postgresql":
        for statement in _POSTGRESQL:
            op.execute(statement)
    else:
        for action in ("UPDATE", "DELETE"):
            op.execute(_SQLITE.format(action=action, refusal=_REFUSAL))


def _study() -> None:
    op.create_table(
        "study",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.Column("identical", sa.Integer(), nullable=False),
        sa.Column("planned", sa.Integer(), nullable=False),
        sa.Column("practice", sa.Integer(), nullable=False),
        sa.Column("pairs", sa.Integer(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_study")),
        sa.UniqueConstraint("name", name=op.f("uq_study_name")),
    )


def _question() -> None:
    op.create_table(
        "question",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("question_id", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("category", sa.String(length=200)),
        sa.Column("field", sa.String(length=200)),
        sa.Column("group", sa.String(length=200)),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("expected", sa.String(length=200)),
        sa.Column("explanation", sa.Text()),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_question_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_question")),
        sa.UniqueConstraint(
            "study_id", "question_id", name=op.f("uq_question_study_id_question_id")
        ),
    )


def _response() -> None:
    op.create_table(
        "response",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("question_id", _KEY, nullable=False),
        sa.Column("system", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["question_id"], ["question.id"], name=op.f("fk_response_question_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_response")),
        sa.UniqueConstraint("question_id", "system", name=op.f("uq_response_question_id_system")),
    )


def _matchup() -> None:
    op.create_table(
        "matchup",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("first", sa.String(length=200), nullable=False),
        sa.Column("second", sa.String(length=200), nullable=False),
        sa.Column("first_wins", sa.Integer(), nullable=False),
        sa.Column("second_wins", sa.Integer(), nullable=False),
        sa.Column("undecided", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_matchup_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_matchup")),
        sa.UniqueConstraint(
            "study_id", "first", "second", name=op.f("uq_matchup_study_id_first_second")
        ),
    )


def _pair() -> None:
    op.create_table(
        "pair",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("question_id", _KEY, nullable=False),
        sa.Column("matchup_id", _KEY, nullable=False),
        sa.Column("first_id", _KEY, nullable=False),
        sa.Column("second_id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("expected", sa.String(length=10)),
        sa.ForeignKeyConstraint(["first_id"], ["response.id"], name=op.f("fk_pair_first_id")),
        sa.ForeignKeyConstraint(["matchup_id"], ["matchup.id"], name=op.f("fk_pair_matchup_id")),
        sa.ForeignKeyConstraint(["question_id"], ["question.id"], name=op.f("fk_pair_question_id")),
        sa.ForeignKeyConstraint(["second_id"], ["response.id"], name=op.f("fk_pair_second_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pair")),
        sa.UniqueConstraint("first_id", "second_id", name=op.f("uq_pair_first_id_second_id")),
    )
    op.create_index(op.f("ix_pair_study_id_kind"), "pair", ["study_id", "kind"])


def _slot() -> None:
    op.create_table(
        "slot",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("pair_id", _KEY, nullable=False),
        sa.Column("matchup_id", _KEY, nullable=False),
        sa.Column("field", sa.String(length=200)),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("first_on_left", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("holder", sa.String(length=30)),
        sa.Column("lease_until", sa.Float(precision=53)),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_slot_pair_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_slot")),
        sa.UniqueConstraint("study_id", "position", name=op.f("uq_slot_study_id_position")),
    )
    op.create_index(
        op.f("ix_slot_study_id_state_field_position"),
        "slot",
        ["study_id", "state", "field", "position"],
    )
    op.create_index(
        op.f("ix_slot_study_id_state_lease_until"), "slot", ["study_id", "state", "lease_until"]
    )
    op.create_index(
        op.f("ix_slot_study_id_state_matchup_id_first_on_left_position"),
        "slot",
        ["study_id", "state", "matchup_id", "first_on_left", "position"],
    )
    op.create_index(
        op.f("ix_slot_study_id_state_position"), "slot", ["study_id", "state", "position"]
    )


def _annotator() -> None:
    op.create_table(
        "annotator",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("field", sa.String(length=200)),
        sa.Column("expertise", sa.String(length=20)),
        sa.Column("token_digest", sa.String(length=64), nullable=False),
        sa.Column("identity_digest", sa.String(length=64)),
        sa.Column("consented", sa.Float(precision=53)),
        sa.Column("revoked", sa.Float(precision=53)),
        sa.Column("practice", sa.Integer(), nullable=False),
        sa.Column("main", sa.Integer(), nullable=False),
        sa.Column("checks", sa.Integer(), nullable=False),
        sa.Column("repeats", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_annotator_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_annotator")),
        sa.UniqueConstraint(
            "study_id", "identity_digest", name=op.f("uq_annotator_study_id_identity_digest")
        ),
        sa.UniqueConstraint("study_id", "number", name=op.f("uq_annotator_study_id_number")),
        sa.UniqueConstraint("token_digest", name=op.f("uq_annotator_token_digest")),
    )


def _exposure() -> None:
    op.create_table(
        "exposure",
        sa.Column("annotator_id", _KEY, nullable=False),
        sa.Column("matchup_id", _KEY, nullable=False),
        sa.Column("on_left", sa.Integer(), nullable=False),
        sa.Column("on_right", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name=op.f("fk_exposure_annotator_id")
        ),
        sa.ForeignKeyConstraint(
            ["matchup_id"], ["matchup.id"], name=op.f("fk_exposure_matchup_id")
        ),
        sa.PrimaryKeyConstraint("annotator_id", "matchup_id", name=op.f("pk_exposure")),
    )


def _presentation() -> None:
    op.create_table(
        "presentation",
        sa.Column("id", sa.String(length=30), nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("annotator_id", _KEY, nullable=False),
        sa.Column("pair_id", _KEY, nullable=False),
        sa.Column("matchup_id", _KEY, nullable=False),
        sa.Column("slot_id", _KEY),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("repeat", sa.Integer(), nullable=False),
        sa.Column("first_on_left", sa.Boolean(), nullable=False),
        sa.Column("arm", sa.String(length=10), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("created", sa.Float(precision=53), nullable=False),
        sa.Column("shown", sa.Float(precision=53)),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name=op.f("fk_presentation_annotator_id")
        ),
        sa.ForeignKeyConstraint(["pair_id"], ["pair.id"], name=op.f("fk_presentation_pair_id")),
        sa.ForeignKeyConstraint(["slot_id"], ["slot.id"], name=op.f("fk_presentation_slot_id")),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_presentation_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_presentation")),
        sa.UniqueConstraint(
            "annotator_id", "number", name=op.f("uq_presentation_annotator_id_number")
        ),
        sa.UniqueConstraint(
            "annotator_id",
            "pair_id",
            "repeat",
            name=op.f("uq_presentation_annotator_id_pair_id_repeat"),
        ),
    )
    op.create_index(
        op.f("ix_presentation_annotator_id_state_number"),
        "presentation",
        ["annotator_id", "state", "number"],
    )
    op.create_index(op.f("ix_presentation_study_id"), "presentation", ["study_id"])


def _vote() -> None:
    op.create_table(
        "vote",
        sa.Column("presentation_id", sa.String(length=30), nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("annotator_id", _KEY, nullable=False),
        sa.Column("verdicts", sa.JSON(), nullable=False),
        sa.Column("acceptable_left", sa.Boolean()),
        sa.Column("acceptable_right", sa.Boolean()),
        sa.Column("comment", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(precision=53), nullable=False),
        sa.Column("cast", sa.Float(precision=53), nullable=False),
        sa.ForeignKeyConstraint(
            ["annotator_id"], ["annotator.id"], name=op.f("fk_vote_annotator_id")
        ),
        sa.ForeignKeyConstraint(
            ["presentation_id"], ["presentation.id"], name=op.f("fk_vote_presentation_id")
        ),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_vote_study_id")),
        sa.PrimaryKeyConstraint("presentation_id", name=op.f("pk_vote")),
    )
    op.create_index(op.f("ix_vote_annotator_id_cast"), "vote", ["annotator_id", "cast"])
    op.create_index(op.f("ix_vote_study_id_cast"), "vote", ["study_id", "cast"])


def _added_vote() -> None:
    op.create_table(
        "added_vote",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("vote", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["study_id"], ["study.id"], name=op.f("fk_added_vote_study_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_added_vote")),
        sa.UniqueConstraint(
            "study_id", "source", "position", name=op.f("uq_added_vote_study_id_source_position")
        ),
    )


def _event() -> None:
    op.create_table(
        "event",
        sa.Column("id", _KEY, nullable=False),
        sa.Column("study_id", _KEY, nullable=False),
        sa.Column("time", sa.Float(precision=53), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("annotator", sa.Integer()),
        sa.Column("presentation_id", sa.String(length=30)),
        sa.Column("details", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_study_id_id"), "event", ["study_id", "id"])
