"""Compose OccuQuest's occupations: names in 26 categories, topped up from O*NET, with their codes.

python -m train.make_occuquest_taxonomy

Writes `occuquest.csv` and `occuquest_employment.csv` in `assets/taxonomies/`. Which category a SOC
code belongs to is a judgement, written in `train/settings/soc_to_occuquest.csv`: the longest prefix
decides, and a code without a category lies outside the 26 (clergy, athletes, undertakers).
"""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from train.sentence_encoder import encode
from train.soc_categories import (
    SocOccupation,
    categories_of,
    read_occupations,
    read_onet,
    read_prefixes,
    read_rows,
)

OUT = Path("assets/taxonomies")
THIN = 24
"""A category with fewer names is topped up to this many with O*NET titles."""
REPAIRS = {
    "Brexit Project Manager": None,
    "Community Liason": "Community Liaison",
    "Computer Science": "Computer Scientist",
    "Counseling Psychology": "Counseling Psychologist",
    "Employee Relations": "Employee Relations Specialist",
    "Entrepreneurs": "Entrepreneur",
    "Fabricators": "Fabricator",
    "Forensic Anthropologists": "Forensic Anthropologist",
    "Fulfillment": "Fulfillment Associate",
    "Gastroenterology": "Gastroenterologist",
    "Homeland Security": "Homeland Security Officer",
    "Landscaping Architecture": "Landscape Architect",
    "Medical Examiners": "Medical Examiner",
    "Medical Surgical Nursing": "Medical Surgical Nurse",
    "Neonatology": "Neonatologist",
    "Order Entry": "Order Entry Clerk",
    "Physiatry": "Physiatrist",
    "Production Coordinator Job Description": "Production Coordinator",
    "Sales Operations": "Sales Operations Specialist",
}
"""Names of the list that are misspelt, no occupation's name, or of one country's one project."""


@dataclass(frozen=True, slots=True)
class Match:
    """The O*NET-SOC occupation of a name, and what it was found by."""

    occupation: SocOccupation
    matched_by: str


def main() -> None:
    """Read, compose, match and write."""
    named = read_names()
    prefixes = read_prefixes()
    employment = [r for r in read_rows("oews_national_M2024.csv") if r["O_GROUP"] == "detailed"]
    counts = {row["OCC_CODE"]: int(row["TOT_EMP"]) for row in employment}
    occupations = read_occupations(prefixes, counts)
    added = top_up(named, occupations)
    matches = match({**named, **added}, occupations)
    _write(
        "occuquest.csv",
        ("name", "categories", "soc", "occ1990dd", "matched_by", "source"),
        (
            _row(name, kinds, matches[name], name in added)
            for name, kinds in {**named, **added}.items()
        ),
    )
    _write(
        "occuquest_employment.csv",
        ("soc", "title", "categories", "employment"),
        (
            (
                r["OCC_CODE"],
                r["OCC_TITLE"],
                "|".join(categories_of(r["OCC_CODE"], prefixes)),
                r["TOT_EMP"],
            )
            for r in employment
        ),
    )
    outside = sum(n for code, n in counts.items() if not categories_of(code, prefixes))
    print(f"{len(named)} names, {len(added)} added; {outside / sum(counts.values()):.2%} outside")


def read_names() -> dict[str, tuple[str, ...]]:
    """The names file: each name with its categories; repaired, one spelling for each."""
    found: dict[str, tuple[str, tuple[str, ...]]] = {}
    for row in read_rows("titles_26_categories.csv"):
        name = REPAIRS.get(row["job_title"], row["job_title"].strip())
        if name is not None:
            spelling, kinds = found.get(name.casefold(), (name, ()))
            found[name.casefold()] = spelling, tuple(sorted({*kinds, row["category"]}))
    return dict(sorted(found.values(), key=lambda pair: pair[0].casefold()))


def top_up(
    named: Mapping[str, tuple[str, ...]], occupations: Mapping[str, SocOccupation]
) -> dict[str, tuple[str, ...]]:
    """O*NET titles for thin categories, most workers first; a name that is there is not added."""
    sizes = {
        c: sum(c in kinds for kinds in named.values()) for kinds in named.values() for c in kinds
    }
    known = {_plain(name) for name in named}
    added: dict[str, tuple[str, ...]] = {}
    for one in sorted(occupations.values(), key=lambda o: (-o.employment, o.code)):
        name = singular(one.title)
        thin = [c for c in one.categories if sizes[c] < THIN]
        if thin and name and _plain(name) not in known:
            known.add(_plain(name))
            added[name] = one.categories
            for category in one.categories:
                sizes[category] += 1
    return dict(sorted(added.items()))


def singular(title: str) -> str | None:
    """A plain plural title as one worker is called; None for one that lists or excepts.

    >>> singular("Travel Guides"), singular("Janitors and Cleaners"), singular("Cooks, All Other")
    ('Travel Guide', None, None)
    """
    if re.search(r",| and | or |/|All Other|First-Line", title) or not title.endswith("s"):
        return None
    return re.sub(r"ies$", "y", title) if title.endswith("ies") else title[:-1]


def match(
    names: Mapping[str, tuple[str, ...]], occupations: Mapping[str, SocOccupation]
) -> dict[str, Match]:
    """The O*NET-SOC occupation of each name: same title, same alternate title, else the nearest.

    Among several occupations with the title, one of the name's categories goes first, then the one
    whose own title is nearest in meaning; a tenfold number of workers is worth 0.1 of cosine.
    """
    titles = [(o.title, o.code, "title") for o in occupations.values()]
    titles += [
        (row["Alternate Title"], row["O*NET-SOC Code"], "alternate title")
        for row in read_onet("Alternate Titles.txt")
        if row["O*NET-SOC Code"] in occupations
    ]
    exact: dict[str, list[tuple[str, str]]] = {}
    for title, code, kind in titles:
        exact.setdefault(_plain(title), []).append((code, kind))
    vectors = encode([title for title, _, _ in titles])
    found = {}
    for name, vector in zip(names, encode(list(names)), strict=True):
        near = vectors @ vector
        own = {code: float(near[i]) for i, code in enumerate(occupations)}
        if same := exact.get(_plain(name)):
            code, kind = max(same, key=lambda c: _order(occupations[c[0]], names[name], own, c[1]))
        else:
            fits = np.array(
                [bool({*occupations[c].categories} & {*names[name]}) for _, c, _ in titles]
            )
            _, code, _ = titles[int(np.argmax(near + 0.1 * fits))]
            kind = "nearest"
        found[name] = Match(occupations[code], kind)
    return found


def _order(
    one: SocOccupation, categories: Sequence[str], near: Mapping[str, float], kind: str
) -> tuple[bool, bool, float]:
    likely = near[one.code] + 0.1 * math.log10(1 + one.employment)
    return kind == "title", bool({*one.categories} & {*categories}), likely


def _plain(title: str) -> str:
    """A title as titles are compared: letters and digits, no plural, no brackets."""
    words = re.findall(r"[a-z0-9+#]+", re.sub(r"\(.*?\)", "", title.casefold()))
    return " ".join(re.sub(r"(?<=[a-z]{2}[^s])s$", "", word) for word in words)


def _row(name: str, categories: Sequence[str], found: Match, added: bool) -> tuple[str, ...]:
    one = found.occupation
    source = "O*NET" if added else "names"
    return name, "|".join(categories), one.code, one.occ1990dd, found.matched_by, source


def _write(name: str, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with (OUT / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


if __name__ == "__main__":
    main()
