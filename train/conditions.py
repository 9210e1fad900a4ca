"""What experiments change about the data: who, until when, and how titles are written."""

from __future__ import annotations

import csv
import gzip
import random
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from occu_core.careers import CareerHistory
from occu_core.occupations import Taxonomy
from occu_core.templates import TextTemplate

BLOCK = 20
_LONGEST_TITLE = 60


class Titles(StrEnum):
    """How occupations are written.

    By the taxonomy's titles, by their codes, by what people call the job, or by the titles of other
    occupations: the same words with the wrong meanings.
    """

    NATURAL = "natural"
    NUMERIC = "numeric"
    SYNONYMS = "synonyms"
    PERMUTED = "permuted"


def template_for(titles: Titles, taxonomy: Taxonomy, index: Path, seed: int = 1) -> TextTemplate:
    """The template that writes titles in one of the four ways.

    Args:
        titles: which way.
        taxonomy: the occupations.
        index: the alphabetical index, for synonyms: what people write for a job.
        seed: of the permutation, in which no title keeps its place.
    """
    if titles is Titles.NUMERIC:
        return TextTemplate(coded=True)
    if titles is Titles.SYNONYMS:
        return TextTemplate(respelled=synonyms(taxonomy, index))
    if titles is Titles.PERMUTED:
        return TextTemplate(respelled=permuted(taxonomy, seed))
    return TextTemplate()


def permuted(taxonomy: Taxonomy, seed: int) -> dict[str, str]:
    """Each occupation's code with the title of another, all in one cycle."""
    order = random.Random(seed).sample(taxonomy.occupations, len(taxonomy))
    return {a.code: b.title for a, b in zip(order, [*order[1:], order[0]], strict=True)}


def synonyms(taxonomy: Taxonomy, index: Path) -> dict[str, str]:
    """For each occupation one entry of the index that stands for no other; some have none."""
    taken = {occupation.title.casefold() for occupation in taxonomy}
    codes = {occupation.code for occupation in taxonomy}
    with gzip.open(index, "rt", encoding="utf-8", newline="") as table:
        rows = [(row["title"].strip(), row["occ1990dd"]) for row in csv.DictReader(table)]
    meanings = Counter(title.casefold() for title, _ in set(rows))
    found: dict[str, str] = {}
    for title, code in sorted(set(rows), key=lambda row: (len(row[0]), row)):
        usable = len(title) <= _LONGEST_TITLE and meanings[title.casefold()] == 1
        if usable and code in codes and code not in found and title.casefold() not in taken:
            found[code] = title
            taken.add(title.casefold())
    return found


def part_of(careers: Sequence[CareerHistory], share: float, seed: int) -> list[CareerHistory]:
    """A share of the workers by whole blocks of neighbouring ids; smaller shares lie in larger."""
    return [
        career
        for career in careers
        if random.Random(f"{seed}/{career.dataset}/{_block(career)}").random() < share
    ]


def until(careers: Sequence[CareerHistory], last_year: int) -> list[CareerHistory]:
    """Careers as known at the end of a year; without a record by then, a worker is out."""
    known = [career.until(last_year + 1) for career in careers]
    return [career for career in known if career.records]


def _block(career: CareerHistory) -> str:
    name = career.worker_id
    return str(int(name) // BLOCK) if name.isdecimal() else name
