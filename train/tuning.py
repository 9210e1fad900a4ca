"""Bases to fine-tune: every weight, or a LoRA adapter on a base held in 16, 8 or 4 bits."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

import torch
from bitsandbytes.nn import Linear4bit
from bitsandbytes.optim import AdamW8bit
from peft import LoraConfig, PeftModel, get_peft_model
from torch import nn
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, PreTrainedModel
from transformers import PreTrainedTokenizerBase as Tokenizer

from occu_core.models.adapters import quantisation
from occu_core.models.model_files import ADAPTER_CONFIG, Quantised
from occu_core.models.storage import available_models
from train.checkpoints import learning, replace_folder

Tunable: TypeAlias = PreTrainedModel | PeftModel


class Tuning(StrEnum):
    """What learns, and how the base is held meanwhile."""

    FULL = "full"
    LORA = "lora"
    QLORA_8BIT = "qlora-8bit"
    QLORA_4BIT = "qlora-4bit"

    @property
    def quantised(self) -> Quantised | None:
        """In how few bits the base's matrices are held."""
        return {
            Tuning.QLORA_8BIT: Quantised.EIGHT_BIT,
            Tuning.QLORA_4BIT: Quantised.FOUR_BIT,
        }.get(self)


@dataclass(frozen=True, slots=True)
class Adapter:
    """The shape of a LoRA adapter, on every linear layer but the last (Dettmers et al. 2023)."""

    rank: int
    alpha: float
    dropout: float


@dataclass(frozen=True, slots=True)
class Base:
    """What fine-tuning begins with.

    Attributes:
        source: a folder, or a Hugging Face id.
        name: what an adapter calls it: a model's name here, a whole path, or the id.
    """

    source: str
    name: str

    @classmethod
    def find(cls, given: str) -> Base:
        """A model's name, a folder or an id."""
        named = available_models()
        for name, folder in named.items():
            if given == name or Path(given).resolve() == folder.resolve():
                return cls(str(folder), name)
        if (Path(given) / "config.json").is_file():
            return cls(given, str(Path(given).resolve()))
        return cls(given, given)


def load_tokenizer(base: Base) -> Tokenizer:
    """The base's own tokenizer."""
    return AutoTokenizer.from_pretrained(base.source, trust_remote_code=False)


def load_base(base: Base, tuning: Tuning, device: torch.device, *, bf16: bool) -> PreTrainedModel:
    """A base ready to be tuned, on its device.

    Weights that learn are held in 32 bits; those that do not, in 16 with `bf16`.
    """
    frozen = torch.bfloat16 if bf16 else torch.float32
    dtype = torch.float32 if tuning is Tuning.FULL else frozen
    model = AutoModelForCausalLM.from_pretrained(
        base.source,
        dtype=dtype,
        device_map={"": device},
        quantization_config=quantisation(tuning.quantised, frozen),
        use_safetensors=True,
        trust_remote_code=False,
    )
    for layer in model.modules():
        if isinstance(layer, Linear4bit):
            # Scoring on valid would repack the weights for inference, and training would then go
            # on with gradients of zero.
            layer.support_avx512bf16_for_cpu = False
    return model


def make_tunable(
    model: PreTrainedModel, base: Base, tuning: Tuning, adapter: Adapter, *, save_memory: bool
) -> Tunable:
    """The model with what learns; `save_memory` computes activations twice (checkpointing)."""
    if save_memory:
        model.gradient_checkpointing_enable({"use_reentrant": False})
    if tuning is Tuning.FULL:
        return model.requires_grad_(True)
    config = LoraConfig(
        r=adapter.rank,
        lora_alpha=adapter.alpha,
        lora_dropout=adapter.dropout,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    tuned = get_peft_model(model, config)
    tuned.peft_config["default"].base_model_name_or_path = base.name
    return tuned


def make_optimiser(
    model: nn.Module, learning_rate: float, weight_decay: float, *, eight_bit: bool
) -> torch.optim.Optimizer:
    """AdamW on what learns; its moments in 8 bits (Dettmers et al. 2022) if asked."""
    weights = list(learning(model).values())
    groups = [
        {"params": [w for w in weights if w.ndim > 1], "weight_decay": weight_decay},
        {"params": [w for w in weights if w.ndim <= 1], "weight_decay": 0.0},
    ]
    kind = AdamW8bit if eight_bit else torch.optim.AdamW
    optimiser: torch.optim.Optimizer = kind([g for g in groups if g["params"]], lr=learning_rate)
    return optimiser


def save_tuned(model: Tunable, tokenizer: Tokenizer, folder: Path) -> None:
    """Write an adapter or a whole model, and the tokenizer."""
    if isinstance(model, PeftModel):
        model.save_pretrained(folder, save_embedding_layers=False)
        (folder / "README.md").unlink(missing_ok=True)  # an empty form
    else:
        model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


def narrow(folder: Path, base: Base) -> None:
    """Save a whole model again in its base's own number format, when that is not 32 bits."""
    dtype = AutoConfig.from_pretrained(base.source, trust_remote_code=False).dtype
    if dtype in (None, torch.float32) or (folder / ADAPTER_CONFIG).exists():
        return
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=dtype)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    replace_folder(folder, lambda new: save_tuned(model, tokenizer, new))
