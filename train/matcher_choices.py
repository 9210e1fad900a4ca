"""What is chosen on held-out titles: powers, confidence, and from where a match is sure."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize
from sklearn.linear_model import LogisticRegression

from occu_core.matching.confidence import Confidence, evidence
from occu_core.matching.feature_network import FeatureNetwork
from occu_core.matching.network import Network, log_softmax, multiplied
from occu_core.matching.title_encoder import TitleEncoder

Floats = npt.NDArray[np.float32]
Flags = npt.NDArray[np.bool_]
PRECISION = 0.95
DOUBTFUL_BELOW = 0.5
_MADE_UP = 150
_LETTERS = "abcdefghijklmnopqrstuvwxyz"


@dataclass(frozen=True, slots=True)
class Choices:
    """Chosen on held-out titles; see `Network` and `TitleMatcher`."""

    powers: tuple[float, float]
    confidence: Confidence
    sure_from: float
    doubtful_below: float = DOUBTFUL_BELOW


def choose(
    features: FeatureNetwork,
    encoder: TitleEncoder,
    texts: Sequence[str],
    accepted: Flags,
    seed: int,
) -> Choices:
    """Choose on held-out titles, and on made-up words that are no title."""
    logs = log_softmax(features.logits(texts)), log_softmax(encoder.logits(texts))

    def loss(powers: npt.NDArray[np.float64]) -> float:
        shares = multiplied(*logs, (powers[0], powers[1]))
        return float(-np.log((shares * accepted).sum(axis=1) + 1e-9).mean())

    best = minimize(loss, x0=(0.5, 0.5), method="Nelder-Mead", options={"xatol": 1e-3}).x
    powers = float(best[0]), float(best[1])
    shares = multiplied(*logs, powers)
    right = accepted[np.arange(len(texts)), shares.argmax(axis=1)]
    made_up = made_up_words(_MADE_UP, seed)
    others = Network(features, encoder, powers).probabilities(made_up)
    found = np.stack(
        [
            evidence(row, text, features.vocabulary.unknown_words(text))
            for row, text in zip([*shares, *others], [*texts, *made_up], strict=True)
        ]
    )
    model = LogisticRegression(C=10, max_iter=2000)
    model.fit(found, np.append(right, np.zeros(len(made_up), bool)))
    confidence = Confidence(tuple(map(float, model.coef_[0])), float(model.intercept_[0]))
    told = np.array([confidence.of(one) for one in found[: len(texts)]])
    return Choices(powers, confidence, threshold(told, right, PRECISION))


def ranks_of(scores: Floats, accepted: Flags) -> npt.NDArray[np.int64]:
    """How many codes stand before the first accepted one; shape (rows,)."""
    best = np.where(accepted, scores, -np.inf).max(axis=1)
    before: npt.NDArray[np.int64] = ((scores > best[:, None]) & ~accepted).sum(axis=1)
    return before


def threshold(confidence: npt.NDArray[np.float64], right: Flags, precision: float) -> float:
    """The lowest confidence from which at least this share is right, of all that are as high.

    >>> threshold(np.array([0.9, 0.8, 0.7, 0.6]), np.array([True, True, False, True]), 0.75)
    0.6
    """
    order = np.argsort(-confidence, kind="stable")
    share = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    enough = np.flatnonzero(share >= precision)
    return float(confidence[order[enough[-1]]]) if len(enough) else 1.0


def made_up_words(count: int, seed: int) -> list[str]:
    """Letters at random, as keyboards give them: from three to nine, sometimes two words."""
    draws = random.Random(seed)

    def word() -> str:
        return "".join(draws.choices(_LETTERS, k=draws.randint(3, 9)))

    return [" ".join(word() for _ in range(draws.choice((1, 1, 2)))) for _ in range(count)]
