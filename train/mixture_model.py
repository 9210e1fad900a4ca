"""A small Llama from scratch that learns from a mixture, and one that finds robust shares."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from train.llama import LlamaShape, build_llama
from train.mixture_text import Corpus, HeldOut
from train.mixtures import Floats, RobustShares, excess_loss, places

_EVALUATED_ROWS = 32


@dataclass(frozen=True, slots=True)
class SmallModel:
    """Shape and schedule, the same for every mixture."""

    layers: int = 2
    width: int = 128
    heads: int = 4
    feed_forward: int = 256
    steps: int = 450
    batch_rows: int = 10
    learning_rate: float = 5e-3
    weight_decay: float = 0.1

    def build(self, vocabulary: int, seed: int) -> LlamaForCausalLM:
        """Random weights that the seed decides."""
        torch.manual_seed(seed)
        shape = LlamaShape(self.layers, self.width, self.heads, self.feed_forward, 0.0)
        return build_llama(shape, vocabulary, 0, Path())


@dataclass(frozen=True, slots=True)
class Found:
    """What a proxy found: the shares of every step, and their mean, the mixture."""

    shares: Floats  # (groups,)
    path: Floats  # (steps, groups)


def learn(corpus: Corpus, shares: Floats, settings: SmallModel, seed: int) -> LlamaForCausalLM:
    """A model that saw each group in its share; as many tokens whatever the shares."""
    model = settings.build(corpus.vocabulary, seed)
    draws = np.random.default_rng(seed)
    rows = [_rows_of(own, draws) for own in corpus.rows]
    optimiser = _Optimiser(model, settings)
    for _ in range(settings.steps):
        counts = places(shares, settings.batch_rows, draws.random())
        batch = [next(rows[g]) for g, count in enumerate(counts) for _ in range(count)]
        optimiser.step(token_losses(model, torch.stack(batch)).mean())
    return model.eval()


def find_shares(
    corpus: Corpus,
    reference: LlamaForCausalLM | None,
    settings: SmallModel,
    step_size: float,
    seed: int,
) -> Found:
    """Robust shares from a proxy that learns beside the reference (DoReMi, algorithm 1).

    Every batch has as many rows of each group; the shares weigh the groups' losses. Without a
    reference the loss itself counts, which is group DRO (Sagawa et al. 2020).
    """
    groups = len(corpus.names)
    each = max(1, settings.batch_rows // groups)
    model = settings.build(corpus.vocabulary, seed)
    draws = np.random.default_rng(seed)
    rows = [_rows_of(own, draws) for own in corpus.rows]
    robust = RobustShares(groups, step_size)
    optimiser = _Optimiser(model, settings)
    path = []
    for _ in range(settings.steps):
        batch = torch.stack([next(own) for own in rows for _ in range(each)])
        losses = token_losses(model, batch).view(groups, -1)
        shares = robust.update(_excess(losses, reference, batch))
        path.append(shares)
        weights = torch.tensor(shares, dtype=losses.dtype)
        optimiser.step((weights * losses.mean(dim=1)).sum())
    return Found(robust.mean, np.stack(path))


def token_losses(model: LlamaForCausalLM, tokens: Tensor) -> Tensor:
    """Nats of each token after the first; (rows, tokens) to (rows, tokens − 1)."""
    logits = model(input_ids=tokens[:, :-1], use_cache=False).logits
    nats = nn.functional.cross_entropy(
        logits.flatten(0, 1), tokens[:, 1:].flatten(), reduction="none"
    )
    return nats.view(len(tokens), -1)


@torch.no_grad()
def item_losses(model: LlamaForCausalLM, held: HeldOut) -> tuple[Floats, Floats]:
    """Total nats and tokens predicted of each item; two arrays of shape (items,)."""
    nats, tokens = np.zeros(held.count), np.zeros(held.count)
    order = torch.argsort(held.lengths)
    for part in torch.split(order, _EVALUATED_ROWS):
        lengths, items = held.lengths[part], held.items[part].numpy()
        window = held.tokens[part, : int(lengths.max())]
        inside = torch.arange(1, window.shape[1]) < lengths[:, None]
        losses = (token_losses(model, window) * inside).sum(dim=1)
        np.add.at(nats, items, losses.double().numpy())
        np.add.at(tokens, items, (lengths - 1).double().numpy())
    return nats, tokens


def _excess(losses: Tensor, reference: LlamaForCausalLM | None, batch: Tensor) -> list[float]:
    """The excess loss of each group; `losses` has shape (groups, tokens)."""
    own = losses.detach().double().numpy()
    if reference is None:
        return [float(nats.mean()) for nats in own]
    with torch.no_grad():
        others = token_losses(reference, batch).view(losses.shape).double().numpy()
    return [excess_loss(a, b) for a, b in zip(own, others, strict=True)]


def _rows_of(rows: Tensor, draws: np.random.Generator) -> Iterator[Tensor]:
    """Rows without end, shuffled anew in every pass."""
    while True:
        for row in draws.permutation(len(rows)):
            yield rows[row]


class _Optimiser:
    """AdamW with a warm-up of a twentieth and a cosine to nearly nothing."""

    def __init__(self, model: LlamaForCausalLM, settings: SmallModel) -> None:
        matrices = [p for p in model.parameters() if p.ndim > 1]
        others = [p for p in model.parameters() if p.ndim <= 1]
        self._adam = torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": settings.weight_decay},
                {"params": others, "weight_decay": 0.0},
            ],
            lr=settings.learning_rate,
            betas=(0.9, 0.98),
        )
        self._parameters = [*matrices, *others]
        warm = max(1, settings.steps // 20)
        self._schedule = torch.optim.lr_scheduler.LambdaLR(
            self._adam, lambda step: _share_of_peak(step, warm, settings.steps)
        )

    def step(self, loss: Tensor) -> None:
        self._adam.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._adam.step()
        self._schedule.step()


def _share_of_peak(step: int, warm: int, steps: int) -> float:
    if step < warm:
        return (step + 1) / warm
    return 0.02 + 0.98 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2
