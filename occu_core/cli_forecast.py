"""`occu forecast`: sampled futures of one career, by year and as typical paths."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from occu_core.careers import Query
from occu_core.cli_output import json_text, refusals
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.explain.education_paths import EducationRule
from occu_core.explain.forecast_exports import education_in_words, notes, paths_csv, to_json
from occu_core.explain.forecasts import (
    Forecast,
    ForecastSettings,
    Share,
    forecast,
    forecast_years,
    states_of_year,
)
from occu_core.explain.typical_paths import TypicalPath, typical_paths
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.predictions import NOTE

_TOP = 3


def forecast_command(  # noqa: PLR0913 - one argument for each option
    career: Annotated[
        str, typer.Argument(metavar="CAREER.json", help="A career as JSON; - reads it from stdin.")
    ],
    *,
    years: Annotated[int, typer.Option(help="How many, from the career's query year on.")] = 10,
    paths: Annotated[int, typer.Option(help="How many futures to sample.")] = 200,
    seed: Annotated[int, typer.Option(help="The same seed gives the same futures.")] = 1,
    education: Annotated[
        EducationRule, typer.Option(help="Held, or changing as it did in the surveys.")
    ] = EducationRule.FIXED,
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    types: Annotated[int, typer.Option(help="How many typical paths to show.")] = 5,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with all states.")] = False,
    paths_out: Annotated[
        Path | None,
        typer.Option("--paths-out", metavar="FILE.csv", help="Write every sampled path here."),
    ] = None,
) -> None:
    """Print where sampled futures of one career stand in each year, and typical ones."""
    with refusals():
        settings = ForecastSettings(years, paths, seed, education)
        query = _read(career)
        forecast_years(query, settings.years)
        _check_new_file(paths_out)
        found = _sampled(model, query, settings)
        typical = typical_paths(found, types)
        if paths_out is not None:
            _write(paths_csv(found), paths_out)
    for note in (*notes(found.card, query, found.years), NOTE):
        typer.echo(f"note: {note}", err=True)
    typer.echo(json_text(to_json(found, typical)) if as_json else _text(found, typical))


def _read(career: str) -> Query:
    if career == "-":
        return parse_query(sys.stdin.buffer.read(MOST_BYTES + 1), "stdin")
    with Path(career).open("rb") as file:
        return parse_query(file.read(MOST_BYTES + 1), Path(career).name)


def _check_new_file(path: Path | None) -> None:
    """Refuse, before any work, a place where no file can be written."""
    if path is None:
        return
    if not path.parent.is_dir():
        raise ValueError(f"--paths-out {path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        raise ValueError(f"--paths-out {path}: is a folder; expected a file such as paths.csv")


def _write(text: str, path: Path) -> None:
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_text(text, encoding="utf-8")
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _sampled(model: str, query: Query, settings: ForecastSettings) -> Forecast:
    """Sample with a progress bar on standard error; Ctrl-C ends it."""
    loaded = load_model(model)
    with typer.progressbar(length=settings.years, label="years", file=sys.stderr) as bar:

        def advance(done: int, steps: int) -> None:
            bar.length = steps
            bar.update(done - bar.pos)

        return forecast(loaded, query, settings, advance)


def _text(found: Forecast, typical: tuple[TypicalPath, ...]) -> str:
    """The likeliest states of each year with their Monte-Carlo intervals, then typical paths."""
    card, settings = found.card, found.settings
    lines = [
        f"{settings.paths} futures {found.years[0]}–{found.years[-1]}, seed {settings.seed}",
        f"model {card.name} {card.version}, trained on {card.data}",
        f"education: {education_in_words(found)}",
        "shares of futures, with the 95% interval of sampling them (Wilson)",
        "",
    ]
    for year in found.years:
        for place, (occupation, share) in enumerate(states_of_year(found, year)[:_TOP]):
            lines.append(f"{'' if place else year!s:>4}  {_percent(share)}  {occupation.title}")
    lines += ["", f"{len(typical)} typical futures (k-medoids), and the share each stands for"]
    for path in typical:
        spells = "; ".join(
            f"{s.first_year}–{s.last_year} {s.occupation.title}" for s in path.spells(found.years)
        )
        lines.append(f"{_percent(path.share)}  {spells}")
    return "\n".join(lines)


def _percent(share: Share) -> str:
    return f"{share.value:>6.1%} ({share.low:.1%}–{share.high:.1%})"
