"""How fast to learn, and which weights decay."""

from __future__ import annotations

import math

from torch import nn


def one_cycle(done: float, warm_up: float) -> float:
    """The learning rate as a share of its peak: up in a line, down along a cosine.

    Args:
        done: share of the run behind us, 0–1.
        warm_up: share of the run until the peak.
    """
    if done < warm_up:
        return done / warm_up
    return 0.5 * (1 + math.cos(math.pi * min((done - warm_up) / (1 - warm_up), 1.0)))


def parameter_groups(model: nn.Module, weight_decay: float) -> list[dict[str, object]]:
    """Matrices decay; gains and biases do not."""
    weights = list(model.parameters())
    return [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
