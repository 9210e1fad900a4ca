"""Score a model on every person-year of a career table."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from occu_core.careers import CareerHistory, Move, Transition
from occu_core.data.career_table import CareerTable, Split
from occu_core.evaluation.metrics import perplexity, rank
from occu_core.models.base import OccupationModel

Years = tuple[int, int]


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


def evaluate(
    model: OccupationModel,
    table: CareerTable,
    *,
    years: Years | None = None,
    raw_only: bool = False,
    on_row: Callable[[RowScore], None] | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> EvaluationReport:
    """Score every transition whose year is in `years` (both included), with all earlier history.

    `on_row` receives each scored person-year, `on_progress` the careers done and their number.

    Raises:
        ValueError: if the table has no transition in those years.
    """
    started = time.perf_counter()
    careers = [career for career in table.careers if _any_in(career, years)]
    scores: list[_Score] = []
    for done, career in enumerate(careers, start=1):
        for score in _scores(model, career, years, raw_only):
            scores.append(score)
            if on_row:
                on_row(score.row(career.worker_id))
        if on_progress:
            on_progress(done, len(careers))
    if not scores:
        span = f" in {years[0]}–{years[1]}" if years else ""
        raise ValueError(f"no person-year with an occupation{span}; there is nothing to score")
    seconds = time.perf_counter() - started
    return _report(model, scores, (len(careers), table.skipped), years, seconds)


@dataclass(frozen=True, slots=True)
class _Score:
    """What is kept of one transition; a distribution is not."""

    year: int
    move: Move
    raw: float
    normalised: float | None = None
    coverage: float | None = None
    rank: int | None = None

    @property
    def best(self) -> float:
        return self.raw if self.normalised is None else self.normalised

    def row(self, person_id: str) -> RowScore:
        return RowScore(person_id, self.year, self.normalised, self.raw)


def _any_in(career: CareerHistory, years: Years | None) -> bool:
    return any(_in(record.year, years) for record in career.records)


def _in(year: int, years: Years | None) -> bool:
    return years is None or years[0] <= year <= years[1]


def _scores(
    model: OccupationModel, career: CareerHistory, years: Years | None, raw_only: bool
) -> Iterator[_Score]:
    """The scored transitions of one career, which is read no further than the last of them."""
    seen = career.until(years[1] + 1) if years else career
    score = _raw_scores if raw_only else _normalised_scores
    return (s for s in score(model, seen) if _in(s.year, years))


def _raw_scores(model: OccupationModel, career: CareerHistory) -> Iterator[_Score]:
    raw = model.log_likelihoods(career)
    for transition, log_probability in zip(career.transitions(), raw, strict=True):
        yield _Score(transition.query.year, transition.move, float(log_probability))


def _normalised_scores(model: OccupationModel, career: CareerHistory) -> Iterator[_Score]:
    answers = zip(career.transitions(), model.distributions(career), strict=True)
    for transition, distribution in answers:
        position = _position(model, transition)
        yield _Score(
            year=transition.query.year,
            move=transition.move,
            raw=float(distribution.log_probs_raw[position]),
            normalised=float(distribution.log_probs[position]),
            coverage=distribution.coverage,
            rank=rank(distribution.log_probs, position),
        )


def _position(model: OccupationModel, transition: Transition) -> int:
    return model.taxonomy.position(transition.outcome.code)


def _report(
    model: OccupationModel,
    scores: list[_Score],
    counts: tuple[int, int],
    years: Years | None,
    seconds: float,
) -> EvaluationReport:
    normalised = [s.normalised for s in scores if s.normalised is not None]
    ranks = [s.rank for s in scores if s.rank is not None]
    return EvaluationReport(
        model=model.card.name,
        model_version=model.card.version,
        data=model.card.data,
        table=None,
        split=None,
        years=years,
        normalised=bool(normalised),
        workers=counts[0],
        transitions=len(scores),
        skipped=counts[1],
        perplexity=perplexity(normalised) if normalised else None,
        perplexity_raw=perplexity([s.raw for s in scores]),
        coverage=_mean([s.coverage for s in scores if s.coverage is not None]),
        perplexity_first=_perplexity_of(scores, Move.FIRST),
        perplexity_stay=_perplexity_of(scores, Move.STAY),
        perplexity_move=_perplexity_of(scores, Move.MOVE),
        top1=_mean([k < 1 for k in ranks]),
        top5=_mean([k < 5 for k in ranks]),
        seconds=seconds,
    )


def _perplexity_of(scores: list[_Score], move: Move) -> float | None:
    chosen = [score.best for score in scores if score.move is move]
    return perplexity(chosen) if chosen else None


def _mean(values: list[float] | list[bool]) -> float | None:
    return float(np.mean(values)) if values else None
