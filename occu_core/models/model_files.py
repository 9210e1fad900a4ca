"""What lies in a model folder, told without loading it."""

from __future__ import annotations

import json
import struct
from enum import StrEnum
from pathlib import Path

CARD_FILE = "card.json"
ADAPTER_CONFIG = "adapter_config.json"
ADAPTER_WEIGHTS = "adapter_model.safetensors"
_UNSAFE = {
    *(".bin", ".pt", ".pth", ".pkl", ".pickle", ".ckpt", ".joblib", ".npy", ".npz"),
    *(".h5", ".msgpack", ".onnx", ".py", ".pyc", ".so"),
}


class ModelError(ValueError):
    """A model that cannot be loaded: says which, why, and what there is."""


class Quantised(StrEnum):
    """In how few bits a base's matrices are held, by bitsandbytes."""

    EIGHT_BIT = "8bit"
    FOUR_BIT = "4bit"


def check_files(folder: Path) -> None:
    """Refuse a folder without safetensors, with damaged ones, or with files that could run code.

    Raises:
        ModelError: naming the file.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    if unsafe := [path for path in files if path.suffix.lower() in _UNSAFE]:
        raise ModelError(
            f"{unsafe[0]}: could run code when loaded; a model folder holds weights as"
            " .safetensors and text files, nothing else"
        )
    weights = [path for path in files if path.suffix == ".safetensors"]
    if not weights:
        raise ModelError(f"{folder}: holds no weights; expected a .safetensors file")
    for path in weights:
        _check_safetensors(path)


def adapter_base(folder: Path) -> str | None:
    """The base an adapter names, a folder or a Hugging Face id; None if this is no adapter.

    Raises:
        ModelError: if the adapter's settings are damaged or name no base.
    """
    path = folder / ADAPTER_CONFIG
    if not path.exists():
        return None
    try:
        base = json.loads(path.read_text(encoding="utf-8"))["base_model_name_or_path"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{path}: is not an adapter's settings: {error!r}") from None
    if not isinstance(base, str) or not base:
        raise ModelError(f"{path}: base_model_name_or_path is {base!r}; expected a folder or an id")
    return base


def _check_safetensors(path: Path) -> None:
    """The header must be whole and its tensors must fill the file."""
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > size:
                raise ValueError(f"its header of {length} bytes is longer than the file")
            header = json.loads(file.read(length))
        ends = [
            entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"
        ]
        if max(ends, default=0) + 8 + length != size:
            raise ValueError(f"has {size} bytes; expected {max(ends, default=0) + 8 + length}")
    except (OSError, struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ModelError(f"{path}: is not a whole safetensors file: {error}") from None
