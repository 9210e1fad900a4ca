"""Two years ahead: asked directly, against one year at a time on the same education path."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.reports import Interval
from occu_core.evaluation.scores import block_of
from occu_core.models.base import OccupationModel

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TwoYears:
    """A career known up to two years before `second`, and the true records of both years."""

    past: CareerHistory
    first: JobRecord
    second: JobRecord


@dataclass(frozen=True, slots=True)
class HorizonAgreement:
    """How alike the direct and the composed distribution are, with intervals over blocks.

    Attributes:
        transitions: how many.
        correlation: Pearson, over the probabilities of every state at every transition.
        correlation_outcome: Pearson, over the probability of what happened at each transition;
            None where it does not vary.
        total_variation: mean of half the summed absolute differences; 0 is equal, 1 is disjoint.
        perplexity_direct: of what happened; `perplexity_composed` likewise.
    """

    transitions: int
    correlation: Interval | None
    correlation_outcome: Interval | None
    total_variation: Interval
    perplexity_direct: Interval
    perplexity_composed: Interval


def two_year_transitions(careers: Sequence[CareerHistory]) -> list[TwoYears]:
    """Every run of three records in consecutive years, with all earlier history."""
    return [
        TwoYears(replace(career, records=career.records[: k - 1]), *career.records[k - 1 : k + 1])
        for career in careers
        for k in range(2, len(career.records))
        if career.records[k].year - career.records[k - 2].year == 2
    ]


def drawn(transitions: Sequence[TwoYears], count: int, seed: int) -> list[TwoYears]:
    """So many of them at random, or all of fewer; the same seed draws the same."""
    return random.Random(seed).sample(list(transitions), min(count, len(transitions)))


def direct(model: OccupationModel, transition: TwoYears) -> Floats:
    """P(state in the second year) with no record of the first; shape (occupations,)."""
    second = transition.second
    return model.predict(Query(transition.past, second.year, second.education)).probs


def composed(model: OccupationModel, transition: TwoYears) -> Floats:
    """Σ over every state of the first year of P(it) × P(second year | it); (occupations,).

    The education of both years is the worker's own, as it is for `direct`. Costs one prediction
    for each state of the taxonomy.
    """
    past, first, second = transition.past, transition.first, transition.second
    weights = model.predict(Query(past, first.year, first.education)).probs
    total = np.zeros(len(model.taxonomy))
    for state, weight in zip(model.taxonomy, weights, strict=True):
        step = JobRecord(first.year, state, first.education)
        longer = replace(past, records=(*past.records, step))
        total += weight * model.predict(Query(longer, second.year, second.education)).probs
    return total


def horizon_agreement(
    model: OccupationModel,
    transitions: Sequence[TwoYears],
    *,
    directly: OccupationModel | None = None,
    seed: int = SEED,
    on_progress: Callable[[int, int], None] | None = None,
) -> HorizonAgreement:
    """Compare two-year predictions, direct from `directly` (or `model`), composed from `model`.

    A model trained with years left out is the one to ask directly: a model of consecutive years
    takes a gap for a missed interview.

    Raises:
        ValueError: without a transition.
    """
    if not transitions:
        raise ValueError("no three records in consecutive years; expected at least one")
    pairs: list[tuple[Floats, Floats]] = []
    for done, transition in enumerate(transitions, start=1):
        pairs.append((direct(directly or model, transition), composed(model, transition)))
        if on_progress:
            on_progress(done, len(transitions))
    straight, stepwise = (np.stack(side) for side in zip(*pairs, strict=True))  # (n, occupations)
    states = [model.taxonomy.position(t.second.occupation.code) for t in transitions]
    each = np.arange(len(states))
    hit, hit_stepwise = straight[each, states], stepwise[each, states]
    blocks = _blocks(transitions)
    by_state = BlockBootstrap(np.repeat(blocks, straight.shape[1]), seed=seed)
    by_transition = BlockBootstrap(blocks, seed=seed)
    return HorizonAgreement(
        transitions=len(states),
        correlation=by_state.correlation(straight.ravel(), stepwise.ravel()),
        correlation_outcome=by_transition.correlation(hit, hit_stepwise),
        total_variation=by_transition.mean(np.abs(straight - stepwise).sum(axis=1) / 2),
        perplexity_direct=by_transition.perplexity(np.log(hit)),
        perplexity_composed=by_transition.perplexity(np.log(hit_stepwise)),
    )


def _blocks(transitions: Sequence[TwoYears]) -> npt.NDArray[np.int64]:
    """The block of each transition's worker; shape (transitions,)."""
    names = [f"{t.past.dataset}\t{block_of(t.past.worker_id)}" for t in transitions]
    return np.unique(names, return_inverse=True)[1].astype(np.int64)
