"""The training loop: steps, gradient accumulation, early stopping, and going on after a kill.

Everything random in a batch comes from the seed and the batch's place in the run, so neither a kill
nor the number of processes changes what is learned.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Generic, TypeVar

import torch
from torch import nn

from train.checkpoints import (
    Position,
    learning,
    load_checkpoint,
    replace_folder,
    save_checkpoint,
)
from train.optimisation import one_cycle
from train.processes import Processes
from train.run_log import RunLog
from train.saving import BEST as BEST

B = TypeVar("B")


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How a run goes."""

    folder: Path
    """Holds the checkpoint, `log.jsonl`, and the best model in `best/`."""

    settings: str
    """What the run was asked for; a checkpoint of other settings is refused."""

    epochs: int
    """Passes over the data, unless the score stops falling."""

    patience: int
    """Epochs without a lower score before stopping."""

    learning_rate: float
    """Peak of the one-cycle schedule."""

    warm_up: float
    """Share of the steps before the peak."""

    seed: int
    """Fixes what is drawn at random while learning."""

    checkpoint_seconds: float = 120.0
    """Seconds between two checkpoints within an epoch; zero makes one after every step."""


@dataclass(frozen=True, slots=True)
class Work(Generic[B]):
    """What is learned, and from what.

    Attributes:
        model: learns; only weights that require a gradient change.
        optimiser: of those weights.
        steps: an epoch's steps in order, each some batches; the same whenever asked of one epoch.
        loss: a batch's loss, summed, nats.
        weight: what the sum of a step's losses is divided by: a batch's titles or tokens.
        score: the valid score, lower is better; it may be asked by several processes at once.
        save: writes the model into an empty folder.
    """

    model: nn.Module
    optimiser: torch.optim.Optimizer
    steps: Callable[[int], Sequence[Sequence[B]]]
    loss: Callable[[B], torch.Tensor]
    weight: Callable[[B], float]
    score: Callable[[], float]
    save: Callable[[Path], None]


def run(work: Work[B], settings: LoopSettings, processes: Processes) -> Position:
    """Train to the end, from the start or from where a killed run stood.

    The best model stands in `best/` when an epoch's checkpoint says so: it is written first, and a
    kill between the two repeats the same last steps and writes the same model again.

    Raises:
        SystemExit: if the folder holds a run with other settings, or the score is not a number.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    position = load_checkpoint(settings.folder, settings.settings, work.model, work.optimiser)
    processes.wait()  # nobody saves before everybody has read
    log = RunLog(settings.folder, position, settings.epochs, silent=not processes.first)
    while position.epoch < settings.epochs and position.epochs_since_best < settings.patience:
        position = _train_epoch(work, settings, processes, position, log)
        position = _finish_epoch(work, settings, processes, position, log)
    processes.wait()  # the best model is there for all
    return position


def take_step(work: Work[B], batches: Sequence[B], place: str, processes: Processes) -> float:
    """Learn once from some batches, shared among the processes; the mean loss before, nats.

    Args:
        work: what learns.
        batches: of this step, for all processes together.
        place: where in the run this is, seed included; fixes dropout.
        processes: who takes which batches.
    """
    total = sum(work.weight(batch) for batch in batches)
    work.optimiser.zero_grad(set_to_none=True)
    nats = 0.0
    for index, batch in processes.share(list(enumerate(batches))):
        _seed(f"{place}/{index}")
        loss = work.loss(batch) / total
        loss.backward()  # type: ignore[no-untyped-call]
        nats += loss.item()
    weights = list(learning(work.model).values())
    processes.add_gradients(weights)
    nn.utils.clip_grad_norm_(weights, 1.0)
    work.optimiser.step()
    return processes.total(nats)[0]


def _train_epoch(
    work: Work[B],
    settings: LoopSettings,
    processes: Processes,
    position: Position,
    log: RunLog,
) -> Position:
    """The rest of the epoch that runs."""
    steps = work.steps(position.epoch)
    work.model.train()
    saved = time.monotonic()
    for number in range(position.step, len(steps)):
        done = (position.epoch + (number + 0.5) / len(steps)) / settings.epochs
        for group in work.optimiser.param_groups:
            group["lr"] = settings.learning_rate * one_cycle(done, settings.warm_up)
        place = f"{settings.seed}/{position.epoch}/{number}"
        loss = take_step(work, steps[number], place, processes)
        position = replace(position, step=number + 1)
        log.step(loss, position, len(steps))
        if processes.first and time.monotonic() - saved >= settings.checkpoint_seconds:
            save_checkpoint(
                settings.folder, settings.settings, position, work.model, work.optimiser
            )
            saved = time.monotonic()
    return position


def _finish_epoch(
    work: Work[B],
    settings: LoopSettings,
    processes: Processes,
    position: Position,
    log: RunLog,
) -> Position:
    """Score the model, keep it if it is the best yet, and make a checkpoint."""
    work.model.eval()
    score = work.score()
    if not math.isfinite(score):
        raise SystemExit(
            f"{settings.folder}: the valid score after epoch {position.epoch + 1} is {score};"
            " lower the learning rate"
        )
    improved = score < position.best
    position = replace(position, epoch=position.epoch + 1, step=0)
    if improved:
        position = replace(position, best=score, best_epoch=position.epoch)
    log.epoch(score, position)
    if processes.first:
        if improved:
            replace_folder(settings.folder / BEST, work.save)
        save_checkpoint(settings.folder, settings.settings, position, work.model, work.optimiser)
    return position


def _seed(place: str) -> None:
    """Fix everything random until the next batch."""
    random.seed(place)
    torch.manual_seed(random.getrandbits(63))
