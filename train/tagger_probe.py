"""Fit the part of the tagger that tells a class by a text's meaning, after the rest is taught."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from torch import nn

from occu_core.occuquest.tagging_network import TaggerNetwork
from train.tagger_choice import BIASES, accuracy, biased, read_texts
from train.tagger_data import Example, accepted_matrix

PENALTIES = (3e-3, 1e-3, 3e-4)
SHARES = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0)
_SCALE = 8.0

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Held:
    """Held-out texts as the taught network reads them, and what is right."""

    logits: Floats
    meanings: Floats
    accepted: npt.NDArray[np.bool_]


def add_probe(
    network: TaggerNetwork,
    tokenizer: Tokenizer,
    taught: Sequence[Example],
    held_out: Sequence[Sequence[Example]],
) -> dict[str, float]:
    """Fit on taught texts; penalty and weight are those with the highest mean held-out accuracy."""
    _, meanings = read_texts(network, tokenizer, [example.text for example in taught])
    held = [
        Held(*read_texts(network, tokenizer, [e.text for e in part]), accepted_matrix(part))
        for part in held_out
    ]
    found = []
    for penalty in PENALTIES:
        probe = fit_probe(meanings, accepted_matrix(taught), penalty)
        with torch.inference_mode():
            said = [probe(torch.from_numpy(h.meanings)).numpy() for h in held]
        for share in SHARES:
            value = max(
                sum(
                    accuracy(biased(h.logits + share * s, bias), h.accepted)
                    for h, s in zip(held, said, strict=True)
                )
                for bias in BIASES
            )
            found.append((value, -share, penalty, probe))
    value, share, penalty, probe = max(found, key=lambda one: one[:2])
    with torch.no_grad():
        network.category_of_meaning.weight.copy_(-share * probe.weight)
        network.category_of_meaning.bias.copy_(-share * probe.bias)
    return {"probe_share": -share, "probe_penalty": penalty, "valid": value / len(held)}


def fit_probe(meanings: Floats, accepted: npt.NDArray[np.bool_], penalty: float) -> nn.Linear:
    """A linear layer by penalised likelihood of the accepted classes together."""
    layer = nn.Linear(meanings.shape[1], accepted.shape[1]).double()
    nn.init.zeros_(layer.weight)
    nn.init.zeros_(layer.bias)
    inputs, right = torch.from_numpy(meanings * _SCALE), torch.from_numpy(accepted)
    optimiser = torch.optim.LBFGS(layer.parameters(), max_iter=200, line_search_fn="strong_wolfe")

    def loss() -> torch.Tensor:
        optimiser.zero_grad()
        shares = layer(inputs).log_softmax(1).masked_fill(~right, -torch.inf)
        total: torch.Tensor = -shares.logsumexp(1).mean() + penalty * layer.weight.square().sum()
        total.backward()  # type: ignore[no-untyped-call]
        return total

    optimiser.step(loss)  # type: ignore[no-untyped-call]
    with torch.no_grad():
        layer.weight *= _SCALE
    return layer
