"""What fine-tuning needs: memory from counted bytes, time from counted multiplications.

Bytes of weights, gradients and moments are counted from their number formats. What a forward pass
keeps for the backward pass was measured on small Llamas of several shapes by
`train.measure_finetuning`, with the tensors that autograd saves, and is linear in them; tests
measure it again. Larger bases, other architectures, and what an allocator wastes are extrapolated:
`MARGIN` is an allowance, not a measurement.
"""

from __future__ import annotations

from dataclasses import dataclass

from train.tuning import Tuning

MARGIN = 1.15
_WORKSPACE = 1e9  # bytes that a GPU's libraries take for themselves
_MATRIX_BYTES = {Tuning.QLORA_8BIT: 1.0, Tuning.QLORA_4BIT: 0.5 + 1 / 64 + 4 / (64 * 256)}


@dataclass(frozen=True, slots=True)
class Shape:
    """A decoder like Llama; numbers of weights, layers and of entries in a vector."""

    layers: int
    width: int
    feed_forward: int
    vocabulary: int
    key_width: int
    tied: bool = False

    @classmethod
    def of_size(cls, parameters: float, vocabulary: int) -> Shape:
        """A Llama of about so many weights: 128 wide for each layer, eight thirds of it inside.

        >>> Shape.of_size(6.7e9, 32_000).layers
        32
        """
        layers = 1
        while cls._regular(layers, vocabulary).parameters < parameters:
            layers += 1
        below, above = (cls._regular(max(n, 1), vocabulary) for n in (layers - 1, layers))
        nearer_below = parameters - below.parameters < above.parameters - parameters
        return below if nearer_below else above

    @classmethod
    def _regular(cls, layers: int, vocabulary: int) -> Shape:
        width = 128 * layers
        return cls(layers, width, width * 8 // 3, vocabulary, width)

    @property
    def matrices(self) -> int:
        """Weights in the layers' seven matrices: those that are held in few bits."""
        attention = 2 * self.width * (self.width + self.key_width)
        return self.layers * (attention + 3 * self.width * self.feed_forward)

    @property
    def parameters(self) -> int:
        """All weights."""
        words = self.vocabulary * self.width * (1 if self.tied else 2)
        return self.matrices + words + (2 * self.layers + 1) * self.width

    def adapter(self, rank: int) -> int:
        """Weights of a LoRA adapter on the seven matrices of every layer."""
        ends = 2 * (2 * self.width) + 2 * (self.width + self.key_width)
        return self.layers * rank * (ends + 3 * (self.width + self.feed_forward))


@dataclass(frozen=True, slots=True)
class Way:
    """How a run tunes and multiplies; `tokens` are those of one pack, `labelled` its share."""

    tuning: Tuning
    rank: int
    tokens: int
    labelled: float
    checkpointing: bool
    eight_bit_optimiser: bool


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes."""

    weights: float
    gradients: float
    moments: float
    activations: float

    @property
    def total(self) -> float:
        """With an allowance for what is not counted."""
        counted = self.weights + self.gradients + self.moments + self.activations
        return counted * MARGIN + _WORKSPACE


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes that one layer keeps for the backward pass, in bfloat16 (measured)."""

    per_width: float
    """For each token and entry of its vector."""

    per_feed_forward: float
    """For each token and entry of the vector inside."""

    per_pair: float
    """For each two tokens of a pack: the mask."""


# Fitted by `train.measure_finetuning`.
_FULL, _ADAPTER = Kept(34.0, 8.0, 2.03), Kept(52.4, 12.0, 2.20)
_SAVED_SCORES = 4.03  # bytes for each labelled token and entry of the vocabulary


def memory(shape: Shape, way: Way) -> Memory:
    """The most that a step holds at once."""
    full = way.tuning is Tuning.FULL
    learned = shape.parameters if full else shape.adapter(way.rank)
    moment_bytes = 2.0 if way.eight_bit_optimiser else 8.0
    return Memory(
        weights=weight_bytes(shape, way),
        gradients=4.0 * learned,
        moments=moment_bytes * learned,
        activations=activation_bytes(shape, way),
    )


def weight_bytes(shape: Shape, way: Way) -> float:
    """Of the base and the adapter; what learns has 32 bits and a copy in 16 to multiply with."""
    if way.tuning is Tuning.FULL:
        return 4.0 * shape.parameters + 2.0 * shape.matrices
    others = shape.parameters - shape.matrices
    base = _MATRIX_BYTES.get(way.tuning, 2.0) * shape.matrices + 2.0 * others
    return base + 6.0 * shape.adapter(way.rank)


def activation_bytes(shape: Shape, way: Way) -> float:
    """Kept for the backward pass of one pack, the scores of its labels included."""
    kept = _FULL if way.tuning is Tuning.FULL else _ADAPTER
    layer = (
        way.tokens * (kept.per_width * shape.width + kept.per_feed_forward * shape.feed_forward)
        + kept.per_pair * way.tokens**2
    )
    # With checkpointing a layer keeps its input, counted in 32 bits, and one at a time is redone.
    inputs = 4.0 * way.tokens * shape.width
    layers = shape.layers * inputs + layer if way.checkpointing else shape.layers * layer
    return layers + _SAVED_SCORES * way.tokens * way.labelled * shape.vocabulary


def operations(shape: Shape, way: Way, tokens: float) -> float:
    """Multiplications and additions to learn from so many tokens (Kaplan et al. 2020).

    Two for each weight and token forward; backward two for the activations, and two for the
    weights if they learn; checkpointing goes forward twice.
    """
    passes = 1 + (1 if way.checkpointing else 0) + 1 + (1 if way.tuning is Tuning.FULL else 0)
    return 2.0 * passes * shape.parameters * tokens
