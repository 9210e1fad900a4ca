"""`occu convert`: a career table in Census, SOC or O*NET codes becomes one that Occuscope reads."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals
from occu_core.matching.code_lists import CodeList

if TYPE_CHECKING:
    from occu_core.matching.crosswalk_uploads import Conversion

_SHOWN = 20


def convert_command(
    table: Annotated[
        Path, typer.Argument(metavar="TABLE.csv[.gz]", help="CSV or TSV, gzipped or not.")
    ],
    *,
    codes: Annotated[CodeList, typer.Option("--from", help="The list that the codes are of.")],
    out: Annotated[Path, typer.Option(metavar="OUT.csv[.gz]", help="Where the table goes.")],
    column: Annotated[str, typer.Option(help="The column of codes.")] = "occupation",
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Replace the new column if it is there already.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, every code listed.")] = False,
) -> None:
    """Turn occupation codes into Occuscope's titles; list what was ambiguous or unknown.

    The titles go to the column `occupation`. Codes that were there move to `given_code`. Of several
    occupations the most common one among NLSY workers is chosen.
    """
    from occu_core.matching.conversion_report import in_json
    from occu_core.matching.crosswalk_uploads import convert_file
    from occu_core.matching.table_writing import check_place

    with refusals():
        check_place(out)
        done = convert_file(table, codes, out, column=column, overwrite=overwrite)
    typer.echo(json_text(in_json(done)) if as_json else _text(done))


def _text(done: Conversion) -> str:
    from occu_core.matching.conversion_report import lines, summary

    parts = [summary(done)]
    for heading, listed in lines(done).items():
        more = [f"  and {len(listed) - _SHOWN:,} more; --json lists all"]
        parts += ["", f"{heading}:", *(f"  {line}" for line in listed[:_SHOWN])]
        parts += more if len(listed) > _SHOWN else []
    return "\n".join(parts)
