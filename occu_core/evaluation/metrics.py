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
