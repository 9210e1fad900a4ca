"""Draw careers from a model and write them as a career table of any size.

    python -m train.simulate_careers --person-years 1000000 --out runs/score/simulated.csv.gz

For measuring and for trying things out: the people are invented, the dataset is named
"simulated", and nothing can be learned from them about anyone. Each worker has 4 to 25 records
from an age of 18 to 25 on, yearly or every other year; covariates are drawn evenly, education
never falls, and each state is drawn from the model's answer to the career so far.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from occu_core.careers import (
    CareerHistory,
    Education,
    JobRecord,
    Query,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.models.base import OccupationModel
from occu_core.models.storage import load_model

DATASET = "simulated"
COLUMNS = (
    *("dataset", "person_id", "year", "split", "birth_year", "sex", "race_ethnicity"),
    *("region", "education", "occupation"),
)
_LEVELS, _SEXES, _REGIONS, _GROUPS = (
    *(tuple(Education), tuple(Sex), tuple(Region), tuple(RaceEthnicity)),
)
_SPLITS = ("train", "train", "train", "valid", "test")


@dataclass(frozen=True, slots=True)
class SimulationSettings:
    """What is drawn."""

    out: Path
    "a .csv, or a .csv.gz"
    person_years: int
    "exactly so many rows; the last worker's career is cut short"
    model: str = "markov"
    "whose probabilities; the Markov table draws 20,000 person-years a second, others far fewer"
    seed: int = 1
    "of the draws; the same seed gives the same file"


def main(settings: SimulationSettings) -> None:
    """Write the table, a worker at a time, under its name once it is whole."""
    began = time.perf_counter()
    model = load_model(settings.model)
    rng = np.random.default_rng(settings.seed)
    settings.out.parent.mkdir(parents=True, exist_ok=True)
    unfinished = settings.out.with_name(settings.out.name + ".new")
    workers = left = 0
    with _opened(unfinished, settings.out) as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        left = settings.person_years
        while left:
            workers += 1
            career = one_career(model, str(workers), rng)
            split = _SPLITS[workers // 20 % len(_SPLITS)]
            rows = list(_rows(career, split))[:left]
            writer.writerows(rows)
            left -= len(rows)
    unfinished.replace(settings.out)
    seconds = time.perf_counter() - began
    print(
        f"{settings.out}: {settings.person_years:,} person-years of {workers:,} invented workers"
        f" from {settings.model}, seed {settings.seed}, in {seconds:.0f} s"
    )


def one_career(model: OccupationModel, worker: str, rng: np.random.Generator) -> CareerHistory:
    """One invented worker."""
    records, step = int(rng.integers(4, 26)), int(rng.integers(1, 3))
    first = int(rng.integers(1968, 2022 - step * (records - 1)))
    career = CareerHistory(
        worker,
        dataset=DATASET,
        birth_year=first - int(rng.integers(18, 26)),
        sex=_SEXES[rng.integers(len(_SEXES))],
        race_ethnicity=_GROUPS[rng.integers(len(_GROUPS))],
        region=_REGIONS[rng.integers(len(_REGIONS))],
    )
    level = int(rng.integers(3))
    for k in range(records):
        level = min(level + int(rng.random() < 0.05), len(_LEVELS) - 1)
        query = Query(career, first + k * step, _LEVELS[level])
        career = _lived_on(model, query, rng)
    return career


def _lived_on(model: OccupationModel, query: Query, rng: np.random.Generator) -> CareerHistory:
    """The career with one more record, drawn from the model's answer."""
    shares = np.cumsum(model.predict(query).probs)
    place = int(np.searchsorted(shares, rng.random() * shares[-1], side="right"))
    record = JobRecord(query.year, model.taxonomy.occupations[place], query.education)
    past = query.past
    return CareerHistory(
        past.worker_id,
        (*past.records, record),
        past.dataset,
        past.birth_year,
        past.sex,
        past.race_ethnicity,
        past.region,
    )


def _rows(career: CareerHistory, split: str) -> Iterator[tuple[object, ...]]:
    """A worker's rows in the order of `COLUMNS`."""
    fixed = career.birth_year, career.sex, career.race_ethnicity, career.region
    for record in career.records:
        key = career.dataset, career.worker_id, record.year, split
        yield *key, *fixed, record.education, record.occupation.title


def _opened(path: Path, out: Path) -> io.TextIOWrapper:
    """A text file, gzipped if its name is to end so; without a time stamp, so bytes repeat."""
    if out.suffix != ".gz":
        return path.open("w", encoding="utf-8", newline="")
    packed = gzip.GzipFile(filename="", fileobj=path.open("wb"), mode="wb", mtime=0)
    return io.TextIOWrapper(packed, encoding="utf-8", newline="")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--out", type=Path, required=True, help="the table: .csv or .csv.gz")
    parser.add_argument("--person-years", type=int, default=100_000, help="rows")
    parser.add_argument("--model", default="markov", help="a model by name")
    parser.add_argument("--seed", type=int, default=1, help="of the draws")
    given = parser.parse_args()
    main(SimulationSettings(given.out, given.person_years, given.model, given.seed))
