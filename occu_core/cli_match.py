"""`occu match`: what people call a job to its occupations, one title or a whole column."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from occu_core.matching.column import ColumnCount
    from occu_core.matching.matcher import Match


def match_command(  # noqa: PLR0913 - one argument for each option
    title: Annotated[
        str | None, typer.Argument(metavar="TITLE", help="A job title, as 'asst mgr'.")
    ] = None,
    *,
    table: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv[.gz]", help="Code a column of this table, CSV or TSV."),
    ] = None,
    column: Annotated[str, typer.Option(help="The column of titles.")] = "title",
    out: Annotated[
        Path | None, typer.Option(metavar="OUT.csv[.gz]", help="Where the coded table goes.")
    ] = None,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace match_ columns that are there already.")
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(min=1, max=341, help="How many occupations to show for a title: 5 if not."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Print the likeliest occupations of a job title, or add them to a table of titles.

    A table gets four columns: match_code, match_occupation, match_confidence (the probability that
    this code is right) and match_top5, five codes joined by |.
    """
    with refusals():
        if (title is None) == (table is None):
            raise ValueError("expected a TITLE or a table of them: occu match --table FILE --out …")
        if title is not None:
            if out is not None or overwrite:
                raise ValueError("--out and --overwrite go with --table")
            _print_title(title, top or 5, as_json=as_json)
        elif table is not None:
            if out is None or top is not None:
                raise ValueError("--table goes with --out OUT.csv, and without --top")
            _code(table, column, out, overwrite=overwrite, as_json=as_json)


def _print_title(title: str, top: int, *, as_json: bool) -> None:
    from occu_core.matching.match_words import caution, in_json
    from occu_core.matching.matcher import load_matcher

    match = load_matcher().match([title], top)[0]
    if note := caution(match):
        typer.echo(f"note: {note}", err=True)
    typer.echo(json_text(in_json(match)) if as_json else _match_text(match))


def _match_text(match: Match) -> str:
    return "\n".join(
        [
            f"confidence {match.confidence:.1%}: {match.sureness.value}",
            *(
                f"{one.probability:>7.1%}  {one.occupation.title} ({one.occupation.code})"
                for one in match.ranked
            ),
        ]
    )


def _code(table: Path, column: str, out: Path, *, overwrite: bool, as_json: bool) -> None:
    from occu_core.matching.column import code_file
    from occu_core.matching.match_words import column_in_json, column_summary
    from occu_core.matching.matcher import load_matcher
    from occu_core.matching.table_writing import check_place
    from occu_core.matching.tables import TableError

    check_place(out)
    if not table.is_file():
        raise TableError(f"{table}: there is no such file")
    matcher, started = load_matcher(), time.perf_counter()
    with typer.progressbar(length=table.stat().st_size, label="read", file=sys.stderr) as bar:
        count: ColumnCount = code_file(
            table,
            column,
            out,
            matcher,
            overwrite=overwrite,
            on_bytes=lambda done: bar.update(done - bar.pos),
        )
    typer.echo(f"{count.rows:,} rows in {time.perf_counter() - started:.1f} s", err=True)
    typer.echo(json_text(column_in_json(count)) if as_json else column_summary(count))
