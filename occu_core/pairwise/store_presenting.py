"""Which pair an annotator gets next: the one they left, practice, a check, a repeat, a new one."""

from __future__ import annotations

from sqlalchemy import Connection, Row, exists, insert, select, update

from occu_core.pairwise.assignment import (
    draw,
    extra_is_due,
)
from occu_core.pairwise.ballots import Annotator, Presented, Rest
from occu_core.pairwise.store_lookup import (
    Entered,
    EventKind,
    Happening,
    ShownState,
    SlotState,
    enter,
    must_be_open,
    note_down,
)
from occu_core.pairwise.store_slots import Choice, claim_main, was_seen
from occu_core.pairwise.studies import ItemKind
from occu_core.pairwise.tables import (
    ANNOTATOR,
    EXPOSURE,
    PAIR,
    PRESENTATION,
    QUESTION,
    RESPONSE,
    SLOT,
)
from occu_core.pairwise.tokens import new_secret

_CHECKS = (ItemKind.GOLD, ItemKind.ATTENTION)
_COUNTED_AS = {
    ItemKind.PRACTICE: "practice",
    ItemKind.MAIN: "main",
    ItemKind.REPEAT: "repeats",
    ItemKind.GOLD: "checks",
    ItemKind.ATTENTION: "checks",
}


def next_pair(connection: Connection, annotator: Annotator, now: float) -> Presented | Rest:
    """The annotator's open pair, or a new one, or why there is none."""
    me = enter(connection, annotator)
    must_be_open(me.study)
    if held := _open_presentation(connection, me):
        _renew(connection, me, held, now)
        return _presented(connection, me, held, now)
    choice = _choose(connection, me, now)
    if choice is None:
        return _rest(connection, me, now)
    _write_down(connection, me, choice, now)
    held = _open_presentation(connection, me)
    assert held is not None  # it was just written
    return _presented(connection, me, held, now)


def _open_presentation(connection: Connection, me: Entered) -> Row[tuple[object, ...]] | None:
    """The earliest unanswered: after an undo there are two."""
    return connection.execute(
        select(PRESENTATION)
        .where(PRESENTATION.c.annotator_id == me.key, PRESENTATION.c.state == ShownState.OPEN)
        .order_by(PRESENTATION.c.number)
        .limit(1)
    ).first()


def _renew(connection: Connection, me: Entered, held: Row[tuple[object, ...]], now: float) -> None:
    """Keep the slot for the annotator who came back, unless it went to another meanwhile."""
    connection.execute(
        update(SLOT)
        .where(SLOT.c.id == held.slot_id, SLOT.c.holder == held.id)
        .values(lease_until=now + 60 * me.study.settings.lease_minutes)
    )
    if held.shown is None:
        connection.execute(
            update(PRESENTATION).where(PRESENTATION.c.id == held.id).values(shown=now)
        )


def _presented(
    connection: Connection, me: Entered, held: Row[tuple[object, ...]], now: float
) -> Presented:
    pair = connection.execute(
        select(QUESTION.c.text, PAIR.c.first_id, PAIR.c.second_id)
        .select_from(PAIR.join(QUESTION, PAIR.c.question_id == QUESTION.c.id))
        .where(PAIR.c.id == held.pair_id)
    ).one()
    answers = select(RESPONSE.c.id, RESPONSE.c.text).where(
        RESPONSE.c.id.in_((pair.first_id, pair.second_id))
    )
    texts = {row.id: row.text for row in connection.execute(answers)}
    sides = [texts[pair.first_id], texts[pair.second_id]]
    left, right = sides if held.first_on_left else reversed(sides)
    waited = 0.0 if held.shown is None else max(0.0, now - held.shown)
    return Presented(
        id=held.id,
        question=pair.text,
        left=left,
        right=right,
        number=held.number,
        total=max(held.number, most_items(me)),
        practice=held.kind == ItemKind.PRACTICE,
        seconds_left=max(0.0, me.study.settings.minimum_seconds - waited),
        may_undo=me.answered > 0,
    )


def most_items(me: Entered) -> int:
    """How many pairs the annotator will see at most."""
    study = me.study
    main = min(study.pairs, study.planned, study.settings.per_annotator or study.pairs)
    every, again = study.settings.checks_every, study.settings.repeats_every
    checks = min(study.checks, main // every) if every else 0
    return study.practice + main + checks + (main // again if again else 0)


def _choose(connection: Connection, me: Entered, now: float) -> Choice | None:
    """Practice first; then main items, with checks and repeats among them."""
    settings, seed = me.study.settings, f"{me.study.settings.seed} annotator {me.number}"
    if me.practice < me.study.practice and (choice := _fixed(connection, me, (ItemKind.PRACTICE,))):
        return choice
    check_due = extra_is_due(f"{seed} check", me.checks, settings.checks_every, me.main)
    if check_due and (choice := _fixed(connection, me, _CHECKS)):
        return choice
    repeat_due = extra_is_due(f"{seed} repeat", me.repeats, settings.repeats_every, me.main)
    if repeat_due and (choice := _repeat(connection, me)):
        return choice
    if me.main >= (settings.per_annotator or me.main + 1):
        return None
    return claim_main(connection, me, now)


def _fixed(connection: Connection, me: Entered, kinds: tuple[ItemKind, ...]) -> Choice | None:
    """An item that everybody gets: practice in the order given, checks in the annotator's own."""
    rows = connection.execute(
        select(PAIR.c.id, PAIR.c.matchup_id, PAIR.c.kind)
        .where(PAIR.c.study_id == me.study.id, PAIR.c.kind.in_(kinds), ~was_seen(me, PAIR.c.id))
        .order_by(PAIR.c.id)
    ).all()
    if not rows:
        return None
    seed = f"{me.study.settings.seed} annotator {me.number} item"
    row = (
        rows[0]
        if kinds == (ItemKind.PRACTICE,)
        else min(rows, key=lambda row: draw(f"{seed} {row.id}"))
    )
    side = draw(f"{seed} {row.id} side") < 0.5
    return Choice(row.id, row.matchup_id, ItemKind(row.kind), side)


def _repeat(connection: Connection, me: Entered) -> Choice | None:
    """A main item the annotator voted on before the last few, with its sides swapped."""
    again = PRESENTATION.alias()
    repeated = exists().where(
        again.c.annotator_id == me.key,
        again.c.pair_id == PRESENTATION.c.pair_id,
        again.c.repeat == 1,
    )
    rows = connection.execute(
        select(PRESENTATION)
        .where(
            PRESENTATION.c.annotator_id == me.key,
            PRESENTATION.c.kind == ItemKind.MAIN,
            PRESENTATION.c.state == ShownState.VOTED,
            PRESENTATION.c.number <= max(1, me.given - 2),
            ~repeated,
        )
        .order_by(PRESENTATION.c.number)
    ).all()
    if not rows:
        return None
    seed = f"{me.study.settings.seed} annotator {me.number} repeat {me.repeats}"
    row = rows[int(draw(seed) * len(rows))]
    return Choice(row.pair_id, row.matchup_id, ItemKind.REPEAT, not row.first_on_left)


def _write_down(connection: Connection, me: Entered, choice: Choice, now: float) -> None:
    """Store the presentation, hold its slot and count it; the key is the annotator's alone."""
    key = new_secret()
    counter = ANNOTATOR.c[_COUNTED_AS[choice.kind]]
    connection.execute(
        insert(PRESENTATION),
        {
            "id": key,
            "study_id": me.study.id,
            "annotator_id": me.key,
            "pair_id": choice.pair_id,
            "matchup_id": choice.matchup_id,
            "slot_id": choice.slot_id,
            "number": me.given + 1,
            "kind": choice.kind,
            "repeat": int(choice.kind is ItemKind.REPEAT),
            "first_on_left": choice.first_on_left,
            "arm": choice.arm,
            "state": ShownState.OPEN,
            "created": now,
            "shown": now,
        },
    )
    connection.execute(
        update(ANNOTATOR).where(ANNOTATOR.c.id == me.key).values({counter: counter + 1})
    )
    if choice.slot_id is not None:
        lease = now + 60 * me.study.settings.lease_minutes
        connection.execute(
            update(SLOT)
            .where(SLOT.c.id == choice.slot_id)
            .values(state=SlotState.HELD, holder=key, lease_until=lease)
        )
        _count_side(connection, me, choice)
    shown: dict[str, object] = {
        "pair": choice.pair_id,
        "first_on_left": choice.first_on_left,
        "kind": choice.kind,
        "arm": choice.arm,
    }
    note_down(connection, me.study.id, Happening(EventKind.SHOWN, me.number, key, shown), now)


def _count_side(connection: Connection, me: Entered, choice: Choice) -> None:
    side = EXPOSURE.c.on_left if choice.first_on_left else EXPOSURE.c.on_right
    own = (EXPOSURE.c.annotator_id == me.key) & (EXPOSURE.c.matchup_id == choice.matchup_id)
    if not connection.execute(update(EXPOSURE).where(own).values({side: side + 1})).rowcount:
        row = {"annotator_id": me.key, "matchup_id": choice.matchup_id}
        counts = {"on_left": int(choice.first_on_left), "on_right": int(not choice.first_on_left)}
        connection.execute(insert(EXPOSURE), row | counts)


def _rest(connection: Connection, me: Entered, now: float) -> Rest:
    """Finished, unless others hold pairs that may come back."""
    waiting = None
    if me.main < (me.study.settings.per_annotator or me.main + 1):
        waiting = connection.scalar(
            select(SLOT.c.lease_until)
            .where(
                SLOT.c.study_id == me.study.id,
                SLOT.c.state == SlotState.HELD,
                ~was_seen(me, SLOT.c.pair_id),
            )
            .order_by(SLOT.c.lease_until)
            .limit(1)
        )
    may_undo = me.answered > 0
    if waiting is not None:
        return Rest(False, max(1.0, waiting - now), None, me.answered, may_undo)
    return Rest(True, None, me.study.settings.completion_code, me.answered, may_undo)
