"""The unigram: how common each state is, whatever came before."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.models.base import ModelCard
from occu_core.models.classifier import WEIGHTS_FILE, Classifier, Floats, Ints, asked, states_of
from occu_core.occupations import Taxonomy

_COUNTS = "counts."


class UnigramModel(Classifier):
    """P(state), one list of shares per dataset, and a pooled one for any other.

    `share` is added to each state's count, so that what was never seen stays possible.
    """

    def __init__(
        self, card: ModelCard, taxonomy: Taxonomy, counts: dict[str, Ints], share: float
    ) -> None:
        super().__init__(card, taxonomy)
        if not 0 < share < np.inf:
            raise ValueError(f"share {share} must be positive: the unseen would be impossible")
        self.counts = counts
        self.share = share
        self._log_shares = {name: log_shares(seen, share) for name, seen in counts.items()}
        self._pooled = log_shares(np.sum(list(counts.values()), axis=0), share)

    def table(self, career: CareerHistory, query: Query | None = None) -> Floats:
        """The same row again and again."""
        states_of(career, self.taxonomy)
        row = self._log_shares.get(career.dataset or "", self._pooled)
        return np.tile(row, (asked(career, query), 1))

    def save(self, folder: Path) -> None:
        """Write the counts and what is added to them; the card is written apart."""
        tables = {f"{_COUNTS}{name}": counts for name, counts in self.counts.items()}
        save_file({"share": np.array([self.share]), **tables}, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> UnigramModel:
        """Read the counts.

        Raises:
            ValueError: if the file is damaged or its counts do not fit the taxonomy.
        """
        try:
            arrays = load_file(folder / WEIGHTS_FILE)
        except SafetensorError as error:
            raise ValueError(f"{WEIGHTS_FILE}: {error}") from None
        share = float(arrays.pop("share")[0])
        counts = {name.removeprefix(_COUNTS): seen for name, seen in arrays.items()}
        for name, seen in counts.items():
            if seen.shape != (len(taxonomy),) or seen.dtype != np.int64 or seen.min() < 0:
                raise ValueError(f"{WEIGHTS_FILE}: {name} is not {len(taxonomy)} counts")
        return cls(card, taxonomy, counts, share)


def count_states(careers: Iterable[CareerHistory], taxonomy: Taxonomy) -> dict[str, Ints]:
    """How many records show each state, by dataset; shape (states,).

    Raises:
        ValueError: if a career names no dataset.
    """
    counts: dict[str, Ints] = {}
    for career in careers:
        if career.dataset is None:
            raise ValueError(f"worker {career.worker_id!r} names no dataset; expected one")
        seen = counts.setdefault(career.dataset, np.zeros(len(taxonomy), np.int64))
        np.add.at(seen, states_of(career, taxonomy), 1)
    return counts


def log_shares(counts: Ints, share: float) -> Floats:
    """Counts, each raised by `share`, as log shares of their sum."""
    raised = counts + share
    shares: Floats = np.log(raised / raised.sum())
    return shares
