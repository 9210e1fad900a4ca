"""Measures of how well probabilities foresaw what happened."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def perplexity(log_likelihoods: npt.ArrayLike) -> float:
    """How many equally likely occupations the model is as uncertain as.

    Takes nats. One transition counts once, however many tokens its title has, which is not the
    per-token perplexity of language modelling.

    >>> round(perplexity(np.log([0.25, 0.25, 0.25])), 6)
    4.0

    Raises:
        ValueError: if there are none.
    """
    values = np.asarray(log_likelihoods, dtype=np.float64)
    if values.size == 0:
        raise ValueError("perplexity needs at least one transition; found none")
    return float(np.exp(-values.mean()))


def rank(log_probs: npt.NDArray[np.float64], position: int) -> int:
    """How many occupations stand before this one, likeliest first; ties keep taxonomy order.

    >>> rank(np.log([0.3, 0.4, 0.3]), 2)
    2
    """
    own = log_probs[position]
    return int((log_probs > own).sum() + (log_probs[:position] == own).sum())


def auc(scores: npt.NDArray[np.float64], happened: npt.NDArray[np.bool_]) -> float:
    """The chance that a row where it happened scores above one where it did not; ties count half.

    From the sum of mid-ranks (Hanley and McNeil 1982).

    >>> auc(np.array([0.1, 0.4, 0.4, 0.8]), np.array([False, True, False, True]))
    0.875

    Raises:
        ValueError: if it happened in every row or in none.
    """
    yes, no = int(happened.sum()), int((~happened).sum())
    if not yes or not no:
        raise ValueError(f"an AUC needs rows of both kinds; found {yes} and {no}")
    _, level, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mid_ranks = np.cumsum(counts) - (counts - 1) / 2
    won = float(mid_ranks[level][happened].sum()) - yes * (yes + 1) / 2
    return won / (yes * no)


def squared_errors(
    predicted: npt.NDArray[np.float64], happened: npt.NDArray[np.bool_]
) -> npt.NDArray[np.float64]:
    """(probability − outcome)² of each row; their mean is the Brier score of a yes-or-no event.

    Half of Brier's own (1950), which also adds the error of the "no". Lower is better; always
    saying the base rate p scores p(1 − p).
    """
    errors: npt.NDArray[np.float64] = (predicted - happened) ** 2
    return errors
