"""Forecast the careers of test workers from a past date on, and compare with what happened.

    python -m train.backtest_forecasts

Models that learned from years to 2005 alone (see `train.backtest_models`) sample each worker's
2006–2011, education once forecast, from changes counted to 2005, and once as it truly was. All is
kept in runs/forecasts, so a stopped run goes on where it was, and more workers begin with the same
ones. Writes assets/explain/backtest.json. About 25 minutes of one core; `--sample
language_model/true` makes one part of the paths, so that parts run side by side.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, Education
from occu_core.data.career_table import Split
from occu_core.evaluation.scores import block_of
from occu_core.explain.backtest import BacktestReport, Happened, Run, measure, save_backtest
from occu_core.explain.draws import Draws
from occu_core.explain.education_paths import EducationTable, evolving, position
from occu_core.explain.path_sampling import sample_paths
from occu_core.models.base import OccupationModel
from occu_core.occupations import occ1990dd
from train.backtest_models import TABLE, BacktestModels
from train.count_education import table_until
from train.data import load_split

Ints = npt.NDArray[np.int64]
FORECAST, TRUE = "forecast", "true"


@dataclass(frozen=True, slots=True)
class BacktestSettings:
    """What can vary from run to run."""

    models: BacktestModels = field(default_factory=BacktestModels)
    """Who forecasts, and from when on."""

    last_year: int = 2011
    """The last year forecast: NLSY97 was asked every year until then."""

    workers: int = 1_000
    """Test workers drawn, of those with a record by the models' last year."""

    paths: int = 100
    """Sampled for each worker."""

    seed: int = 1
    """Fixes who is drawn and the paths."""

    out: Path = field(default_factory=lambda: asset_path("explain", "backtest.json"))
    """Where the report goes."""

    @property
    def years(self) -> tuple[int, ...]:
        """Those forecast."""
        return tuple(range(self.models.last_year + 1, self.last_year + 1))


def main(settings: BacktestSettings, only: Sequence[str]) -> None:
    """Make models and paths that are not there yet; with all of them, measure and write."""
    workers = drawn(settings)
    print(f"{len(workers):,} workers × {settings.paths} paths × {len(settings.years)} years")
    models = settings.models.load()
    happened = outcomes(settings, workers)
    runs: list[Run] = []
    for education in (FORECAST, TRUE):
        for name, model in models.items():
            if only and f"{name}/{education}" not in only:
                continue
            paths = sampled(settings, name, model, workers, education)
            parts, years = measure(happened, paths)
            runs.append(Run(name, model.card.title, education, parts, years))
            print(f"\n{name}, {education} education")
            for fit in years:
                print(
                    f"  {fit.year}: {fit.workers} workers, mean error {fit.mean_error:.4f}, total"
                    f" variation {fit.total_variation:.3f} (chance {fit.by_chance:.3f}),"
                    f" perplexity {fit.perplexity.value:.2f}",
                    flush=True,
                )
    if not only:
        data = f"NLSY97 test workers, {settings.years[0]}–{settings.years[-1]}"
        to, count = settings.models.last_year, len(workers)
        command = f"python -m train.backtest_forecasts --workers {count}"
        report = BacktestReport(
            data, to, count, settings.paths, settings.seed, command, tuple(runs)
        )
        save_backtest(report, settings.out)
        print(f"written to {settings.out}")


def drawn(settings: BacktestSettings) -> list[CareerHistory]:
    """Test workers with a record by the models' last year; more of them begin with the same."""
    known = [
        career
        for career in load_split((TABLE,), Split.TEST)
        if career.records[0].year <= settings.models.last_year
    ]
    random.Random(settings.seed).shuffle(known)
    return known[: settings.workers]


def outcomes(settings: BacktestSettings, workers: Sequence[CareerHistory]) -> Happened:
    """What the survey later saw of them."""
    taxonomy, years = occ1990dd(), settings.years
    actual = np.full((len(workers), len(years)), -1)
    for row, career in zip(actual, workers, strict=True):
        for record in career.records:
            if record.year in years:
                row[years.index(record.year)] = taxonomy.position(record.occupation.code)
    pasts = [career.until(years[0]) for career in workers]
    last = np.array([taxonomy.position(past.records[-1].occupation.code) for past in pasts])
    blocks = np.unique([block_of(career.worker_id) for career in workers], return_inverse=True)[1]
    return Happened(taxonomy, years, actual, last, blocks.astype(np.int64))


def sampled(
    settings: BacktestSettings,
    name: str,
    model: OccupationModel,
    workers: Sequence[CareerHistory],
    education: str,
) -> Ints:
    """Each worker's paths, shape (workers, paths, years); kept as they are made."""
    label = f"{settings.seed}-{settings.paths}x{settings.years[0]}-{settings.years[-1]}"
    file = settings.models.folder / f"paths-{name}-{education}-{label}.npz"
    found: list[Ints] = list(np.load(file)["states"]) if file.exists() else []
    table = table_until(settings.models.last_year) if education == FORECAST else None
    for number in range(len(found), len(workers)):
        draws = Draws(settings.seed * 1_000_000 + number, settings.paths)
        past = workers[number].until(settings.years[0])
        levels = education_of(workers[number], past, settings.years, draws, table)
        found.append(sample_paths(model, past, settings.years, levels, draws))
        if (number + 1) % 50 == 0 or number + 1 == len(workers):
            _keep(file, found)
            print(f"{name}, {education} education: {number + 1:,} workers", flush=True)
    return np.stack(found[: len(workers)]).astype(np.int64)


def education_of(
    career: CareerHistory,
    past: CareerHistory,
    years: tuple[int, ...],
    draws: Draws,
    table: EducationTable | None,
) -> Ints:
    """Levels of each path each year: evolving from the last one known, or as they truly were.

    Without a table they are the true ones; a year without a record has the level before it.
    """
    last = past.records[-1]
    if table is not None:
        start = (last.year, last.education)
        born = career.birth_year
        return evolving(start, years, draws, birth_year=born, table=table)
    known = {record.year: record.education for record in career.records if record.education}
    levels: list[int] = []
    level: Education | None = last.education
    for year in years:
        level = known.get(year, level)
        levels.append(position(level))
    return np.tile(np.array(levels), (draws.paths, 1))


def _keep(file: Path, found: Sequence[Ints]) -> None:
    """Write the paths so far under their name."""
    partial = file.with_name(f".{file.name}")
    np.savez_compressed(partial, states=np.stack(found).astype(np.int16))
    partial.replace(file)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "--sample", nargs="+", default=[], help="only these paths, as model/education"
    )
    parser.add_argument("--workers", type=int, default=1_000, help="how many are drawn")
    given = parser.parse_args()
    main(BacktestSettings(workers=given.workers), given.sample)
