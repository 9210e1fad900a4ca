"""`occu score`: the probabilities of a career table of any size, as a parquet file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals, span_of_years
from occu_core.data.career_rows import Split
from occu_core.models.storage import DEFAULT_MODEL

if TYPE_CHECKING:
    from occu_core.bulk.engines import Engine
    from occu_core.bulk.job import Layout, ScoreJob
    from occu_core.bulk.running import Outcome, Progress

BAD_ROWS = 3
_SPEAK_SECONDS = 10.0


class EngineName(StrEnum):
    """Who scores."""

    LOCAL = "local"
    RAY = "ray"


def score_command(  # noqa: PLR0913 - one argument for each option
    table: Annotated[
        Path,
        typer.Argument(
            metavar="TABLE", help="A career table: .csv, .csv.gz or .parquet, of any size."
        ),
    ],
    *,
    out: Annotated[
        Path, typer.Option(metavar="FILE.parquet", help="Where to; a new file, or a begun one.")
    ],
    model: Annotated[
        str,
        typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder."),
    ] = DEFAULT_MODEL,
    split: Annotated[Split | None, typer.Option(help="Score only these workers.")] = None,
    years: Annotated[
        str | None,
        typer.Option(metavar="A-B", help="Score only these years, with all earlier history."),
    ] = None,
    next_year: Annotated[
        bool,
        typer.Option("--next", help="Score the year after each worker's last record instead."),
    ] = False,
    top: Annotated[
        int | None,
        typer.Option(metavar="K", help="So many titles a person-year.", show_default="10"),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="All titles: a row a person-year, a column a title.")
    ] = False,
    raw: Annotated[
        bool,
        typer.Option(
            "--raw",
            help="Probabilities before normalising over the titles; for the likeliest titles of"
            " a language model several times faster.",
        ),
    ] = False,
    engine: Annotated[
        EngineName, typer.Option(help="local is this process; ray is Ray Data.")
    ] = EngineName.LOCAL,
    ray_workers: Annotated[
        int | None, typer.Option(min=1, help="Processes that score.", show_default="one a core")
    ] = None,
    ray_address: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Join this cluster instead of starting Ray here."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Begin anew, whatever was begun or finished there.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Write the probabilities of every person-year of a table, likeliest titles first.

    Killed or stopped, it goes on with the same command. Workers with a bad row are left out and
    reported in FILE.parquet.bad.csv; the exit code is then 3.
    """
    with refusals():
        from occu_core.bulk.job import ScoreJob, Selection

        span = span_of_years(years) if years is not None else None
        layout = _layout(top, every=every, raw=raw)
        job = ScoreJob(table, model, Selection(split, span, next_year), layout)
        outcome = _run(job, out, _engine(engine, ray_workers, ray_address), restart=restart)
    typer.echo(json_text(outcome_json(outcome)) if as_json else outcome_text(outcome))
    if outcome.checked.bad_rows:
        raise typer.Exit(BAD_ROWS)


def _layout(top: int | None, *, every: bool, raw: bool) -> Layout:
    from occu_core.bulk.job import JobError, Layout

    if every and top is not None:
        raise JobError("--all keeps every title, and --top only some; give one of the two")
    return Layout(None if every else 10 if top is None else top, raw)


def _engine(name: EngineName, workers: int | None, address: str | None) -> Engine:
    from occu_core.bulk.job import JobError

    if name is EngineName.RAY:
        from occu_core.bulk.ray_engine import RayEngine

        return RayEngine(workers, address)
    if workers is not None or address is not None:
        raise JobError("--ray-workers and --ray-address are for --engine ray")
    from occu_core.bulk.engines import LocalEngine

    return LocalEngine()


def _run(job: ScoreJob, out: Path, engine: Engine, *, restart: bool) -> Outcome:
    """Score with a line of progress on standard error; Ctrl-C ends it with exit code 130."""
    from occu_core.bulk.running import score_table

    speaker = _Speaker()
    try:
        return score_table(
            job,
            out,
            engine,
            restart=restart,
            on_check=speaker.checking,
            on_progress=speaker.scoring,
        )
    except KeyboardInterrupt:
        typer.echo(f"\nstopped; the same command goes on with {out}", err=True)
        raise typer.Exit(130) from None
    finally:
        speaker.end()


class _Speaker:
    """One line that is written over on a screen; elsewhere a line every ten seconds."""

    def __init__(self) -> None:
        self.screen = sys.stderr.isatty()
        self.spoke = time.monotonic() if not self.screen else 0.0
        self.shown = False

    def checking(self, doing: str, share: float) -> None:
        self._say(lambda: f"{doing}: {share:.0%} of the table")

    def scoring(self, progress: Progress) -> None:
        self._say(lambda: progress_text(progress), last=progress.done == progress.person_years)

    def end(self) -> None:
        if self.screen and self.shown:
            typer.echo("", err=True)

    def _say(self, text: Callable[[], str], *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self.spoke < (0.2 if self.screen else _SPEAK_SECONDS):
            return
        self.spoke, self.shown = now, True
        sys.stderr.write(f"\r{text():<78}" if self.screen else f"{text()}\n")
        sys.stderr.flush()


def progress_text(progress: Progress) -> str:
    """How far, how fast and how long yet."""
    text = f"scored {progress.done:,} of {progress.person_years:,} person-years"
    if progress.per_second is None or progress.seconds_left is None:
        return text
    if progress.done == progress.person_years:
        return f"{text}; writing the file"
    return f"{text}, {progress.per_second:,.0f} a second, {_span(progress.seconds_left)} left"


def _span(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5_400 else f"{seconds / 3_600:.1f} h"


def outcome_json(outcome: Outcome) -> dict[str, object]:
    """A finished job for programs."""
    from dataclasses import asdict

    return {
        "file": str(outcome.out),
        "bad_rows_file": str(outcome.report) if outcome.report else None,
        **asdict(outcome.checked),
        "resumed_person_years": outcome.resumed,
        "seconds": round(outcome.seconds, 2),
        "peak_bytes": outcome.peak_bytes,
    }


def outcome_text(outcome: Outcome) -> str:
    """A finished job for people."""
    held = outcome.checked
    lines = [f"{outcome.out}: {held.person_years:,} person-years of {held.workers:,} workers"]
    if outcome.already_complete:
        lines[0] += "; it was complete already"
    if held.skipped_rows:
        lines.append(f"{held.skipped_rows:,} rows without a codable occupation are not scored")
    if held.bad_rows:
        lines.append(
            f"{held.bad_rows:,} bad rows: {held.workers_left_out:,} workers"
            f" ({held.rows_left_out:,} rows) are left out; {outcome.report} says why"
        )
    fresh = held.person_years - outcome.resumed
    if fresh:
        again = f", {outcome.resumed:,} by earlier runs" if outcome.resumed else ""
        speed = fresh / outcome.seconds
        lines.append(
            f"{fresh:,} scored in {outcome.seconds:,.1f} s{again};"
            f" {speed:,.0f} a second, reading and writing included"
        )
    lines.append(f"peak memory {outcome.peak_bytes / 1e6:,.0f} MB")
    return "\n".join(lines)
