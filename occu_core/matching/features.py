"""What the matcher sees of a title: its words, their neighbours and order, and parts of words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from zlib import crc32

import numpy as np
import numpy.typing as npt

from occu_core.matching.normalising import singular, words

SHORTEST_PART, LONGEST_PART = 3, 5
MOST_WORDS = 24
"""Words of a title that are read; the longest title of the sources has fewer."""


def features(title: str) -> Iterator[str]:
    """The features of a title, each with a letter that says of what kind it is.

    >>> [one for one in features("Cooks") if one[0] != "c"]
    ['wcook', 'lcook', 'fcook']
    """
    read = words(title)[:MOST_WORDS]
    alike = [singular(word) for word in read]
    yield from (f"w{word}" for word in alike)
    yield from (f"b{first} {second}" for first, second in pairwise(alike))
    if alike:
        yield f"l{alike[-1]}"
        yield f"f{alike[0]}"
    for word in read:
        marked = f"<{word[:40]}>"
        for size in range(SHORTEST_PART, LONGEST_PART + 1):
            yield from (f"c{marked[i : i + size]}" for i in range(len(marked) - size + 1))


def hashed(found: Iterable[str]) -> npt.NDArray[np.uint32]:
    """Features as 32-bit numbers."""
    return np.fromiter((crc32(one.encode()) for one in found), np.uint32)


def is_readable(title: str) -> bool:
    """Whether there is a letter in a title."""
    return any(character.isalpha() for character in title)


@dataclass(frozen=True)
class Vocabulary:
    """The features and words learned from, as sorted hashes: no title can be read back from them.

    Attributes:
        hashes: of the features; a feature's place here is its row in every table of weights.
        known_words: of every singular word that was seen in training, in titles or other text.
    """

    hashes: npt.NDArray[np.uint32]
    known_words: npt.NDArray[np.uint32]

    def places(self, title: str) -> npt.NDArray[np.int64]:
        """The rows of a title's features, repeats included; unknown features have none."""
        return self.places_of(features(title))

    def places_of(self, found: Iterable[str]) -> npt.NDArray[np.int64]:
        """The rows of some features; unknown ones have none."""
        return _found(self.hashes, hashed(found))

    def unknown_words(self, title: str) -> tuple[str, ...]:
        """Words of a title that were never seen."""
        read = [word for word in words(title)[:MOST_WORDS] if word.isalpha()]
        return tuple(w for w in read if crc32(singular(w).encode()) not in self._known)

    @cached_property
    def _known(self) -> frozenset[int]:
        return frozenset(self.known_words.tolist())


def _found(table: npt.NDArray[np.uint32], wanted: npt.NDArray[np.uint32]) -> npt.NDArray[np.int64]:
    if not len(table):
        return np.zeros(0, np.int64)
    places = np.searchsorted(table, wanted)
    places[places == len(table)] = 0
    known: npt.NDArray[np.int64] = places[table[places] == wanted]
    return known
