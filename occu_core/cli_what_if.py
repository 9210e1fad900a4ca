"""`occu whatif`: what changes when a career does, what of it is noise, and sweeps."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from occu_core.careers import Query
from occu_core.cli_output import json_text, refusals
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.explain import what_if_words as words
from occu_core.explain.case_changes import changed, read_change, shown
from occu_core.explain.seed_spread import load_seed_models
from occu_core.explain.sweeps import (
    ASSOCIATION,
    TOP_OCCUPATIONS,
    Sweep,
    read_sweep,
    sweep,
    values_of,
)
from occu_core.explain.what_if import Shift, WhatIf, answer, compare
from occu_core.explain.what_if_exports import sweep_to_csv, sweep_to_json, to_csv, to_json
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.models.support import outside_training
from occu_core.predictions import NOTE, Prediction

_MOST_SHOWN = 20
_NOTHING = (
    "nothing to compare; give --set FIELD=VALUE, --with OTHER.json, --with-model NAME or"
    " --sweep FIELD"
)


def whatif_command(  # noqa: PLR0913 - one argument for each option
    career: Annotated[
        str,
        typer.Argument(metavar="CAREER.json", help="The pinned case; - reads it from stdin."),
    ],
    *,
    changes: Annotated[
        list[str] | None,
        typer.Option(
            "--set",
            metavar="FIELD=VALUE",
            help="Change job (or job.YEAR), year, education, birth_year, sex, race_ethnicity or"
            " region; again for more.",
        ),
    ] = None,
    swept: Annotated[
        str | None,
        typer.Option(
            "--sweep",
            metavar="FIELD[=A-B]",
            help="Go through all values of education, region, sex, race_ethnicity, birth_year or"
            " year instead; years from A to B if given.",
        ),
    ] = None,
    other: Annotated[
        str | None,
        typer.Option("--with", metavar="OTHER.json", help="Another case beside the pinned one."),
    ] = None,
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    other_model: Annotated[
        str | None,
        typer.Option(
            "--with-model",
            metavar="NAME|FOLDER",
            help="Who answers the changed case.",
            show_default="the same model",
        ),
    ] = None,
    top: Annotated[
        int | None,
        typer.Option(
            min=1, help="How many occupations to show.", show_default="10; all in JSON, 5 in sweeps"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV, with all states.")] = False,
) -> None:
    """Print what changes in percentage points when a career does, beside the noise floor."""
    with refusals():
        if as_json and as_csv:
            raise ValueError("--json and --csv: expected one of them")
        pinned = _read(career)
        case = changed(_read(other) if other else pinned, map(read_change, changes or []))
        if swept is not None:
            if other or other_model:
                raise ValueError("--sweep goes with --set and --model only, not with a second side")
            _print_sweep(_swept(case, swept, model), top, as_json=as_json, as_csv=as_csv)
            return
        if not (changes or other or other_model):
            raise ValueError(_NOTHING)
        found = _compared(pinned, case, model, other_model or model)
    _notes(found.before, found.after)
    if as_json or as_csv:
        typer.echo(to_csv(found).rstrip("\n") if as_csv else json_text(to_json(found, top)))
        return
    typer.echo(_text(found, top or 10))


def _read(career: str) -> Query:
    if career == "-":
        return parse_query(sys.stdin.buffer.read(MOST_BYTES + 1), "stdin")
    with Path(career).open("rb") as file:
        return parse_query(file.read(MOST_BYTES + 1), Path(career).name)


def _compared(pinned: Query, case: Query, model: str, other_model: str) -> WhatIf:
    seeds = load_seed_models()
    first = load_model(model)
    second = first if other_model == model else load_model(other_model)
    return compare(answer(first, seeds, pinned), answer(second, seeds, case))


def _swept(case: Query, swept: str, model: str) -> Sweep:
    field, span = read_sweep(swept)
    loaded = load_model(model)
    values = values_of(case, field, loaded.card, span)
    return sweep(case, field, values, partial(answer, loaded, load_seed_models()))


def _print_sweep(found: Sweep, top: int | None, *, as_json: bool, as_csv: bool) -> None:
    _notes(*(point.prediction for point in found.points))
    if as_json:
        typer.echo(json_text(sweep_to_json(found, top or TOP_OCCUPATIONS)))
    elif as_csv:
        typer.echo(sweep_to_csv(found, top).rstrip("\n"))
    else:
        typer.echo(_sweep_text(found, top or TOP_OCCUPATIONS))


def _notes(*predictions: Prediction) -> None:
    """Where a question lies outside what a model saw, and what the numbers are not for."""
    notes = [note for one in predictions for note in outside_training(one.card, one.query)]
    for note in (*dict.fromkeys(notes), NOTE):
        typer.echo(f"note: {note}", err=True)


def _text(found: WhatIf, top: int) -> str:
    """What differs, the four parts, then the largest changes, as aligned text."""
    lines = [
        words.what_differs(found),
        *(
            f"{name}: model {side.card.name} {side.card.version}, {side.query.year}"
            for name, side in (("pinned", found.before), ("changed", found.after))
        ),
        "",
        f"{'pinned':>8} {'changed':>8}  {'points':>6}  noise",
        *(_line(part) for part in found.parts),
        "",
        f"largest {min(top, len(found.shifts))} changes of {len(found.shifts)} states",
        *(_line(shift) for shift in found.shifts[:top]),
        "",
        words.summary(found),
        words.noise_in_words(found),
    ]
    return "\n".join(lines)


def _line(shift: Shift) -> str:
    cells = ["–" if share is None else f"{share:.2%}" for share in (shift.before, shift.after)]
    change = "–" if shift.change is None else words.points(shift.change)
    noise = "–" if shift.noise is None else f"±{words.points(shift.noise, sign=False)}"
    flag = "  within noise" if shift.within_noise else ""
    return f"{cells[0]:>8} {cells[1]:>8}  {change:>6}  {noise:<6} {shift.name}{flag}"


def _sweep_text(found: Sweep, top: int) -> str:
    lines = [f"{found.field.value} over all its values: {ASSOCIATION}"]
    for code, name in found.outcomes(top):
        lines += ["", name]
        for point, shift in zip(found.points, found.row(code, name), strict=True):
            value = shown(point.value)
            own = "  (the case as it is)" if point.prediction.query == found.case.query else ""
            lines.append(
                f"{shift.after or 0:>8.2%}  {words.change_and_noise(shift):<14} {value}{own}"
            )
        lines.append(f"{'':10}{words.gap_in_words(found, found.widest_gap(code, name))}")
    return "\n".join([*lines, "", words.noise_in_words(found.points[0].what_if)])
