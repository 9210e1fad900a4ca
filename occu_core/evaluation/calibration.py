"""Whether probabilities come true as often as they say: reliability, error, noise, temperature.

Predictions are put in bins of equal mass; equal predictions share a bin. The calibration error is
the root of the mean over rows of (observed − predicted)², bin by bin, less the part that chance
alone adds (the debiased ℓ2 estimator of Kumar, Liang and Ma 2019, Verified Uncertainty
Calibration). Binning hides errors that cancel inside a bin, so it bounds the true error from below.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.metrics import squared_errors
from occu_core.evaluation.reports import Calibration, CurvePoint

BINS = 15
DRAWS = 1_000
_AT_ONCE = 4_000_000
_LEAST = 1e-12
_TEMPERATURES = (0.05, 20.0)

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class NoiseFloor:
    """The calibration error that chance gives to probabilities that are all true."""

    mean: float
    high: float


def calibration(
    predicted: Floats,
    happened: Mask,
    bootstrap: BlockBootstrap,
    temperature: float | None = None,
) -> Calibration:
    """Reliability curve, error, noise floor and Brier score of a yes-or-no prediction.

    Args:
        predicted: probabilities, shape (rows,).
        happened: shape (rows,).
        bootstrap: over the blocks of the same rows, for the intervals.
        temperature: fitted elsewhere, to tell what is left after it.
    """
    floor = noise_floor(predicted, seed=bootstrap.seed)
    after = None if temperature is None else with_temperature(predicted, temperature)
    return Calibration(
        points=reliability(predicted, happened, bootstrap),
        rows=len(predicted),
        error=calibration_error(predicted, happened),
        floor=floor.mean,
        floor_high=floor.high,
        brier=bootstrap.mean(squared_errors(predicted, happened)),
        temperature=temperature,
        error_after=None if after is None else calibration_error(after, happened),
    )


def reliability(
    predicted: Floats, happened: Mask, bootstrap: BlockBootstrap
) -> tuple[CurvePoint, ...]:
    """Mean prediction and observed share in each bin, with an interval over blocks."""
    bins = equal_mass_bins(predicted)
    return tuple(
        CurvePoint(
            predicted=float(predicted[bins == k].mean()),
            observed=bootstrap.mean(happened, weights=bins == k),
            count=int((bins == k).sum()),
        )
        for k in range(int(bins.max()) + 1)
    )


def calibration_error(predicted: Floats, happened: Mask) -> float:
    """Debiased root-mean-square calibration error; 0 where chance explains all of the gap."""
    order = np.argsort(predicted, kind="stable")
    starts = _starts(equal_mass_bins(predicted)[order])
    return float(_errors(predicted[order], happened[order][np.newaxis], starts)[0])


def noise_floor(predicted: Floats, *, draws: int = DRAWS, seed: int = SEED) -> NoiseFloor:
    """Mean and 95th percentile of the error when outcomes are drawn from the predictions.

    Outcomes are drawn independently of one another, as they are for probabilities that are
    true given the whole history.
    """
    ordered = np.sort(predicted)
    starts = _starts(equal_mass_bins(ordered))
    chance = np.random.default_rng(seed)
    errors: list[Floats] = []
    at_once = max(1, _AT_ONCE // len(ordered))
    for done in range(0, draws, at_once):
        shape = min(at_once, draws - done), len(ordered)
        errors.append(_errors(ordered, chance.random(shape) < ordered, starts))
    found = np.concatenate(errors)
    return NoiseFloor(float(found.mean()), float(np.percentile(found, 95)))


def equal_mass_bins(predicted: Floats, count: int = BINS) -> Integers:
    """The bin of each prediction, lowest first, about as many rows in each; shape (rows,).

    Equal predictions are never parted, so there are fewer bins where many are equal.
    """
    shares = np.arange(1, count) / count
    edges = np.unique(np.quantile(predicted, shares, method="inverted_cdf"))
    bins = np.searchsorted(edges, predicted, side="left")
    return np.unique(bins, return_inverse=True)[1].astype(np.int64)


def fit_temperature(predicted: Floats, happened: Mask) -> float:
    """The T that makes log-odds / T likeliest, by bisection, within 0.05–20 (Guo et al. 2017).

    Above 1 the predictions were too sure of themselves.
    """
    logits = _log_odds(predicted)
    low, high = (1 / bound for bound in reversed(_TEMPERATURES))
    for _ in range(60):
        middle = float(np.sqrt(low * high))
        # The likelihood's slope in 1/T falls steadily, so its sign says which side to keep.
        slope = float(((happened - _sigmoid(middle * logits)) * logits).sum())
        low, high = (middle, high) if slope > 0 else (low, middle)
    return 1 / float(np.sqrt(low * high))


def with_temperature(predicted: Floats, temperature: float) -> Floats:
    """The probabilities whose log-odds are divided by the temperature."""
    return _sigmoid(_log_odds(predicted) / temperature)


def _errors(predicted: Floats, happened: Mask, starts: Integers) -> Floats:
    """The error of each draw of outcomes, for rows sorted by prediction; shape (draws,).

    Args:
        predicted: ascending, shape (rows,).
        happened: shape (draws, rows).
        starts: the first row of each bin, shape (bins,).
    """
    counts = np.diff(np.append(starts, len(predicted)))
    expected = np.add.reduceat(predicted, starts) / counts
    observed = np.add.reduceat(happened, starts, axis=1, dtype=np.float64) / counts
    noise = observed * (1 - observed) / np.maximum(counts - 1, 1)
    gaps = (observed - expected) ** 2 - noise  # (draws, bins)
    squared: Floats = gaps @ (counts / len(predicted))
    return np.sqrt(np.maximum(squared, 0.0))


def _starts(bins: Integers) -> Integers:
    """Where each bin begins, for bins in ascending order."""
    return np.flatnonzero(np.diff(bins, prepend=-1)).astype(np.int64)


def _log_odds(predicted: Floats) -> Floats:
    kept = np.clip(predicted, _LEAST, 1 - _LEAST)
    odds: Floats = np.log(kept / (1 - kept))
    return odds


def _sigmoid(logits: Floats) -> Floats:
    probabilities: Floats = 0.5 * (1 + np.tanh(logits / 2))
    return probabilities
