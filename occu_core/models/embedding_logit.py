"""A multinomial logit on a language model's embedding of the history (LABOR-LLM, Athey et al.)."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path

import numpy as np

from occu_core.careers import CareerHistory, Query
from occu_core.models.base import ModelCard
from occu_core.models.classifier import (
    CONFIG_FILE,
    Classifier,
    Floats,
    previous_states,
)
from occu_core.models.language_model import LanguageModel
from occu_core.models.logit import LogitWeights, load_layer, log_probabilities, save_layer
from occu_core.models.other_models import read_name, written_name
from occu_core.models.prompt_ends import prompt_ends
from occu_core.models.storage import ModelError, load_model
from occu_core.occupations import Taxonomy


class EmbeddingLogitModel(Classifier):
    """P(state) from a logit on the last hidden state where the prompt ends.

    The language model writes nothing: it only reads. It is loaded when first asked.
    """

    def __init__(
        self,
        card: ModelCard,
        taxonomy: Taxonomy,
        base_name: str,
        layer: LogitWeights,
        base: LanguageModel | None = None,
    ) -> None:
        """Join a layer to the language model that it was fitted on, `base` where it is at hand."""
        super().__init__(card, taxonomy)
        layer.check(len(layer.weights), len(taxonomy))
        self.base_name = base_name
        self.layer = layer
        self._weights = layer.weights.astype(np.float64)
        self._given = base

    @cached_property
    def base(self) -> LanguageModel:
        """The language model that reads, loaded now.

        Raises:
            ModelError: if it cannot be loaded or is not the one that the layer fits.
        """
        base = self._given or load_language_model(self.base_name)
        width = base.scorer.model.config.get_text_config().hidden_size
        if width != len(self.layer.weights):
            raise ModelError(
                f"{self.base_name}: its hidden states have {width} numbers;"
                f" this logit was fitted on {len(self.layer.weights)}"
            )
        return base

    def table(self, career: CareerHistory, query: Query | None = None) -> Floats:
        """The logit at the end of each prompt."""
        previous = previous_states(career, query, self.taxonomy)
        scores = prompt_ends(self.base, career, query) @ self._weights + self.layer.bias
        return log_probabilities(scores, previous, two_stages=self.layer.two_stages)

    def save(self, folder: Path) -> None:
        """Write the layer and the base's name; the card is written apart."""
        save_layer(self.layer, folder)
        text = json.dumps({"base": written_name(self.base_name, folder)}, indent=2) + "\n"
        (folder / CONFIG_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> EmbeddingLogitModel:
        """Read the layer and the base's name; the base follows when it is asked.

        Raises:
            ValueError: if a file is damaged or was made for another taxonomy.
        """
        return cls(card, taxonomy, read_base(folder), load_layer(folder))


def read_base(folder: Path) -> str:
    """The language model that a model folder names as its base.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        written = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
        return read_name(str(written["base"]), folder)
    except (TypeError, AttributeError, KeyError) as error:
        raise ValueError(f"{CONFIG_FILE} is damaged: {error}") from None


def load_language_model(name: str) -> LanguageModel:
    """Load a model that must be a language model.

    Raises:
        ModelError: if it is another kind or cannot be loaded.
    """
    base = load_model(name)
    if not isinstance(base, LanguageModel):
        raise ModelError(f"{name}: is a {base.card.kind} model; expected a language model")
    return base
