"""Count who followed whom in the training careers: the observed transitions that ship.

    python -m train.count_transitions --out assets/observed_transitions.csv

Consecutive records of one worker in the train split, as the models see them: the previous record's
state, and the next. A count under 5 is written as <5. An origin's sum is left out where subtracting
the counts that are shown would tell a hidden one.
"""

from __future__ import annotations

import argparse
import csv
import os
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path

from occu_core.careers import CareerHistory, Move
from occu_core.data.career_table import Split
from occu_core.explain.observed import ALL, COLUMNS, FIRST, HIDDEN, SMALLEST
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.saving import cohorts

TABLES = ("../shared/data/careers/nlsy97.csv.gz", "../shared/data/careers/nlsy79.csv.gz")
Row = tuple[str, str, str, str]


def main(tables: Sequence[str], out: Path) -> None:
    """Count, hide what is small, write the table."""
    careers = load_split(tuple(tables), Split.TRAIN)
    rows = [
        row
        for cohort in dict.fromkeys(career.dataset for career in careers)
        for row in cohort_rows(cohort or "", [c for c in careers if c.dataset == cohort])
    ]
    seen = ", ".join(
        f"{c.dataset} {c.years[0]}–{c.years[1]} ({c.workers:,} workers)" for c in cohorts(careers)
    )
    write(rows, seen, out)
    hidden = sum(row[3] == HIDDEN for row in rows)
    print(f"{len(rows):,} counts, {hidden:,} of them hidden, of {seen}: {out}")


def cohort_rows(cohort: str, careers: Iterable[CareerHistory]) -> list[Row]:
    """Cohort, origin, destination and count, in taxonomy order; an origin's sum comes first."""
    counts: dict[str, Counter[str]] = {}
    for career in careers:
        for transition in career.transitions():
            before = transition.query.previous
            origin = FIRST if before is None or transition.move is Move.FIRST else before.code
            counts.setdefault(origin, Counter())[transition.outcome.code] += 1
    codes = [occupation.code for occupation in occ1990dd()]
    return [
        (cohort, origin, destination, shown)
        for origin in [FIRST, *codes]
        if origin in counts
        for destination, shown in origin_rows(counts[origin], codes)
    ]


def origin_rows(counts: Counter[str], codes: Sequence[str]) -> list[tuple[str, str]]:
    """The sum of one origin, where it gives no small count away, then each destination."""
    small = [count for count in counts.values() if count < SMALLEST]
    rows = [
        (code, HIDDEN if counts[code] < SMALLEST else str(counts[code]))
        for code in codes
        if code in counts
    ]
    return rows if _gives_away(small, counts.total()) else [(ALL, str(counts.total())), *rows]


def _gives_away(small: Sequence[int], total: int) -> bool:
    """Whether the sum, less what is shown, leaves only one value for some hidden count."""
    forced = len(small) in {sum(small), sum(small) / (SMALLEST - 1)}
    return total < SMALLEST or len(small) == 1 or (bool(small) and forced)


def write(rows: Iterable[Row], seen: str, out: Path) -> None:
    """A table that appears under its name only once it is whole."""
    partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            file.write(f"# train split of {seen}\n")
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            writer.writerows(rows)
        partial.replace(out)
    finally:
        partial.unlink(missing_ok=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("tables", nargs="*", default=TABLES, help="tables with a split column")
    parser.add_argument("--out", type=Path, default=Path("assets/observed_transitions.csv"))
    given = parser.parse_args()
    main(given.tables, given.out)
