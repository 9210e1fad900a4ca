"""Measure what fine-tuning keeps for its backward pass, and fit the formula of its memory.

    python -m train.measure_finetuning

Small Llamas of several shapes take one step's forward pass in bfloat16; every tensor that autograd
saves is counted once, weights left out. Prints the constants of `train.finetuning_costs`.
"""

from __future__ import annotations

from itertools import product

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from occu_core.models.tokens import ResumeTokens
from train.finetuning_costs import Shape
from train.packing import label_nats, packs

VOCABULARY = 500
RANK = 8
SHAPES = (
    Shape(2, 64, 160, VOCABULARY, 64),
    Shape(4, 64, 160, VOCABULARY, 64),
    Shape(4, 128, 160, VOCABULARY, 128),
    Shape(4, 64, 384, VOCABULARY, 64),
)
LENGTHS = (128, 512)


def main() -> None:
    """Fit each way of tuning by least squares over shapes and lengths, then count scores."""
    for full in (True, False):
        rows, measured = [], []
        for shape, tokens in product(SHAPES, LENGTHS):
            measured.append(kept_bytes(shape, tokens, full=full, labels=8))
            layer = [tokens * shape.width, tokens * shape.feed_forward, tokens**2]
            rows.append([*(shape.layers * term for term in layer), tokens * shape.width, 1])
        found, *_ = np.linalg.lstsq(np.array(rows, dtype=float), np.array(measured), rcond=None)
        width, feed_forward, pair = found[:3]
        print(f"{'full' if full else 'adapter'}: Kept({width:.1f}, {feed_forward:.1f}, {pair:.2f})")
    few, many = (kept_bytes(SHAPES[0], 128, full=False, labels=labels) for labels in (8, 108))
    print(f"scores: {(many - few) / 100 / VOCABULARY:.2f} bytes a label and entry")


def kept_bytes(shape: Shape, tokens: int, *, full: bool, labels: int) -> int:
    """Bytes of activations that autograd saves in one forward pass over two resumes side by side.

    Weights are left out, and the copies of them that autocast multiplies with.
    """
    model = small_llama(shape)
    tuned: nn.Module = model
    if not full:
        model.to(torch.bfloat16)
        config = LoraConfig(
            r=RANK, target_modules="all-linear", lora_dropout=0.05, task_type="CAUSAL_LM"
        )
        tuned = get_peft_model(model, config)
    tuned.train()
    own = {weights.untyped_storage().data_ptr() for weights in tuned.parameters()}
    seen: dict[int, torch.Tensor] = {}

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        place = tensor.untyped_storage().data_ptr()
        if place not in own:
            seen[place] = tensor  # held, so that its place is not given away
        return tensor

    half = tokens // 2
    resume = ResumeTokens(tuple(range(1, half + 1)), ((half - labels // 2, half),))
    (pack,) = packs([resume, resume], tokens, on_all=False, packed=True)
    with (
        torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16),
    ):
        label_nats(tuned, pack)
    saved = sum(tensor.untyped_storage().nbytes() for tensor in seen.values())
    words = shape.vocabulary * shape.width
    copied = shape.matrices + words if full else shape.adapter(RANK)
    return saved - 2 * copied


def small_llama(shape: Shape) -> LlamaForCausalLM:
    """A Llama of a shape, with random weights."""
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.feed_forward,
            num_hidden_layers=shape.layers,
            num_attention_heads=2,
            num_key_value_heads=2 * shape.key_width // shape.width,
            tie_word_embeddings=shape.tied,
        )
    )


if __name__ == "__main__":
    main()
