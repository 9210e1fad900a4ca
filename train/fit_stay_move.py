"""Fit the head that decides who stays, on top of a language model that says where movers go.

    python -m train.fit_stay_move train/settings/stay_move.toml

The head is fitted on one half of valid, because a language model is surer of the careers it was
trained on than of any other; the other half measures. `--test` also measures on test, once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.classifier import Floats, Ints, states_of
from occu_core.models.embedding_logit import load_language_model
from occu_core.models.language_model import LanguageModel
from occu_core.models.prompt_ends import prompt_ends
from occu_core.models.stay_move import StayHead, StayMoveModel, features, scored_with_previous
from occu_core.models.storage import ModelError
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.saving import make_card, measure_and_save, scalars
from train.settings import load_settings

BLOCK = 20


@dataclass(frozen=True, slots=True)
class StayMoveSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    base: str
    """The language model, by name or folder."""

    out: Path = Path("runs/stay_move")
    """The model is saved in its folder `best`."""

    l2: float = 10.0
    """Half of it times each squared weight is the penalty, in nats over the whole data."""


def main(path: Path, *, test: bool = False) -> None:
    """Read half of valid, fit the head, measure on the other half, save."""
    settings = load_settings(StayMoveSettings, path)
    try:
        base = load_language_model(settings.base)
    except ModelError as error:
        raise SystemExit(str(error)) from None

    # Data
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    halves = [
        [career for career in valid if in_second_half(career) is half] for half in (False, True)
    ]
    print(f"fitted on {len(halves[0]):,} workers of valid, measured on {len(halves[1]):,}")

    # Head
    inputs, stayed = stays(base, halves[0])
    head = fit_head(inputs, stayed, settings.l2)
    print(f"{len(stayed):,} transitions, {stayed.mean():.1%} stay")

    # Card
    card = make_card(
        ModelKind.STAY_MOVE, "Stay or move, on the language model", occ1990dd(), train,
        scalars(settings),
    )  # fmt: skip
    model = StayMoveModel(card, occ1990dd(), settings.base, head, base)
    print("valid here is its second half")
    measure_and_save(
        model, settings.out, halves[1], load_split(settings.tables, Split.TEST) if test else []
    )


def in_second_half(career: CareerHistory) -> bool:
    """Halves by blocks of neighbouring ids, because brothers and sisters have neighbouring ids."""
    return int(career.worker_id) // BLOCK % 2 == 1


def stays(base: LanguageModel, careers: Sequence[CareerHistory]) -> tuple[Floats, Ints]:
    """What the head reads at each transition after a first record, and whether the worker stayed.

    Shapes (transitions, width + 1) and (transitions,).
    """
    inputs, stayed = [], []
    for career in careers:
        states = states_of(career, base.taxonomy)
        _, log_same = scored_with_previous(base, career, states[:, np.newaxis])
        inputs.append(features(prompt_ends(base, career)[1:], log_same[1:]))
        stayed.append((states[1:] == states[:-1]).astype(np.int64))
    return np.concatenate(inputs), np.concatenate(stayed)


def fit_head(inputs: Floats, stayed: Ints, l2: float) -> StayHead:
    """Penalised logistic regression, on inputs scaled to unit spread, told in their own units."""
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + 1e-6
    regression = LogisticRegression(C=1 / l2, max_iter=2_000)
    regression.fit((inputs - mean) / spread, stayed)
    weights = regression.coef_[0] / spread
    return StayHead(weights, float(regression.intercept_[0] - mean @ weights))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, test=arguments.test)
