"""Train the language model that ships: a small Llama that reads careers as resumes (LABOR-LLM).

    python -m train.train_language_model train/settings/language_model.toml

Resumes of both cohorts, loss on titles only, known covariates hidden at random so that "unknown"
means averaged over; with `teachers`, their expectations and careers drawn from them besides. Stops
early on valid, keeps the best epoch, resumes after a kill at its last step. `--test` also measures
on test, once, for a model to publish.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from transformers import AutoTokenizer

from occu_core.careers import LATEST_YEAR
from occu_core.data.career_table import Split
from occu_core.models.base import ModelKind
from occu_core.models.language_model import LanguageModel
from occu_core.models.storage import write_card
from occu_core.models.tokens import ResumeTokenizer
from occu_core.occupations import occ1990dd
from train.checkpoints import written_settings
from train.conditions import Titles, template_for
from train.data import load_split, training_workers, valid_workers
from train.lessons import Curriculum, title_tree
from train.llama import LlamaShape, build_llama
from train.loop import BEST, LoopSettings, Work, run
from train.optimisation import parameter_groups
from train.processes import Processes
from train.resume_batches import batches, read
from train.saving import make_card, measure_headlines, scalars, settings_of, show
from train.settings import load_settings
from train.teachers import Taught, Teachers
from train.title_losses import TitleLoss, title_perplexity
from train.unseen_years import lend_unseen_years


@dataclass(frozen=True, slots=True)
class LanguageModelSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    tokenizer: Path = Path("runs/tokenizer")
    """Folder that `train.train_tokenizer` wrote."""

    name: str = "language_model"
    title: str = "Language model"
    """What programs and people call the model."""

    out: Path = Path("runs/language_model")
    """Folder for checkpoints, the log and the best model."""

    start: Path = Path()
    """Folder of a trained model to go on from; none starts from random weights."""

    shares: tuple[float, ...] = ()
    """Of each table's training workers, by blocks; valid is then the first table's. None is all."""

    last_year: int = LATEST_YEAR
    """Records after it are left out of training and valid."""

    titles: str = Titles.NATURAL.value
    """How occupations are written: natural, numeric, synonyms or permuted."""

    index: Path = Path("../shared/data/occupations/job_titles.csv.gz")
    """The alphabetical index that synonyms come from."""

    teachers: tuple[str, ...] = ()
    """Folders of CAREER models whose mean expectations are learned from too; none is allowed."""

    teacher_weight: float = 0.7
    """How much the teachers' expectation counts beside what happened, 0–1."""

    simulated: int = 0
    """Careers drawn from the teachers for each training worker in each epoch."""

    layers: int = 4
    width: int = 192
    heads: int = 3
    feed_forward: int = 512
    """The Llama's shape."""

    dropout: float = 0.2
    """Share of each block's output set to zero in training."""

    hidden_share: float = 0.15
    """How often each covariate of a worker is hidden in training."""

    hidden_education: float = 0.1
    """How often education is hidden, half the time in three years of ten, else in all."""

    epochs: int = 8
    """Passes over the training workers, unless valid stops improving."""

    batch_tokens: int = 6000
    """Tokens a step, padding included."""

    learning_rate: float = 2.5e-3
    """Peak of the one-cycle schedule."""

    weight_decay: float = 0.1
    """Decoupled, on matrices only."""

    warm_up: float = 0.1
    """Share of the steps before the peak."""

    patience: int = 3
    """Epochs without a better valid score before stopping."""

    fast: bool = False
    """Compile the model and multiply in bfloat16 where the processor is quicker at it."""

    seed: int = 1
    """Fixes weights, order, dropout and what is hidden."""

    def __post_init__(self) -> None:
        if self.titles not in set(Titles):
            raise SystemExit(f"titles is {self.titles!r}; expected {', '.join(Titles)}")

    @property
    def shape(self) -> LlamaShape:
        """The network's."""
        return LlamaShape(self.layers, self.width, self.heads, self.feed_forward, self.dropout)

    @property
    def loop(self) -> LoopSettings:
        """How the run goes."""
        return LoopSettings(
            folder=self.out,
            settings=written_settings(self),
            epochs=self.epochs,
            patience=self.patience,
            learning_rate=self.learning_rate,
            warm_up=self.warm_up,
            seed=self.seed,
        )


def main(path: Path, changes: Sequence[str] = (), *, test: bool = False) -> None:
    """Train, measure the best epoch, write its card."""
    settings = load_settings(LanguageModelSettings, path, changes)
    folder = fit(settings)

    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    lend_unseen_years(folder, train)
    made = {f"start.{name}": value for name, value in settings_of(settings.start).items()}
    made |= scalars(settings)
    card = make_card(
        *(ModelKind.LANGUAGE_MODEL, settings.title, occ1990dd(), train, made), name=settings.name
    )
    best = LanguageModel.load(folder, card, occ1990dd())
    metrics = measure_headlines(best, valid, Split.VALID)
    if test:
        metrics += measure_headlines(best, load_split(settings.tables, Split.TEST), Split.TEST)
    show(metrics)
    write_card(folder, replace(card, metrics=metrics))
    print(f"saved in {folder}")


def fit(settings: LanguageModelSettings) -> Path:
    """Train from the start or from where a killed run stood; the folder of the best epoch."""
    # Data
    train, valid = training_workers(settings), valid_workers(settings)
    tokenizer = AutoTokenizer.from_pretrained(settings.tokenizer)
    template = template_for(Titles(settings.titles), occ1990dd(), settings.index)
    reader = ResumeTokenizer(tokenizer, template, occ1990dd())
    teachers = Teachers.load(settings.teachers) if settings.teachers else None
    taught = teachers.foresee(train) if teachers else [Taught(career, None) for career in train]
    curriculum = Curriculum(
        *(reader, taught, teachers, settings.simulated),
        *(settings.hidden_share, settings.hidden_education, settings.batch_tokens, settings.seed),
    )
    valid_batches = batches(
        [read(reader, c) for c in valid], title_tree(reader), settings.batch_tokens
    )

    # Model
    torch.manual_seed(settings.seed)
    model = build_llama(settings.shape, len(tokenizer), tokenizer.pad_token_id, settings.start)
    optimiser = torch.optim.AdamW(
        parameter_groups(model, settings.weight_decay), lr=settings.learning_rate, betas=(0.9, 0.98)
    )
    if settings.fast:
        model.model.compile(dynamic=True)
    loss = TitleLoss(model, title_tree(reader), settings.teacher_weight, fast=settings.fast)
    steps = len(curriculum.steps(0))
    parameters = sum(weight.numel() for weight in model.parameters())
    print(f"{parameters:,} parameters; {len(train):,} workers; {steps} steps of at most ", end="")
    print(f"{settings.batch_tokens:,} tokens an epoch, {settings.epochs} epochs", flush=True)

    # Epochs
    def save(folder: Path) -> None:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)

    work = Work(
        model=model,
        optimiser=optimiser,
        steps=curriculum.steps,
        loss=loss.nats,
        weight=lambda lesson: lesson.batch.titles,
        score=lambda: title_perplexity(model, valid_batches),
        save=save,
    )
    position = run(work, settings.loop, Processes.join())
    print(f"best epoch {position.best_epoch}, valid perplexity {position.best:.4f}")
    return settings.out / BEST


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("settings", type=Path, help="a TOML file; see train/settings/")
    parser.add_argument("--set", nargs="+", default=[], help="name=value in place of the file's")
    parser.add_argument("--test", action="store_true", help="measure on test too")
    given = parser.parse_args()
    main(given.settings, given.set, test=given.test)
