"""The smallest part of a history that makes one state the likeliest, found greedily.

Greedy rationalization (Vafa, Deng, Blei, Rush 2021; used for careers by Vafa et al., CAREER):
from no record at all, add the record that raises P(target) most until the target comes first.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from occu_core.careers import JobRecord, Query
from occu_core.distributions import OccupationDistribution
from occu_core.explain.parts_of_history import Part, part_of, raw_probabilities
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.occupations import Occupation

MOST_RECORDS = 16
"""Records that are added before the search gives up."""


@dataclass(frozen=True, slots=True)
class Step:
    """What the model says after a record was added; None before the first.

    Attributes:
        record: the one added.
        probability: of the target, normalised.
        likeliest: the state that comes first now, with its probability.
    """

    record: JobRecord | None
    probability: float
    likeliest: Occupation
    likeliest_probability: float


@dataclass(frozen=True)
class Rationale:
    """A part of a history, in the order in which its records were added.

    Attributes:
        card: of the model that was asked.
        query: the whole past, and the year and education asked about.
        target: what the part should make likeliest.
        steps: from no record on; up to the highest probability if the target never came first.
        found: whether the target comes first after the last step.
        tried: how many records had been added when the search ended.
    """

    card: ModelCard
    query: Query
    target: Occupation
    steps: tuple[Step, ...]
    found: bool
    tried: int

    @property
    def records(self) -> tuple[JobRecord, ...]:
        """The part, in the order of addition."""
        return tuple(step.record for step in self.steps if step.record is not None)

    @property
    def exhausted(self) -> bool:
        """Whether every record had been added when the search ended."""
        return self.tried == len(self.query.past.records)


def rationale(
    model: OccupationModel,
    query: Query,
    target: Occupation,
    *,
    most: int = MOST_RECORDS,
    on_progress: Callable[[int, int], None] | None = None,
) -> Rationale:
    """Search greedily; of records that raise P(target) equally, the latest is added.

    Args:
        model: best one that learned from parts of histories, see `train.train_for_rationales`.
        query: the whole past and what is asked.
        target: the state to explain.
        most: records to add before giving up.
        on_progress: told how many records were added, of at most how many; may raise to cancel.

    Raises:
        UnknownOccupationError: if the target or a record is outside the model's taxonomy.
    """
    part: Part = ()
    steps = [_step(model.predict(part_of(query, part)), None, target)]
    limit = min(most, len(query.past.records))
    while steps[-1].likeliest != target and len(part) < limit:
        if on_progress:
            on_progress(len(part), limit)
        added = _best_addition(model, query, part, target)
        part = (*part, added)
        answer = model.predict(part_of(query, part))
        steps.append(_step(answer, query.past.records[added], target))
    found = steps[-1].likeliest == target
    best = max(range(len(steps)), key=lambda k: steps[k].probability)
    kept = steps if found else steps[: best + 1]
    return Rationale(model.card, query, target, tuple(kept), found, len(part))


def _best_addition(model: OccupationModel, query: Query, part: Part, target: Occupation) -> int:
    """The place of the record that raises P(target) most."""
    left = [place for place in range(len(query.past.records)) if place not in part][::-1]
    scores = raw_probabilities(model, query, [(*part, place) for place in left], target)
    return left[int(np.argmax(scores))]


def _step(answer: OccupationDistribution, record: JobRecord | None, target: Occupation) -> Step:
    likeliest, probability = answer.top(1)[0]
    return Step(record, answer.prob(target.code), likeliest, probability)
