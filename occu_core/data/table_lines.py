"""The lines of a career table of any size, one after the other: CSV, gzipped or not, or parquet.

Only the columns that a career table has are kept, as stripped text; an unknown value is empty.
"""

from __future__ import annotations

import csv
import gzip
import io
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from occu_core.data.career_rows import (
    MOST_CELL,
    OPTIONAL_COLUMNS,
    REQUIRED_COLUMNS,
    delimiter_of,
    header_problem,
)
from occu_core.data.career_table import CareerTableError

COLUMNS = (*REQUIRED_COLUMNS, *OPTIONAL_COLUMNS)
_GZIP, _PARQUET = b"\x1f\x8b", b"PAR1"
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_BATCH = 10_000
Advance = Callable[[float], None]


@dataclass(frozen=True, slots=True)
class TableLine:
    """One line as text by column, or why it is none.

    `number` is 1 for the header of a CSV file, so that its first line has 2; a parquet file has
    no header line, and its first line has 1. A line with too few or too many values is not
    `whole`: it only has the person, where its place is filled.
    """

    number: int
    cells: dict[str, str]
    problem: str | None = None

    @property
    def whole(self) -> bool:
        """Whether it has a cell for each column."""
        return "year" in self.cells


def table_columns(path: Path) -> tuple[str, ...]:
    """The career columns that a table has, in the order of the schema.

    Raises:
        CareerTableError: if there is no such file, or none with the required columns.
    """
    with _opened(path) as (raw, magic):
        if magic.startswith(_PARQUET):
            header = _parquet_header(raw, path.name)
        else:
            header = _csv_header(_text(raw, magic, path.name), path.name)[0]
    return tuple(column for column in COLUMNS if column in header)


def table_lines(path: Path, advance: Advance | None = None) -> Iterator[TableLine]:
    """Every line but empty ones; `advance` receives the share of the file that has been read.

    Raises:
        CareerTableError: if the file cannot be read to its end; what came before still came.
    """
    with _opened(path) as (raw, magic):
        if magic.startswith(_PARQUET):
            yield from _parquet_lines(raw, path.name, advance)
            return
        size = path.stat().st_size or 1
        report = (lambda: advance(min(raw.tell() / size, 1.0))) if advance else None
        try:
            yield from _csv_lines(_text(raw, magic, path.name), path.name, report)
        except UnicodeDecodeError:
            raise CareerTableError([f"{path.name}: is not UTF-16 text throughout"]) from None
        except (EOFError, gzip.BadGzipFile, zlib.error):
            raise CareerTableError([f"{path.name}: is a damaged gzip file"]) from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[BinaryIO, bytes]]:
    if not path.is_file():
        kind = "is a folder; expected a file" if path.is_dir() else "there is no such file"
        raise CareerTableError([f"{path}: {kind}"])
    with path.open("rb") as raw:
        magic = raw.read(4)
        raw.seek(0)
        if magic.startswith(_SPREADSHEETS):
            raise CareerTableError(
                [f"{path.name}: is a spreadsheet file; in Excel, save it as 'CSV UTF-8'"]
            )
        yield raw, magic


def _text(raw: BinaryIO, magic: bytes, name: str) -> io.TextIOWrapper:
    """Text, gunzipped if need be; in UTF-8, bytes that are none come as surrogates."""
    stream = io.BufferedReader(gzip.GzipFile(fileobj=raw)) if magic.startswith(_GZIP) else raw
    try:
        start = stream.peek(2)[:2] if isinstance(stream, io.BufferedReader) else b""
    except (EOFError, gzip.BadGzipFile, zlib.error):
        raise CareerTableError([f"{name}: is a damaged gzip file"]) from None
    if start in _UTF_16:
        return io.TextIOWrapper(stream, "utf-16", newline="")
    return io.TextIOWrapper(stream, "utf-8-sig", errors="surrogateescape", newline="")


def _csv_header(text: io.TextIOWrapper, name: str) -> tuple[list[str], str]:
    """The header's names and the delimiter."""
    first = text.readline(MOST_CELL)
    if not first.strip():
        raise CareerTableError([f"{name}: is empty; expected a header and one row per person-year"])
    delimiter = delimiter_of(first)
    try:
        values = next(csv.reader([first], delimiter=delimiter, strict=True))
    except csv.Error as error:
        raise CareerTableError([f"{name} row 1: is not a row of a CSV table: {error}"]) from None
    return _checked_header(values, name), delimiter


def _checked_header(values: Iterable[str], name: str) -> list[str]:
    header = [column.strip().lower() for column in values]
    if problem := header_problem(header):
        raise CareerTableError([f"{name} row 1: {problem}"])
    return header


def _csv_lines(
    text: io.TextIOWrapper, name: str, report: Callable[[], None] | None
) -> Iterator[TableLine]:
    header, delimiter = _csv_header(text, name)
    places = [(column, header.index(column)) for column in COLUMNS if column in header]
    csv.field_size_limit(MOST_CELL)  # one limit for the whole process; other readers allow more
    number = 1
    try:
        for number, values in enumerate(
            csv.reader(text, delimiter=delimiter, strict=True), start=2
        ):
            if report and number % _BATCH == 0:
                report()
            line = _csv_line(number, values, len(header), places)
            if line is not None:
                yield line
    except csv.Error as error:
        raise CareerTableError(
            [f"{name} row {number + 1}: is not a row of a CSV table: {error}"]
        ) from None


def _csv_line(
    number: int, values: list[str], expected: int, places: list[tuple[str, int]]
) -> TableLine | None:
    whole = "".join(values)
    if not whole or whole.isspace():
        return None
    if len(values) != expected:
        told = {c: values[i].strip() for c, i in places if c == "person_id" and i < len(values)}
        problem = f"has {len(values)} values; expected {expected}, one per column"
        return TableLine(number, told, f"{problem} (is a comma inside a title unquoted?)")
    cells = {column: values[place].strip() for column, place in places}
    if whole.isascii() and "\0" not in whole:
        return TableLine(number, cells)
    return TableLine(number, cells, _text_problem(whole))


def _text_problem(whole: str) -> str | None:
    if "\0" in whole:
        return "holds a zero byte; expected text"
    try:
        whole.encode()
    except UnicodeEncodeError as error:
        byte = ord(whole[error.start]) - 0xDC00
        return f"byte 0x{byte:02x} is not UTF-8 text; in Excel, save the table as 'CSV UTF-8'"
    return None


def _parquet_header(raw: BinaryIO, name: str) -> list[str]:
    from pyarrow import ArrowException  # type: ignore[import-untyped]
    from pyarrow.parquet import read_schema  # type: ignore[import-untyped]

    try:
        return _checked_header(read_schema(raw).names, name)
    except (ArrowException, OSError) as error:
        raise CareerTableError([_damaged(name, error)]) from None


def _parquet_lines(raw: BinaryIO, name: str, advance: Advance | None) -> Iterator[TableLine]:
    from pyarrow import ArrowException
    from pyarrow.parquet import ParquetFile

    try:
        file = ParquetFile(raw)
        names = {column.strip().lower(): column for column in file.schema_arrow.names}
        _checked_header(names, name)
        kept = [column for column in COLUMNS if column in names]
        number, rows = 0, file.metadata.num_rows or 1
        for batch in file.iter_batches(_BATCH, columns=[names[column] for column in kept]):
            table = dict(zip(batch.schema.names, batch.columns, strict=True))
            columns = [_texts(table[names[column]].to_pylist()) for column in kept]
            for values in zip(*columns, strict=True):
                number += 1
                if any(values):
                    yield TableLine(number, dict(zip(kept, values, strict=True)))
            if advance:
                advance(number / rows)
    except (ArrowException, OSError) as error:
        raise CareerTableError([_damaged(name, error)]) from None


def _texts(values: list[object]) -> list[str]:
    """Values as text; nothing and "not a number", which pandas writes for nothing, are empty."""
    return ["" if v is None or v != v else str(v).strip()[:MOST_CELL] for v in values]  # noqa: PLR0124


def _damaged(name: str, error: Exception) -> str:
    return f"{name}: the parquet file is damaged: {str(error).partition(chr(10))[0][:120]}"
