"""From the census occupation codes that surveys write to the occupations of occ1990dd.

A crosswalk has a row per scheme and code: `scheme,code,occ1990dd`. Codes of the 1970 to 2000
censuses have three digits, of 2010 four. Later surveys write the 2000 codes with a fourth digit,
always zero, and without leading zeros: 430 is then 043, so a reader must know which it reads.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.data.career_table import CareerTableError
from occu_core.data.files import MOST_BYTES, decode, read_bytes, unpack
from occu_core.occupations import Occupation, Taxonomy, occ1990dd

COLUMNS = ("scheme", "code", "occ1990dd")
OUTSIDE = {"905", "991", "999"}
"""Military, unemployed, unknown: census codes that stand for no civilian occupation."""


class CensusScheme(StrEnum):
    """Which census's list of occupations a code belongs to."""

    CENSUS_1970 = "census1970"
    CENSUS_1980 = "census1980"
    CENSUS_1990 = "census1990"
    CENSUS_2000 = "census2000"
    CENSUS_2000_FOUR_DIGITS = "census2000 with four digits"
    CENSUS_2010 = "census2010"


class UnknownCensusCodeError(ValueError):
    """A census code that the crosswalk does not list."""


@dataclass(frozen=True, slots=True)
class Crosswalk:
    """Census codes and their occupations; None for military, unemployed or unknown."""

    occupations: dict[tuple[CensusScheme, int], Occupation | None]

    def occupation(self, scheme: CensusScheme, code: int) -> Occupation | None:
        """The occupation of a census code; None where the code is of no civilian occupation.

        Raises:
            UnknownCensusCodeError: if the scheme does not list the code.
        """
        key = (scheme, code)
        if scheme is CensusScheme.CENSUS_2000_FOUR_DIGITS and code % 10 == 0:
            key = (CensusScheme.CENSUS_2000, code // 10)
        try:
            return self.occupations[key]
        except KeyError:
            raise UnknownCensusCodeError(
                f"code {code} is not among the {scheme.value} codes of the crosswalk"
            ) from None


def load_crosswalk(path: Path | None = None, taxonomy: Taxonomy | None = None) -> Crosswalk:
    """Read a crosswalk, the shipped one unless a path is given.

    Raises:
        CareerTableError: naming file, row, column and value.
    """
    path = path or asset_path("taxonomies", "census_to_occ1990dd.csv")
    text = decode(unpack(read_bytes(path), path.name, MOST_BYTES), path.name)
    return read_crosswalk(text, path.name, taxonomy or occ1990dd())


def read_crosswalk(text: str, name: str, taxonomy: Taxonomy) -> Crosswalk:
    """Read a crosswalk from its text."""
    reader = csv.DictReader(io.StringIO(text, newline=""))
    if missing := [column for column in COLUMNS if column not in (reader.fieldnames or ())]:
        raise CareerTableError(
            [
                f"{name} row 1: column {', '.join(missing)} is missing; expected the columns"
                f" {', '.join(COLUMNS)}"
            ]
        )
    occupations: dict[tuple[CensusScheme, int], Occupation | None] = {}
    for number, row in enumerate(reader, start=2):
        try:
            scheme = CensusScheme((row["scheme"] or "").strip())
            code = int((row["code"] or "").strip())
            target = (row["occ1990dd"] or "").strip()
            occupation = None if target in OUTSIDE else taxonomy.find(target)
        except ValueError as error:
            raise CareerTableError([f"{name} row {number}: {error}"]) from None
        if occupations.setdefault((scheme, code), occupation) != occupation:
            raise CareerTableError(
                [f"{name} row {number}: code {code} of {scheme.value} is listed twice"]
            )
    if not occupations:
        raise CareerTableError([f"{name}: has a header but no codes"])
    return Crosswalk(occupations)
