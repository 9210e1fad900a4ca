"""Language models in memory: one base for all its adapters, full, in 8 bits or in 4.

An adapter (LoRA, Hu et al. 2021) changes its base in place, so only one can be on at a time.
Forward passes with the same adapter, or with none, run side by side; one with another waits until
they are done and switches: threads never score with another's adapter.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self
from weakref import WeakValueDictionary

import torch
from transformers import AutoModelForCausalLM, BitsAndBytesConfig, PreTrainedModel

from occu_core.models.group_lock import GroupLock
from occu_core.models.model_files import ADAPTER_WEIGHTS, ModelError, Quantised, adapter_base

if TYPE_CHECKING:
    from peft import PeftModel

# Says once for each layer and call that 8-bit products begin by rounding to half precision.
logging.getLogger("bitsandbytes.autograd._functions").setLevel(logging.ERROR)


class SharedBase:
    """A causal language model that several adapters, and users without one, share."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model.eval()
        self._lock = GroupLock()
        self._adapted: PeftModel | None = None
        self._names: dict[tuple[str, int], str] = {}
        self._active: str | None = None
        self._one_at_a_time = _writes_into_itself(model)

    def add(self, folder: Path) -> str:
        """Load a folder's adapter onto this base, once; returns the name to run it by.

        Raises:
            ModelError: if it has no safetensors, or is a kind that does not change layers in place.
        """
        weights = folder / ADAPTER_WEIGHTS
        if not weights.is_file():
            raise ModelError(f"{folder}: has no {ADAPTER_WEIGHTS}")
        key = str(folder.resolve()), weights.stat().st_mtime_ns
        with self._lock.alone():
            if key not in self._names:
                name = f"adapter_{len(self._names)}"
                self._load(folder, name)
                self._names[key] = name
            return self._names[key]

    def run(self, adapter: str | None, **inputs: object) -> Any:  # noqa: ANN401 - transformers' own
        """One forward pass with an adapter, or with none."""
        if self._one_at_a_time:
            with self.held(adapter) as model:
                return model(**inputs)
        with self._lock.held(adapter or "", partial(self._switch, adapter)):
            return self.model(**inputs)

    @contextmanager
    def held(self, adapter: str | None) -> Iterator[PreTrainedModel]:
        """The model for oneself, with an adapter or none, for as long as a whole text takes."""
        with self._lock.alone():
            self._switch(adapter)
            yield self.model

    def _load(self, folder: Path, name: str) -> None:
        from peft import PeftConfig, PeftModel  # slow to import, and few models are adapters

        config = PeftConfig.from_pretrained(str(folder))
        if config.is_prompt_learning:
            raise ModelError(
                f"{folder}: is a {config.peft_type.value} adapter; expected one that changes"
                " layers, such as LoRA"
            )
        if self._adapted is None:
            self._adapted = PeftModel.from_pretrained(self.model, str(folder), adapter_name=name)
        else:
            self._adapted.base_model.enable_adapter_layers()
            self._adapted.load_adapter(str(folder), name)
        self._adapted.set_adapter(name, inference_mode=True)
        self._adapted.eval()
        self._active = name

    def _switch(self, adapter: str | None) -> None:
        if adapter == self._active or self._adapted is None:
            return
        if adapter is None:
            self._adapted.base_model.disable_adapter_layers()
        else:
            if self._active is None:
                self._adapted.base_model.enable_adapter_layers()
            self._adapted.set_adapter(adapter, inference_mode=True)
        self._active = adapter


class SharedModel:
    """A shared base with one adapter or none, to be used like a model of one's own."""

    def __init__(self, base: SharedBase, adapter: str | None) -> None:
        self.base = base
        self.adapter = adapter

    def __call__(self, **inputs: object) -> Any:  # noqa: ANN401 - transformers' own output
        """One forward pass."""
        return self.base.run(self.adapter, **inputs)

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - whatever the base has
        """Settings, device and number format are the base's."""
        return getattr(self.base.model, name)

    def eval(self) -> Self:
        """A shared base is never in training."""
        return self


_BASES: WeakValueDictionary[tuple[str, int, Quantised | None], SharedBase] = WeakValueDictionary()
_LOADING = threading.Lock()


def load_shared(folder: Path, base: str | None, quantised: Quantised | None) -> SharedModel:
    """A model folder's model; its base is loaded once for all that use it.

    Args:
        folder: holds a whole model, or an adapter.
        base: of an adapter, a folder or the id of a model in the Hugging Face cache.
        quantised: how its base's matrices are held; None is in full.

    Raises:
        ModelError: if `base` is missing for an adapter.
    """
    if adapter_base(folder) is None:
        return SharedModel(_shared_base(str(folder), quantised), None)
    if base is None:
        raise ModelError(f"{folder}: is an adapter; its base must be given")
    shared = _shared_base(base, quantised)
    return SharedModel(shared, shared.add(folder))


def _shared_base(source: str, quantised: Quantised | None) -> SharedBase:
    path = Path(source)
    changed = max((f.stat().st_mtime_ns for f in path.glob("*.safetensors")), default=0)
    key = str(path.resolve()) if path.is_dir() else source, changed, quantised
    with _LOADING:
        found = _BASES.get(key)
        if found is None:
            found = _BASES[key] = SharedBase(_load(source, quantised))
        return found


def _writes_into_itself(model: PreTrainedModel) -> bool:
    """Whether a forward pass does: products of few bits, positions that depend on the length."""
    rotary = [getattr(module, "rope_type", "") for module in model.modules()]
    kinds = {
        str(k) for kind in rotary for k in (kind.values() if isinstance(kind, dict) else [kind])
    }
    return bool(getattr(model, "is_quantized", False) or kinds & {"dynamic", "longrope"})


def _load(source: str, quantised: Quantised | None) -> PreTrainedModel:
    """Weights as safetensors only, no code, no network; on the GPU if there is one."""
    on_gpu = torch.cuda.is_available()
    return AutoModelForCausalLM.from_pretrained(
        source,
        dtype="auto" if on_gpu else torch.float32,
        device_map={"": "cuda" if on_gpu else "cpu"},
        quantization_config=quantisation(quantised, torch.bfloat16 if on_gpu else torch.float32),
        use_safetensors=True,
        trust_remote_code=False,
        local_files_only=True,
    )


def quantisation(quantised: Quantised | None, compute: torch.dtype) -> BitsAndBytesConfig | None:
    """What bitsandbytes is asked for: LLM.int8() (Dettmers et al. 2022), or NF4 (QLoRA, 2023)."""
    if quantised is Quantised.EIGHT_BIT:
        return BitsAndBytesConfig(load_in_8bit=True)
    if quantised is Quantised.FOUR_BIT:
        return BitsAndBytesConfig(
            load_in_4bit=True,
            bnb_4bit_quant_type="nf4",
            bnb_4bit_use_double_quant=True,
            bnb_4bit_compute_dtype=compute,
        )
    return None
