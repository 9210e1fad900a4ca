"""The models of the forecast backtest: they learned from one cohort's records to a year, no later.

    python -m train.backtest_models

The backtest makes them itself; the command makes them ahead. Small models, as in the experiments.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.occupations import occ1990dd
from train.conditions import until
from train.data import load_split
from train.experiment_runs import ExperimentSettings, Laboratory
from train.fit_markov import MarkovSettings, valid_nats
from train.saving import make_card

TABLE = "../shared/data/careers/nlsy97.csv.gz"
OTHER = "../shared/data/careers/nlsy79.csv.gz"


@dataclass(frozen=True, slots=True)
class BacktestModels:
    """Makes each model once; what is there already is not made again."""

    last_year: int = 2005
    """The last year that they learn from."""

    epochs: int = 10
    """Passes over the training workers by the language model; CAREER takes twice as many."""

    folder: Path = Path("runs/forecasts")
    """Where they are kept."""

    def load(self) -> dict[str, OccupationModel]:
        """The three models by name, each with a card that says what it learned from."""
        lab = Laboratory(
            ExperimentSettings(table=TABLE, other=OTHER, out=self.folder, epochs=self.epochs)
        )
        language = lab.ask(lab.language_model("language_model", last_year=self.last_year))
        career = lab.ask_career(lab.career("career", last_year=self.last_year))
        learned_from = until(load_split((TABLE,), Split.TRAIN), self.last_year)
        language.card = self._card(ModelKind.LANGUAGE_MODEL, "Language model", learned_from)
        career.card = self._card(ModelKind.CAREER, "CAREER", learned_from)
        return {"language_model": language, "career": career, "markov": self._markov(learned_from)}

    def _markov(self, learned_from: list[CareerHistory]) -> MarkovModel:
        """Counted, and smoothed as does best on valid to the same year."""
        valid = until(load_split((TABLE,), Split.VALID), self.last_year)
        counts, held_out = (count_transitions(part, occ1990dd()) for part in (learned_from, valid))
        tried = MarkovSettings((TABLE,))
        grid = [Smoothing(*one) for one in product(tried.stay, tried.move, tried.share)]
        smoothing = min(grid, key=lambda one: valid_nats(counts, held_out, one))
        card = self._card(ModelKind.MARKOV, "Markov table", learned_from)
        return MarkovModel(card, occ1990dd(), counts, smoothing)

    def _card(self, kind: ModelKind, title: str, learned_from: list[CareerHistory]) -> ModelCard:
        card = make_card(kind, title, occ1990dd(), learned_from, {"last_year": self.last_year})
        return replace(card, version=f"to {self.last_year}")


if __name__ == "__main__":
    for name, model in BacktestModels().load().items():
        print(f"{name}: {model.card.data}")
