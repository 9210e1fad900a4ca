"""Calibration: by hand on two bins, and on simulated outcomes whose probabilities are known."""

from math import log, sqrt

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.special import expit, logit
from sklearn.linear_model import LogisticRegression

from occu_core.evaluation.bootstrap import BlockBootstrap
from occu_core.evaluation.calibration import (
    calibration,
    calibration_error,
    equal_mass_bins,
    fit_temperature,
    noise_floor,
    reliability,
    with_temperature,
)

# Ten rows at 0.2 of which four happen, ten at 0.8 of which all happen.
TWO_BINS = np.repeat([0.2, 0.8], 10)
HAPPENED = np.arange(20) % 10 < np.repeat([4, 10], 10)


def simulated(rows, seed, *, temperature=1.0):
    """Probabilities, and outcomes drawn from them after their log-odds were divided."""
    draws = np.random.default_rng(seed)
    predicted = draws.beta(1.5, 1.0, rows)
    return predicted, draws.random(rows) < expit(logit(predicted) / temperature)


def test_the_error_is_the_one_worked_out_by_hand():
    # Gaps 0.2 and 0.2; chance adds 0.4 · 0.6 / 9 to the first squared one, nothing to the second.
    expected = sqrt(((0.2**2 - 0.4 * 0.6 / 9) + 0.2**2) / 2)
    assert calibration_error(TWO_BINS, HAPPENED) == pytest.approx(expected)
    shuffled = np.random.default_rng(1).permutation(20)
    assert calibration_error(TWO_BINS[shuffled], HAPPENED[shuffled]) == pytest.approx(expected)


def test_a_gap_that_chance_explains_is_no_error():
    assert calibration_error(TWO_BINS, np.arange(20) % 10 < np.repeat([3, 8], 10)) == 0


def test_the_reliability_curve_has_the_shares_of_each_bin():
    low, high = reliability(TWO_BINS, HAPPENED, BlockBootstrap(np.arange(20) // 2))
    assert (low.predicted, low.observed.value, low.count) == pytest.approx((0.2, 0.4, 10))
    assert (high.predicted, high.observed.value, high.count) == pytest.approx((0.8, 1.0, 10))
    assert low.observed.low < 0.4 < low.observed.high


def test_bins_hold_equal_numbers_and_never_part_equal_predictions():
    spread = np.random.default_rng(2).random(1500)
    assert set(np.bincount(equal_mass_bins(spread))) == {100}
    tied = np.concatenate([np.full(900, 0.5), np.linspace(0.6, 0.9, 600)])
    bins = equal_mass_bins(tied)
    assert len(set(bins[:900])) == 1
    assert sorted(set(bins)) == list(range(bins.max() + 1))
    assert set(equal_mass_bins(np.full(7, 0.3))) == {0}


def test_bins_follow_the_predictions_upwards():
    predicted = np.random.default_rng(4).random(200)
    order = np.argsort(predicted)
    assert (np.diff(equal_mass_bins(predicted)[order]) >= 0).all()


def test_true_probabilities_stay_within_the_floor_as_often_as_it_says():
    within = 0
    for seed in range(100):
        predicted, happened = simulated(600, seed)
        floor = noise_floor(predicted, draws=200)
        within += calibration_error(predicted, happened) <= floor.high
    assert 88 <= within <= 99


@pytest.mark.parametrize("temperature", [0.5, 2.0])
def test_false_probabilities_do_not(temperature):
    for seed in range(3):
        predicted, happened = simulated(3000, seed, temperature=temperature)
        found = calibration(predicted, happened, BlockBootstrap(np.arange(3000) // 20))
        assert found.error > 2 * found.floor_high


def test_the_error_is_the_true_distance_and_not_the_noise():
    # Every probability is 0.05 too high; the plain error of so few rows would be far more.
    draws = np.random.default_rng(6)
    squares = []
    for _ in range(300):
        predicted = draws.uniform(0.2, 0.8, 300)
        happened = draws.random(300) < predicted - 0.05
        squares.append(calibration_error(predicted, happened) ** 2)
    plain = 0.05**2 + 0.23 / 20
    assert np.mean(squares) < 0.5 * plain
    assert np.median(squares) == pytest.approx(0.05**2, abs=0.0025)


def test_the_floor_is_seeded_and_falls_with_the_number_of_rows():
    few, many = (np.random.default_rng(8).random(n) for n in (300, 30_000))
    assert noise_floor(few, draws=100) == noise_floor(few, draws=100)
    assert noise_floor(few, draws=100) != noise_floor(few, draws=100, seed=2)
    ratio = noise_floor(few, draws=300).high / noise_floor(many, draws=300).high
    assert ratio == pytest.approx(10, rel=0.25)


def test_the_floor_does_not_depend_on_how_draws_are_cut_up(monkeypatch):
    predicted = np.random.default_rng(10).random(50)
    whole = noise_floor(predicted, draws=60)
    monkeypatch.setattr("occu_core.evaluation.calibration._AT_ONCE", 170)
    cut = noise_floor(predicted, draws=60)
    assert (cut.mean, cut.high) == pytest.approx((whole.mean, whole.high))


@pytest.mark.parametrize("temperature", [0.4, 1.0, 2.5])
def test_the_temperature_that_was_applied_is_found_again(temperature):
    predicted, happened = simulated(200_000, 12, temperature=temperature)
    assert fit_temperature(predicted, happened) == pytest.approx(temperature, rel=0.03)


def test_the_temperature_is_the_one_that_other_optimisers_find():
    predicted, happened = simulated(500, 14, temperature=1.7)

    def nats(t):
        p = with_temperature(predicted, t)
        return -np.log(np.where(happened, p, 1 - p)).sum()

    found = fit_temperature(predicted, happened)
    assert found == pytest.approx(minimize_scalar(nats, bounds=(0.1, 10)).x, rel=1e-3)
    regression = LogisticRegression(C=np.inf, fit_intercept=False, tol=1e-10)
    slope = regression.fit(logit(predicted)[:, None], happened).coef_[0, 0]
    assert found == pytest.approx(1 / slope, rel=1e-4)


def test_a_temperature_divides_the_log_odds_and_keeps_certainty_finite():
    assert with_temperature(np.array([0.2]), 2.0) == pytest.approx(
        1 / (1 + np.exp(-log(0.2 / 0.8) / 2))
    )
    certain = np.array([0.0, 1.0, 0.5, 1.0])
    assert np.isfinite(with_temperature(certain, 0.5)).all()
    hopeless = fit_temperature(certain, np.array([True, False, True, False]))
    assert hopeless == pytest.approx(20, rel=1e-3)


def test_a_fitted_temperature_takes_the_error_away():
    predicted, happened = simulated(20_000, 16, temperature=2.0)
    fitted = fit_temperature(predicted[:10_000], happened[:10_000])
    found = calibration(
        predicted[10_000:], happened[10_000:], BlockBootstrap(np.arange(10_000) // 20), fitted
    )
    assert found.temperature == fitted
    assert found.error_after < found.floor_high < found.error
    assert found.brier.value == pytest.approx(
        np.mean((predicted[10_000:] - happened[10_000:]) ** 2)
    )
