"""Whether a worker stays, from a small head; where a mover goes, from a language model."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from occu_core.careers import CareerHistory, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import ModelCard
from occu_core.models.classifier import Floats, Ints, previous_states, states_of
from occu_core.models.embedding_logit import load_language_model, read_base
from occu_core.models.language_model import LanguageModel
from occu_core.models.other_models import written_name
from occu_core.models.prompt_ends import prompt_ends
from occu_core.occupations import Taxonomy

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"


@dataclass(frozen=True, slots=True)
class StayHead:
    """A logistic regression for staying.

    Attributes:
        weights: of the hidden state where the prompt ends, then of the language model's own log
            odds of the previous title; shape (width + 1,).
        bias: added to them.
    """

    weights: npt.NDArray[np.float64]
    bias: float

    def log_odds(self, hidden: npt.NDArray[np.floating], log_same: Floats) -> Floats:
        """Log odds of staying; from shapes (rows, width) and (rows,) to (rows,)."""
        found: Floats = features(hidden, log_same) @ self.weights + self.bias
        return found


class StayMoveModel:
    """P(stay) from a head on a language model; a mover's title from the language model itself.

    A first record is the language model's alone. Otherwise the raw probability of another title is
    P(move) times the language model's own, given that it does not write the previous one; what is
    then left of one is still the mass on texts that are no title.
    """

    def __init__(
        self,
        card: ModelCard,
        taxonomy: Taxonomy,
        base_name: str,
        head: StayHead,
        base: LanguageModel | None = None,
    ) -> None:
        """Put a head on the language model it was fitted on, `base` where it is at hand."""
        self.card = card
        self.taxonomy = taxonomy
        self.base_name = base_name
        self.head = head
        self._given = base

    @cached_property
    def base(self) -> LanguageModel:
        """The language model, loaded now."""
        return self._given or load_language_model(self.base_name)

    def predict(self, query: Query) -> OccupationDistribution:
        """The language model's answer with its stay probability replaced."""
        answer = self.base.predict(query)
        if query.previous is None:
            return answer
        hidden = prompt_ends(self.base, query.past, query)[-1]
        return self._replaced(answer, self.taxonomy.position(query.previous.code), hidden)

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions."""
        previous = previous_states(career, None, self.taxonomy)
        answers = self.base.distributions(career)
        hidden = prompt_ends(self.base, career)
        for k, answer in enumerate(answers):
            yield self._replaced(answer, int(previous[k]), hidden[k]) if k else answer

    def log_likelihoods(self, career: CareerHistory) -> Floats:
        """Raw log P(what happened) at each transition; nats, shape (records,)."""
        happened = states_of(career, self.taxonomy)[:, np.newaxis]
        return self.log_probabilities(career, happened)[:, 0]

    def log_probabilities(self, career: CareerHistory, positions: Ints) -> Floats:
        """Raw log P of chosen states at each transition; nats, both (records, choices)."""
        raw, log_same = scored_with_previous(self.base, career, positions)
        if len(raw) < 2:
            return raw
        hidden = prompt_ends(self.base, career)[1:]
        previous = previous_states(career, None, self.taxonomy)[1:, np.newaxis]
        odds = self.head.log_odds(hidden, log_same[1:])
        raw[1:] = with_stays(raw[1:], log_same[1:], odds, positions[1:] == previous)
        return raw

    def save(self, folder: Path) -> None:
        """Write the head and the base's name; the card is written apart."""
        arrays = {"weights": self.head.weights, "bias": np.array([self.head.bias])}
        save_file(arrays, folder / WEIGHTS_FILE)
        text = json.dumps({"base": written_name(self.base_name, folder)}, indent=2) + "\n"
        (folder / CONFIG_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> StayMoveModel:
        """Read the head and the base's name; the base follows when it is asked.

        Raises:
            ValueError: if a file is damaged.
        """
        try:
            arrays = load_file(folder / WEIGHTS_FILE)
            head = StayHead(arrays["weights"], float(arrays["bias"][0]))
        except (SafetensorError, KeyError) as error:
            raise ValueError(f"{WEIGHTS_FILE} is damaged: {error}") from None
        return cls(card, taxonomy, read_base(folder), head)

    def _replaced(
        self, answer: OccupationDistribution, previous: int, hidden: npt.NDArray[np.float32]
    ) -> OccupationDistribution:
        raw = answer.log_probs_raw[np.newaxis]
        odds = self.head.log_odds(hidden[np.newaxis], raw[:, previous])
        same = np.arange(raw.shape[1])[np.newaxis] == previous
        found = with_stays(raw, raw[:, previous], odds, same)[0]
        return OccupationDistribution.from_scores(self.taxonomy, found)


def with_stays(raw: Floats, log_same: Floats, odds: Floats, same: npt.NDArray[np.bool_]) -> Floats:
    """Raw log-probabilities once a head has decided who stays; nats, shape (rows, choices).

    Args:
        raw: the language model's own, shape (rows, choices).
        log_same: its own of the previous title, shape (rows,).
        odds: log odds of staying, shape (rows,).
        same: which choices are the previous title, shape (rows, choices).
    """
    moves = raw - (np.logaddexp(0, odds) + _log_of_rest(log_same))[:, np.newaxis]
    stays = -np.logaddexp(0, -odds)[:, np.newaxis]
    return np.where(same, stays, moves)


def features(hidden: npt.NDArray[np.floating], log_same: Floats) -> Floats:
    """The hidden state and the log odds of the previous title; shape (rows, width + 1)."""
    log_odds = log_same - _log_of_rest(log_same)
    return np.column_stack([hidden.astype(np.float64), log_odds])


def scored_with_previous(
    base: LanguageModel, career: CareerHistory, positions: Ints
) -> tuple[Floats, Floats]:
    """The language model's raw log P of chosen states, and of the previous one; nats.

    Shapes (records, choices) and (records,); the latter means nothing at a first record.
    """
    previous = previous_states(career, None, base.taxonomy)
    previous[:1] = 0
    asked = np.column_stack([previous, positions])
    raw = base.log_probabilities(career, asked)
    return raw[:, 1:], raw[:, 0]


def _log_of_rest(log_same: Floats) -> Floats:
    """log(1 − P), kept finite where P rounds to one."""
    rest: Floats = np.log(-np.expm1(np.minimum(log_same, -1e-9)))
    return rest
