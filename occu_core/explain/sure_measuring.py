"""Which kind of set to use, and whether sets keep their promise on workers never looked at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.reports import Interval, Part, Years
from occu_core.evaluation.scores import NONE, ScoreTable
from occu_core.evaluation.subgroups import FEWEST_BLOCKS, groups_of
from occu_core.explain.prediction_sets import (
    calibrate,
    covered,
    kinds_before,
    parts_of,
    set_members,
    threshold,
    thresholds_of,
)
from occu_core.explain.sure_records import HISTORY_SPANS, Before, Cell, Measured, Measurement, Tried
from occu_core.occupations import Taxonomy

TRIED_AT = 90

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Scores = Callable[[ScoreTable, Floats], Floats]


@dataclass(frozen=True)
class Answers:
    """Person-years with the whole distribution at each, nats before normalising, (rows, states)."""

    rows: ScoreTable
    log_probs_raw: Floats


def measure(
    rows: ScoreTable,
    sample: Answers,
    cells: tuple[Cell, ...],
    taxonomy: Taxonomy,
    asked: tuple[str, Years | None, int],
    seed: int = SEED,
) -> Measurement:
    """Coverage of one level on every row, set sizes on a random sample of them.

    Args:
        rows: test person-years of all cohorts.
        sample: some of them with the whole distribution.
        cells: calibrated elsewhere.
        taxonomy: of the model.
        asked: cohort, target years (None for all) and level in percent.
        seed: of the bootstrap.
    """
    cohort, years, percent = asked
    scored = rows.of_dataset(cohort).between(years)
    hit = covered(scored, *thresholds_of(cells, scored, taxonomy, percent))
    chosen = (sample.rows.dataset == cohort) & _between(sample.rows, years)
    drawn = sample.rows.where(chosen)
    bounds = thresholds_of(cells, drawn, taxonomy, percent)
    sizes = set_members(sample.log_probs_raw[chosen], drawn.previous, *bounds).sum(axis=1)
    sizes_of = {(by, group): sizes[there] for by, group, there in _all_groups(drawn, taxonomy)}
    groups = [
        _measured((by, group), hit[here], scored.where(here), sizes_of.get((by, group)), seed)
        for by, group, here in _all_groups(scored, taxonomy)
        if here.any()
    ]
    return Measurement(cohort, years, percent, tuple(groups))


def compare_sets(sample: Answers, taxonomy: Taxonomy, cohort: str) -> tuple[Tried, ...]:
    """Several kinds of 90% sets on the half of valid that chooses, in two folds by blocks."""
    rows, found = sample.rows.of_dataset(cohort), []
    log_probs = sample.log_probs_raw[sample.rows.dataset == cohort]
    fold = rows.blocks % 2
    for name, scores_of, by_kind, by_outcome in _KINDS_OF_SETS:
        scores = scores_of(rows, log_probs)  # (rows, states)
        kinds = kinds_before(rows, taxonomy) if by_kind else np.full(len(rows), "all")
        inside = np.zeros(scores.shape, np.bool_)
        for side in (0, 1):
            fitted, measured = fold != side, fold == side
            inside[measured] = _sets(scores, rows, (kinds, by_outcome), fitted, measured)
        hit = inside[np.arange(len(rows)), rows.outcome]
        found.append(_tried(name, cohort, rows, hit, inside.sum(axis=1)))
    return tuple(found)


def compare_divisions(every: ScoreTable, taxonomy: Taxonomy, cohort: str) -> tuple[Tried, ...]:
    """Thresholds by kind of last state, against those by number of earlier records as well."""
    rows = every.of_dataset(cohort)
    coarse, fine = np.zeros(len(rows), np.bool_), np.zeros(len(rows), np.bool_)
    for side in (0, 1):
        here = rows.blocks % 2 == side
        cells, measured = calibrate(rows.where(~here), taxonomy), rows.where(here)
        for hit, kept in ((fine, cells), (coarse, tuple(c for c in cells if c.history is None))):
            hit[here] = covered(measured, *thresholds_of(kept, measured, taxonomy, TRIED_AT))
    return (
        _tried("by outcome and last state, all rows", cohort, rows, coarse, None),
        _tried("by outcome, last state and earlier records, all rows", cohort, rows, fine, None),
    )


def _tried(
    name: str, cohort: str, rows: ScoreTable, hit: Mask, sizes: npt.NDArray[np.int64] | None
) -> Tried:
    parts = parts_of(rows)
    spans = [(rows.history >= low) & (rows.history <= high) for low, high in HISTORY_SPANS]
    return Tried(
        sets=name,
        cohort=cohort,
        rows=len(rows),
        coverage=float(hit.mean()),
        coverage_stay=float(hit[parts == Part.STAY].mean()),
        coverage_move=float(hit[parts == Part.MOVE].mean()),
        least_by_history=min(float(hit[there].mean()) for there in spans if there.any()),
        mean_size=None if sizes is None else float(sizes.mean()),
        median_size=None if sizes is None else float(np.median(sizes)),
    )


def _sets(
    scores: Floats,
    rows: ScoreTable,
    cells_of: tuple[npt.NDArray[np.str_], bool],
    fitted: Mask,
    measured: Mask,
) -> Mask:
    """The sets of the measured rows with thresholds from the fitted ones."""
    kinds, by_outcome = cells_of
    happened = scores[np.arange(len(rows)), rows.outcome]
    places = np.flatnonzero(measured)
    inside = np.zeros((len(places), scores.shape[1]), np.bool_)
    for kind in np.unique(kinds).tolist():
        here = kinds[places] == kind
        own = fitted & (kinds == kind)
        moved = own & (rows.changed | rows.first) if by_outcome else own
        other = threshold(np.sort(happened[moved]), TRIED_AT)
        inside[here] = scores[places[here]] >= other
        if by_outcome:
            stayed = own & ~rows.changed & ~rows.first
            same = threshold(np.sort(happened[stayed]), TRIED_AT)
            later = np.flatnonzero(here & (rows.previous[places] != NONE))
            previous = rows.previous[places[later]]
            inside[later, previous] = scores[places[later], previous] >= same
    return inside


def _probability(rows: ScoreTable, log_probs_raw: Floats) -> Floats:
    found: Floats = np.exp(log_probs_raw)
    return found


def _mass(rows: ScoreTable, log_probs_raw: Floats) -> Floats:
    """1 − the mass of likelier states: adaptive prediction sets without randomising."""
    return _left_by_likelier(np.exp(log_probs_raw))


def _probability_by_outcome(rows: ScoreTable, log_probs_raw: Floats) -> Floats:
    """P(state | not the last record's), and P(it) in its place."""
    probs, later = np.exp(log_probs_raw), np.flatnonzero(rows.previous != NONE)
    kept = np.zeros(len(probs))
    kept[later] = probs[later, rows.previous[later]]
    given: Floats = probs / np.maximum(1 - kept, 1e-12)[:, np.newaxis]
    given[later, rows.previous[later]] = kept[later]
    return given


def _mass_by_outcome(rows: ScoreTable, log_probs_raw: Floats) -> Floats:
    """1 − the mass of likelier destinations, and P(last state) in its place."""
    given, later = _probability_by_outcome(rows, log_probs_raw), np.flatnonzero(rows.previous != -1)
    kept = given[later, rows.previous[later]]
    given[later, rows.previous[later]] = 0.0
    left = _left_by_likelier(given)
    left[later, rows.previous[later]] = kept
    return left


def _left_by_likelier(probs: Floats) -> Floats:
    order = np.argsort(-probs, axis=1, kind="stable")
    ordered = np.take_along_axis(probs, order, axis=1)
    left = np.empty_like(probs)
    np.put_along_axis(left, order, 1 - (np.cumsum(ordered, axis=1) - ordered), axis=1)
    return left


def _all_groups(rows: ScoreTable, taxonomy: Taxonomy) -> Iterator[tuple[str, str, Mask]]:
    yield "all", "all", np.ones(len(rows), np.bool_)
    parts, kinds = parts_of(rows), kinds_before(rows, taxonomy)
    for part in (Part.STAY, Part.MOVE, Part.FIRST):
        yield "outcome", part.value, parts == part
    for kind in Before:
        yield "last_state", kind.value, kinds == kind
    yield from groups_of(rows)


def _measured(
    about: tuple[str, str],
    hit: Mask,
    rows: ScoreTable,
    sizes: npt.NDArray[np.int64] | None,
    seed: int,
) -> Measured:
    bootstrap = BlockBootstrap(rows.blocks, seed=seed)
    found = bootstrap.mean(hit)
    shown = found if bootstrap.size >= FEWEST_BLOCKS else Interval(found.value)
    if sizes is None or not len(sizes):
        return Measured(*about, len(rows), bootstrap.size, shown, 0, None, None)
    mean, median = float(sizes.mean()), float(np.median(sizes))
    return Measured(*about, len(rows), bootstrap.size, shown, len(sizes), mean, median)


def _between(rows: ScoreTable, years: Years | None) -> Mask:
    if years is None:
        return np.ones(len(rows), np.bool_)
    found: Mask = (rows.year >= years[0]) & (rows.year <= years[1])
    return found


_KINDS_OF_SETS: tuple[tuple[str, Scores, bool, bool], ...] = (
    ("one threshold on P(state)", _probability, False, False),
    ("one threshold on the mass of likelier states", _mass, False, False),
    ("by last state, P(state)", _probability, True, False),
    ("by outcome, P(state | moved)", _probability_by_outcome, False, True),
    ("by outcome, mass of likelier destinations", _mass_by_outcome, False, True),
)
"""Name, score of every state, whether by kind of last state, whether by outcome."""
