"""Annotators in the store: invited or joining, known by the digest of a secret."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sqlalchemy import Connection, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from occu_core.pairwise.ballots import Annotator, Invitation
from occu_core.pairwise.store_lookup import (
    EventKind,
    Happening,
    Study,
    annotator_of,
    annotators,
    must_be_open,
    note_down,
    study_named,
)
from occu_core.pairwise.store_refusals import (
    JoiningClosedError,
    StudyExistsError,
    StudySettingsError,
    UnknownTokenError,
)
from occu_core.pairwise.studies import Expertise
from occu_core.pairwise.tables import ANNOTATOR, STUDY
from occu_core.pairwise.tokens import digest, new_secret

_MOST_LABEL = 200
_MOST_NICKNAME = 40


@dataclass(frozen=True, slots=True)
class Person:
    """Who is invited or joins."""

    label: str = ""
    field: str | None = None
    expertise: Expertise | None = None
    identity: str | None = None

    def __post_init__(self) -> None:
        for name in ("label", "field"):
            text = getattr(self, name) or ""
            if len(text) > _MOST_LABEL or "\x00" in text:
                raise StudySettingsError(
                    f"{name} has {len(text)} characters; expected at most {_MOST_LABEL},"
                    " none of them NUL"
                )


def invite(connection: Connection, study: str, person: Person, now: float) -> Invitation:
    """Make an annotator and their secret."""
    found = study_named(connection, study, lock=True)
    return _add(connection, found, person, EventKind.INVITED, now)


def join(connection: Connection, study: str, person: Person, now: float) -> Invitation:
    """The same, where anybody may."""
    found = study_named(connection, study, lock=True)
    if not found.settings.open_joining:
        raise JoiningClosedError(f"study {found.name} is joined by invitation only")
    must_be_open(found)
    nickname = person.label.strip()
    if not 1 <= len(nickname) <= _MOST_NICKNAME:
        raise JoiningClosedError(f"choose a nickname of 1 to {_MOST_NICKNAME} characters")
    return _add(connection, found, replace(person, label=nickname), EventKind.JOINED, now)


def sign_in(connection: Connection, token: str) -> Annotator:
    """Who has a token."""
    row = connection.execute(
        annotators().where(ANNOTATOR.c.token_digest == digest(token.strip()))
    ).first()
    if row is None:
        raise UnknownTokenError("this invitation is not known; use the whole link that was sent")
    return annotator_of(row)


def sign_in_as(connection: Connection, study: str, identity: str) -> Annotator:
    """Who was invited under a verified identity."""
    row = connection.execute(
        annotators().where(
            STUDY.c.name == study, ANNOTATOR.c.identity_digest == _known_by(identity)
        )
    ).first()
    if row is None:
        raise UnknownTokenError(f"you are not invited to study {study[:80]!r}")
    return annotator_of(row)


def revoke(connection: Connection, study: str, number: int, now: float) -> None:
    """Take an invitation back."""
    found = study_named(connection, study)
    changed = connection.execute(
        update(ANNOTATOR)
        .where(ANNOTATOR.c.study_id == found.id, ANNOTATOR.c.number == number)
        .values(revoked=now)
    )
    if not changed.rowcount:
        raise UnknownTokenError(f"study {found.name} has no annotator {number}")
    note_down(connection, found.id, Happening(EventKind.REVOKED, number), now)


def consent(connection: Connection, annotator: Annotator, now: float) -> Annotator:
    """Note the agreement, once."""
    row = connection.execute(
        annotators().where(ANNOTATOR.c.id == annotator.key).with_for_update(of=ANNOTATOR)
    ).first()
    if row is None:
        raise UnknownTokenError("this invitation is not known any more; ask for a new link")
    agreeing = annotator_of(row)
    if not agreeing.consented:
        connection.execute(update(ANNOTATOR).where(ANNOTATOR.c.id == row.id).values(consented=now))
        note_down(connection, row.study_id, Happening(EventKind.CONSENTED, row.number), now)
    return replace(agreeing, consented=True)


def _add(
    connection: Connection, study: Study, person: Person, kind: EventKind, now: float
) -> Invitation:
    last = connection.scalar(
        select(func.max(ANNOTATOR.c.number)).where(ANNOTATOR.c.study_id == study.id)
    )
    number, token = (last or 0) + 1, new_secret()
    row = {
        "study_id": study.id,
        "number": number,
        "label": person.label,
        "field": person.field,
        "expertise": person.expertise,
        "token_digest": digest(token),
        "identity_digest": _known_by(person.identity) if person.identity else None,
        **dict.fromkeys(("practice", "main", "checks", "repeats", "answered"), 0),
    }
    try:
        key = connection.scalar(insert(ANNOTATOR).returning(ANNOTATOR.c.id), row)
    except IntegrityError:
        raise StudyExistsError("this identity is invited to the study already") from None
    note_down(connection, study.id, Happening(kind, number), now)
    assert key is not None  # every insert gives its key
    return Invitation(token, Annotator(key, study.name, number, person.field, person.expertise))


def _known_by(identity: str) -> str:
    """E-mail addresses are the same in any case; subjects of OIDC are not."""
    plain = identity.strip()
    return digest(plain if "|" in plain else plain.casefold())
