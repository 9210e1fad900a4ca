"""The steps that teach the tagger, over texts whose lower layers were computed once."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from occu_core.occuquest.tagging_network import TaggerNetwork


@dataclass(frozen=True, slots=True)
class TaggerSettings:
    """How the tagger is taught."""

    epochs: int
    """Passes over the prompts and questions."""
    occupational: int = 1200
    """O*NET texts and names drawn anew for each epoch, as many for each category."""
    frozen_layers: int = 3
    """Lower layers that stay as they are, and so are computed once for each text."""
    learning_rate: float = 2e-4
    """Of the taught layers at its height; the heads learn ten times as fast."""
    batch: int = 32
    """Texts in a step."""
    most_tokens: int = 64
    """Of a text while teaching; the tagger itself reads 128."""
    meaning_weight: float = 1.0
    """Of the second head's loss, one minus the cosine."""
    with_experts: bool = True
    """Whether ExpertQA's training questions teach; without, its style of question is new."""
    seed: int = 1
    """Of draws, order and dropout."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """Texts as the taught layers see them: states after the frozen layers, and what is right."""

    states: list[Tensor]
    accepted: Tensor
    meanings: Tensor


def teach(
    network: TaggerNetwork,
    prepared: Prepared,
    taught: int,
    steps: int,
    settings: TaggerSettings,
) -> None:
    """AdamW with a warm start and a linear fall to zero."""
    upper = network.encoder.encoder.layer[settings.frozen_layers :].parameters()
    heads = [*network.category.parameters(), *network.meaning.parameters()]
    optimiser = torch.optim.AdamW(
        [{"params": list(upper), "height": 1.0}, {"params": heads, "height": 10.0}],
        weight_decay=0.01,
    )
    network.train()
    started = time.monotonic()
    batches = (
        b
        for epoch in range(settings.epochs)
        for b in epoch_batches(prepared, taught, epoch, settings)
    )
    total = 0.0
    for step, places in enumerate(batches, start=1):
        rate = settings.learning_rate * min(step / (0.1 * steps), max(0.0, 1 - step / steps))
        for group in optimiser.param_groups:
            group["lr"] = rate * group["height"]
        loss = batch_loss(network, prepared, places, settings)
        optimiser.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_([p for g in optimiser.param_groups for p in g["params"]], 1.0)
        optimiser.step()
        total += loss.item()
        if step % 50 == 0:
            print(
                f"step {step}/{steps} loss {total / 50:.3f} {time.monotonic() - started:.0f} s",
                flush=True,
            )
            total = 0.0
    network.eval()


def epoch_batches(
    prepared: Prepared, taught: int, epoch: int, settings: TaggerSettings
) -> Iterator[list[int]]:
    """Places of one epoch's texts in batches of similar length, in random order."""
    draws = random.Random(settings.seed * 1000 + epoch)
    first = taught + epoch * settings.occupational
    places = [*range(taught), *range(first, first + settings.occupational)]
    draws.shuffle(places)
    size, window = settings.batch, settings.batch * 16
    batches = []
    for start in range(0, len(places), window):
        near = sorted(places[start : start + window], key=lambda p: len(prepared.states[p]))
        batches += [near[i : i + size] for i in range(0, len(near) - size + 1, size)]
    draws.shuffle(batches)
    yield from batches


def batch_loss(
    network: TaggerNetwork, prepared: Prepared, places: list[int], settings: TaggerSettings
) -> Tensor:
    """Minus the log of the probability on right classes, and how far meanings moved."""
    states = nn.utils.rnn.pad_sequence([prepared.states[p] for p in places], batch_first=True)
    used = torch.tensor([len(prepared.states[place]) for place in places])
    mask = (torch.arange(states.shape[1]) < used[:, None]).long()
    upper = network.layers(states.float(), mask, settings.frozen_layers)
    logits, meanings = network.heads(upper, mask)
    right = logits.log_softmax(1).masked_fill(~prepared.accepted[places], -math.inf)
    moved = 1 - (meanings * prepared.meanings[places]).sum(1)
    return -right.logsumexp(1).mean() + settings.meaning_weight * moved.mean()
