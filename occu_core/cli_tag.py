"""`occu tag`: whose work each row of a dataset is about."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from occu_core.occuquest.tagging import Tagger


def tag_command(  # noqa: PLR0913 - one argument for each option
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="JSON lines, a JSON list, CSV or parquet, gzipped or not."
        ),
    ],
    *,
    out: Annotated[Path, typer.Option(metavar="OUT.jsonl", help="Where tagged rows go.")],
    field: Annotated[
        str,
        typer.Option(help="Where the text is: a field, a path as meta.question, or messages."),
    ] = "messages",
    prefix: Annotated[str, typer.Option(help="What the names of the new fields begin with.")] = (
        "tag_"
    ),
    endpoint: Annotated[
        str | None,
        typer.Option(
            metavar="URL",
            help="Ask a model at this OpenAI-compatible address, not the shipped classifier.",
        ),
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model's name there.")] = None,
    api_key_variable: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The environment variable that holds the key."),
    ] = None,
    cap: Annotated[
        float | None, typer.Option(min=0, help="The most dollars to spend; needs both prices.")
    ] = None,
    price_in: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens read.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens written.")
    ] = None,
    replies: Annotated[
        Path | None,
        typer.Option(metavar="FILE.sqlite", help="Keep a model's answers: none is paid for twice."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Add tag_category, tag_occupation and tag_confidence (of the category) to each row.

    A field that is there is never overwritten. Rows without a text go to OUT.rejected.jsonl.
    """
    from occu_core.occuquest.tagging import load_tagger
    from occu_core.occuquest.tagging_files import TagFileError, rejected_path, tag_file

    with refusals():
        if not out.parent.is_dir():
            raise TagFileError(f"--out {out}: there is no folder {out.parent}; make it first")
        if (endpoint is None) != (model is None):
            raise TagFileError("--endpoint and --model go together: give both or neither")
        tagger: Tagger
        if endpoint is None or model is None:
            tagger = load_tagger()
        else:
            prices = price_in, price_out
            tagger = _asked(endpoint, model, api_key_variable, prices, cap, replies)
        count = tag_file(file, out, tagger, field, prefix)
    if count.rejected:
        typer.echo(f"note: {count.rejected:,} rows went to {rejected_path(out)}", err=True)
    none = f"{count.no_occupation:,} of them without an occupation"
    typer.echo(json_text(asdict(count)) if as_json else f"{count.tagged:,} rows tagged, {none}")


def _asked(
    endpoint: str,
    model: str,
    api_key_variable: str | None,
    prices: tuple[float | None, float | None],
    cap: float | None,
    replies: Path | None,
) -> Tagger:
    from occu_core.endpoints import Endpoint
    from occu_core.occuquest.tagging_llm import endpoint_tagger

    where = Endpoint(
        endpoint,
        model,
        api_key_variable,
        temperature=0,
        max_tokens=100,
        price_in=prices[0],
        price_out=prices[1],
    )
    return endpoint_tagger(where, replies, cap)
