"""OccuQuest's closed lists: 26 categories, about 1,000 occupations in them, and who works in each.

Names, codes and counts only: `assets/taxonomies/occuquest.csv` and `occuquest_employment.csv`, both
composed by `train/make_occuquest_taxonomy.py`.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import cache

from occu_core.assets import asset_path

CATEGORIES = 26


class TaxonomyError(ValueError):
    """A category or occupation that OccuQuest does not have, or a damaged list of them."""


@dataclass(frozen=True, slots=True)
class OccuQuestOccupation:
    """A name in one category or more, with the codes of what it was matched to.

    Attributes:
        soc: the O*NET-SOC 2019 code of the occupation that the name means, or the nearest there is.
        occ1990dd: its codes in the census-based list of careers; several where that list splits it,
            none where it has none.
        matched_by: `title`, `alternate title` or `nearest` (in meaning: a hint, not a fact).
    """

    name: str
    categories: tuple[str, ...]
    soc: str
    occ1990dd: tuple[int, ...]
    matched_by: str

    def __post_init__(self) -> None:
        if not self.name or not self.categories:
            raise TaxonomyError(f"occupation {self.name!r} has no name or no category")


@cache
def occupations() -> tuple[OccuQuestOccupation, ...]:
    """Every occupation, in the order of the list."""
    return tuple(_occupation(row) for row in _rows("occuquest.csv"))


@cache
def categories() -> tuple[str, ...]:
    """The 26 categories in alphabetical order."""
    found = sorted({category for one in occupations() for category in one.categories})
    if len(found) != CATEGORIES:
        raise TaxonomyError(f"occuquest.csv has {len(found)} categories; expected {CATEGORIES}")
    return tuple(found)


def occupations_in(category: str) -> tuple[OccuQuestOccupation, ...]:
    """The occupations of one category, those that stand in another as well included.

    Raises:
        TaxonomyError: naming the category and those there are.
    """
    return _by_category()[check_category(category)]


def check_category(category: str) -> str:
    """The category, if it is one of the 26.

    Raises:
        TaxonomyError: naming the category and those there are.
    """
    if category not in _by_category():
        raise TaxonomyError(f"category {category!r} is unknown; expected {', '.join(categories())}")
    return category


@cache
def employment_by_category() -> dict[str, float]:
    """Jobs in the United States in May 2024 (OEWS) by category.

    Each detailed SOC code belongs to the categories that `occuquest_employment.csv` names, and its
    jobs are spread evenly over them. Codes outside the 26 (clergy, athletes, undertakers,
    legislators) count nowhere; the self-employed, farms and the military are not in OEWS.
    """
    jobs = dict.fromkeys(categories(), 0.0)
    for row in _rows("occuquest_employment.csv"):
        kinds = _listed(row["categories"])
        for category in kinds:
            jobs[check_category(category)] += int(row["employment"]) / len(kinds)
    return jobs


@cache
def _by_category() -> dict[str, tuple[OccuQuestOccupation, ...]]:
    return {c: tuple(o for o in occupations() if c in o.categories) for c in categories()}


def _occupation(row: dict[str, str]) -> OccuQuestOccupation:
    codes = tuple(int(code) for code in _listed(row["occ1990dd"]))
    return OccuQuestOccupation(
        row["name"], _listed(row["categories"]), row["soc"], codes, row["matched_by"]
    )


def _listed(cell: str) -> tuple[str, ...]:
    return tuple(part for part in cell.split("|") if part)


def _rows(name: str) -> list[dict[str, str]]:
    with asset_path("taxonomies", name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
