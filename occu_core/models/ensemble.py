"""An ensemble: a weighted mixture of other models' probabilities."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.models.other_models import read_name, written_name
from occu_core.models.storage import ModelError, load_model
from occu_core.occupations import Taxonomy

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"
POOLED = ""  # no dataset has this name

Floats = npt.NDArray[np.float64]


class EnsembleModel:
    """P(state) = the weighted mean of the members' raw probabilities, by dataset.

    Its coverage is the weighted mean of the members' coverages: what it leaves of one is mass on
    texts that are no title. Members are loaded when first asked.
    """

    def __init__(
        self,
        card: ModelCard,
        taxonomy: Taxonomy,
        names: Sequence[str],
        weights: Mapping[str, Floats],
        members: Sequence[OccupationModel] | None = None,
    ) -> None:
        """Name the members.

        Args:
            card: the ensemble's own.
            taxonomy: which every member must share.
            names: shipped or added models by name, or folders.
            weights: shares of the members by dataset, and under `POOLED` for any other.
            members: the models themselves, where they are at hand.
        """
        check_weights(weights, len(names))
        self.card = card
        self.taxonomy = taxonomy
        self.names = tuple(names)
        self.weights = dict(weights)
        self._given = members

    @cached_property
    def members(self) -> tuple[OccupationModel, ...]:
        """The models that are mixed, loaded now.

        Raises:
            ModelError: if one cannot be loaded, is itself an ensemble, or has another taxonomy.
        """
        loaded = self._given or [load_model(name) for name in self.names]
        for name, member in zip(self.names, loaded, strict=True):
            if member.card.kind is ModelKind.ENSEMBLE:
                raise ModelError(f"member {name!r} is itself an ensemble; name its members instead")
            if member.taxonomy != self.taxonomy:
                raise ModelError(
                    f"member {name!r} has taxonomy {member.taxonomy.name!r};"
                    f" expected {self.taxonomy.name!r}"
                )
        return tuple(loaded)

    def predict(self, query: Query) -> OccupationDistribution:
        """The mixture of the members' answers."""
        return self._mixed(query.past, [member.predict(query) for member in self.members])

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions, each member reading it once."""
        answers = [member.distributions(career) for member in self.members]
        for at_one in zip(*answers, strict=True):
            yield self._mixed(career, at_one)

    def log_likelihoods(self, career: CareerHistory) -> Floats:
        """Raw log P(what happened) at each transition; nats, shape (records,)."""
        answers = [member.log_likelihoods(career) for member in self.members]
        return mix(np.array(answers), self._weights(career))

    def log_probabilities(self, career: CareerHistory, positions: npt.NDArray[np.int64]) -> Floats:
        """Raw log P of chosen states at each transition; nats, both (records, choices)."""
        answers = [member.log_probabilities(career, positions) for member in self.members]
        return mix(np.array(answers), self._weights(career))

    def save(self, folder: Path) -> None:
        """Write the members' names and their weights; the card is written apart.

        Folders are written as they are seen from the ensemble's own.
        """
        names = [written_name(name, folder) for name in self.names]
        text = json.dumps({"members": names, "datasets": list(self.weights)}, indent=2) + "\n"
        (folder / CONFIG_FILE).write_text(text, encoding="utf-8")
        rows = np.array(list(self.weights.values()))
        save_file({"weights": rows}, folder / WEIGHTS_FILE)

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> EnsembleModel:
        """Read names and weights; the members follow when they are asked.

        Raises:
            ValueError: if a file is damaged or the weights do not fit the members.
        """
        try:
            written = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
            rows = load_file(folder / WEIGHTS_FILE)["weights"]
            weights = dict(zip(written["datasets"], rows, strict=True))
            names = [read_name(name, folder) for name in written["members"]]
        except (TypeError, AttributeError, KeyError, SafetensorError) as error:
            raise ValueError(f"{CONFIG_FILE} or {WEIGHTS_FILE} is damaged: {error}") from None
        return cls(card, taxonomy, names, weights)

    def _mixed(
        self, career: CareerHistory, answers: Sequence[OccupationDistribution]
    ) -> OccupationDistribution:
        raw = mix(np.array([one.log_probs_raw for one in answers]), self._weights(career))
        return OccupationDistribution.from_scores(self.taxonomy, raw)

    def _weights(self, career: CareerHistory) -> Floats:
        return self.weights.get(career.dataset or POOLED, self.weights[POOLED])


def mix(log_probs: Floats, weights: Floats) -> Floats:
    """The log of the weighted mean; from shape (members, …) to shape (…).

    >>> float(np.exp(mix(np.log([[0.2], [0.6]]), np.array([0.75, 0.25])))[0].round(6))
    0.3
    """
    used = weights > 0  # a member without weight may be anything, even silent
    shares = np.log(weights[used]).reshape(-1, *[1] * (log_probs.ndim - 1))
    mixed: Floats = np.logaddexp.reduce(log_probs[used] + shares, axis=0)
    return mixed


def fit_weights(log_likelihoods: Floats, *, steps: int = 2_000, tolerance: float = 1e-9) -> Floats:
    """The weights of the likeliest mixture, by expectation maximisation from equal ones.

    The likelihood of a mixture is concave in its weights, so that this is the best there is
    (Dempster, Laird and Rubin 1977). Stops when a step gains less than `tolerance` nats a row.

    Args:
        log_likelihoods: of what happened under each member, nats, shape (members, rows).
        steps: at most this many.
        tolerance: nats a row.

    Returns:
        Weights that sum to one, shape (members,).
    """
    weights = np.full(len(log_likelihoods), 1 / len(log_likelihoods))
    before = -np.inf
    for _ in range(steps):
        mixed = mix(log_likelihoods, weights)
        if mixed.mean() - before < tolerance:
            break
        before = float(mixed.mean())
        weights = weights * np.exp(log_likelihoods - mixed).mean(axis=1)
    shares: Floats = weights / weights.sum()
    return shares


def check_weights(weights: Mapping[str, Floats], members: int) -> None:
    """Refuse weights that are no shares of the members.

    Raises:
        ValueError: naming the dataset and what was found.
    """
    if POOLED not in weights:
        raise ValueError("the ensemble has no weights for workers of no known dataset")
    for dataset, shares in weights.items():
        if shares.shape != (members,) or shares.min() < 0 or abs(shares.sum() - 1) > 1e-6:
            raise ValueError(
                f"weights for {dataset or 'any dataset'} are {shares.tolist()};"
                f" expected {members} shares that sum to one"
            )
