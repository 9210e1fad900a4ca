"""What a language model loses on titles: scores where answers stand, and nowhere else."""

from __future__ import annotations

import math

import torch
from torch import nn
from transformers import LlamaForCausalLM

from occu_core.titles import TitleTrie
from train.distillation import TreeTargets
from train.lessons import Lesson
from train.resume_batches import IGNORED, Batch
from train.teachers import together


def answer_scores(
    model: LlamaForCausalLM, batch: Batch
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """Logits, labels, tree nodes and titles of the answer tokens alone.

    Shapes (answer tokens, vocabulary), then (answer tokens,) each.
    """
    states = model.model(batch.tokens, use_cache=False).last_hidden_state
    asked = batch.labels != IGNORED
    scores = model.lm_head(states[asked])
    return scores, batch.labels[asked], batch.nodes[asked], batch.answers[asked]


class TitleLoss:
    """What is learned from a lesson: titles that happened, and what teachers expected.

    `teacher_weight` is how much the teachers count, unless a career says otherwise.
    """

    def __init__(
        self,
        model: LlamaForCausalLM,
        trie: TitleTrie,
        teacher_weight: float,
        *,
        fast: bool,
    ) -> None:
        self.model = model
        self.teacher_weight = teacher_weight
        self.fast = fast
        self.tree = TreeTargets.of(trie)

    def nats(self, lesson: Lesson) -> torch.Tensor:
        """The loss of all its titles together; shape ()."""
        with torch.autocast("cpu", torch.bfloat16, enabled=self.fast):
            scores, labels, nodes, answers = answer_scores(self.model, lesson.batch)
        scores = scores.float()
        nats = nn.functional.cross_entropy(scores, labels, reduction="none")
        if lesson.members[0].probabilities is not None:
            expected, trust = together(lesson.members, self.teacher_weight)
            told = self.tree.nats(scores, nodes, expected[answers])
            nats = torch.lerp(nats, told, trust[answers])
        return nats.sum()


@torch.inference_mode()
def title_perplexity(model: LlamaForCausalLM, data: list[Batch]) -> float:
    """Raw perplexity by title: a title counts once, however many tokens it has."""
    model.eval()
    nats = 0.0
    for batch in data:
        scores, labels, _, _ = answer_scores(model, batch)
        nats += nn.functional.cross_entropy(scores, labels, reduction="sum").item()
    return math.exp(nats / sum(batch.titles for batch in data))
