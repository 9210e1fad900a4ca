"""Whether an adapter was made for a base, told from shapes before any weight is loaded."""

from __future__ import annotations

import re
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from transformers import AutoConfig, AutoModelForCausalLM

from occu_core.models.model_files import ADAPTER_WEIGHTS, ModelError

_MATRIX = re.compile(r"(?:base_model\.model\.)?(.+)\.lora_([AB])(?:\.\w+)?\.weight")


def check_adapter(folder: Path, base: str) -> None:
    """Refuse an adapter with a matrix for a layer that the base does not have, or of another size.

    Raises:
        ModelError: naming the layer and both sizes.
    """
    config = AutoConfig.from_pretrained(base, local_files_only=True, trust_remote_code=False)
    with torch.device("meta"):
        layers = dict(AutoModelForCausalLM.from_config(config).named_modules())
    for name, shape in _shapes(folder).items():
        found = _MATRIX.fullmatch(name)
        if not found:
            continue
        layer, side = layers.get(found[1]), found[2]
        if layer is None:
            raise ModelError(f"{folder}: changes {found[1]}, which its base {base} does not have")
        size = _size(layer, side)
        if size is not None and size != shape[1 if side == "A" else 0]:
            raise ModelError(
                f"{folder}: was made for another base: its {found[1]} has"
                f" {shape[1 if side == 'A' else 0]:,} {'inputs' if side == 'A' else 'outputs'},"
                f" that of {base} {size:,}"
            )


def _shapes(folder: Path) -> dict[str, list[int]]:
    path = folder / ADAPTER_WEIGHTS
    if not path.is_file():
        raise ModelError(f"{folder}: has no {ADAPTER_WEIGHTS}")
    try:
        with safe_open(path, framework="pt") as weights:
            return {name: weights.get_slice(name).get_shape() for name in weights.keys()}  # noqa: SIM118
    except SafetensorError as error:
        raise ModelError(f"{path}: is not a whole safetensors file: {error}") from None


def _size(layer: torch.nn.Module, side: str) -> int | None:
    """How many inputs (A) or outputs (B) a layer has; None where it is no plain matrix."""
    named = ("in_features", "nx") if side == "A" else ("out_features", "nf")
    return next((int(getattr(layer, name)) for name in named if hasattr(layer, name)), None)
