"""Shares of categories as readers would find them, from everybody's tags and few readers' labels.

Prediction-powered inference for a mean (Angelopoulos, Bates, Fannjiang, Jordan and Zrnic,
"Prediction-powered inference", Science 382, 2023): with tags f of N prompts, and both tags f and
labels Y of n others, a category's share is the mean of f minus the mean of f − Y, with variance
var(f) / N + var(f − Y) / n. The labels may be few: what they correct is only the tagger's error.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from occu_core.occuquest.balance import Estimate

_NORMAL_975 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Reading:
    """A prompt that was read: its tag, and the category that each reader gave it; None is none."""

    tag: str | None
    labels: tuple[str | None, ...]

    def __post_init__(self) -> None:
        if not self.labels:
            raise ValueError("a prompt that was read has no label; expected one of each reader")


@dataclass(frozen=True, slots=True)
class Correction:
    """Corrected shares of all prompts, each with a 95% interval, and how many prompts were read."""

    read: int
    categories: Mapping[str, Estimate]
    no_occupation: Estimate


def correct(
    tags: Mapping[str | None, int], read: Sequence[Reading], categories: Iterable[str]
) -> Correction:
    """Correct the shares of `categories`, and of no occupation, for the tagger's errors.

    Several readers' labels are averaged: the share is what a reader drawn at random would find.
    For the variance, two differences are made up, one of +1 and one of −1: an interval must not
    close because none of few labels showed a rare error (after Agresti and Caffo 2000).

    Args:
        tags: how many prompts have each tag, those that were read left out; None is no occupation.
        read: the prompts that were read, a random draw from the same source.
        categories: the names, whether tagged or not.

    Raises:
        ValueError: if fewer than two prompts were read.
    """
    if len(read) < 2:
        raise ValueError(f"{len(read)} prompts were read; expected at least two to correct by")
    unread = sum(tags.values())

    def share(kind: str | None) -> Estimate:
        truths = np.array([r.labels.count(kind) / len(r.labels) for r in read])
        tagged = np.array([float(r.tag == kind) for r in read])
        if not unread:
            return _estimate(truths.mean(), _variance_of_mean(truths))
        of_tags = tags.get(kind, 0) / unread
        errors = tagged - truths
        variance = of_tags * (1 - of_tags) / unread + _variance_of_mean(errors)
        return _estimate(of_tags - errors.mean(), variance)

    return Correction(len(read), {name: share(name) for name in categories}, share(None))


def tags_of_others(tags: Mapping[str | None, int], read: Sequence[Reading]) -> Counter[str | None]:
    """The tags of all prompts less those of the ones that were read."""
    others = Counter(tags)
    others.subtract(r.tag for r in read)
    if wrong := [str(kind) for kind, count in others.items() if count < 0]:
        raise ValueError(f"more prompts with tag {wrong[0]!r} were read than there are")
    return others


def _variance_of_mean(differences: np.ndarray) -> float:
    made_up = np.append(differences, (1.0, -1.0))
    return float(made_up.var(ddof=1) / len(made_up))


def _estimate(value: float, variance: float) -> Estimate:
    """A normal interval, kept where shares can be."""
    half = _NORMAL_975 * variance**0.5
    low, middle, high = np.clip((value - half, value, value + half), 0.0, 1.0)
    return Estimate(float(middle), float(low), float(high))
