"""Which questions and answers are kept: each is left out for the first fault it has."""

from __future__ import annotations

import re
from enum import StrEnum

from rapidfuzz import fuzz

from occu_core.occuquest.items import Message, Role

QUESTION_WORDS = (5, 120)
ANSWER_WORDS = (40, 600)
TURN_WORDS = (10, 400)
REPEATED = 90
"""Percent of likeness between a question and the beginning of its answer."""

ENGLISH_SHARE = 0.12
"""Least share of the commonest English words among a text's words; prose has 0.3 to 0.5."""

_REFUSAL = re.compile(
    r"^\W*(?:(?:i['’]?m|i am) (?:really |very |so )?(?:sorry|afraid)|sorry\b|i apologi[sz]e"
    r"|(?:unfortunately,? )?i (?:can(?:no|['’])t|am unable to|am not able to|won['’]t)"
    r" (?:help|assist|provide|answer|fulfil|comply|give|offer|do that))",
    re.IGNORECASE,
)
_PERSONA = re.compile(
    r"\b(?:as an? (?:ai|a\.i\.|artificial intelligence|(?:large )?language model|chat ?bot)\b"
    r"|i(?:['’]m| am) (?:just |only )?an? (?:ai|artificial intelligence|(?:large )?language model"
    r"|chat ?bot|virtual assistant)\b"
    r"|my (?:training data|knowledge cut-?off)\b"
    r"|(?:trained|developed|created) by (?:openai|anthropic|google|meta|mistral)\b)",
    re.IGNORECASE,
)
_COMMON = """
the a an and or of to in on for with by from at as is are was be been it this that these you your i
my we our they their he she not no do does did can should would will if when what how which who why
where than then so but have has had any all more most before after
"""
_ENGLISH = frozenset(_COMMON.split())


class Fault(StrEnum):
    """Why a question, an answer or a dialogue was left out."""

    TOO_SHORT = "too short"
    TOO_LONG = "too long"
    BROKEN_OFF = "breaks off"
    REFUSAL = "refuses"
    PERSONA = "speaks of being a program"
    REPEATED = "repeats the question"
    NOT_ENGLISH = "not English"
    NEAR_DUPLICATE = "nearly the same as another"


def question_fault(question: str, *, english_only: bool) -> Fault | None:
    """The first fault of a question."""
    if fault := _length(question, QUESTION_WORDS):
        return fault
    if _PERSONA.search(question):
        return Fault.PERSONA
    return Fault.NOT_ENGLISH if english_only and not looks_english(question) else None


def answer_fault(question: str, answer: str, *, cut: bool, english_only: bool) -> Fault | None:
    """The first fault of an answer; `cut` where it ran into the limit of tokens."""
    if cut:
        return Fault.BROKEN_OFF
    if _REFUSAL.search(answer):
        return Fault.REFUSAL
    if _PERSONA.search(answer):
        return Fault.PERSONA
    if _repeats(question, answer):
        return Fault.REPEATED
    if fault := _length(answer, ANSWER_WORDS):
        return fault
    return Fault.NOT_ENGLISH if english_only and not looks_english(answer) else None


def dialogue_fault(turns: tuple[Message, ...], *, english_only: bool) -> Fault | None:
    """The first fault in the assistant's turns of a dialogue, or in the language of all."""
    for turn in turns:
        said = turn.content
        if turn.role is Role.ASSISTANT and (fault := _length(said, TURN_WORDS)):
            return fault
        if turn.role is Role.ASSISTANT and _REFUSAL.search(said):
            return Fault.REFUSAL
        if _PERSONA.search(said):
            return Fault.PERSONA
    everything = " ".join(turn.content for turn in turns)
    return Fault.NOT_ENGLISH if english_only and not looks_english(everything) else None


def looks_english(text: str) -> bool:
    """Whether common English words are as frequent as in English prose, if not quite.

    >>> looks_english("How do I set the torque of a wheel nut?")
    True
    >>> looks_english("Wie stelle ich das Drehmoment einer Radmutter ein?")
    False
    """
    words = re.findall(r"[^\W\d_]+", text.casefold())
    return bool(words) and sum(w in _ENGLISH for w in words) >= ENGLISH_SHARE * len(words)


def _length(text: str, allowed: tuple[int, int]) -> Fault | None:
    words = len(text.split())
    if words < allowed[0]:
        return Fault.TOO_SHORT
    return Fault.TOO_LONG if words > allowed[1] else None


def _repeats(question: str, answer: str) -> bool:
    start = answer[: len(question)]
    return fuzz.ratio(question.casefold(), start.casefold()) >= REPEATED
