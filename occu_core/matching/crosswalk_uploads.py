"""Career tables in another list's codes, converted, with what was ambiguous or unknown listed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from occu_core.matching.code_lists import CodeList, Meaning, UnknownCodeError, meaning
from occu_core.matching.table_writing import TableWriter, table_writer
from occu_core.matching.tables import OpenTable, TableError, check_new_columns, opened_table
from occu_core.occupations import Occupation, occ1990dd

OCCUPATION, GIVEN = "occupation", "given_code"
_MOST_CODES = 20_000

OnBytes = Callable[[int], None]


@dataclass(slots=True)
class CodeUse:
    """A code of a table: what it stands for, and in how many rows it is; None is unknown."""

    code: str
    meaning: Meaning | None
    rows: int = 0


@dataclass(slots=True)
class Conversion:
    """What became of a table's codes; every distinct code is listed once."""

    codes: CodeList
    rows: int = 0
    empty: int = 0
    converted: int = 0
    uses: dict[str, CodeUse] = field(default_factory=dict)

    @property
    def ambiguous(self) -> list[CodeUse]:
        """Codes of several occupations, of which the most common was chosen; most rows first."""
        return self._with(lambda found: found is not None and len(found.occupations) > 1)

    @property
    def unknown(self) -> list[CodeUse]:
        """Codes that the list does not have."""
        return self._with(lambda found: found is None)

    @property
    def outside(self) -> list[CodeUse]:
        """Codes of no civilian occupation: military, unemployed, unknown."""
        return self._with(lambda found: found is not None and found.outside)

    @property
    def unmapped(self) -> list[CodeUse]:
        """Codes that are listed but of no single occupation, as "all other" ones."""
        return self._with(
            lambda found: found is not None and not found.occupations and not found.outside
        )

    def _with(self, fits: Callable[[Meaning | None], bool]) -> list[CodeUse]:
        chosen = [use for use in self.uses.values() if fits(use.meaning)]
        return sorted(chosen, key=lambda use: (-use.rows, use.code))


def convert_file(
    path: Path,
    codes: CodeList,
    out: Path,
    *,
    column: str = OCCUPATION,
    overwrite: bool = False,
    on_bytes: OnBytes | None = None,
) -> Conversion:
    """Write a table again with an `occupation` column of titles; the codes stay, as `given_code`.

    A code that stands for no occupation of the list leaves its cell empty, which readers of career
    tables skip. Rows that say "Not working" or "Student" stay as they are.

    Raises:
        TableError: naming file, row and column of what cannot be read.
    """
    if out.exists() and out.samefile(path):
        raise TableError(f"{out}: is the table that is read; expected another name")
    with opened_table(path) as table, table_writer(out, table.delimiter) as writer:
        return convert_table(table, codes, column, writer, overwrite=overwrite, on_bytes=on_bytes)


def convert_table(
    table: OpenTable,
    codes: CodeList,
    column: str,
    writer: TableWriter,
    *,
    overwrite: bool = False,
    on_bytes: OnBytes | None = None,
) -> Conversion:
    """Convert an open table into another."""
    place = table.column(column)
    plain = [name.strip().casefold() for name in table.header]
    added = GIVEN if plain[place] == OCCUPATION else OCCUPATION
    check_new_columns(table.header, [added], table.name, overwrite=overwrite)
    kept = [i for i, name in enumerate(plain) if name != added]
    writer.row([*(table.header[i] for i in kept), added])
    done = Conversion(codes)
    for number, row in enumerate(table.rows()):
        title, given = _title(done, row[place].strip(), table), row[place]
        if added == GIVEN:
            row[place] = title
        writer.row([*(row[i] for i in kept), given if added == GIVEN else title])
        if on_bytes and number % 512 == 0:
            on_bytes(table.bytes_read)
    return done


def _title(done: Conversion, code: str, table: OpenTable) -> str:
    """The title of the chosen occupation, counted; empty where there is none."""
    done.rows += 1
    if not code:
        done.empty += 1
        return ""
    if state := _STATES.get(code.casefold()):
        done.converted += 1
        return state.title
    if code not in done.uses:
        if len(done.uses) == _MOST_CODES:
            raise TableError(
                f"{table.name}: has more than {_MOST_CODES:,} different codes; is it the column"
                " of codes?"
            )
        done.uses[code] = CodeUse(code, _meaning(done.codes, code))
    use = done.uses[code]
    use.rows += 1
    if use.meaning is None or not use.meaning.occupations:
        return ""
    done.converted += 1
    return use.meaning.occupations[0].title


def _meaning(codes: CodeList, code: str) -> Meaning | None:
    try:
        return meaning(codes, code)
    except UnknownCodeError:
        return None


_STATES: dict[str, Occupation] = {
    name.casefold(): state
    for state in occ1990dd()
    if not state.is_job
    for name in (state.title, state.code)
}
