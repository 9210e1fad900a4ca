"""Items into training, validation and test, each category in the same shares, one held out."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from hashlib import sha256

from occu_core.occuquest.items import Item

SHARES = (0.90, 0.05)
"""Of each category for training and for validation; the rest is for the test."""


class Part(StrEnum):
    """What items are for."""

    TRAIN = "train"
    VALIDATION = "validation"
    TEST = "test"
    HELD_OUT = "held_out"


def split(items: Sequence[Item], hold_out: str | None, seed: int) -> dict[Part, list[Item]]:
    """Each part's items, in the order given.

    Within a category, and apart for dialogues, items are ranked by a digest of the seed and what
    they say, and the ranks are cut at the shares: the same items split alike in any order.
    """
    strata: dict[tuple[str | None, bool], list[Item]] = {}
    for item in items:
        strata.setdefault((item.category, item.is_dialogue), []).append(item)
    part_of: dict[str, Part] = {}
    for (category, _), members in strata.items():
        ranked = sorted({item.item_id for item in members}, key=lambda one: _rank(one, seed))
        for rank, item_id in enumerate(ranked):
            held = hold_out is not None and category == hold_out
            part_of[item_id] = Part.HELD_OUT if held else _part((rank + 0.5) / len(ranked))
    parts: dict[Part, list[Item]] = {part: [] for part in Part}
    for item in items:
        parts[part_of[item.item_id]].append(item)
    return parts


def _part(quantile: float) -> Part:
    train, validation = SHARES
    if quantile < train:
        return Part.TRAIN
    return Part.VALIDATION if quantile < train + validation else Part.TEST


def _rank(item_id: str, seed: int) -> str:
    return sha256(f"{seed} {item_id}".encode()).hexdigest()
