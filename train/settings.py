"""Training settings: a TOML file read into a frozen dataclass, with changes from the command."""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

S = TypeVar("S")


def load_settings(kind: type[S], path: Path, changes: Sequence[str] = ()) -> S:
    """Read `path` into a settings dataclass, refusing any key or type it does not know.

    `changes` are settings in place of the file's, written `name=value` as in TOML; a text needs no
    quotes.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SystemExit(f"{path}: there is no such settings file") from None
    except tomllib.TOMLDecodeError as error:
        raise SystemExit(f"{path}: is not TOML: {error}") from None
    for change in changes:
        name, equals, value = change.partition("=")
        if not equals:
            raise SystemExit(f"--set {change!r}: expected name=value")
        given[name.strip()] = _from_text(value.strip())
    fields = {field.name: field for field in dataclasses.fields(kind)}  # type: ignore[arg-type]
    if unknown := sorted(given.keys() - fields.keys()):
        raise SystemExit(
            f"{path}: unknown setting {', '.join(unknown)}; {kind.__name__} has {', '.join(fields)}"
        )
    for name, value in given.items():
        given[name] = _converted(value, _name(fields[name].type), f"{path}: {name}")
    return kind(**given)


def _from_text(value: str) -> object:
    """A value as TOML reads it, or a text where it does not."""
    try:
        return tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return value


def _name(annotation: object) -> str:
    """An annotation as it is written, whether or not its module postpones them."""
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)


def _converted(value: Any, annotation: str, where: str) -> object:  # noqa: ANN401
    """A TOML value as its field's type: whole numbers may stand for floats, arrays for tuples."""
    if annotation == "float" and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if annotation.startswith("tuple") and isinstance(value, list):
        return tuple(value)
    if annotation == "Path" and isinstance(value, str):
        return Path(value)
    if annotation != type(value).__name__:
        raise SystemExit(f"{where} is {value!r}; expected {annotation}")
    return value
