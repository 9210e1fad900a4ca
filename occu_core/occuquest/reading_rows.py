"""Rows of any file, one at a time: JSON lines, a JSON list, CSV or parquet, gzipped or not.

Whatever the size of the file, memory holds one row or one batch of them. What cannot be read is a
`BadRow` with its number and the rows after it are read all the same, wherever their beginning can
be found; what no reading can mend, such as the torn end of a gzip file, is the last bad row.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

MOST_ROW_BYTES = 16_000_000
_BLOCK = 1 << 20
_GZIP, _PARQUET, _ZIP = b"\x1f\x8b", b"PAR1", b"PK\x03\x04"
_MARK = b"\xef\xbb\xbf"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")
_TORN = (EOFError, gzip.BadGzipFile, zlib.error)
_TOO_LONG = f"is longer than {MOST_ROW_BYTES // 1_000_000} MB"
_DECODER = json.JSONDecoder()
_BATCH = 1_000


class DatasetError(ValueError):
    """A file that is no dataset: names it, what was found and what is expected."""


@dataclass(frozen=True, slots=True)
class Row:
    """What stands in a row, and its number: rows are counted from 1, a CSV's header is row 1."""

    number: int
    content: object


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row kept aside, and why."""

    number: int
    problem: str

    def __str__(self) -> str:
        return f"row {self.number}: {self.problem}"


Rows = Iterator[Row | BadRow]


@contextmanager
def opened_rows(
    source: Path | bytes, name: str | None = None, most_bytes: int | None = None
) -> Iterator[Rows]:
    """The rows of a file on disk, or of uploaded bytes.

    Args:
        source: a path, or the bytes themselves.
        name: what errors call the bytes.
        most_bytes: the most that is read, also of what gzip unpacks: a small file can hide a
            huge one. None for no limit.

    Raises:
        DatasetError: if this is no file, empty, larger, or of a kind that is not read.
    """
    called = name or (source.name if isinstance(source, Path) else "upload")
    if isinstance(source, Path) and not source.is_file():
        raise DatasetError(f"{source}: there is no such file")
    with source.open("rb") if isinstance(source, Path) else io.BytesIO(source) as raw:
        packed = raw.read(2) == _GZIP
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if packed else raw
        yield _until_torn(_rows(_Bounded(stream, called, most_bytes), raw, called))


class _Bounded(io.RawIOBase):
    """A stream that is refused past a number of bytes."""

    def __init__(self, stream: io.BufferedIOBase, name: str, most_bytes: int | None) -> None:
        self.stream, self.name, self.most, self.seen = stream, name, most_bytes, 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        size = self.stream.readinto1(buffer)
        self.seen += size
        if self.most is not None and self.seen > self.most:
            raise DatasetError(
                f"{self.name}: is larger than {self.most / 1e6:g} MB; expected a smaller part of"
                " it, or `occu balance` where the file is"
            )
        return size


def _rows(bounded: _Bounded, raw: BinaryIO, name: str) -> Rows:
    """The reader that fits how the file begins."""
    file: io.BufferedReader = io.BufferedReader(bounded, _BLOCK)
    try:
        start = file.peek(4096)[:4096]
    except _TORN:
        raise DatasetError(f"{name}: is a damaged gzip file; nothing in it can be read") from None
    if start.startswith(_PARQUET):
        return _parquet_rows(raw, name, bounded.most)
    if start.startswith((_ZIP, *_UTF_16)):
        kind = "a zip or spreadsheet file" if start.startswith(_ZIP) else "UTF-16 text"
        raise DatasetError(f"{name}: is {kind}; expected JSON lines, JSON, CSV or parquet in UTF-8")
    if start.startswith(_MARK):
        file.read(len(_MARK))
    text = start.removeprefix(_MARK).lstrip()
    if not text:
        raise DatasetError(f"{name}: is empty; expected one row for each item")
    if name.lower().removesuffix(".gz").endswith((".csv", ".tsv")) or text[:1] not in b'[{"':
        return _csv_rows(file)
    return _list_rows(file) if text.startswith(b"[") else _line_rows(file)


def _until_torn(rows: Rows) -> Rows:
    """The rows up to where a gzip file is damaged, which is the last bad one."""
    number = 0
    try:
        for row in rows:
            number = row.number
            yield row
    except _TORN:
        yield BadRow(number + 1, "the gzip file is damaged here; nothing after it can be read")


def _line_rows(file: io.BufferedReader) -> Rows:
    """JSON lines; a line that is too long is skipped without being held."""
    number = 0
    while line := file.readline(MOST_ROW_BYTES):
        number += 1
        if len(line) == MOST_ROW_BYTES and not line.endswith(b"\n"):
            while (rest := file.readline(_BLOCK)) and not rest.endswith(b"\n"):
                pass
            yield BadRow(number, _TOO_LONG)
            continue
        try:
            yield Row(number, json.loads(line))
        except (ValueError, RecursionError) as error:
            if line.strip():
                yield BadRow(number, _json_problem(error))


def _list_rows(file: io.BufferedReader) -> Rows:
    """The elements of one JSON list; after a damaged one, where the next begins is unknown."""
    text = _ListText(io.TextIOWrapper(file, "utf-8", errors="surrogateescape", newline=""))
    number, mark = 0, text.mark()
    if text.next_is("]"):
        return
    while mark in {"[", ","}:
        number += 1
        try:
            yield Row(number, text.element())
        except (ValueError, RecursionError) as error:
            yield BadRow(number, f"{_json_problem(error)}; nothing after it can be read")
            return
        mark = text.mark()
    if mark != "]":
        found = f"found {mark!r}" if mark else "the file ends"
        yield BadRow(number + 1, f"{found} where , or ] is expected; nothing after it can be read")


class _ListText:
    """The text of a JSON list, held from the element that is being read."""

    def __init__(self, file: io.TextIOWrapper) -> None:
        self.file, self.held, self.ended = file, "", False

    def next_is(self, mark: str) -> bool:
        """Whether this character comes next, spaces aside; it is not taken."""
        while not (held := self.held.lstrip()) and not self.ended:
            self._read_on()
        self.held = held
        return held.startswith(mark)

    def mark(self) -> str:
        """Take the next character, spaces aside; empty at the end."""
        self.next_is("")
        mark, self.held = self.held[:1], self.held[1:]
        return mark

    def element(self) -> object:
        """Take the next element; more is read for as long as it may only be cut off."""
        self.next_is("")
        while True:
            try:
                value, end = _DECODER.raw_decode(self.held)
            except json.JSONDecodeError:
                if self.ended:
                    raise
            else:
                if end < len(self.held) or self.ended:  # 12 may be the beginning of 123
                    self.held = self.held[end:]
                    return value
            if len(self.held) > MOST_ROW_BYTES:
                raise ValueError(_TOO_LONG)
            self._read_on()

    def _read_on(self) -> None:
        more = self.file.read(max(_BLOCK, len(self.held)))
        self.held, self.ended = self.held + more, not more


def _csv_rows(file: io.BufferedReader) -> Rows:
    """A table's rows as objects by its header; bytes that are not UTF-8 spoil only their row."""
    csv.field_size_limit(MOST_ROW_BYTES)
    text = io.TextIOWrapper(file, "utf-8", errors="surrogateescape", newline="")
    first = text.readline(MOST_ROW_BYTES)
    delimiter = max(",;\t", key=first.count)
    header = [column.strip() for column in next(csv.reader([first], delimiter=delimiter), [])]
    reader, number = csv.reader(text, delimiter=delimiter), 1
    while True:
        number += 1
        try:
            values = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadRow(number, f"is not a row of a CSV table: {error}")
            continue
        if len(values) == len(header):
            fields = dict(zip(header, values, strict=True))
            bad = not all(map(_is_text, values))
            yield BadRow(number, "is not UTF-8 text") if bad else Row(number, fields)
        elif values:
            yield BadRow(number, f"has {len(values)} values; expected {len(header)}, as the header")


def _parquet_rows(raw: BinaryIO, name: str, most_bytes: int | None) -> Rows:
    """A parquet file's rows, a batch at a time."""
    from pyarrow import ArrowException  # type: ignore[import-untyped]
    from pyarrow.parquet import ParquetFile  # type: ignore[import-untyped]

    raw.seek(0)
    number = 0
    try:
        table = ParquetFile(raw)
        groups = [table.metadata.row_group(k) for k in range(table.num_row_groups)]
        size = sum(group.total_byte_size for group in groups)
        if most_bytes is not None and size > most_bytes:
            raise DatasetError(f"{name}: unpacks to {size / 1e6:,.0f} MB; expected a smaller part")
        for batch in table.iter_batches(_BATCH):
            for content in batch.to_pylist():
                number += 1
                yield Row(number, content)
    except (ArrowException, OSError) as error:
        why = str(error).partition("\n")[0][:120]
        yield BadRow(number + 1, f"the parquet file is damaged here: {why}")


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _json_problem(error: Exception) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON at character {error.pos + 1}: {error.msg}"
    if isinstance(error, UnicodeDecodeError):
        return "is not UTF-8 text"
    return "is nested too deeply" if isinstance(error, RecursionError) else str(error)
