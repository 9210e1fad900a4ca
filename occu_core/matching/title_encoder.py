"""A title read by a small transformer that knows what words mean, with numpy alone.

It is a BERT encoder (post-norm, GELU by tanh) whose states are averaged over a title's pieces.
Titles of as many pieces are read together, so nothing is padded.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from tokenizers import Tokenizer

from occu_core.matching.few_bits import FewBits
from occu_core.matching.normalising import words

Floats = npt.NDArray[np.float32]
MOST_PIECES = 24
"""Of a title, with the two that mark its beginning and end; the longest listed have fewer."""
HEADS = 12
_EPSILON = np.float32(1e-12)
BEGIN, END = "[CLS]", "[SEP]"


@dataclass(frozen=True)
class Linear:
    """A linear layer; weight of shape (out, in)."""

    weight: Floats
    bias: Floats

    def __call__(self, states: Floats) -> Floats:
        """States of shape (..., in) to (..., out)."""
        moved: Floats = states @ self.weight.T
        moved += self.bias
        return moved


@dataclass(frozen=True)
class Norm:
    """Layer normalisation over the last axis."""

    weight: Floats
    bias: Floats

    def __call__(self, states: Floats) -> Floats:
        """States of any shape (..., width)."""
        centred = states - states.mean(axis=-1, keepdims=True)
        spread = np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + _EPSILON)
        normal: Floats = centred / spread * self.weight + self.bias
        return normal


@dataclass(frozen=True)
class Layer:
    """One layer of the encoder: attention, then a feed-forward network, each with its norm."""

    queries_keys_values: Linear
    attention_output: Linear
    attention_norm: Norm
    intermediate: Linear
    output: Linear
    output_norm: Norm

    def __call__(self, states: Floats) -> Floats:
        """States of shape (titles, pieces, width)."""
        states = self.attention_norm(states + self.attention_output(self._attended(states)))
        return self.output_norm(states + self.output(_gelu(self.intermediate(states))))

    def _attended(self, states: Floats) -> Floats:
        titles, pieces, width = states.shape
        apart = self.queries_keys_values(states).reshape(titles, pieces, 3, HEADS, width // HEADS)
        queries, keys, values = apart.transpose(2, 0, 3, 1, 4)
        scores = queries @ keys.swapaxes(-1, -2) / np.float32(np.sqrt(width // HEADS))
        weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
        weights /= weights.sum(axis=-1, keepdims=True)
        mixed: Floats = (weights @ values).transpose(0, 2, 1, 3).reshape(titles, pieces, width)
        return mixed


@dataclass(frozen=True)
class TitleEncoder:
    """Knows what words mean beside each other.

    Attributes:
        tokenizer: words to word pieces.
        pieces: a vector of each word piece; shape (pieces, width).
        positions: shape (`MOST_PIECES`, width).
        norm: of the sum of the two.
        layers: the lowest first.
        head: mean states to logits; weight of shape (occupations, width).
    """

    tokenizer: Tokenizer
    pieces: FewBits
    positions: Floats
    norm: Norm
    layers: tuple[Layer, ...]
    head: Linear

    def __post_init__(self) -> None:
        """Check that the tables fit each other."""
        if self.pieces.shape[0] != self.tokenizer.get_vocab_size():
            raise ValueError("vectors and word pieces are not as many")
        pieces_of(self.tokenizer, "")  # has both marks

    def logits(self, titles: Sequence[str]) -> Floats:
        """Logits of the occupations; shape (titles, occupations)."""
        logits = np.zeros((len(titles), len(self.head.bias)), np.float32)
        alike: dict[int, list[int]] = defaultdict(list)
        pieces = [pieces_of(self.tokenizer, title) for title in titles]
        for row, found in enumerate(pieces):
            alike[len(found)].append(row)
        for rows in alike.values():
            logits[rows] = self._read(np.array([pieces[row] for row in rows]))
        return logits

    def _read(self, pieces: npt.NDArray[np.int64]) -> Floats:
        """Titles of as many pieces, shape (titles, pieces), to logits."""
        titles, length = pieces.shape
        states = self.pieces.rows(pieces.ravel()).reshape(titles, length, -1)
        states = self.norm(states + self.positions[:length])
        for layer in self.layers:
            states = layer(states)
        return self.head(states.mean(axis=1))


def pieces_of(tokenizer: Tokenizer, title: str) -> list[int]:
    """The word pieces of a title, between the marks of its beginning and its end."""
    found = tokenizer.encode(" ".join(words(title)), add_special_tokens=False).ids
    return [_mark(tokenizer, BEGIN), *found[: MOST_PIECES - 2], _mark(tokenizer, END)]


def _mark(tokenizer: Tokenizer, mark: str) -> int:
    number: int | None = tokenizer.token_to_id(mark)
    if number is None:
        raise ValueError(f"the word pieces lack {mark}")
    return number


@dataclass(frozen=True)
class EncoderTables:
    """An encoder as it is stored: tables by name, as `train.matcher_encoder` names them.

    Attributes:
        tokenizer: words to word pieces.
        four_bits: the large tables.
        others: positions, norms and biases.
    """

    tokenizer: Tokenizer
    four_bits: Mapping[str, FewBits]
    others: Mapping[str, Floats]

    def encoder(self) -> TitleEncoder:
        """The encoder, ready to read.

        Raises:
            KeyError: naming a table that is missing.
            ValueError: if tables do not fit each other.
        """
        return TitleEncoder(
            self.tokenizer,
            self.four_bits["pieces"],
            self.others["positions"],
            self._norm("norm"),
            tuple(self._layer(f"layers.{k}") for k in range(self._layers())),
            self._linear("head"),
        )

    def _layers(self) -> int:
        return sum(name.endswith(".intermediate") for name in self.four_bits)

    def _layer(self, name: str) -> Layer:
        return Layer(
            self._linear(f"{name}.queries_keys_values"),
            self._linear(f"{name}.attention_output"),
            self._norm(f"{name}.attention_norm"),
            self._linear(f"{name}.intermediate"),
            self._linear(f"{name}.output"),
            self._norm(f"{name}.output_norm"),
        )

    def _linear(self, name: str) -> Linear:
        return Linear(self.four_bits[name].rows(), self.others[f"{name}.bias"])

    def _norm(self, name: str) -> Norm:
        return Norm(self.others[f"{name}.weight"], self.others[f"{name}.bias"])


def _gelu(states: Floats) -> Floats:
    """GELU by its tanh approximation, in place where it can be."""
    inner = states * states
    inner *= np.float32(0.044715)
    inner += 1
    inner *= states
    inner *= np.float32(np.sqrt(2 / np.pi))
    np.tanh(inner, out=inner)
    inner += 1
    inner *= states
    inner *= np.float32(0.5)
    return inner
