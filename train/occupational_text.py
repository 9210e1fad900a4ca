"""Text about occupations, for a language model's first lessons: read from O*NET and the index."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

from occu_core.occupations import Taxonomy


def documents(folder: Path, taxonomy: Taxonomy) -> Iterator[str]:
    """One line each: what an occupation is and does, what it is near to, what people call it.

    Args:
        folder: holds `onet/` and `job_titles.csv.gz`.
        taxonomy: whose titles the index's entries stand for.

    Raises:
        SystemExit: if the folder does not hold them.
    """
    try:
        yield from _onet(folder / "onet")
        yield from _index(folder / "job_titles.csv.gz", taxonomy)
    except FileNotFoundError as error:
        raise SystemExit(
            f"{error.filename}: there is no such file; set `occupational_text`"
        ) from None


def _onet(folder: Path) -> Iterator[str]:
    titles: dict[str, str] = {}
    for row in _rows(folder / "Occupation Data.txt"):
        titles[row["O*NET-SOC Code"]] = row["Title"]
        yield f" {row['Title']}: {row['Description']}\n"
    for row in _rows(folder / "Task Statements.txt"):
        yield f" {titles[row['O*NET-SOC Code']]}: {row['Task']}\n"
    for row in _rows(folder / "Related Occupations.txt"):
        one, other = row["O*NET-SOC Code"], row["Related O*NET-SOC Code"]
        yield f" {titles[one]} are related to {titles[other]}\n"


def _index(path: Path, taxonomy: Taxonomy) -> Iterator[str]:
    occupations = {occupation.code: occupation.title for occupation in taxonomy}
    with gzip.open(path, "rt", encoding="utf-8", newline="") as table:
        for row in csv.DictReader(table):
            if row["occ1990dd"] in occupations:
                yield f" {row['title']}: {occupations[row['occ1990dd']]}\n"


def _rows(path: Path) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file, delimiter="\t")
