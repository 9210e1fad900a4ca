"""Two cases or two models side by side: what changes, ranked, and what of it is only noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from occu_core.careers import Query
from occu_core.explain.case_changes import Difference, differences
from occu_core.explain.seed_spread import (
    Floats,
    ask_seeds,
    noise_between_models,
    noise_floor,
)
from occu_core.models.base import OccupationModel
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy
from occu_core.predictions import Prediction, predict

PARTS = {
    "same_job": "Same job",
    "different_job": "Different job",
    "not_working": "Not working",
    "student": "Student",
}
_ROUNDING = 1e-12  # what normalising may add to a probability that did not change


@dataclass(frozen=True)
class Answered:
    """One case: what a model answers to it, and what the seed models do, shape (seeds, states)."""

    prediction: Prediction
    seeds: Floats = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shift:
    """One outcome before and after; `noise` is the floor below which a change means nothing.

    All are probabilities; None where a case has no such outcome: no job to keep.
    `code` is None for one of the four parts.
    """

    code: str | None
    name: str
    before: float | None
    after: float | None
    noise: float | None

    @property
    def change(self) -> float | None:
        """After less before."""
        if self.before is None or self.after is None:
            return None
        return self.after - self.before

    @property
    def within_noise(self) -> bool | None:
        """Whether the change is no larger than its noise floor."""
        if self.change is None or self.noise is None:
            return None
        return abs(self.change) <= self.noise + _ROUNDING


@dataclass(frozen=True)
class WhatIf:
    """A comparison of two cases, of two models, or of both.

    Attributes:
        before: what is answered to the pinned case.
        after: what is answered to the other.
        differs: what differs between the cases; the models may differ too.
        parts: same job, different job, not working, student.
        shifts: every state, the largest change first; ties keep taxonomy order.
        total_variation: half the sum of all changes without their signs, 0–1: how much
            probability moves.
        seeds: how many seed models the floors come from.
        seed_total_variation: the lowest and highest among the seed models; None between models.
    """

    before: Prediction
    after: Prediction
    differs: tuple[Difference, ...]
    parts: tuple[Shift, ...]
    shifts: tuple[Shift, ...] = field(repr=False)
    total_variation: float
    seeds: int
    seed_total_variation: tuple[float, float] | None

    @property
    def same_model(self) -> bool:
        """Whether one model answers to both cases."""
        return self.before.card == self.after.card

    @property
    def beyond_noise(self) -> tuple[Shift, ...]:
        """The states whose change is larger than its noise floor, the largest first."""
        return tuple(shift for shift in self.shifts if shift.within_noise is False)

    def movers(self, count: int) -> tuple[Shift, ...]:
        """The occupations that change most, the largest rise first, the largest fall last.

        What one of the four parts tells already is left out.
        """
        told = told_by_parts(self.before.query, self.after.query)
        moved = [
            shift
            for shift in self.shifts
            if shift.code not in told and abs(shift.change or 0.0) > _ROUNDING
        ]
        return tuple(sorted(moved[:count], key=lambda shift: -(shift.change or 0.0)))


def answer(
    model: OccupationModel, seed_models: Sequence[OccupationModel], query: Query
) -> Answered:
    """Ask a model and the seed models one case."""
    return Answered(predict(model, query), ask_seeds(seed_models, query))


def compare(before: Answered, after: Answered) -> WhatIf:
    """Set one answered case against another.

    Raises:
        ValueError: if the models speak of different taxonomies.
    """
    first, second = before.prediction, after.prediction
    taxonomy = first.distribution.taxonomy
    if second.distribution.taxonomy != taxonomy:
        raise ValueError(
            f"taxonomies {taxonomy.name!r} and {second.distribution.taxonomy.name!r} differ;"
            " expected two models of one taxonomy"
        )
    same_model = first.card == second.card
    changes = second.distribution.probs - first.distribution.probs
    moved = np.abs(after.seeds - before.seeds).sum(axis=1) / 2
    return WhatIf(
        before=first,
        after=second,
        differs=differences(first.query, second.query),
        parts=_parts(before, after, same_model=same_model),
        shifts=_ranked(before, after, same_model=same_model),
        total_variation=float(np.abs(changes).sum() / 2),
        seeds=len(before.seeds),
        seed_total_variation=(float(moved.min()), float(moved.max())) if same_model else None,
    )


def told_by_parts(before: Query, after: Query) -> set[str]:
    """The codes whose probability is a part of its own: no job, and a last job that both share."""
    shared = [o.code for o in (before.previous,) if o and o.is_job and o == after.previous]
    return {NOT_WORKING, STUDENT, *shared}


def seed_parts(taxonomy: Taxonomy, seeds: Floats, previous: Occupation | None) -> Floats:
    """The four parts of each seed model's answer, shape (seeds, 4); NaN where there is none."""
    working = seeds[:, taxonomy.jobs].sum(axis=1)
    keeps = previous is not None and previous.is_job
    same = seeds[:, taxonomy.position(previous.code)] if previous and keeps else None
    others = [seeds[:, taxonomy.position(code)] for code in (NOT_WORKING, STUDENT)]
    nothing = np.full(len(seeds), np.nan)
    return np.stack(
        [nothing if same is None else same, working - (0.0 if same is None else same), *others], 1
    )


def floors(before: Floats, after: Floats, *, same_model: bool) -> Floats:
    """The noise floor of each outcome, from two of shape (seeds, outcomes) to (outcomes,)."""
    return noise_floor(after - before) if same_model else noise_between_models(before, after)


def _parts(before: Answered, after: Answered, *, same_model: bool) -> tuple[Shift, ...]:
    cases = before, after
    taxonomy = before.prediction.distribution.taxonomy
    spread = [seed_parts(taxonomy, c.seeds, c.prediction.query.previous) for c in cases]
    noise = floors(spread[0], spread[1], same_model=same_model)
    return tuple(
        Shift(
            None,
            name,
            getattr(before.prediction.parts, part),
            getattr(after.prediction.parts, part),
            None if np.isnan(floor) else float(floor),
        )
        for (part, name), floor in zip(PARTS.items(), noise, strict=True)
    )


def _ranked(before: Answered, after: Answered, *, same_model: bool) -> tuple[Shift, ...]:
    olds, news = (case.prediction.distribution.probs for case in (before, after))
    noise = floors(before.seeds, after.seeds, same_model=same_model)
    states = before.prediction.distribution.taxonomy.occupations
    return tuple(
        Shift(states[i].code, states[i].title, float(olds[i]), float(news[i]), float(noise[i]))
        for i in np.argsort(-np.abs(news - olds), kind="stable")
    )
