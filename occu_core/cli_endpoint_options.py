"""Options of every command that asks an OpenAI-compatible server: money, key and pace."""

from __future__ import annotations

from typing import Annotated, TypeAlias

import typer

Cap: TypeAlias = Annotated[
    float | None,
    typer.Option(min=0, help="The most dollars to spend, over all runs; needs both prices."),
]
PriceIn: TypeAlias = Annotated[
    float | None, typer.Option(help="Dollars for a million tokens read; 0 for your own server.")
]
PriceOut: TypeAlias = Annotated[
    float | None, typer.Option(help="Dollars for a million tokens written.")
]
KeyVariable: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--key-variable",
        "--api-key-variable",
        metavar="NAME",
        help="The environment variable that holds the key.",
    ),
]
Concurrency: TypeAlias = Annotated[int, typer.Option(help="Calls at a time.")]
RequestsPerMinute: TypeAlias = Annotated[float | None, typer.Option(help="No faster than this.")]
Timeout: TypeAlias = Annotated[float, typer.Option(help="Seconds to wait for a reply.")]
