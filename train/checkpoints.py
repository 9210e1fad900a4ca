"""Checkpoints from which a killed run goes on, step for step, as if it had never stopped."""

from __future__ import annotations

import json
import math
import os
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

CHECKPOINT = "checkpoint.pt"


@dataclass(frozen=True, slots=True)
class Position:
    """Where a run stands between two steps.

    Attributes:
        epoch: finished epochs.
        step: finished steps of the epoch that runs.
        best: the lowest valid score so far.
        best_epoch: how many epochs were finished when it was reached.
    """

    epoch: int = 0
    step: int = 0
    best: float = math.inf
    best_epoch: int = 0

    @property
    def epochs_since_best(self) -> int:
        """How many epochs ago the best valid score was."""
        return self.epoch - self.best_epoch


def written_settings(settings: DataclassInstance) -> str:
    """Settings as a checkpoint remembers them."""
    return json.dumps(asdict(settings), default=str)


def save_checkpoint(
    folder: Path,
    settings: str,
    position: Position,
    model: nn.Module,
    optimiser: torch.optim.Optimizer,
) -> None:
    """Write all that the next step needs; a kill leaves either the old checkpoint or the new.

    The weights are those that learn: an adapter's without its base's. Random states are not among
    it, since the loop draws them afresh from the seed and the position at every step.
    """
    state = {
        "settings": settings,
        "position": asdict(position),
        "weights": {name: weights.detach() for name, weights in learning(model).items()},
        "optimiser": optimiser.state_dict(),
    }
    partial = folder / f"{CHECKPOINT}.new"
    with partial.open("wb") as file:
        torch.save(state, file)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(folder / CHECKPOINT)


def load_checkpoint(
    folder: Path, settings: str, model: nn.Module, optimiser: torch.optim.Optimizer
) -> Position:
    """Put a model and its optimiser back where the folder's run stood; the start if there is none.

    Raises:
        SystemExit: if the folder holds a run with other settings.
    """
    if not (folder / CHECKPOINT).exists():
        return Position()
    state = torch.load(folder / CHECKPOINT, map_location="cpu", weights_only=True)
    if state["settings"] != settings:
        raise SystemExit(f"{folder}: holds a run with other settings; choose another `out`")
    weights = learning(model)
    if weights.keys() != state["weights"].keys():
        raise SystemExit(f"{folder}: holds a run of another model; choose another `out`")
    with torch.no_grad():
        for name, saved in state["weights"].items():
            weights[name].copy_(saved)
    optimiser.load_state_dict(state["optimiser"])
    return Position(**state["position"])


def learning(model: nn.Module) -> dict[str, nn.Parameter]:
    """The weights that training changes, by name; shared ones once."""
    return {name: weights for name, weights in model.named_parameters() if weights.requires_grad}


def replace_folder(folder: Path, write: Callable[[Path], None]) -> None:
    """Write a folder aside, then put it in the place of the old one."""
    new, old = folder.with_name(f"{folder.name}.new"), folder.with_name(f"{folder.name}.old")
    for leftover in (new, old):
        shutil.rmtree(leftover, ignore_errors=True)
    new.mkdir(parents=True)
    write(new)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
