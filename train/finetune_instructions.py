"""Tune a causal language model to answer professional questions (OccuQuest, Xue et al. 2023).

    python -m train.finetune_instructions train/settings/occullama.toml
    python -m train.finetune_instructions --base FOLDER|ID --data FILE|FOLDER --form plain
    accelerate launch --num_processes 4 -m train.finetune_instructions train/settings/prollama.toml

Everything that can be wrong with data, base, disk and memory is found before any weight is read.
The loss counts answers only. A killed run goes on at its last checkpoint when its command is given
again. `OUT/model` holds the adapter or the whole model with its tokenizer, whose chat template is
the form it was tuned in, and a card with losses by category on held-out items.
"""

from __future__ import annotations

import argparse
import json
from importlib.util import find_spec
from pathlib import Path

import torch
from peft import PeftModel
from safetensors import SafetensorError

from train.checkpoints import learning
from train.finetuning_costs import Memory
from train.instruction_card import write_card
from train.instruction_checks import Begun, check_adapter, check_room, counted, find_base
from train.instruction_examples import Lessons, make_lessons
from train.instruction_forms import set_form
from train.instruction_losses import mean_loss
from train.instruction_saving import (
    MODEL,
    Found,
    facts_of,
    losses_before,
    measured,
    network_of,
    save,
)
from train.instruction_settings import Form, InstructionSettings
from train.packing import can_pack
from train.processes import Processes
from train.settings import load_settings
from train.tuning import Adapter, Tunable, load_base, make_tunable


def main(settings: InstructionSettings) -> None:
    """Check, tune, measure, save."""
    processes = Processes.join()
    begun, lessons, end = check(settings, processes)
    model = tunable(settings, begun, processes)
    packed = settings.packing and can_pack(network_of(model))
    before = losses_before(settings, lessons, model, processes, packed=packed)
    found = Found(begun, lessons, end, packed, before)
    if processes.first:
        announce(settings, found, model, processes)
    by_epoch = train(settings, found, model, processes)
    after = measured(settings, lessons, model, processes, packed=packed)
    if processes.first:
        save(settings, found, model)
        facts = facts_of(settings, found, after, by_epoch)
        write_card(settings.out / MODEL, facts)
        if after:
            print(f"held-out loss {mean_loss(before):.4f} before, {mean_loss(after):.4f} after")
        print(f"saved in {settings.out / MODEL}")
    processes.wait()
    processes.leave()


def check(settings: InstructionSettings, processes: Processes) -> tuple[Begun, Lessons, int]:
    """Base, data, adapter, disk and memory, before any weight is read."""
    if find_spec("trl") is None:
        raise SystemExit("trl is not installed: pip install -e '.[tuning]'")
    begun = find_base(settings)
    end = set_form(begun.tokenizer, Form(settings.form), settings.base)
    if settings.adapter:
        check_adapter(Path(settings.adapter), begun)
    lessons = make_lessons(settings, begun.tokenizer)
    needed = check_room(settings, begun, lessons.answered / lessons.tokens, processes)
    if processes.first:
        show_data(lessons, needed)
    return begun, lessons, end


def tunable(settings: InstructionSettings, begun: Begun, processes: Processes) -> Tunable:
    """The base with what learns: a new adapter, one to go on from, or every weight."""
    torch.manual_seed(settings.seed)
    network = load_base(begun.base, settings.kind, processes.device, bf16=settings.bf16)
    if settings.adapter:
        try:
            return PeftModel.from_pretrained(network, settings.adapter, is_trainable=True)
        except (RuntimeError, ValueError, SafetensorError) as error:
            raise SystemExit(f"adapter: {settings.adapter} does not fit: {error}") from None
    adapter = Adapter(settings.rank, settings.alpha, settings.adapter_dropout)
    # The trainer turns on checkpointing itself.
    model = make_tunable(network, begun.base, settings.kind, adapter, save_memory=False)
    if isinstance(model, PeftModel):
        model.peft_config["default"].revision = getattr(begun.config, "_commit_hash", None)
    return model


def train(
    settings: InstructionSettings, found: Found, model: Tunable, processes: Processes
) -> tuple[float, ...]:
    """The run itself, from the start or from where a killed one stood; held-out loss by epoch."""
    from train.instruction_trainer import by_epoch, drop_torn, last_checkpoint, make_trainer

    if processes.first:
        drop_torn(settings.out)
    processes.wait()
    lessons = found.lessons
    trainer = make_trainer(
        *(settings, model, found.begun.tokenizer, lessons.train, lessons.held_out, processes),
        packed=found.packed,
    )
    stood = last_checkpoint(settings.out)
    if stood and processes.first:
        print(f"going on from {stood.name}", flush=True)
    try:
        trainer.train(resume_from_checkpoint=str(stood) if stood else None)
    except torch.OutOfMemoryError as error:
        raise SystemExit(
            f"memory: the GPU's ran out: {str(error).partition('.')[0]}; lower pack_tokens, set"
            " gradient_checkpointing = true, or tune with qlora-4bit; the same command goes on"
            " from the last checkpoint only with the same settings"
        ) from None
    return by_epoch(trainer)


def show_data(lessons: Lessons, needed: Memory) -> None:
    """What became of every row, and the memory that the formula asks for."""
    for s in lessons.sources:
        left_out = f"{s.repeats:,} repeats, {s.bad:,} bad rows, {s.special:,} with marks"
        print(f"{s.name}: {s.read:,} items, {s.drawn:,} of them or again in an epoch; left out:")
        print(f"  {left_out}, {s.unanswered:,} without an answer once cut; {s.cut:,} were cut")
    print(
        f"{lessons.tokens:,} tokens an epoch, {lessons.answered:,} of them answers;"
        f" {len(lessons.held_out):,} items held out; memory: {counted(needed) / 1e9:.2f} GB"
        f" counted, {needed.total / 1e9:.1f} GB with room on a GPU",
        flush=True,
    )


def announce(
    settings: InstructionSettings, found: Found, model: Tunable, processes: Processes
) -> None:
    """The derived numbers of a run."""
    learned = sum(weights.numel() for weights in learning(model).values())
    way = "packed side by side" if found.packed else "one below the other"
    print(f"{settings.base}, {settings.tuning}: {learned:,} weights learn; items {way}")
    if settings.packing and not found.packed:
        print("  since this base sees through the walls between packed items")
    if found.before:
        print(f"held-out loss before: {mean_loss(found.before):.4f} nats a token of answers")
    print(f"{processes.count} process(es), {settings.epochs} epochs", flush=True)


def _given() -> InstructionSettings:
    """The settings file, with what the command line says in its place."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, nargs="?", help="a TOML file; see train/settings/")
    parser.add_argument("--base", help="model folder or Hugging Face id")
    parser.add_argument("--data", nargs="+", help="files or folders of items, or occuquest:SPLIT")
    parser.add_argument("--tuning", help="full, lora, qlora-8bit or qlora-4bit")
    parser.add_argument("--form", help="chat or plain")
    parser.add_argument("--adapter", help="folder of an adapter to go on from")
    parser.add_argument("--out", type=Path, help="folder for checkpoints and the result")
    parser.add_argument("--skip-bad", action="store_true", default=None, help="leave out bad rows")
    given = vars(parser.parse_args())
    path = given.pop("settings")
    said = {name: value for name, value in given.items() if value is not None}
    if path is not None:
        changes = [f"{name}={json.dumps(value, default=str)}" for name, value in said.items()]
        try:
            return load_settings(InstructionSettings, path, changes)
        except TypeError:
            parser.error(
                f"{path} names no base or no data; write them there, or give --base, --data"
            )
    if missing := sorted({"base", "data"} - said.keys()):
        parser.error(f"without a settings file, give --{' and --'.join(missing)}")
    return InstructionSettings(**said | {"data": tuple(said["data"])})


if __name__ == "__main__":
    main(_given())
