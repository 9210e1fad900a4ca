"""Fit a multinomial logit on a language model's embedding of each history.

    python -m train.fit_embedding_logit train/settings/embedding_logit.toml

The language model reads every resume once; then the logit takes seconds an epoch. `--test` also
measures on test, once, for a model to publish.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.classifier import previous_states, states_of
from occu_core.models.embedding_logit import EmbeddingLogitModel, load_language_model
from occu_core.models.language_model import LanguageModel
from occu_core.models.logit import LogitWeights
from occu_core.models.prompt_ends import Vectors, read_together, readings
from occu_core.models.storage import ModelError
from occu_core.occupations import Taxonomy, occ1990dd
from train.data import load_split
from train.logit_fitting import Examples, Fitting, choose_layer
from train.saving import make_card, measure_and_save, scalars
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class EmbeddingLogitSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    base: str
    """The language model that reads, by name or folder."""

    out: Path = Path("runs/embedding_logit")
    """The model is saved in its folder `best`."""

    batch_tokens: int = 8_192
    """At most this many tokens are read at once, padding included."""

    l2: tuple[float, ...] = (1.0, 3.0, 10.0, 30.0)
    """Penalties on the squared weights, to try on valid."""

    epochs: int = 10
    """Passes over the training person-years; the best on valid is kept."""

    batch_rows: int = 1_024
    """Person-years a step."""

    learning_rate: float = 0.01
    """The peak of the one-cycle schedule."""

    seed: int = 1
    """Fixes the order."""


def main(path: Path, *, test: bool = False) -> None:
    """Read the histories, fit the logit, measure, save."""
    settings = load_settings(EmbeddingLogitSettings, path)
    try:
        base = load_language_model(settings.base)
    except ModelError as error:
        raise SystemExit(str(error)) from None

    # Embeddings, scaled to unit spread so that one penalty fits all
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    vectors = embed(base, train, settings.batch_tokens)
    mean, spread = vectors.mean(axis=0), vectors.std(axis=0) + 1e-6
    fitted = embedded((vectors - mean) / spread, train, occ1990dd())
    scaled = (embed(base, valid, settings.batch_tokens) - mean) / spread
    held_out = embedded(scaled, valid, occ1990dd())
    shape = len(mean), len(occ1990dd())
    print(f"{len(vectors):,} person-years, {shape[0] * (shape[1] + 1):,} weights")

    # Logit
    start = Fitting(
        *(True, settings.l2[0], settings.epochs, settings.batch_rows),
        *(settings.learning_rate, settings.seed),
    )
    layer, chosen = choose_layer(fitted, held_out, shape, start, settings.l2)

    # Card
    card = make_card(
        ModelKind.EMBEDDING_LOGIT, "Logit on the language model's embedding", occ1990dd(), train,
        scalars(settings) | scalars(chosen),
    )  # fmt: skip
    layer = unscaled(layer, mean, spread)
    model = EmbeddingLogitModel(card, occ1990dd(), settings.base, layer, base)
    measure_and_save(
        model, settings.out, valid, load_split(settings.tables, Split.TEST) if test else []
    )


def embed(base: LanguageModel, careers: Sequence[CareerHistory], batch_tokens: int) -> Vectors:
    """Hidden states at the prompt ends of all careers, resumes of like length read together.

    Shape (person-years, width).
    """
    began = time.monotonic()
    texts = [(who, text) for who, career in enumerate(careers) for text in readings(base, career)]
    found: list[list[Vectors]] = [[] for _ in careers]
    order = sorted(texts, key=lambda text: -len(text[1].tokens))
    done = 0
    while done < len(order):
        group = order[done : done + max(1, batch_tokens // len(order[done][1].tokens))]
        hidden = read_together(base, [text for _, text in group])
        for (who, text), states in zip(group, hidden, strict=True):
            found[who].append(states[list(text.places)])
        done += len(group)
    print(f"{len(careers):,} careers read in {time.monotonic() - began:.0f} s", flush=True)
    return np.concatenate([part for parts in found for part in parts])


def embedded(vectors: Vectors, careers: Sequence[CareerHistory], taxonomy: Taxonomy) -> Examples:
    """The person-years of careers whose embeddings are known."""
    return Examples(
        vectors,
        np.concatenate([previous_states(career, None, taxonomy) for career in careers]),
        np.concatenate([states_of(career, taxonomy) for career in careers]),
    )


def unscaled(layer: LogitWeights, mean: Vectors, spread: Vectors) -> LogitWeights:
    """The layer that gives the same scores from embeddings as they come."""
    weights = layer.weights / spread[:, np.newaxis]
    return replace(layer, weights=weights, bias=layer.bias - mean @ weights)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, test=arguments.test)
