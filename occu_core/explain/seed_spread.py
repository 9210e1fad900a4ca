"""The noise floor: how far chance in training alone moves a probability or its change.

The seed models are small CAREER networks trained on the same careers with the same settings; only
the seed differs, which fixes the first weights, the order of the careers, dropout and what is
hidden. All are asked the same question, and the spread of their answers is what chance did.

**Definition.** With n seed models, a change Δ = P(outcome | changed case) − P(outcome | pinned
case) is computed by each. Its floor is t · s: s is the standard deviation of the n changes (n − 1
below), t the 97.5% quantile of Student's t with n − 1 degrees of freedom (2.78 for five). Were Δ
zero on average over seeds, and normal, one model's Δ would pass the floor once in twenty. Where two
models are compared, not one model in two cases, s² is the sum of the variances of the two
probabilities: two trainings share no luck.

**What it covers**: the luck of training a small model of this family. **What it does not**: which
workers happened to be in the survey, what every model of the family gets wrong, and the luck of
models of another kind or size (`assets/seed_models/README.md` says how well it fits those that
ship).
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.special import stdtrit

from occu_core.assets import asset_path
from occu_core.careers import Query
from occu_core.models.base import OccupationModel
from occu_core.models.model_files import CARD_FILE
from occu_core.models.storage import ModelError, load_model

CONFIDENCE = 0.95
FEWEST_SEEDS = 3

Floats = npt.NDArray[np.float64]


def load_seed_models(folder: Path | None = None) -> tuple[OccupationModel, ...]:
    """The seed models that ship, or those in the subfolders of `folder`.

    Raises:
        ModelError: if there are too few to speak of a spread, or one is damaged.
    """
    place = folder or asset_path("seed_models")
    folders = sorted(card.parent for card in place.glob(f"*/{CARD_FILE}"))
    if len(folders) < FEWEST_SEEDS:
        raise ModelError(
            f"{place}: holds {len(folders)} seed models; expected {FEWEST_SEEDS} or more"
            " (train/reproduce.sh makes them)"
        )
    return tuple(load_model(str(path)) for path in folders)


def ask_seeds(models: Sequence[OccupationModel], query: Query) -> Floats:
    """What each seed model answers to one query; probabilities, shape (seeds, states)."""
    return np.array([model.predict(query).probs for model in models])


def noise_floor(changes: Floats) -> Floats:
    """Floor of one change as each seed model sees it, from (seeds, outcomes) to (outcomes,).

    >>> changes = np.array([[0.01], [0.02], [0.03]])  # s = 0.01, and t = 4.303
    >>> noise_floor(changes).round(4)
    array([0.043])
    """
    floor: Floats = quantile(len(changes)) * changes.std(axis=0, ddof=1)
    return floor


def noise_between_models(before: Floats, after: Floats) -> Floats:
    """Floor of a gap between models trained apart, from (seeds, outcomes) to (outcomes,)."""
    variance = before.var(axis=0, ddof=1) + after.var(axis=0, ddof=1)
    floor: Floats = quantile(len(before)) * np.sqrt(variance)
    return floor


def quantile(seeds: int) -> float:
    """Student's t with one degree of freedom less than there are seed models.

    Raises:
        ValueError: if there are too few to speak of a spread.
    """
    if seeds < FEWEST_SEEDS:
        raise ValueError(f"{seeds} seed models have no spread; expected {FEWEST_SEEDS} or more")
    return float(stdtrit(seeds - 1, (1 + CONFIDENCE) / 2))
