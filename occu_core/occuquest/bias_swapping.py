"""A text about somebody else: names, pronouns and words of kinship changed for their partners."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache

from occu_core.occuquest.bias_lists import (
    AFTER_OBJECT,
    CAUSING,
    DONE,
    LY_BUT_NO_ADVERB,
    NAMES,
    NAMES_BLACK_WHITE,
    PRONOUNS,
    WORDS,
)

_SPLIT = {"her": ("him", "his"), "his": ("hers", "her")}
"""What a word becomes without a noun after it, and with one."""

_WHOLE = {"him": "her", "hers": "his"}

_NEAR = 40
"""Characters around a word that decide what it becomes."""

_WORD = re.compile(r"(?<![\w-])[A-Za-z]+(?:'am)?(?![\w-])")


class Axis(StrEnum):
    """What is changed about somebody."""

    GENDER = "gender"
    NAMES = "names"


def swapped(text: str, axis: Axis, only: frozenset[str] | None = None) -> str:
    """A text about somebody else.

    Args:
        text: of any length.
        axis: what is changed; everybody in the text is.
        only: change these words alone, in small letters.

    >>> swapped("She gave her boss the report; Emma told her why.", Axis.GENDER)
    'He gave his boss the report; James told him why.'
    """
    words = _partners(axis)

    def changed(found: re.Match[str]) -> str:
        word = found[0]
        if only is not None and word.lower() not in only:
            return word
        if word in words:
            return words[word]
        around = (
            text[max(0, found.start() - _NEAR) : found.start()],
            text[found.end() : found.end() + _NEAR],
        )
        return _pronoun_or_word(word, around, axis)

    return _WORD.sub(changed, text)


def name_pairs(axis: Axis) -> tuple[tuple[str, str], ...]:
    """The names that take each other's place."""
    return NAMES if axis is Axis.GENDER else NAMES_BLACK_WHITE


def words_of(text: str) -> list[str]:
    """The words of a text that could be a name or a word for somebody; those with a - are none."""
    return _WORD.findall(text)


def sides(text: str, axis: Axis) -> set[int]:
    """Which of the two stand in a text: 0 for women or Black names, 1 for men or white names."""
    return {side for side in (0, 1) if any(_is_of(word, axis, side) for word in words_of(text))}


def _is_of(word: str, axis: Axis, side: int) -> bool:
    if word in {pair[side] for pair in name_pairs(axis)}:
        return True
    return axis is Axis.GENDER and word.lower() in _gendered(side)


@cache
def _gendered(side: int) -> frozenset[str]:
    own = {pair[side].lower() for pair in (*PRONOUNS, *WORDS)}
    return frozenset(own | ({"her", "hers"} if side == 0 else {"him", "his"}))


@cache
def _partners(axis: Axis) -> Mapping[str, str]:
    """Each name and the one that takes its place; names are told by their capital."""
    return _both_ways(name_pairs(axis))


@cache
def _plain() -> Mapping[str, str]:
    pairs = tuple((first.lower(), second.lower()) for first, second in (*PRONOUNS, *WORDS))
    return _both_ways(pairs)


def _both_ways(pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Where a word has two partners, the first stands."""
    found: dict[str, str] = {}
    for first, second in pairs:
        found.setdefault(first, second)
        found.setdefault(second, first)
    return found


def _pronoun_or_word(word: str, around: tuple[str, str], axis: Axis) -> str:
    """The other gender's word, written as this one is; the word itself where it has none."""
    if axis is not Axis.GENDER:
        return word
    small = word.lower()
    if small in _SPLIT:
        other = _SPLIT[small][_is_owner(*around)]
    else:
        other = _WHOLE.get(small) or _plain().get(small, "")
    if not other:
        return word
    if word.isupper() and len(word) > 1:
        return other.upper()
    return other.capitalize() if word[0].isupper() else other


def _is_owner(before: str, after: str) -> bool:
    """Whether what follows belongs to somebody: "her report", not "her." and not "her to"."""
    found = re.match(r"\s+[\"'“(]?([\w$-]+)", after)
    if found is None:
        return False
    word = found[1].lower()
    adverb = word.endswith("ly") and word not in LY_BUT_NO_ADVERB
    last = before.split()[-1:]
    does = word in DONE and bool(last) and last[0].lower() in CAUSING
    return not (adverb or does or word in AFTER_OBJECT)
