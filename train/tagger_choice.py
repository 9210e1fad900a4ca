"""Choose, on texts held out from teaching, how sure the tagger is and how soon it says none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer

from occu_core.occuquest.tagging_network import TaggerNetwork
from train.tagger_data import Example, accepted_matrix

Floats = npt.NDArray[np.float64]
BIASES = np.arange(-4, 2.01, 0.25)
TEMPERATURES = np.exp(np.arange(-1, 1.51, 0.05))


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was chosen, and what it gives on the held-out texts."""

    none_bias: float
    """Added to the logit of no occupation: the mean of the two accuracies below is highest."""
    temperature: float
    """Divides the logits: the likelihood of both kinds of held-out text together is highest."""
    valid_prompts: float
    """Share of held-out real prompts tagged with an accepted class."""
    valid_experts: float
    """Share of held-out experts' questions tagged with an accepted category."""


def choose(
    network: TaggerNetwork,
    tokenizer: Tokenizer,
    prompts: Sequence[Example],
    questions: Sequence[Example],
) -> Chosen:
    """The bias first, then the temperature given the bias."""
    logits = [
        read_texts(network, tokenizer, [e.text for e in part])[0] for part in (prompts, questions)
    ]
    right = [accepted_matrix(examples) for examples in (prompts, questions)]
    pairs = list(zip(logits, right, strict=True))
    found = [[accuracy(biased(z, b), y) for z, y in pairs] for b in BIASES]
    best = int(np.argmax([sum(shares) for shares in found]))
    bias = float(BIASES[best])
    nats = [
        sum(negative_log_likelihood(biased(z, bias) / t, y) for z, y in pairs) for t in TEMPERATURES
    ]
    return Chosen(bias, float(TEMPERATURES[int(np.argmin(nats))]), *found[best])


def read_texts(
    network: TaggerNetwork, tokenizer: Tokenizer, texts: Sequence[str]
) -> tuple[Floats, Floats]:
    """Logits before bias and temperature, and meanings, of texts cut as the tagger cuts them."""
    tokenizer.enable_truncation(128)
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    logits = np.zeros((len(texts), network.category.out_features))
    meanings = np.zeros((len(texts), network.meaning.out_features))
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            encoded = tokenizer.encode_batch([texts[place][:2000] for place in places])
            tokens = torch.tensor([one.ids for one in encoded])
            mask = torch.tensor([one.attention_mask for one in encoded])
            found, meant = network(tokens, mask)
            logits[places], meanings[places] = found.numpy(), meant.numpy()
    return logits, meanings


def biased(logits: Floats, none_bias: float) -> Floats:
    """Logits with the bias on their last class, no occupation."""
    moved = logits.copy()
    moved[:, -1] += none_bias
    return moved


def accuracy(logits: Floats, accepted: npt.NDArray[np.bool_]) -> float:
    """Share of texts whose likeliest class is accepted."""
    return float(accepted[np.arange(len(logits)), logits.argmax(1)].mean())


def negative_log_likelihood(logits: Floats, accepted: npt.NDArray[np.bool_]) -> float:
    """Mean nats spent on the accepted classes together."""
    shifted = logits - logits.max(1, keepdims=True)
    shares = np.exp(shifted) / np.exp(shifted).sum(1, keepdims=True)
    return float(-np.log(np.maximum((shares * accepted).sum(1), 1e-12)).mean())
