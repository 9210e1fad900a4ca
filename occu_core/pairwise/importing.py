"""Votes from the files others publish, and from any table with its columns named."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from occu_core.pairwise import importing_layouts
from occu_core.pairwise.importing_files import (
    MOST_BYTES,
    Row,
    csv_rows,
    json_rows,
    read_votes_file,
)
from occu_core.pairwise.votes import Vote, VotesError

COLUMNS = ("question", "system_left", "system_right", "verdict", "annotator")
OPTIONAL_COLUMNS = (
    *("response_left", "response_right", "category", "time", "seconds", "criterion"),
    *("expert", "acceptable_left", "acceptable_right", "group", "automatic", "adaptive"),
)
MappedColumns = Mapping[str, str]


class VotesFormat(StrEnum):
    """Whose layout a file of votes has."""

    TULU = "tulu"
    PANDALM = "pandalm"
    LLMBAR = "llmbar"
    ARENA = "arena"
    MTBENCH = "mtbench"
    CSV = "csv"


def load_votes(
    path: Path, layout: VotesFormat, columns: MappedColumns = MappingProxyType({})
) -> tuple[Vote, ...]:
    """Read a file of votes; `columns` says what a CSV calls each field.

    Raises:
        VotesError: naming the file, the row, what was found and what is allowed.
    """
    return parse_votes(read_votes_file(path), path.name, layout, columns)


def parse_votes(
    raw: bytes,
    name: str,
    layout: VotesFormat,
    columns: MappedColumns = MappingProxyType({}),
    most_bytes: int = MOST_BYTES,
) -> tuple[Vote, ...]:
    """Read votes from bytes; an upload is given a smaller limit than a file on disk."""
    if columns and layout is not VotesFormat.CSV:
        raise VotesError(f"{name}: columns can be mapped in a csv only, not in {layout.value}")
    if layout is VotesFormat.CSV:
        rows = csv_rows(raw, name, _column_names(columns), most_bytes)
    else:
        rows = json_rows(raw, name, most_bytes)
    votes = tuple(vote for row in rows for vote in _placed(_READERS[layout], row))
    if not votes:
        raise VotesError(f"{name}: holds no votes")
    return votes


def layout_named(name: str) -> VotesFormat:
    """The layout of this name.

    Raises:
        VotesError: naming those there are.
    """
    found = {layout.value: layout for layout in VotesFormat}.get(name)
    if found is None:
        raise VotesError(f"--format {name!r}: expected {' | '.join(VotesFormat)}")
    return found


def mapped_columns(pairs: list[str]) -> dict[str, str]:
    """`column=field` as people type it, to what each field is called.

    >>> mapped_columns(["rater=annotator"])
    {'annotator': 'rater'}
    """
    names: dict[str, str] = {}
    for pair in pairs:
        column, sign, field = (part.strip() for part in pair.rpartition("="))
        if not sign or not column:
            raise VotesError(f"--map {pair!r}: expected column=field, such as rater=annotator")
        if field not in COLUMNS + OPTIONAL_COLUMNS:
            allowed = ", ".join(COLUMNS + OPTIONAL_COLUMNS)
            raise VotesError(
                f"--map {pair!r}: there is no field {field!r}; expected one of {allowed}"
            )
        if field in names:
            raise VotesError(f"--map {pair!r}: {field} is already {names[field]!r}")
        names[field] = column
    return names


def _column_names(columns: MappedColumns) -> dict[str, str]:
    """What every required or mapped field is called in the file."""
    return {name: name for name in COLUMNS} | dict(columns)


def _placed(reader: Callable[[Row], Iterator[Vote]], row: Row) -> Iterator[Vote]:
    """The votes of a row; an error that does not say where gets the row's place."""
    try:
        yield from reader(row)
    except VotesError as error:
        message = str(error)
        placed = message if message.startswith(row.place) else f"{row.place}: {message}"
        raise VotesError(placed) from None


_READERS: dict[VotesFormat, Callable[[Row], Iterator[Vote]]] = {
    VotesFormat.TULU: importing_layouts.read_tulu,
    VotesFormat.PANDALM: importing_layouts.read_pandalm,
    VotesFormat.LLMBAR: importing_layouts.read_llmbar,
    VotesFormat.ARENA: importing_layouts.read_arena,
    VotesFormat.MTBENCH: importing_layouts.read_mtbench,
    VotesFormat.CSV: importing_layouts.read_csv,
}
