"""The matcher's weights: read from safetensors and JSON, with numpy alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file
from tokenizers import Tokenizer

from occu_core.matching.confidence import Confidence
from occu_core.matching.feature_network import VECTOR_BITS, FeatureNetwork
from occu_core.matching.features import Vocabulary
from occu_core.matching.few_bits import FewBits
from occu_core.matching.network import Network
from occu_core.matching.title_encoder import EncoderTables

WEIGHTS, SETTINGS, PIECES = "matcher.safetensors", "matcher.json", "word_pieces.json"
Tensors = dict[str, npt.NDArray[Any]]
_LEVELS, _SCALES = ".levels", ".scales"


class MatcherError(ValueError):
    """A matcher that cannot be loaded: names the file."""


@dataclass(frozen=True)
class Weights:
    """All that a matcher's folder holds; see `Network` and `TitleMatcher` for what it means."""

    codes: tuple[str, ...]
    features: FeatureNetwork
    encoder: EncoderTables
    powers: tuple[float, float]
    confidence: Confidence
    sure_from: float
    doubtful_below: float

    def network(self) -> Network:
        """The two readers, ready to read.

        Raises:
            KeyError: naming a table that is missing.
            ValueError: if tables do not fit each other.
        """
        network = Network(self.features, self.encoder.encoder(), self.powers)
        if not len(self.codes) == len(network.features.bias) == len(network.encoder.head.bias):
            raise ValueError(f"{len(self.codes)} codes, but not one row for each code in each head")
        return network


def save_weights(weights: Weights, taught: Mapping[str, object], folder: Path) -> None:
    """Write the folder's three files; `taught` says how they were made."""
    folder.mkdir(parents=True, exist_ok=True)
    features, vocabulary = weights.features, weights.features.vocabulary
    tensors: Tensors = {
        **_stored("features.vectors", features.vectors),
        "features.head": features.head.astype(np.float16),
        "features.bias": features.bias.astype(np.float32),
        "features.hashes": vocabulary.hashes,
        "features.known_words": vocabulary.known_words,
    }
    for name, table in weights.encoder.four_bits.items():
        tensors |= _stored(f"encoder.{name}", table)
    for name, numbers in weights.encoder.others.items():
        tensors[f"encoder.{name}"] = numbers.astype(np.float16)
    settings = {
        "codes": list(weights.codes),
        "powers": list(weights.powers),
        "confidence": {"weights": weights.confidence.weights, "bias": weights.confidence.bias},
        "sure_from": weights.sure_from,
        "doubtful_below": weights.doubtful_below,
        "taught": dict(taught),
    }
    partial = folder / f".{WEIGHTS}.partial"
    save_file({name: np.ascontiguousarray(one) for name, one in tensors.items()}, partial)
    partial.chmod(0o644)
    partial.replace(folder / WEIGHTS)
    (folder / PIECES).write_text(weights.encoder.tokenizer.to_str() + "\n", encoding="utf-8")
    text = json.dumps(settings, indent=1, ensure_ascii=False) + "\n"
    (folder / SETTINGS).write_text(text, encoding="utf-8")


def read_weights(folder: Path) -> Weights:
    """Read what `save_weights` wrote.

    Raises:
        MatcherError: naming the file that is missing or damaged.
    """
    for name in (SETTINGS, WEIGHTS, PIECES):
        if not (folder / name).is_file():
            raise MatcherError(f"{folder / name}: is missing; a matcher needs it")
    try:
        settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
        tokenizer = _tokenizer(folder / PIECES)
        return _weights(settings, tokenizer, load_file(folder / WEIGHTS))
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise MatcherError(f"{folder}: is no matcher that can be loaded: {error!r}") from None


def _weights(settings: Mapping[str, Any], tokenizer: Tokenizer, tensors: Tensors) -> Weights:
    features = FeatureNetwork(
        Vocabulary(tensors["features.hashes"], tensors["features.known_words"]),
        _read("features.vectors", tensors, VECTOR_BITS),
        tensors["features.head"].astype(np.float32),
        tensors["features.bias"].astype(np.float32),
    )
    four_bits = {name: _read(f"encoder.{name}", tensors, 4) for name in _packed_names(tensors)}
    parts = tuple(f"encoder.{name}{part}" for name in four_bits for part in (_LEVELS, _SCALES))
    others = {
        name.removeprefix("encoder."): numbers.astype(np.float32)
        for name, numbers in tensors.items()
        if name.startswith("encoder.") and name not in parts
    }
    spelling, meaning = settings["powers"]
    chosen = settings["confidence"]
    return Weights(
        tuple(map(str, settings["codes"])),
        features,
        EncoderTables(tokenizer, four_bits, others),
        (float(spelling), float(meaning)),
        Confidence(tuple(map(float, chosen["weights"])), float(chosen["bias"])),
        float(settings["sure_from"]),
        float(settings["doubtful_below"]),
    )


def _stored(name: str, table: FewBits) -> Tensors:
    return {name + _LEVELS: table.levels, name + _SCALES: table.scales.astype(np.float16)}


def _read(name: str, tensors: Tensors, bits: int) -> FewBits:
    return FewBits(tensors[name + _LEVELS], tensors[name + _SCALES].astype(np.float32), bits)


def _packed_names(tensors: Tensors) -> Iterator[str]:
    for name in sorted(tensors):
        if name.startswith("encoder.") and name.endswith(_LEVELS):
            yield name.removeprefix("encoder.").removesuffix(_LEVELS)


def _tokenizer(path: Path) -> Tokenizer:
    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:  # the library raises nothing narrower
        raise ValueError(f"{path.name}: {error}") from None
