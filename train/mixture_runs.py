"""Runs of the mixture experiment: made once, kept, and found again after a kill."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path

import numpy as np
from safetensors.torch import load_model, save_model
from transformers import LlamaForCausalLM

from train.mixture_model import Found, SmallModel, find_shares, item_losses, learn
from train.mixture_text import Corpus
from train.mixtures import Floats


class Split(StrEnum):
    """Which held-out items a model is measured on."""

    VALID = "valid"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class Losses:
    """Total nats and tokens predicted of every held-out item; arrays of shape (items,)."""

    nats: Floats
    tokens: Floats
    groups: Floats

    def by_group(self) -> Floats:
        """Nats per token of each group."""
        groups = self.groups.astype(np.int64)
        found: Floats = np.bincount(groups, self.nats) / np.bincount(groups, self.tokens)
        return found


@dataclass(frozen=True)
class Runs:
    """Everything is kept in `folder` under a hash of what decides it: texts, settings and seed."""

    corpus: Corpus
    model: SmallModel
    folder: Path

    def losses(self, shares: Floats, seed: int, part: Split) -> Losses:
        """Losses on one held-out part of a model that learned from this mixture."""
        kept = self._kept(part.value, {"shares": shares.tolist(), "seed": seed})
        if not kept.exists():
            start = time.process_time()
            model = learn(self.corpus, shares, self.model, seed)
            held = self.corpus.valid if part is Split.VALID else self.corpus.test
            nats, tokens = item_losses(model, held)
            self._keep(kept, {"nats": nats, "tokens": tokens, "groups": held.groups.numpy()})
            self._say(f"seed {seed}, shares {shares.round(3).tolist()}", start)
        with np.load(kept) as stored:
            return Losses(stored["nats"], stored["tokens"], stored["groups"])

    def robust(self, step_size: float, seed: int, reference: Floats | None) -> Found:
        """What a proxy found beside a reference of the same seed, or beside none."""
        decided = {
            "step_size": step_size,
            "seed": seed,
            "reference": None if reference is None else reference.tolist(),
        }
        kept = self._kept("found", decided)
        if not kept.exists():
            beside = None if reference is None else self.reference(reference, seed)
            start = time.process_time()
            found = find_shares(self.corpus, beside, self.model, step_size, seed)
            self._keep(kept, {"shares": found.shares, "path": found.path})
            self._say(f"proxy, step size {step_size:g}", start)
        with np.load(kept) as stored:
            return Found(stored["shares"], stored["path"])

    def reference(self, shares: Floats, seed: int) -> LlamaForCausalLM:
        """The model of a mixture itself."""
        decided = {"shares": shares.tolist(), "seed": seed}
        kept = self._kept("reference", decided).with_suffix(".safetensors")
        if not kept.exists():
            start = time.process_time()
            kept.parent.mkdir(parents=True, exist_ok=True)
            partial = kept.with_name(f".{kept.stem}.{os.getpid()}")
            save_model(learn(self.corpus, shares, self.model, seed), str(partial))
            partial.replace(kept)
            self._say(f"reference, seed {seed}", start)
        model = self.model.build(self.corpus.vocabulary, seed)
        load_model(model, kept)
        return model.eval()

    def _keep(self, path: Path, arrays: Mapping[str, Floats]) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_name(f".{path.stem}.{os.getpid()}.npz")
        np.savez(partial, **arrays)  # type: ignore[arg-type]
        partial.replace(path)

    def _say(self, what: str, start: float) -> None:
        print(f"{time.process_time() - start:6.0f} s of one core: {what}", flush=True)

    def _kept(self, kind: str, decided: Mapping[str, object]) -> Path:
        everything = {"corpus": self._digest, "model": asdict(self.model), **decided}
        key = sha256(json.dumps(everything, sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f"{kind}-{key}.npz"

    @cached_property
    def _digest(self) -> str:
        """Of every token that is learned from or measured on."""
        digest = sha256("\x1f".join(self.corpus.names).encode())
        tensors = (*self.corpus.rows, self.corpus.valid.tokens, self.corpus.test.tokens)
        for tensor in tensors:
            digest.update(tensor.numpy().tobytes())
        return digest.hexdigest()
