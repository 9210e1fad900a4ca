"""The matcher's encoder: all-MiniLM-L6-v2 taught titles, its weights learned in four bits.

Only the word pieces that titles have are kept. From a point on, the network computes with weights
rounded to four bits and learns past the rounding (a straight-through estimate), so that what is
stored is what was learned.
"""

from __future__ import annotations

import math
import random
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from torch import Tensor, nn
from torch.nn.utils import parametrize
from transformers import AutoModel, BertModel

from occu_core.matching.few_bits import CUTS, packed
from occu_core.matching.normalising import words
from occu_core.matching.title_encoder import BEGIN, END, MOST_PIECES, EncoderTables, pieces_of
from train.sentence_encoder import encoder_folder

Floats = npt.NDArray[np.float32]
_UNKNOWN = "[UNK]"
_REFIT = 50
"""Steps after which the scales of four bits are chosen anew."""
_BUCKETS = 40
"""Batches that are drawn together, so that those of like length can share one."""


@dataclass(frozen=True, slots=True)
class EncoderSettings:
    """Settings of the encoder's training."""

    seed: int
    "Of the order of titles, of dropout and of the new layer."
    epochs: int
    "Times that each title is read."
    batch: int
    "Titles a step."
    learning_rate: float
    "Of the encoder, at its height."
    head_learning_rate: float
    "Of the new linear layer."
    dropout: float
    "Share of numbers that are left out, within the encoder and of its mean states."
    warm_up: float
    "Share of the steps in which the rates rise; then they fall as a cosine."
    four_bits_from: float
    "Share of the steps after which weights are rounded."
    least_titles: int
    "A word piece must occur in so many titles; words of others are spelt with smaller pieces."


class Rounded(nn.Module):
    """A weight as four bits would give it; its gradient passes as if it were not rounded."""

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        self.scale = torch.ones(len(weight), 1)
        self.fit(weight)

    @torch.no_grad()
    def fit(self, weight: Tensor) -> None:
        """Choose each row's scale as `packed` will."""
        largest = weight.abs().amax(1, keepdim=True).clamp_min(1e-9) / 7
        lost = torch.stack(
            [(_rounded(weight, largest * c) - weight).pow(2).sum(1) for c in CUTS[4]]
        )
        self.scale = largest * torch.tensor(CUTS[4])[lost.argmin(0)][:, None]

    def forward(self, weight: Tensor) -> Tensor:
        """The same weight, rounded; shape (rows, width)."""
        return weight + (_rounded(weight, self.scale) - weight).detach()


class TitleClassifier(nn.Module):
    """The encoder's mean states, then a linear layer over codes."""

    def __init__(self, encoder: BertModel, codes: int, dropout: float) -> None:
        super().__init__()
        self.encoder = encoder
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(encoder.config.hidden_size, codes)
        for part in encoder.modules():
            if isinstance(part, nn.Dropout):
                part.p = dropout

    def forward(self, pieces: Tensor, mask: Tensor) -> Tensor:
        """Word pieces and 1 where there is one, both (titles, pieces), to logits."""
        states = self.encoder(input_ids=pieces, attention_mask=mask).last_hidden_state
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        logits: Tensor = self.head(self.dropout(mean))
        return logits

    def large_parts(self) -> list[nn.Linear | nn.Embedding]:
        """The parts whose weights are stored in four bits."""
        linear = [part for part in self.modules() if isinstance(part, nn.Linear)]
        return [*linear, self.encoder.embeddings.word_embeddings]


def teach_encoder(
    titles: Sequence[Sequence[str]],
    shares: Floats,
    settings: EncoderSettings,
    begins_as: Path | None = None,
) -> tuple[TitleClassifier, Tokenizer]:
    """Teach the encoder titles; `tables_of` makes of it what is stored.

    Args:
        titles: the forms of each; one of them, drawn anew, is read each time.
        shares: how often each code is listed for each title; shape (titles, codes).
        settings: see there.
        begins_as: a folder with a BERT encoder and its tokenizer; by default all-MiniLM-L6-v2's.
    """
    torch.manual_seed(settings.seed)
    folder = begins_as or encoder_folder()
    tokenizer, encoder = _with_pieces_of(titles, settings.least_titles, folder)
    network = TitleClassifier(encoder, shares.shape[1], settings.dropout).train()
    pieces = [_different(pieces_of(tokenizer, form) for form in forms) for forms in titles]
    wanted = torch.from_numpy(shares)
    rates = settings.learning_rate, settings.head_learning_rate
    optimiser = torch.optim.AdamW(
        [{"params": network.encoder.parameters()}, {"params": network.head.parameters()}],
        weight_decay=0.01,
    )
    steps = settings.epochs * (len(titles) // settings.batch)
    rounded_from = int(settings.four_bits_from * steps)
    losses, started = [], time.perf_counter()
    for step, (rows, padded, mask) in enumerate(_batches(pieces, settings)):
        if step == rounded_from:
            _round(network)
        if step > rounded_from and step % _REFIT == 0:
            _fit(network)
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            group["lr"] = rate * _share_of_rate(step / steps, settings.warm_up)
        logs = network(padded, mask).log_softmax(1)
        loss = -(wanted[rows] * logs).sum(1).mean()
        optimiser.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        losses.append(loss.item())
        if (step + 1) % max(1, steps // 20) == 0:
            print(
                f"encoder, step {step + 1} of {steps}, loss {np.mean(losses[-200:]):.3f},"
                f" {time.perf_counter() - started:.0f} s",
                flush=True,
            )
    _fit(network)
    return network.eval(), tokenizer


def tables_of(network: TitleClassifier, tokenizer: Tokenizer) -> EncoderTables:
    """The network as it is stored; its large tables in four bits."""
    encoder = network.encoder
    linear: dict[str, tuple[Floats, Floats]] = {"head": _joined(network.head)}
    norms = {"norm": encoder.embeddings.LayerNorm}
    for k, layer in enumerate(encoder.encoder.layer):
        attention, name = layer.attention, f"layers.{k}"
        reads = attention.self
        linear |= {
            f"{name}.queries_keys_values": _joined(reads.query, reads.key, reads.value),
            f"{name}.attention_output": _joined(attention.output.dense),
            f"{name}.intermediate": _joined(layer.intermediate.dense),
            f"{name}.output": _joined(layer.output.dense),
        }
        norms |= {
            f"{name}.attention_norm": attention.output.LayerNorm,
            f"{name}.output_norm": layer.output.LayerNorm,
        }
    places = encoder.embeddings.position_embeddings.weight[:MOST_PIECES]
    others = {"positions": _numbers(places + encoder.embeddings.token_type_embeddings.weight[0])}
    for name, norm in norms.items():
        others |= {f"{name}.weight": _numbers(norm.weight), f"{name}.bias": _numbers(norm.bias)}
    others |= {f"{name}.bias": bias for name, (_, bias) in linear.items()}
    tables = {name: packed(weight) for name, (weight, _) in linear.items()}
    tables["pieces"] = packed(_original(encoder.embeddings.word_embeddings))
    return EncoderTables(tokenizer, tables, others)


def _joined(*parts: nn.Linear) -> tuple[Floats, Floats]:
    """The weights and the biases of some layers, one below the other."""
    weights = np.concatenate([_original(part) for part in parts])
    return weights, np.concatenate([_numbers(part.bias) for part in parts])


def _original(part: nn.Linear | nn.Embedding) -> Floats:
    """A weight as it was learned, before it is rounded."""
    if not parametrize.is_parametrized(part, "weight"):
        return _numbers(part.weight)
    parametrizations: Any = part.parametrizations
    return _numbers(parametrizations.weight.original)


def _numbers(tensor: Tensor) -> Floats:
    numbers: Floats = tensor.detach().numpy().copy()
    return numbers


def _round(network: TitleClassifier) -> None:
    for part in network.large_parts():
        parametrize.register_parametrization(part, "weight", Rounded(part.weight))


def _fit(network: TitleClassifier) -> None:
    for part in network.large_parts():
        parametrizations: Any = part.parametrizations
        parametrizations.weight[0].fit(parametrizations.weight.original)


def _rounded(weight: Tensor, scale: Tensor) -> Tensor:
    return (weight / scale).round().clamp(-8, 7) * scale


def _with_pieces_of(
    titles: Sequence[Sequence[str]], least: int, folder: Path
) -> tuple[Tokenizer, BertModel]:
    """An encoder with those word pieces alone that enough titles have, and letters."""
    whole = Tokenizer.from_file(str(folder / "tokenizer.json"))
    counts: Counter[str] = Counter()
    for forms in titles:
        spoken = (" ".join(words(form)) for form in forms)
        counts.update({p for text in spoken for p in whole.encode(text).tokens})
    known = whole.get_vocab()
    kept = [
        piece
        for piece in sorted(known, key=lambda piece: known[piece])
        if piece in {_UNKNOWN, BEGIN, END} or counts[piece] >= least or _is_letter(piece)
    ]
    tokenizer = Tokenizer(
        models.WordPiece({piece: row for row, piece in enumerate(kept)}, unk_token=_UNKNOWN)
    )
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    model = AutoModel.from_pretrained(
        folder, add_pooling_layer=False, hidden_act="gelu_pytorch_tanh"
    )
    embeddings = model.embeddings
    vectors = embeddings.word_embeddings.weight[[known[piece] for piece in kept]].detach()
    embeddings.word_embeddings = nn.Embedding(len(kept), vectors.shape[1], _weight=vectors.clone())
    return tokenizer, model


def _different(forms: Iterable[list[int]]) -> list[list[int]]:
    return [list(form) for form in dict.fromkeys(map(tuple, forms))]


def _is_letter(piece: str) -> bool:
    return len(piece.removeprefix("##")) == 1 and piece.isascii()


def _batches(
    titles: Sequence[Sequence[list[int]]], settings: EncoderSettings
) -> Iterator[tuple[list[int], Tensor, Tensor]]:
    """Rows, their word pieces and where there is one; titles of like length stand together."""
    draws = random.Random(settings.seed)
    size = settings.batch
    for _ in range(settings.epochs):
        chosen = [draws.choice(forms) for forms in titles]
        order = draws.sample(range(len(titles)), len(titles))
        batches = []
        for start in range(0, len(order), size * _BUCKETS):
            rows = sorted(order[start : start + size * _BUCKETS], key=lambda k: len(chosen[k]))
            batches += [rows[at : at + size] for at in range(0, len(rows), size)]
        whole = [rows for rows in batches if len(rows) == size]
        draws.shuffle(whole)
        for rows in whole[: len(titles) // size]:
            found = [torch.tensor(chosen[row]) for row in rows]
            mask = [torch.ones(len(one)) for one in found]
            yield rows, _padded(found), _padded(mask)


def _padded(rows: list[Tensor]) -> Tensor:
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)


def _share_of_rate(done: float, warm_up: float) -> float:
    """The rate's share of its height: up in a line, down as a cosine to a hundredth."""
    rising = min(1.0, (done + 1e-4) / warm_up)
    return rising * (0.01 + 0.495 * (1 + math.cos(math.pi * done)))
