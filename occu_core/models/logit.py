"""Multinomial logits on what a career says: CAREER's hand-made features, or a bag of jobs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.models.base import ModelCard
from occu_core.models.career_features import FeatureReader, FeatureSpace, History
from occu_core.models.classifier import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    Classifier,
    Floats,
    Ints,
    previous_states,
)
from occu_core.occupations import Taxonomy


@dataclass(frozen=True, slots=True)
class LogitWeights:
    """A linear layer from features to scores; the last score is that of staying.

    With `two_stages` the scores say whether a worker stays, and if not, where to; without, they
    are one softmax over the states and the last is not used.

    Attributes:
        weights: shape (features, states + 1).
        bias: shape (states + 1,).
        two_stages: which of the two readings.
    """

    weights: npt.NDArray[np.float32]
    bias: npt.NDArray[np.float32]
    two_stages: bool

    def check(self, features: int, states: int) -> None:
        """Refuse a layer of another shape.

        Raises:
            ValueError: naming both shapes.
        """
        expected = (features, states + 1)
        if self.weights.shape != expected or self.bias.shape != expected[1:]:
            raise ValueError(
                f"the logit's weights have shape {self.weights.shape} and its bias"
                f" {self.bias.shape}; expected {expected} and {expected[1:]}"
            )


class LogitModel(Classifier):
    """P(state) from a multinomial logit, in one stage or two (stay or move, then where to).

    With `History.LAST_JOBS` the features are those of CAREER's regression baseline (Vafa et al.),
    with `History.BAG` those of its bag-of-jobs: the current job and the set of earlier ones.
    """

    def __init__(
        self, card: ModelCard, taxonomy: Taxonomy, space: FeatureSpace, layer: LogitWeights
    ) -> None:
        super().__init__(card, taxonomy)
        layer.check(space.size, len(taxonomy))
        self.reader = FeatureReader(space, taxonomy)
        self.layer = layer
        self._weights = layer.weights.astype(np.float64)

    def table(self, career: CareerHistory, query: Query | None = None) -> Floats:
        """The logit at each row of features."""
        scores = self.reader.rows(career, query).times(self._weights) + self.layer.bias
        previous = previous_states(career, query, self.taxonomy)
        return log_probabilities(scores, previous, two_stages=self.layer.two_stages)

    def save(self, folder: Path) -> None:
        """Write the weights and the features; the card is written apart."""
        save_layer(self.layer, folder)
        text = json.dumps(asdict(self.reader.space), indent=2) + "\n"
        (folder / CONFIG_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> LogitModel:
        """Read the features, then the weights.

        Raises:
            ValueError: if a file is damaged or was made for another taxonomy.
        """
        try:
            written = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
            space = FeatureSpace(
                History(written["history"]),
                int(written["states"]),
                tuple(written["years"]),
                tuple(written["datasets"]),
            )
        except (TypeError, AttributeError, KeyError) as error:
            raise ValueError(f"{CONFIG_FILE} is damaged: {error}") from None
        return cls(card, taxonomy, space, load_layer(folder))


def log_probabilities(scores: Floats, previous: Ints, *, two_stages: bool) -> Floats:
    """Normalised log P(state) from scores, the last of which is that of staying.

    Args:
        scores: shape (rows, states + 1).
        previous: the state before each row, the number of states at the start; shape (rows,).
        two_stages: stay with the logistic function of the last score, else a softmax over the
            other states (CAREER, Vafa et al.); a start has the softmax alone. Otherwise one
            softmax over all states.

    Returns:
        Nats, shape (rows, states).
    """
    states, stay = scores[:, :-1].copy(), scores[:, -1]
    if not two_stages:
        return _log_softmax(states)
    rows = np.flatnonzero(previous < states.shape[1])
    states[rows, previous[rows]] = -np.inf
    moved = _log_softmax(states)
    moved[rows] -= np.logaddexp(0, stay[rows])[:, np.newaxis]  # log P(move)
    moved[rows, previous[rows]] = -np.logaddexp(0, -stay[rows])
    return moved


def save_layer(layer: LogitWeights, folder: Path) -> None:
    """Write a layer to the weights file."""
    arrays = {
        "weights": layer.weights,
        "bias": layer.bias,
        "two_stages": np.array([int(layer.two_stages)]),
    }
    save_file(arrays, folder / WEIGHTS_FILE)


def load_layer(folder: Path) -> LogitWeights:
    """Read a layer back.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        arrays = load_file(folder / WEIGHTS_FILE)
        return LogitWeights(arrays["weights"], arrays["bias"], bool(arrays["two_stages"][0]))
    except (SafetensorError, KeyError) as error:
        raise ValueError(f"{WEIGHTS_FILE} is damaged: {error}") from None


def _log_softmax(scores: Floats) -> Floats:
    log_probs: Floats = scores - np.logaddexp.reduce(scores, axis=1, keepdims=True)
    return log_probs
