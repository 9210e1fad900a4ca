"""The matcher's weights: read from safetensors and JSON, with numpy alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.matching.confidence import Confidence
from occu_core.matching.features import Vocabulary

Floats = npt.NDArray[np.float32]
WEIGHTS, SETTINGS = "matcher.safetensors", "matcher.json"
_CUTS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)


class MatcherError(ValueError):
    """A matcher that cannot be loaded: names the file."""


@dataclass(frozen=True)
class Network:
    """Features to probabilities: the mean of their vectors, then a linear layer over occupations.

    It is an average of networks that were trained apart: their vectors stand side by side.

    Attributes:
        vectors: of each feature in four bits, two to a byte, 8 standing for 0; shape (features,
            width / 2). The first half of the width is in the low bits.
        scales: by which a feature's four-bit numbers are multiplied; shape (features,).
        head: shape (occupations, width).
        bias: shape (occupations,).
        temperature: divides the logits, so that probabilities are what they say.
    """

    vectors: npt.NDArray[np.uint8]
    scales: Floats
    head: Floats
    bias: Floats
    temperature: float

    def probabilities(self, titles: Sequence[npt.NDArray[np.int64]]) -> Floats:
        """Softmax over occupations for titles given as rows of features; shape (titles, ·)."""
        pooled = np.stack([self._pooled(places) for places in titles]) if titles else self.head[:0]
        logits = (pooled @ self.head.T + self.bias) / self.temperature
        shares = np.exp(logits - logits.max(axis=1, keepdims=True))
        normal: Floats = shares / shares.sum(axis=1, keepdims=True)
        return normal

    def _pooled(self, places: npt.NDArray[np.int64]) -> Floats:
        """The sum of the features' vectors over the square root of how many there are."""
        rows = self.vectors[places]
        unpacked = np.concatenate([rows & 15, rows >> 4], axis=1).astype(np.float32) - 8
        total: Floats = self.scales[places] @ unpacked / np.float32(np.sqrt(max(1, len(places))))
        return total


@dataclass(frozen=True)
class Weights:
    """All that a matcher's folder holds; see `TitleMatcher` for the meaning of the numbers."""

    codes: tuple[str, ...]
    network: Network
    vocabulary: Vocabulary
    confidence: Confidence
    sure_from: float
    doubtful_below: float


def packed(vectors: Floats) -> tuple[npt.NDArray[np.uint8], Floats]:
    """Vectors in four bits and their scales, as `Network` reads them; shape (features, width).

    A row's scale is the one of a few that loses least: its largest numbers may be cut.
    """
    largest = np.maximum(np.abs(vectors).max(axis=1), 1e-9).astype(np.float32) / 7
    tried = [largest * np.float32(share) for share in _CUTS]
    lost = [((_levels(vectors, s) * s[:, None] - vectors) ** 2).sum(axis=1) for s in tried]
    scales = np.stack(tried)[np.argmin(lost, axis=0), np.arange(len(vectors))]
    low, high = np.split((_levels(vectors, scales) + 8).astype(np.uint8), 2, axis=1)
    both: npt.NDArray[np.uint8] = low + 16 * high
    return both, scales


def _levels(vectors: Floats, scales: Floats) -> Floats:
    levels: Floats = np.clip(np.rint(vectors / scales[:, None]), -8, 7)
    return levels


def save_weights(weights: Weights, taught: Mapping[str, object], folder: Path) -> None:
    """Write `matcher.safetensors` and `matcher.json`; `taught` says how they were made."""
    folder.mkdir(parents=True, exist_ok=True)
    network, vocabulary = weights.network, weights.vocabulary
    tensors = {
        "vectors": network.vectors,
        "scales": network.scales.astype(np.float16),
        "head": network.head.astype(np.float16),
        "bias": network.bias.astype(np.float32),
        "hashes": vocabulary.hashes,
        "known_words": vocabulary.known_words,
    }
    settings = {
        "codes": list(weights.codes),
        "temperature": network.temperature,
        "confidence": {"weights": weights.confidence.weights, "bias": weights.confidence.bias},
        "sure_from": weights.sure_from,
        "doubtful_below": weights.doubtful_below,
        "taught": dict(taught),
    }
    partial = folder / f".{WEIGHTS}.partial"
    save_file({name: np.ascontiguousarray(one) for name, one in tensors.items()}, partial)
    partial.chmod(0o644)
    partial.replace(folder / WEIGHTS)
    text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
    (folder / SETTINGS).write_text(text, encoding="utf-8")


def read_weights(folder: Path) -> Weights:
    """Read what `save_weights` wrote.

    Raises:
        MatcherError: naming the file that is missing or damaged.
    """
    for name in (SETTINGS, WEIGHTS):
        if not (folder / name).is_file():
            raise MatcherError(f"{folder / name}: is missing; a matcher needs it")
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        return _weights(settings, load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise MatcherError(f"{folder}: is no matcher that can be loaded: {error!r}") from None


def _weights(settings: Mapping[str, Any], tensors: Mapping[str, npt.NDArray[Any]]) -> Weights:
    network = Network(
        tensors["vectors"],
        tensors["scales"].astype(np.float32),
        tensors["head"].astype(np.float32),
        tensors["bias"].astype(np.float32),
        float(settings["temperature"]),
    )
    codes = tuple(map(str, settings["codes"]))
    if network.head.shape != (len(codes), 2 * network.vectors.shape[1]):
        raise ValueError(f"head has shape {network.head.shape}, not one row for each code")
    if not len(network.vectors) == len(network.scales) == len(tensors["hashes"]):
        raise ValueError("vectors, scales and hashes are not as many")
    chosen = settings["confidence"]
    return Weights(
        codes,
        network,
        Vocabulary(tensors["hashes"], tensors["known_words"]),
        Confidence(tuple(map(float, chosen["weights"])), float(chosen["bias"])),
        float(settings["sure_from"]),
        float(settings["doubtful_below"]),
    )
