"""Score models on every person-year of a split, once; all reports are made from these files.

    python -m train.score_models language_model career markov --split test --detail raw

Writes runs/scores/<model>-<fingerprint>/<split>-<detail>.npz. Workers are scored in parts that are
kept, so a stopped run goes on where it was, and scores that are there are not made again. The
files name survey rows: they are never part of the project.
"""

from __future__ import annotations

import argparse
import shutil
import time
from dataclasses import dataclass
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import CareerTableError, Split
from occu_core.evaluation.score import Weights, score
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.evaluation.weights import read_weights
from occu_core.models.base import OccupationModel
from occu_core.models.storage import ModelError, load_model
from train.data import load_split
from train.score_files import SCORES, TABLES, scores_file, scores_folder

PART = 200


@dataclass(frozen=True, slots=True)
class Scoring:
    """What to score, and where to."""

    models: tuple[str, ...]
    splits: tuple[Split, ...]
    detail: Detail = Detail.RAW
    tables: tuple[str, ...] = TABLES
    out: Path = SCORES
    most_workers: int | None = None


def main(scoring: Scoring) -> None:
    """Score each model on each split, unless that is done."""
    weights = survey_weights(scoring.tables)
    for split in scoring.splits:
        careers = load_split(scoring.tables, split)[: scoring.most_workers]
        for name in scoring.models:
            folder = scores_folder(name, scoring.tables, scoring.out)
            path = scores_file(folder, split, scoring.detail)
            if scoring.most_workers:  # a trial is never taken for the whole
                path = path.with_stem(f"{path.stem}-first-{scoring.most_workers}")
            if path.exists():
                print(f"{path}: is there already")
                continue
            try:
                model = load_model(name)
            except ModelError as error:
                raise SystemExit(str(error)) from None
            print(f"{path}: {len(careers):,} workers", flush=True)
            score_in_parts(model, careers, scoring.detail, weights, path)


def score_in_parts(
    model: OccupationModel,
    careers: list[CareerHistory],
    detail: Detail,
    weights: Weights,
    path: Path,
) -> None:
    """Score 200 workers at a time, keep each part, join them at the end."""
    parts_folder = path.with_suffix(".parts")
    batches = [careers[start : start + PART] for start in range(0, len(careers), PART)]
    started, fresh, parts = time.monotonic(), 0, []
    for k, batch in enumerate(batches):
        part = parts_folder / f"{k:05}-{len(careers)}.npz"
        if not part.exists():
            score(model, batch, detail, weights=weights).save(part)
            fresh += 1
            left = (time.monotonic() - started) / fresh * (len(batches) - k - 1) / 60
            print(f"{k + 1} of {len(batches)} parts, {left:.1f} minutes left", flush=True)
        parts.append(ScoreTable.load(part))
    ScoreTable.joined(parts).save(path)
    shutil.rmtree(parts_folder)


def survey_weights(tables: tuple[str, ...]) -> Weights:
    """The weights of all tables that have them."""
    found: dict[tuple[str, str, int], float] = {}
    for table in tables:
        try:
            found.update(read_weights(Path(table)) or {})
        except CareerTableError as error:
            raise SystemExit(str(error)) from None
    return found


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("models", nargs="+", help="shipped models by name, or model folders")
    parser.add_argument("--split", nargs="+", type=Split, default=[Split.TEST], help="which parts")
    parser.add_argument(
        "--detail",
        type=Detail,
        default=Detail.RAW,
        choices=[Detail.RAW, Detail.NORMALISED],
        help="normalised takes the whole distribution: more measures, much slower",
    )
    parser.add_argument("--tables", nargs="+", default=list(TABLES), help="career tables")
    parser.add_argument("--out", type=Path, default=SCORES, help="where scores are kept")
    parser.add_argument("--most-workers", type=int, help="score only the first so many, to try")
    given = parser.parse_args()
    main(
        Scoring(
            tuple(given.models),
            tuple(given.split),
            given.detail,
            tuple(given.tables),
            given.out,
            given.most_workers,
        )
    )
