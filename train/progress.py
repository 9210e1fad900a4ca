"""A training run that survives a kill: checkpoints, a log, and the best epoch so far."""

from __future__ import annotations

import json
import math
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Self

import torch
from torch import nn

if TYPE_CHECKING:
    from _typeshed import DataclassInstance


@dataclass(slots=True)
class Progress:
    """Where a run stands. Lines go to the screen and, as JSON, to `log.jsonl` in its folder."""

    folder: Path
    settings: str
    epoch: int = 0
    best: float = math.inf
    best_epoch: int = 0
    _began: float = field(default_factory=time.monotonic)
    _began_at: float | None = None
    _recent: list[float] = field(default_factory=list)
    _spoke: float = 0.0

    @classmethod
    def resume(
        cls,
        folder: Path,
        settings: DataclassInstance,
        model: nn.Module,
        optimiser: torch.optim.Optimizer,
    ) -> Self:
        """Start afresh, or continue from the last finished epoch after a kill.

        Raises:
            SystemExit: if the folder holds a run with other settings.
        """
        folder.mkdir(parents=True, exist_ok=True)
        written = json.dumps(asdict(settings), default=str)
        progress = cls(folder, written)
        if not (checkpoint := folder / "checkpoint.pt").exists():
            (folder / "log.jsonl").unlink(missing_ok=True)
            return progress
        state = torch.load(checkpoint, weights_only=True)
        if state["settings"] != written:
            raise SystemExit(f"{folder}: holds a run with other settings; choose another `out`")
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        progress.epoch, progress.best = state["epoch"], state["best"]
        progress.best_epoch = state["best_epoch"]
        print(f"resuming after epoch {progress.epoch}")
        return progress

    @property
    def epochs_since_best(self) -> int:
        """How many epochs ago the best valid score was."""
        return self.epoch - self.best_epoch

    def step(self, loss: float, done: float, *, last: bool) -> None:
        """Note one step's loss; say where the run stands every ten seconds.

        Args:
            loss: nats per title.
            done: share of the whole run behind us, 0–1.
            last: whether the epoch ends here.
        """
        self._recent.append(loss)
        if self._began_at is None:
            self._began_at = done
            self._began = time.monotonic()
        if not last and time.monotonic() - self._spoke < 10:
            return
        self._spoke = time.monotonic()
        share = done - self._began_at
        left = (self._spoke - self._began) * (1 - done) / share / 60 if share else math.nan
        perplexity = math.exp(sum(self._recent) / len(self._recent))
        self._recent.clear()
        self._log(done=round(done, 4), train_perplexity=round(perplexity, 4))
        print(
            f"{done:6.1%}  train perplexity {perplexity:8.3f}  {left:5.1f} minutes left", flush=True
        )

    def finish_epoch(
        self, score: float, model: nn.Module, optimiser: torch.optim.Optimizer
    ) -> bool:
        """Save everything that the next epoch needs; True if this was the best epoch yet."""
        self.epoch += 1
        improved = score < self.best
        if improved:
            self.best, self.best_epoch = score, self.epoch
        state = {
            "settings": self.settings,
            "model": model.state_dict(),
            "optimiser": optimiser.state_dict(),
            "epoch": self.epoch,
            "best": self.best,
            "best_epoch": self.best_epoch,
        }
        torch.save(state, self.folder / "checkpoint.new")
        (self.folder / "checkpoint.new").replace(self.folder / "checkpoint.pt")
        self._log(epoch=self.epoch, valid_perplexity=score)
        print(f"epoch {self.epoch}: valid perplexity {score:.4f}, best {self.best:.4f}", flush=True)
        return improved

    def _log(self, **entry: float) -> None:
        with (self.folder / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(entry) + "\n")
