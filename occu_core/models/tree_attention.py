"""Attention for trees behind a shared context: the context is attended to once for all rows.

Each node's attention has two parts: to the context, which all nodes share, and to the nodes above
it. They are computed apart and merged by their log-sum-exps, which is exact (the rule by which
flash attention joins its blocks), so the context's keys and values are never copied for each row.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "tree"
KeyValues = tuple[tuple[torch.Tensor, torch.Tensor], ...]


@dataclass(frozen=True, slots=True)
class TreeContext:
    """What rows of a tree see beside themselves: the beginnings of one text.

    Attributes:
        layers: keys and values of each layer over the text, shape (1, heads, tokens, width).
        spans: the rows in runs, first and past the last, with how much of the text they see.
    """

    layers: KeyValues
    spans: tuple[tuple[int, int, int], ...]

    @classmethod
    def behind(cls, layers: KeyValues, lengths: Sequence[int]) -> TreeContext:
        """The context of rows that each see a `length` of the text."""
        spans, start = [], 0
        for length, run in groupby(lengths):
            stop = start + sum(1 for _ in run)
            spans.append((start, stop, length))
            start = stop
        return cls(layers, tuple(spans))


def tree_attention(  # noqa: PLR0913 - the signature that transformers calls
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    tree_context: TreeContext | None = None,
    **rest: object,
) -> tuple[torch.Tensor, None]:
    """Ordinary attention, unless rows of a tree hang behind a context.

    Args:
        module: the attention layer, which knows its `layer_idx`.
        query: shape (rows, heads, nodes, width); key and value alike, perhaps with fewer heads.
        key: see `query`.
        value: see `query`.
        attention_mask: additive, shape (rows, 1, nodes, nodes).
        scaling: what scores are multiplied by.
        tree_context: what the rows see beside themselves, or none.
        rest: passed on to ordinary attention.

    Returns:
        Shape (rows, nodes, heads, width), and no weights.
    """
    if tree_context is None:
        attended: torch.Tensor = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **rest
        )[0]
        return attended, None
    layer = tree_context.layers[int(module.layer_idx)]  # type: ignore[arg-type]
    groups = query.shape[1] // key.shape[1]
    if groups > 1:
        parts = (key, value, *layer)
        key, value, *layer = (part.repeat_interleave(groups, 1) for part in parts)  # type: ignore[assignment]
    merged, tree_mass = _attend(query, key, value, attention_mask, scaling)
    for start, stop, length in tree_context.spans:
        before = [part[:, :, :length] for part in layer]
        rows = _as_one(query[start:stop])
        to_context, context_mass = _attend(rows, before[0], before[1], None, scaling)
        shape = stop - start, query.shape[2], query.shape[1]
        mass = context_mass.transpose(1, 2).reshape(shape) - tree_mass[start:stop].transpose(1, 2)
        share = torch.sigmoid(mass)[..., None].to(query.dtype)
        here = merged[start:stop].transpose(1, 2)
        here.lerp_(to_context.transpose(1, 2).reshape(*shape, query.shape[3]), share)
    return merged.transpose(1, 2).contiguous(), None


def _as_one(query: torch.Tensor) -> torch.Tensor:
    """All rows behind each other; shape (1, heads, rows × nodes, width)."""
    rows, heads, nodes, width = query.shape
    return query.transpose(0, 1).reshape(1, heads, rows * nodes, width)


def _attend(
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    mask: torch.Tensor | None,
    scaling: float | None,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention and the log-sum-exp of its scores; shapes like `query`, and without its width."""
    if query.device.type == "cpu":
        attended, mass = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, key, value, attn_mask=mask, scale=scaling
        )
        return attended, mass
    scores = query @ key.transpose(-1, -2) * (scaling or query.shape[-1] ** -0.5)
    scores = (scores if mask is None else scores + mask).float()
    return scores.softmax(-1).to(value.dtype) @ value, scores.logsumexp(-1)


AttentionInterface.register(NAME, tree_attention)
AttentionMaskInterface.register(NAME, sdpa_mask)
