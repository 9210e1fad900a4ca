"""Files of votes on disk or uploaded: bounded, unpacked, decoded, and read as rows of fields."""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from occu_core.pairwise.votes import VotesError

MOST_BYTES = 200_000_000
_GZIP = b"\x1f\x8b"
_CHUNK = 1 << 20
_SHOWN = 60

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Row:
    """One record of a file, which knows where it stands.

    Attributes:
        place: what errors call it, such as `votes.csv row 3`.
        fields: by name, as JSON or CSV has them.
        names: of fields, where the file calls them otherwise.
    """

    place: str
    fields: Mapping[str, object]
    names: Mapping[str, str] = field(default_factory=dict)

    def get(self, name: str) -> object:
        """A field's value; None where it is missing or empty."""
        value = self.fields.get(self.names.get(name, name))
        return None if isinstance(value, str) and not value.strip() else value

    def need(self, name: str) -> object:
        """A field's value.

        Raises:
            VotesError: if there is none, naming the fields there are.
        """
        value = self.get(name)
        if value is None:
            called = self.names.get(name, name)
            there = ", ".join(sorted(self.fields)) or "none"
            kind = "is empty" if called in self.fields else f"is missing; found fields {there}"
            raise VotesError(f"{self.place}: {called} {kind}")
        return value

    def text(self, name: str) -> str:
        """A field that must have a value, as text; a whole number loses its `.0`."""
        return as_text(self.need(name))

    def optional_text(self, name: str) -> str | None:
        """A field as text; None where it is missing or empty."""
        value = self.get(name)
        return None if value is None else as_text(value)

    def choice(self, name: str, allowed: Mapping[str, T]) -> T:
        """A field that must be one of a few words.

        Raises:
            VotesError: naming the value and what is allowed.
        """
        value = self.text(name)
        if value not in allowed:
            raise self.refusal(name, value, " | ".join(allowed))
        return allowed[value]

    def refusal(self, name: str, value: object, expected: str) -> VotesError:
        """What to raise for a value that is not allowed."""
        called = self.names.get(name, name)
        return VotesError(f"{self.place}: {called} {_short(value)}; expected {expected}")


def as_text(value: object) -> str:
    """A value as text; numbers as JSON writes them, but whole ones without `.0`."""
    if isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False)


def read_votes_file(path: Path) -> bytes:
    """A file's bytes, refused by name when it is missing or too large."""
    if not path.is_file():
        raise VotesError(f"{path}: there is no such file")
    if path.stat().st_size > MOST_BYTES:
        raise VotesError(_too_large(path.name, MOST_BYTES))
    return path.read_bytes()


def json_rows(raw: bytes, name: str, most_bytes: int = MOST_BYTES) -> Iterator[Row]:
    """The objects of a JSON list or of JSON lines, whichever it is; gzip allowed."""
    text = _decoded(_unpacked(raw, name, most_bytes), name)
    values = _json_list(text, name) if text.lstrip().startswith("[") else _json_lines(text, name)
    for place, value in values:
        if not isinstance(value, dict):
            raise VotesError(f"{place}: {_short(value)} is not an object with fields")
        yield Row(place, value)


def csv_rows(
    raw: bytes, name: str, names: Mapping[str, str], most_bytes: int = MOST_BYTES
) -> Iterator[Row]:
    """The rows of a table whose columns are called as `names` says; gzip allowed."""
    text = _decoded(_unpacked(raw, name, most_bytes), name)
    csv.field_size_limit(most_bytes)
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    columns = reader.fieldnames or []
    if twice := {column for column in columns if columns.count(column) > 1}:
        raise VotesError(f"{name}: column {min(twice)!r} stands in the header twice")
    if absent := [column for column in names.values() if column not in columns]:
        raise VotesError(f"{name}: has no column {absent[0]!r}; found {', '.join(columns)}")
    try:
        for number, fields in enumerate(reader, 2):
            if None in fields or None in fields.values():
                raise VotesError(
                    f"{name} row {number}: expected {len(columns)} cells as the header"
                )
            yield Row(f"{name} row {number}", fields, names)
    except csv.Error as error:
        raise VotesError(f"{name}: is not CSV after line {reader.line_num}: {error}") from None


def _json_list(text: str, name: str) -> Iterator[tuple[str, object]]:
    try:
        values = json.loads(text)
    except (json.JSONDecodeError, RecursionError) as error:
        raise VotesError(f"{name}: is not JSON: {error}") from None
    for number, value in enumerate(values, 1):
        yield f"{name} record {number}", value


def _json_lines(text: str, name: str) -> Iterator[tuple[str, object]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            place = f"{name} line {number}"
            try:
                yield place, json.loads(line)
            except (json.JSONDecodeError, RecursionError) as error:
                raise VotesError(f"{place}: is not JSON: {error}") from None


def _unpacked(raw: bytes, name: str, most_bytes: int) -> bytes:
    """Gunzip if need be, never past the size limit: a small file can hide a huge one."""
    if not raw.startswith(_GZIP):
        if len(raw) > most_bytes:
            raise VotesError(_too_large(name, most_bytes))
        return raw
    unpacked = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += chunk
                if len(unpacked) > most_bytes:
                    raise VotesError(_too_large(name, most_bytes))
    except (EOFError, OSError, zlib.error):
        raise VotesError(f"{name}: is a damaged gzip file") from None
    return bytes(unpacked)


def _decoded(raw: bytes, name: str) -> str:
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        byte = raw[error.start]
        raise VotesError(f"{name} line {line}: byte 0x{byte:02x} is not UTF-8 text") from None
    if not text.strip():
        raise VotesError(f"{name}: is empty; expected votes")
    return text


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"


def _too_large(name: str, most_bytes: int) -> str:
    return f"{name}: is larger than {most_bytes // 1_000_000} MB"
