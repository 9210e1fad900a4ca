"""Lay an adapter and its base in one folder, which `transformers serve` can serve.

    python -m train.make_servable runs/occullama/model runs/occullama/served
    transformers serve "$PWD/runs/occullama/served"

The base's files are linked, so the folder is small and stays on this computer; `--merge` instead
writes a whole model with the adapter added into its weights, which goes anywhere and runs in any
server.
"""

from __future__ import annotations

import argparse
import shutil
from dataclasses import dataclass
from pathlib import Path

from occu_core.models.model_files import ADAPTER_CONFIG, ModelError, adapter_base
from occu_core.models.storage import base_of
from train.checkpoints import replace_folder

_OWN = ("tokenizer", "chat_template", "special_tokens", "generation_config", "README", "adapter_")


@dataclass(frozen=True, slots=True)
class Question:
    """What to lay where."""

    adapter: Path
    """A folder that `train.finetune_instructions` wrote."""

    out: Path
    """A new folder, or one made by this script before."""

    merge: bool = False
    """Write a whole model instead of links to the base."""


def main(asked: Question) -> None:
    """Make the folder.

    Raises:
        SystemExit: if there is no adapter, or its base is not on this computer.
    """
    try:
        if adapter_base(asked.adapter) is None:
            raise SystemExit(f"{asked.adapter}: is no adapter: a whole model is served as it is")
        source = base_of(asked.adapter)
    except ModelError as error:
        raise SystemExit(str(error)) from None
    if source is None or (asked.out.exists() and not (asked.out / "config.json").is_file()):
        raise SystemExit(f"{asked.out}: is there, and is no model; choose another folder")
    base = _folder_of(source)
    if asked.merge:
        replace_folder(asked.out, lambda new: _merge(asked.adapter, base, new))
    else:
        replace_folder(asked.out, lambda new: _link(asked.adapter, base, new))
    print(f"transformers serve {asked.out.resolve()}")


def _link(adapter: Path, base: Path, new: Path) -> None:
    for path in base.iterdir():
        if path.is_file() and not path.name.startswith(_OWN):
            (new / path.name).symlink_to(path.resolve())
    for path in adapter.iterdir():
        if path.is_file():
            shutil.copyfile(path, new / path.name)


def _merge(adapter: Path, base: Path, new: Path) -> None:
    from peft import PeftModel
    from transformers import AutoModelForCausalLM

    network = AutoModelForCausalLM.from_pretrained(base, dtype="auto", use_safetensors=True)
    PeftModel.from_pretrained(network, str(adapter)).merge_and_unload().save_pretrained(new)
    for path in adapter.iterdir():
        if path.is_file() and path.name not in {ADAPTER_CONFIG, "adapter_model.safetensors"}:
            shutil.copyfile(path, new / path.name)


def _folder_of(source: str) -> Path:
    """A folder, or where the Hugging Face cache keeps an id."""
    if Path(source).is_dir():
        return Path(source)
    from huggingface_hub import snapshot_download

    return Path(snapshot_download(source, local_files_only=True))


def _asked() -> Question:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("adapter", type=Path, help="folder of an adapter")
    parser.add_argument("out", type=Path, help="folder to make")
    parser.add_argument("--merge", action="store_true", help="write a whole model")
    return Question(**vars(parser.parse_args()))


if __name__ == "__main__":
    main(_asked())
