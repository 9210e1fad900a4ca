"""Careers as padded batches of states."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import nn

from occu_core.careers import CareerHistory
from occu_core.models.career import CareerEncoder, CareerInputs
from train.resume_batches import IGNORED


@dataclass(frozen=True, slots=True)
class Batch:
    """Right-padded careers; `outcomes` are their states, ignored in padding; (workers, records).

    `members` are the places of the workers among the careers that were batched.
    """

    inputs: CareerInputs
    outcomes: torch.Tensor
    members: tuple[int, ...]


def batches(
    encoder: CareerEncoder,
    careers: Sequence[CareerHistory],
    batch_records: int,
    rng: random.Random | None = None,
) -> list[Batch]:
    """Careers of like length together, at most `batch_records` a batch; shuffled with `rng`."""
    lengths = [len(c.records) + (rng.random() if rng else 0.0) for c in careers]
    groups: list[list[int]] = [[]]
    for i in sorted(range(len(careers)), key=lengths.__getitem__):
        if groups[-1] and len(careers[i].records) * (len(groups[-1]) + 1) > batch_records:
            groups.append([])
        groups[-1].append(i)
    if rng:
        rng.shuffle(groups)
    return [_pad(encoder, careers, tuple(group)) for group in groups]


def _pad(
    encoder: CareerEncoder, careers: Sequence[CareerHistory], members: tuple[int, ...]
) -> Batch:
    one_by_one = [encoder.inputs(careers[i]) for i in members]
    states = [torch.tensor(encoder.states(careers[i])) for i in members]
    pad = nn.utils.rnn.pad_sequence
    inputs = CareerInputs(
        previous=pad([one.previous[0] for one in one_by_one], batch_first=True),
        years=pad([one.years[0] for one in one_by_one], batch_first=True),
        education=pad([one.education[0] for one in one_by_one], batch_first=True),
        traits=torch.cat([one.traits for one in one_by_one]),
    )
    return Batch(inputs, pad(states, batch_first=True, padding_value=IGNORED), members)
