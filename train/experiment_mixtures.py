"""Compare mixtures of real instruction text: in proportion, by temperature, 1:1 and robust.

    python -m train.experiment_mixtures train/settings/mixtures.toml

Small models from scratch learn from ten groups of public text (`../shared/data/instruct`), as many
tokens under every mixture. Temperature and the robust step size are chosen by the worst group of
the valid part with one seed; the others' losses on the test part make the report. Every run is
kept, so that a killed experiment goes on where it was. Figures alone are written, never a text.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from occu_core.occuquest.mixture_report import (
    LOSS_ROBUST,
    PROPORTIONAL,
    ROBUST,
    TEMPERATURE,
    UNIFORM,
    write_mixture_report,
)
from occu_core.occuquest.mixture_words import findings
from train.mixture_groups import read_groups
from train.mixture_measuring import measure
from train.mixture_model import SmallModel
from train.mixture_reporting import CHOICE_SEED, Described, Mixture, make_report
from train.mixture_runs import Losses, Runs, Split
from train.mixture_text import Corpus, encode, split_groups
from train.mixtures import Floats, by_ratio, by_temperature, uniform
from train.real_prompts import INSTRUCT
from train.settings import load_settings


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """What can vary from run to run."""

    data: Path = INSTRUCT
    """Folder of the public sets."""

    cache: Path = Path("runs/mixtures")
    """Folder where every run is kept."""

    out: Path = Path("assets/occuquest/reports/mixtures.json")
    """The report."""

    valid: int = 60
    """Items of each group to choose settings on."""

    test: int = 100
    """Items of each group to measure on."""

    split_seed: int = 1
    """Decides which items are held out."""

    vocabulary: int = 1024
    """Entries of the byte-level BPE, learned from the training texts."""

    row_tokens: int = 128
    """Tokens that are read together."""

    steps: int = 450
    """Steps of the reference, of proxies and of the models that settings are chosen with."""

    measured_steps: int = 450
    """Steps of the measured models."""

    temperatures: tuple[float, ...] = (2.0, 5.0)
    """Tried with the seed of choices."""

    step_sizes: tuple[float, ...] = (0.1, 1.0)
    """Of the exponentiated gradient on excess loss, tried with the seed of choices."""

    loss_step_sizes: tuple[float, ...] = ()
    """Of the exponentiated gradient on the loss itself; empty leaves that mixture out."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Of the measured models; the seed of choices, 0, is not among them."""

    def __post_init__(self) -> None:
        if CHOICE_SEED in self.seeds:
            raise SystemExit("seeds has 0, the seed that settings are chosen with; name others")


def main(settings: ExperimentSettings, command: str) -> None:
    """Choose, train and report; `command` is what the report says it was made with."""
    torch.set_num_threads(1)
    corpus = read_corpus(settings)
    for name, items, tokens in zip(corpus.names, corpus.items, corpus.tokens, strict=True):
        print(f"{items:6,} items, {tokens:8,} tokens to learn from: {name}")
    runs = Runs(corpus, SmallModel(steps=settings.steps), settings.cache)
    measured_runs = Runs(corpus, SmallModel(steps=settings.measured_steps), settings.cache)
    mixtures = find_mixtures(runs, settings)
    alike = runs.losses(uniform(len(corpus.names)), CHOICE_SEED, Split.VALID)
    hardest = int(alike.by_group().argmax())
    found: dict[str, list[Losses]] = {name: [] for name in mixtures}
    for seed in settings.seeds:
        for name, mixture in mixtures.items():
            found[name].append(measured_runs.losses(mixture.shares, seed, Split.TEST))
    measured = measure(found, hardest, by_ratio(corpus.tokens))
    report = make_report(measured, mixtures, corpus, _described(settings, command))
    write_mixture_report(report, settings.out)
    for sentence in findings(report):
        print(sentence)
    print(settings.out)


def read_corpus(settings: ExperimentSettings) -> Corpus:
    """The ten groups, split and encoded."""
    groups = split_groups(
        read_groups(settings.data), settings.valid, settings.test, settings.split_seed
    )
    return encode(groups, settings.vocabulary, settings.row_tokens)


def find_mixtures(runs: Runs, settings: ExperimentSettings) -> dict[str, Mixture]:
    """Every mixture; a setting that it needs is chosen on the valid part."""
    sizes = runs.corpus.tokens
    alike = uniform(len(sizes))
    by_heat = {t: by_temperature(sizes, t) for t in settings.temperatures}
    robust = {s: runs.robust(s, CHOICE_SEED, alike).shares for s in settings.step_sizes}
    absolute = {s: runs.robust(s, CHOICE_SEED, None).shares for s in settings.loss_step_sizes}
    mixtures = {
        PROPORTIONAL: Mixture(by_ratio(sizes)),
        TEMPERATURE: _choose(runs, "temperature", by_heat),
        UNIFORM: Mixture(alike),
        ROBUST: _choose(runs, "step size", robust),
    }
    if absolute:
        mixtures[LOSS_ROBUST] = _choose(runs, "step size", absolute)
    return mixtures


def _described(settings: ExperimentSettings, command: str) -> Described:
    model = SmallModel(steps=settings.measured_steps)
    parts = (settings.valid, settings.test)
    return Described(command, model, settings.steps, parts, settings.row_tokens, settings.seeds)


def _choose(runs: Runs, kind: str, tried: Mapping[float, Floats]) -> Mixture:
    """The setting that does best on its worst group of the valid part; one needs no trial."""
    if len(tried) == 1:
        ((chosen, shares),) = tried.items()
        return Mixture(shares, f"{kind} {chosen:g}")
    worst = {
        setting: float(runs.losses(shares, CHOICE_SEED, Split.VALID).by_group().max())
        for setting, shares in tried.items()
    }
    chosen = min(worst, key=worst.__getitem__)
    named = {f"{kind} {setting:g}": loss for setting, loss in worst.items()}
    return Mixture(tried[chosen], f"{kind} {chosen:g}", named)


def _given(arguments: Sequence[str]) -> ExperimentSettings:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path)
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE")
    given = parser.parse_args(arguments)
    return load_settings(ExperimentSettings, given.settings, given.set)


if __name__ == "__main__":
    main(
        _given(sys.argv[1:]),
        f"python -m train.experiment_mixtures {shlex.join(sys.argv[1:])}",
    )
