"""Fine-tune any causal language model on careers written as resumes (LABOR-LLM, Athey et al.).

    python -m train.finetune_language_model train/settings/finetune.toml
    python -m train.finetune_language_model --base FOLDER|ID --tables A.csv.gz --tuning lora

Resumes are packed side by side, none seeing another. Early stopping is on the raw perplexity of
titles on valid; a killed run goes on at its last checkpoint; `torchrun --nproc-per-node N -m …` or
`accelerate launch -m …` shares each step among N processes. The result loads by its folder, or by
name after `occu models add`.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import CardMetric, ModelKind
from occu_core.models.storage import load_model, write_card
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from train.checkpoints import Position, learning, written_settings
from train.data import load_split
from train.finetuning_data import FinetuningData, most_tokens, sample
from train.finetuning_settings import FinetuneSettings, LossOn
from train.loop import BEST, LoopSettings, Work, run
from train.packing import Pack, can_pack, label_nats
from train.processes import Processes
from train.resume_spans import ResumeReader
from train.saving import make_card, measure_headlines, scalars, show
from train.settings import load_settings
from train.tuning import (
    Adapter,
    Base,
    load_base,
    load_tokenizer,
    make_optimiser,
    make_tunable,
    narrow,
    save_tuned,
)


def main(settings: FinetuneSettings) -> None:
    """Read, tune epoch by epoch, keep the best, measure it."""
    processes = Processes.join()
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    if not train or not valid:
        raise SystemExit("the tables need workers in both the train and the valid split")
    position = tune(settings, train, sample(valid, settings.valid_workers), processes)
    processes.leave()
    if processes.first:
        print(f"best epoch {position.best_epoch}, valid title perplexity {position.best:.4f}")
        narrow(settings.out / BEST, Base.find(settings.base))
        finish(settings, train, sample(valid, settings.measured_workers))


def tune(
    settings: FinetuneSettings,
    train: list[CareerHistory],
    valid: list[CareerHistory],
    processes: Processes,
) -> Position:
    """The run itself, from the start or from where a killed one stood."""
    # Text
    base = Base.find(settings.base)
    tokenizer = load_tokenizer(base)
    template = TextTemplate(coded=settings.coded_titles)
    tokens = ResumeTokenizer(tokenizer, template, occ1990dd())
    reader = ResumeReader(tokens, occ1990dd(), to_end=settings.loss_on is LossOn.ALL)

    # Model
    torch.manual_seed(settings.seed)
    network = load_base(base, settings.kind, processes.device, bf16=settings.bf16)
    data = FinetuningData(settings, reader, can_pack(network), most_tokens(network.config))
    adapter = Adapter(settings.rank, settings.alpha, settings.adapter_dropout)
    save_memory = settings.gradient_checkpointing
    model = make_tunable(network, base, settings.kind, adapter, save_memory=save_memory)
    rate, decay = settings.peak_learning_rate, settings.weight_decay
    optimiser = make_optimiser(model, rate, decay, eight_bit=settings.eight_bit_optimiser)

    # Epochs
    scored = data.packs(valid, on_all=False)
    if processes.first:
        announce(settings, model, data.steps(train, 0), processes)
    on_titles = settings.loss_on is LossOn.TITLES
    work = Work(
        model=model,
        optimiser=optimiser,
        steps=lambda epoch: data.steps(train, epoch),
        loss=lambda pack: _nats(model, pack, processes.device, bf16=settings.bf16),
        weight=lambda pack: pack.titles if on_titles else pack.labelled,
        score=lambda: title_perplexity(model, scored, processes, bf16=settings.bf16),
        save=lambda folder: save_tuned(model, tokenizer, folder),
    )
    return run(work, loop_settings(settings), processes)


def loop_settings(settings: FinetuneSettings) -> LoopSettings:
    """What the loop needs of them."""
    return LoopSettings(
        folder=settings.out,
        settings=written_settings(settings),
        epochs=settings.epochs,
        patience=settings.patience,
        learning_rate=settings.peak_learning_rate,
        warm_up=settings.warm_up,
        seed=settings.seed,
        checkpoint_seconds=settings.checkpoint_seconds,
    )


@torch.no_grad()
def title_perplexity(
    model: nn.Module, found: list[Pack], processes: Processes, *, bf16: bool
) -> float:
    """Raw perplexity by title: a title counts once, however many tokens it has."""
    own = processes.share(found)
    nats = sum(_nats(model, pack, processes.device, bf16=bf16).item() for pack in own)
    total, titles = processes.total(nats, sum(pack.titles for pack in own))
    return math.exp(min(total / titles, 700))


def announce(
    settings: FinetuneSettings,
    model: nn.Module,
    steps: list[list[Pack]],
    processes: Processes,
) -> None:
    """The derived numbers of a run."""
    learned = sum(weights.numel() for weights in learning(model).values())
    every = [pack for step in steps for pack in step]
    tokens = sum(pack.tokens.numel() for pack in every)
    titles = sum(pack.titles for pack in every)
    way = "packed side by side" if every[0].positions is not None else "one below the other"
    print(f"{settings.base}, {settings.tuning}: {learned:,} weights learn")
    print(f"{tokens:,} tokens and {titles:,} titles an epoch, {way}")
    print(f"{tokens / len(steps):,.0f} tokens a step over {processes.count} process(es)", end=", ")
    print(f"{len(steps)} steps an epoch, at most {settings.epochs} epochs", flush=True)


def finish(
    settings: FinetuneSettings, train: list[CareerHistory], valid: list[CareerHistory]
) -> None:
    """Write the card of the best model, with perplexities measured as the app loads it."""
    folder = settings.out / BEST
    made = scalars(settings)
    if settings.kind.quantised is not None:
        made["quantised"] = settings.kind.quantised.value
    title = f"{settings.out.name} ({Path(settings.base).name}, {settings.tuning})"
    card = make_card(
        *(ModelKind.LANGUAGE_MODEL, title, occ1990dd(), train, made),
        name=settings.out.name,
        coded_titles=settings.coded_titles,
    )
    write_card(folder, card)
    metrics: tuple[CardMetric, ...] = measure_headlines(load_model(str(folder)), valid, Split.VALID)
    show(metrics)
    write_card(folder, replace(card, metrics=metrics))
    print(f"saved in {folder}; `occu models add {folder}` makes it answer to {card.name}")


def _nats(model: nn.Module, pack: Pack, device: torch.device, *, bf16: bool) -> torch.Tensor:
    with torch.autocast(device.type, torch.bfloat16, enabled=bf16):
        return label_nats(model, pack.to(device))


def _given() -> FinetuneSettings:
    """The settings file, with what the command line says in its place."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, nargs="?", help="a TOML file; see train/settings/")
    parser.add_argument("--base", help="model name, folder or Hugging Face id")
    parser.add_argument("--tables", nargs="+", help="career tables with a split column")
    parser.add_argument("--tuning", help="full, lora, qlora-8bit or qlora-4bit")
    parser.add_argument("--loss", help="titles or all")
    parser.add_argument("--out", type=Path, help="folder for checkpoints and the best model")
    given = vars(parser.parse_args())
    path = given.pop("settings")
    said = {name: value for name, value in given.items() if value is not None}
    if "tables" in said:
        said["tables"] = tuple(said["tables"])
    if path is not None:
        return replace(load_settings(FinetuneSettings, path), **said)
    if missing := sorted({"base", "tables"} - said.keys()):
        parser.error(f"without a settings file, give --{' and --'.join(missing)}")
    return FinetuneSettings(**said)


if __name__ == "__main__":
    main(_given())
