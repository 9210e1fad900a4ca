"""`occu models`: the models that ship, and those a user adds."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from occu_core.cli_output import json_text, refusals
from occu_core.models.registry import forget
from occu_core.models.storage import (
    DEFAULT_MODEL,
    ModelError,
    add_model,
    available_models,
    read_card,
)

app = typer.Typer(
    help="Print the models there are; add and remove your own.", rich_markup_mode=None
)
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.callback(invoke_without_command=True)
def models_command(context: typer.Context, as_json: JsonOption = False) -> None:
    """Print the models there are; add and remove your own."""
    if context.invoked_subcommand is None:
        list_command(as_json)


@app.command("list")
def list_command(as_json: JsonOption = False) -> None:
    """Print the models that ship and those you added."""
    models = []
    for name, folder in available_models().items():
        try:
            kind = read_card(folder).kind.value
        except ModelError as error:
            typer.echo(f"note: {name} was left out: {error}", err=True)
            continue
        default = name == DEFAULT_MODEL
        models.append({"name": name, "kind": kind, "folder": str(folder), "default": default})
    lines = [
        f"{m['name']:<16} {m['kind']:<16} {m['folder']}{'  (default)' if m['default'] else ''}"
        for m in models
    ]
    typer.echo(json_text(models) if as_json else "\n".join(lines) or "no models")


@app.command("add")
def add_command(
    folder: Annotated[Path, typer.Argument(help="A model folder: card.json and safetensors.")],
    name: Annotated[
        str | None, typer.Option(help="What to call it.", show_default="its card's name")
    ] = None,
) -> None:
    """Let a model of yours answer to a name, here and in the app."""
    with refusals():
        typer.echo(add_model(folder, name))


@app.command("remove")
def remove_command(name: Annotated[str, typer.Argument(help="A model you added.")]) -> None:
    """Forget a model you added; its folder stays."""
    with refusals():
        forget(name)
    typer.echo(name)
