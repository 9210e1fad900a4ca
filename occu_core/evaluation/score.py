"""Score careers with any model: one row for each person-year, as much detail as is asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np

from occu_core.careers import CareerHistory, Transition
from occu_core.distributions import OccupationDistribution
from occu_core.evaluation.metrics import rank
from occu_core.evaluation.scores import NONE, Detail, ScoredModel, ScoredRow, ScoreTable
from occu_core.models.base import OccupationModel
from occu_core.occupations import NOT_WORKING

Years = tuple[int, int]
Weights = Mapping[tuple[str, str, int], float]
"""Survey weights by dataset, person and year."""


def score(
    model: OccupationModel,
    careers: Sequence[CareerHistory],
    detail: Detail = Detail.RAW,
    *,
    years: Years | None = None,
    weights: Weights | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> ScoreTable:
    """Score every transition whose year is in `years` (both included), with all earlier history.

    A career is read no further than the last year asked for. `on_progress` receives the careers
    done and their number.

    Raises:
        ValueError: if there is no transition in those years.
    """
    chosen = [career for career in careers if any(_in(r.year, years) for r in career.records)]
    rows: list[ScoredRow] = []
    for done, career in enumerate(chosen, start=1):
        rows += score_career(model, career, detail, years=years, weights=weights)
        if on_progress:
            on_progress(done, len(chosen))
    if not rows:
        span = f" in {years[0]}–{years[1]}" if years else ""
        raise ValueError(f"no person-year with an occupation{span}; there is nothing to score")
    return ScoreTable.of(scored_model(model), detail, rows)


def score_career(
    model: OccupationModel,
    career: CareerHistory,
    detail: Detail,
    *,
    years: Years | None = None,
    weights: Weights | None = None,
) -> list[ScoredRow]:
    """One career's scored transitions, oldest first."""
    seen = career.until(years[1] + 1) if years else career
    questions = [_question(model, t, weights) for t in seen.transitions()]
    scorer = {
        Detail.OUTCOME: _with_outcome,
        Detail.RAW: _with_three,
        Detail.NORMALISED: _with_all,
    }[detail]
    return [row for row in scorer(model, seen, questions) if _in(row.year, years)]


def scored_model(model: OccupationModel) -> ScoredModel:
    """What score files say of the model."""
    card = model.card
    return ScoredModel(
        *(card.name, card.title, card.version, card.data, card.taxonomy_digest),
        model.taxonomy.position(NOT_WORKING),
    )


def _in(year: int, years: Years | None) -> bool:
    return years is None or years[0] <= year <= years[1]


def _question(model: OccupationModel, transition: Transition, weights: Weights | None) -> ScoredRow:
    """The row of one transition before any model has answered."""
    query, past = transition.query, transition.query.past
    dataset = past.dataset or ""
    previous = query.previous
    return ScoredRow(
        dataset=dataset,
        person_id=past.worker_id,
        year=query.year,
        sex=past.sex.value if past.sex else "",
        race_ethnicity=past.race_ethnicity.value if past.race_ethnicity else "",
        education=query.education.value if query.education else "",
        birth_year=NONE if past.birth_year is None else past.birth_year,
        weight=(weights or {}).get((dataset, past.worker_id, query.year), np.nan),
        history=len(past.records),
        outcome=model.taxonomy.position(transition.outcome.code),
        previous=NONE if previous is None else model.taxonomy.position(previous.code),
    )


def _with_outcome(
    model: OccupationModel, career: CareerHistory, rows: list[ScoredRow]
) -> Iterator[ScoredRow]:
    for row, nats in zip(rows, model.log_likelihoods(career), strict=True):
        yield replace(row, log_p_raw=float(nats))


def _with_three(
    model: OccupationModel, career: CareerHistory, rows: list[ScoredRow]
) -> Iterator[ScoredRow]:
    """What happened, the last record's state and Not working, in one pass over the career."""
    idle = model.taxonomy.position(NOT_WORKING)
    # A first record has no last state; its outcome stands in, and is then left out.
    asked = [(r.outcome, r.outcome if r.previous == NONE else r.previous, idle) for r in rows]
    positions = np.array(asked, np.int64).reshape(-1, 3)
    for row, nats in zip(rows, model.log_probabilities(career, positions), strict=True):
        outcome, same, not_working = nats.tolist()
        yield replace(
            row,
            log_p_raw=outcome,
            p_same=np.nan if row.previous == NONE else float(np.exp(same)),
            p_not_working=float(np.exp(not_working)),
        )


def _with_all(
    model: OccupationModel, career: CareerHistory, rows: list[ScoredRow]
) -> Iterator[ScoredRow]:
    idle = model.taxonomy.position(NOT_WORKING)
    for row, distribution in zip(rows, model.distributions(career), strict=True):
        answered = replace(
            row,
            log_p_raw=float(distribution.log_probs_raw[row.outcome]),
            log_p=float(distribution.log_probs[row.outcome]),
            p_not_working=float(np.exp(distribution.log_probs[idle])),
            rank=rank(distribution.log_probs, row.outcome),
            coverage=distribution.coverage,
        )
        yield answered if row.previous == NONE else _with_change(answered, distribution)


def _with_change(row: ScoredRow, distribution: OccupationDistribution) -> ScoredRow:
    """P(same state), and the likeliest other state with its probability given a change."""
    probs = distribution.probs
    others = np.delete(probs, row.previous)
    best = int(others.argmax())
    return replace(
        row,
        p_same=float(probs[row.previous]),
        destination=best + (best >= row.previous),
        p_destination=float(others[best] / others.sum()),
    )
