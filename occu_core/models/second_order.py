"""The second-order Markov table: what the last two states say, backed off to the last one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import astuple, dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.models.base import ModelCard
from occu_core.models.classifier import WEIGHTS_FILE, Classifier, Floats, Ints, asked, states_of
from occu_core.models.markov import Counts, Smoothing, log_probabilities
from occu_core.occupations import Taxonomy

_TRIPLES = "triples."
_POOLED = ""  # no dataset has this name
_MOVED = -1


@dataclass(frozen=True, slots=True)
class BackOff:
    """How far the counts of two states trust those of the last one alone.

    `arrival` imaginary records stand behind the stay rate of all who just stayed in a state, just
    moved to it or just began there, and `stay` behind that of one pair of different states.
    `move` imaginary moves stand behind a pair's destinations; `discount` is taken off each
    destination's count and given to the first-order table too, as in absolute discounting.
    """

    arrival: float
    stay: float
    move: float
    discount: float

    def __post_init__(self) -> None:
        if not 0 < min(self.arrival, self.stay, self.move) < np.inf:
            raise ValueError(f"{self} must be positive: what was never seen would be impossible")
        if not 0 <= self.discount < 1:
            raise ValueError(f"discount {self.discount} must be at least 0 and below 1")


@dataclass(frozen=True)
class Triples:
    """How often state i, coming after h, was followed by j, for the triples seen.

    `seen` has rows (h, i, j, count), sorted by h, i and j; `states` stands for no state: h and i
    at a first record, h at a second. Shape (triples, 4).
    """

    states: int
    seen: Ints

    @cached_property
    def first_order(self) -> Counts:
        """[i, j] counts i followed by j, the last row first records; (states + 1, states)."""
        counts = np.zeros((self.states + 1, self.states), np.int64)
        np.add.at(counts, (self.seen[:, 1], self.seen[:, 2]), self.seen[:, 3])
        return counts

    def arrivals(self) -> Triples:
        """The same counts where any h that differs from i is just `_MOVED`."""
        h, i = self.seen[:, 0], self.seen[:, 1]
        came = np.where((h == i) | (h == self.states), h, _MOVED)
        return _tally(self.states, np.column_stack([came, self.seen[:, 1:3]]), self.seen[:, 3])

    def after(self, h: int, i: int) -> Ints:
        """Rows (j, count) of what followed the pair."""
        first, last = np.searchsorted(self._pairs, [self._pair(h, i), self._pair(h, i) + 1])
        return self.seen[first:last, 2:]

    @cached_property
    def _pairs(self) -> Ints:
        pairs: Ints = self.seen[:, 0] * (self.states + 1) + self.seen[:, 1]
        return pairs

    def _pair(self, h: int, i: int) -> int:
        return h * (self.states + 1) + i


class SecondOrderModel(Classifier):
    """P(next state | last two states), one table per dataset, and a pooled one for any other.

    Two stages as in the Markov table: stay or move, and then where to. The stay rate of a pair of
    different states backs off to that of all who just moved to the last one, and all stay rates
    to the last state's; destinations back off to the last state's at once.
    """

    def __init__(
        self,
        card: ModelCard,
        taxonomy: Taxonomy,
        triples: dict[str, Triples],
        smoothing: Smoothing,
        back_off: BackOff,
    ) -> None:
        super().__init__(card, taxonomy)
        self.triples = triples
        self.smoothing = smoothing
        self.back_off = back_off
        self._triples = {**triples, _POOLED: add_up(list(triples.values()))}
        self._arrivals = {name: one.arrivals() for name, one in self._triples.items()}
        self._first_order = {
            name: np.exp(log_probabilities(one.first_order, smoothing))
            for name, one in self._triples.items()
        }

    def table(self, career: CareerHistory, query: Query | None = None) -> Floats:
        """The row of each pair of states that came before."""
        none = len(self.taxonomy)
        states = [none, none, *states_of(career, self.taxonomy).tolist()]
        rows = np.empty((asked(career, query), none))
        for k in range(len(rows)):
            rows[k] = self.row(career.dataset, states[k], states[k + 1])
        return np.log(rows)

    def row(self, dataset: str | None, h: int, i: int) -> Floats:
        """P(next state) after state `h`, then `i`; shape (states,)."""
        name = dataset if dataset in self.triples and dataset else _POOLED
        row: Floats = self._first_order[name][i]
        none = len(self.taxonomy)
        if i == none:
            return row
        came = self._arrivals[name].after(h if h in (i, none) else _MOVED, i)
        after = self._triples[name].after(h, i)
        stay = _stay_rate(came, i, self.back_off.arrival, row[i])
        if h not in (i, none):
            stay = _stay_rate(after, i, self.back_off.stay, stay)
        elsewhere = row / (1 - row[i])
        elsewhere[i] = 0
        row = (1 - stay) * _destinations(after[after[:, 0] != i], self.back_off, elsewhere)
        row[i] = stay
        return row

    def save(self, folder: Path) -> None:
        """Write the triples and the smoothing; the card is written apart."""
        tables = {f"{_TRIPLES}{name}": one.seen for name, one in self.triples.items()}
        numbers = [*astuple(self.smoothing), *astuple(self.back_off)]
        save_file({"smoothing": np.array(numbers), **tables}, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> SecondOrderModel:
        """Read the triples and derive the probabilities.

        Raises:
            ValueError: if the file is damaged or its triples do not fit the taxonomy.
        """
        try:
            arrays = load_file(folder / WEIGHTS_FILE)
        except SafetensorError as error:
            raise ValueError(f"{WEIGHTS_FILE}: {error}") from None
        smoothing = arrays.pop("smoothing").tolist()
        for name, seen in arrays.items():
            if seen.ndim != 2 or seen.shape[1:] != (4,) or seen.dtype != np.int64:
                raise ValueError(f"{WEIGHTS_FILE}: {name} is not a table of triples and counts")
            if (
                seen.min() < 0
                or seen[:, :2].max() > len(taxonomy)
                or seen[:, 2].max() >= len(taxonomy)
            ):
                raise ValueError(f"{WEIGHTS_FILE}: {name} names states beyond {len(taxonomy)}")
        triples = {
            name.removeprefix(_TRIPLES): Triples(len(taxonomy), seen)
            for name, seen in arrays.items()
        }
        return cls(card, taxonomy, triples, Smoothing(*smoothing[:3]), BackOff(*smoothing[3:]))


def count_triples(careers: Iterable[CareerHistory], taxonomy: Taxonomy) -> dict[str, Triples]:
    """What followed each pair of states, by dataset.

    Raises:
        ValueError: if a career names no dataset.
    """
    found: dict[str, list[Ints]] = {}
    for career in careers:
        if career.dataset is None:
            raise ValueError(f"worker {career.worker_id!r} names no dataset; expected one")
        none = len(taxonomy)
        states = np.concatenate([[none, none], states_of(career, taxonomy)])
        rows = np.stack([states[:-2], states[1:-1], states[2:]], axis=1)
        found.setdefault(career.dataset, []).append(rows)
    return {name: _tally(len(taxonomy), np.concatenate(rows)) for name, rows in found.items()}


def add_up(triples: list[Triples]) -> Triples:
    """The counts of all datasets together."""
    rows = np.concatenate([one.seen for one in triples])
    return _tally(triples[0].states, rows[:, :3], rows[:, 3])


def _stay_rate(after: Ints, i: int, behind: float, backed: float) -> float:
    """The share of records after state `i` that stay; `behind` imaginary ones at rate `backed`."""
    stays = after[after[:, 0] == i, 1].sum()
    return float((stays + behind * backed) / (after[:, 1].sum() + behind))


def _destinations(moves: Ints, back_off: BackOff, backed: Floats) -> Floats:
    """P(state | move) from rows (j, count) and the destinations that they back off to."""
    shares = (back_off.move + back_off.discount * len(moves)) * backed
    shares[moves[:, 0]] += moves[:, 1] - back_off.discount
    probs: Floats = shares / (moves[:, 1].sum() + back_off.move)
    return probs


def _tally(states: int, rows: Ints, counts: Ints | None = None) -> Triples:
    """Equal rows as one row with their number, sorted."""
    distinct, places = np.unique(rows, axis=0, return_inverse=True)
    totals = np.bincount(places.reshape(-1), weights=counts, minlength=len(distinct))
    return Triples(states, np.column_stack([distinct, totals.astype(np.int64)]))
