"""The models a user has added, by name: small files in the user's data folder that say where."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

from occu_core.home import data_folder as data_folder
from occu_core.models.model_files import ModelError

MODEL_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""What a model may be called, in the list and in links."""


def added_models() -> dict[str, Path]:
    """The folders of added models by name, in alphabetical order; they may be gone by now."""
    found = {}
    for entry in sorted(_entries().glob("*.json")):
        try:
            found[entry.stem] = Path(json.loads(entry.read_text(encoding="utf-8"))["folder"])
        except (OSError, ValueError, KeyError, TypeError):
            continue  # not written by `register`
    return found


def register(name: str, folder: Path) -> None:
    """Remember a model folder under a name.

    Raises:
        ModelError: if the name is not one, or stands for another folder already.
    """
    if not MODEL_NAME.fullmatch(name):
        raise ModelError(
            f"model name {name[:80]!r} is not allowed; expected up to 64 letters, digits,"
            " dots, dashes and underscores, beginning with a letter or digit"
        )
    known = added_models().get(name)
    if known is not None and known != folder.resolve():
        raise ModelError(
            f"a model {name!r} was added from {known}; choose another name, or remove it first"
        )
    _entries().mkdir(parents=True, exist_ok=True)
    partial = _entries() / f"{name}.{os.getpid()}.new"
    partial.write_text(json.dumps({"folder": str(folder.resolve())}) + "\n", encoding="utf-8")
    partial.replace(_entries() / f"{name}.json")


def forget(name: str) -> None:
    """Forget an added model; its folder stays as it is.

    Raises:
        ModelError: if no model was added under this name.
    """
    known = added_models()
    if name not in known:
        names = ", ".join(known) or "none"
        raise ModelError(f"no model {name[:80]!r} was added; added models: {names}")
    (_entries() / f"{name}.json").unlink()


def _entries() -> Path:
    return data_folder() / "models"
