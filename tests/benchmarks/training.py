"""Tokens a second in training: our loop beside Hugging Face's Trainer, same model, same careers.

    python -m tests.benchmarks.training [--workers N] [--rounds N]

Made-up careers of 3–26 records; the shipped model's shape with random weights; loss on titles. The
Trainer pads batches of as many tokens as ours on average, drawn in its own order. Tokens counted
are those of resumes, not padding. Both run by turns, and medians and their ratio are printed.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import torch
from accelerate.state import AcceleratorState
from torch.utils.data import Dataset
from transformers import AutoConfig, AutoModelForCausalLM, AutoTokenizer, Trainer, TrainingArguments

from occu_core.assets import asset_path
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from tests.small_language_models import long_career
from train.lessons import Curriculum, title_tree
from train.loop import Work, take_step
from train.optimisation import parameter_groups
from train.processes import Processes
from train.resume_batches import IGNORED, read
from train.teachers import Taught
from train.title_losses import TitleLoss

BATCH_TOKENS = 6000


class Resumes(Dataset):
    """Tokens and labels of each worker, as the Trainer wants them."""

    def __init__(self, resumes):
        self.resumes = resumes

    def __len__(self):
        return len(self.resumes)

    def __getitem__(self, place):
        resume = self.resumes[place]
        labels = [IGNORED] * len(resume.tokens)
        for start, end in resume.answers:
            labels[start:end] = resume.tokens[start:end]
        return {"input_ids": list(resume.tokens), "labels": labels}


def main(workers: int, rounds: int) -> None:
    """Warm up, then time an epoch of each by turns."""
    folder = asset_path("models", "language_model")
    tokenizer = AutoTokenizer.from_pretrained(folder)
    reader = ResumeTokenizer(tokenizer, TextTemplate(), occ1990dd())
    careers = [long_career(occ1990dd(), 3 + k % 24) for k in range(workers)]
    resumes = [read(reader, career) for career in careers]
    tokens = sum(len(resume.tokens) for resume in resumes)
    rows = max(1, BATCH_TOKENS // (tokens // workers))
    print(f"{workers} careers, {tokens:,} tokens; Trainer's batches of {rows} careers", flush=True)

    ours = our_epoch(folder, reader, careers)
    theirs = {
        "Trainer": trainer_epoch(folder, tokenizer, resumes, rows, bf16=False),
        "Trainer, bfloat16": trainer_epoch(folder, tokenizer, resumes, rows, bf16=True),
    }
    ways = {"ours": ours, **theirs}
    for epoch in ways.values():
        epoch()
    seconds = {name: [] for name in ways}
    for _ in range(rounds):
        for name, epoch in ways.items():
            began = time.perf_counter()
            epoch()
            seconds[name].append(time.perf_counter() - began)
    speed = {name: tokens / statistics.median(found) for name, found in seconds.items()}
    for name, found in speed.items():
        print(
            f"{name:18} {found:8,.0f} tokens a second   ours is {speed['ours'] / found:.2f} times"
        )


def our_epoch(folder: Path, reader: ResumeTokenizer, careers: list) -> Callable[[], None]:
    """An epoch of train_language_model's loop."""
    model = fresh(folder)
    model.model.compile(dynamic=True)
    loss = TitleLoss(model, title_tree(reader), 0.0, fast=True)
    lessons = Curriculum(
        *(reader, [Taught(career, None) for career in careers], None, 0),
        *(0.0, 0.0, BATCH_TOKENS, 1),
    )
    work = Work(
        model=model,
        optimiser=torch.optim.AdamW(parameter_groups(model, 0.1), lr=1e-4),
        steps=lessons.steps,
        loss=loss.nats,
        weight=lambda lesson: lesson.batch.titles,
        score=lambda: 0.0,
        save=lambda folder: None,
    )

    def epoch() -> None:
        model.train()
        for number, step in enumerate(lessons.steps(0)):
            take_step(work, step, str(number), Processes())

    return epoch


def trainer_epoch(folder, tokenizer, resumes, rows: int, *, bf16: bool) -> Callable[[], None]:
    """An epoch of Hugging Face's Trainer."""
    scratch = tempfile.mkdtemp()
    arguments = TrainingArguments(
        output_dir=scratch,
        num_train_epochs=1,
        per_device_train_batch_size=rows,
        learning_rate=1e-4,
        weight_decay=0.1,
        bf16=bf16,
        use_cpu=True,
        save_strategy="no",
        logging_strategy="no",
        report_to=[],
        disable_tqdm=True,
    )
    model = fresh(folder)

    def collate(items):
        longest = max(len(item["input_ids"]) for item in items)
        pad = tokenizer.pad_token_id
        fill = {"input_ids": pad, "labels": IGNORED}
        return {
            name: torch.tensor(
                [[*i[name], *[fill[name]] * (longest - len(i[name]))] for i in items]
            )
            for name in fill
        }

    def epoch() -> None:
        AcceleratorState._reset_state(reset_partial_state=True)  # it keeps its first precision
        trainer = Trainer(
            model=model,
            args=arguments,
            train_dataset=Resumes(resumes),
            data_collator=collate,
        )
        trainer.train()

    return epoch


def fresh(folder: Path) -> torch.nn.Module:
    """The shipped model's shape with random weights."""
    torch.manual_seed(1)
    return AutoModelForCausalLM.from_config(AutoConfig.from_pretrained(folder), dtype=torch.float32)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--workers", type=int, default=600, help="made-up careers an epoch")
    parser.add_argument("--rounds", type=int, default=3, help="timed epochs of each")
    given = parser.parse_args()
    main(given.workers, given.rounds)
