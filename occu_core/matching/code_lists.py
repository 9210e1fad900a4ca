"""Occupation codes of other lists (Census 1970 to 2018, SOC, O*NET-SOC) and what they stand for."""

from __future__ import annotations

import csv
import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from occu_core.assets import asset_path
from occu_core.data.crosswalks import OUTSIDE, CensusScheme, load_crosswalk
from occu_core.occupations import Occupation, occ1990dd

_SOC = re.compile(r"(\d\d)-?(\d{4})(\.\d\d)?")
_NEW = "soc_to_occ1990dd.csv"


class CodeList(StrEnum):
    """Which list a table's codes are of."""

    CENSUS_1970 = "census1970"
    CENSUS_1980 = "census1980"
    CENSUS_1990 = "census1990"
    CENSUS_2000 = "census2000"
    CENSUS_2000_FOUR = "census2000-4"
    CENSUS_2010 = "census2010"
    CENSUS_2018 = "census2018"
    SOC = "soc"


_OLD = {
    CodeList.CENSUS_1970: CensusScheme.CENSUS_1970,
    CodeList.CENSUS_1980: CensusScheme.CENSUS_1980,
    CodeList.CENSUS_1990: CensusScheme.CENSUS_1990,
    CodeList.CENSUS_2000: CensusScheme.CENSUS_2000,
    CodeList.CENSUS_2000_FOUR: CensusScheme.CENSUS_2000_FOUR_DIGITS,
    CodeList.CENSUS_2010: CensusScheme.CENSUS_2010,
}
EXAMPLES = {
    CodeList.CENSUS_2000_FOUR: "0430, the 2000 codes with a zero added, as in later surveys",
    CodeList.SOC: "29-1141 (SOC 2018) or 29-1141.00 (O*NET-SOC 2019)",
}
"""What a code looks like where the list's name does not tell."""


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a code stands for.

    Attributes:
        title: of the code in its own list; empty where the list's titles are not known.
        occupations: the candidates, the most common first; none for a code outside civilian work
            (military, unemployed, unknown) or of no single occupation ("all other").
        outside: whether the code is outside civilian work.
    """

    title: str
    occupations: tuple[Occupation, ...]
    outside: bool = False


class UnknownCodeError(ValueError):
    """A code that the list does not have."""


def meaning(codes: CodeList, text: str) -> Meaning:
    """What a code of a list stands for; zeros before it, and `.0` after it, may be there or not.

    >>> [o.title for o in meaning(CodeList.SOC, "29-1141").occupations]
    ['Registered nurses']

    Raises:
        UnknownCodeError: naming the code and the list.
    """
    if codes in _OLD:
        return _old(_OLD[codes], codes, text)
    key = _soc_key(text) if codes is CodeList.SOC else ("census2018", _digits(text).zfill(4))
    found = _listed().get(key)
    if found is None:
        raise UnknownCodeError(f"{text[:40]!r} is no {codes.value} code of the crosswalk")
    return found


def _old(scheme: CensusScheme, codes: CodeList, text: str) -> Meaning:
    digits = _digits(text)
    try:
        occupation = _crosswalk().occupation(scheme, int(digits))
    except ValueError:
        raise UnknownCodeError(f"{text[:40]!r} is no {codes.value} code of the crosswalk") from None
    return Meaning("", (occupation,) if occupation else (), outside=occupation is None)


def _digits(text: str) -> str:
    """The code as digits; as spreadsheets write numbers, too: 43.0. Empty where it is none."""
    digits = text.strip().removesuffix(".0")
    return digits if digits.isascii() and digits.isdigit() and len(digits) <= 4 else ""


def _soc_key(text: str) -> tuple[str, str]:
    found = _SOC.fullmatch(text.strip())
    if not found:
        return "", ""
    code = f"{found[1]}-{found[2]}"
    return ("onet2019", code + found[3]) if found[3] else ("soc2018", code)


@cache
def _listed() -> dict[tuple[str, str], Meaning]:
    found = {}
    with asset_path("taxonomies", _NEW).open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            targets = [code for code in row["occ1990dd"].split("|") if code]
            jobs = tuple(occ1990dd()[code] for code in targets if code not in OUTSIDE)
            outside = bool(targets) and not jobs
            found[row["scheme"], row["code"]] = Meaning(row["title"], jobs, outside)
    return found


_crosswalk = cache(load_crosswalk)
