"""The card of a finished model, with perplexities measured through the model itself."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.models.base import (
    CardMetric,
    Cohort,
    ModelCard,
    ModelKind,
    OccupationModel,
    Scalar,
)
from occu_core.models.storage import CARD_FILE, read_card, write_card
from occu_core.occupations import Taxonomy

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

VERSION = "0.1.0"
BEST = "best"
ALL_YEARS = "all"
Years = tuple[int, int]
HEADLINES: dict[str, tuple[Years | None, ...]] = {
    "NLSY97": ((1997, 2011), None),
    "NLSY79": (None,),
}


class SavedModel(OccupationModel, Protocol):
    """A model that writes its own weights."""

    def save(self, folder: Path) -> None:
        """Write weights and settings into a folder that is there."""


def make_card(  # noqa: PLR0913
    kind: ModelKind,
    title: str,
    taxonomy: Taxonomy,
    careers: Sequence[CareerHistory],
    settings: Mapping[str, Scalar],
    *,
    metrics: tuple[CardMetric, ...] = (),
    name: str | None = None,
    coded_titles: bool = False,
) -> ModelCard:
    """The card of a model trained on `careers`; its name is its kind unless one is given."""
    return ModelCard(
        name=name or kind.value,
        kind=kind,
        title=title,
        version=VERSION,
        taxonomy=taxonomy.name,
        taxonomy_digest=taxonomy.digest,
        trained_on=cohorts(careers),
        settings=dict(settings),
        metrics=metrics,
        coded_titles=coded_titles,
    )


def cohorts(careers: Sequence[CareerHistory]) -> tuple[Cohort, ...]:
    """Workers, years, birth years and ages of each dataset, in the order first met.

    Raises:
        ValueError: if a dataset has no record or no birth year at all.
    """
    datasets = dict.fromkeys(career.dataset for career in careers if career.dataset)
    return tuple(_cohort(name, [c for c in careers if c.dataset == name]) for name in datasets)


def scalars(settings: DataclassInstance) -> dict[str, Scalar]:
    """A settings dataclass for a card: paths by their last name, tuples joined by commas."""
    return {
        field.name: _scalar(getattr(settings, field.name)) for field in dataclasses.fields(settings)
    }


def settings_of(folder: Path) -> dict[str, Scalar]:
    """The settings that a model to go on from was made with; none without a card."""
    return dict(read_card(folder).settings) if (folder / CARD_FILE).exists() else {}


def measure(
    model: OccupationModel,
    careers: Sequence[CareerHistory],
    dataset: str,
    split: Split,
    years: Years | None = None,
) -> CardMetric:
    """Raw perplexity over a dataset's transitions, micro average, first records included.

    `years` is the first and last year predicted; None is all.
    """
    return _metric(_scored(model, careers, dataset), dataset, split, years)


def measure_headlines(
    model: OccupationModel, careers: Sequence[CareerHistory], split: Split
) -> tuple[CardMetric, ...]:
    """NLSY97 1997–2011, NLSY97 in all years, NLSY79 in all years; every career is scored once."""
    metrics: list[CardMetric] = []
    for dataset, ranges in HEADLINES.items():
        scored = _scored(model, careers, dataset)
        if len(scored):
            metrics += (_metric(scored, dataset, split, years) for years in ranges)
    return tuple(metrics)


def measure_and_save(
    model: SavedModel, out: Path, valid: Sequence[CareerHistory], test: Sequence[CareerHistory]
) -> None:
    """Measure a model, show how well it does, and write it with its card to the folder `best`.

    Nobody is in `test` until the model is final.
    """
    metrics = measure_headlines(model, valid, Split.VALID)
    if test:
        metrics += measure_headlines(model, test, Split.TEST)
    show(metrics)
    folder = out / BEST
    folder.mkdir(parents=True, exist_ok=True)
    model.save(folder)
    write_card(folder, dataclasses.replace(model.card, metrics=metrics))
    print(f"saved in {folder}")


def show(metrics: Sequence[CardMetric]) -> None:
    """Print each metric on a line."""
    for m in metrics:
        print(
            f"{m.split:5}  {m.dataset} {m.years:9}  perplexity {m.perplexity_raw:7.3f}"
            f"  over {m.transitions:,} person-years",
            flush=True,
        )


def _scored(
    model: OccupationModel, careers: Sequence[CareerHistory], dataset: str
) -> npt.NDArray[np.float64]:
    """Year and log-likelihood of each transition; shape (transitions, 2)."""
    scored = [
        (record.year, log_likelihood)
        for career in careers
        if career.dataset == dataset
        for record, log_likelihood in zip(
            career.records, model.log_likelihoods(career), strict=True
        )
    ]
    return np.array(scored, dtype=np.float64).reshape(-1, 2)


def _metric(
    scored: npt.NDArray[np.float64],
    dataset: str,
    split: Split,
    years: Years | None,
) -> CardMetric:
    first, last = years or (-np.inf, np.inf)
    nats = scored[(scored[:, 0] >= first) & (scored[:, 0] <= last), 1]
    label = f"{first}–{last}" if years else ALL_YEARS
    if not len(nats):
        raise ValueError(f"no {dataset} record of the {split} split lies in years {label}")
    perplexity = float(np.exp(-nats.mean()))
    return CardMetric(dataset, split.value, label, len(nats), round(perplexity, 4))


def _cohort(dataset: str, careers: list[CareerHistory]) -> Cohort:
    years = [record.year for career in careers for record in career.records]
    born = [career.birth_year for career in careers if career.birth_year is not None]
    ages = [
        record.year - career.birth_year
        for career in careers
        if career.birth_year is not None
        for record in career.records
    ]
    if not years or not ages:
        raise ValueError(f"dataset {dataset!r} has no records or no birth years to describe")
    return Cohort(dataset, len(careers), _range(years), _range(born), _range(ages))


def _range(values: Sequence[int]) -> tuple[int, int]:
    return min(values), max(values)


def _scalar(value: object) -> Scalar:
    if isinstance(value, tuple):
        return ", ".join(str(_scalar(part)) for part in value)
    if isinstance(value, Path) or (isinstance(value, str) and "/" in value):
        path = Path(value)
        return path.parent.name if path.name == BEST else path.name
    return value if isinstance(value, int | float | bool) else str(value)
