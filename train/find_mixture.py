"""Find how to mix datasets, or the categories of one, for instruction tuning.

    python -m train.find_mixture train/settings/find_mixture.toml --set 'data=["a.jsonl","b.jsonl"]'
    python -m train.finetune_instructions runs/found_mixture/tuning.toml --base FOLDER|ID

Shares are in proportion to size, alike, by ratio, by temperature, or robust: a small reference and
a proxy learn from the texts, and groups where the proxy is behind the reference gain weight. A
small model then learns from the shares found, and another from 1:1; their held-out losses are
printed by group. What is written can be read by train.finetune_instructions as it is.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import torch

from occu_core.occuquest.item_files import save_items
from occu_core.occuquest.items import Item
from train.instruction_data import read_sources
from train.instruction_settings import InstructionSettings
from train.mixture_model import SmallModel
from train.mixture_runs import Runs, Split
from train.mixture_settings import LEAST_HELD_OUT, GroupBy, Method, MixtureSettings
from train.mixture_text import Corpus, as_text, encode, split_groups
from train.mixtures import Floats, MixtureError, by_ratio, by_temperature, uniform
from train.settings import load_settings


def main(settings: MixtureSettings) -> None:
    """Read, find the shares, measure them and write."""
    torch.set_num_threads(1)
    groups = read_groups(settings)
    corpus = _corpus(groups, settings)
    for name, items, tokens in zip(corpus.names, corpus.items, corpus.tokens, strict=True):
        print(f"{items:6,} items, {tokens:9,} tokens to learn from: {name}")
    if corpus.cut:
        print(f"{corpus.cut} items are cut at 512 tokens here, not in tuning")

    runs = Runs(corpus, SmallModel(steps=settings.steps), settings.out / "runs")
    shares = find(runs, settings)
    losses = {"found": _losses(runs, shares, settings), "1:1": _losses(runs, None, settings)}
    for line in report_lines(corpus.names, shares, losses):
        print(line)
    write(groups, corpus, shares, losses, settings)


def read_groups(settings: MixtureSettings) -> dict[str, tuple[Item, ...]]:
    """The items of each group, read and refused as the tuning itself does."""
    reading = InstructionSettings(base="", data=settings.data, skip_bad=settings.skip_bad)
    sources = read_sources(reading)
    if settings.group_by == GroupBy.SOURCE:
        return {given: s.items for given, s in zip(settings.data, sources, strict=True)}
    found: dict[str, list[Item]] = {}
    for source in sources:
        for item in source.items:
            found.setdefault(source.category(item), []).append(item)
    return {name: tuple(items) for name, items in sorted(found.items())}


def find(runs: Runs, settings: MixtureSettings) -> Floats:
    """Shares of tokens by the method that is set."""
    sizes = runs.corpus.tokens
    if settings.method == Method.UNIFORM:
        return uniform(len(sizes))
    if settings.method == Method.RATIO:
        return by_ratio(settings.ratios)
    if settings.method == Method.TEMPERATURE:
        return by_temperature(sizes, settings.temperature)
    if settings.method == Method.ROBUST:
        return runs.robust(settings.step_size, settings.seed, uniform(len(sizes))).shares
    return by_ratio(sizes)


def item_weights(shares: Floats, corpus: Corpus) -> Floats:
    """Weights of items, as tuning takes them: a group of long items needs fewer for its share."""
    long = np.array(corpus.tokens) / np.array(corpus.items)
    return by_ratio((shares / long).tolist())


def report_lines(names: Sequence[str], shares: Floats, losses: Mapping[str, Floats]) -> list[str]:
    """A line for each group, and the worst and mean loss of each mixture."""
    lines = [f"{'share':>7} " + " ".join(f"{name:>7}" for name in losses) + "  nats per token"]
    for place, name in enumerate(names):
        own = " ".join(f"{found[place]:7.3f}" for found in losses.values())
        lines.append(f"{shares[place]:7.1%} {own}  {name}")
    for mixture, found in losses.items():
        worst = names[int(found.argmax())]
        lines.append(f"{mixture}: worst {found.max():.3f} ({worst}), mean {found.mean():.3f}")
    return lines


def write(
    groups: Mapping[str, Sequence[Item]],
    corpus: Corpus,
    shares: Floats,
    losses: Mapping[str, Floats],
    settings: MixtureSettings,
) -> None:
    """`tuning.toml` with data and weights, and `mixture.json` with what was measured."""
    settings.out.mkdir(parents=True, exist_ok=True)
    files = list(settings.data)
    if settings.group_by == GroupBy.CATEGORY:
        files = [_save(settings.out, n, items) for n, items in enumerate(groups.values())]
    weights = [float(f"{weight:.6g}") for weight in item_weights(shares, corpus)]
    lines = [
        "# For train.finetune_instructions, with --base; weights are of items.",
        'base = ""',
        f"data = {json.dumps(files, ensure_ascii=False)}",
        f"weights = {json.dumps(weights)}",
    ]
    _replace(settings.out / "tuning.toml", "\n".join(lines) + "\n")
    named = {name: float(share) for name, share in zip(corpus.names, shares, strict=True)}
    measured = {
        "method": settings.method,
        "seed": settings.seed,
        "shares": named,
        "losses": {
            mixture: dict(zip(corpus.names, found.tolist(), strict=True))
            for mixture, found in losses.items()
        },
        "worst": {mixture: corpus.names[int(found.argmax())] for mixture, found in losses.items()},
    }
    _replace(settings.out / "mixture.json", json.dumps(measured, indent=1) + "\n")
    print(settings.out / "tuning.toml")


def _corpus(groups: Mapping[str, Sequence[Item]], settings: MixtureSettings) -> Corpus:
    texts = {
        name: [as_text((m.role.value, m.content) for m in item.messages) for item in items]
        for name, items in groups.items()
    }
    split = split_groups(texts, LEAST_HELD_OUT, settings.held_out, settings.seed)
    return encode(split, settings.vocabulary, settings.row_tokens)


def _losses(runs: Runs, shares: Floats | None, settings: MixtureSettings) -> Floats:
    """Held-out loss by group; None is 1:1. Another seed than the reference's, whose luck counts."""
    alike = uniform(len(runs.corpus.names))
    return runs.losses(
        alike if shares is None else shares, settings.seed + 1, Split.TEST
    ).by_group()


def _save(folder: Path, number: int, items: Sequence[Item]) -> str:
    path = folder / f"group_{number:02}.jsonl"
    save_items(items, path)
    return str(path)


def _replace(path: Path, text: str) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(path)


def _command(arguments: Sequence[str] | None = None) -> MixtureSettings:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    return load_settings(MixtureSettings, given.settings, given.set)


if __name__ == "__main__":
    try:
        main(_command())
    except MixtureError as error:
        raise SystemExit(str(error)) from None
