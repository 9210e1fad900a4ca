"""The command line: `occu predict`, `occu evaluate` and `occu models`, without a browser.

Standard output holds the answer and nothing else; progress, notes and errors go to standard error.
Exit code 2 means that what was given cannot be used; the message says what is allowed.
"""

from __future__ import annotations

import csv
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer

from occu_core import (
    cli_balance,
    cli_bias,
    cli_convert,
    cli_forecast,
    cli_generate,
    cli_judge,
    cli_match,
    cli_models,
    cli_report,
    cli_respond,
    cli_score,
    cli_study,
    cli_sure,
    cli_tag,
    cli_what_if,
    cli_why,
)
from occu_core.cli_output import json_text as _json
from occu_core.cli_output import refusals as _refusals
from occu_core.cli_output import span_of_years as _years
from occu_core.data.career_json import MOST_BYTES, parse_query
from occu_core.data.career_table import CareerTable, Split
from occu_core.data.files import load_career_table
from occu_core.evaluation.evaluate import EvaluationReport, RowScore, evaluate
from occu_core.evaluation.model_report import Rows, model_report
from occu_core.evaluation.report_files import save_report
from occu_core.evaluation.score import Weights
from occu_core.evaluation.scores import ScoreTable
from occu_core.evaluation.weights import read_weights
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.predictions import NOTE, Prediction, predict, to_json

app = typer.Typer(
    name="occu",
    help="The probability of every next occupation, from models trained on real careers.",
    epilog=NOTE,
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(cli_bias.app, name="bias")
app.add_typer(cli_models.app, name="models")
app.add_typer(cli_study.app, name="study")
app.command("balance")(cli_balance.balance_command)
app.command("convert")(cli_convert.convert_command)
app.command("forecast")(cli_forecast.forecast_command)
app.command("generate")(cli_generate.generate_command)
app.command("judge")(cli_judge.judge_command)
app.command("match")(cli_match.match_command)
app.command("report")(cli_report.report_command)
app.command("respond")(cli_respond.respond_command)
app.command("score")(cli_score.score_command)
app.command("sure")(cli_sure.sure_command)
app.command("observed")(cli_why.observed_command)
app.command("tag")(cli_tag.tag_command)
app.command("whatif")(cli_what_if.whatif_command)
app.command("why")(cli_why.why_command)
ModelOption = Annotated[
    str, typer.Option("--model", metavar="NAME|FOLDER", help="A model by name, or a model folder.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def main() -> None:
    """The console command `occu`."""
    # Loading a language model would draw its own progress bar among the messages.
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
    app()


@app.command("predict")
def predict_command(
    career: Annotated[
        str, typer.Argument(metavar="CAREER.json", help="A career as JSON; - reads it from stdin.")
    ],
    model: ModelOption = DEFAULT_MODEL,
    top: Annotated[
        int | None,
        typer.Option(min=1, help="How many titles to show.", show_default="10; all in JSON"),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the probability of every next occupation for one career."""
    with _refusals():
        query = parse_query(_read(career), "stdin" if career == "-" else Path(career).name)
        prediction = predict(load_model(model), query)
    answer = to_json(prediction, top)
    for note in (*_texts(answer["notes"]), NOTE):
        typer.echo(f"note: {note}", err=True)
    typer.echo(_json(answer) if as_json else _prediction_text(prediction, top or 10))


@app.command("evaluate")
def evaluate_command(  # noqa: PLR0913 - one argument for each option
    table: Annotated[
        Path, typer.Argument(metavar="TABLE.csv[.gz]", help="A career table, one row per year.")
    ],
    *,
    model: ModelOption = DEFAULT_MODEL,
    split: Annotated[Split | None, typer.Option(help="Score only these workers.")] = None,
    years: Annotated[
        str | None,
        typer.Option(metavar="A-B", help="Score only these years, with all earlier history."),
    ] = None,
    raw_only: Annotated[
        bool, typer.Option("--raw-only", help="Skip normalising: faster, fewer measures.")
    ] = False,
    rows: Annotated[
        Path | None, typer.Option(metavar="OUT.csv", help="Write each person-year's score here.")
    ] = None,
    report_file: Annotated[
        Path | None,
        typer.Option(
            "--report", metavar="OUT.json", help="Write a report for the Models page here."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print how well a model foresaw the careers of a table."""
    with _refusals():
        span = _years(years) if years is not None else None
        if report_file is not None:
            _check_new_file(report_file, "--report")
        with _rows_file(rows) as on_row:
            careers = load_career_table(table)
            chosen = careers.only(split) if split else careers
            found: list[ScoreTable] = []
            report = _evaluate(
                chosen,
                model,
                years=span,
                raw_only=raw_only,
                weights=read_weights(table) if report_file else None,
                on_row=on_row,
                on_scores=found.append if report_file else None,
            )
        if report_file is not None:
            command = _command(table, model, split, years, raw_only=raw_only)
            kept = Rows(_data_of(found[0], table), split.value if split else None, span)
            save_report(model_report(found[0], kept, command), report_file)
    report = replace(report, table=table.name, split=split)
    typer.echo(_json(asdict(report)) if as_json else _report_text(report))


def _read(career: str) -> bytes:
    """The bytes of a career file, or one more than are allowed."""
    if career == "-":
        return sys.stdin.buffer.read(MOST_BYTES + 1)
    with Path(career).open("rb") as file:
        return file.read(MOST_BYTES + 1)


@contextmanager
def _rows_file(path: Path | None) -> Iterator[Callable[[RowScore], None] | None]:
    """A writer of row scores to a file that appears under its name only once it is whole."""
    if path is None:
        yield None
        return
    _check_new_file(path, "--rows")
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        with partial.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(("person_id", "year", "log_probability", "log_probability_raw"))
            yield lambda row: writer.writerow(
                (row.person_id, row.year, row.log_probability, row.log_probability_raw)
            )
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _check_new_file(path: Path, option: str) -> None:
    """Refuse, before any work, a place where no file can be written."""
    if not path.parent.is_dir():
        raise ValueError(f"{option} {path}: there is no folder {path.parent}; make it first")
    if path.is_dir():
        example = path / ("rows.csv" if option == "--rows" else "report.json")
        raise ValueError(f"{option} {path}: is a folder; expected a file such as {example}")


def _command(
    table: Path, model: str, split: Split | None, years: str | None, *, raw_only: bool
) -> str:
    """The command that makes a report again, without the folders of this machine."""
    words = ["occu", "evaluate", table.name, "--model", Path(model).name]
    words += ["--split", split.value] if split else []
    words += ["--years", years] if years else []
    return " ".join([*words, "--raw-only"] if raw_only else words)


def _data_of(scores: ScoreTable, table: Path) -> str:
    """The cohort's name if the scored rows have one, else the table's."""
    datasets = set(scores.dataset.tolist())
    return datasets.pop() if len(datasets) == 1 and "" not in datasets else table.name


def _evaluate(  # noqa: PLR0913 - what `evaluate` takes
    table: CareerTable,
    model: str,
    *,
    years: tuple[int, int] | None,
    raw_only: bool,
    weights: Weights | None,
    on_row: Callable[[RowScore], None] | None,
    on_scores: Callable[[ScoreTable], None] | None,
) -> EvaluationReport:
    """Evaluate with a progress bar on standard error."""
    loaded = load_model(model)
    with typer.progressbar(
        length=len(table.careers), label="workers", show_pos=True, file=sys.stderr
    ) as bar:

        def advance(done: int, careers: int) -> None:
            bar.length = careers
            bar.update(done - bar.pos)

        return evaluate(
            loaded,
            table,
            years=years,
            raw_only=raw_only,
            weights=weights,
            on_row=on_row,
            on_scores=on_scores,
            on_progress=advance,
        )


def _prediction_text(prediction: Prediction, top: int) -> str:
    """The four parts, then the likeliest titles, as aligned text."""
    card, query, parts = prediction.card, prediction.query, prediction.parts
    previous = query.previous.title if query.previous else "no earlier record"
    likeliest = prediction.distribution.top(top)
    return "\n".join(
        [
            f"{query.year}, after {previous}",
            f"model {card.name} {card.version}, trained on {card.data}",
            "",
            *(
                f"{_percent(probability)}  {part.replace('_', ' ')}"
                for part, probability in asdict(parts).items()
            ),
            "",
            f"likeliest {len(likeliest)} of {len(prediction.distribution.taxonomy)},"
            f" coverage {prediction.distribution.coverage:.6f}",
            *(f"{_percent(p)}  {o.title} ({o.code})" for o, p in likeliest),
        ]
    )


def _percent(probability: float | None) -> str:
    return "     –  " if probability is None else f"{probability:>8.3%}"


def _report_text(report: EvaluationReport) -> str:
    lines = []
    for measure, value in asdict(report).items():
        shown = f"{value:.4f}" if isinstance(value, float) else value
        shown = f"{shown[0]}-{shown[1]}" if isinstance(shown, tuple) else shown
        lines.append(f"{measure.replace('_', ' '):<17} {'–' if shown is None else shown}")
    return "\n".join(lines)


def _texts(values: object) -> list[str]:
    return [str(value) for value in values] if isinstance(values, list) else []
