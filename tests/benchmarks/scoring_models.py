"""The models that scoring is timed with: the shipped one, or large shapes with random weights."""

from __future__ import annotations

import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import load_model

SHAPES = {
    "llama1b": {"hidden_size": 2048, "intermediate_size": 8192, "num_hidden_layers": 16},
    "llama7b": {"hidden_size": 4096, "intermediate_size": 11008, "num_hidden_layers": 32},
}
HEADS = 32
VOCABULARY = 32_000


def benchmark_model(device: str, dtype: str, shape: str, *, quantise: bool) -> LanguageModel:
    """A language model behind the shipped tokenizer, on a device in a number format."""
    shipped = load_model("language_model")
    assert isinstance(shipped, LanguageModel)
    network = shipped.scorer.model
    if shape != "shipped":
        config = LlamaConfig(vocab_size=VOCABULARY, num_attention_heads=HEADS, **SHAPES[shape])
        with torch.device(device):
            torch.set_default_dtype(getattr(torch, dtype))
            torch.manual_seed(7)
            network = LlamaForCausalLM(config)
            torch.set_default_dtype(torch.float32)
    else:
        network = getattr(network, "base", network).model.to(device, getattr(torch, dtype))
    if quantise:
        _in_eight_bits(network, device)
    tokenizer = shipped.tokens.tokenizer
    return LanguageModel(shipped.card, shipped.taxonomy, network, tokenizer)


def _in_eight_bits(network: nn.Module, device: str) -> None:
    """LLM.int8() for every matrix but the vocabulary's (Dettmers et al. 2022)."""
    import bitsandbytes

    for parent in list(network.modules()):
        for name, child in list(parent.named_children()):
            if not isinstance(child, nn.Linear) or name == "lm_head":
                continue
            sizes = child.in_features, child.out_features
            small = bitsandbytes.nn.Linear8bitLt(
                *sizes, bias=False, has_fp16_weights=False, threshold=6.0
            )
            weight = child.weight.data.to("cpu", torch.float16)
            small.weight = bitsandbytes.nn.Int8Params(
                weight, requires_grad=False, has_fp16_weights=False
            )
            setattr(parent, name, small.to(device))
