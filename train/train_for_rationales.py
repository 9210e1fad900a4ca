"""Teach a language model to answer from any part of a history, so that rationales can be trusted.

    python -m train.train_for_rationales train/settings/rationales.toml

In half of the batches random records are left out of the past (CAREER's word dropout for greedy
rationalization, Vafa et al.). The model as it was, reading the whole history, is the teacher: the
mean of its expectations over the histories that share a part is what the part alone says. Stops
early on valid, keeps the best epoch, resumes after a kill at its last step.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import AutoTokenizer, LlamaForCausalLM

from occu_core.careers import LATEST_YEAR, CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import read_card, write_card
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from train.checkpoints import written_settings
from train.data import load_split, training_workers, valid_workers
from train.lessons import title_tree
from train.llama import LlamaShape, build_llama
from train.loop import BEST, LoopSettings, Work, run
from train.optimisation import parameter_groups
from train.processes import Processes
from train.resume_batches import Batch, batches, hide, read
from train.saving import make_card, measure_headlines, scalars, settings_of, show
from train.settings import load_settings
from train.thinned_lessons import ThinnedLesson, lessons, nats, thin
from train.title_losses import title_perplexity
from train.unseen_years import lend_unseen_years


@dataclass(frozen=True, slots=True)
class RationaleSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    start: Path = Path("assets/models/language_model")
    """Folder of the language model to go on from, which is its own teacher."""

    name: str = "language_model_for_rationales"
    title: str = "Language model for rationales"
    """What programs and people call the model."""

    out: Path = Path("runs/why/language_model")
    """Folder for checkpoints, the log and the best model."""

    shares: tuple[float, ...] = ()
    """Of each table's training workers, by blocks; valid is then the first table's. None is all."""

    last_year: int = LATEST_YEAR
    """Records after it are left out of training and valid."""

    thinned_share: float = 0.5
    """How many batches have records left out."""

    teacher_weight: float = 0.7
    """How much the teacher's expectation counts beside what happened, 0–1."""

    hidden_share: float = 0.15
    """How often each covariate of a worker is hidden from the learner."""

    hidden_education: float = 0.1
    """How often education is hidden, half the time in three years of ten, else in all."""

    dropout: float = 0.1
    """Share of each block's output set to zero in training."""

    epochs: int = 1
    """Passes over the training workers."""

    batch_tokens: int = 6000
    """Tokens a step, padding included."""

    learning_rate: float = 6e-4
    """Peak of the one-cycle schedule."""

    weight_decay: float = 0.1
    """Decoupled, on matrices only."""

    warm_up: float = 0.1
    """Share of the steps before the peak."""

    seed: int = 1
    """Fixes order, dropout, what is hidden and what is left out."""

    @property
    def loop(self) -> LoopSettings:
        """How the run goes."""
        return LoopSettings(
            folder=self.out,
            settings=written_settings(self),
            epochs=self.epochs,
            patience=self.epochs,
            learning_rate=self.learning_rate,
            warm_up=self.warm_up,
            seed=self.seed,
        )


def main(path: Path, changes: Sequence[str] = ()) -> None:
    """Train, measure the best epoch beside the model it came from, write its card."""
    settings = load_settings(RationaleSettings, path, changes)
    folder = fit(settings)

    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    lend_unseen_years(folder, train)
    made = {f"start.{name}": value for name, value in settings_of(settings.start).items()}
    card = make_card(
        *(ModelKind.LANGUAGE_MODEL, settings.title, occ1990dd(), train, made | scalars(settings)),
        name=settings.name,
    )
    best = LanguageModel.load(folder, card, occ1990dd())
    write_card(folder, replace(card, metrics=measure_headlines(best, valid, Split.VALID)))
    for place in (settings.start, folder):
        print(place)
        show([metric for metric in read_card(place).metrics if metric.split == Split.VALID])
    print(f"saved in {folder}")


def fit(settings: RationaleSettings) -> Path:
    """Train from the start or from where a killed run stood; the folder of the best epoch."""
    # Data
    train, valid = training_workers(settings), valid_workers(settings)
    tokenizer = AutoTokenizer.from_pretrained(settings.start)
    reader = ResumeTokenizer(tokenizer, TextTemplate(), occ1990dd())
    rng = random.Random(f"{settings.seed}/valid")
    valid_batches, thinned_batches = (
        batches([read(reader, career) for career in careers], title_tree(reader), 6000)
        for careers in (valid, [thin(career, rng) for career in valid])
    )

    # Learner and teacher
    torch.manual_seed(settings.seed)
    model, teacher = (_load(settings.start, share) for share in (settings.dropout, 0.0))
    optimiser = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
    )
    print(f"{len(train):,} workers, {settings.epochs} epochs", flush=True)
    _show("before", model, valid_batches, thinned_batches)

    # Epochs
    def steps(epoch: int) -> list[list[ThinnedLesson]]:
        rng = random.Random(f"{settings.seed}/{epoch}")

        def known(career: CareerHistory) -> CareerHistory:
            return hide(career, settings.hidden_share, settings.hidden_education, rng)

        made = lessons(reader, train, known, settings.thinned_share, settings.batch_tokens, rng)
        return [[lesson] for lesson in made]

    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    work = Work(
        model=model,
        optimiser=optimiser,
        steps=steps,
        loss=lambda lesson: nats(model, teacher, lesson, settings.teacher_weight),
        weight=lambda lesson: lesson.part.titles,
        score=lambda: _show("now", model, valid_batches, thinned_batches),
        save=save,
    )
    run(work, settings.loop, Processes.join())
    return settings.out / BEST


def _load(folder: Path, dropout: float) -> LlamaForCausalLM:
    """The language model of a folder, not learning yet."""
    found = LlamaForCausalLM.from_pretrained(folder).config
    shape = LlamaShape(
        found.num_hidden_layers,
        found.hidden_size,
        found.num_attention_heads,
        found.intermediate_size,
        dropout,
    )
    return build_llama(shape, found.vocab_size, found.pad_token_id, folder).eval()


def _show(when: str, model: LlamaForCausalLM, whole: list[Batch], thinned: list[Batch]) -> float:
    """Print valid perplexity on whole and on thinned histories; their geometric mean."""
    found = [title_perplexity(model, data) for data in (whole, thinned)]
    print(f"{when}: valid perplexity {found[0]:.4f}, of thinned histories {found[1]:.4f}")
    return math.sqrt(found[0] * found[1])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--set", nargs="+", default=[], help="name=value in place of the file's")
    given = parser.parse_args()
    main(given.settings, given.set)
