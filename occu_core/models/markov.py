"""The Markov table: how often workers of one occupation stayed, and where the others went."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import ModelCard
from occu_core.occupations import Taxonomy

WEIGHTS_FILE = "model.safetensors"
_COUNTS = "counts."

Counts = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Smoothing:
    """How many imaginary observations back each estimate up.

    `stay` pulls an occupation's stay rate toward its dataset's, `move` pulls its destinations
    toward its dataset's, and `share` is added to each state among destinations and first records.
    """

    stay: float
    move: float
    share: float

    def __post_init__(self) -> None:
        if not 0 < min(self.stay, self.move, self.share) < np.inf:
            raise ValueError(f"{self} must be positive: what was never seen would be impossible")


class MarkovModel:
    """P(next state | last state), one table per dataset, and a pooled one for any other.

    Two stages, each backing off to the whole dataset: stay or move, then where to.
    """

    def __init__(
        self, card: ModelCard, taxonomy: Taxonomy, counts: dict[str, Counts], smoothing: Smoothing
    ) -> None:
        self.card = card
        self.taxonomy = taxonomy
        self.counts = counts
        self.smoothing = smoothing
        self._tables = {name: log_probabilities(table, smoothing) for name, table in counts.items()}
        self._pooled = log_probabilities(pooled(counts), smoothing)

    def predict(self, query: Query) -> OccupationDistribution:
        """The row of the last state; of a first record, when there is none."""
        rows = _rows(query.past, self.taxonomy)
        return OccupationDistribution(self.taxonomy, self._table(query.past)[rows[-1]])

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions, in order."""
        table = self._table(career)
        for row in _rows(career, self.taxonomy)[:-1]:
            yield OccupationDistribution(self.taxonomy, table[row])

    def log_likelihoods(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        """Log P(what happened) at each transition; nats, shape (records,)."""
        rows = _rows(career, self.taxonomy)
        return self._table(career)[rows[:-1], rows[1:]]

    def log_probabilities(
        self, career: CareerHistory, positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Log P of chosen states at each transition; nats, both (records, choices)."""
        before = _rows(career, self.taxonomy)[:-1]
        return self._table(career)[before[:, np.newaxis], positions]

    def save(self, folder: Path) -> None:
        """Write the counts, as whole numbers, and the smoothing; the card is written apart."""
        smoothing = np.array([self.smoothing.stay, self.smoothing.move, self.smoothing.share])
        tables = {f"{_COUNTS}{name}": counts for name, counts in self.counts.items()}
        save_file({"smoothing": smoothing, **tables}, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> MarkovModel:
        """Read the counts and derive the probabilities.

        Raises:
            ValueError: if the file is damaged or its tables do not fit the taxonomy.
        """
        try:
            arrays = load_file(folder / WEIGHTS_FILE)
        except SafetensorError as error:
            raise ValueError(f"{WEIGHTS_FILE}: {error}") from None
        stay, move, share = arrays.pop("smoothing").tolist()
        counts = {name.removeprefix(_COUNTS): table for name, table in arrays.items()}
        expected = len(taxonomy) + 1, len(taxonomy)
        for name, table in counts.items():
            if table.shape != expected or table.dtype != np.int64 or table.min() < 0:
                raise ValueError(f"{WEIGHTS_FILE}: {name} is not a table of {expected} counts")
        return cls(card, taxonomy, counts, Smoothing(stay, move, share))

    def _table(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        return self._tables.get(career.dataset or "", self._pooled)


def count_transitions(careers: Iterable[CareerHistory], taxonomy: Taxonomy) -> dict[str, Counts]:
    """Who moved where, by dataset; [i, j] counts i followed by j, the last row first records.

    Raises:
        ValueError: if a career names no dataset.
    """
    counts: dict[str, Counts] = {}
    for career in careers:
        if career.dataset is None:
            raise ValueError(f"worker {career.worker_id!r} names no dataset; expected one")
        if career.dataset not in counts:
            counts[career.dataset] = np.zeros((len(taxonomy) + 1, len(taxonomy)), np.int64)
        rows = _rows(career, taxonomy)
        np.add.at(counts[career.dataset], (rows[:-1], rows[1:]), 1)
    return counts


def pooled(counts: dict[str, Counts]) -> Counts:
    """The tables of all datasets added up."""
    total: Counts = np.sum(list(counts.values()), axis=0)
    return total


def log_probabilities(counts: Counts, smoothing: Smoothing) -> npt.NDArray[np.float64]:
    """Smoothed log-probabilities from counts, all finite; both of shape (states + 1, states)."""
    stays = np.diag(counts[:-1])
    moves = counts[:-1] - np.diag(stays)
    left = moves.sum(axis=1)
    overall = (stays.sum() + 1) / (counts[:-1].sum() + 2)
    stay = (stays + smoothing.stay * overall) / (stays + left + smoothing.stay)

    shares = _shares(moves.sum(axis=0), smoothing.share)
    elsewhere = shares / (1 - shares[:, np.newaxis])  # [i, j]: share of j among all but i
    backed = moves + smoothing.move * elsewhere
    table = (1 - stay)[:, np.newaxis] * backed / (left + smoothing.move)[:, np.newaxis]
    np.fill_diagonal(table, stay)

    log_probs: npt.NDArray[np.float64] = np.log(
        np.vstack([table, _shares(counts[-1], smoothing.share)])
    )
    log_probs.setflags(write=False)  # distributions hold views of its rows
    return log_probs


def _shares(counts: Counts, added: float) -> npt.NDArray[np.float64]:
    """Counts, each raised by `added`, as shares of their sum."""
    raised = counts + added
    shares: npt.NDArray[np.float64] = raised / raised.sum()
    return shares


def _rows(career: CareerHistory, taxonomy: Taxonomy) -> npt.NDArray[np.int64]:
    """The row of no past, then of each record; shape (records + 1,)."""
    states = [taxonomy.position(record.occupation.code) for record in career.records]
    return np.array([len(taxonomy), *states])
