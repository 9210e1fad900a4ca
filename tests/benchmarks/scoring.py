"""Time the whole distribution against the usual ways of scoring a list of titles.

    python -m tests.benchmarks.scoring [--rounds N] [--json FILE]

One 24-record history, the shipped language model, all 343 titles; rounds alternate between the
ways so that all of them meet the same machine. Prints medians and ratios to ours.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from transformers import DynamicCache

from occu_core.careers import Query
from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import load_model
from tests.small_language_models import long_career

RECORDS = 24


@torch.inference_mode()
def one_title_at_a_time(model: LanguageModel, query: Query) -> np.ndarray:
    """(a) Prompt and title, as one text, tokenised and run through the model, once a title."""
    network, prompt = model.scorer.model, model.template.prompt(query)
    start = len(model.tokens.encode(prompt))
    scores = []
    for completion in model.tokens.completions:
        tokens = torch.tensor([model.tokens.encode(prompt + completion)])
        steps = network(input_ids=tokens, use_cache=False).logits[0, start - 1 : -1].log_softmax(-1)
        scores.append(steps.gather(1, tokens[0, start:, None]).sum().item())
    return np.array(scores)


@torch.inference_mode()
def cached_prompt(model: LanguageModel, query: Query) -> np.ndarray:
    """(c) The prompt once, then all titles behind its cache in one padded batch."""
    network, split = model.scorer.model, model.tokens.split(query)
    paths = title_tokens(model)
    prompt = network(input_ids=torch.tensor([split.context]), use_cache=True)
    cache = DynamicCache(config=network.config)
    for layer, kept in enumerate(prompt.past_key_values.layers):
        shape = (len(paths), -1, -1, -1)
        cache.update(kept.keys.expand(shape), kept.values.expand(shape), layer)
    longest = max(map(len, paths))
    rows = torch.tensor([[*path, *[0] * (longest - len(path))] for path in paths])
    following = network(input_ids=rows, past_key_values=cache, use_cache=True).logits
    first = prompt.logits[:, -1:].expand(len(paths), -1, -1)
    steps = torch.cat([first, following[:, :-1]], dim=1).log_softmax(-1)
    picked = steps.gather(2, rows[..., None])[..., 0]
    inside = torch.arange(longest) < torch.tensor([[len(path)] for path in paths])
    return (picked * inside).sum(1).numpy()


def ours(model: LanguageModel, query: Query) -> np.ndarray:
    """The title tree, as the app runs it, tokenising and normalising included."""
    return model.predict(query).log_probs_raw


@torch.inference_mode()
def floor(model: LanguageModel, query: Query) -> None:
    """(d) One plain forward pass over as many tokens as prompt and tree have."""
    split = model.tokens.split(query)
    tokens = [*split.context, *(split.trie.tokens[node] for node in range(len(split.trie.tokens)))]
    model.scorer.model(input_ids=torch.tensor([tokens]), use_cache=False)


WAYS: dict[str, tuple[str, Callable[[LanguageModel, Query], np.ndarray | None]]] = {
    "a": ("one title at a time", one_title_at_a_time),
    "c": ("prompt cached, all titles in one padded batch", cached_prompt),
    "ours": ("title tree", ours),
    "d": ("floor: one pass over prompt and tree tokens", floor),
}


def title_tokens(model: LanguageModel) -> list[tuple[int, ...]]:
    """Each title's own tokens, line end included."""
    return [model.tokens.encode(completion) for completion in model.tokens.completions]


def main(rounds: int, out: Path | None) -> None:
    """Check that the ways agree, time them in turn, print the table."""
    model = load_model("language_model")
    assert isinstance(model, LanguageModel)
    career = long_career(model.taxonomy, RECORDS)
    query = Query(career, career.records[-1].year + 1, career.records[-1].education)
    expected = one_title_at_a_time(model, query)
    for way in (cached_prompt, ours):
        worst = np.abs(way(model, query) - expected).max()
        if worst > 1e-4:
            raise SystemExit(f"{way.__name__} is {worst:.1e} nats away from one title at a time")

    seconds: dict[str, list[float]] = {key: [] for key in WAYS}
    for turn in range(rounds):
        for key, (_, way) in WAYS.items():
            if key == "a" and turn % 4:
                continue
            began = time.perf_counter()
            way(model, query)
            seconds[key].append(time.perf_counter() - began)
    medians = {key: statistics.median(times) for key, times in seconds.items()}

    print(f"{RECORDS} records, {len(model.taxonomy)} titles, {torch.get_num_threads()} threads,")
    print(f"median of {rounds} rounds (a: {len(seconds['a'])})\n")
    print("| way | milliseconds | times ours |\n|---|---:|---:|")
    for key, (name, _) in WAYS.items():
        print(f"| {name} | {medians[key] * 1e3:,.0f} | {medians[key] / medians['ours']:.2f} |")
    if out:
        out.write_text(json.dumps({"seconds": medians, "rounds": rounds}, indent=2) + "\n")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=12, help="how often each way is timed")
    parser.add_argument("--json", type=Path, help="also write the medians here")
    given = parser.parse_args()
    main(given.rounds, given.json)
