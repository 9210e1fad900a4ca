"""Studies in the store: launched, closed, reset, and given votes from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from sqlalchemy import Connection, delete, insert, select, update

from occu_core.pairwise.launching import Check, check_content
from occu_core.pairwise.store_layout import add_study, questions_of
from occu_core.pairwise.store_lookup import (
    EventKind,
    Happening,
    SlotState,
    Study,
    note_down,
    study_named,
)
from occu_core.pairwise.store_refusals import (
    IdentityLeaksError,
    StudyClosedError,
    StudyExistsError,
    StudyNotOpenError,
    StudySettingsError,
)
from occu_core.pairwise.studies import (
    StudySettings,
    StudyState,
)
from occu_core.pairwise.tables import (
    ADDED_VOTE,
    ANNOTATOR,
    EXPOSURE,
    MATCHUP,
    PRESENTATION,
    SLOT,
    STUDY,
    VOTE,
)
from occu_core.pairwise.votes import Vote

_MOST_TITLE = 200
_SHOWN_LEAKS = 20


def check(connection: Connection, name: str) -> Check:
    """Look a study over again."""
    study = study_named(connection, name)
    return check_content(questions_of(connection, study), study.settings)


def launch(connection: Connection, name: str, *, allow_leaks: bool, now: float) -> None:
    """Open a study that is a draft."""
    study = study_named(connection, name, lock=True)
    if study.state is StudyState.CLOSED:
        raise StudyClosedError(f"study {name} is closed; reopen it to take votes again")
    if study.state is StudyState.OPEN:
        return
    leaks = check_content(questions_of(connection, study), study.settings).leaks
    if leaks and not allow_leaks:
        more = len(leaks) - _SHOWN_LEAKS
        raise IdentityLeaksError(
            "\n".join(
                [
                    f"{len(leaks)} answers give away their system;"
                    " change them, or allow leaks (--allow-leaks)",
                    *map(str, leaks[:_SHOWN_LEAKS]),
                    *([f"… and {more} more"] if more > 0 else []),
                ]
            )
        )
    details: dict[str, object] = {"leaks_allowed": len(leaks)}
    _set_state(connection, study, StudyState.OPEN, EventKind.LAUNCHED, now, details)


def close(connection: Connection, name: str, now: float) -> None:
    """Take no more votes; a closed study is left as it is."""
    study = study_named(connection, name, lock=True)
    if study.state is StudyState.DRAFT:
        raise StudyNotOpenError(f"study {name} is not launched yet")
    if study.state is StudyState.OPEN:
        _set_state(connection, study, StudyState.CLOSED, EventKind.CLOSED, now)


def reopen(connection: Connection, name: str, now: float) -> None:
    """Take votes again; an open study is left as it is."""
    study = study_named(connection, name, lock=True)
    if study.state is StudyState.DRAFT:
        raise StudyNotOpenError(f"study {name} is not launched yet")
    if study.state is StudyState.CLOSED:
        _set_state(connection, study, StudyState.OPEN, EventKind.REOPENED, now)


def reset(connection: Connection, name: str, now: float) -> None:
    """Forget a demo's people and votes, and free its plan."""
    study = study_named(connection, name, lock=True)
    if not study.settings.demo:
        raise StudySettingsError(f"study {name} is no demo; only demos can be reset")
    own = select(ANNOTATOR.c.id).where(ANNOTATOR.c.study_id == study.id)
    connection.execute(delete(EXPOSURE).where(EXPOSURE.c.annotator_id.in_(own)))
    for table in (VOTE, PRESENTATION, ANNOTATOR, ADDED_VOTE):
        connection.execute(delete(table).where(table.c.study_id == study.id))
    free = {"state": SlotState.FREE, "holder": None, "lease_until": None}
    connection.execute(update(SLOT).where(SLOT.c.study_id == study.id).values(free))
    none = dict.fromkeys(("first_wins", "second_wins", "undecided"), 0)
    connection.execute(update(MATCHUP).where(MATCHUP.c.study_id == study.id).values(none))
    note_down(connection, study.id, Happening(EventKind.RESET), now)


def add_votes(
    connection: Connection, name: str, source: str, votes: Sequence[Vote], now: float
) -> int:
    """Keep votes that were cast elsewhere."""
    study = study_named(connection, name, lock=True)
    if not 1 <= len(source) <= _MOST_TITLE:
        raise StudySettingsError(
            f"the source of votes {source[:60]!r} has no name of 1–200 letters"
        )
    there = select(ADDED_VOTE.c.id).where(
        ADDED_VOTE.c.study_id == study.id, ADDED_VOTE.c.source == source
    )
    if connection.execute(there.limit(1)).first():
        raise StudyExistsError(f"study {name} has votes from {source!r} already")
    rows = [
        {"study_id": study.id, "source": source, "position": position, "vote": asdict(vote)}
        for position, vote in enumerate(votes)
    ]
    if rows:
        connection.execute(insert(ADDED_VOTE), rows)
    details: dict[str, object] = {"source": source, "votes": len(rows)}
    note_down(connection, study.id, Happening(EventKind.VOTES_ADDED, details=details), now)
    return len(rows)


def create_for_votes(
    connection: Connection, name: str, title: str, votes: Sequence[Vote], now: float
) -> None:
    """A closed study that holds nothing but votes cast elsewhere."""
    study_id = add_study(connection, name, title, StudySettings(), now)
    connection.execute(update(STUDY).where(STUDY.c.id == study_id).values(state=StudyState.CLOSED))
    note_down(connection, study_id, Happening(EventKind.CREATED, details={"name": name}), now)
    add_votes(connection, name, title, votes, now)


def _set_state(
    connection: Connection,
    study: Study,
    state: StudyState,
    kind: EventKind,
    now: float,
    details: dict[str, object] | None = None,
) -> None:
    connection.execute(update(STUDY).where(STUDY.c.id == study.id).values(state=state))
    note_down(connection, study.id, Happening(kind, details=details), now)
