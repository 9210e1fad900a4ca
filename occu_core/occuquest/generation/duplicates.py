"""Questions that say nearly the same as an earlier one, of the same occupation or another."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from datasketch import MinHash, MinHashLSH

THRESHOLD = 0.7
"""Jaccard similarity of two questions' pairs of neighbouring words from which they are alike.

Changing one word of ten gives 8 of 12 pairs, 0.67, and is kept; one of fifteen gives 0.76.
"""

_CANDIDATES, _PERMUTATIONS = 0.5, 128


def near_duplicates(questions: Sequence[str]) -> dict[int, int]:
    """For each question that is nearly the same as an earlier kept one, the position of that one.

    MinHash finds candidates, so that the time grows with the questions and not with their pairs;
    the similarity that decides is exact.
    """
    index = MinHashLSH(threshold=_CANDIDATES, num_perm=_PERMUTATIONS)
    kept: dict[int, frozenset[str]] = {}
    found: dict[int, int] = {}
    for position, question in enumerate(questions):
        pairs = word_pairs(question)
        sketch = MinHash(num_perm=_PERMUTATIONS, seed=1)
        sketch.update_batch([pair.encode() for pair in pairs])
        alike = [
            other for other in index.query(sketch) if similarity(pairs, kept[other]) >= THRESHOLD
        ]
        if alike:
            found[position] = min(alike)
        else:
            index.insert(position, sketch)
            kept[position] = pairs
    return found


def word_pairs(text: str) -> frozenset[str]:
    """Neighbouring words of a text, its ends counted as words.

    >>> sorted(word_pairs("Is it hot?"))
    ['<s> is', 'hot </s>', 'is it', 'it hot']
    """
    words = ["<s>", *re.findall(r"\w+", text.casefold()), "</s>"]
    return frozenset(f"{a} {b}" for a, b in pairwise(words))


def similarity(one: frozenset[str], other: frozenset[str]) -> float:
    """Jaccard: what two sets share, of all they have."""
    return len(one & other) / len(one | other)
