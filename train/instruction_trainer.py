"""trl's SFTTrainer as these runs use it: what it is given, and going on after a kill."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import torch
from datasets import Dataset, disable_progress_bars
from transformers import PreTrainedTokenizerBase as Tokenizer
from transformers import (
    PrinterCallback,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging
from trl import SFTConfig, SFTTrainer

from train.instruction_forms import Example
from train.instruction_settings import InstructionSettings
from train.processes import Processes
from train.resume_batches import IGNORED
from train.tuning import Tunable

_CHECKPOINTS = "checkpoints"
_WHOLE = "trainer_state.json"  # written last


def make_trainer(  # noqa: PLR0913
    settings: InstructionSettings,
    model: Tunable,
    tokenizer: Tokenizer,
    train: Sequence[Example],
    held_out: Sequence[Example],
    processes: Processes,
    *,
    packed: bool,
) -> SFTTrainer:
    """A trainer that learns answers only, of examples already in tokens."""
    on_gpu = processes.device.type == "cuda"
    rows = 1 if packed else max(1, settings.pack_tokens // _longest(train))
    config = SFTConfig(
        output_dir=str(settings.out / _CHECKPOINTS),
        per_device_train_batch_size=rows,
        per_device_eval_batch_size=rows,
        gradient_accumulation_steps=max(1, settings.packs_a_step // processes.count),
        num_train_epochs=settings.epochs,
        learning_rate=settings.peak_learning_rate,
        lr_scheduler_type="linear",
        warmup_steps=settings.warm_up,
        weight_decay=settings.weight_decay,
        optim="adamw_8bit" if settings.eight_bit_optimiser else "adamw_torch",
        bf16=settings.bf16,
        use_cpu=not on_gpu,
        activation_checkpointing=settings.gradient_checkpointing,
        activation_checkpointing_kwargs={"use_reentrant": False},
        packing=packed,
        packing_strategy="bfd",
        max_length=settings.pack_tokens,
        eval_strategy="epoch" if held_out else "no",
        save_strategy="steps",
        save_steps=settings.checkpoint_steps,
        save_total_limit=2,
        logging_steps=10,
        report_to="none",
        disable_tqdm=True,
        seed=settings.seed,
        data_seed=settings.seed,
        dataloader_pin_memory=on_gpu,
    )
    logging.disable_progress_bar()
    disable_progress_bars()
    trainer = SFTTrainer(
        model=model,
        args=config,
        train_dataset=_dataset(train),
        eval_dataset=_dataset(held_out) if held_out else None,
        processing_class=tokenizer,
    )
    trainer.remove_callback(PrinterCallback)
    trainer.add_callback(_Says())
    return trainer


class _Says(TrainerCallback):  # type: ignore[misc]
    """A line every ten steps, with the time left at the pace of this sitting, and every epoch."""

    def __init__(self) -> None:
        self._began = 0.0
        self._from = 0

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Start the clock."""
        self._began, self._from = time.monotonic(), state.global_step

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: object,
    ) -> None:
        """Speak, in the first process."""
        if logs is None or not state.is_world_process_zero:
            return
        if "eval_loss" in logs:
            epoch = round(state.epoch or 0)
            print(f"epoch {epoch}: held-out loss {float(logs['eval_loss']):.4f}", flush=True)
        elif "loss" in logs:
            pace = (time.monotonic() - self._began) / max(state.global_step - self._from, 1)
            left = pace * (state.max_steps - state.global_step) / 60
            done = state.global_step / state.max_steps
            print(
                f"{done:6.1%}  loss {float(logs['loss']):.4f}, {left:.1f} minutes left", flush=True
            )


def last_checkpoint(out: Path) -> Path | None:
    """The newest whole checkpoint of a run; None if it has none.

    A kill while one is written leaves it without, or with half of, the file that is written last.
    """
    found = [path for path in (out / _CHECKPOINTS).glob("checkpoint-*") if _is_whole(path)]
    return max(found, key=_step, default=None)


def drop_torn(out: Path) -> None:
    """Delete what a kill left half written."""
    for path in (out / _CHECKPOINTS).glob("checkpoint-*"):
        if not _is_whole(path):
            shutil.rmtree(path)


def by_epoch(trainer: SFTTrainer) -> tuple[float, ...]:
    """The held-out loss after each epoch, those before a kill included."""
    return tuple(entry["eval_loss"] for entry in trainer.state.log_history if "eval_loss" in entry)


def _is_whole(path: Path) -> bool:
    try:
        json.loads((path / _WHOLE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return True


def _step(path: Path) -> int:
    return int(path.name.rpartition("-")[2])


def _dataset(examples: Sequence[Example]) -> Dataset:
    return Dataset.from_dict(
        {
            "input_ids": [list(example.written.tokens) for example in examples],
            "labels": [_labels(example) for example in examples],
        }
    )


def _labels(example: Example) -> list[int]:
    """The very token where it is of an answer, ignored elsewhere; the trainer shifts them."""
    tokens = torch.tensor(example.written.tokens)
    labels = torch.full_like(tokens, IGNORED)
    for start, end in example.written.answers:
        labels[start:end] = tokens[start:end]
    return [int(label) for label in labels]


def _longest(examples: Sequence[Example]) -> int:
    return max(len(example.written.tokens) for example in examples)
