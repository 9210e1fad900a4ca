"""Rows of a long survey file, streamed: PSID-SHELF's is too large to hold in memory."""

from __future__ import annotations

import csv
import gzip
import math
import struct
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from occu_core.data.career_table import CareerTableError

_CHUNK = 100_000


class PsidCellError(ValueError):
    """Column, value and what is allowed."""

    def __init__(self, column: str, value: object, allowed: str) -> None:
        super().__init__(f"column {column}: {str(value)[:40]!r} is not allowed; expected {allowed}")


@contextmanager
def long_rows(path: Path, wanted: set[str]) -> Iterator[Iterator[Sequence[object]]]:
    """The header and the rows of a `.dta`, `.csv` or `.csv.gz` file.

    Of a Stata file only the `wanted` columns are read.

    Raises:
        CareerTableError: if there is no such file or it is of another kind.
    """
    if not path.is_file():
        raise CareerTableError([f"{path}: there is no such file"])
    if path.suffix == ".dta":
        yield _stata_rows(path, wanted)
        return
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", newline="")
            if path.suffix == ".gz"
            else path.open(encoding="utf-8-sig", newline="") as file
        ):
            yield csv.reader(file)
    except (UnicodeDecodeError, EOFError, gzip.BadGzipFile, csv.Error):
        raise CareerTableError(
            [f"{path.name}: is neither Stata's .dta nor UTF-8 text in columns (.csv, .csv.gz)"]
        ) from None


def whole_number(value: object, column: str) -> int | None:
    """A cell as a whole number; None if it is missing, which Stata writes as `.` or `.a` to `.z`.

    >>> whole_number("1981.0", "YEAR"), whole_number(".a", "YEAR")
    (1981, None)

    Raises:
        PsidCellError: if it is no number, not whole, negative or huge.
    """
    if isinstance(value, str):
        text = value.strip()
        if not text.strip(".") or (text.startswith(".") and text[1:].isalpha()):
            return None
        try:
            value = float(text)
        except ValueError:
            raise PsidCellError(
                column, text, "a whole number (export codes, not value labels)"
            ) from None
    number = float(value)  # type: ignore[arg-type]
    # -1 is how PSID-SHELF marks a value that was not collected.
    if math.isnan(number) or number == -1:
        return None
    if not (0 <= number < 1e9 and number.is_integer()):
        raise PsidCellError(column, value, "a whole number from 0, below a thousand million")
    return int(number)


def _stata_rows(path: Path, wanted: set[str]) -> Iterator[Sequence[object]]:
    """The wanted columns, a chunk in memory at a time."""
    import pandas as pd  # slow to load, and needed for this format alone

    try:
        with pd.read_stata(path, iterator=True) as reader:
            columns = [name for name in reader.variable_labels() if name.upper() in wanted]
        yield columns
        if not columns:
            return
        with pd.read_stata(
            path, columns=columns, chunksize=_CHUNK, convert_categoricals=False
        ) as chunks:
            for chunk in chunks:
                yield from chunk[columns].itertuples(index=False, name=None)
    except (ValueError, EOFError, struct.error) as error:
        raise CareerTableError([f"{path.name}: is not a Stata file: {error}"]) from None
