"""The models and scores that experiments are made of: trained once, scored once, kept."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from transformers import AutoModelForCausalLM, AutoTokenizer

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.models.career import CareerModel
from occu_core.models.language_model import LanguageModel
from occu_core.occupations import occ1990dd
from occu_core.templates import TextTemplate
from train import pretrain_language_model, train_career, train_language_model
from train.checkpoints import written_settings
from train.conditions import Titles, part_of, template_for
from train.data import load_split, training_workers
from train.loop import BEST
from train.pretrain_language_model import PretrainSettings
from train.saving import VERSION
from train.train_career import CareerSettings
from train.train_language_model import LanguageModelSettings
from train.unseen_years import lend_unseen_years


@dataclass(frozen=True, slots=True)
class ExperimentSettings:
    """What can vary from run to run; `--quick` replaces some by smaller ones."""

    table: str
    """The career table that models are tested on."""

    other: str
    """The other cohort's, for pooling and pre-training."""

    occupational_text: Path = Path("../shared/data/occupations")
    """Folder with O*NET and the alphabetical index."""

    tokenizer: Path = Path("runs/tokenizer")
    """Folder that `train.train_tokenizer` wrote."""

    out: Path = Path("runs/experiments")
    """Folder for the models and their scores."""

    reports: Path = Path("assets/reports")
    """Folder for the reports."""

    layers: int = 3
    width: int = 128
    heads: int = 2
    feed_forward: int = 384
    """Shape of the language models."""

    sizes: tuple[int, ...] = (64, 128, 192)
    """Widths tried, at the same number of layers."""

    career_width: int = 64
    """Width of the CAREER models, of two layers."""

    epochs: int = 5
    """Passes over the training workers."""

    pretraining_epochs: int = 1
    """Passes over the occupational text."""

    pretraining_rows: tuple[int, int] = (2, 3072)
    """Rows a step and tokens in each, in pre-training."""

    learning_rate: float = 3e-3
    """Peak, for every language model."""

    batch_tokens: int = 3000
    """Tokens a step, padding included."""

    dropout: float = 0.1
    """In every language model."""

    fast: bool = True
    """Compile the language models: a minute to begin with, then a third faster in wide ones."""

    share: float = 1.0
    """Of the training workers, for all runs."""

    tuned_share: float = 0.5
    """The same, for the runs that start from a foundation: titles, and off the shelf or tuned."""

    test_share: float = 1.0
    """Of the test workers, for scores of the titles that happened."""

    asked_share: float = 0.05
    """Of the test workers, where each history is read many times."""

    prompted_share: float = 0.02
    """The same, where prompts are long and whole distributions are needed."""

    seeds: tuple[int, ...] = (1, 2, 3)
    """Training seeds of the headline pair."""

    first_year: int = 1997
    last_year: int = 2011
    """Target years that count."""

    cut_off: int = 2007
    """Last year that the model of structural change is trained on."""


@dataclass(frozen=True)
class Laboratory:
    """Where experiments get their models and scores; what is there already is not made again."""

    settings: ExperimentSettings

    @cached_property
    def test(self) -> list[CareerHistory]:
        """The test workers, or a share of them."""
        return part_of(load_split((self.settings.table,), Split.TEST), self.settings.test_share, 1)

    @cached_property
    def asked(self) -> list[CareerHistory]:
        """Some test workers, for what is slow."""
        return part_of(load_split((self.settings.table,), Split.TEST), self.settings.asked_share, 2)

    @cached_property
    def prompted(self) -> list[CareerHistory]:
        """A few test workers, for what is slower."""
        table = (self.settings.table,)
        return part_of(load_split(table, Split.TEST), self.settings.prompted_share, 2)

    @cached_property
    def examples(self) -> list[CareerHistory]:
        """Two training workers of middling length, to be shown in prompts; never written down."""
        train = load_split((self.settings.table,), Split.TRAIN)
        middling = [career for career in train if 8 <= len(career.records) <= 14]
        return random.Random(1).sample(middling, 2)

    def pretrained(self, *, careers: bool = False) -> Path:
        """Off the shelf: occupational text, with or without resumes of the other cohort."""
        lab = self.settings
        settings = PretrainSettings(
            occupational_text=lab.occupational_text,
            tables=(lab.other,) if careers else (),
            tokenizer=lab.tokenizer,
            out=lab.out / ("text_and_careers" if careers else "text"),
            layers=lab.layers,
            width=lab.width,
            heads=lab.heads,
            feed_forward=lab.feed_forward,
            epochs=lab.pretraining_epochs,
            batch_rows=lab.pretraining_rows[0],
            row_tokens=lab.pretraining_rows[1],
            fast=lab.fast,
        )
        return self._once(settings.out, written_settings(settings), lambda: _pretrain(settings))

    def language_model(self, name: str, **changes: object) -> Path:
        """A small language model of the usual shape, with some settings changed."""
        lab = self.settings
        usual = LanguageModelSettings(
            tables=(lab.table, lab.other),
            shares=(lab.share, 0.0),
            index=lab.occupational_text / "job_titles.csv.gz",
            tokenizer=lab.tokenizer,
            out=lab.out / name,
            layers=lab.layers,
            width=lab.width,
            heads=lab.heads,
            feed_forward=lab.feed_forward,
            dropout=lab.dropout,
            epochs=lab.epochs,
            learning_rate=lab.learning_rate,
            batch_tokens=lab.batch_tokens,
            fast=lab.fast,
        )
        settings = replace(usual, **changes)  # type: ignore[arg-type]
        written = written_settings(settings)
        return self._once(settings.out, written, lambda: _tune(settings))

    def tuned(self, titles: Titles) -> Path:
        """The foundation of occupational text, fine-tuned on resumes with such titles."""
        return self.language_model(
            f"titles_{titles}",
            start=self.pretrained(),
            titles=titles.value,
            shares=(self.settings.tuned_share, 0.0),
        )

    def career(self, name: str, **changes: object) -> Path:
        """A small CAREER, with some settings changed."""
        lab = self.settings
        usual = CareerSettings(
            tables=(lab.table, lab.other),
            shares=(lab.share, 0.0),
            out=lab.out / name,
            layers=2,
            width=lab.career_width,
            feed_forward=4 * lab.career_width,
            epochs=2 * lab.epochs,
        )
        settings = replace(usual, **changes)  # type: ignore[arg-type]
        written = written_settings(settings)
        return self._once(settings.out, written, lambda: _fit_career(settings))

    def ask(
        self, folder: Path, titles: Titles = Titles.NATURAL, preamble: str = ""
    ) -> OccupationModel:
        """A trained model, reading titles as it was taught to, behind a preamble."""
        template = template_for(
            titles, occ1990dd(), self.settings.occupational_text / "job_titles.csv.gz"
        )
        return LanguageModel(
            *(_card(folder, ModelKind.LANGUAGE_MODEL), occ1990dd()),
            AutoModelForCausalLM.from_pretrained(folder),
            AutoTokenizer.from_pretrained(folder),
            replace(template, preamble=preamble),
        )

    def ask_career(self, folder: Path) -> OccupationModel:
        """A trained CAREER."""
        return CareerModel.load(folder, _card(folder, ModelKind.CAREER), occ1990dd())

    def scores(
        self,
        name: str,
        model: OccupationModel,
        careers: list[CareerHistory] | None = None,
        detail: Detail = Detail.OUTCOME,
    ) -> ScoreTable:
        """What a model says of the test workers in the years that count, oldest worker first."""
        lab = self.settings
        careers = self.test if careers is None else careers
        digest = sha256("".join(c.worker_id for c in careers).encode()).hexdigest()[:8]
        path = lab.out / name / f"{detail.value}-{digest}.npz"
        if path.exists():
            return ScoreTable.load(path).in_order()
        found = score(model, careers, detail)
        path.parent.mkdir(parents=True, exist_ok=True)
        found.save(path)
        return found.in_order()

    def _once(self, folder: Path, written: str, make: Callable[[], None]) -> Path:
        """The best model of a finished run with these settings, made if it is not there."""
        done = folder / "finished.json"
        if not (done.exists() and done.read_text(encoding="utf-8") == written):
            print(f"\n{folder.name}", flush=True)
            make()
            done.write_text(written, encoding="utf-8")
        return folder / BEST


def job_list() -> str:
    """A preamble that names every title there is."""
    titles = ", ".join(occupation.title for occupation in occ1990dd())
    return f"The possible job titles are: {titles}.\n"


def shown(examples: list[CareerHistory]) -> str:
    """A preamble of whole resumes: in-context examples."""
    return "".join(f"{TextTemplate().resume(career)}\n" for career in examples)


def _tune(settings: LanguageModelSettings) -> None:
    lend_unseen_years(train_language_model.fit(settings), training_workers(settings))


def _fit_career(settings: CareerSettings) -> None:
    train_career.fit(settings)


def _pretrain(settings: PretrainSettings) -> None:
    pretrain_language_model.fit(settings)


def _card(folder: Path, kind: ModelKind) -> ModelCard:
    name = folder.parent.name
    taxonomy = occ1990dd()
    return ModelCard(name, kind, name, VERSION, taxonomy.name, taxonomy.digest, (), {}, ())
