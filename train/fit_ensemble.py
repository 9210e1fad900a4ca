"""Weigh trained models against each other on valid, and save their mixture.

    python -m train.fit_ensemble train/settings/ensemble.toml

Each member reads every valid career once; the weights follow in seconds. `--test` also measures
on test, once, for a model to publish.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind, OccupationModel
from occu_core.models.ensemble import POOLED, EnsembleModel, Floats, fit_weights
from occu_core.models.storage import ModelError, load_model
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.saving import make_card, measure_and_save, scalars
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class EnsembleSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    members: tuple[str, ...]
    """Models by name, or model folders."""

    out: Path = Path("runs/ensemble")
    """The model is saved in its folder `best`."""

    by_dataset: bool = True
    """Whether each dataset has weights of its own, beside those for any other."""


def main(path: Path, *, test: bool = False) -> None:
    """Load the members, weigh them, measure the mixture, save."""
    settings = load_settings(EnsembleSettings, path)
    if len(set(settings.members)) < max(len(settings.members), 2):
        raise SystemExit(f"{path}: members are {settings.members}; expected two or more, each once")

    # Members and data
    try:
        members = [load_model(name) for name in settings.members]
    except ModelError as error:
        raise SystemExit(str(error)) from None
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    records = sum(len(career.records) for career in valid)
    print(f"{len(members)} members; weights on {records:,} person-years of valid")

    # Weights
    datasets = [career.dataset or POOLED for career in valid for _ in career.records]
    scored = np.array([scores(member, valid) for member in members])
    weights = weights_by_dataset(scored, np.array(datasets), by_dataset=settings.by_dataset)
    for dataset, shares in weights.items():
        parts = zip(settings.members, shares, strict=True)
        print(f"{dataset or 'any':8}", ", ".join(f"{name} {w:.3f}" for name, w in parts))

    # Card
    made = scalars(settings) | {"members": ", ".join(settings.members)} | described(weights)
    card = make_card(ModelKind.ENSEMBLE, "Ensemble", occ1990dd(), train, made)
    model = EnsembleModel(card, occ1990dd(), settings.members, weights, members)
    measure_and_save(
        model, settings.out, valid, load_split(settings.tables, Split.TEST) if test else []
    )


def scores(member: OccupationModel, careers: Sequence[CareerHistory]) -> Floats:
    """Raw log P(what happened) over all careers; nats, shape (person-years,)."""
    print(f"{member.card.name} {member.card.title} reads", flush=True)
    return np.concatenate([member.log_likelihoods(career) for career in careers])


def weights_by_dataset(
    scored: Floats, datasets: np.ndarray[tuple[int], np.dtype[np.str_]], *, by_dataset: bool
) -> dict[str, Floats]:
    """The likeliest weights on all rows, and on those of each dataset.

    Args:
        scored: nats, shape (members, person-years).
        datasets: of each person-year.
        by_dataset: False for the first alone.
    """
    weights = {POOLED: fit_weights(scored)}
    for dataset in sorted(set(datasets.tolist()) - {POOLED}) if by_dataset else ():
        weights[dataset] = fit_weights(scored[:, datasets == dataset])
    return weights


def described(weights: dict[str, Floats]) -> dict[str, str]:
    """The weights for a card."""
    return {
        f"weights {dataset or 'of any other dataset'}": ", ".join(f"{w:.4f}" for w in shares)
        for dataset, shares in weights.items()
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, test=arguments.test)
