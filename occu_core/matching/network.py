"""Titles to probabilities of occupations: two readers of a title, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.matching.feature_network import FeatureNetwork
from occu_core.matching.title_encoder import TitleEncoder

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Network:
    """The product of what two readers say, each raised to a power, scaled to sum to one.

    Attributes:
        features: knows spelling.
        encoder: knows meaning.
        powers: of the features' probabilities and of the encoder's; they make the product
            calibrated, too.
    """

    features: FeatureNetwork
    encoder: TitleEncoder
    powers: tuple[float, float]

    def probabilities(self, titles: Sequence[str]) -> Floats:
        """Shape (titles, occupations)."""
        logs = log_softmax(self.features.logits(titles)), log_softmax(self.encoder.logits(titles))
        return multiplied(*logs, self.powers)


def multiplied(features: Floats, encoder: Floats, powers: tuple[float, float]) -> Floats:
    """The scaled product of two readers' probabilities, given as logarithms."""
    product = np.exp(log_softmax(powers[0] * features + powers[1] * encoder))
    shares: Floats = product.astype(np.float32)
    return shares


def log_softmax(logits: Floats) -> Floats:
    """Over the last axis."""
    moved = logits - logits.max(axis=-1, keepdims=True)
    logs: Floats = moved - np.log(np.exp(moved).sum(axis=-1, keepdims=True))
    return logs
