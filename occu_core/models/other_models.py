"""How a model folder names the other models that it is made of."""

from __future__ import annotations

import os
from pathlib import Path

from occu_core.models.storage import available_models


def written_name(name: str, folder: Path) -> str:
    """A model's name as it is, or the way to its folder from `folder`."""
    return name if name in available_models() else os.path.relpath(name, folder)


def read_name(written: str, folder: Path) -> str:
    """What `load_model` takes, from what `written_name` gave."""
    return written if written in available_models() else str(folder / written)
