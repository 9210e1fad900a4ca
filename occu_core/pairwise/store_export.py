"""Everything of a study that others need to check it, and nothing that says who annotated."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sqlalchemy import Connection, select

from occu_core.pairwise.store_layout import questions_of
from occu_core.pairwise.store_lookup import ShownState, Study, study_named
from occu_core.pairwise.store_quality import quality
from occu_core.pairwise.store_reading import added_votes, as_votes, summary, vote_rows
from occu_core.pairwise.store_summaries import AnnotatorQuality, StudySummary
from occu_core.pairwise.studies import Arm, ItemKind, StudyQuestion
from occu_core.pairwise.tables import ANNOTATOR, MATCHUP, PAIR, PRESENTATION, QUESTION
from occu_core.pairwise.votes import Vote


@dataclass(frozen=True, slots=True)
class ShownPair:
    """A pair as one annotator, called by number, saw it; times are seconds since 1970."""

    annotator: int
    number: int
    question_id: str
    system_left: str
    system_right: str
    kind: ItemKind
    arm: Arm
    state: ShownState
    created: float
    shown: float | None


@dataclass(frozen=True, slots=True)
class Exported:
    """A study as it stands at one moment; `added` are votes that were cast elsewhere."""

    summary: StudySummary
    questions: tuple[StudyQuestion, ...]
    votes: tuple[tuple[ItemKind, Vote], ...]
    added: tuple[Vote, ...]
    shown: tuple[ShownPair, ...]
    quality: tuple[AnnotatorQuality, ...]


def export(connection: Connection, name: str) -> Exported:
    """Read a study whole."""
    study = study_named(connection, name)
    return Exported(
        summary(connection, name),
        questions_of(connection, study),
        tuple(
            (ItemKind(row.kind), vote)
            for row in vote_rows(connection, study, tuple(ItemKind))
            for vote in as_votes(row)
        ),
        tuple(added_votes(connection, study)),
        tuple(_shown(connection, study)),
        quality(connection, name),
    )


def _shown(connection: Connection, study: Study) -> Iterator[ShownPair]:
    whole = (
        PRESENTATION.join(ANNOTATOR, PRESENTATION.c.annotator_id == ANNOTATOR.c.id)
        .join(PAIR, PRESENTATION.c.pair_id == PAIR.c.id)
        .join(QUESTION, PAIR.c.question_id == QUESTION.c.id)
        .join(MATCHUP, PRESENTATION.c.matchup_id == MATCHUP.c.id)
    )
    rows = connection.execute(
        select(
            PRESENTATION,
            ANNOTATOR.c.number.label("annotator"),
            QUESTION.c.question_id,
            MATCHUP.c.first,
            MATCHUP.c.second,
        )
        .select_from(whole)
        .where(PRESENTATION.c.study_id == study.id)
        .order_by(ANNOTATOR.c.number, PRESENTATION.c.number)
    )
    for row in rows:
        systems = (row.first, row.second) if row.first_on_left else (row.second, row.first)
        yield ShownPair(
            row.annotator,
            row.number,
            row.question_id,
            *systems,
            ItemKind(row.kind),
            Arm(row.arm),
            ShownState(row.state),
            row.created,
            row.shown,
        )
