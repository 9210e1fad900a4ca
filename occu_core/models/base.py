"""What every occupation model can do, and what it says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.occupations import Taxonomy

Scalar = str | int | float | bool


class ModelKind(StrEnum):
    """The families of models."""

    UNIGRAM = "unigram"
    MARKOV = "markov"
    SECOND_ORDER = "second_order"
    LOGIT = "logit"
    BAG_OF_JOBS = "bag_of_jobs"
    CAREER = "career"
    LANGUAGE_MODEL = "language_model"
    EMBEDDING_LOGIT = "embedding_logit"
    STAY_MOVE = "stay_move"
    ENSEMBLE = "ensemble"


@dataclass(frozen=True, slots=True)
class Cohort:
    """The training careers of one dataset; ranges are first and last, both included."""

    dataset: str
    workers: int
    years: tuple[int, int]
    birth_years: tuple[int, int]
    ages: tuple[int, int]


@dataclass(frozen=True, slots=True)
class CardMetric:
    """A perplexity measured when the model was made.

    `perplexity_raw` is before normalising over the taxonomy: an upper bound on the normalised
    one, and equal to it for models that can only answer with a title.
    """

    dataset: str
    split: str
    years: str
    transitions: int
    perplexity_raw: float


@dataclass(frozen=True, slots=True)
class ModelCard:
    """What a model directory says about itself, in `card.json`."""

    name: str
    kind: ModelKind
    title: str
    version: str
    taxonomy: str
    taxonomy_digest: str
    trained_on: tuple[Cohort, ...]
    settings: dict[str, Scalar]
    metrics: tuple[CardMetric, ...]
    coded_titles: bool = False

    @property
    def data(self) -> str:
        """The training data in a few words, for figures and exports."""
        return ", ".join(
            f"{c.dataset} {c.years[0]}–{c.years[1]} ({c.workers:,} workers)"
            for c in self.trained_on
        )


class OccupationModel(Protocol):
    """Predicts a worker's next state from the career so far."""

    card: ModelCard
    taxonomy: Taxonomy

    def predict(self, query: Query) -> OccupationDistribution:
        """The distribution over states in `query.year`.

        Raises:
            UnknownOccupationError: if the past holds an occupation outside the taxonomy.
        """

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions, in order, sharing work."""

    def log_likelihoods(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        """Raw log P(what happened) at each transition, in one pass; nats, shape (records,)."""

    def log_probabilities(
        self, career: CareerHistory, positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Raw log P of chosen states at each transition, in one pass; nats.

        Both have shape (records, choices); `positions` are places in the taxonomy. With what
        happened as the only choice this is `log_likelihoods`.
        """
