"""Whole distributions of a model at person-years drawn at random, kept while they are made.

One pass over a resume scores what happened; the whole list of titles costs a hundred times more.
So everything that needs the list, such as the size of a set, is measured on a sample. The files
name survey rows: they stay in `runs/`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, Query
from occu_core.evaluation.scores import ScoreTable
from occu_core.explain.sure_measuring import Answers
from occu_core.models.base import OccupationModel
from occu_core.models.ensemble import POOLED, EnsembleModel, mix
from occu_core.models.storage import load_model
from train.score_files import SCORES, scores_folder

PART = 250
Floats = npt.NDArray[np.float64]
Careers = Mapping[tuple[str, str], CareerHistory]


def drawn(rows: ScoreTable, count: int, seed: int) -> ScoreTable:
    """So many person-years of each cohort at random, or all of fewer, in the table's order."""
    draw = np.random.default_rng(seed)
    chosen = np.zeros(len(rows), np.bool_)
    for dataset in np.unique(rows.dataset):
        there = np.flatnonzero(rows.dataset == dataset)
        chosen[draw.choice(there, min(count, len(there)), replace=False)] = True
    return rows.where(chosen)


def by_worker(careers: Sequence[CareerHistory]) -> Careers:
    """Careers by cohort and person."""
    return {(career.dataset or "", career.worker_id): career for career in careers}


def answers(
    name: str, rows: ScoreTable, careers: Careers, tables: tuple[str, ...], out: Path = SCORES
) -> Answers:
    """Ask a model each row's question; an ensemble is mixed from its members' kept answers.

    Args:
        name: the model's name or folder.
        rows: which person-years.
        careers: at least the workers of the rows.
        tables: where they come from; other tables never share what is kept.
        out: where answers are kept, beside the model's scores.

    Raises:
        ModelError: if the model cannot be loaded.
    """
    model = load_model(name)
    if not isinstance(model, EnsembleModel):
        folder = scores_folder(name, tables, out) / "drawn"
        return Answers(rows, _kept(model, rows, careers, folder))
    members = [answers(member, rows, careers, tables, out) for member in model.names]
    of_members = np.array([member.log_probs_raw for member in members])
    mixed = np.empty(of_members.shape[1:])
    for dataset in np.unique(rows.dataset).tolist():
        here = rows.dataset == dataset
        shares = model.weights.get(dataset or POOLED, model.weights[POOLED])
        mixed[here] = mix(of_members[:, here], shares)
    return Answers(rows, mixed)


def _kept(model: OccupationModel, rows: ScoreTable, careers: Careers, folder: Path) -> Floats:
    """Answers in parts of 250 rows, each kept under the digest of the rows that it answers."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, len(rows), PART):
        part = rows.where((np.arange(len(rows)) // PART) == start // PART)
        path = folder / f"{part.rows_digest}.npy"
        if not path.exists():
            _save(path, _ask(model, part, careers))
            done = min(start + PART, len(rows))
            print(f"{model.card.name}: {done:,} of {len(rows):,} person-years", flush=True)
        parts.append(np.load(path, allow_pickle=False).astype(np.float64))
    return np.concatenate(parts)


def _ask(model: OccupationModel, rows: ScoreTable, careers: Careers) -> Floats:
    asked = zip(rows.dataset.tolist(), rows.person_id.tolist(), rows.year.tolist(), strict=True)
    return np.array(
        [model.predict(_query(careers[d, person], year)).log_probs_raw for d, person, year in asked]
    )


def _query(career: CareerHistory, year: int) -> Query:
    education = next(record.education for record in career.records if record.year == year)
    return Query(career.until(year), year, education)


def _save(path: Path, answered: Floats) -> None:
    partial = path.with_name(f".{path.name}.partial")
    with partial.open("wb") as file:
        np.save(file, answered.astype(np.float32), allow_pickle=False)
    partial.replace(path)
