"""From scores to reports: one model's measures, and two models compared on the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.careers import Move
from occu_core.evaluation.bootstrap import SEED, BlockBootstrap, compare
from occu_core.evaluation.calibration import calibration, fit_temperature
from occu_core.evaluation.reports import (
    Calibration,
    Comparison,
    Interval,
    ModelReport,
    Part,
    Perplexities,
    Provenance,
)
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.evaluation.subgroups import subgroup_note, subgroups, weighted_perplexity

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
_MOVES = {Part.FIRST: Move.FIRST, Part.STAY: Move.STAY, Part.MOVE: Move.MOVE}


@dataclass(frozen=True, slots=True)
class Rows:
    """Where scored rows come from: a cohort or table, its split, the target years."""

    data: str
    split: str | None = None
    years: tuple[int, int] | None = None
    simulated: bool = False


@dataclass(frozen=True)
class _Measured:
    """Scores with the bootstrap over their blocks."""

    scores: ScoreTable
    bootstrap: BlockBootstrap

    def only(self, chosen: Mask) -> _Measured | None:
        """Some of the rows with a bootstrap over their own blocks; None without a row."""
        return measured(self.scores.where(chosen), self.bootstrap.seed) if chosen.any() else None


def measured(scores: ScoreTable, seed: int) -> _Measured:
    """Scores made ready for intervals."""
    return _Measured(scores, BlockBootstrap(scores.blocks, seed=seed))


def model_report(
    scores: ScoreTable,
    rows: Rows,
    command: str,
    *,
    calibrating: ScoreTable | None = None,
    seed: int = SEED,
) -> ModelReport:
    """Every measure that the scores' detail allows.

    Args:
        scores: only the rows to report on.
        rows: what to call them.
        command: what to run to get this report again.
        calibrating: scores of the half of valid that fits temperatures; None fits none.
        seed: of the bootstrap and of the noise floor.
    """
    whole = measured(scores, seed)
    found = subgroups(scores, seed)
    full = scores.detail is Detail.NORMALISED
    return ModelReport(
        provenance=provenance(scores, rows, command, seed),
        perplexity_raw=_perplexities(whole, scores.log_p_raw),
        perplexity=_perplexities(whole, scores.log_p) if full else None,
        coverage=whole.bootstrap.mean(scores.coverage) if full else None,
        top1=_in_top(whole, 1),
        top5=_in_top(whole, 5),
        top10=_in_top(whole, 10),
        auc_change=_auc_change(whole),
        auc_not_working=_auc_not_working(whole),
        stay=_stay(whole, calibrating),
        destination=_destination(whole, calibrating),
        weighted=_weighted(whole),
        subgroups=found,
        subgroup_note=subgroup_note(found),
    )


def compare_models(
    a: Sequence[ScoreTable],
    b: Sequence[ScoreTable],
    rows: Rows,
    part: Part,
    command: str,
    seed: int = SEED,
) -> Comparison | None:
    """A against B, each given as the scores of one or several training seeds.

    Normalised log-probabilities are compared where all tables have them, raw ones otherwise.
    None without a row of that part.

    Raises:
        ValueError: if the tables do not hold the same rows.
    """
    a, b = ([scores.in_order() for scores in side] for side in (a, b))
    _check_same_rows([*a, *b])
    chosen = of_part(a[0], part)
    if not chosen.any():
        return None
    normalised = all(scores.detail is Detail.NORMALISED for scores in (*a, *b))
    nats = [
        np.stack([scores.log_p if normalised else scores.log_p_raw for scores in side])
        for side in (a, b)
    ]
    found = compare(nats[0], nats[1], BlockBootstrap(a[0].blocks, seed=seed), chosen)
    about = provenance(a[0], rows, command, seed)
    return Comparison(
        model_a=a[0].model.name,
        title_a=a[0].model.title,
        model_b=b[0].model.name,
        title_b=b[0].model.title,
        rows_label=about.rows_label,
        rows=int(chosen.sum()),
        rows_digest=about.rows_digest,
        normalised=normalised,
        part=part,
        perplexity_a=found.perplexity_a,
        perplexity_b=found.perplexity_b,
        difference_percent=found.percent,
        share_below=found.share_below,
        seeds_a=len(a),
        seeds_b=len(b),
        seed=seed,
        command=command,
        simulated=rows.simulated,
    )


def provenance(scores: ScoreTable, rows: Rows, command: str, seed: int) -> Provenance:
    """Which model was scored on which rows."""
    model = scores.model
    return Provenance(
        model=model.name,
        title=model.title,
        version=model.version,
        trained_on=model.trained_on,
        data=rows.data,
        split=rows.split,
        years=rows.years,
        workers=len(np.unique(scores.workers)),
        rows=len(scores),
        rows_digest=scores.rows_digest,
        seed=seed,
        command=command,
        simulated=rows.simulated,
    )


def of_part(scores: ScoreTable, part: Part) -> Mask:
    """Which rows belong to a part."""
    return np.ones(len(scores), np.bool_) if part is Part.ALL else scores.of_move(_MOVES[part])


def _check_same_rows(tables: list[ScoreTable]) -> None:
    first = tables[0]
    for other in tables[1:]:
        if other.rows_digest != first.rows_digest:
            raise ValueError(
                f"{first.model.name} was scored on rows {first.rows_digest} ({len(first):,}) and"
                f" {other.model.name} on {other.rows_digest} ({len(other):,}); expected the same"
                " person-years with the same outcomes"
            )


def _perplexities(whole: _Measured, nats: Floats) -> Perplexities:
    first, stay, move = (
        whole.bootstrap.perplexity(nats, chosen) if chosen.any() else None
        for chosen in (whole.scores.of_move(move) for move in Move)
    )
    return Perplexities(whole.bootstrap.perplexity(nats), first, stay, move)


def _weighted(whole: _Measured) -> Perplexities | None:
    """Raw perplexities by survey weight."""
    overall = weighted_perplexity(whole.scores, whole.bootstrap)
    if overall is None:
        return None
    parts = (whole.only(whole.scores.of_move(move)) for move in Move)
    first, stay, move = (
        weighted_perplexity(part.scores, part.bootstrap) if part else None for part in parts
    )
    return Perplexities(overall, first, stay, move)


def _in_top(whole: _Measured, k: int) -> Interval | None:
    """The share of rows whose outcome is among the k likeliest states."""
    ranks = whole.scores.rank
    return whole.bootstrap.mean(ranks < k) if whole.scores.detail is Detail.NORMALISED else None


def _auc_change(whole: _Measured) -> Interval | None:
    """How well 1 − P(same state) tells moves from stays; first records are left out."""
    later = _with_a_last_record(whole)
    if later is None:
        return None
    return later.bootstrap.auc(1 - later.scores.p_same, later.scores.changed)


def _auc_not_working(whole: _Measured) -> Interval | None:
    """How well P(not working) tells who will not be; first records are counted."""
    scores = whole.scores
    if scores.detail is Detail.OUTCOME:
        return None
    return whole.bootstrap.auc(scores.p_not_working, scores.outcome == scores.model.not_working)


def _with_a_last_record(whole: _Measured) -> _Measured | None:
    """The rows that have a P(same state)."""
    return None if whole.scores.detail is Detail.OUTCOME else whole.only(~whole.scores.first)


def _stay(whole: _Measured, calibrating: ScoreTable | None) -> Calibration | None:
    """P(same state) against stays, over rows with an earlier record."""
    later = _with_a_last_record(whole)
    if later is None:
        return None
    fitted = None
    if calibrating is not None and calibrating.detail is not Detail.OUTCOME:
        fitting = calibrating.where(~calibrating.first)
        fitted = fit_temperature(fitting.p_same, ~fitting.changed)
    return calibration(later.scores.p_same, ~later.scores.changed, later.bootstrap, fitted)


def _destination(whole: _Measured, calibrating: ScoreTable | None) -> Calibration | None:
    """Given a move, the probability of the likeliest destination against its coming true.

    This is top-label calibration (Kumar, Liang and Ma 2019): one probability for each move.
    """
    full = whole.scores.detail is Detail.NORMALISED
    moves = whole.only(whole.scores.changed) if full else None
    if moves is None:
        return None
    fitted = None
    if calibrating is not None and calibrating.detail is Detail.NORMALISED:
        fitting = calibrating.where(calibrating.changed)
        fitted = fit_temperature(fitting.p_destination, fitting.destination == fitting.outcome)
    foreseen = moves.scores.destination == moves.scores.outcome
    return calibration(moves.scores.p_destination, foreseen, moves.bootstrap, fitted)
