"""Writes a career table that `occu_core.data.files.load_career_table` reads back."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import CareerTable, Split
from occu_core.data.files import load_career_table

COLUMNS = (
    *("dataset", "person_id", "year", "split", "birth_year", "sex", "race_ethnicity"),
    *("region", "education", "occupation"),
)


def write_career_table(table: CareerTable, path: Path) -> None:
    """Write `.csv` or `.csv.gz`, a row per record; the same table gives the same bytes.

    The old file stays until the new one is whole and reads back. Workers without a record have
    no row.

    Raises:
        CareerTableError: if the written table does not read back, as when it is too large.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for career, split in zip(table.careers, table.splits, strict=True):
        writer.writerows(_rows(career, split))
    raw = text.getvalue().encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".new")
    unfinished.write_bytes(gzip.compress(raw, mtime=0) if path.suffix == ".gz" else raw)
    load_career_table(unfinished)
    unfinished.replace(path)


def _rows(career: CareerHistory, split: Split | None) -> Iterator[tuple[object, ...]]:
    """A worker's rows in the order of `COLUMNS`; an unknown value, None, is written empty."""
    for record in career.records:
        yield (
            career.dataset,
            career.worker_id,
            record.year,
            split,
            career.birth_year,
            career.sex,
            career.race_ethnicity,
            career.region,
            record.education,
            record.occupation.title,
        )
