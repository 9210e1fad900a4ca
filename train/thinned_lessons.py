"""Careers with records left out, beside the whole ones that a teacher reads."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import torch
from torch import nn
from transformers import LlamaForCausalLM

from occu_core.careers import CareerHistory
from occu_core.models.tokens import ResumeTokenizer, ResumeTokens
from train.lessons import title_tree
from train.resume_batches import Batch, batches, read
from train.title_losses import answer_scores

_NO_LIMIT = 1_000_000_000  # tokens


@dataclass(frozen=True, slots=True)
class ThinnedLesson:
    """A batch of careers as the learner sees them, and as the teacher does.

    Attributes:
        part: what the learner reads; covariates may be hidden and records left out.
        whole: everything that was recorded, shape (workers, tokens).
        rows: whose resume of `whole` tells each answer token of `part`, in its order, (steps,).
        places: where in it: the token before, shape (steps,).
    """

    part: Batch
    whole: torch.Tensor
    rows: torch.Tensor
    places: torch.Tensor


def lessons(
    reader: ResumeTokenizer,
    careers: Sequence[CareerHistory],
    known: Callable[[CareerHistory], CareerHistory],
    thinned_share: float,
    batch_tokens: int,
    rng: random.Random,
) -> list[ThinnedLesson]:
    """An epoch's lessons in random order; `known` hides what the learner is not told."""
    whole = [read(reader, career) for career in careers]
    return [
        _lesson(reader, careers, whole, batch, known, rng if rng.random() < thinned_share else None)
        for batch in batches(whole, title_tree(reader), batch_tokens, rng)
    ]


def nats(
    model: LlamaForCausalLM, teacher: LlamaForCausalLM, lesson: ThinnedLesson, weight: float
) -> torch.Tensor:
    """What is lost on what happened and, by `weight`, on what the teacher expected; shape ()."""
    scores, labels, _, _ = answer_scores(model, lesson.part)
    with torch.no_grad():
        states = teacher.model(lesson.whole, use_cache=False).last_hidden_state
        expected = teacher.lm_head(states[lesson.rows, lesson.places]).softmax(-1)
    log_probs = scores.log_softmax(-1)
    happened = nn.functional.nll_loss(log_probs, labels, reduction="sum")
    return torch.lerp(happened, -(expected * log_probs).sum(), weight)


def thin(career: CareerHistory, rng: random.Random) -> CareerHistory:
    """A career of which only some records are known, at least one; any number is as likely."""
    share = rng.random()
    kept = [record for record in career.records if rng.random() < share]
    return replace(career, records=tuple(kept or [rng.choice(career.records)]))


def _lesson(
    reader: ResumeTokenizer,
    careers: Sequence[CareerHistory],
    whole: Sequence[ResumeTokens],
    batch: Batch,
    known: Callable[[CareerHistory], CareerHistory],
    rng: random.Random | None,
) -> ThinnedLesson:
    """One batch, thinned if there is an `rng`."""
    parts = [known(careers[i]) for i in batch.members]
    parts = [thin(career, rng) for career in parts] if rng else parts
    part = batches([read(reader, career) for career in parts], title_tree(reader), _NO_LIMIT)[0]
    steps = [
        (row, place)
        for row in part.members
        for place in _told_by(careers[batch.members[row]], parts[row], whole[batch.members[row]])
    ]
    rows, places = torch.tensor(steps).unbind(1)
    return ThinnedLesson(part, batch.tokens, rows, places)


def _told_by(career: CareerHistory, part: CareerHistory, whole: ResumeTokens) -> list[int]:
    """The tokens of the whole resume whose scores tell the answers that the part has too."""
    kept = {record.year for record in part.records}
    return [
        place - 1
        for record, (start, end) in zip(career.records, whole.answers, strict=True)
        if record.year in kept
        for place in range(start, end)
    ]
