"""The mixture experiment's report, put together from its measured losses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from occu_core.occuquest.mixture_report import (
    LOSS_ROBUST,
    PROPORTIONAL,
    ROBUST,
    TEMPERATURE,
    UNIFORM,
    Measure,
    MixtureDifference,
    MixtureReport,
    MixtureResult,
    TextGroup,
)
from train.mixture_groups import ABOUT
from train.mixture_measuring import Measured
from train.mixture_model import SmallModel
from train.mixture_text import Corpus
from train.mixtures import Floats

CHOICE_SEED = 0
_WITHOUT_REFERENCE = " Robust to loss leaves the reference out (group DRO, Sagawa et al. 2020)."
COMPARED = (
    (ROBUST, UNIFORM),
    (ROBUST, PROPORTIONAL),
    (ROBUST, TEMPERATURE),
    (LOSS_ROBUST, UNIFORM),
    (LOSS_ROBUST, ROBUST),
    (UNIFORM, PROPORTIONAL),
    (TEMPERATURE, PROPORTIONAL),
)


@dataclass(frozen=True, slots=True)
class Mixture:
    """Shares by group, how they came about, and what was tried on the valid part for it."""

    shares: Floats
    setting: str = ""
    tried: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Described:
    """What a reader of the report must know of the runs.

    Attributes:
        command: that made the report.
        model: that is measured.
        choosing_steps: of the reference, of proxies and of the models settings are chosen with.
        held_out: valid and test items of each group.
    """

    command: str
    model: SmallModel
    choosing_steps: int
    held_out: tuple[int, int]
    row_tokens: int
    seeds: tuple[int, ...]


def make_report(
    measured: Measured,
    mixtures: Mapping[str, Mixture],
    corpus: Corpus,
    described: Described,
) -> MixtureReport:
    """Everything that the app shows."""
    names = corpus.names
    return MixtureReport(
        how=how(corpus, described, mixtures),
        command=described.command,
        named=names[measured.named],
        groups=tuple(
            TextGroup(name, ABOUT[name], items, tokens)
            for name, items, tokens in zip(names, corpus.items, corpus.tokens, strict=True)
        ),
        mixtures=tuple(
            MixtureResult(
                name,
                mixture.setting,
                tuple(mixture.shares.tolist()),
                tuple(measured.losses(name)),
                names[measured.worst_group(name)],
                {one: measured.of(name, one) for one in Measure},
            )
            for name, mixture in mixtures.items()
        ),
        differences=tuple(
            MixtureDifference(
                one, other, of, measured.difference(one, other, of),
                tuple(measured.differences_by_seed(one, other, of)),
            )
            for one, other in COMPARED if {one, other} <= mixtures.keys() for of in Measure
        ),
        tried={
            f"{name}, {setting}": worst
            for name, mixture in mixtures.items()
            for setting, worst in mixture.tried.items()
        },
    )  # fmt: skip


def how(corpus: Corpus, described: Described, mixtures: Iterable[str]) -> str:
    """The method in words."""
    model = described.model
    valid, test = described.held_out
    seen = model.steps * model.batch_rows * described.row_tokens
    return (
        f"{len(corpus.names)} groups of public instruction text (Alpaca, Dolly, Self-Instruct,"
        " ShareGPT and OpenAssistant first prompts, ExpertQA), by set and by the kind of task that"
        " its makers named, so that groups differ in size and difficulty; small kinds are joined."
        f" {valid} items of each group choose settings, {test} others measure,"
        " and a question asked twice is kept once. A Llama of"
        f" {model.layers} layers and width {model.width}, with random weights and a byte-level BPE"
        f" of {corpus.vocabulary:,} entries learned from the training texts, learns from"
        f" {seen:,} tokens ({model.steps} steps of {model.batch_rows} rows of"
        f" {described.row_tokens}) under every mixture, prompts and answers alike, with seeds"
        f" {', '.join(map(str, described.seeds))}. Robust to excess loss is DoReMi's method (Xie et"
        " al. 2023): a proxy of the same size learns beside a reference that learned from 1:1, and"
        " groups whose loss exceeds the reference's gain weight by exponentiated gradient, averaged"
        f" over steps.{_WITHOUT_REFERENCE if LOSS_ROBUST in mixtures else ''}"
        " Temperature and step sizes are those with the lowest loss of the worst group on the valid"
        f" part with seed {CHOICE_SEED}, which no measured model has; for these choices, and for"
        f" the reference and proxies, models take {described.choosing_steps} steps. Losses are nats"
        f" per token of whole items up to 512 tokens, read {described.row_tokens} at a time."
        " Intervals are 95%"
        " percentiles over held-out items drawn anew within each group and seeds drawn anew for"
        " each mixture; items are the same for all, so that differences are paired."
    )
