"""Count how education moves from one year to the next, by age, for forecasts that let it evolve.

    python -m train.count_education

The training splits of both cohorts; records of consecutive years only. Counts under 5 are left out.
Writes assets/explain/education_transitions.json. Seconds.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory
from occu_core.data.career_table import Split
from occu_core.explain.education_paths import LEVELS, EducationTable
from train.conditions import until
from train.data import load_split
from train.score_files import TABLES

BANDS = (
    *((13, 16), (17, 17), (18, 18), (19, 19), (20, 20), (21, 21), (22, 22), (23, 23), (24, 24)),
    *((25, 26), (27, 29), (30, 34), (35, 44)),
)
LEAST = 5


def main(tables: Sequence[str], out: Path) -> None:
    """Count, leave out what is rare, write."""
    careers = load_split(tuple(tables), Split.TRAIN)
    counts = count(careers)
    kept = without_rare(counts)
    moved = int(kept.sum() - np.einsum("abb->", kept))
    print(f"{len(careers):,} workers, {int(counts.sum()):,} years; {moved:,} changes of level kept")
    left_out = int((counts - kept).sum())
    print(f"{left_out} years in cells under {LEAST} left out")
    report = {
        "source": "NLSY97 and NLSY79, training splits: one-year changes of education by age;"
        f" counts under {LEAST} left out",
        "command": "python -m train.count_education",
        "workers": len(careers),
        "years": int(counts.sum()),
        "left_out": left_out,
        "levels": [level.value for level in LEVELS],
        "bands": [list(band) for band in BANDS],
        "counts": kept.tolist(),
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.new")
    partial.write_text(json.dumps(report) + "\n", encoding="utf-8")
    partial.replace(out)


def count(careers: Sequence[CareerHistory]) -> npt.NDArray[np.int64]:
    """Years by age band in the first, level in it and level a year later; (bands, 5, 5)."""
    counts = np.zeros((len(BANDS), len(LEVELS), len(LEVELS)), np.int64)
    for career in careers:
        for before, after in pairwise(career.records):
            if (
                career.birth_year is None
                or after.year != before.year + 1
                or before.education is None
                or after.education is None
            ):
                continue
            age = before.year - career.birth_year
            band = sum(age > last for _, last in BANDS[:-1])
            counts[band, LEVELS.index(before.education), LEVELS.index(after.education)] += 1
    return counts


def without_rare(counts: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The same with 0 in place of counts under 5."""
    return np.where(counts < LEAST, 0, counts)


def table_until(last_year: int, tables: Sequence[str] = TABLES) -> EducationTable:
    """The table as it could have been counted at the end of a year."""
    counts = count(until(load_split(tuple(tables), Split.TRAIN), last_year))
    return EducationTable(BANDS, without_rare(counts), f"training splits to {last_year}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--tables", nargs="+", default=list(TABLES), help="career tables")
    parser.add_argument(
        "--out",
        type=Path,
        default=asset_path("explain", "education_transitions.json"),
        help="the table that ships",
    )
    given = parser.parse_args()
    main(given.tables, given.out)
