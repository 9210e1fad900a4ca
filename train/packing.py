"""Resumes side by side in one row, none of which can see another (sequence packing).

Each resume's positions begin at zero; transformers reads from that where one ends and the next
begins, and builds the block-diagonal mask (or, for flash attention, the sequence lengths) itself.
An architecture that does not is found out by `can_pack`, and gets one resume a row.
"""

from __future__ import annotations

import inspect
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import nn
from transformers import PreTrainedModel

from occu_core.models.tokens import ResumeTokens
from train.resume_batches import IGNORED

_OPEN_PACKS = 32
_PROBE_LENGTHS = (7, 4, 9)
_TOLERANCE = 1e-3
_ROUGH_TOLERANCE = 0.1


@dataclass(frozen=True, slots=True)
class Pack:
    """Some resumes in tokens.

    Attributes:
        tokens: shape (1, tokens) when packed, else (resumes, tokens), padded on the right.
        positions: of each token in its resume, same shape; None when not packed.
        labels: the token that follows, where the loss counts it; elsewhere ignored; same shape.
        titles: how many titles are among the labels.
    """

    tokens: torch.Tensor
    positions: torch.Tensor | None
    labels: torch.Tensor
    titles: int

    @property
    def labelled(self) -> int:
        """How many tokens the loss counts."""
        return int((self.labels != IGNORED).sum())

    def to(self, device: torch.device) -> Pack:
        """The same on another device."""
        positions = None if self.positions is None else self.positions.to(device)
        return Pack(self.tokens.to(device), positions, self.labels.to(device), self.titles)


def packs(
    resumes: Sequence[ResumeTokens], most_tokens: int, *, on_all: bool, packed: bool
) -> list[Pack]:
    """Resumes in packs of at most `most_tokens`, or one longer resume alone; in the given order.

    Args:
        resumes: to read.
        most_tokens: of a pack, padding included.
        on_all: label every token rather than those of titles.
        packed: side by side in one row; otherwise below each other.
    """
    groups = _filled(resumes, most_tokens) if packed else _padded(resumes, most_tokens)
    make = _row if packed else _rows
    return [make(group, on_all=on_all) for group in groups]


def in_steps(items: list[Pack], packs_a_step: int, rng: random.Random) -> list[list[Pack]]:
    """Shuffled packs, some to a step."""
    shuffled = rng.sample(items, len(items))
    return [shuffled[k : k + packs_a_step] for k in range(0, len(shuffled), packs_a_step)]


def label_nats(model: nn.Module, pack: Pack) -> torch.Tensor:
    """Minus the log-probability of all labels, summed; nats.

    The vocabulary is scored only where there is a label, if the architecture can.
    """
    asked = pack.labels != IGNORED
    positions = {} if pack.positions is None else {"position_ids": pack.positions}
    keep = {}
    if len(pack.tokens) == 1 and _keeps_logits(model):
        keep = {"logits_to_keep": asked[0].nonzero()[:, 0]}
    logits = model(input_ids=pack.tokens, use_cache=False, **positions, **keep).logits
    scores = logits[0] if keep else logits[asked]
    return nn.functional.cross_entropy(scores.float(), pack.labels[asked], reduction="sum")


@torch.no_grad()
def can_pack(model: PreTrainedModel) -> bool:
    """Whether resumes in one row get the very scores that they get alone."""
    model.eval()
    rng = random.Random(1)
    most = min(model.config.get_text_config().vocab_size, 1000) - 1
    probes = [
        ResumeTokens(tuple(rng.randint(1, most) for _ in range(length)), ())
        for length in _PROBE_LENGTHS
    ]
    row = _row(probes, on_all=True).to(model.device)
    try:
        together = model(input_ids=row.tokens, position_ids=row.positions, use_cache=False).logits[
            0
        ]
    except (RuntimeError, TypeError, ValueError, IndexError):
        return False
    alone = torch.cat(
        [
            model(input_ids=torch.tensor([probe.tokens], device=model.device)).logits[0]
            for probe in probes
        ]
    )
    exact = model.dtype == torch.float32 and not getattr(model, "is_quantized", False)
    most_apart = (_TOLERANCE if exact else _ROUGH_TOLERANCE) * float(alone.float().std())
    return bool((together - alone).abs().max() < most_apart)


def _filled(resumes: Sequence[ResumeTokens], most_tokens: int) -> list[list[ResumeTokens]]:
    """First fit among the last few packs that are not full."""
    groups: list[list[ResumeTokens]] = []
    room: list[int] = []
    for resume in resumes:
        length = len(resume.tokens)
        open_ones = range(max(0, len(groups) - _OPEN_PACKS), len(groups))
        place = next((k for k in open_ones if room[k] >= length), None)
        if place is None:
            place = len(groups)
            groups.append([])
            room.append(most_tokens)
        groups[place].append(resume)
        room[place] -= length
    return groups


def _padded(resumes: Sequence[ResumeTokens], most_tokens: int) -> list[list[ResumeTokens]]:
    """Resumes of like length together."""
    groups: list[list[ResumeTokens]] = []
    for resume in sorted(resumes, key=lambda resume: len(resume.tokens)):
        if not groups or (len(groups[-1]) + 1) * len(resume.tokens) > most_tokens:
            groups.append([])
        groups[-1].append(resume)
    return groups


def _row(resumes: Sequence[ResumeTokens], *, on_all: bool) -> Pack:
    tokens = torch.tensor([token for resume in resumes for token in resume.tokens])
    positions = torch.cat([torch.arange(len(resume.tokens)) for resume in resumes])
    labels = torch.cat([_labels(resume, on_all=on_all) for resume in resumes])
    return Pack(tokens[None], positions[None], labels[None], _titles(resumes))


def _rows(resumes: Sequence[ResumeTokens], *, on_all: bool) -> Pack:
    """Padding stands after all that a resume's tokens can see, so no mask is needed."""
    sequences = [torch.tensor(resume.tokens) for resume in resumes]
    tokens = nn.utils.rnn.pad_sequence(sequences, batch_first=True)
    labels = nn.utils.rnn.pad_sequence(
        [_labels(resume, on_all=on_all) for resume in resumes],
        batch_first=True,
        padding_value=IGNORED,
    )
    return Pack(tokens, None, labels, _titles(resumes))


def _labels(resume: ResumeTokens, *, on_all: bool) -> torch.Tensor:
    """The next token where it counts; a resume's last token has none."""
    labels = torch.full((len(resume.tokens),), IGNORED)
    following = torch.tensor(resume.tokens[1:], dtype=torch.long)
    for start, end in ((1, len(resume.tokens)),) if on_all else resume.answers:
        labels[start - 1 : end - 1] = following[start - 1 : end - 1]
    return labels


def _titles(resumes: Sequence[ResumeTokens]) -> int:
    return sum(len(resume.answers) for resume in resumes)


def _keeps_logits(model: nn.Module) -> bool:
    unwrap: Callable[[], nn.Module] = getattr(model, "get_base_model", lambda: model)
    return "logits_to_keep" in inspect.signature(unwrap().forward).parameters
