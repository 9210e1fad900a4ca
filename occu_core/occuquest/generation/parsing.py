"""What models wrote, read strictly: lists of the asked shape, repaired where that is safe."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import json_repair

from occu_core.endpoints import Reply
from occu_core.occuquest.generation.plan import Sizes, Stage
from occu_core.occuquest.generation.prompts import Brief, expected
from occu_core.occuquest.items import Message, Role

_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n|\n\s*```\s*$")
_THOUGHTS = re.compile(r"<think>.*?</think>", re.DOTALL)
_NUMBERING = re.compile(r"^\s*(?:\d{1,2}[.)]|[-*•])\s+")
_LONGEST = 2_000


class UnreadableError(ValueError):
    """Output that does not hold what was asked for: says what is wrong with it."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was found in a reply, and what was left out of it and why."""

    briefs: tuple[Brief, ...]
    faults: tuple[str, ...] = ()


def read_briefs(stage: Stage, brief: Brief, reply: Reply, sizes: Sizes) -> Read:
    """The next steps that a reply names, at most as many as were asked for.

    Raises:
        UnreadableError: if there is not one.
    """
    count = expected(stage, sizes)
    elements, faults = read_list(reply.text, cut=reply.cut)
    make = _MAKERS[stage]
    found: dict[str, Brief] = {}
    for element in elements:
        try:
            name, made = make(brief, element)
        except UnreadableError as error:
            faults.append(str(error))
            continue
        if name.casefold() in found:
            faults.append(f"{name[:60]!r} is named twice")
        elif len(found) < count:
            found[name.casefold()] = made
    if not found:
        raise UnreadableError("; ".join(faults) or "the list is empty")
    if len(found) < count:
        faults.append(f"{len(found)} of {count} found")
    return Read(tuple(found.values()), tuple(faults))


def read_dialogue(reply: Reply, sizes: Sizes) -> tuple[Message, ...]:
    """The turns of a dialogue: the user begins, both alternate, the assistant has the last word.

    Raises:
        UnreadableError: naming the first turn that is wrong, or if each side speaks only once.
    """
    elements, faults = read_list(reply.text, cut=reply.cut)
    turns = []
    for number, element in enumerate(elements[: 2 * sizes.turns]):
        due = Role.ASSISTANT if number % 2 else Role.USER
        if not isinstance(element, dict) or element.get("role") != due:
            raise UnreadableError(f"turn {number + 1} is not one of the {due}")
        turns.append(Message(due, _text(element.get("content"), f"turn {number + 1}", 8_000)))
    turns = turns[: len(turns) // 2 * 2]
    if len(turns) < 4:
        raise UnreadableError("; ".join(faults) or f"{len(turns)} turns; expected at least 4")
    return tuple(turns)


def read_text(reply: Reply) -> str:
    """An answer as plain text, without a model's thoughts before it."""
    return _THOUGHTS.sub("", reply.text).strip()


def read_list(text: str, *, cut: bool = False) -> tuple[list[object], list[str]]:
    """The elements of the list in a text, and what is wrong with it.

    Words and fences around it are passed over; an element that is not complete is left out.

    Raises:
        UnreadableError: if there is no list.

    >>> read_list('Sure: ["a", "b", "c is cu', cut=True)
    (['a', 'b'], ['the list breaks off'])
    """
    text = _FENCE.sub("", _THOUGHTS.sub("", text)).strip()
    start = text.find("[")
    if start < 0:
        raise UnreadableError("there is no list in it")
    try:
        found, _ = json.JSONDecoder().raw_decode(text, start)
        return list(found), []
    except (ValueError, RecursionError):
        pass
    broken_off = cut or "]" not in text[start:] or not text.rstrip("`. \n").endswith("]")
    try:
        repaired = json_repair.loads(text[start:])
    except (ValueError, RecursionError):
        repaired = None
    if not isinstance(repaired, list):
        raise UnreadableError("the list cannot be read")
    if broken_off:
        return repaired[:-1], ["the list breaks off"]
    return repaired, []


def _responsibility(brief: Brief, element: object) -> tuple[str, Brief]:
    name = _text(element, "a responsibility")
    return name, replace(brief, responsibility=name)


def _topic(brief: Brief, element: object) -> tuple[str, Brief]:
    if not isinstance(element, dict):
        raise UnreadableError(f"a topic is {str(element)[:60]!r}; expected an object")
    name = _text(element.get("topic"), "a topic")
    features = element.get("features")
    if not isinstance(features, Sequence) or isinstance(features, str) or not features:
        raise UnreadableError(f"the topic {name[:60]!r} has no list of features")
    told = tuple(_text(feature, "a feature") for feature in features[:8])
    return name, replace(brief, topic=name, features=told)


def _question(brief: Brief, element: object) -> tuple[str, Brief]:
    name = _text(element, "a question")
    return name, replace(brief, question=name)


_MAKERS: dict[Stage, Callable[[Brief, object], tuple[str, Brief]]] = {
    Stage.RESPONSIBILITIES: _responsibility,
    Stage.TOPICS: _topic,
    Stage.QUESTIONS: _question,
}


def _text(value: object, what: str, longest: int = _LONGEST) -> str:
    if not isinstance(value, str) or not value.strip():
        raise UnreadableError(f"{what} is {str(value)[:60]!r}; expected text")
    if len(value) > longest:
        raise UnreadableError(f"{what} has {len(value):,} characters; expected at most {longest:,}")
    return _NUMBERING.sub("", value).strip() if longest == _LONGEST else value.strip()
