"""Say what fine-tuning a base would need, before renting a GPU for it.

    python -m train.estimate_finetuning --parameters 6.7e9 --tuning lora --checkpointing

Memory for each way of tuning and time for the careers, from `train.finetuning_costs`.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from train.finetuning_costs import Shape, Way, memory, operations
from train.tuning import Tuning

LABELLED = 0.25
GIGABYTE = 1e9


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked."""

    parameters: float
    """Weights of the base."""

    tuning: Tuning
    """What learns."""

    pack_tokens: int = 2048
    """Tokens of resumes in one forward pass."""

    vocabulary: int = 32_000
    """Entries of the base's vocabulary."""

    rank: int = 16
    """Of the adapter."""

    checkpointing: bool = False
    """Compute activations twice instead of keeping them."""

    eight_bit_optimiser: bool = False
    """Hold the optimiser's moments in 8 bits."""

    tokens: float = 6e6
    """Tokens an epoch."""

    epochs: int = 3
    """Passes over them."""

    teraflops: float = 120.0
    """What the GPU sustains, 10¹² operations a second: about 0.4 of a bfloat16 peak."""


def main(question: Question) -> None:
    """Print memory by what holds it, and hours."""
    shape = Shape.of_size(question.parameters, question.vocabulary)
    way = Way(
        tuning=question.tuning,
        rank=question.rank,
        tokens=question.pack_tokens,
        labelled=LABELLED,
        checkpointing=question.checkpointing,
        eight_bit_optimiser=question.eight_bit_optimiser,
    )
    needed = memory(shape, way)
    seconds = operations(shape, way, question.tokens * question.epochs) / question.teraflops / 1e12
    print(
        f"reckoned as a Llama of {shape.layers} layers, {shape.width} wide:"
        f" {shape.parameters / 1e9:.2f} billion weights"
    )
    for name, held in (
        ("weights", needed.weights),
        ("gradients", needed.gradients),
        ("moments", needed.moments),
        ("activations", needed.activations),
        ("in all", needed.total),
    ):
        print(f"{name:<12} {held / GIGABYTE:8.1f} GB")
    print(
        f"{'time':<12} {seconds / 3600:8.1f} hours for {question.epochs} epochs of"
        f" {question.tokens:,.0f} tokens at {question.teraflops:g} teraflops"
    )


def _asked() -> Question:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--parameters", type=float, required=True, help="weights of the base")
    parser.add_argument("--tuning", type=Tuning, choices=list(Tuning), required=True)
    parser.add_argument("--pack-tokens", type=int, default=2048, help="tokens in one pass")
    parser.add_argument("--vocabulary", type=int, default=32_000)
    parser.add_argument("--rank", type=int, default=16, help="of the adapter")
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--eight-bit-optimiser", action="store_true")
    parser.add_argument("--tokens", type=float, default=6e6, help="tokens an epoch")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--teraflops", type=float, default=120.0, help="what the GPU sustains")
    return Question(**vars(parser.parse_args()))


if __name__ == "__main__":
    main(_asked())
