"""Career tables and career files on disk or uploaded: bounded, decoded, then read."""

from __future__ import annotations

import gzip
import io
import zlib
from pathlib import Path

from occu_core.data.career_table import CareerTable, CareerTableError, read_career_table

MOST_BYTES = 200_000_000
MOST_UPLOADED_BYTES = 50_000_000
_GZIP = b"\x1f\x8b"
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CHUNK = 1 << 20


def load_career_table(path: Path) -> CareerTable:
    """Read a `.csv` or `.csv.gz` career table from disk.

    Raises:
        CareerTableError: if the file is missing, too large, not text, or has bad rows.
    """
    return parse_career_table(read_bytes(path), path.name)


def read_bytes(path: Path) -> bytes:
    """A file's bytes, refused by name when it is missing or too large."""
    if not path.is_file():
        raise CareerTableError([f"{path}: there is no such file"])
    if path.stat().st_size > MOST_BYTES:
        raise CareerTableError([_too_large(path.name, MOST_BYTES)])
    return path.read_bytes()


def parse_career_table(raw: bytes, name: str, most_bytes: int | None = None) -> CareerTable:
    """Read a career table from its bytes; gzip is recognised by the first of them.

    An upload is given a smaller limit, `MOST_UPLOADED_BYTES`: a server has many users.
    """
    return read_career_table(decode(unpack(raw, name, most_bytes or MOST_BYTES), name), name)


def unpack(raw: bytes, name: str, most_bytes: int) -> bytes:
    """Gunzip if need be, never past the size limit: a small file can hide a huge one."""
    if not raw.startswith(_GZIP):
        if len(raw) > most_bytes:
            raise CareerTableError([_too_large(name, most_bytes)])
        return raw
    unpacked = bytearray()
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(raw)) as stream:
            while chunk := stream.read(_CHUNK):
                unpacked += chunk
                if len(unpacked) > most_bytes:
                    raise CareerTableError([_too_large(name, most_bytes)])
    except (EOFError, OSError, zlib.error):
        raise CareerTableError([f"{name}: is a damaged gzip file"]) from None
    return bytes(unpacked)


def decode(raw: bytes, name: str) -> str:
    """Text from UTF-8 (with or without Excel's mark) or marked UTF-16.

    Raises:
        CareerTableError: naming the row of the first byte that is not UTF-8, and the way out.
    """
    if raw.startswith(_SPREADSHEETS):
        raise CareerTableError(
            [f"{name}: is a spreadsheet file; in Excel, save it as 'CSV UTF-8' and try again"]
        )
    marked_utf_16 = raw.startswith((b"\xff\xfe", b"\xfe\xff"))
    encoding, called = ("utf-16", "UTF-16") if marked_utf_16 else ("utf-8-sig", "UTF-8")
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        row = raw[: error.start].count(b"\n") + 1
        raise CareerTableError(
            [
                f"{name} row {row}: byte 0x{raw[error.start]:02x} is not {called} text;"
                " in Excel, save the table as 'CSV UTF-8' and try again"
            ]
        ) from None
    if "\0" in text:
        raise CareerTableError([f"{name}: holds zero bytes, so it is not a text table"])
    if not text.strip():
        raise CareerTableError([f"{name}: is empty; expected a header and one row per person-year"])
    return text


def _too_large(name: str, most_bytes: int) -> str:
    return f"{name}: is larger than {most_bytes // 1_000_000} MB; split the table and try again"
