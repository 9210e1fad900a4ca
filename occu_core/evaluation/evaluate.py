"""Score a model on every person-year of a career table."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.careers import Move
from occu_core.data.career_table import CareerTable, Split
from occu_core.evaluation.metrics import perplexity
from occu_core.evaluation.score import Weights, Years, score
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.models.base import OccupationModel


@dataclass(frozen=True, slots=True)
class RowScore:
    """Log-probabilities of one person-year in nats; normalised is None when only raw was asked."""

    person_id: str
    year: int
    log_probability: float | None
    log_probability_raw: float


@dataclass(frozen=True)
class EvaluationReport:
    """Measures over the scored person-years, each counted once, and the settings behind them.

    `perplexity`, `coverage`, `top1` and `top5` are None when only raw scores were asked for;
    first, stay and move come from normalised scores where there are any, and are None without a
    transition of that kind. `skipped` counts the table's rows without a codable occupation.
    """

    model: str
    model_version: str
    data: str
    table: str | None
    split: Split | None
    years: Years | None
    normalised: bool
    workers: int
    transitions: int
    skipped: int
    perplexity: float | None
    perplexity_raw: float
    coverage: float | None
    perplexity_first: float | None
    perplexity_stay: float | None
    perplexity_move: float | None
    top1: float | None
    top5: float | None
    seconds: float


def evaluate(  # noqa: PLR0913 - what to score, and who is told what
    model: OccupationModel,
    table: CareerTable,
    *,
    years: Years | None = None,
    raw_only: bool = False,
    weights: Weights | None = None,
    on_row: Callable[[RowScore], None] | None = None,
    on_scores: Callable[[ScoreTable], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Score every transition whose year is in `years` (both included), with all earlier history.

    `on_row` receives each scored person-year, `on_scores` all of them with everything that a
    `ModelReport` needs (and `weights`), `on_progress` the careers done and their number.

    Raises:
        ValueError: if the table has no transition in those years.
    """
    started = time.perf_counter()
    raw = Detail.RAW if on_scores else Detail.OUTCOME
    detail = raw if raw_only else Detail.NORMALISED
    scores = score(
        model, table.careers, detail, years=years, weights=weights, on_progress=on_progress
    )
    seconds = time.perf_counter() - started
    if on_row:
        for row in _row_scores(scores):
            on_row(row)
    if on_scores:
        on_scores(scores)
    return _report(model, scores, table.skipped, years, seconds)


def _row_scores(scores: ScoreTable) -> list[RowScore]:
    normalised = scores.detail is Detail.NORMALISED
    columns = (scores.person_id, scores.year, scores.log_p, scores.log_p_raw)
    return [
        RowScore(person, year, log_p if normalised else None, raw)
        for person, year, log_p, raw in zip(*(c.tolist() for c in columns), strict=True)
    ]


def _report(
    model: OccupationModel,
    scores: ScoreTable,
    skipped: int,
    years: Years | None,
    seconds: float,
) -> EvaluationReport:
    normalised = scores.detail is Detail.NORMALISED
    best = scores.log_p if normalised else scores.log_p_raw
    first, stay, move = (_perplexity(best[scores.of_move(move)]) for move in Move)
    return EvaluationReport(
        model=model.card.name,
        model_version=model.card.version,
        data=model.card.data,
        table=None,
        split=None,
        years=years,
        normalised=normalised,
        workers=len(np.unique(scores.workers)),
        transitions=len(scores),
        skipped=skipped,
        perplexity=perplexity(scores.log_p) if normalised else None,
        perplexity_raw=perplexity(scores.log_p_raw),
        coverage=float(scores.coverage.mean()) if normalised else None,
        perplexity_first=first,
        perplexity_stay=stay,
        perplexity_move=move,
        top1=float((scores.rank < 1).mean()) if normalised else None,
        top5=float((scores.rank < 5).mean()) if normalised else None,
        seconds=seconds,
    )


def _perplexity(nats: npt.NDArray[np.float64]) -> float | None:
    return perplexity(nats) if len(nats) else None
