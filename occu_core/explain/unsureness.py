"""How unsure a prediction is, as a number of equally likely states, beside what is usual."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.distributions import OccupationDistribution
from occu_core.evaluation.scores import ScoreTable
from occu_core.explain.prediction_sets import kinds_before
from occu_core.explain.sure_records import POOLED, QUANTILES, Before, Unsureness, before
from occu_core.occupations import Taxonomy
from occu_core.predictions import Prediction

FEWEST_ROWS = 100
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class HowUnsure:
    """A distribution's perplexity, and the usual ones it is compared with.

    `less_sure_than` is the percentile of test predictions below it, in steps of five; None
    without enough test workers of this cohort.
    """

    equally_likely: float
    usual: Unsureness | None

    @property
    def less_sure_than(self) -> int | None:
        """How many of 100 usual predictions are surer than this one, to the nearest five below."""
        if self.usual is None:
            return None
        return max((q for q, v in zip(QUANTILES, self.usual.quantiles, strict=True)
                    if v < self.equally_likely), default=0)  # fmt: skip

    def quantile(self, percent: int) -> float | None:
        """A usual prediction's number, such as that of the middle one (50)."""
        return None if self.usual is None else self.usual.quantiles[QUANTILES.index(percent)]


def how_unsure(prediction: Prediction, usual: Sequence[Unsureness]) -> HowUnsure:
    """Beside test workers of the same cohort after the same kind of last state."""
    key = prediction.query.past.dataset, before(prediction.query.previous)
    found = next((u for u in usual if (u.cohort, u.before) == key), None)
    return HowUnsure(equally_likely(prediction.distribution), found)


def equally_likely(distribution: OccupationDistribution) -> float:
    """The exponent of the entropy: among how many equally likely states one would be as unsure."""
    return float(perplexities(distribution.log_probs_raw[np.newaxis])[0])


def perplexities(log_probs_raw: Floats) -> Floats:
    """The exponent of each normalised row's entropy; from shape (rows, states) to (rows,)."""
    totals = np.logaddexp.reduce(log_probs_raw, axis=1, keepdims=True)
    logs = log_probs_raw - totals
    probs = np.exp(logs)
    terms = np.where(probs > 0, probs * np.where(probs > 0, logs, 0.0), 0.0)
    found: Floats = np.exp(-terms.sum(axis=1))
    return found


def usual_unsureness(
    rows: ScoreTable, log_probs_raw: Floats, taxonomy: Taxonomy
) -> tuple[Unsureness, ...]:
    """The quantiles for each cohort and kind of last state with 100 rows."""
    numbers, kinds = perplexities(log_probs_raw), kinds_before(rows, taxonomy)
    found = []
    for cohort in np.unique(rows.dataset[rows.dataset != POOLED]).tolist():
        for kind in Before:
            here = numbers[(rows.dataset == cohort) & (kinds == kind)]
            if len(here) >= FEWEST_ROWS:
                quantiles = tuple(float(q) for q in np.percentile(here, QUANTILES))
                found.append(Unsureness(cohort, kind, len(here), quantiles))
    return tuple(found)
