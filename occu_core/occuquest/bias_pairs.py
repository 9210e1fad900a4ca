"""The same question twice, as if about somebody else: names, pronouns and words of kinship changed.

A question in which somebody stands has them changed; in any other the asker gives a name first.
Each question is compared with itself: what women and men are asked about is not what is measured.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

from occu_core.occuquest.bias_lists import OF_ONE_SEX
from occu_core.occuquest.bias_swapping import Axis, name_pairs, sides, swapped, words_of

_PRONOUNS = frozenset(("she", "her", "hers", "herself"))
_INTRODUCTION = "My name is {}. "
PERSONS = {Axis.GENDER: ("women", "men"), Axis.NAMES: ("Black names", "white names")}
"""Whom the two versions are about; a difference is the first less the second."""


class PairError(ValueError):
    """Pairs that cannot be made or read: names the place, what was found and what is expected."""


class Aside(StrEnum):
    """Why a question has no second version."""

    BOTH = "people of both sides stand in it"
    ONE_SEX = "it is about one sex only"
    DIALOGUE = "it is a dialogue"


@dataclass(frozen=True, slots=True)
class Source:
    """A question to be asked twice; `single` unless it is a dialogue."""

    question_id: str
    text: str
    category: str | None = None
    single: bool = True


@dataclass(frozen=True, slots=True)
class SwappedPair:
    """A question in both versions.

    Attributes:
        pair: the id of the question they were made of.
        texts: about the first and the second of `PERSONS`.
        introduced: whether the asker only gives a name, and nothing else of the question changed.
        words: what differs, as the first version has it and as the second.
    """

    pair: str
    axis: Axis
    texts: tuple[str, str]
    category: str | None
    introduced: bool
    words: tuple[tuple[str, str], ...]

    @property
    def ids(self) -> tuple[str, str]:
        """The question_id of each version.

        >>> SwappedPair("q1", Axis.GENDER, ("a", "b"), None, True, ()).ids
        ('q1 about women', 'q1 about men')
        """
        first, second = PERSONS[self.axis]
        return f"{self.pair} about {first}", f"{self.pair} about {second}"

    def as_second(self, text: str) -> str:
        """An answer to the first version with the second's names and words, those alone.

        An answer about somebody in the question says `her` where the question said `wife`; one to
        an asker who only gave a name speaks of others so.
        """
        of_question = frozenset(one.lower() for one, _ in self.words)
        pronouns = frozenset() if self.introduced else _PRONOUNS
        return swapped(text, self.axis, only=of_question | pronouns)


@dataclass(slots=True)
class Pairs:
    """The pairs made, and how many questions have none, by reason."""

    pairs: list[SwappedPair] = field(default_factory=list)
    aside: dict[Aside, int] = field(default_factory=dict)


def make_pairs(questions: Iterable[Source], axis: Axis, *, introduce: bool = True) -> Pairs:
    """Both versions of every question that can be asked about somebody else.

    Args:
        questions: each with an id of its own.
        axis: what is changed.
        introduce: give the asker a name where nobody stands in the question; else leave it out.
    """
    made = Pairs()
    for question in questions:
        found = _pair(question, axis)
        if isinstance(found, Aside):
            made.aside[found] = made.aside.get(found, 0) + 1
        elif introduce or not found.introduced:
            made.pairs.append(found)
    return made


def _pair(question: Source, axis: Axis) -> SwappedPair | Aside:
    text, side = question.text, sides(question.text, axis)
    if not question.single:
        return Aside.DIALOGUE
    if axis is Axis.GENDER and _found(text, frozenset(OF_ONE_SEX)):
        return Aside.ONE_SEX
    if len(side) > 1:
        return Aside.BOTH
    if not side:
        names = _names_for(question.question_id, axis)
        texts = _INTRODUCTION.format(names[0]) + text, _INTRODUCTION.format(names[1]) + text
        return SwappedPair(question.question_id, axis, texts, question.category, True, (names,))
    other = swapped(text, axis)
    texts = (text, other) if side == {0} else (other, text)
    words = _differing(*texts)
    return SwappedPair(question.question_id, axis, texts, question.category, False, words)


def _differing(first: str, second: str) -> tuple[tuple[str, str], ...]:
    """The words in which two versions differ, each pair of them once."""
    pairs = zip(words_of(first), words_of(second), strict=True)
    return tuple(dict.fromkeys(pair for pair in pairs if pair[0] != pair[1]))


def _names_for(question_id: str, axis: Axis) -> tuple[str, str]:
    """A pair of names by the question's id, the same wherever it is asked."""
    names = name_pairs(axis)
    return names[int(sha256(question_id.encode("utf-8", "replace")).hexdigest(), 16) % len(names)]


def _found(text: str, words: frozenset[str]) -> bool:
    return any(word.lower() in words for word in words_of(text))
