"""Tables of any size, read row by row: CSV or TSV, gzipped or not."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from io import BufferedReader, RawIOBase, TextIOWrapper
from itertools import chain
from pathlib import Path
from typing import BinaryIO, cast

MOST_CELL = 100_000
"""Characters of one cell."""
_MOST_LINE = 10_000_000
_GZIP = b"\x1f\x8b"
_UTF_16_MARKS = (b"\xff\xfe", b"\xfe\xff")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")


class TableError(ValueError):
    """A table that cannot be read or written: names file, row, column, and the way out."""


@dataclass
class OpenTable:
    """A table being read: its header, then its rows.

    Attributes:
        name: of the file, for errors.
        header: the names of the columns, as written.
        delimiter: between cells.
        row: the number of the latest row, the header being row 1 as in a spreadsheet.
        most_rows: how many may follow the header; None for any number.
    """

    name: str
    header: list[str]
    delimiter: str
    source: BinaryIO
    reader: Iterator[list[str]]
    row: int = 1
    most_rows: int | None = None

    def rows(self) -> Iterator[list[str]]:
        """Every row that is not empty, with as many cells as the header.

        Raises:
            TableError: naming the first row that cannot be read.
        """
        while (cells := self.next_cells()) is not None:
            self.row += 1
            if not any(cells):
                continue
            if self.most_rows is not None and self.row > self.most_rows + 1:
                raise TableError(
                    f"{self.name}: has more than {self.most_rows:,} rows, too many for a page;"
                    " `occu match` and `occu convert` take any number"
                )
            if len(cells) != len(self.header):
                raise TableError(
                    f"{self.name} row {self.row}: has {len(cells)} values; expected"
                    f" {len(self.header)}, one per column (is a comma inside a title unquoted?)"
                )
            yield cells

    def column(self, name: str) -> int:
        """Where a column stands.

        Raises:
            TableError: naming the columns there are.
        """
        plain = [column.strip().casefold() for column in self.header]
        if plain.count(name.strip().casefold()) == 1:
            return plain.index(name.strip().casefold())
        trouble = "occurs more than once" if name.strip().casefold() in plain else "is missing"
        there = ", ".join(column.strip() for column in self.header)[:300]
        raise TableError(f"{self.name}: column {name[:80]!r} {trouble}; there are: {there}")

    @property
    def bytes_read(self) -> int:
        """Of the file as it lies on disk, packed or not."""
        return self.source.tell()

    def next_cells(self) -> list[str] | None:
        """The cells of the next row, or None after the last."""
        try:
            return next(self.reader, None)
        except UnicodeDecodeError as error:
            byte = error.object[error.start]
            problem = (
                f"byte 0x{byte:02x} is not UTF-8 text; save the table as 'CSV UTF-8' and try again"
            )
        except csv.Error as error:
            problem = f"is not a row of a table: {error}"
        except (EOFError, zlib.error, gzip.BadGzipFile):
            problem = "the gzip file is damaged from here on"
        raise TableError(f"{self.name} row {self.row + 1}: {problem}")


@contextmanager
def opened_table(path: Path) -> Iterator[OpenTable]:
    """A table on disk.

    Raises:
        TableError: if there is no such file, or it is no text table.
    """
    if not path.is_file():
        raise TableError(f"{path}: there is no such file")
    with path.open("rb") as file:
        yield read_table(file, path.name)


def read_table(source: BinaryIO, name: str, most_rows: int | None = None) -> OpenTable:
    """A table from an open file or upload that can be read twice; its header is read at once.

    Raises:
        TableError: if it is no text table.
    """
    csv.field_size_limit(MOST_CELL)  # one limit for the whole process; other readers allow more
    table = OpenTable(name, [], ",", source, iter(()), row=0, most_rows=most_rows)
    lines = _lines(source, name)
    table.reader = ([line] for line in lines)
    first = (table.next_cells() or [""])[0]
    table.delimiter = max(",;\t", key=first.count)
    table.reader = csv.reader(chain([first], lines), delimiter=table.delimiter, strict=True)
    table.header = table.next_cells() or []
    table.row = 1
    if not any(column.strip() for column in table.header):
        raise TableError(f"{name}: is empty; expected a header and a row for each title")
    return table


def check_new_columns(
    header: Sequence[str], names: Sequence[str], name: str, *, overwrite: bool
) -> None:
    """Refuse to write columns that are there already, unless told to.

    Raises:
        TableError: naming the first of them.
    """
    plain = [column.strip().casefold() for column in header]
    there = [one for one in names if one.casefold() in plain]
    if there and not overwrite:
        raise TableError(
            f"{name}: has a column {there[0]} already, which is only overwritten with --overwrite"
        )


def _lines(source: BinaryIO, name: str) -> Iterator[str]:
    """Lines as text, decoded one by one, so that an error is that of the row being read."""
    stream = _unpacked(source)
    try:
        start = stream.peek(4)[:4]
        if start.startswith(_SPREADSHEETS):
            raise TableError(f"{name}: is a spreadsheet file; save it as 'CSV UTF-8' and try again")
        if start.startswith(_UTF_16_MARKS):
            yield from _utf_16_lines(stream)
        else:
            yield from _utf_8_lines(stream, name)
    finally:
        with suppress(ValueError):  # the source is closed already
            stream.detach()  # or it would be closed with the stream


def _utf_16_lines(stream: BufferedReader) -> Iterator[str]:
    text = TextIOWrapper(stream, encoding="utf-16", newline="")
    try:
        yield from text
    finally:
        with suppress(ValueError):
            text.detach()


def _utf_8_lines(stream: BufferedReader, name: str) -> Iterator[str]:
    encoding = "utf-8-sig"
    while line := stream.readline(_MOST_LINE):
        if b"\0" in line:
            raise TableError(f"{name}: holds zero bytes, so it is not a text table")
        yield line.decode(encoding)
        encoding = "utf-8"


def _unpacked(source: BinaryIO) -> BufferedReader:
    """The bytes themselves; gzip is recognised by the first of them."""
    packed = source.read(2) == _GZIP
    source.seek(0)
    raw = gzip.GzipFile(fileobj=source) if packed else source
    return BufferedReader(cast(RawIOBase, raw))
