"""O*NET-SOC occupations, and which of OccuQuest's categories the work of each belongs to."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

DATA = Path("../shared/data/occupations")
PREFIXES = Path("train/settings/soc_to_occuquest.csv")


@dataclass(frozen=True, slots=True)
class SocOccupation:
    """An O*NET-SOC occupation as the composition needs it."""

    code: str
    title: str
    categories: tuple[str, ...]
    occ1990dd: str
    employment: int


def read_prefixes() -> dict[str, tuple[str, ...]]:
    """Categories by the beginning of a SOC code."""
    with PREFIXES.open(encoding="utf-8", newline="") as file:
        return {
            row["soc"]: tuple(filter(None, row["categories"].split("|")))
            for row in csv.DictReader(file)
        }


def categories_of(code: str, prefixes: Mapping[str, tuple[str, ...]]) -> tuple[str, ...]:
    """The categories of the longest prefix of a code.

    >>> categories_of("15-1252.00", {"15-": ("IT and Development",), "15-2": ("Education",)})
    ('IT and Development',)
    """
    return next(prefixes[code[:end]] for end in range(len(code), 0, -1) if code[:end] in prefixes)


def read_occupations(
    prefixes: Mapping[str, tuple[str, ...]], counts: Mapping[str, int]
) -> dict[str, SocOccupation]:
    """Every O*NET-SOC occupation by its code; employment is of its six-digit SOC code.

    Military and unknown, codes outside the list of occ1990dd occupations, are left out.
    """
    listed = {row["occ1990dd"] for row in read_rows("occ1990dd.csv")}
    return {
        row["onet"]: SocOccupation(
            row["onet"],
            row["onet_title"],
            categories_of(row["onet"], prefixes),
            "|".join(code for code in row["occ1990dd"].split("|") if code in listed),
            counts.get(row["onet"][:7], 0),
        )
        for row in read_rows("onet_to_occ1990dd.csv")
    }


def read_onet(name: str) -> list[dict[str, str]]:
    """The rows of one of O*NET's tab-separated files."""
    with (DATA / "onet" / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def read_rows(name: str) -> list[dict[str, str]]:
    """The rows of one of the comma-separated files."""
    with (DATA / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
