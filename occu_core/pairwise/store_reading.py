"""What the store holds, read for the maker of a study: votes, tallies, notes, events."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from datetime import UTC, datetime

from sqlalchemy import Connection, Row, func, select

from occu_core.pairwise.store_lookup import (
    EventKind,
    Study,
    field_key,
    study_named,
    study_of,
)
from occu_core.pairwise.store_summaries import Event, Note, StudySummary, Tally
from occu_core.pairwise.studies import Arm, Expertise, ItemKind
from occu_core.pairwise.tables import (
    ADDED_VOTE,
    ANNOTATOR,
    EVENT,
    MATCHUP,
    PAIR,
    PRESENTATION,
    QUESTION,
    RESPONSE,
    STUDY,
    VOTE,
)
from occu_core.pairwise.votes import Outcome, Verdict, Vote

VOTED_KINDS = (ItemKind.MAIN, ItemKind.REPEAT)


def studies(connection: Connection) -> tuple[StudySummary, ...]:
    """Every study, the newest first."""
    rows = connection.execute(select(STUDY).order_by(STUDY.c.created.desc(), STUDY.c.id.desc()))
    return tuple(_summary(connection, study_of(row)) for row in rows.all())


def summary(connection: Connection, name: str) -> StudySummary:
    """One study at a glance."""
    return _summary(connection, study_named(connection, name))


def votes(connection: Connection, name: str, kinds: Collection[ItemKind]) -> list[Vote]:
    """Votes as the report reads them, in the order they were cast, then those added."""
    study = study_named(connection, name)
    found = [vote for row in vote_rows(connection, study, kinds) for vote in as_votes(row)]
    return found + (list(added_votes(connection, study)) if ItemKind.MAIN in kinds else [])


def added_votes(connection: Connection, study: Study) -> Iterator[Vote]:
    """Votes that were cast elsewhere."""
    rows = connection.scalars(
        select(ADDED_VOTE.c.vote).where(ADDED_VOTE.c.study_id == study.id).order_by(ADDED_VOTE.c.id)
    )
    for vote in rows:
        yield Vote(**(vote | {"verdict": Verdict(vote["verdict"])}))


def vote_rows(
    connection: Connection, study: Study, kinds: Collection[ItemKind]
) -> Iterator[Row[tuple[object, ...]]]:
    """Votes with what they are about, the oldest first."""
    first, second = RESPONSE.alias("one"), RESPONSE.alias("other")
    whole = (
        VOTE.join(PRESENTATION, VOTE.c.presentation_id == PRESENTATION.c.id)
        .join(PAIR, PRESENTATION.c.pair_id == PAIR.c.id)
        .join(QUESTION, PAIR.c.question_id == QUESTION.c.id)
        .join(first, PAIR.c.first_id == first.c.id)
        .join(second, PAIR.c.second_id == second.c.id)
        .join(ANNOTATOR, VOTE.c.annotator_id == ANNOTATOR.c.id)
    )
    presented = [PRESENTATION.c[name] for name in ("kind", "first_on_left", "arm", "repeat")]
    about = [QUESTION.c[name] for name in ("question_id", "category", "group")]
    statement = (
        select(
            VOTE,
            *presented,
            *about,
            QUESTION.c.field.label("question_field"),
            PAIR.c.expected,
            PAIR.c.id.label("pair_id"),
            first.c.system.label("first_system"),
            first.c.text.label("first_text"),
            second.c.system.label("second_system"),
            second.c.text.label("second_text"),
            ANNOTATOR.c.number,
            ANNOTATOR.c.field.label("annotator_field"),
            ANNOTATOR.c.expertise,
        )
        .select_from(whole)
        .where(VOTE.c.study_id == study.id, PRESENTATION.c.kind.in_(kinds))
        .order_by(VOTE.c.cast, VOTE.c.presentation_id)
    )
    yield from connection.execute(statement)


def tally(connection: Connection, name: str) -> tuple[Tally, ...]:
    """Wins so far, pairs of systems in alphabetical order."""
    study = study_named(connection, name)
    criterion = study.settings.criteria[0].name
    counts: dict[int, Counter[Outcome]] = defaultdict(Counter)
    rows = connection.execute(
        select(PRESENTATION.c.matchup_id, PRESENTATION.c.first_on_left, VOTE.c.verdicts)
        .select_from(VOTE.join(PRESENTATION, VOTE.c.presentation_id == PRESENTATION.c.id))
        .where(VOTE.c.study_id == study.id, PRESENTATION.c.kind == ItemKind.MAIN)
    )
    for row in rows:
        counts[row.matchup_id][outcome_of(row.verdicts[criterion], row.first_on_left)] += 1
    matchups = connection.execute(
        select(MATCHUP)
        .where(MATCHUP.c.study_id == study.id)
        .order_by(MATCHUP.c.first, MATCHUP.c.second)
    )
    outcomes = (Outcome.FIRST, Outcome.SECOND, Outcome.TIE, Outcome.BOTH_BAD)
    return tuple(
        Tally((row.first, row.second), *(counts[row.id][outcome] for outcome in outcomes))
        for row in matchups
    )


def notes(connection: Connection, name: str) -> tuple[Note, ...]:
    """What annotators said, the newest first."""
    study = study_named(connection, name)
    whole = (
        EVENT.join(PRESENTATION, EVENT.c.presentation_id == PRESENTATION.c.id)
        .join(PAIR, PRESENTATION.c.pair_id == PAIR.c.id)
        .join(QUESTION, PAIR.c.question_id == QUESTION.c.id)
        .join(MATCHUP, PRESENTATION.c.matchup_id == MATCHUP.c.id)
    )
    said = (EventKind.VOTED, EventKind.SKIPPED, EventKind.REPORTED)
    rows = connection.execute(
        select(EVENT, QUESTION.c.question_id, MATCHUP.c.first, MATCHUP.c.second)
        .select_from(whole)
        .where(EVENT.c.study_id == study.id, EVENT.c.kind.in_(said))
        .order_by(EVENT.c.id.desc())
    )
    found = (
        Note(
            EventKind(row.kind),
            row.annotator,
            row.question_id,
            (row.first, row.second),
            row.details.get("reason"),
            row.details.get("comment", ""),
            row.time,
        )
        for row in rows
    )
    return tuple(note for note in found if note.text or note.kind is not EventKind.VOTED)


def events(connection: Connection, name: str) -> tuple[Event, ...]:
    """The event log, the oldest first."""
    study = study_named(connection, name)
    rows = connection.execute(
        select(EVENT).where(EVENT.c.study_id == study.id).order_by(EVENT.c.id)
    )
    return tuple(
        Event(row.time, EventKind(row.kind), row.annotator, row.presentation_id, row.details)
        for row in rows
    )


def _summary(connection: Connection, study: Study) -> StudySummary:
    matchups = connection.execute(
        select(MATCHUP.c.first, MATCHUP.c.second).where(MATCHUP.c.study_id == study.id)
    )
    main = VOTE.join(PRESENTATION, VOTE.c.presentation_id == PRESENTATION.c.id)
    count = select(func.count())
    cast = connection.scalar(
        count.select_from(main).where(
            VOTE.c.study_id == study.id, PRESENTATION.c.kind == ItemKind.MAIN
        )
    )
    of_study = {
        table: connection.scalar(count.select_from(table).where(table.c.study_id == study.id))
        for table in (ADDED_VOTE, ANNOTATOR)
    }
    return StudySummary(
        name=study.name,
        title=study.title,
        state=study.state,
        settings=study.settings,
        systems=tuple(sorted({system for row in matchups for system in row})),
        pairs=study.pairs,
        identical=study.identical,
        planned=study.planned,
        votes=cast or 0,
        added_votes=of_study[ADDED_VOTE] or 0,
        annotators=of_study[ANNOTATOR] or 0,
        created=study.created,
        version=study.version,
    )


def as_votes(row: Row[tuple[object, ...]]) -> Iterator[Vote]:
    """One vote for each criterion; the annotator is called by number."""
    systems, texts = (row.first_system, row.second_system), (row.first_text, row.second_text)
    left = 0 if row.first_on_left else 1
    for criterion, verdict in row.verdicts.items():
        yield Vote(
            question_id=row.question_id,
            system_left=systems[left],
            system_right=systems[1 - left],
            verdict=Verdict(verdict),
            annotator=f"annotator {row.number}",
            response_left=texts[left],
            response_right=texts[1 - left],
            category=row.category,
            seconds=row.seconds,
            criterion=criterion,
            expert=_expert(row),
            acceptable_left=row.acceptable_left,
            acceptable_right=row.acceptable_right,
            time=datetime.fromtimestamp(row.cast, UTC).isoformat(timespec="microseconds"),
            group=row.group,
            adaptive=row.arm == Arm.ADAPTIVE,
        )


def _expert(row: Row[tuple[object, ...]]) -> bool | None:
    """Whether the annotator works in the question's field; students of it do not."""
    asked, own = field_key(row.question_field), field_key(row.annotator_field)
    if asked is None or own is None:
        return None
    return asked == own and row.expertise != Expertise.STUDENT


def outcome_of(verdict: str, first_on_left: bool) -> Outcome:
    """A verdict by sides as the outcome by systems."""
    if verdict in (Verdict.TIE, Verdict.BOTH_BAD):
        return Outcome(verdict)
    return Outcome.FIRST if (verdict == Verdict.LEFT) == first_on_left else Outcome.SECOND
