"""Calibrate a model's prediction sets and measure how sure it may be, on workers it never saw.

    python -m train.calibrate_sets language_model career markov ensemble

Of valid, the half of the blocks that chooses models also chooses the kind of set; the other half
calibrates the thresholds; test measures coverage, reliability and how unsure predictions are. What
one pass over a resume tells is taken from every person-year (`train.score_models` runs first where
its scores are missing), what needs the whole list of titles from a random sample. Needs career
tables with a split column; a model of yours is named by its folder, and gets its file inside it:

    python -m train.calibrate_sets my_model --tables my_careers.csv

Writes assets/explain/prediction_sets/<model>.json for models that ship.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from occu_core.data.career_table import Split
from occu_core.evaluation.bootstrap import SEED
from occu_core.evaluation.report_numbers import share
from occu_core.evaluation.reports import Years
from occu_core.evaluation.scores import Detail, Half, ScoreTable
from occu_core.explain.prediction_sets import calibrate
from occu_core.explain.reliability import reliability_curves
from occu_core.explain.sure_files import model_digest, save_sureness, sureness_path
from occu_core.explain.sure_measuring import Answers, compare_divisions, compare_sets, measure
from occu_core.explain.sure_records import OFFERED, Measurement, Sureness
from occu_core.explain.unsureness import usual_unsureness
from occu_core.models.storage import ModelError, model_folder, read_card
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.drawn_answers import answers, by_worker, drawn
from train.score_files import SCORES, TABLES, scores_file, scores_folder
from train.score_models import Scoring
from train.score_models import main as score_models

SPANS: dict[str, tuple[Years | None, ...]] = {"NLSY97": ((1997, 2011), (2012, 2022), None)}
"""The target years that a cohort is measured on; any other cohort in all years."""


@dataclass(frozen=True, slots=True)
class Calibrating:
    """Whom to calibrate, on what."""

    models: tuple[str, ...]
    tables: tuple[str, ...] = TABLES
    """Career tables with a split column."""

    choosing: int = 1_000
    """Person-years of each cohort on which kinds of sets are compared."""

    sized: int = 2_500
    """Test person-years of each cohort whose sets are counted out."""

    seed: int = SEED
    """Of the draws and the bootstrap."""

    scores: Path = SCORES
    """Where scores and answers are kept."""

    out: Path | None = None
    """A folder for all files, in place of each model's own."""


def main(calibrating: Calibrating) -> None:
    """Calibrate one model after another; say what was found."""
    for name in calibrating.models:
        try:
            folder = model_folder(name)
        except ModelError as error:
            raise SystemExit(str(error)) from None
        sureness = calibrate_model(name, folder, calibrating)
        out = calibrating.out
        path = out / f"{folder.name}.json" if out else sureness_path(folder)
        save_sureness(sureness, path)
        print(f"{path}: {sureness.title}", *map(_sentence, sureness.measurements), sep="\n  ")


def calibrate_model(name: str, folder: Path, calibrating: Calibrating) -> Sureness:
    """Choose, calibrate, measure: each on workers of its own."""
    card, taxonomy, seed = read_card(folder), occ1990dd(), calibrating.seed
    valid = _scores(name, Split.VALID, calibrating)
    test = _scores(name, Split.TEST, calibrating)
    fitting = valid.half(Half.CALIBRATION)
    trying = _answers(name, Split.VALID, valid.half(Half.SELECTION), calibrating)
    sample = _answers(name, Split.TEST, test, calibrating)

    cohorts = [cohort for cohort in np.unique(test.dataset).tolist() if cohort]
    tried = [
        one
        for cohort in cohorts
        for one in (
            *compare_sets(trying, taxonomy, cohort),
            *compare_divisions(valid.half(Half.SELECTION), taxonomy, cohort),
        )
    ]
    for one in tried:
        print(f"  {one}", flush=True)
    cells = calibrate(fitting, taxonomy)
    asked = [
        (cohort, years, percent)
        for cohort in cohorts
        for years in SPANS.get(cohort, (None,))
        for percent in OFFERED
    ]
    return Sureness(
        model=card.name,
        title=card.title,
        version=card.version,
        made_for=model_digest(folder),
        seed=seed,
        command=_command(folder, calibrating),
        calibrated_on=f"{_people(fitting)} of valid whom no model was chosen on",
        measured_on=f"{_people(test)} of test",
        sized_on=f"{len(sample.rows):,} test person-years drawn at random",
        cells=cells,
        tried=tuple(tried),
        measurements=tuple(measure(test, sample, cells, taxonomy, one, seed) for one in asked),
        reliability=reliability_curves(test, taxonomy, seed),
        unsureness=usual_unsureness(sample.rows, sample.log_probs_raw, taxonomy),
    )


def _scores(name: str, split: Split, calibrating: Calibrating) -> ScoreTable:
    """Raw scores of every person-year of a split; made now where they are missing."""
    tables, out = calibrating.tables, calibrating.scores
    path = scores_file(scores_folder(name, tables, out), split, Detail.RAW)
    if not path.exists():
        score_models(Scoring((name,), (split,), Detail.RAW, tables, out))
    return ScoreTable.load(path)


def _answers(name: str, split: Split, rows: ScoreTable, calibrating: Calibrating) -> Answers:
    """Whole distributions at person-years drawn from these rows; the same for every model."""
    count = calibrating.choosing if split is Split.VALID else calibrating.sized
    careers = by_worker(load_split(calibrating.tables, split))
    chosen = drawn(rows, count, calibrating.seed)
    return answers(name, chosen, careers, calibrating.tables, calibrating.scores)


def _people(rows: ScoreTable) -> str:
    workers = len(np.unique(rows.workers))
    return f"{len(rows):,} person-years of {workers:,} workers"


def _command(folder: Path, calibrating: Calibrating) -> str:
    tables = calibrating.tables
    named = "" if tables == TABLES else f" --tables {' '.join(Path(t).name for t in tables)}"
    return (
        f"python -m train.calibrate_sets {folder.name}{named} --choosing {calibrating.choosing}"
        f" --sized {calibrating.sized} --seed {calibrating.seed}"
    )


def _sentence(found: Measurement) -> str:
    groups = {(m.by, m.group): m for m in found.groups}
    shown = [groups["all", "all"], *(m for m in found.groups if m.by == "outcome")]
    return f"{found.label}, {found.percent}%: " + "; ".join(
        f"{m.group} {share(m.coverage)},"
        f" mean {m.mean_size or 0:.1f}, median {m.median_size or 0:.0f}"
        for m in shown
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", help="shipped models by name, or model folders")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), help="career tables")
    parser.add_argument("--choosing", type=int, default=1_000, help="person-years to choose on")
    parser.add_argument("--sized", type=int, default=2_500, help="test sets to count out")
    parser.add_argument("--seed", type=int, default=SEED, help="of draws and bootstrap")
    parser.add_argument("--scores", type=Path, default=SCORES, help="where scores are kept")
    parser.add_argument("--out", type=Path, help="a folder for all files")
    given = parser.parse_args()
    main(
        Calibrating(
            tuple(given.models),
            tuple(given.tables),
            given.choosing,
            given.sized,
            given.seed,
            given.scores,
            given.out,
        )
    )
