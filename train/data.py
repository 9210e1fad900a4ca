"""The survey careers that training reads, and when it says it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from occu_core.careers import CareerHistory
from occu_core.data.career_table import CareerTableError, Split
from occu_core.data.files import load_career_table
from train.conditions import part_of, until


def load_split(tables: tuple[str, ...], split: Split) -> list[CareerHistory]:
    """The careers of one split of several tables, in file order."""
    try:
        loaded = [load_career_table(Path(path)).only(split) for path in tables]
    except (CareerTableError, ValueError) as error:
        raise SystemExit(
            f"{error}\nset `tables` in the settings file to career tables with a split column"
        ) from None
    return [career for table in loaded for career in table.careers if career.records]


class Choice(Protocol):
    """Settings that say who is learned from."""

    @property
    def tables(self) -> tuple[str, ...]:
        """Career tables with a split column."""

    @property
    def shares(self) -> tuple[float, ...]:
        """Of each table's training workers; none is all."""

    @property
    def last_year(self) -> int:
        """Records after it are left out."""

    @property
    def seed(self) -> int:
        """Fixes who is in a share."""


def training_workers(choice: Choice) -> list[CareerHistory]:
    """The workers of all tables, or a share of each, as they were known in the last year.

    Raises:
        SystemExit: if there is not one share for each table.
    """
    shares = choice.shares or (1.0,) * len(choice.tables)
    if len(shares) != len(choice.tables):
        raise SystemExit(f"shares has {len(shares)} numbers for {len(choice.tables)} tables")
    found = [
        part_of(load_split((table,), Split.TRAIN), share, choice.seed)
        for table, share in zip(choice.tables, shares, strict=True)
    ]
    return until([career for table in found for career in table], choice.last_year)


def valid_workers(choice: Choice) -> list[CareerHistory]:
    """Who the best epoch is chosen on: all tables, or with shares the first."""
    tables = choice.tables[:1] if choice.shares else choice.tables
    return until(load_split(tables, Split.VALID), choice.last_year)
