"""CAREER: a transformer that asks whether a worker stays, and if not, where to (Vafa et al.)."""

from __future__ import annotations

import copy
import json
import math
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import nn

from occu_core.careers import CareerHistory, Education, Query, RaceEthnicity, Region, Sex
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import ModelCard
from occu_core.occupations import Taxonomy

WEIGHTS_FILE, CONFIG_FILE = "model.safetensors", "config.json"
UNKNOWN = 0


@dataclass(frozen=True, slots=True)
class CareerConfig:
    """The network's shape, and the years, birth years and datasets it saw, in order.

    `positions` is the longest career it saw; later records share the last position.
    """

    states: int
    years: tuple[int, ...]
    birth_years: tuple[int, ...]
    datasets: tuple[str, ...]
    positions: int
    layers: int
    width: int
    heads: int
    feed_forward: int
    dropout: float

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise ValueError(f"width {self.width} is not a multiple of {self.heads} heads")
        if min(len(self.years), len(self.birth_years), self.positions) < 1:
            raise ValueError("years, birth years or positions are empty")


@dataclass(frozen=True, slots=True)
class CareerInputs:
    """Careers as indices, right-padded; each shape (workers, records), traits (workers, 5).

    `previous` is the state before, or the number of states at the start. Education and the
    traits (sex, race_ethnicity, region, birth_year, dataset) are 0 where unknown.
    """

    previous: torch.Tensor
    years: torch.Tensor
    education: torch.Tensor
    traits: torch.Tensor


@dataclass(frozen=True, slots=True)
class CareerEncoder:
    """Turns careers into indices.

    A year never seen in training reads as the nearest one that was (the earlier, if two are).
    """

    config: CareerConfig
    taxonomy: Taxonomy

    def states(self, career: CareerHistory) -> list[int]:
        """The positions of a career's states, in order."""
        return [self.taxonomy.position(record.occupation.code) for record in career.records]

    def inputs(self, career: CareerHistory, query: Query | None = None) -> CareerInputs:
        """One worker's records as they are predicted, then the query, if there is one."""
        asked = [(record.year, record.education) for record in career.records]
        asked += [(query.year, query.education)] if query else []
        previous = [self.config.states, *self.states(career)][: len(asked)]
        return CareerInputs(
            previous=torch.tensor([previous]),
            years=torch.tensor([[_nearest(year, self.config.years) for year, _ in asked]]),
            education=torch.tensor([[_index(level, tuple(Education)) for _, level in asked]]),
            traits=torch.tensor([self._traits(career)]),
        )

    def _traits(self, career: CareerHistory) -> tuple[int, ...]:
        born = career.birth_year
        return (
            _index(career.sex, tuple(Sex)),
            _index(career.race_ethnicity, tuple(RaceEthnicity)),
            _index(career.region, tuple(Region)),
            UNKNOWN if born is None else 1 + _nearest(born, self.config.birth_years),
            _index(career.dataset, self.config.datasets),
        )


class Block(nn.Module):
    """Pre-norm causal attention and a GELU feed-forward."""

    def __init__(self, config: CareerConfig) -> None:
        super().__init__()
        self.heads, self.dropout = config.heads, config.dropout
        self.norm_attention = nn.LayerNorm(config.width)
        self.queries_keys_values = nn.Linear(config.width, 3 * config.width)
        self.mix_heads = nn.Linear(config.width, config.width)
        self.norm_feed_forward = nn.LayerNorm(config.width)
        self.widen = nn.Linear(config.width, config.feed_forward)
        self.narrow = nn.Linear(config.feed_forward, config.width)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """From and to (workers, records, width)."""
        split = self.queries_keys_values(self.norm_attention(x)).chunk(3, dim=-1)
        q, k, v = (part.unflatten(-1, (self.heads, -1)).transpose(1, 2) for part in split)
        dropped = self.dropout if self.training else 0.0
        attend = nn.functional.scaled_dot_product_attention
        seen = attend(q, k, v, dropout_p=dropped, is_causal=True)
        seen = self.mix_heads(seen.transpose(1, 2).flatten(-2))  # (workers, records, width)
        x = x + nn.functional.dropout(seen, self.dropout, self.training)
        wide = nn.functional.gelu(self.widen(self.norm_feed_forward(x)))
        return x + nn.functional.dropout(self.narrow(wide), self.dropout, self.training)


class CareerNetwork(nn.Module):
    """From inputs to log P(state) at each record, in two stages."""

    def __init__(self, config: CareerConfig) -> None:
        super().__init__()
        self.config = config
        known = Sex, RaceEthnicity, Region, config.birth_years, config.datasets
        self.state = nn.Embedding(config.states + 1, config.width)  # the last row: the start
        self.position = nn.Embedding(config.positions, config.width)
        self.year = nn.Embedding(len(config.years), config.width)
        self.education = nn.Embedding(1 + len(Education), config.width)
        self.traits = nn.ModuleList(nn.Embedding(1 + len(k), config.width) for k in known)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.layers))
        self.norm = nn.LayerNorm(config.width)
        self.stay = nn.Linear(config.width, 1)
        self.move_bias = nn.Parameter(torch.zeros(config.states))
        for module in self.modules():
            if isinstance(module, nn.Embedding):
                nn.init.normal_(module.weight, std=0.02)
        nn.init.normal_(self.state.weight, std=config.width**-0.5)

    def forward(self, inputs: CareerInputs, *, only_last: bool = False) -> torch.Tensor:
        """Log-probabilities, normalised; shape (workers, records or one, states)."""
        kept = slice(-1 if only_last else None, None)
        hidden = self.norm(self._hidden(inputs)[:, kept])
        stay = self.stay(hidden)  # (workers, records, 1)
        moves = nn.functional.linear(hidden, self.state.weight[:-1], self.move_bias)
        states = torch.arange(self.config.states)
        keeps = inputs.previous[:, kept].unsqueeze(-1) == states  # nowhere at the start
        leave = torch.where(keeps.any(-1, keepdim=True), nn.functional.logsigmoid(-stay), 0.0)
        moved = moves.masked_fill(keeps, -math.inf).log_softmax(-1) + leave
        return torch.where(keeps, nn.functional.logsigmoid(stay), moved)

    def _hidden(self, inputs: CareerInputs) -> torch.Tensor:
        """Before the last norm; shape (workers, records, width)."""
        order = torch.arange(inputs.previous.shape[1]).clamp(max=self.config.positions - 1)
        x: torch.Tensor = math.sqrt(self.config.width) * self.state(inputs.previous)
        x = x + self.position(order) + self.year(inputs.years) + self.education(inputs.education)
        for embedding, trait in zip(self.traits, inputs.traits.unbind(1), strict=True):
            x = x + embedding(trait).unsqueeze(1)  # (workers, 1, width)
        x = nn.functional.dropout(x, self.config.dropout, self.training)
        for block in self.blocks:
            x = block(x)
        return x


class CareerModel:
    """A trained CAREER network, answering in double precision."""

    def __init__(self, card: ModelCard, taxonomy: Taxonomy, network: CareerNetwork) -> None:
        if network.config.states != len(taxonomy):
            raise ValueError(
                f"the network has {network.config.states} states,"
                f" but taxonomy {taxonomy.name!r} has {len(taxonomy)}"
            )
        self.card = card
        self.taxonomy = taxonomy
        self.network = copy.deepcopy(network).double().eval()
        self.encoder = CareerEncoder(network.config, taxonomy)

    def predict(self, query: Query) -> OccupationDistribution:
        """The distribution after the query's past, in its year and education."""
        inputs = self.encoder.inputs(query.past, query)
        return OccupationDistribution.from_scores(self.taxonomy, self._log_probs(inputs)[-1])

    def distributions(self, career: CareerHistory) -> Iterator[OccupationDistribution]:
        """`predict` at each of the career's transitions, from one pass."""
        if career.records:
            for scores in self._log_probs(self.encoder.inputs(career)):
                yield OccupationDistribution.from_scores(self.taxonomy, scores)

    def log_likelihoods(self, career: CareerHistory) -> npt.NDArray[np.float64]:
        """Log P(what happened) at each transition; nats, shape (records,)."""
        states = np.array(self.encoder.states(career), np.int64).reshape(-1, 1)
        return self.log_probabilities(career, states)[:, 0]

    def log_probabilities(
        self, career: CareerHistory, positions: npt.NDArray[np.int64]
    ) -> npt.NDArray[np.float64]:
        """Log P of chosen states at each transition; nats, both (records, choices)."""
        if not career.records:
            return np.zeros(positions.shape)
        log_probs = self._log_probs(self.encoder.inputs(career))
        return np.take_along_axis(log_probs, positions, axis=1)

    def save(self, folder: Path) -> None:
        """Write the weights, in single precision, and the config; the card is written apart."""
        weights = {name: w.float() for name, w in self.network.state_dict().items()}
        save_file(weights, folder / WEIGHTS_FILE)
        text = json.dumps(asdict(self.network.config), indent=2) + "\n"
        (folder / CONFIG_FILE).write_text(text, encoding="utf-8")

    @classmethod
    def load(cls, folder: Path, card: ModelCard, taxonomy: Taxonomy) -> CareerModel:
        """Read the config, then the weights into a network of its shape.

        Raises:
            ValueError: if a file is damaged or was made for another taxonomy.
        """
        try:
            written = json.loads((folder / CONFIG_FILE).read_text(encoding="utf-8"))
            lists = {k: tuple(v) for k, v in written.items() if isinstance(v, list)}
            config = CareerConfig(**{**written, **lists})
            weights = load_file(folder / WEIGHTS_FILE)
        except (TypeError, AttributeError, SafetensorError) as error:
            raise ValueError(f"{CONFIG_FILE} or {WEIGHTS_FILE} is damaged: {error}") from None
        with torch.device("meta"):
            network = CareerNetwork(config)
        network.load_state_dict(weights, assign=True)
        return cls(card, taxonomy, network)

    @torch.inference_mode()
    def _log_probs(self, inputs: CareerInputs) -> npt.NDArray[np.float64]:
        """Of one worker; shape (records, states)."""
        log_probs: npt.NDArray[np.float64] = self.network(inputs)[0].numpy()
        return log_probs


def _nearest(year: int, seen: tuple[int, ...]) -> int:
    """The index of the year in `seen`, which ascends, that is nearest; the earlier of two."""
    after = bisect_left(seen, year)
    around = range(max(after - 1, 0), min(after + 1, len(seen)))
    return min(around, key=lambda i: abs(seen[i] - year))


def _index(value: str | None, known: tuple[str, ...]) -> int:
    """1 and up for what is known, 0 for None and for what is not."""
    return known.index(value) + 1 if value in known else UNKNOWN
