"""How public instruction datasets lay out a row, and the item that each row is.

OccuQuest (Xue et al. 2023) and Tulu have `messages`; ShareGPT and later WizardLM-Evol have
`conversations`; Alpaca, Dolly and the first WizardLM-Evol have an instruction and its answer.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from occu_core.occuquest.item_files import ItemFileError, from_json, messages_of, text_of
from occu_core.occuquest.items import Item, Message, Role

Fields = Mapping[str, object]
PROMPT_FIELDS = ("prompt", "question", "instruction", "query", "text", "turns")
_ROLES = {
    "system": Role.SYSTEM,
    "human": Role.USER,
    "user": Role.USER,
    "prompter": Role.USER,
    "gpt": Role.ASSISTANT,
    "chatgpt": Role.ASSISTANT,
    "bard": Role.ASSISTANT,
    "bing": Role.ASSISTANT,
    "assistant": Role.ASSISTANT,
}


class Layout(StrEnum):
    """The layouts that are read, by the dataset that made each known."""

    OCCUQUEST = "occuquest"
    MESSAGES = "messages"
    SHAREGPT = "sharegpt"
    DOLLY = "dolly"
    ALPACA = "alpaca"
    WIZARDLM = "wizardlm"
    PROMPTS = "prompts"


def recognise(contents: Sequence[object]) -> Layout | None:
    """The layout of most of the first rows, the earlier in `Layout` where two are as common."""
    found = [layout for content in contents if (layout := layout_of(content))]
    return max(Layout, key=found.count) if found else None


def layout_of(content: object) -> Layout | None:
    """The layout of a row by the names of its fields; None where it is none of them."""
    if isinstance(content, str):
        return Layout.PROMPTS
    if not isinstance(content, Mapping):
        return None
    for layout, needed in _NEEDED.items():
        if needed <= content.keys():
            return layout
    return Layout.PROMPTS if _prompt_field(content) else None


def item_of(content: object, layout: Layout) -> Item:
    """The item that a row of this layout is; what has no category of its own gets its tag's.

    Raises:
        ItemFileError: naming the field, what was found and what is expected.
    """
    try:
        item = _tagged(_READERS[layout](content), content)
        item.item_id  # noqa: B018 - cannot be computed of text that is not
    except ItemFileError:
        raise
    except UnicodeEncodeError:
        raise ItemFileError("holds bytes or half characters that are no text") from None
    except ValueError as error:
        raise ItemFileError(str(error)) from None
    return item


def _tagged(item: Item, content: object) -> Item:
    if item.category or not isinstance(content, Mapping) or "tag_category" not in content:
        return item
    category, occupation = (text_of(content, f"tag_{name}") for name in ("category", "occupation"))
    return replace(item, category=category, occupation=item.occupation or occupation)


def _occuquest(content: object) -> Item:
    return from_json(content)


def _messages(content: object) -> Item:
    return Item(messages_of(_fields(content).get("messages")))


def _sharegpt(content: object) -> Item:
    """Turns of `from, value`; empty turns, which browser extensions left behind, are passed over.

    Raises:
        ItemFileError: naming the turn.
    """
    turns = _fields(content).get("conversations")
    if not isinstance(turns, list) or not turns:
        raise ItemFileError(f"conversations is {str(turns)[:60]!r}; expected a list of turns")
    messages = []
    for number, turn in enumerate(turns, start=1):
        if not isinstance(turn, Mapping) or not isinstance(turn.get("value"), str):
            raise ItemFileError(f"turn {number} has no text; expected `from` and `value`")
        role = _ROLES.get(str(turn.get("from")).lower())
        if role is None:
            raise ItemFileError(
                f"turn {number}: from is {turn.get('from')!r}; expected one of {', '.join(_ROLES)}"
            )
        messages += [Message(role, turn["value"])] if turn["value"].strip() else []
    return Item(tuple(messages))


def _asked_and_answered(below: str, answer: str) -> Callable[[object], Item]:
    """Readers of an instruction, what stands below it, and its answer."""

    def read(content: object) -> Item:
        row = _fields(content)
        asked = [text_of(row, name) for name in ("instruction", below) if name]
        return _turn("\n\n".join(filter(None, asked)), text_of(row, answer))

    return read


def _prompts(content: object) -> Item:
    """A prompt alone, as text or in a field; a list in it is the turns of the user."""
    if isinstance(content, str):
        return _turn(content, None)
    row = _fields(content)
    name = _prompt_field(row)
    if name is None:
        raise ItemFileError(f"no prompt; expected text or a field {', '.join(PROMPT_FIELDS)}")
    if isinstance(turns := row[name], list):
        return Item(tuple(Message(Role.USER, str(turn)) for turn in turns))
    return _turn(text_of(row, name), None)


def _turn(question: str | None, answer: str | None) -> Item:
    if not question or not question.strip():
        raise ItemFileError("nothing is asked: expected a text")
    messages = [Message(Role.USER, question)]
    return Item((*messages, Message(Role.ASSISTANT, answer)) if answer else tuple(messages))


def _prompt_field(row: Fields) -> str | None:
    """The row's own spelling of the first prompt field that it has."""
    known = {name.casefold(): name for name in row if isinstance(name, str)}
    return next((known[name] for name in PROMPT_FIELDS if name in known), None)


def _fields(content: object) -> Fields:
    if not isinstance(content, Mapping):
        raise ItemFileError(f"is {str(content)[:60]!r}; expected an object with named fields")
    return content


_NEEDED: Mapping[Layout, set[str]] = {
    Layout.OCCUQUEST: {"messages", "occupation"},
    Layout.MESSAGES: {"messages"},
    Layout.SHAREGPT: {"conversations"},
    Layout.DOLLY: {"instruction", "response"},
    Layout.ALPACA: {"instruction", "input", "output"},
    Layout.WIZARDLM: {"instruction", "output"},
}
_READERS: Mapping[Layout, Callable[[object], Item]] = {
    Layout.OCCUQUEST: _occuquest,
    Layout.MESSAGES: _messages,
    Layout.SHAREGPT: _sharegpt,
    Layout.DOLLY: _asked_and_answered("context", "response"),
    Layout.ALPACA: _asked_and_answered("input", "output"),
    Layout.WIZARDLM: _asked_and_answered("", "output"),
    Layout.PROMPTS: _prompts,
}
