"""Train the CAREER model that ships: a transformer over states, not words (Vafa et al.).

    python -m train.train_career train/settings/career.toml

Both cohorts pooled, known covariates hidden at random so that "unknown" means averaged over.
Stops early on valid, keeps the best epoch, resumes after a kill. `--test` also measures on test,
once, for a model to publish.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.career import (
    CareerConfig,
    CareerEncoder,
    CareerModel,
    CareerNetwork,
)
from occu_core.models.storage import write_card
from occu_core.occupations import occ1990dd
from train.career_batches import Batch, batches
from train.data import load_split
from train.optimisation import one_cycle, parameter_groups
from train.progress import Progress
from train.resume_batches import IGNORED, hide
from train.saving import make_card, measure_headlines, scalars, show
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class CareerSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    out: Path = Path("runs/career")
    """Folder for checkpoints, the log and the best model."""

    layers: int = 4
    width: int = 128
    heads: int = 4
    feed_forward: int = 512
    """The transformer's shape."""

    dropout: float = 0.1
    """Share of inputs, attention and each block's output set to zero in training."""

    hidden_share: float = 0.15
    """How often each covariate of a worker is hidden in training."""

    hidden_education: float = 0.1
    """How often education is hidden, half the time in three years of ten, else in all."""

    epochs: int = 14
    """Passes over the training workers, unless valid stops improving."""

    batch_records: int = 1500
    """Person-years a step, padding included."""

    learning_rate: float = 2e-3
    """Peak of the one-cycle schedule."""

    weight_decay: float = 0.1
    """Decoupled, on matrices only."""

    warm_up: float = 0.1
    """Share of the steps before the peak."""

    patience: int = 3
    """Epochs without a better valid score before stopping."""

    seed: int = 1
    """Fixes weights, order, dropout and what is hidden."""


def main(path: Path, *, test: bool = False) -> None:
    """Read, train epoch by epoch, keep the best, measure it."""
    settings = load_settings(CareerSettings, path)

    # Data
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    encoder = CareerEncoder(configure(settings, train), occ1990dd())
    valid_batches = batches(encoder, valid, settings.batch_records)

    # Model
    torch.manual_seed(settings.seed)
    network = CareerNetwork(encoder.config)
    groups = parameter_groups(network, settings.weight_decay)
    optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98))
    progress = Progress.resume(settings.out, settings, network, optimiser)
    parameters = sum(weight.numel() for weight in network.parameters())
    records = sum(len(career.records) for career in train)
    print(f"{parameters:,} parameters; {len(train):,} workers, {records:,} person-years an epoch")
    print(f"{math.ceil(records / settings.batch_records)} steps an epoch, {settings.epochs} epochs")

    # Epochs
    folder = settings.out / "best"
    folder.mkdir(exist_ok=True)
    card = make_card(ModelKind.CAREER, "CAREER", occ1990dd(), train, scalars(settings))
    while progress.epoch < settings.epochs and progress.epochs_since_best < settings.patience:
        train_epoch(network, optimiser, encoder, train, progress, settings)
        score = perplexity(network, valid_batches)
        if progress.finish_epoch(score, network, optimiser):
            CareerModel(card, occ1990dd(), network).save(folder)
            write_card(folder, card)
    print(f"best epoch {progress.best_epoch}, valid perplexity {progress.best:.4f}")

    # Card
    model = CareerModel.load(folder, card, occ1990dd())
    metrics = measure_headlines(model, valid, Split.VALID)
    if test:
        metrics += measure_headlines(model, load_split(settings.tables, Split.TEST), Split.TEST)
    show(metrics)
    write_card(folder, replace(card, metrics=metrics))
    print(f"saved in {folder}")


def train_epoch(
    network: CareerNetwork,
    optimiser: torch.optim.Optimizer,
    encoder: CareerEncoder,
    careers: list[CareerHistory],
    progress: Progress,
    settings: CareerSettings,
) -> None:
    """One pass over the training workers; everything random comes from the seed and the epoch."""
    rng = random.Random(f"{settings.seed}/{progress.epoch}")
    torch.manual_seed(settings.seed * 1_000 + progress.epoch)
    partly_known = [
        hide(career, settings.hidden_share, settings.hidden_education, rng) for career in careers
    ]
    epoch = batches(encoder, partly_known, settings.batch_records, rng)
    network.train()
    for step, batch in enumerate(epoch, start=1):
        done = (progress.epoch + step / len(epoch)) / settings.epochs
        for group in optimiser.param_groups:
            group["lr"] = settings.learning_rate * one_cycle(done, settings.warm_up)
        loss = losses(network, batch).mean()
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        progress.step(loss.item(), done, last=step == len(epoch))


def losses(network: CareerNetwork, batch: Batch) -> torch.Tensor:
    """Nats of each state that happened; shape (person-years,)."""
    happened = batch.outcomes != IGNORED
    log_probs = network(batch.inputs)[happened]
    return nn.functional.nll_loss(log_probs, batch.outcomes[happened], reduction="none")


@torch.inference_mode()
def perplexity(network: CareerNetwork, data: Sequence[Batch]) -> float:
    """Micro average over the person-years of all cohorts."""
    network.eval()
    nats = torch.cat([losses(network, batch).double() for batch in data])
    return math.exp(nats.mean().item())


def configure(settings: CareerSettings, careers: Sequence[CareerHistory]) -> CareerConfig:
    """The network's shape, with room for what the training careers hold."""
    return CareerConfig(
        states=len(occ1990dd()),
        years=tuple(sorted({record.year for career in careers for record in career.records})),
        birth_years=tuple(sorted({c.birth_year for c in careers if c.birth_year is not None})),
        datasets=tuple(sorted({c.dataset for c in careers if c.dataset is not None})),
        positions=max(len(career.records) for career in careers),
        layers=settings.layers,
        width=settings.width,
        heads=settings.heads,
        feed_forward=settings.feed_forward,
        dropout=settings.dropout,
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, test=arguments.test)
