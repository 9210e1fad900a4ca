"""The loss on held-out items by category: nats for each token of an answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from train.instruction_forms import Example
from train.packing import label_nats, packs
from train.processes import Processes


@dataclass(frozen=True, slots=True)
class CategoryLoss:
    """How well the answers of one category are foreseen; `loss` is in nats for each token."""

    category: str
    items: int
    tokens: int
    loss: float


@torch.no_grad()
def losses_by_category(
    model: nn.Module,
    examples: Sequence[Example],
    processes: Processes,
    *,
    pack_tokens: int,
    packed: bool,
    bf16: bool,
) -> tuple[CategoryLoss, ...]:
    """Measure each category, alphabetically; a long answer weighs more than a short one."""
    training = model.training
    model.eval()
    device = processes.device
    found = []
    for category in sorted({example.category for example in examples}):
        own = [example for example in examples if example.category == category]
        every = packs(
            [example.written for example in own], pack_tokens, on_all=False, packed=packed
        )
        nats = 0.0
        for pack in processes.share(every):
            with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
                nats += label_nats(model, pack.to(device)).item()
        (total,) = processes.total(nats)
        tokens = sum(example.answered for example in own)
        found.append(CategoryLoss(category, len(own), tokens, total / tokens))
    model.train(training)
    return tuple(found)


def mean_loss(losses: Sequence[CategoryLoss]) -> float:
    """Over all tokens of all categories."""
    tokens = sum(loss.tokens for loss in losses)
    return sum(loss.loss * loss.tokens for loss in losses) / tokens
