"""`occu sure`: a set of next states with a promise, its track record, and how unsure it is."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from occu_core.cli_output import json_text, refusals
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.explain import sure_words as words
from occu_core.explain.how_sure import HowSure, how_sure, sure_to_json
from occu_core.explain.prediction_sets import percent_of
from occu_core.explain.sure_files import sureness_of
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.models.support import outside_training
from occu_core.predictions import NOTE, predict


def sure_command(
    career: Annotated[
        str, typer.Argument(metavar="CAREER.json", help="A career as JSON; - reads it from stdin.")
    ],
    level: Annotated[
        str,
        typer.Option(metavar="SHARE", help="Of such sets, how many hold what happens: 0.5–0.99."),
    ] = "0.9",
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print a set that holds the next state at a chosen level, and how far to trust it."""
    with refusals():
        percent = percent_of(level)
        query = parse_query(_read(career), "stdin" if career == "-" else Path(career).name)
        sureness = sureness_of(model)
        answer = how_sure(predict(load_model(model), query), sureness, percent)
    for note in (*outside_training(answer.prediction.card, query), *words.caveats(answer), NOTE):
        typer.echo(f"note: {note}", err=True)
    typer.echo(json_text(sure_to_json(answer)) if as_json else _text(answer))


def _read(career: str) -> bytes:
    """The bytes of a career file, or one more than are allowed."""
    if career == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(career).open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _text(answer: HowSure) -> str:
    """The sentences, then the set by groups."""
    chosen, found = answer.chosen, answer.measurement
    sentences = [
        words.size(answer),
        words.promise(answer),
        words.no_promise(answer),
        *([words.measured(found)] if found else []),
        *(words.track_record(record) for record in answer.records),
        words.unsure(answer.unsure),
    ]
    lines = [f"{answer.prediction.query.year}, {chosen.percent}% set", *sentences]
    for group, count, probability in chosen.groups:
        lines += ["", f"{group}: {count}, {probability:.1%}"]
        lines += [f"{p:>9.3%}  {o.title} ({o.code})" for o, p in chosen.members if o.group == group]
    return "\n".join(lines)
