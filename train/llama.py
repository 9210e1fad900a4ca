"""The small Llama that the project trains itself, with the dropout that Llama lacks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from safetensors.torch import load_file
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM


@dataclass(frozen=True, slots=True)
class LlamaShape:
    """How large it is; `dropout` is the share of each block's output set to zero in training."""

    layers: int
    width: int
    heads: int
    feed_forward: int
    dropout: float

    def __post_init__(self) -> None:
        if self.width % self.heads:
            raise SystemExit(f"width {self.width} is not a multiple of {self.heads} heads")


def build_llama(shape: LlamaShape, vocabulary: int, pad: int, start: Path) -> LlamaForCausalLM:
    """Random weights, or those of the folder `start` where it is named.

    Raises:
        SystemExit: if `start` holds a model of another shape.
    """
    model = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=vocabulary,
            hidden_size=shape.width,
            intermediate_size=shape.feed_forward,
            num_hidden_layers=shape.layers,
            num_attention_heads=shape.heads,
            max_position_embeddings=4096,
            tie_word_embeddings=True,
            pad_token_id=pad,
            bos_token_id=None,
            eos_token_id=None,
        )
    )
    if start.name:
        try:
            model.load_state_dict(load_file(start / "model.safetensors"), strict=False)
        except (OSError, RuntimeError) as error:
            raise SystemExit(f"start {start}: {error}") from None
    for layer in model.model.layers:
        for block in (layer.self_attn.o_proj, layer.mlp.down_proj):
            block.register_forward_hook(
                lambda block, _, out: nn.functional.dropout(out, shape.dropout, block.training)
            )
    return model
