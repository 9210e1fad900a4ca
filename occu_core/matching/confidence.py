"""How sure the first occupation of a title is: the probability that it is a right answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.matching.normalising import words

Floats = npt.NDArray[np.float32]


def evidence(shares: Floats, title: str, unknown_words: Sequence[str]) -> npt.NDArray[np.float64]:
    """What the confidence is told from: shape (5,).

    The log-odds of the first occupation, how far the second is behind, how spread the rest are,
    the share of the title's words that are unknown, and whether all are.
    """
    second, first = np.sort(shares)[-2:].astype(np.float64)
    first = min(first, 1 - 1e-6)
    entropy = -float(np.sum(shares * np.log(np.maximum(shares, 1e-9))))
    unknown = min(1.0, len(unknown_words) / max(1, len(words(title))))
    return np.array(
        [
            np.log(first / (1 - first)),
            np.log(first / max(second, 1e-9)),
            entropy,
            unknown,
            float(unknown == 1),
        ]
    )


@dataclass(frozen=True, slots=True)
class Confidence:
    """A logistic regression on the evidence, fitted on held-out titles and on made-up words."""

    weights: tuple[float, ...]
    bias: float

    def of(self, found: npt.NDArray[np.float64]) -> float:
        """The probability that the first occupation is right.

        >>> round(Confidence((1.0,) * 5, -1.0).of(np.array([1.0, 0, 0, 0, 0])), 2)
        0.5
        """
        return float(1 / (1 + np.exp(-(np.dot(found, self.weights) + self.bias))))
