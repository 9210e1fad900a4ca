"""`occu generate`: instruction data for occupations from any OpenAI-compatible model."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_endpoint_options import (
    Concurrency,
    PriceIn,
    PriceOut,
    RequestsPerMinute,
    Timeout,
)
from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from occu_core.endpoints import Endpoint, Usage
    from occu_core.occuquest.generation.estimate import Estimate
    from occu_core.occuquest.generation.pipeline import Progress
    from occu_core.occuquest.generation.plan import Plan, Subject
    from occu_core.occuquest.generation.records import Manifest


def generate_command(  # noqa: PLR0913 - one argument for each option
    *,
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="An OpenAI-compatible address, ending in /v1.")
    ],
    model: Annotated[str, typer.Option(help="The model's name there.")],
    out: Annotated[
        Path, typer.Option(help="A new folder, or one of the same run: it goes on there.")
    ],
    cap: Annotated[
        float,
        typer.Option(min=0, help="The most dollars to spend in this folder, over all runs."),
    ],
    occupations: Annotated[
        Path | None,
        typer.Option(metavar="FILE.csv", help="A table with the columns occupation, category."),
    ] = None,
    category: Annotated[
        list[str] | None,
        typer.Option(help="A category of the taxonomy that ships; may be given more than once."),
    ] = None,
    per_category: Annotated[
        int | None, typer.Option(min=1, help="At most so many occupations of each category.")
    ] = None,
    hold_out: Annotated[
        str | None, typer.Option(metavar="CATEGORY", help="Keep this category out of the splits.")
    ] = None,
    responsibilities: Annotated[int, typer.Option(help="Of each occupation.")] = 4,
    topics: Annotated[int, typer.Option(help="Of each responsibility.")] = 3,
    questions: Annotated[int, typer.Option(help="On each topic.")] = 2,
    dialogues: Annotated[int, typer.Option(help="Of each occupation.")] = 1,
    turns: Annotated[int, typer.Option(help="Of each side in a dialogue.")] = 3,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    api_key_variable: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="The environment variable that holds the key."),
    ] = None,
    temperature: Annotated[
        float | None, typer.Option(help="The server's own, if left out.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(help="The most a reply may have.")] = 2048,
    seed: Annotated[
        int | None, typer.Option(help="Of the splits, and sent to the server.", show_default="0")
    ] = None,
    concurrency: Concurrency = 8,
    requests_per_minute: RequestsPerMinute = None,
    timeout: Timeout = 120.0,
    any_language: Annotated[
        bool, typer.Option("--any-language", help="Keep what is not English.")
    ] = False,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print what it would cost, and call nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Generate instruction data: responsibilities, topics, questions, answers and dialogues.

    Ctrl-C pauses: calls under way are kept. The same command goes on, and pays for nothing twice.
    """
    from occu_core.endpoints import Endpoint
    from occu_core.occuquest.generation.estimate import estimate as estimate_of
    from occu_core.occuquest.generation.plan import Plan, Sizes

    with refusals():
        sizes = Sizes(responsibilities, topics, questions, dialogues, turns)
        subjects = _subjects(occupations, category or [], per_category, hold_out)
        plan = Plan(subjects, sizes, hold_out, seed or 0, not any_language)
        where = Endpoint(
            endpoint,
            model,
            api_key_variable,
            temperature,
            max_tokens,
            seed,
            price_in,
            price_out,
            concurrency,
            requests_per_minute,
            timeout,
        )
        expected = estimate_of(plan, where)
        if estimate:
            typer.echo(json_text(_estimate_json(expected)) if as_json else estimate_text(expected))
            return
        typer.echo(_beforehand(expected, cap), err=True)
        manifest = run(plan, where, out, cap)
    typer.echo(json_text(manifest.summary()) if as_json else manifest_text(manifest, out))


def run(plan: Plan, endpoint: Endpoint, out: Path, cap: float) -> Manifest:
    """Generate with one line of progress on standard error; Ctrl-C ends it with exit code 130."""
    from occu_core.occuquest.generation.running import generate

    def show(progress: Progress, usage: Usage) -> None:
        line = (
            f"\r{progress.stage:<16} {progress.done:>6,} of {progress.total:<6,}"
            f"  {usage.calls:,} calls, {usage.cached:,} known, ${usage.spent:,.4f}  "
        )
        if sys.stderr.isatty() or progress.done == progress.total:
            sys.stderr.write(line if sys.stderr.isatty() else line.strip() + "\n")
            sys.stderr.flush()

    try:
        return asyncio.run(generate(plan, endpoint, out, cap, on_progress=show))
    except KeyboardInterrupt:
        typer.echo(f"\npaused; the same command goes on in {out}", err=True)
        raise typer.Exit(130) from None
    finally:
        if sys.stderr.isatty():
            typer.echo("", err=True)


def estimate_text(expected: Estimate) -> str:
    """An estimate as aligned text."""
    lines = [f"{'stage':<17}{'calls':>9}{'tokens in':>13}{'tokens out':>13}{'dollars':>11}"]
    for one in expected.stages:
        cost = "–" if one.cost is None else f"{one.cost:,.2f}"
        lines.append(
            f"{one.stage:<17}{one.calls:>9,}{one.tokens_in:>13,}{one.tokens_out:>13,}{cost:>11}"
        )
    total = "–" if expected.cost is None else f"{expected.cost:,.2f}"
    lines.append(f"{'all':<17}{expected.calls:>9,}{'':>26}{total:>11}")
    return "\n".join(lines)


def manifest_text(manifest: Manifest, out: Path) -> str:
    """A finished run as aligned text."""
    lines = [f"{manifest.ending}: {manifest.items:,} items in {out}"]
    lines += [manifest.reason] if manifest.reason else []
    for stage, one in manifest.stages.items():
        left_out = "".join(f", {count:,} {fault}" for fault, count in one.left_out.items())
        lines.append(
            f"{stage:<17}{one.asked:>7,} asked, {one.made:>7,} made, {one.unreadable:,} unreadable,"
            f" {one.failed:,} failed{left_out}"
        )
    lines += [f"{part:<17}{count:>7,} items" for part, count in manifest.parts.items()]
    return "\n".join([*lines, f"{'spent':<17}${manifest.usage.spent:,.4f}"])


def _subjects(
    file: Path | None, categories: list[str], most: int | None, hold_out: str | None
) -> tuple[Subject, ...]:
    from occu_core.occuquest.generation.plan import PlanError
    from occu_core.occuquest.generation.subjects import read_subjects, subjects_of

    if file is None:
        return subjects_of(categories, most, hold_out)
    if categories or most is not None:
        raise PlanError("--occupations names them all; leave out --category and --per-category")
    return read_subjects(file)


def _beforehand(expected: Estimate, cap: float) -> str:
    """What is about to be spent, and whether the cap is likely to stop it."""
    if expected.cost is None:
        return f"{expected.calls:,} calls; what they cost is not known"
    line = f"{expected.calls:,} calls, about ${expected.cost:,.2f} of at most ${cap:,.2f}"
    short = "; the cap will stop it before the end, and a higher one goes on from there"
    return line + (short if expected.cost > cap else "")


def _estimate_json(expected: Estimate) -> dict[str, object]:
    from dataclasses import asdict

    return {
        "stages": {one.stage.value: asdict(one) for one in expected.stages},
        "calls": expected.calls,
        "cost": expected.cost,
    }
