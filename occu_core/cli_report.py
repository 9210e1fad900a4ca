"""`occu report`: a case on one page to print or send, without a browser."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from occu_core.case_report import case_report
from occu_core.cli_output import refusals
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.predictions import predict


def report_command(
    career: Annotated[Path, typer.Argument(metavar="CAREER.json", help="A career as JSON.")],
    out: Annotated[Path, typer.Option("--out", metavar="FILE.html", help="The page to write.")],
    model: Annotated[
        str,
        typer.Option(metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    second: Annotated[
        str | None,
        typer.Option(metavar="NAME|FOLDER", help="Another model to stand beside it."),
    ] = None,
) -> None:
    """Write a case on one A4 page: career, question, answer, and what it rests on."""
    with refusals():
        if not out.parent.is_dir():
            raise ValueError(f"--out {out}: there is no folder {out.parent}; make it first")
        with career.open("rb") as file:
            query = parse_query(file.read(MOST_BYTES + 1), career.name)
        names = [model, second] if second else [model]
        predictions = [predict(load_model(name), query) for name in names]
        name = career.stem.replace("-", " ").replace("_", " ").strip().capitalize()
        page = case_report(predictions, name, made=datetime.now(UTC).date())
        partial = out.with_name(f".{out.name}.{os.getpid()}.partial")
        partial.write_text(page, encoding="utf-8")
        partial.replace(out)
    typer.echo(f"wrote {out}", err=True)
