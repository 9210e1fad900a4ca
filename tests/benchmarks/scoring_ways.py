"""The usual ways of scoring a closed list of titles, and the floors they are held against."""

from __future__ import annotations

import importlib
import importlib.util
import logging
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from transformers import DynamicCache

from occu_core.careers import CareerHistory, Query
from occu_core.models.language_model import LanguageModel

ROW_TOKENS = 64
HARNESS = "lm_eval==0.4.13"
HARNESS_FOLDER = Path("runs/benchmarks/lm_eval")
_HARNESS_NEEDS = ("datasets", "accelerate", "dill")


@torch.inference_mode()
def one_title_at_a_time(model: LanguageModel, query: Query) -> np.ndarray:
    """(a) Prompt and title, as one text, tokenised and run through the model, once a title."""
    network, prompt = model.scorer.model, model.template.prompt(query)
    start = len(model.tokens.encode(prompt))
    scores = []
    for completion in model.tokens.completions:
        tokens = _tensor(model, [model.tokens.encode(prompt + completion)])
        logits = network(input_ids=tokens, use_cache=False).logits[0, start - 1 : -1]
        steps = logits.float().log_softmax(-1).gather(1, tokens[0, start:, None])
        scores.append(steps.sum().item())
    return np.array(scores)


class Harness:
    """(b) lm-evaluation-harness's `loglikelihood`, in batches; installed into a folder of its own.

    Raises:
        RuntimeError: if it cannot be installed.
    """

    def __init__(self, model: LanguageModel, batch: int = 32) -> None:
        _install_harness()
        logging.disable(logging.WARNING)
        huggingface = importlib.import_module("lm_eval.models.huggingface")
        self._instance = importlib.import_module("lm_eval.api.instance").Instance
        self._harness = huggingface.HFLM(
            pretrained=model.scorer.model,
            tokenizer=model.tokens.tokenizer,
            batch_size=batch,
            device=str(model.scorer.model.device),
        )

    def __call__(self, model: LanguageModel, query: Query) -> np.ndarray:
        """All titles as the continuations of one prompt."""
        prompt = model.template.prompt(query)
        asked = [
            self._instance("loglikelihood", {}, (prompt, completion), k)
            for k, completion in enumerate(model.tokens.completions)
        ]
        return np.array(
            [found for found, _ in self._harness.loglikelihood(asked, disable_tqdm=True)]
        )


def _install_harness() -> None:
    """Into its own folder, looked through last: what the project uses stays as it is."""
    if not (HARNESS_FOLDER / "lm_eval").is_dir():
        HARNESS_FOLDER.mkdir(parents=True, exist_ok=True)
        missing = [name for name in _HARNESS_NEEDS if importlib.util.find_spec(name) is None]
        for extra in (["--no-deps", HARNESS], *([name] for name in missing)):
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--target"]
            done = subprocess.run(
                [*pip, str(HARNESS_FOLDER), *extra], capture_output=True, text=True
            )
            if done.returncode:
                raise RuntimeError(f"{HARNESS} cannot be installed: {done.stderr.strip()[-200:]}")
    sys.path.append(str(HARNESS_FOLDER.resolve()))


@torch.inference_mode()
def cached_prompt(model: LanguageModel, query: Query) -> np.ndarray:
    """(c) The prompt once, then all titles behind its cache in one padded batch."""
    network, split = model.scorer.model, model.tokens.split(query)
    paths = [model.tokens.encode(completion) for completion in model.tokens.completions]
    prompt = network(input_ids=_tensor(model, [split.context]), use_cache=True)
    cache = DynamicCache(config=network.config)
    for layer, kept in enumerate(prompt.past_key_values.layers):
        shape = (len(paths), -1, -1, -1)
        cache.update(kept.keys.expand(shape), kept.values.expand(shape), layer)
    longest = max(map(len, paths))
    rows = _tensor(model, [[*path, *[0] * (longest - len(path))] for path in paths])
    following = network(input_ids=rows, past_key_values=cache, use_cache=True).logits
    first = prompt.logits[:, -1:].expand(len(paths), -1, -1)
    steps = torch.cat([first, following[:, :-1]], dim=1).float().log_softmax(-1)
    picked = steps.gather(2, rows[..., None])[..., 0].cpu()
    inside = torch.arange(longest) < torch.tensor([[len(path)] for path in paths])
    return (picked * inside).sum(1).numpy()


def ours(model: LanguageModel, query: Query) -> np.ndarray:
    """The title tree, as the app runs it, tokenising and normalising included."""
    return model.predict(query).log_probs_raw


def ten_likeliest(model: LanguageModel, query: Query) -> None:
    """The ten likeliest titles alone, exact."""
    model.top(query, 10)


@torch.inference_mode()
def floor(model: LanguageModel, query: Query) -> None:
    """(d) One plain causal pass over as many tokens as prompt and tree have."""
    split = model.tokens.split(query)
    model.scorer.model(
        input_ids=_tensor(model, [[*split.context, *split.trie.tokens]]), use_cache=False
    )


def every_year(model: LanguageModel, career: CareerHistory) -> None:
    """The whole distribution at every person-year, as evaluation asks for it."""
    list(model.distributions(career))


def every_years_ten(model: LanguageModel, career: CareerHistory) -> None:
    """The ten likeliest titles at every person-year."""
    list(model.tops(career, 10))


def every_year_floor(model: LanguageModel, career: CareerHistory) -> None:
    """Plain causal passes: the text once, and for each year as many tokens as the tree has."""
    _plain_rows(model, career, len(model.tokens.split(_first(career)).trie.tokens))


def every_year_lower_floor(model: LanguageModel, career: CareerHistory) -> None:
    """The same without the titles' last tokens, which need not be read."""
    _plain_rows(model, career, len(model.tokens.split(_first(career)).trie.inner))


def raw(model: LanguageModel, career: CareerHistory) -> None:
    """The likelihoods of what happened, tokenising included."""
    model.log_likelihoods(career)


def raw_floor(model: LanguageModel, career: CareerHistory) -> None:
    """One plain causal pass over the text."""
    _plain(model, [_text(model, career)])


def agree(model: LanguageModel, query: Query, ways: Sequence[Callable]) -> float:
    """The largest distance between the ways' scores and one title at a time; nats."""
    expected = one_title_at_a_time(model, query)
    return max(float(np.abs(way(model, query) - expected).max()) for way in ways)


def _plain_rows(model: LanguageModel, career: CareerHistory, tokens_a_year: int) -> None:
    """In rows and passes of the size that title trees are run in."""
    _plain(model, [_text(model, career)])
    rows = -(-tokens_a_year * len(career.records) // ROW_TOKENS)
    at_once = max(model.scorer.tokens_a_pass // ROW_TOKENS, 1)
    for start in range(0, rows, at_once):
        _plain(model, [[5] * ROW_TOKENS] * min(at_once, rows - start))


@torch.inference_mode()
def _plain(model: LanguageModel, rows: Sequence[Sequence[int]]) -> None:
    model.scorer.model(input_ids=_tensor(model, rows), use_cache=False)


def _text(model: LanguageModel, career: CareerHistory) -> tuple[int, ...]:
    resume = model.tokens.resume(career)
    assert resume is not None
    return resume.tokens


def _first(career: CareerHistory) -> Query:
    return next(career.transitions()).query


def _tensor(model: LanguageModel, rows: Sequence[Sequence[int]]) -> torch.Tensor:
    return torch.tensor(rows, device=model.scorer.model.device)
