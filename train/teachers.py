"""Trained CAREER networks as teachers: what they expect, and careers drawn from them.

Knowledge distillation (Hinton, Vinyals, Dean 2015): beside the one state that happened, the student
is told how likely every state was in the teachers' eyes. Simulated careers keep the years and
education of a training worker and take their states from the teachers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch

from occu_core.careers import CareerHistory
from occu_core.models.career import CareerEncoder, CareerInputs, CareerModel, CareerNetwork
from occu_core.models.storage import load_model
from occu_core.occupations import Taxonomy, occ1990dd
from train.career_batches import batches

_AT_ONCE = 3_000


@dataclass(frozen=True, slots=True)
class Taught:
    """A career and the teachers' probabilities of every state, shape (records, states), if any.

    `trust` is how much they count beside what happened, 0–1; None leaves it to the run.
    """

    career: CareerHistory
    probabilities: torch.Tensor | None
    trust: float | None = None


@dataclass(frozen=True, slots=True)
class Teachers:
    """CAREER networks that answer with the mean of their probabilities."""

    networks: tuple[CareerNetwork, ...]
    encoder: CareerEncoder
    taxonomy: Taxonomy

    @classmethod
    def load(cls, folders: Sequence[str]) -> Teachers:
        """Read finished CAREER models that saw the same careers.

        Raises:
            SystemExit: if one is no CAREER model, or they were trained on different careers.
        """
        models = [load_model(folder) for folder in folders]
        if wrong := [f for f, m in zip(folders, models, strict=True) if not _is_career(m)]:
            raise SystemExit(f"teachers: {', '.join(wrong)} is no CAREER model")
        networks = tuple(m.network.float() for m in models if isinstance(m, CareerModel))
        if len({_world(network) for network in networks}) != 1:
            raise SystemExit("teachers: they were trained on different careers; expected the same")
        return cls(networks, CareerEncoder(networks[0].config, occ1990dd()), occ1990dd())

    @torch.inference_mode()
    def foresee(self, careers: Sequence[CareerHistory]) -> list[Taught]:
        """Each career with the probabilities of its states, in the order given."""
        order = sorted(range(len(careers)), key=lambda i: len(careers[i].records))
        taught: list[Taught | None] = [None] * len(careers)
        place = iter(order)
        for batch in batches(self.encoder, [careers[i] for i in order], _AT_ONCE):
            for probabilities in self._mean(batch.inputs):
                i = next(place)
                records = probabilities[: len(careers[i].records)]
                taught[i] = Taught(careers[i], records.half().clone())
        return [one for one in taught if one is not None]

    @torch.inference_mode()
    def simulate(self, careers: Sequence[CareerHistory], seed: int) -> list[CareerHistory]:
        """Careers with the years, education and traits of these, their states drawn anew.

        Each career is drawn from one teacher, the teachers taking turns.
        """
        rng = torch.Generator().manual_seed(seed)
        order = sorted(range(len(careers)), key=lambda i: len(careers[i].records))
        simulated: dict[int, CareerHistory] = {}
        place = iter(order)
        population = batches(self.encoder, [careers[i] for i in order], _AT_ONCE)
        for k, batch in enumerate(population):
            network = self.networks[(seed + k) % len(self.networks)]
            for states in _drawn(network, batch.inputs, rng).tolist():
                i = next(place)
                simulated[i] = self._with_states(careers[i], states)
        return [simulated[i] for i in range(len(careers))]

    def dream(self, careers: Sequence[CareerHistory], times: int, seed: int) -> list[Taught]:
        """Simulated careers, so many for each, to be learned from expectations alone."""
        return [
            replace(taught, trust=1.0)
            for k in range(times)
            for taught in self.foresee(self.simulate(careers, seed * 100 + k))
        ]

    def _with_states(self, career: CareerHistory, states: Sequence[int]) -> CareerHistory:
        occupations = self.taxonomy.occupations
        records = tuple(
            replace(record, occupation=occupations[state])
            for record, state in zip(career.records, states, strict=False)
        )
        return replace(career, records=records)

    def _mean(self, inputs: CareerInputs) -> torch.Tensor:
        """Mean probabilities; shape (workers, records, states)."""
        return torch.stack([network(inputs).exp() for network in self.networks]).mean(0)


def together(taught: Sequence[Taught], trust: float) -> tuple[torch.Tensor, torch.Tensor]:
    """The expectations of several careers and how much each counts.

    Shapes (records of all, states) and (records of all,).
    """
    expected = [one.probabilities for one in taught if one.probabilities is not None]
    counts = [trust if one.trust is None else one.trust for one in taught]
    lengths = torch.tensor([len(one.career.records) for one in taught])
    return torch.cat(expected).float(), torch.tensor(counts).repeat_interleave(lengths)


def _drawn(network: CareerNetwork, inputs: CareerInputs, rng: torch.Generator) -> torch.Tensor:
    """States drawn year by year; shape (workers, records)."""
    drawn = torch.empty_like(inputs.previous)
    previous = inputs.previous.clone()
    for k in range(previous.shape[1]):
        seen = CareerInputs(
            previous[:, : k + 1],
            inputs.years[:, : k + 1],
            inputs.education[:, : k + 1],
            inputs.traits,
        )
        chances = network(seen, only_last=True)[:, -1].exp()
        drawn[:, k] = torch.multinomial(chances, 1, generator=rng)[:, 0]
        if k + 1 < previous.shape[1]:
            previous[:, k + 1] = drawn[:, k]
    return drawn


def _is_career(model: object) -> bool:
    return isinstance(model, CareerModel)


def _world(network: CareerNetwork) -> tuple[object, ...]:
    config = network.config
    return config.years, config.birth_years, config.datasets, config.positions
