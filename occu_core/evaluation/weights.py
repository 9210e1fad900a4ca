"""Survey weights beside the careers: read from a table's own `weight` column."""

from __future__ import annotations

import csv
import io
import math
from pathlib import Path

from occu_core.data.career_table import CareerTableError
from occu_core.data.files import MOST_BYTES, decode, read_bytes, unpack
from occu_core.evaluation.score import Weights

COLUMN = "weight"


def read_weights(path: Path) -> Weights | None:
    """The weight of each person-year of a career table; None if it has no column `weight`.

    The table must be one that `load_career_table` reads. An empty value is no weight; a weight of
    zero is kept, and counts nothing.

    Raises:
        CareerTableError: naming the row of the first weight that is not a number from 0.
    """
    text = decode(unpack(read_bytes(path), path.name, MOST_BYTES), path.name)
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    reader.fieldnames = [name.strip().lower() for name in reader.fieldnames or ()]
    if COLUMN not in reader.fieldnames:
        return None
    weights: dict[tuple[str, str, int], float] = {}
    for number, row in enumerate(reader, start=2):
        if row[COLUMN]:
            year = int(row["year"].strip().removesuffix(".0"))
            key = (row.get("dataset") or "").strip(), row["person_id"].strip(), year
            weights[key] = _weight(row[COLUMN], f"{path.name} row {number}")
    return weights


def _weight(text: str, where: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        weight = math.nan
    if not 0 <= weight < math.inf:
        raise CareerTableError(
            [f"{where}, column {COLUMN}: {text[:40]!r} is not allowed; expected a number from 0"]
        )
    return weight
