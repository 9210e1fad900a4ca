"""Models that can only answer with a state: one table of log-probabilities for a whole career."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import ModelCard
from occu_core.occupations import Taxonomy

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


class Classifier(ABC):
    """Answers from a table of normalised log-probabilities, so that its coverage is 1."""

    def __init__(self, card: ModelCard, taxonomy: Taxonomy) -> None:
        self.card = card
        self.taxonomy = taxonomy

    @abstractmethod
    def table(self, career: CareerHistory, query: Query | None = None) -> Floats:
        """Log P(state) at each of the career's records, then at the query, if there is one.

        Nats, normalised, shape (records and query, states). A row sees no record of its own year
        or later.
        """

    def predict(self, query: Query) -> OccupationDistribution:
        """The last row of the table of the query's past."""
        return OccupationDistribution(self.taxonomy, self.table(query.past, query)[-1])

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions, from one table."""
        for log_probs in self.table(career):
            yield OccupationDistribution(self.taxonomy, log_probs)

    def log_likelihoods(self, career: CareerHistory) -> Floats:
        """Log P(what happened) at each transition; nats, shape (records,)."""
        states = states_of(career, self.taxonomy)
        return self.table(career)[np.arange(len(states)), states]

    def log_probabilities(self, career: CareerHistory, positions: Ints) -> Floats:
        """Log P of chosen states at each transition; nats, both (records, choices)."""
        return np.take_along_axis(self.table(career), positions, axis=1)


def states_of(career: CareerHistory, taxonomy: Taxonomy) -> Ints:
    """The positions of a career's states, in order; shape (records,).

    Raises:
        UnknownOccupationError: if a record holds an occupation outside the taxonomy.
    """
    states = [taxonomy.position(record.occupation.code) for record in career.records]
    return np.array(states, dtype=np.int64)


def asked(career: CareerHistory, query: Query | None) -> int:
    """How many rows the table of a career has."""
    return len(career.records) + (query is not None)


def previous_states(career: CareerHistory, query: Query | None, taxonomy: Taxonomy) -> Ints:
    """The state before each row of a career's table, the number of states at the start."""
    before = np.concatenate([[len(taxonomy)], states_of(career, taxonomy)])
    return before[: asked(career, query)].astype(np.int64)
