"""The survey careers that training reads, and when it says it cannot."""

from __future__ import annotations

from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.data.career_table import CareerTableError, Split
from occu_core.data.files import load_career_table


def load_split(tables: tuple[str, ...], split: Split) -> list[CareerHistory]:
    """The careers of one split of several tables, in file order."""
    try:
        loaded = [load_career_table(Path(path)).only(split) for path in tables]
    except (CareerTableError, ValueError) as error:
        raise SystemExit(
            f"{error}\nset `tables` in the settings file to career tables with a split column"
        ) from None
    return [career for table in loaded for career in table.careers if career.records]
