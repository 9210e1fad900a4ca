"""Writes tables: the new one appears whole, and no cell of it is a formula."""

from __future__ import annotations

import csv
import gzip
import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from io import TextIOWrapper
from pathlib import Path
from typing import BinaryIO, TextIO, cast

from occu_core.matching.tables import TableError

_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


def check_place(out: Path) -> None:
    """Refuse, before any work, a place where no table can be written.

    Raises:
        TableError: naming it.
    """
    if out.is_dir():
        raise TableError(f"--out {out}: is a folder; expected a file such as {out / 'table.csv'}")
    if not out.parent.is_dir():
        raise TableError(f"--out {out}: there is no folder {out.parent}; make it first")


@contextmanager
def table_writer(path: Path, delimiter: str | None = None) -> Iterator[TableWriter]:
    """A table that appears under its name once it is whole; `.gz` packs it, `.tsv` uses tabs."""
    named = path.name.removesuffix(".gz")
    between = "\t" if named.endswith((".tsv", ".tab")) else delimiter or ","
    descriptor, partial_name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    partial = Path(partial_name)
    try:
        with ExitStack() as stack:
            file: BinaryIO = stack.enter_context(os.fdopen(descriptor, "wb"))
            if path.name.endswith(".gz"):
                file = cast(BinaryIO, gzip.GzipFile("", "wb", 6, file, mtime=0))
            text = stack.enter_context(TextIOWrapper(file, encoding="utf-8", newline=""))
            yield TableWriter(text, between)
        partial.chmod(0o644)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


class TableWriter:
    """Writes rows; a text that a spreadsheet would run as a formula gets a ' before it."""

    def __init__(self, file: TextIO, delimiter: str = ",") -> None:
        self._writer = csv.writer(file, delimiter=delimiter, lineterminator="\n")

    def row(self, cells: Sequence[str]) -> None:
        """Write one row."""
        self._writer.writerow([no_formula(cell) for cell in cells])


def no_formula(text: str) -> str:
    """The text, or with a ' before it where a spreadsheet would run it; a number stays a number.

    >>> [no_formula(text) for text in ("=1+1", "-5", "@home", "nurse")]
    ["'=1+1", '-5', "'@home", 'nurse']
    """
    return f"'{text}" if text.startswith(_FORMULA_BEGINS) and not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return text.isascii()
