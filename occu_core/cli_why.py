"""`occu why` and `occu observed`: what a prediction rests on, and what really followed."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from occu_core.careers import JobRecord
from occu_core.cli_output import json_text, refusals
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.explain.observed import FIRST, Observed, observed_transitions
from occu_core.explain.rationales import Rationale
from occu_core.explain.why import RAW, Why, why, why_csv, why_json
from occu_core.explain.why_words import rationale_in_words
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.predictions import NOTE

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def why_command(
    career: Annotated[
        str, typer.Argument(metavar="CAREER.json", help="A career as JSON; - reads it from stdin.")
    ],
    target: Annotated[
        str | None,
        typer.Option(
            metavar="CODE|TITLE", help="What to explain.", show_default="the likeliest state"
        ),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    as_json: JsonOption = False,
    as_csv: Annotated[
        bool, typer.Option("--csv", help="Print CSV, a row for each record.")
    ] = False,
) -> None:
    """Print what each record does to one next state, which suffice, and what really followed."""
    with refusals():
        if as_json and as_csv:
            raise ValueError("--json and --csv exclude each other; give one")
        query = parse_query(_read(career), "stdin" if career == "-" else Path(career).name)
        loaded = load_model(model)
        answer = why(loaded, query, loaded.taxonomy.find(target) if target is not None else None)
    for note in (RAW, NOTE):
        typer.echo(f"note: {note}", err=True)
    if as_csv:
        typer.echo(why_csv(answer), nl=False)
    else:
        typer.echo(json_text(why_json(answer)) if as_json else _text(answer))


def observed_command(
    occupation: Annotated[
        str,
        typer.Argument(
            metavar="CODE|TITLE", help=f"What came before; {FIRST!r} lists first records."
        ),
    ],
    top: Annotated[int, typer.Option(min=1, help="How many to show in each cohort.")] = 10,
    as_json: JsonOption = False,
) -> None:
    """Print what followed an occupation in the training survey; counts under 5 are hidden."""
    table = observed_transitions()
    with refusals():
        origin = None if occupation.strip() == FIRST else table.taxonomy.find(occupation)
    found = {cohort: table.after(cohort, origin)[:top] for cohort in table.cohorts}
    typer.echo(f"note: counted in the {table.data}", err=True)
    if as_json:
        listed = {cohort: [_entry(one) for one in seen] for cohort, seen in found.items()}
        typer.echo(json_text(listed))
        return
    for cohort, seen in found.items():
        total = table.of(cohort, origin, table.taxonomy.occupations[0]).total
        name = origin.title if origin else "Nothing (first records)"
        typer.echo(f"{cohort}, after {name}: {total} transitions")
        for one in seen:
            typer.echo(f"{one.count!s:>9} {_share(one):>7}  {one.target.title}")


def _read(career: str) -> bytes:
    """The bytes of a career file, or one more than are allowed."""
    if career == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(career).open("rb") as file:
        return file.read(MOST_BYTES + 1)


def _text(answer: Why) -> str:
    """Target, influences, rationale and counts as aligned text."""
    found, card = answer.influences, answer.prediction.card
    records = [
        f"{one.points:>+8.2f}  {_line(one.record)}"
        for one in sorted(found.records, key=lambda one: -abs(one.influence))
    ]
    return "\n".join(
        [
            f"{answer.target.title} ({answer.target.code}) in {found.query.year}:"
            f" {answer.probability:.2%}, number {answer.rank}"
            f" of {len(answer.prediction.distribution.taxonomy)}",
            f"model {card.name} {card.version}, trained on {card.data}",
            "",
            "influence of each record, in probability points",
            *(records or ["  no records"]),
            f"without any record {found.from_nothing:.2%}, with all {found.probability:.2%}",
            "",
            *(_rationale_lines(answer.rationale) if answer.rationale else []),
            "",
            "observed in the training survey",
            *(f"{one.cohort:>8}  {one.words}{_interval(one)}" for one in answer.observed),
        ]
    )


def _rationale_lines(found: Rationale) -> list[str]:
    steps = [
        f"{step.probability:>8.2%}  {'+ ' + _line(step.record) if step.record else 'no record'}"
        for step in found.steps
    ]
    return [rationale_in_words(found), *steps]


def _line(record: JobRecord) -> str:
    return f"{record.year}  {record.occupation.title}"


def _interval(one: Observed) -> str:
    if one.interval is None:
        return ""
    low, high = one.interval
    share = "" if one.share is None else f" = {one.share:.2%}"
    return f"{share} (95% interval {low:.2%}–{high:.2%})"


def _share(one: Observed) -> str:
    return "" if one.share is None else f"{one.share:.2%}"


def _entry(one: Observed) -> dict[str, object]:
    """Hidden counts stay hidden."""
    return {
        "code": one.target.code,
        "title": one.target.title,
        "count": one.count.most if one.count.exact else str(one.count),
        "share": one.share,
    }
