"""The matcher's networks of features: their vectors averaged, then a linear layer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from occu_core.matching.feature_network import VECTOR_BITS, FeatureNetwork
from occu_core.matching.features import Vocabulary
from occu_core.matching.few_bits import packed
from train.matcher_lessons import MEANING_WIDTH, Lessons, Meanings, Places

Floats = npt.NDArray[np.float32]
Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Rows of features, where each title begins, the weight of each row (1 / √ its title's number),
and the titles' meanings: the sum of their words', over the same root."""
MEANING_SCALE = 7.0
"""Makes meanings as large as vectors, so that both are learned at one pace."""
_LEAST_RATE, _WARM_UP = 0.02, 200


@dataclass(frozen=True, slots=True)
class FeatureSettings:
    """Settings of the training of the matcher's network of features."""

    seed: int
    "Of the first network; the others follow."
    members: int
    "How many networks are taught apart and averaged."
    width: int
    "Numbers in a feature's vector, of one network."
    epochs: int
    "Times that each title is read, in one of its forms each time."
    batch: int
    "Titles a step."
    learning_rate: float
    "Of the features' vectors at its height; the linear layer's is half of it."
    feature_dropout: float
    "Share of a title's features that are left out, drawn anew each time."
    dropout: float
    "Share of the pooled numbers that are left out."
    listed: float
    "Weight of the loss that any listed code satisfies; the rest wants each code by its share."
    least_titles: int
    "A feature must occur in so many titles."
    meanings: bool
    "Whether words begin with what the sentence encoder all-MiniLM-L6-v2 says they mean."
    statements: bool
    "Whether to learn from O*NET's statements of what occupations do, too."


class TitleNetwork(nn.Module):
    """Features to logits of codes.

    A word's vector is one of its own and a linear image of its meaning, so that a rare word is
    near to those that mean alike; `vectors_with_meanings` adds the two up for good.
    """

    def __init__(self, features: int, codes: int, settings: FeatureSettings) -> None:
        super().__init__()
        self.vectors = nn.EmbeddingBag(features, settings.width, mode="sum", sparse=True)
        nn.init.normal_(self.vectors.weight, std=0.05)
        self.meaning = nn.Linear(MEANING_WIDTH, settings.width, bias=False)
        self.dropout = nn.Dropout(settings.dropout)
        self.head = nn.Linear(settings.width, codes)

    def forward(self, batch: Batch) -> Tensor:
        """Logits; shape (titles, codes)."""
        places, starts, weights, meanings = batch
        pooled = self.vectors(places, starts, per_sample_weights=weights)
        pooled = pooled + self.meaning(self.dropout(meanings * MEANING_SCALE))
        logits: Tensor = self.head(self.dropout(pooled))
        return logits


def teach(lessons: Lessons, features: int, seed: int, settings: FeatureSettings) -> TitleNetwork:
    """Teach one network."""
    torch.manual_seed(seed)
    draws = np.random.default_rng(seed)
    network = TitleNetwork(features, lessons.shares.shape[1], settings)
    met = np.zeros(features, bool)
    for forms in lessons.forms:
        met[np.concatenate(forms)] = True
    with torch.no_grad():
        network.vectors.weight[~torch.from_numpy(met)] = 0  # a word never met: its meaning alone
    optimisers = (
        torch.optim.SparseAdam(list(network.vectors.parameters())),
        torch.optim.Adam([*network.head.parameters(), *network.meaning.parameters()]),
    )
    steps = settings.epochs * (len(lessons.forms) // settings.batch)
    losses: list[float] = []
    for step, (batch, shares) in enumerate(_batches(lessons, draws, settings)):
        rate = settings.learning_rate * min(1, (step + 1) / _WARM_UP)
        rate *= max(_LEAST_RATE, 1 - step / steps)
        for optimiser, share in zip(optimisers, (1.0, 0.5), strict=True):
            optimiser.param_groups[0]["lr"] = rate * share
            optimiser.zero_grad()
        loss = loss_of(network(batch), shares, settings.listed)
        loss.backward()  # type: ignore[no-untyped-call]
        for optimiser in optimisers:
            optimiser.step()  # type: ignore[no-untyped-call]
        losses.append(loss.item())
        if (step + 1) % (steps // 4) == 0:
            print(f"seed {seed}, step {step + 1} of {steps}, loss {np.mean(losses[-200:]):.3f}")
    return network.eval()


def loss_of(logits: Tensor, shares: Tensor, listed: float) -> Tensor:
    """Mean over titles of two losses: any listed code will do, and each by its share."""
    logs = logits.log_softmax(1)
    any_listed = -logs.masked_fill(shares == 0, -torch.inf).logsumexp(1)
    by_share = -(shares * logs).sum(1)
    return (listed * any_listed + (1 - listed) * by_share).mean()


def vectors_with_meanings(network: TitleNetwork, meanings: Meanings) -> Floats:
    """Each feature's vector, a word's image of its meaning added; shape (features, width)."""
    vectors = network.vectors.weight.detach().numpy().copy()
    images = MEANING_SCALE * meanings.vectors @ network.meaning.weight.detach().numpy().T
    vectors[meanings.places] += images
    return vectors


def averaged(
    networks: list[TitleNetwork], vocabulary: Vocabulary, meanings: Meanings
) -> FeatureNetwork:
    """The mean of the networks' logits as one network: their vectors stand side by side."""
    vectors = np.concatenate([vectors_with_meanings(n, meanings) for n in networks], axis=1)
    heads = np.concatenate([n.head.weight.detach().numpy() for n in networks], axis=1)
    biases = np.stack([n.head.bias.detach().numpy() for n in networks])
    head = (heads / len(networks)).astype(np.float32)
    return FeatureNetwork(vocabulary, packed(vectors, VECTOR_BITS), head, biases.mean(axis=0))


def _batches(
    lessons: Lessons, draws: np.random.Generator, settings: FeatureSettings
) -> Iterator[tuple[Batch, Tensor]]:
    for _ in range(settings.epochs):
        order = draws.permutation(len(lessons.forms))
        for start in range(0, len(order) - settings.batch + 1, settings.batch):
            rows = order[start : start + settings.batch]
            which = [int(draws.integers(len(lessons.forms[row]))) for row in rows]
            chosen = [lessons.forms[row][k] for row, k in zip(rows, which, strict=True)]
            meant = np.stack([lessons.meant[row][k] for row, k in zip(rows, which, strict=True)])
            kept = [_some(places, settings.feature_dropout, draws) for places in chosen]
            yield batch_of(kept, meant), torch.from_numpy(lessons.shares[rows])


def batch_of(titles: list[Places], meant: Floats) -> Batch:
    """Titles as one batch; `meant` has shape (titles, meaning width)."""
    sizes = np.array([len(places) for places in titles])
    starts = np.concatenate([[0], np.cumsum(sizes)[:-1]])
    weights = np.repeat(1 / np.sqrt(sizes), sizes).astype(np.float32)
    rows = torch.from_numpy(np.concatenate(titles)), torch.from_numpy(starts)
    return *rows, torch.from_numpy(weights), torch.from_numpy(meant.astype(np.float32))


def _some(places: Places, dropout: float, draws: np.random.Generator) -> Places:
    """The features that are not left out; at least one."""
    kept = places[draws.random(len(places)) >= dropout]
    return kept if len(kept) else places
