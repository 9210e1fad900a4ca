"""Two years ahead for one career: asked directly, against one year at a time.

A model that was one and the same probability of whole careers would give the same answer both ways
if a year left out meant only that. In surveys a gap also tells of a missed interview.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from occu_core.careers import JobRecord, Query
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.occupations import Occupation, Taxonomy

MASS, MOST_STATES = 0.99, 60
PAPER = "LABOR-LLM (PSID81, 7B) reports a correlation of 0.93 over workers"

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Consistency:
    """Both answers for the year after the query's.

    Attributes:
        card: of the model.
        query: the career, and the first of the two years.
        taxonomy: what states are places in.
        direct: P(state in the second year) with no record of the first, shape (states,).
        composed: Σ P(first year's state) × P(second year | it), shape (states,).
        covered: the probability of the first year's states that were followed; the rest is spread
            like them, so `composed` is off by at most 1 - covered.
        followed: how many states those are.
    """

    card: ModelCard
    query: Query
    taxonomy: Taxonomy
    direct: Floats
    composed: Floats
    covered: float
    followed: int

    @property
    def total_variation(self) -> float:
        """Half the summed absolute differences: 0 equal, 1 disjoint."""
        return float(np.abs(self.direct - self.composed).sum() / 2)

    @property
    def correlation(self) -> float:
        """Pearson, over the probabilities of all states."""
        return float(np.corrcoef(self.direct, self.composed)[0, 1])

    def top(self, count: int) -> list[tuple[Occupation, float, float]]:
        """The states with the largest probability either way: direct, then composed."""
        order = np.argsort(-np.maximum(self.direct, self.composed), kind="stable")[:count]
        return [
            (self.taxonomy.occupations[i], float(self.direct[i]), float(self.composed[i]))
            for i in order
        ]


def two_years_ahead(
    model: OccupationModel,
    query: Query,
    *,
    mass: float = MASS,
    most_states: int = MOST_STATES,
    on_step: Callable[[int, int], None] | None = None,
) -> Consistency:
    """Predict the year after the query's in both ways, education as in the query.

    The likeliest states of the first year are followed until they hold `mass` of the probability,
    `most_states` of them at most.

    Raises:
        CareerError: if that year is past the latest there is.
    """
    later = Query(query.past, query.year + 1, query.education)
    first = model.predict(query).probs
    order = np.argsort(-first, kind="stable")
    enough = int(np.searchsorted(first[order].cumsum(), mass)) + 1
    chosen = order[: min(enough, most_states)]
    total, covered = np.zeros(len(first)), float(first[chosen].sum())
    for done, state in enumerate(chosen, start=1):
        record = JobRecord(query.year, model.taxonomy.occupations[state], query.education)
        longer = replace(query.past, records=(*query.past.records, record))
        step = model.predict(Query(longer, later.year, query.education)).probs
        total += first[state] / covered * step
        if on_step:
            on_step(done, len(chosen))
    direct = model.predict(later).probs
    return Consistency(
        model.card, query, model.taxonomy, direct, total, min(covered, 1.0), len(chosen)
    )
