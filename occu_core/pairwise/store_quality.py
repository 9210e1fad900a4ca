"""How well each annotator worked: checks passed, repeats answered alike, pace."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from statistics import median

from sqlalchemy import Connection, Row, func, select

from occu_core.pairwise.store_annotating import by_side
from occu_core.pairwise.store_lookup import ShownState, study_named
from occu_core.pairwise.store_reading import outcome_of, vote_rows
from occu_core.pairwise.store_summaries import AnnotatorQuality
from occu_core.pairwise.studies import Expertise, ItemKind
from occu_core.pairwise.tables import ANNOTATOR, PRESENTATION
from occu_core.pairwise.votes import Outcome, Verdict


def quality(connection: Connection, name: str) -> tuple[AnnotatorQuality, ...]:
    """Each annotator's work, by number."""
    study = study_named(connection, name)
    cast: dict[int, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in vote_rows(connection, study, tuple(ItemKind)):
        cast[row.number].append(row)
    withheld = connection.execute(
        select(PRESENTATION.c.annotator_id, PRESENTATION.c.state, func.count())
        .where(PRESENTATION.c.study_id == study.id)
        .group_by(PRESENTATION.c.annotator_id, PRESENTATION.c.state)
    )
    states = {(row.annotator_id, row.state): row[2] for row in withheld}
    people = connection.execute(
        select(ANNOTATOR).where(ANNOTATOR.c.study_id == study.id).order_by(ANNOTATOR.c.number)
    )
    criterion = study.settings.criteria[0].name
    return tuple(
        _quality(
            row,
            cast[row.number],
            criterion,
            skipped=states.get((row.id, ShownState.SKIPPED), 0),
            reported=states.get((row.id, ShownState.REPORTED), 0),
        )
        for row in people.all()
    )


def _quality(
    person: Row[tuple[object, ...]],
    cast: Iterable[Row[tuple[object, ...]]],
    criterion: str,
    *,
    skipped: int,
    reported: int,
) -> AnnotatorQuality:
    by_kind: dict[str, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in cast:
        by_kind[row.kind].append(row)
    gold, attention, repeats = (
        by_kind[kind] for kind in (ItemKind.GOLD, ItemKind.ATTENTION, ItemKind.REPEAT)
    )
    before = {row.pair_id: _found(row, criterion) for row in by_kind[ItemKind.MAIN]}
    same = [row for row in repeats if _found(row, criterion) is before.get(row.pair_id)]
    seconds = [row.seconds for row in by_kind[ItemKind.MAIN]]
    return AnnotatorQuality(
        number=person.number,
        label=person.label,
        field=person.field,
        expertise=Expertise(person.expertise) if person.expertise else None,
        revoked=person.revoked is not None,
        votes=len(seconds),
        skipped=skipped,
        reported=reported,
        gold_right=sum(_right(row, criterion) for row in gold),
        gold=len(gold),
        attention_passed=sum(_right(row, criterion) for row in attention),
        attention=len(attention),
        repeats_same=len(same),
        repeats=len(repeats),
        median_seconds=median(seconds) if seconds else None,
    )


def _found(row: Row[tuple[object, ...]], criterion: str) -> Outcome:
    return outcome_of(row.verdicts[criterion], row.first_on_left)


def _right(row: Row[tuple[object, ...]], criterion: str) -> bool:
    expected = by_side(row.expected, first_on_left=row.first_on_left)
    return expected is not None and Verdict(row.verdicts[criterion]) is expected
