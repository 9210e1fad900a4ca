"""The next vote the plan wants from one annotator, claimed so that nobody else gets it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, Row, and_, exists, select

from occu_core.pairwise.assignment import Counts, draw, most_uncertain, wanted_side
from occu_core.pairwise.store_lookup import Entered, SlotState, field_key
from occu_core.pairwise.studies import Arm, ItemKind, PairChoice
from occu_core.pairwise.tables import EXPOSURE, MATCHUP, PRESENTATION, SLOT

_AHEAD = 64  # how far down the plan a pair is looked for that balances an annotator's sides


@dataclass(frozen=True, slots=True)
class Choice:
    """A pair for an annotator, before it is written down."""

    pair_id: int
    matchup_id: int
    kind: ItemKind
    first_on_left: bool
    arm: Arm = Arm.PLANNED
    slot_id: int | None = None


def claim_main(connection: Connection, me: Entered, now: float) -> Choice | None:
    """A main item the annotator has not seen, or None; what others left unanswered comes first."""
    arm = Arm.PLANNED
    if me.study.settings.pair_choice is PairChoice.ADAPTIVE:
        counts = _counts(connection, me)
        cast = sum(c.first_wins + c.second_wins + c.undecided for c in counts.values())
        if cast >= me.study.planned:
            return None
        seed = f"{me.study.settings.seed} annotator {me.number} arm {me.main}"
        by_chance = draw(seed) < me.study.settings.random_share
        arm = Arm.RANDOM if by_chance else Arm.ADAPTIVE
        tried = [] if by_chance else [SLOT.c.matchup_id == key for key in most_uncertain(counts)]
        slot = _first_slot(connection, me, [*_expired(now), *map(_free, tried), _free()])
    else:
        slot = _first_slot(connection, me, [*_expired(now), *_planned(me)])
    if slot is None:
        return None
    slot = _on_wanted_side(connection, me, slot)
    return Choice(slot.pair_id, slot.matchup_id, ItemKind.MAIN, slot.first_on_left, arm, slot.id)


def _counts(connection: Connection, me: Entered) -> dict[int, Counts]:
    rows = connection.execute(select(MATCHUP).where(MATCHUP.c.study_id == me.study.id))
    return {row.id: Counts(row.first_wins, row.second_wins, row.undecided) for row in rows}


def _expired(now: float) -> Iterator[ColumnElement[bool]]:
    """Slots whose holder went away."""
    yield and_(SLOT.c.state == SlotState.HELD, SLOT.c.lease_until < now)


def _planned(me: Entered) -> Iterator[ColumnElement[bool]]:
    """Questions of the annotator's own field, then any."""
    if own := field_key(me.field):
        yield _free(SLOT.c.field == own)
    yield _free()


def _free(*also: ColumnElement[bool]) -> ColumnElement[bool]:
    return and_(SLOT.c.state == SlotState.FREE, *also)


def _first_slot(
    connection: Connection, me: Entered, conditions: list[ColumnElement[bool]]
) -> Row[tuple[object, ...]] | None:
    """The first slot of the plan that meets the first condition any slot meets.

    On PostgreSQL the row is locked, and rows others have locked are passed over.
    """
    for condition in conditions:
        row = connection.execute(
            select(SLOT)
            .where(SLOT.c.study_id == me.study.id, condition, ~was_seen(me, SLOT.c.pair_id))
            .order_by(SLOT.c.position)
            .limit(1)
            .with_for_update(skip_locked=True)
        ).first()
        if row is not None:
            return row
    return None


def _on_wanted_side(
    connection: Connection, me: Entered, slot: Row[tuple[object, ...]]
) -> Row[tuple[object, ...]]:
    """The slot, or one soon after it that balances the annotator's own left and right."""
    seen = connection.execute(
        select(EXPOSURE).where(
            EXPOSURE.c.annotator_id == me.key, EXPOSURE.c.matchup_id == slot.matchup_id
        )
    ).first()
    wanted = wanted_side(seen.on_left, seen.on_right) if seen else None
    if wanted is None or wanted == slot.first_on_left:
        return slot
    other = _free(
        SLOT.c.matchup_id == slot.matchup_id,
        SLOT.c.first_on_left == wanted,
        SLOT.c.position.between(slot.position - _AHEAD, slot.position + _AHEAD),
        SLOT.c.field.is_not_distinct_from(slot.field),
    )
    return _first_slot(connection, me, [other]) or slot


def was_seen(me: Entered, pair_id: ColumnElement[int]) -> ColumnElement[bool]:
    """Whether the annotator was shown the pair before."""
    return exists().where(
        PRESENTATION.c.annotator_id == me.key,
        PRESENTATION.c.pair_id == pair_id,
        PRESENTATION.c.repeat == 0,
    )
