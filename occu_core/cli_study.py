"""`occu study`: blind comparisons of answers, and what the votes say."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from occu_core import cli_study_compare, cli_study_store
from occu_core.cli_output import json_text, refusals

app = typer.Typer(
    help="Compare answers side by side, and report what the votes say.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
cli_study_store.register(app)
cli_study_compare.register(app)
_FORMATS = "tulu|pandalm|llmbar|arena|mtbench|csv"


@app.callback()
def study_command() -> None:
    """Compare answers side by side, and report what the votes say."""


@app.command("report")
def report_command(  # noqa: PLR0913 - one argument for each option
    votes: Annotated[
        Path,
        typer.Argument(
            metavar="VOTES",
            help="A file of votes, .gz allowed; or a bundle of `occu study export`.",
        ),
    ],
    *,
    layout: Annotated[
        str | None,
        typer.Option(
            "--format", metavar=_FORMATS, help="Whose layout the file has; a bundle needs none."
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a CSV calls a field; repeatable."),
    ] = None,
    criterion: Annotated[
        str | None, typer.Option(help="Report the votes on this criterion only.")
    ] = None,
    margin: Annotated[
        float, typer.Option(help="A win rate within 1/2 ± this makes no meaningful difference.")
    ] = 0.05,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
    drop_identical: Annotated[
        bool, typer.Option("--drop-identical", help="Leave out votes on identical answers.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print win rates, habits, agreement and rankings from a file of votes."""
    # Statistics load slowly, and only this command needs them.
    from occu_core.pairwise.bundle import read_bundle
    from occu_core.pairwise.importing import layout_named, load_votes, mapped_columns
    from occu_core.pairwise.report import Settings, study_report
    from occu_core.pairwise.report_json import report_json
    from occu_core.pairwise.report_words import report_text

    with refusals():
        settings = Settings(seed, margin, criterion, drop_identical)
        if layout is None:
            report = study_report(read_bundle(votes), settings)
        else:
            read = load_votes(votes, layout_named(layout), mapped_columns(columns or []))
            report = study_report(read, settings)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(json_text(report_json(report)) if as_json else report_text(report))
