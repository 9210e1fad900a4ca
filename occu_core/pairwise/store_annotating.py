"""A vote is cast, taken back, or withheld: once for each pair shown, whatever the network does."""

from __future__ import annotations

from sqlalchemy import Connection, Row, delete, insert, select, update

from occu_core.pairwise.ballots import (
    MOST_COMMENT,
    Annotator,
    Ballot,
    Receipt,
    SkipReason,
    StudyView,
)
from occu_core.pairwise.store_lookup import (
    Entered,
    EventKind,
    Happening,
    ShownState,
    SlotState,
    annotator_of,
    annotators,
    enter,
    must_be_open,
    note_down,
    study_named,
)
from occu_core.pairwise.store_refusals import (
    AlreadyAnsweredError,
    BallotError,
    NothingToUndoError,
    NotYoursError,
    TooSoonError,
    UnknownPresentationError,
    UnknownTokenError,
)
from occu_core.pairwise.studies import ItemKind, PairChoice
from occu_core.pairwise.tables import (
    ANNOTATOR,
    MATCHUP,
    PAIR,
    PRESENTATION,
    QUESTION,
    SLOT,
    VOTE,
)
from occu_core.pairwise.votes import Outcome, Verdict

Shown = Row[tuple[object, ...]]


def view(connection: Connection, annotator: Annotator) -> StudyView:
    """What an annotator may know of their study."""
    row = connection.execute(annotators().where(ANNOTATOR.c.id == annotator.key)).first()
    if row is None:
        raise UnknownTokenError("this invitation is not known any more; ask for a new link")
    study, consented = study_named(connection, row.study_name), annotator_of(row).consented
    settings = study.settings
    return StudyView(
        title=study.title,
        state=study.state,
        guidelines=settings.guidelines,
        consent=settings.consent,
        needs_consent=bool(settings.consent) and not consented,
        criteria=settings.criteria,
        ask_acceptable=settings.ask_acceptable,
        allow_ties=settings.allow_ties,
        allow_both_bad=settings.allow_both_bad,
        minimum_seconds=settings.minimum_seconds,
        demo=settings.demo,
    )


def cast(
    connection: Connection, annotator: Annotator, presentation_id: str, ballot: Ballot, now: float
) -> Receipt:
    """Store a vote once."""
    me = enter(connection, annotator)
    shown = _shown_to(connection, me, presentation_id)
    if shown.state == ShownState.VOTED and _same_as_stored(connection, shown, ballot):
        return _receipt(connection, shown, me.answered)
    _must_be_unanswered(shown)
    must_be_open(me.study)
    checked = ballot.checked(me.study.settings)
    seconds = _seconds(shown, now)
    if seconds < me.study.settings.minimum_seconds:
        raise TooSoonError(me.study.settings.minimum_seconds - seconds)
    _store(connection, me, shown, checked, now)
    return _receipt(connection, shown, me.answered + 1)


def skip(
    connection: Connection,
    annotator: Annotator,
    presentation_id: str,
    reason: SkipReason,
    comment: str,
    now: float,
) -> None:
    """Pass a pair over."""
    details: dict[str, object] = {"reason": SkipReason(reason), "comment": comment}
    happening = Happening(EventKind.SKIPPED, None, presentation_id, details)
    _withhold(connection, annotator, happening, ShownState.SKIPPED, now)


def report_harm(
    connection: Connection, annotator: Annotator, presentation_id: str, comment: str, now: float
) -> None:
    """Report a pair instead of voting on it."""
    happening = Happening(EventKind.REPORTED, None, presentation_id, {"comment": comment})
    _withhold(connection, annotator, happening, ShownState.REPORTED, now)


def undo(connection: Connection, annotator: Annotator, now: float) -> None:
    """Take the last vote back; the log keeps it."""
    me = enter(connection, annotator)
    must_be_open(me.study)
    vote = connection.execute(
        select(VOTE).where(VOTE.c.annotator_id == me.key).order_by(VOTE.c.cast.desc()).limit(1)
    ).first()
    if vote is None:
        raise NothingToUndoError("there is no vote to take back")
    shown = _shown_to(connection, me, vote.presentation_id)
    _count(connection, me, shown, Verdict(_main_verdict(me, vote.verdicts)), -1)
    connection.execute(delete(VOTE).where(VOTE.c.presentation_id == shown.id))
    _settle(connection, me, shown, ShownState.OPEN, now)
    # The minimum viewing time begins again: whoever held a key down has not read it yet.
    connection.execute(update(PRESENTATION).where(PRESENTATION.c.id == shown.id).values(shown=None))
    _count_answered(connection, me, -1)
    note_down(connection, me.study.id, Happening(EventKind.UNDONE, me.number, shown.id), now)


def _shown_to(connection: Connection, me: Entered, presentation_id: str) -> Shown:
    shown = connection.execute(
        select(PRESENTATION).where(PRESENTATION.c.id == presentation_id)
    ).first()
    if shown is None:
        raise UnknownPresentationError("no pair was shown under this id; load the page again")
    if shown.annotator_id != me.key:
        raise NotYoursError("this pair was shown to somebody else; load the page again")
    return shown


def _seconds(shown: Shown, now: float) -> float:
    """Since the pair came into view; none if it was taken back and not shown again."""
    return 0.0 if shown.shown is None else max(0.0, now - shown.shown)


def _must_be_unanswered(shown: Shown) -> None:
    if shown.state != ShownState.OPEN:
        done = "voted on" if shown.state == ShownState.VOTED else shown.state
        raise AlreadyAnsweredError(f"this pair is {done} already; undo to change a vote")


def _same_as_stored(connection: Connection, shown: Shown, ballot: Ballot) -> bool:
    vote = connection.execute(select(VOTE).where(VOTE.c.presentation_id == shown.id)).one()
    given = (ballot.acceptable_left, ballot.acceptable_right, ballot.comment)
    kept = (vote.acceptable_left, vote.acceptable_right, vote.comment)
    return given == kept and dict(ballot.verdicts) == vote.verdicts


def _store(connection: Connection, me: Entered, shown: Shown, ballot: Ballot, now: float) -> None:
    kept: dict[str, object] = {
        "verdicts": {name: verdict.value for name, verdict in ballot.verdicts},
        "acceptable_left": ballot.acceptable_left,
        "acceptable_right": ballot.acceptable_right,
        "comment": ballot.comment,
        "seconds": _seconds(shown, now),
    }
    owners = {"presentation_id": shown.id, "study_id": me.study.id, "annotator_id": me.key}
    connection.execute(insert(VOTE), {**owners, **kept, "cast": now})
    _settle(connection, me, shown, ShownState.VOTED, now)
    _count_answered(connection, me, 1)
    _count(connection, me, shown, ballot.verdicts[0][1], 1)
    note_down(connection, me.study.id, Happening(EventKind.VOTED, me.number, shown.id, kept), now)


def _withhold(
    connection: Connection,
    annotator: Annotator,
    happening: Happening,
    state: ShownState,
    now: float,
) -> None:
    """Answer a pair without a vote; its slot goes to others."""
    details = happening.details or {}
    comment = str(details.get("comment", ""))
    if len(comment) > MOST_COMMENT or "\x00" in comment:
        raise BallotError(f"the comment is too long; expected at most {MOST_COMMENT:,} characters")
    me = enter(connection, annotator)
    shown = _shown_to(connection, me, happening.presentation_id or "")
    if shown.state == state:
        return  # the same click again
    _must_be_unanswered(shown)
    must_be_open(me.study)
    _settle(connection, me, shown, state, now)
    happened = Happening(happening.kind, me.number, shown.id, details)
    note_down(connection, me.study.id, happened, now)


_SLOT_AFTER = {
    ShownState.OPEN: SlotState.HELD,
    ShownState.VOTED: SlotState.DONE,
    ShownState.SKIPPED: SlotState.FREE,
    ShownState.REPORTED: SlotState.FREE,
}


def _settle(
    connection: Connection, me: Entered, shown: Shown, state: ShownState, now: float
) -> None:
    """Set what became of a pair, and its slot if the annotator still holds it."""
    connection.execute(
        update(PRESENTATION).where(PRESENTATION.c.id == shown.id).values(state=state)
    )
    after = _SLOT_AFTER[state]
    connection.execute(
        update(SLOT)
        .where(SLOT.c.id == shown.slot_id, SLOT.c.holder == shown.id)
        .values(
            state=after,
            holder=None if after is SlotState.FREE else shown.id,
            lease_until=now + 60 * me.study.settings.lease_minutes,
        )
    )


def _count_answered(connection: Connection, me: Entered, by: int) -> None:
    connection.execute(
        update(ANNOTATOR).where(ANNOTATOR.c.id == me.key).values(answered=ANNOTATOR.c.answered + by)
    )


def _count(connection: Connection, me: Entered, shown: Shown, verdict: Verdict, by: int) -> None:
    """Keep the counts that adaptive choice reads; others have no need of a row all write to."""
    if me.study.settings.pair_choice is PairChoice.BALANCED or shown.kind != ItemKind.MAIN:
        return
    if verdict in (Verdict.TIE, Verdict.BOTH_BAD):
        column = MATCHUP.c.undecided
    else:
        first_won = (verdict is Verdict.LEFT) == shown.first_on_left
        column = MATCHUP.c.first_wins if first_won else MATCHUP.c.second_wins
    connection.execute(
        update(MATCHUP).where(MATCHUP.c.id == shown.matchup_id).values({column: column + by})
    )


def _main_verdict(me: Entered, verdicts: dict[str, str]) -> str:
    return verdicts[me.study.settings.criteria[0].name]


def _receipt(connection: Connection, shown: Shown, done: int) -> Receipt:
    if shown.kind != ItemKind.PRACTICE:
        return Receipt(shown.id, done)
    row = connection.execute(
        select(PAIR.c.expected, QUESTION.c.explanation)
        .select_from(PAIR.join(QUESTION, PAIR.c.question_id == QUESTION.c.id))
        .where(PAIR.c.id == shown.pair_id)
    ).one()
    expected = by_side(row.expected, first_on_left=shown.first_on_left)
    return Receipt(shown.id, done, expected, row.explanation)


def by_side(outcome: str | None, *, first_on_left: bool) -> Verdict | None:
    """An outcome by systems as the verdict by sides that says it."""
    if outcome is None:
        return None
    if outcome in (Outcome.TIE, Outcome.BOTH_BAD):
        return Verdict(outcome)
    return Verdict.LEFT if (outcome == Outcome.FIRST) == first_on_left else Verdict.RIGHT
