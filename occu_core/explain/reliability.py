"""How often it came true when a model said this much, for workers like this one.

Test predictions of about the same size are put together, among workers of the same cohort and,
where there are enough of them, of the same sex and education; after the same kind of last state,
as keeping a job and staying out of work are different things. Probabilities are raw.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product

import numpy as np
import numpy.typing as npt

from occu_core.careers import Education, Query, Sex
from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.calibration import equal_mass_bins
from occu_core.evaluation.reports import Interval
from occu_core.evaluation.scores import ScoreTable
from occu_core.evaluation.subgroups import FEWEST_BLOCKS
from occu_core.explain.prediction_sets import kinds_before
from occu_core.explain.sure_records import Before, Event, Reliability, before
from occu_core.occupations import NOT_WORKING, Taxonomy
from occu_core.predictions import Prediction

ROWS_PER_BIN = 200
FEWEST_ROWS = 3 * ROWS_PER_BIN
MOST_BINS = 10
REPLICATES = 1_000
_Z = 1.959964

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class TrackRecord:
    """What came of test predictions about as large as this one.

    Attributes:
        predicted: what the model says now, before normalising.
        lowest, highest: the predictions that are counted.
        observed: the share of them that came true.
        count: how many person-years they are.
        curve: of which workers.
    """

    event: Event
    predicted: float
    lowest: float
    highest: float
    observed: Interval
    count: int
    curve: Reliability

    @property
    def beyond(self) -> bool:
        """Whether this prediction lies outside all that were seen on test workers."""
        return not self.curve.lowest[0] <= self.predicted <= self.curve.highest[-1]


def track_records(curves: Sequence[Reliability], prediction: Prediction) -> tuple[TrackRecord, ...]:
    """Of keeping the last record's state and of not working, as far as there are test workers."""
    found = []
    query, distribution = prediction.query, prediction.distribution
    for event in Event:
        state = query.previous.code if query.previous else ""
        code = state if event is Event.SAME else NOT_WORKING
        curve = like_this(curves, query, event)
        if curve is not None:
            position = distribution.taxonomy.position(code)
            said = float(np.exp(distribution.log_probs_raw[position]))
            found.append(_record(curve, said))
    return tuple(found)


def like_this(curves: Sequence[Reliability], query: Query, event: Event) -> Reliability | None:
    """The curve of the narrowest group that the worker is known to be in; None without a cohort."""
    sex, education = query.past.sex, query.education
    by_group = {
        (curve.sex, curve.education): curve
        for curve in curves
        if (curve.event, curve.before, curve.cohort)
        == (event, before(query.previous), query.past.dataset)
    }
    narrowest_first = ((sex, education), (None, education), (sex, None), (None, None))
    return next((by_group[group] for group in narrowest_first if group in by_group), None)


def reliability_curves(
    rows: ScoreTable, taxonomy: Taxonomy, seed: int = SEED
) -> tuple[Reliability, ...]:
    """A curve for each event and group with 600 person-years on 20 blocks of neighbours."""
    kinds = kinds_before(rows, taxonomy)
    idle = taxonomy.position(NOT_WORKING)
    found = []
    for event, kind in _asked():
        predicted = rows.p_same if event is Event.SAME else rows.p_not_working
        happened = rows.outcome == (rows.previous if event is Event.SAME else idle)
        for cohort, sex, education, chosen in _groups(rows):
            here = chosen & (kinds == kind)
            if int(here.sum()) >= FEWEST_ROWS:
                about = (event, kind, cohort, sex, education)
                curve = _curve(about, predicted[here], happened[here], rows.where(here), seed)
                found += [curve] if curve.blocks >= FEWEST_BLOCKS else []
    return tuple(found)


def _asked() -> list[tuple[Event, Before]]:
    """After a last record without work, staying so is the same state."""
    same = [(Event.SAME, kind) for kind in Before if kind is not Before.FIRST]
    return same + [(Event.NOT_WORKING, k) for k in Before if k is not Before.NOT_WORKING]


def _groups(rows: ScoreTable) -> Iterator[tuple[str, Sex | None, Education | None, Mask]]:
    for cohort in np.unique(rows.dataset[rows.dataset != ""]).tolist():
        for sex, education in product((None, *Sex), (None, *Education)):
            chosen = rows.dataset == cohort
            chosen = chosen if sex is None else chosen & (rows.sex == sex.value)
            chosen = chosen if education is None else chosen & (rows.education == education.value)
            yield cohort, sex, education, chosen


def _curve(
    about: tuple[Event, Before, str, Sex | None, Education | None],
    predicted: Floats,
    happened: Mask,
    rows: ScoreTable,
    seed: int,
) -> Reliability:
    bins = equal_mass_bins(predicted, min(MOST_BINS, len(rows) // ROWS_PER_BIN))
    bootstrap = BlockBootstrap(rows.blocks, REPLICATES, seed)
    places = [bins == k for k in range(int(bins.max()) + 1)]
    shares = [_share(happened, place, bootstrap) for place in places]
    return Reliability(
        *about,
        rows=len(rows),
        blocks=bootstrap.size,
        lowest=tuple(float(predicted[place].min()) for place in places),
        highest=tuple(float(predicted[place].max()) for place in places),
        predicted=tuple(float(predicted[place].mean()) for place in places),
        observed=tuple(share.value for share in shares),
        low=tuple(share.low or 0.0 for share in shares),
        high=tuple(share.high or 0.0 for share in shares),
        counts=tuple(int(place.sum()) for place in places),
    )


def _share(happened: Mask, place: Mask, bootstrap: BlockBootstrap) -> Interval:
    """With its interval over blocks; Wilson's where all or none came true and draws cannot vary."""
    found = bootstrap.mean(happened, weights=place)
    if 0 < found.value < 1:
        return found
    n, p = int(place.sum()), found.value
    centre = (p + _Z**2 / (2 * n)) / (1 + _Z**2 / n)
    half = _Z**2 / (2 * n) / (1 + _Z**2 / n)
    return Interval(p, max(0.0, centre - half), min(1.0, centre + half))


def _record(curve: Reliability, said: float) -> TrackRecord:
    k = min(bisect_left(curve.highest, said), len(curve.highest) - 1)
    return TrackRecord(
        event=curve.event,
        predicted=said,
        lowest=curve.lowest[k],
        highest=curve.highest[k],
        observed=Interval(curve.observed[k], curve.low[k], curve.high[k]),
        count=curve.counts[k],
        curve=curve,
    )
