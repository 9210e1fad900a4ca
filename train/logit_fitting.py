"""Fit the linear layer of a multinomial logit: penalised likelihood, by Adam, best epoch kept."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import torch
from torch import nn

from occu_core.careers import CareerHistory
from occu_core.models.career_features import SparseRows
from occu_core.models.classifier import Ints, previous_states, states_of
from occu_core.models.logit import LogitWeights
from occu_core.occupations import Taxonomy
from train.optimisation import one_cycle

Rows = SparseRows | npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Examples:
    """Person-years: features, the state before (the number of states at the start), what happened.

    Features are sparse rows, or an array of shape (person-years, features).
    """

    rows: Rows
    previous: Ints
    outcomes: Ints


@dataclass(frozen=True, slots=True)
class Fitting:
    """How to fit one layer."""

    two_stages: bool
    l2: float
    """Half of it times each squared weight is the penalty, in nats over the whole data."""

    epochs: int
    batch_rows: int
    learning_rate: float
    seed: int


def examples(
    read: Callable[[CareerHistory], Rows], careers: Sequence[CareerHistory], taxonomy: Taxonomy
) -> Examples:
    """The person-years of careers, whose features `read` finds."""
    parts = [read(career) for career in careers]
    sparse = [part for part in parts if isinstance(part, SparseRows)]
    dense = [part for part in parts if not isinstance(part, SparseRows)]
    return Examples(
        SparseRows.stack(sparse) if sparse else np.concatenate(dense),
        np.concatenate([previous_states(career, None, taxonomy) for career in careers]),
        np.concatenate([states_of(career, taxonomy) for career in careers]),
    )


def fit(
    train: Examples, valid: Examples, shape: tuple[int, int], fitting: Fitting
) -> tuple[LogitWeights, float]:
    """The layer of the epoch with the best valid perplexity, and that perplexity.

    `shape` is the number of features and of states. The bias, not penalised, starts at the log
    share of each state, and weights at zero.
    """
    features, states = shape
    torch.manual_seed(fitting.seed)
    weights = nn.Parameter(torch.zeros(features, states + 1))
    bias = nn.Parameter(_first_bias(train.outcomes, states))
    optimiser = torch.optim.Adam([weights, bias], lr=fitting.learning_rate, betas=(0.9, 0.99))
    order = np.random.default_rng(fitting.seed)
    steps = math.ceil(len(train.outcomes) / fitting.batch_rows)
    best, best_score = (weights.detach().clone(), bias.detach().clone()), math.inf
    for epoch in range(fitting.epochs):
        shuffled = np.array_split(order.permutation(len(train.outcomes)), steps)
        for step, chosen in enumerate(shuffled):
            done = (epoch + step / steps) / fitting.epochs
            for group in optimiser.param_groups:
                group["lr"] = fitting.learning_rate * one_cycle(done, 0.05)
            loss = _nats(weights, bias, train, chosen, fitting.two_stages).mean()
            loss = loss + 0.5 * fitting.l2 / len(train.outcomes) * weights.square().sum()
            optimiser.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimiser.step()
        score = _perplexity(weights, bias, valid, fitting)
        if score < best_score:
            best, best_score = (weights.detach().clone(), bias.detach().clone()), score
    layer = LogitWeights(best[0].numpy(), best[1].numpy(), fitting.two_stages)
    return layer, best_score


def choose_layer(
    train: Examples, valid: Examples, shape: tuple[int, int], start: Fitting, l2: Sequence[float]
) -> tuple[LogitWeights, Fitting]:
    """The layer that is best on valid: first two stages or one, then each penalty."""

    def tried(fitting: Fitting) -> tuple[float, LogitWeights, Fitting]:
        layer, score = fit(train, valid, shape, fitting)
        stages = "two stages" if fitting.two_stages else "one stage"
        print(f"{stages}, penalty {fitting.l2:g}: valid perplexity {score:.4f}", flush=True)
        return score, layer, fitting

    by_score = lambda attempt: attempt[0]  # noqa: E731
    best = min((tried(replace(start, two_stages=stages)) for stages in (True, False)), key=by_score)
    others = [tried(replace(best[2], l2=penalty)) for penalty in l2 if penalty != start.l2]
    _, layer, fitting = min([best, *others], key=by_score)
    return layer, fitting


def log_probabilities(
    scores: torch.Tensor, previous: torch.Tensor, *, two_stages: bool
) -> torch.Tensor:
    """As `occu_core.models.logit.log_probabilities`, with gradients; shape (rows, states)."""
    states, stay = scores[:, :-1], scores[:, -1:]
    if not two_stages:
        return states.log_softmax(-1)
    keeps = previous.unsqueeze(-1) == torch.arange(states.shape[1])  # nowhere at the start
    leave = torch.where(keeps.any(-1, keepdim=True), nn.functional.logsigmoid(-stay), 0.0)
    moved = states.masked_fill(keeps, -math.inf).log_softmax(-1) + leave
    return torch.where(keeps, nn.functional.logsigmoid(stay), moved)


def _nats(
    weights: torch.Tensor, bias: torch.Tensor, data: Examples, chosen: Ints, two_stages: bool
) -> torch.Tensor:
    """Nats of each person-year; shape (chosen,)."""
    scores = _scores(weights, bias, data.rows, chosen)
    previous = torch.from_numpy(data.previous[chosen])
    outcomes = torch.from_numpy(data.outcomes[chosen])
    log_probs = log_probabilities(scores, previous, two_stages=two_stages)
    return nn.functional.nll_loss(log_probs, outcomes, reduction="none")


def _scores(weights: torch.Tensor, bias: torch.Tensor, rows: Rows, chosen: Ints) -> torch.Tensor:
    """The linear layer; shape (chosen, states + 1)."""
    if not isinstance(rows, SparseRows):
        return torch.from_numpy(rows[chosen]) @ weights + bias
    batch = rows.choose(chosen)
    sums = nn.functional.embedding_bag(
        torch.from_numpy(batch.columns),
        weights,
        torch.from_numpy(batch.ends[:-1]),
        mode="sum",
        per_sample_weights=torch.from_numpy(batch.values).float(),
    )
    return sums + bias


@torch.inference_mode()
def _perplexity(
    weights: torch.Tensor, bias: torch.Tensor, data: Examples, fitting: Fitting
) -> float:
    """Micro average over the person-years."""
    parts = np.array_split(
        np.arange(len(data.outcomes)), max(1, len(data.outcomes) // fitting.batch_rows)
    )
    nats = [_nats(weights, bias, data, part, fitting.two_stages).double() for part in parts]
    return math.exp(torch.cat(nats).mean().item())


def _first_bias(outcomes: Ints, states: int) -> torch.Tensor:
    """Log shares of the states, each count raised by one, then 0 for staying."""
    counts = np.bincount(outcomes, minlength=states) + 1.0
    return torch.tensor(np.append(np.log(counts / counts.sum()), 0.0), dtype=torch.float32)
