"""Items as JSON lines: the released OccuQuest layout, with what ours keeps besides."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from occu_core.occuquest.items import Item, Message, Origin, Role

_TEXTS = ("category", "occupation", "responsibility", "topic")
_ORIGIN = ("source_model", "prompt_version", "made_at")


class ItemFileError(ValueError):
    """A row that is no item, or a file that is not one of items: names row, field and value."""


def to_json(item: Item) -> dict[str, object]:
    """An item as a JSON row; what is unknown is left out, besides the released four fields."""
    origin = {name: getattr(item.origin, name) for name in _ORIGIN}
    row: dict[str, object] = {
        "id": item.item_id,
        "category": item.category,
        "occupation": item.occupation,
        "responsibility": item.responsibility,
        "topic": item.topic,
        "features": list(item.features),
        "messages": [{"role": m.role.value, "content": m.content} for m in item.messages],
        **origin,
    }
    always = {"category", "occupation", "topic", "messages"}
    return {name: value for name, value in row.items() if value or name in always}


def from_json(row: object) -> Item:
    """The item of a row; its `id` is not read, since what is said decides it.

    Raises:
        ItemFileError: naming the field that is wrong, what was found and what is expected.
    """
    if not isinstance(row, Mapping):
        raise ItemFileError(f"is {_shown(row)}; expected an object with `messages`")
    features = row.get("features")
    if features is not None and not _all_texts(features):
        raise ItemFileError(f"features is {_shown(features)}; expected a list of texts")
    try:
        return Item(
            messages_of(row.get("messages")),
            **{name: text_of(row, name) for name in _TEXTS},
            features=tuple(features or ()),
            origin=Origin(**{name: text_of(row, name) for name in _ORIGIN}),
        )
    except ItemFileError:
        raise
    except ValueError as error:
        raise ItemFileError(str(error)) from None


def messages_of(written: object) -> tuple[Message, ...]:
    """The turns of a conversation, each an object with `role` and `content`."""
    if not isinstance(written, list) or not written:
        raise ItemFileError(f"messages is {_shown(written)}; expected a list with `role, content`")
    return tuple(_message(turn, number) for number, turn in enumerate(written, start=1))


def text_of(row: Mapping[str, object], name: str) -> str | None:
    """A field of text, stripped; None where it is missing, null or empty."""
    value = row.get(name)
    if value is None or isinstance(value, str):
        return (value or "").strip() or None
    raise ItemFileError(f"{name} is {_shown(value)}; expected text or null")


def save_items(items: Iterable[Item], path: Path) -> int:
    """Write items as JSON lines and say how many; the file appears only once it is whole."""
    descriptor, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    written = 0
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            for item in items:
                file.write(json.dumps(to_json(item), ensure_ascii=False) + "\n")
                written += 1
        Path(partial).chmod(0o644)
        Path(partial).replace(path)
    finally:
        Path(partial).unlink(missing_ok=True)
    return written


def read_items(path: Path) -> Iterator[Item]:
    """Read a file that `save_items` wrote, one item at a time; empty lines are nothing.

    Raises:
        ItemFileError: at the first row that is no item. `reading.read_dataset` keeps such rows
            aside instead, and reads other layouts.
    """
    with path.open("rb") as file:
        for number, line in enumerate(file, start=1):
            if not line.strip():
                continue
            try:
                yield from_json(json.loads(line))
            except ItemFileError as error:
                raise ItemFileError(f"{path.name} row {number}: {error}") from None
            except (ValueError, RecursionError):
                raise ItemFileError(f"{path.name} row {number}: is not JSON") from None


def _message(turn: object, number: int) -> Message:
    if not isinstance(turn, Mapping):
        raise ItemFileError(f"message {number} is {_shown(turn)}; expected `role` and `content`")
    role, content = turn.get("role"), turn.get("content")
    if not isinstance(role, str) or role not in set(Role):
        raise ItemFileError(
            f"message {number}: role is {_shown(role)}; expected one of {', '.join(Role)}"
        )
    if not isinstance(content, str):
        raise ItemFileError(f"message {number}: content is {_shown(content)}; expected text")
    try:
        return Message(Role(role), content)
    except ValueError:
        raise ItemFileError(f"message {number}: content is empty; expected text") from None


def _all_texts(values: object) -> bool:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


def _shown(value: object) -> str:
    """A wrong value as an error shows it; missing and null are alike."""
    return "missing" if value is None else repr(value)[:60]
