"""What a language model loses on titles: scores where answers stand, and nowhere else."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import LlamaForCausalLM

from train.resume_batches import IGNORED, Batch


def answer_scores(
    model: LlamaForCausalLM, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits, labels and tree nodes of the answer tokens alone.

    Shapes (answer tokens, vocabulary), (answer tokens,), (answer tokens,).
    """
    states = model.model(batch.tokens, use_cache=False).last_hidden_state
    asked = batch.labels != IGNORED
    return model.lm_head(states[asked]), batch.labels[asked], batch.nodes[asked]


def off_title_nats(scores: torch.Tensor, allowed: torch.Tensor) -> torch.Tensor:
    """Minus the log of the probability on tokens with which some title goes on; shape (tokens,)."""
    return scores.logsumexp(-1) - scores.masked_fill(~allowed, -torch.inf).logsumexp(-1)


@torch.inference_mode()
def title_perplexity(model: LlamaForCausalLM, data: list[Batch]) -> float:
    """Raw perplexity by title: a title counts once, however many tokens it has."""
    model.eval()
    nats = 0.0
    for batch in data:
        scores, labels, _ = answer_scores(model, batch)
        nats += nn.functional.cross_entropy(scores, labels, reduction="sum").item()
    return math.exp(nats / sum(batch.titles for batch in data))
