"""How every command of `occu` answers: JSON for programs, refusals as lines with exit code 2."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager

import typer


@contextmanager
def refusals() -> Iterator[None]:
    """What cannot be used ends the command with its message, one line each, and exit code 2."""
    try:
        yield
    except OSError as error:
        message = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    except ValueError as error:
        message = str(error)
    else:
        return
    for line in message.splitlines():
        typer.echo(f"error: {line}", err=True)
    raise typer.Exit(2)


def json_text(value: object) -> str:
    """A value as JSON for people and programs."""
    return json.dumps(value, indent=2, ensure_ascii=False)


def span_of_years(text: str) -> tuple[int, int]:
    """The first and last year of `--years 1997-2011`.

    Raises:
        ValueError: if it is no span, or ends before it begins.
    """
    found = re.fullmatch(r"([0-9]{4})[-–]([0-9]{4})", text)
    if not found:
        raise ValueError(f"--years {text[:40]!r} is not a span of years; expected 1997-2011")
    first, last = int(found[1]), int(found[2])
    if first > last:
        raise ValueError(f"--years {text!r} ends before it begins; expected {last}-{first}")
    return first, last
