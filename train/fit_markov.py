"""Fit the Markov table that ships: count the transitions of both cohorts, smooth on valid.

    python -m train.fit_markov train/settings/markov.toml

Seconds. `--test` also measures on test, once, for a model to publish.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.markov import (
    Counts,
    MarkovModel,
    Smoothing,
    count_transitions,
    log_probabilities,
)
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.saving import make_card, measure_and_save, scalars
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class MarkovSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    out: Path = Path("runs/markov")
    """The model is saved in its folder `best`."""

    stay: tuple[float, ...] = (3.0, 5.0, 8.0, 12.0, 20.0, 30.0, 50.0)
    """Imaginary records behind an occupation's stay rate, to try on valid."""

    move: tuple[float, ...] = (10.0, 20.0, 40.0, 60.0, 80.0, 100.0, 140.0, 200.0)
    """Imaginary moves behind an occupation's destinations, to try on valid."""

    share: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    """Added to each state's count among destinations and first records, to try on valid."""


def main(path: Path, *, test: bool = False) -> None:
    """Count, choose the smoothing, measure, save."""
    settings = load_settings(MarkovSettings, path)
    taxonomy = occ1990dd()

    # Data
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    counts, held_out = (count_transitions(part, taxonomy) for part in (train, valid))
    seen = {name: int(table.sum()) for name, table in counts.items()}
    grid = [Smoothing(*tried) for tried in product(settings.stay, settings.move, settings.share)]
    print(f"{len(train):,} workers; person-years: {seen}; {len(grid)} smoothings to try")

    # Smoothing
    smoothing = min(grid, key=lambda tried: valid_nats(counts, held_out, tried))
    total = sum(table.sum() for table in held_out.values())
    nats = valid_nats(counts, held_out, smoothing)
    print(f"{smoothing}: valid perplexity {math.exp(nats / total):.4f}, both cohorts")

    # Card
    card = make_card(
        ModelKind.MARKOV, "Markov table", taxonomy, train,
        scalars(settings) | asdict(smoothing),
    )  # fmt: skip
    model = MarkovModel(card, taxonomy, counts, smoothing)
    measure_and_save(
        model, settings.out, valid, load_split(settings.tables, Split.TEST) if test else []
    )


def valid_nats(
    counts: dict[str, Counts], held_out: dict[str, Counts], smoothing: Smoothing
) -> float:
    """Nats that the tables smoothed like this spend on the held-out transitions."""
    return -sum(
        float((table * log_probabilities(counts[name], smoothing)).sum())
        for name, table in held_out.items()
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, test=arguments.test)
