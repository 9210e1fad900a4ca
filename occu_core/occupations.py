"""The closed list of occupations: what a worker can be, and what a model can predict."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from hashlib import sha256

import numpy as np
import numpy.typing as npt
from rapidfuzz import process
from rapidfuzz.distance import JaroWinkler

from occu_core.assets import asset_path

NOT_WORKING = "NW"
STUDENT = "ST"


class UnknownOccupationError(ValueError):
    """A title or code that the taxonomy does not contain."""


@dataclass(frozen=True, slots=True)
class Occupation:
    """One row of a taxonomy: a stable code, the title a survey writes, and its group."""

    code: str
    title: str
    group: str

    @property
    def is_job(self) -> bool:
        """False for the two states without a job: Not working and Student."""
        return self.code not in {NOT_WORKING, STUDENT}


@dataclass(frozen=True)
class Taxonomy:
    """An ordered, closed set of occupations; positions index every probability vector.

    Raises:
        ValueError: if a code or a title occurs twice.
    """

    name: str
    occupations: tuple[Occupation, ...]

    def __post_init__(self) -> None:
        for kind, values in (
            ("code", [o.code for o in self.occupations]),
            ("title", [o.title.casefold() for o in self.occupations]),
        ):
            if repeated := sorted({v for v in values if values.count(v) > 1}):
                raise ValueError(f"taxonomy {self.name!r}: {kind} {repeated[0]!r} occurs twice")

    def __len__(self) -> int:
        return len(self.occupations)

    def __iter__(self) -> Iterator[Occupation]:
        return iter(self.occupations)

    def __getitem__(self, code: str) -> Occupation:
        return self.occupations[self.position(code)]

    @cached_property
    def _position(self) -> dict[str, int]:
        return {occupation.code: i for i, occupation in enumerate(self.occupations)}

    @cached_property
    def _by_title(self) -> dict[str, Occupation]:
        return {occupation.title.casefold(): occupation for occupation in self.occupations}

    @cached_property
    def jobs(self) -> npt.NDArray[np.bool_]:
        """Which positions are jobs, not Not working or Student; shape (occupations,)."""
        return np.array([occupation.is_job for occupation in self.occupations])

    @cached_property
    def digest(self) -> str:
        """Twelve hex digits that change when any code or title does; models are saved with it."""
        rows = "\n".join(f"{o.code}\t{o.title}" for o in self.occupations)
        return sha256(rows.encode()).hexdigest()[:12]

    def position(self, code: str) -> int:
        """Where an occupation sits in every vector indexed by this taxonomy."""
        try:
            return self._position[code]
        except KeyError:
            raise UnknownOccupationError(
                f"no occupation has code {code!r} in taxonomy {self.name!r}"
            ) from None

    def find(self, text: str) -> Occupation:
        """The occupation with this title (in any case) or code (leading zeros allowed).

        Raises:
            UnknownOccupationError: naming the three nearest titles.
        """
        text = text.strip()
        code = text.lstrip("0") if text.isdigit() else text.upper()
        if code in self._position:
            return self[code]
        if text.casefold() in self._by_title:
            return self._by_title[text.casefold()]
        nearest = "; ".join(o.title for o in self.search(text, 3))
        raise UnknownOccupationError(
            f"unknown occupation {text[:80]!r}; nearest titles: {nearest}"
            f" (any of {len(self)} titles or codes of {self.name} is allowed)"
        )

    def search(self, text: str, limit: int = 10) -> list[Occupation]:
        """Occupations ranked by how well each typed word is found among the title's words.

        A word counts as found if it begins a word of the title, else by its likeness to the
        nearest one (Jaro-Winkler), so that slips of the keyboard are forgiven.
        """
        words = _words(text[:200]) or [""]
        vocabulary = sorted({word for title in self._title_words for word in title})
        likeness = 0.99 * process.cdist(words, vocabulary, scorer=JaroWinkler.similarity)
        for row, word in enumerate(words):
            likeness[row, [known.startswith(word) for known in vocabulary]] = 1.0
        column = {word: k for k, word in enumerate(vocabulary)}
        found = [
            likeness[:, [column[word] for word in title]].max(axis=1).mean()
            for title in self._title_words
        ]
        # The best first; of equals, the shortest.
        order = sorted(range(len(self)), key=lambda i: (-found[i], len(self._title_words[i])))
        return [self.occupations[i] for i in order[:limit]]

    @cached_property
    def _title_words(self) -> list[list[str]]:
        return [_words(occupation.title) for occupation in self.occupations]


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.casefold())


@cache
def occ1990dd() -> Taxonomy:
    """The 341 occupations of occ1990dd, then Not working and Student: 343 states.

    >>> len(occ1990dd()), occ1990dd()["NW"].title
    (343, 'Not working')
    """
    with asset_path("taxonomies", "occ1990dd.csv").open(encoding="utf-8", newline="") as file:
        rows = [Occupation(r["code"], r["title"], r["group"]) for r in csv.DictReader(file)]
    return Taxonomy("occ1990dd", tuple(rows))
