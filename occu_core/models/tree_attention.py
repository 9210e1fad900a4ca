"""Attention for trees behind a shared context: the context is attended to once for all rows.

Each node's attention has two parts: to the context, which all nodes share, and to the nodes above
it. They are computed apart and merged by their log-sum-exps, which is exact (the rule by which
flash attention joins its blocks), so the context's keys and values are never copied for each row.
"""

from __future__ import annotations

import torch
from torch import nn
from transformers import AttentionInterface, AttentionMaskInterface
from transformers.integrations.sdpa_attention import sdpa_attention_forward
from transformers.masking_utils import sdpa_mask

NAME = "tree"
KeyValues = tuple[tuple[torch.Tensor, torch.Tensor], ...]


def tree_attention(  # noqa: PLR0913 - the signature that transformers calls
    module: nn.Module,
    query: torch.Tensor,
    key: torch.Tensor,
    value: torch.Tensor,
    attention_mask: torch.Tensor | None,
    *,
    scaling: float | None = None,
    tree_context: KeyValues | None = None,
    **rest: object,
) -> tuple[torch.Tensor, None]:
    """Ordinary attention, unless `tree_context` holds each layer's keys and values of a context.

    Args:
        module: the attention layer, which knows its `layer_idx`.
        query: shape (rows, heads, nodes, width); key and value alike, perhaps with fewer heads.
        key: see `query`.
        value: see `query`.
        attention_mask: additive, shape (rows, 1, nodes, nodes).
        scaling: what scores are multiplied by.
        tree_context: keys and values of each layer, shape (1, heads, tokens, width).
        rest: passed on to ordinary attention.

    Returns:
        Shape (rows, nodes, heads, width), and no weights.
    """
    if tree_context is None:
        attended: torch.Tensor = sdpa_attention_forward(
            module, query, key, value, attention_mask, scaling=scaling, **rest
        )[0]
        return attended, None
    groups = query.shape[1] // key.shape[1]
    parts = (key, value, *tree_context[int(module.layer_idx)])  # type: ignore[arg-type]
    key, value, key_before, value_before = (part.repeat_interleave(groups, 1) for part in parts)
    rows, heads, nodes, width = query.shape
    together = query.transpose(0, 1).reshape(1, heads, rows * nodes, width)
    to_context, context_mass = _attend(together, key_before, value_before, None, scaling)
    to_tree, tree_mass = _attend(query, key, value, attention_mask, scaling)
    to_context = to_context.view(heads, rows, nodes, width).transpose(0, 1)
    context_mass = context_mass.view(heads, rows, nodes).transpose(0, 1)
    share = torch.sigmoid(context_mass - tree_mass)[..., None].to(query.dtype)
    return torch.lerp(to_tree, to_context, share).transpose(1, 2).contiguous(), None


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
