"""Sets of states that hold what happens at a chosen level: split conformal prediction.

A set must keep its promise for stays and for moves apart, as nobody knows beforehand which it will
be, and a set calibrated on both together covers nearly all stays and few moves. So the last
record's state belongs to the set by P(it), any other state by P(state | not that one), and each has
a threshold calibrated on what happened in that way: conformal prediction conditional on the kind of
outcome (Vovk 2012; Sadinle, Lei and Wasserman 2019), by cohort, kind of last state and number
of earlier records. All probabilities are raw, before normalising, so that one pass over a resume
calibrates.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.distributions import OccupationDistribution
from occu_core.evaluation.reports import Part
from occu_core.evaluation.scores import NONE, ScoreTable
from occu_core.explain.sure_records import (
    HISTORY_SPANS,
    PERCENTS,
    POOLED,
    Before,
    Cell,
    Span,
    Sureness,
    before,
    history_span,
)
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy
from occu_core.predictions import Prediction

FEWEST_ROWS = 60
_LEAST = 1e-12
_PARTS = (Part.STAY, Part.MOVE)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class PredictionSet:
    """The states that belong to the set, likeliest first, and the cells that decided.

    `cells` are those of a stay and of a move, or the one of first records.
    """

    percent: int
    members: tuple[tuple[Occupation, float], ...]
    cells: tuple[Cell, ...]

    @property
    def probability(self) -> float:
        """The model's own probability of the whole set."""
        return min(sum(probability for _, probability in self.members), 1.0)

    @property
    def groups(self) -> tuple[tuple[str, int, float], ...]:
        """Group, states of the set in it and their probability, likeliest group first."""
        counts: dict[str, int] = {}
        sums: dict[str, float] = {}
        for occupation, probability in self.members:
            counts[occupation.group] = counts.get(occupation.group, 0) + 1
            sums[occupation.group] = sums.get(occupation.group, 0.0) + probability
        return tuple((g, counts[g], sums[g]) for g in sorted(sums, key=lambda g: -sums[g]))


def percent_of(level: str) -> int:
    """A level as a share, such as 0.9, in whole percent.

    Raises:
        ValueError: if it is none that a set can have.

    >>> percent_of("0.9"), percent_of(".95")
    (90, 95)
    """
    if re.fullmatch(r"0?\.[0-9]{1,2}", level) and round(100 * float(level)) in PERCENTS:
        return round(100 * float(level))
    raise ValueError(
        f"level {level[:40]!r} is not one a set can have; expected {PERCENTS[0] / 100} to"
        f" {PERCENTS[-1] / 100} in hundredths, such as 0.9"
    )


def prediction_set(prediction: Prediction, sureness: Sureness, percent: int) -> PredictionSet:
    """The set of one level for one prediction.

    Raises:
        ValueError: for a level that no set can have.
    """
    if percent not in PERCENTS:
        raise ValueError(f"level {percent}% is not within {PERCENTS[0]}–{PERCENTS[-1]}%")
    query, distribution = prediction.query, prediction.distribution
    cells = cells_for(
        sureness.cells,
        query.past.dataset or POOLED,
        len(query.past.records),
        before(query.previous),
    )
    bounds = [np.array([cell.thresholds[PERCENTS.index(percent)]]) for cell in cells]
    taxonomy = distribution.taxonomy
    previous = NONE if query.previous is None else taxonomy.position(query.previous.code)
    raw = distribution.log_probs_raw[np.newaxis]
    inside = set_members(raw, np.array([previous]), bounds[0], bounds[-1])[0]
    return PredictionSet(percent, _likeliest(distribution, inside), cells)


def set_members(log_probs_raw: Floats, previous: Integers, same: Floats, other: Floats) -> Mask:
    """Which states belong to each row's set; a set that would be empty is the likeliest state.

    Args:
        log_probs_raw: nats, shape (rows, states).
        previous: position of the last record's state, −1 for a first record, shape (rows,).
        same: how probable that state must be, shape (rows,).
        other: how probable any other state must be if that one is left, shape (rows,).

    Returns:
        Shape (rows, states).
    """
    probs = np.exp(log_probs_raw)
    later = np.flatnonzero(previous != NONE)
    kept = np.zeros(len(probs))
    kept[later] = probs[later, previous[later]]
    inside = probs / np.maximum(1 - kept, _LEAST)[:, np.newaxis] >= other[:, np.newaxis]
    inside[later, previous[later]] = kept[later] >= same[later]
    empty = np.flatnonzero(~inside.any(axis=1))
    inside[empty, probs[empty].argmax(axis=1)] = True
    return inside


def conformity(rows: ScoreTable) -> Floats:
    """The score of what happened, by which it belongs to a set; shape (rows,).

    P(state) of a first record or a stay, P(state | not the last record's) of a move.
    """
    happened = np.exp(rows.log_p_raw)
    left = np.maximum(1 - np.nan_to_num(rows.p_same), _LEAST)
    return np.where(rows.changed, happened / left, happened)


def calibrate(rows: ScoreTable, taxonomy: Taxonomy) -> tuple[Cell, ...]:
    """A cell for each cohort and span of history with 60 rows, one for all cohorts together."""
    scores, kinds, parts = conformity(rows), kinds_before(rows, taxonomy), parts_of(rows)
    found = []
    for cohort, span in _cohorts_and_spans(rows):
        there = _within(rows, cohort, span)
        for kind, part in _kinds_and_parts():
            own = np.sort(scores[there & (kinds == kind) & (parts == part)])
            if cohort == POOLED or len(own) >= FEWEST_ROWS:
                thresholds = tuple(threshold(own, percent) for percent in PERCENTS)
                found.append(Cell(cohort, span, kind, part, len(own), thresholds))
    return tuple(found)


def threshold(ascending: Floats, percent: int) -> float:
    """The k-th lowest of n scores, k = ⌊(n + 1)(1 − level)⌋; 0, which leaves nothing out, if k = 0.

    A new score of the same kind lies below it with a chance of at most 1 − level, whatever the
    model (Vovk, Gammerman and Shafer 2005). Six digits are kept, rounded down.
    """
    k = (len(ascending) + 1) * (100 - percent) // 100
    return float(f"{ascending[k - 1] * (1 - 1e-5):.6g}") if k else 0.0


def thresholds_of(
    cells: Sequence[Cell], rows: ScoreTable, taxonomy: Taxonomy, percent: int
) -> tuple[Floats, Floats]:
    """The thresholds of the last state and of any other at each row; shapes (rows,)."""
    kinds, place = kinds_before(rows, taxonomy), PERCENTS.index(percent)
    same, other = np.zeros(len(rows)), np.zeros(len(rows))
    asked = dict.fromkeys(zip(rows.dataset.tolist(), rows.history.tolist(), strict=True))
    for cohort, history in asked:
        there = (rows.dataset == cohort) & (rows.history == history)
        for kind in np.unique(kinds[there]).tolist():
            here = there & (kinds == kind)
            chosen = cells_for(cells, cohort, history, Before(kind))
            same[here], other[here] = chosen[0].thresholds[place], chosen[-1].thresholds[place]
    return same, other


def covered(rows: ScoreTable, same: Floats, other: Floats) -> Mask:
    """Whether each row's outcome is in its set, from what one pass over the resume tells."""
    stayed = ~rows.first & ~rows.changed
    return conformity(rows) >= np.where(stayed, same, other)


def cells_for(cells: Sequence[Cell], cohort: str, records: int, kind: Before) -> tuple[Cell, ...]:
    """The cells of a stay and of a move, or of a first record.

    Where too few rows made none for so many earlier records, it is the cohort's, then that of all
    cohorts.
    """
    by_key = {(cell.cohort, cell.history, cell.before, cell.part): cell for cell in cells}
    narrowest_first = ((cohort, history_span(records)), (cohort, None), (POOLED, None))
    parts = (Part.FIRST,) if kind is Before.FIRST else _PARTS
    return tuple(
        next(by_key[*who, kind, part] for who in narrowest_first if (*who, kind, part) in by_key)
        for part in parts
    )


def kinds_before(rows: ScoreTable, taxonomy: Taxonomy) -> npt.NDArray[np.str_]:
    """What kind of state each row's last record is, as values of `Before`; shape (rows,)."""
    idle, studying = taxonomy.position(NOT_WORKING), taxonomy.position(STUDENT)
    chosen = [rows.first, rows.previous == idle, rows.previous == studying]
    kinds = [Before.FIRST.value, Before.NOT_WORKING.value, Before.STUDENT.value]
    return np.select(chosen, kinds, Before.JOB.value)


def parts_of(rows: ScoreTable) -> npt.NDArray[np.str_]:
    """First, stay or move, as values of `Part`; shape (rows,)."""
    return np.select([rows.first, rows.changed], [Part.FIRST.value, Part.MOVE.value], Part.STAY)


def _cohorts_and_spans(rows: ScoreTable) -> list[tuple[str, Span | None]]:
    cohorts = np.unique(rows.dataset[rows.dataset != POOLED]).tolist()
    return [*((c, span) for c in cohorts for span in (*HISTORY_SPANS, None)), (POOLED, None)]


def _within(rows: ScoreTable, cohort: str, span: Span | None) -> Mask:
    there = np.ones(len(rows), np.bool_) if cohort == POOLED else rows.dataset == cohort
    if span is None:
        return there
    found: Mask = there & (rows.history >= span[0]) & (rows.history <= span[1])
    return found


def _kinds_and_parts() -> list[tuple[Before, Part]]:
    later = [kind for kind in Before if kind is not Before.FIRST]
    return [(Before.FIRST, Part.FIRST), *((kind, part) for kind in later for part in _PARTS)]


def _likeliest(
    distribution: OccupationDistribution, inside: Mask
) -> tuple[tuple[Occupation, float], ...]:
    every = distribution.top(len(distribution.taxonomy))
    return tuple(
        (occupation, probability)
        for occupation, probability in every
        if inside[distribution.taxonomy.position(occupation.code)]
    )
