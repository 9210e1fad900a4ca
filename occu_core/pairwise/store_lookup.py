"""Finding studies and annotators in the store, and noting down what happens."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import Connection, Row, Select, insert, select

from occu_core.pairwise.ballots import Annotator
from occu_core.pairwise.settings_json import settings_of
from occu_core.pairwise.store_refusals import (
    ConsentMissingError,
    RevokedTokenError,
    StudyClosedError,
    StudyNotOpenError,
    UnknownStudyError,
    UnknownTokenError,
)
from occu_core.pairwise.studies import Expertise, StudySettings, StudyState
from occu_core.pairwise.tables import ANNOTATOR, EVENT, STUDY


class SlotState(StrEnum):
    """Whether a wanted vote is there to be taken."""

    FREE = "free"
    HELD = "held"
    DONE = "done"


class ShownState(StrEnum):
    """What became of a pair that was shown."""

    OPEN = "open"
    VOTED = "voted"
    SKIPPED = "skipped"
    REPORTED = "reported"


class EventKind(StrEnum):
    """What happens in a study."""

    CREATED = "created"
    LAUNCHED = "launched"
    CLOSED = "closed"
    REOPENED = "reopened"
    RESET = "reset"
    INVITED = "invited"
    JOINED = "joined"
    REVOKED = "revoked"
    CONSENTED = "consented"
    SHOWN = "shown"
    VOTED = "voted"
    UNDONE = "undone"
    SKIPPED = "skipped"
    REPORTED = "reported"
    VOTES_ADDED = "votes_added"


@dataclass(frozen=True, slots=True)
class Study:
    """A study's own row; `practice`, `pairs` and `checks` count what is laid out."""

    id: int
    name: str
    title: str
    state: StudyState
    settings: StudySettings
    identical: int
    planned: int
    practice: int
    pairs: int
    checks: int
    version: str
    created: float


@dataclass(frozen=True, slots=True)
class Entered:
    """An annotator who may act now, their study, and how many items they were given."""

    study: Study
    key: int
    number: int
    field: str | None
    practice: int
    main: int
    checks: int
    repeats: int
    answered: int

    @property
    def given(self) -> int:
        """How many pairs were shown so far."""
        return self.practice + self.main + self.checks + self.repeats


def study_named(connection: Connection, name: str, *, lock: bool = False) -> Study:
    """A study by name; locked against other changes of it where asked.

    Raises:
        UnknownStudyError: naming the studies there are.
    """
    statement = select(STUDY).where(STUDY.c.name == name)
    row = connection.execute(statement.with_for_update() if lock else statement).first()
    if row is None:
        names = connection.scalars(select(STUDY.c.name).order_by(STUDY.c.name).limit(20)).all()
        there = ", ".join(names) or "none"
        raise UnknownStudyError(f"there is no study {name[:80]!r}; studies: {there}")
    return study_of(row)


def study_of(row: Row[tuple[object, ...]]) -> Study:
    """A row of the study table, typed."""
    found = {column.name: getattr(row, column.name) for column in STUDY.columns}
    typed = {"state": StudyState(row.state), "settings": settings_of(row.settings)}
    return Study(**(found | typed))


def annotator_of(row: Row[tuple[object, ...]]) -> Annotator:
    """A row with the annotator's columns and the study's name as `study_name`.

    Raises:
        RevokedTokenError: if the invitation was taken back.
    """
    if row.revoked is not None:
        raise RevokedTokenError("this invitation was taken back; ask whoever sent it")
    expertise = Expertise(row.expertise) if row.expertise else None
    agreed = row.consented is not None
    return Annotator(row.id, row.study_name, row.number, row.field, expertise, agreed)


def annotators() -> Select[tuple[object, ...]]:
    """What `annotator_of` reads."""
    joined = ANNOTATOR.join(STUDY, ANNOTATOR.c.study_id == STUDY.c.id)
    return select(ANNOTATOR, STUDY.c.name.label("study_name")).select_from(joined)


def enter(connection: Connection, annotator: Annotator) -> Entered:
    """An annotator who is about to act: their own row is locked, so they act once at a time.

    Raises:
        UnknownTokenError: if they are there no more, as after a reset.
        RevokedTokenError: if the invitation was taken back.
    """
    row = connection.execute(
        select(ANNOTATOR).where(ANNOTATOR.c.id == annotator.key).with_for_update()
    ).first()
    if row is None:
        raise UnknownTokenError("this invitation is not known any more; ask for a new link")
    if row.revoked is not None:
        raise RevokedTokenError("this invitation was taken back; ask whoever sent it")
    # Shared, so that a study is not closed between this check and the vote.
    study = connection.execute(
        select(STUDY).where(STUDY.c.id == row.study_id).with_for_update(read=True)
    ).one()
    counts = (row.practice, row.main, row.checks, row.repeats, row.answered)
    entered = Entered(study_of(study), row.id, row.number, row.field, *counts)
    if entered.study.settings.consent and row.consented is None:
        raise ConsentMissingError("read the consent text and agree to it first")
    return entered


def must_be_open(study: Study) -> None:
    """Refuse what needs an open study.

    Raises:
        StudyNotOpenError, StudyClosedError: saying which it is.
    """
    if study.state is StudyState.DRAFT:
        raise StudyNotOpenError(f"study {study.name} is not launched yet")
    if study.state is StudyState.CLOSED:
        raise StudyClosedError(f"study {study.name} is closed and takes no more votes")


@dataclass(frozen=True, slots=True)
class Happening:
    """Who did what to which pair; `details` are JSON values without names of people."""

    kind: EventKind
    annotator: int | None = None
    presentation_id: str | None = None
    details: dict[str, object] | None = None


def note_down(connection: Connection, study_id: int, happening: Happening, now: float) -> None:
    """Add to the event log."""
    connection.execute(
        insert(EVENT),
        {
            "study_id": study_id,
            "time": now,
            "kind": happening.kind,
            "annotator": happening.annotator,
            "presentation_id": happening.presentation_id,
            "details": happening.details or {},
        },
    )


def field_key(field: str | None) -> str | None:
    """A field of work in the form in which two are compared.

    >>> field_key("  Health  Care ")
    'health care'
    """
    return " ".join(field.split()).casefold() if field and field.strip() else None
