"""A title read by its features: their vectors summed, then a linear layer over occupations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.matching.features import Vocabulary
from occu_core.matching.few_bits import FewBits

Floats = npt.NDArray[np.float32]
VECTOR_BITS = 2
"""Of a vector's number: a title sums so many that what each loses evens out."""


@dataclass(frozen=True)
class FeatureNetwork:
    """Knows words, their neighbours and parts of words; an average of networks taught apart.

    The averaged networks' vectors stand side by side.

    Attributes:
        vocabulary: the features that have a vector.
        vectors: of each feature; shape (features, width).
        head: shape (occupations, width).
        bias: shape (occupations,).
    """

    vocabulary: Vocabulary
    vectors: FewBits
    head: Floats
    bias: Floats

    def __post_init__(self) -> None:
        """Check that the tables fit each other."""
        if self.head.shape != (len(self.bias), self.vectors.shape[1]):
            raise ValueError(f"head has shape {self.head.shape}, not one row for each code")
        if self.vectors.shape[0] != len(self.vocabulary.hashes):
            raise ValueError("vectors and hashes are not as many")

    def logits(self, titles: Sequence[str]) -> Floats:
        """Logits of the occupations; shape (titles, occupations)."""
        return self.logits_of([self.vocabulary.places(title) for title in titles])

    def logits_of(self, titles: Sequence[npt.NDArray[np.int64]]) -> Floats:
        """The same for titles given as rows of features."""
        pooled = np.stack([self._pooled(places) for places in titles]) if titles else self.head[:0]
        logits: Floats = pooled @ self.head.T + self.bias
        return logits

    def _pooled(self, places: npt.NDArray[np.int64]) -> Floats:
        """The sum of the features' vectors over the square root of how many there are."""
        total: Floats = self.vectors.rows(places).sum(axis=0)
        return total / np.float32(np.sqrt(max(1, len(places))))
