"""Job titles with their occupations for the matcher: read, put together, split by what they say.

Titles that differ only in form (case, marks, word order, plurals, abbreviations) share a key, and
so does a title with the short form that O*NET gives for it; a key is of one part in all sources.
"""

from __future__ import annotations

import csv
import gzip
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from occu_core.matching.normalising import title_key
from occu_core.occupations import occ1990dd
from train.soc_categories import DATA, read_onet, read_rows

CENSUS_TITLES = {"census1980", "census2000", "census2010"}


class Source(StrEnum):
    """Where a title was listed."""

    CENSUS_1990 = "census1990"
    CENSUS_2000 = "census2000"
    ONET = "onet"
    OFFICIAL = "official"


class Part(StrEnum):
    """What a title is for; a tenth each for choosing and for testing."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


@dataclass(slots=True)
class ListedTitle:
    """All that the sources say of one title.

    Attributes:
        key: what its forms share.
        part: by a hash of the key.
        codes: how often each occupation is listed for it, a row's weight shared by its codes.
        texts: its first form in each source, and every other form.
    """

    key: str
    part: Part
    codes: dict[str, float] = field(default_factory=dict)
    texts: dict[Source, str] = field(default_factory=dict)
    forms: dict[str, Source] = field(default_factory=dict)

    @property
    def is_listed(self) -> bool:
        """Whether people's own titles list it, not official ones alone: only such are measured."""
        return any(source is not Source.OFFICIAL for source in self.texts)


@dataclass(frozen=True, slots=True)
class Listing:
    """A row of a source: a title, a second form of it or none, and its occupations."""

    text: str
    short: str | None
    source: Source
    codes: tuple[str, ...]


def read_titles() -> list[ListedTitle]:
    """Every title of the sources that stands for an occupation of the list."""
    listings = [row for row in read_listings() if row.codes and title_key(row.text)]
    families = _families(listings)
    titles: dict[str, ListedTitle] = {}
    for row in listings:
        for text in filter(None, (row.text, row.short)):
            key = title_key(text)
            if not key:
                continue
            one = titles.setdefault(key, ListedTitle(key, part_of(families[key])))
            for code in row.codes:
                one.codes[code] = one.codes.get(code, 0.0) + 1 / len(row.codes)
            one.texts.setdefault(row.source, text)
            one.forms.setdefault(text, row.source)
    return list(titles.values())


def part_of(key: str) -> Part:
    """The part of a key: the first tenth of hashes tests, the second chooses."""
    share = int(sha256(f"matcher\n{key}".encode()).hexdigest()[:8], 16) / 16**8
    return Part.TEST if share < 0.1 else Part.VALID if share < 0.2 else Part.TRAIN


def read_listings() -> Iterator[Listing]:
    """The rows of the indexes, of O*NET's titles and of the official lists."""
    known = {occupation.code for occupation in occ1990dd() if occupation.is_job}
    with gzip.open(DATA / "job_titles.csv.gz", "rt", encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            source = Source(row["source"].removesuffix("_alpha_index"))
            yield Listing(row["title"], None, source, _kept([row["occ1990dd"]], known))
    mapped = {row["onet"]: row for row in read_rows("onet_to_occ1990dd.csv")}
    for row in read_onet("Alternate Titles.txt"):
        codes = _kept(mapped[row["O*NET-SOC Code"]]["occ1990dd"].split("|"), known)
        short = row["Short Title"].strip()
        if short in {"", "n/a"}:
            yield Listing(row["Alternate Title"], None, Source.ONET, codes)
        else:
            yield Listing(_long_form(row["Alternate Title"], short), short, Source.ONET, codes)
    for row in mapped.values():
        codes = _kept(row["occ1990dd"].split("|"), known)
        yield Listing(row["onet_title"], None, Source.OFFICIAL, codes)
    for occupation in occ1990dd():
        if occupation.is_job:
            yield Listing(occupation.title, None, Source.OFFICIAL, (occupation.code,))
    crosswalk = {
        (row["scheme"], int(row["code"])): row["occ1990dd"]
        for row in read_rows("census_to_occ1990dd.csv")
    }
    for row in read_rows("census_titles.csv"):
        code = crosswalk.get((row["scheme"], int(row["code"])))
        if row["scheme"] in CENSUS_TITLES and code:
            yield Listing(row["title"], None, Source.OFFICIAL, _kept([code], known))


def _long_form(title: str, short: str) -> str:
    """O*NET writes a title and its short form together: "Registered Nurse (RN)", or "RN (…)"."""
    outside, _, inside = title.partition("(")
    inside = inside.rpartition(")")[0] or inside
    forms = [form.strip() for form in (outside, inside) if form.strip()]
    others = [form for form in forms if form.casefold() != short.casefold()]
    return max(others, key=len) if others else re.sub(r"[()]", " ", title)


def _kept(codes: Iterable[str], known: set[str]) -> tuple[str, ...]:
    return tuple(code for code in codes if code in known)


def _families(listings: Iterable[Listing]) -> dict[str, str]:
    """The smallest key among those that O*NET joins as a title and its short form."""
    parent: dict[str, str] = {}

    def top(key: str) -> str:
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for row in listings:
        one = top(title_key(row.text))
        if row.short and title_key(row.short):
            other = top(title_key(row.short))
            parent[max(one, other)] = min(one, other)
    return {key: top(key) for key in list(parent)}
