"""Train, valid and test by blocks of neighbouring ids, so that brothers and sisters stay together.

Surveys number the people of a household one after the other. Each block is drawn by itself, so it
keeps its split when an extract grows.
"""

from __future__ import annotations

import random
from dataclasses import replace

from occu_core.careers import CareerHistory
from occu_core.data.career_table import CareerTable, Split


def split_by_blocks(
    table: CareerTable, *, block: int, seed: int, train: float = 0.7, valid: float = 0.1
) -> CareerTable:
    """Give every worker without a split the one drawn for the block that the id falls in.

    Args:
        table: workers with a split keep it.
        block: how many neighbouring ids stay together.
        seed: of the draws.
        train: expected share of blocks in train.
        valid: expected share of blocks in valid; the rest is test.

    Raises:
        ValueError: if the shares are none, or a worker to be split has no number for an id.
    """
    if not (0 <= train <= 1 and 0 <= valid <= 1 - train):
        raise ValueError(f"shares {train} of train and {valid} of valid; expected at most 1 in all")
    splits = []
    for career, own in zip(table.careers, table.splits, strict=True):
        if own is None:
            draw = random.Random(f"{seed} {career.dataset} {_number(career) // block}").random()
            rest = Split.VALID if draw < train + valid else Split.TEST
            own = Split.TRAIN if draw < train else rest
        splits.append(own)
    return replace(table, splits=tuple(splits))


def _number(career: CareerHistory) -> int:
    if not (career.worker_id.isascii() and career.worker_id.isdigit()):
        raise ValueError(
            f"worker {career.worker_id!r} has no split and no number to draw one by;"
            " expected a split column, or whole numbers as ids"
        )
    return int(career.worker_id)
