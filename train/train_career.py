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
from safetensors.torch import load_file
from torch import nn

from occu_core.careers import LATEST_YEAR, CareerHistory
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
from train.checkpoints import written_settings
from train.data import load_split, training_workers, valid_workers
from train.loop import BEST, LoopSettings, Work, run
from train.optimisation import parameter_groups
from train.processes import Processes
from train.resume_batches import IGNORED, hide
from train.saving import make_card, measure_headlines, scalars, show
from train.settings import load_settings
from train.teachers import Taught, Teachers, together


@dataclass(frozen=True, slots=True)
class CareerSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    name: str = "career"
    title: str = "CAREER"
    """What programs and people call the model."""

    out: Path = Path("runs/career")
    """Folder for checkpoints, the log and the best model."""

    start: Path = Path()
    """Folder of a CAREER model pre-trained on other careers; none starts from random weights."""

    shares: tuple[float, ...] = ()
    """Of each table's training workers, by blocks; valid is then the first table's. None is all."""

    last_year: int = LATEST_YEAR
    """Records after it are left out of training and valid."""

    teachers: tuple[str, ...] = ()
    """Folders of CAREER models whose mean expectations are learned from too; none is allowed."""

    teacher_weight: float = 0.7
    """How much the teachers' expectation counts beside what happened, 0–1."""

    simulated: int = 0
    """Careers drawn from the teachers for each training worker in each epoch."""

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

    @property
    def loop(self) -> LoopSettings:
        """How the run goes."""
        return LoopSettings(
            folder=self.out,
            settings=written_settings(self),
            epochs=self.epochs,
            patience=self.patience,
            learning_rate=self.learning_rate,
            warm_up=self.warm_up,
            seed=self.seed,
        )


def main(path: Path, changes: Sequence[str] = (), *, test: bool = False) -> None:
    """Train, measure the best epoch, write its card."""
    settings = load_settings(CareerSettings, path, changes)
    folder = fit(settings)

    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    card = make_card(
        *(ModelKind.CAREER, settings.title, occ1990dd(), train, scalars(settings)),
        name=settings.name,
    )
    model = CareerModel.load(folder, card, occ1990dd())
    metrics = measure_headlines(model, valid, Split.VALID)
    if test:
        metrics += measure_headlines(model, load_split(settings.tables, Split.TEST), Split.TEST)
    show(metrics)
    write_card(folder, replace(card, metrics=metrics))
    print(f"saved in {folder}")


def fit(settings: CareerSettings) -> Path:
    """Train from the start or from where a killed run stood; the folder of the best epoch."""
    # Data
    train, valid = training_workers(settings), valid_workers(settings)
    encoder = CareerEncoder(configure(settings, train), occ1990dd())
    valid_batches = batches(encoder, valid, settings.batch_records)
    teachers = Teachers.load(settings.teachers) if settings.teachers else None
    taught = teachers.foresee(train) if teachers else [Taught(career, None) for career in train]

    # Network
    torch.manual_seed(settings.seed)
    network = CareerNetwork(encoder.config)
    if settings.start.name:
        lend_weights(network, settings.start)
    groups = parameter_groups(network, settings.weight_decay)
    optimiser = torch.optim.AdamW(groups, lr=settings.learning_rate, betas=(0.9, 0.98))
    parameters = sum(weight.numel() for weight in network.parameters())
    records = sum(len(career.records) for career in train)
    print(f"{parameters:,} parameters; {len(train):,} workers, {records:,} person-years an epoch")
    print(f"{math.ceil(records / settings.batch_records)} steps an epoch, {settings.epochs} epochs")

    # Epochs
    card = make_card(
        *(ModelKind.CAREER, settings.title, occ1990dd(), train, scalars(settings)),
        name=settings.name,
    )
    work = Work(
        model=network,
        optimiser=optimiser,
        steps=lambda epoch: epoch_steps(settings, encoder, taught, teachers, epoch),
        loss=lambda lesson: loss(network, lesson, settings.teacher_weight),
        weight=lambda lesson: int((lesson.batch.outcomes != IGNORED).sum()),
        score=lambda: perplexity(network, valid_batches),
        save=lambda folder: CareerModel(card, occ1990dd(), network).save(folder),
    )
    position = run(work, settings.loop, Processes.join())
    print(f"best epoch {position.best_epoch}, valid perplexity {position.best:.4f}")
    return settings.out / BEST


@dataclass(frozen=True, slots=True)
class Lesson:
    """A batch of careers, and the same as the teachers see them, nothing hidden."""

    batch: Batch
    members: tuple[Taught, ...]


def epoch_steps(
    settings: CareerSettings,
    encoder: CareerEncoder,
    careers: list[Taught],
    teachers: Teachers | None,
    epoch: int,
) -> list[list[Lesson]]:
    """One batch a step; what is hidden and the order come from the seed and the epoch."""
    rng = random.Random(f"{settings.seed}/{epoch}")
    taught = [*careers]
    if teachers is not None:
        real = [one.career for one in careers]
        taught += teachers.dream(real, settings.simulated, settings.seed * 1_000 + epoch)
    partly_known = [
        hide(one.career, settings.hidden_share, settings.hidden_education, rng) for one in taught
    ]
    made = batches(encoder, partly_known, settings.batch_records, rng)
    return [[Lesson(batch, tuple(taught[i] for i in batch.members))] for batch in made]


def loss(network: CareerNetwork, lesson: Lesson, teacher_weight: float) -> torch.Tensor:
    """Nats of what happened, and of what teachers expected where there are any; shape ()."""
    if lesson.members[0].probabilities is None:
        return losses(network, lesson.batch).sum()
    happened = lesson.batch.outcomes != IGNORED
    log_probs = network(lesson.batch.inputs)[happened]
    nats = nn.functional.nll_loss(log_probs, lesson.batch.outcomes[happened], reduction="none")
    expected, trust = together(lesson.members, teacher_weight)
    told = -(expected * log_probs).sum(1)
    return torch.lerp(nats, told, trust).sum()


def lend_weights(network: CareerNetwork, folder: Path) -> None:
    """Start from a network that was trained on other careers, in all weights of the same shape.

    Raises:
        SystemExit: if there is none.
    """
    try:
        lent = load_file(folder / "model.safetensors")
    except OSError as error:
        raise SystemExit(f"start {folder}: {error}") from None
    own = network.state_dict()
    network.load_state_dict({**own, **{k: v for k, v in lent.items() if v.shape == own[k].shape}})


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
    parser.add_argument("--set", nargs="+", default=[], help="name=value in place of the file's")
    parser.add_argument("--test", action="store_true", help="also measure on test, once")
    arguments = parser.parse_args()
    main(arguments.settings, arguments.set, test=arguments.test)
