"""What a run says of itself: lines on the screen, with an honest time left, and a JSON log."""

from __future__ import annotations

import json
import math
import time
from collections import deque
from pathlib import Path

from train.checkpoints import Position

LOG = "log.jsonl"
_SPEAK_SECONDS = 10.0
_RECENT_STEPS = 100


class RunLog:
    """Speaks for a run; a silent one, of a process that is not the first, keeps still."""

    def __init__(self, folder: Path, position: Position, epochs: int, *, silent: bool) -> None:
        self._file = folder / LOG
        self._epochs = epochs
        self._silent = silent
        self._ends: deque[float] = deque([time.monotonic()], maxlen=_RECENT_STEPS)
        self._losses: list[float] = []
        self._evaluation: float | None = None
        self._spoke = 0.0
        if not silent:
            self._forget_after(position)
            if position != Position():
                print(f"resuming after epoch {position.epoch}, step {position.step}", flush=True)

    def step(self, loss: float, position: Position, steps: int) -> None:
        """Note a finished step and its mean loss in nats; speak every ten seconds."""
        now = time.monotonic()
        self._ends.append(now)
        self._losses.append(loss)
        if self._silent or (now - self._spoke < _SPEAK_SECONDS and position.step < steps):
            return
        self._spoke = now
        mean = sum(self._losses) / len(self._losses)
        self._losses.clear()
        self._write(position, loss=round(mean, 6))
        done = (position.epoch + position.step / steps) / self._epochs
        left = self.minutes_left(position, steps)
        bound = "" if self._evaluation is not None else "at least "
        print(f"{done:6.1%}  loss {mean:8.4f} nats  {bound}{left:.1f} minutes left", flush=True)

    def minutes_left(self, position: Position, steps: int) -> float:
        """Minutes to the end of the last epoch at the speed of the last hundred steps.

        Checkpoints are in it; evaluations are once the first was timed. Stopping early ends sooner.
        """
        if len(self._ends) < 2:
            return math.nan
        seconds = (self._ends[-1] - self._ends[0]) / (len(self._ends) - 1)
        epochs = self._epochs - position.epoch
        return (seconds * (epochs * steps - position.step) + (self._evaluation or 0) * epochs) / 60

    def epoch(self, score: float, position: Position) -> None:
        """Note a finished epoch's valid score; the time since the last step was its evaluation."""
        now = time.monotonic()
        self._evaluation = now - self._ends[-1]
        self._ends.clear()
        self._ends.append(now)
        if self._silent:
            return
        self._write(position, score=score)
        print(f"epoch {position.epoch}: valid {score:.4f}, best {position.best:.4f}", flush=True)

    def _write(self, position: Position, **entry: float) -> None:
        line = {"epoch": position.epoch, "step": position.step, **entry}
        with self._file.open("a", encoding="utf-8") as log:
            log.write(json.dumps(line) + "\n")

    def _forget_after(self, position: Position) -> None:
        """Drop what a killed run noted after its checkpoint, and a line it did not finish."""
        if not self._file.exists():
            return
        kept = []
        for line in self._file.read_text(encoding="utf-8").splitlines(keepends=True):
            if not line.endswith("\n"):
                break
            entry = json.loads(line)
            if (entry["epoch"], entry["step"]) <= (position.epoch, position.step):
                kept.append(line)
        partial = self._file.with_name(f"{LOG}.new")
        partial.write_text("".join(kept if position != Position() else []), encoding="utf-8")
        partial.replace(self._file)
