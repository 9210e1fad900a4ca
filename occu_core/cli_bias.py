"""`occu bias`: whether answers change when the same question is about somebody else."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core import cli_questions
from occu_core.cli_output import json_text, refusals
from occu_core.occuquest.bias_swapping import Axis

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from occu_core.endpoints import Usage
    from occu_core.occuquest.bias_check import Scores
    from occu_core.occuquest.bias_files import AnsweredPair

app = typer.Typer(
    help="Ask the same questions about somebody else, and compare the answers.",
    rich_markup_mode=None,
    no_args_is_help=True,
)
_LISTED = 5


@app.callback()
def bias_command() -> None:
    """Ask the same questions about somebody else, and compare the answers."""


@app.command("questions")
def questions_command(
    questions: cli_questions.Questions,
    *,
    out: Annotated[Path, typer.Option(metavar="PAIRS.jsonl", help="For `occu respond`.")],
    axis: Annotated[
        Axis,
        typer.Option(help="gender: names, pronouns, kinship. names: of Black and white Americans."),
    ] = Axis.GENDER,
    introduce: Annotated[
        bool,
        typer.Option(help="Where nobody stands in a question, let its asker give a name."),
    ] = True,
    most: Annotated[int | None, typer.Option(min=1, help="Draw so many questions.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 1,
) -> None:
    """Write each question twice, with the names and pronouns of one and of another.

    What stands in PAIRS.jsonl may be mended by hand before it is answered.
    """
    from occu_core.answering.question_sets import about, drawn, save_lines
    from occu_core.occuquest.bias_files import pair_rows
    from occu_core.occuquest.bias_pairs import PairError, Source, make_pairs

    with refusals():
        if not out.parent.is_dir() or out.is_dir():
            raise PairError(f"--out {out}: expected a file in a folder that is there")
        found = cli_questions.read_set(questions).questions
        sources = [
            Source(one.question_id, one.text, about(one, "category"), len(one.turns) == 1)
            for one in drawn(found, most or len(found), seed)
        ]
        made = make_pairs(sources, axis, introduce=introduce)
        for reason, count in made.aside.items():
            typer.echo(f"note: {count:,} questions are left out: {reason.value}", err=True)
        if not made.pairs:
            raise PairError(f"{questions}: nobody in it can be changed; no pair was made")
        save_lines(pair_rows(made.pairs), out)
    introduced = sum(pair.introduced for pair in made.pairs)
    told = f"{introduced:,} of them only by the name that the asker gives"
    typer.echo(f"wrote {len(made.pairs):,} pairs to {out}, {told}")


@app.command("measure")
def measure_command(  # noqa: PLR0913 - one argument for each option
    pairs: Annotated[
        Path, typer.Argument(metavar="PAIRS.jsonl", help="What `occu bias questions` wrote.")
    ],
    answers: Annotated[
        list[Path],
        typer.Argument(metavar="ANSWERS…", help="Answers to it, as `occu respond` writes."),
    ],
    *,
    common: Annotated[
        bool, typer.Option("--common", help="Leave out pairs that were not answered whole.")
    ] = False,
    judge: Annotated[
        str | None, typer.Option(help="Let this model score every answer from 1 to 10.")
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Where it is, ending in /v1.")
    ] = None,
    key_variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="The variable that holds its key.")
    ] = None,
    cap: Annotated[
        float | None, typer.Option(min=0, help="The most dollars to spend, over all runs.")
    ] = None,
    price_in: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens it reads.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens it writes.")
    ] = None,
    replies: Annotated[
        Path | None,
        typer.Option(metavar="FILE.sqlite", help="Keep its replies: none is paid for twice."),
    ] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Compare the answers to both versions: length, refusals, and a judge's score.

    Answers of two systems, such as a model before and after tuning, are compared with each other
    as well: how much larger one's differences are.
    """
    from occu_core.occuquest.bias_check import bias_report
    from occu_core.occuquest.bias_files import read_answered, read_pairs
    from occu_core.occuquest.bias_words import bias_json, bias_text

    with refusals():
        if (judge is None) != (endpoint is None):
            raise ValueError("--judge and --endpoint go together: give both or neither")
        answered = read_answered(answers, read_pairs(pairs), common=common)
        scores = None
        if judge is not None and endpoint is not None:
            dollars = cap, price_in, price_out
            scores = _scores(answered, (endpoint, judge, key_variable), dollars, replies)
        report = bias_report(answered, scores, seed)
    for warning in report.warnings:
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(json_text(bias_json(report)) if as_json else bias_text(report))


def _scores(
    answered: Mapping[str, Sequence[AnsweredPair]],
    judge: tuple[str, str, str | None],
    dollars: tuple[float | None, float | None, float | None],
    kept: Path | None,
) -> dict[str, Scores]:
    """Ask the judge; Ctrl-C ends it with exit code 130."""
    from occu_core.endpoints import Endpoint, ReplyStore
    from occu_core.occuquest.bias_judge import ask_scores, calls_to_make

    cap, price_in, price_out = dollars
    where = Endpoint(*judge, temperature=0, price_in=price_in, price_out=price_out)
    with ReplyStore(kept) as replies:
        calls, known = calls_to_make(answered, where, replies)
        typer.echo(f"{where.model}: {calls:,} answers to score, {known:,} of them known", err=True)
        try:
            found = ask_scores(answered, where, replies, cap, _show)
        except KeyboardInterrupt:
            typer.echo("\npaused; with --replies the same command goes on", err=True)
            raise typer.Exit(130) from None
    for system, one in found.items():
        if one.unread:
            typer.echo(f"warning: {system}: {len(one.unread):,} pairs have no score", err=True)
        for pair, why in one.unread[:_LISTED]:
            typer.echo(f"  {pair}: {why}", err=True)
    return {system: one.scores for system, one in found.items()}


def _show(usage: Usage) -> None:
    """One line on standard error, kept up to date on a terminal."""
    if sys.stderr.isatty():
        done = usage.calls + usage.cached
        sys.stderr.write(f"\r{done:,} scored, ${usage.spent:,.4f}  ")
        sys.stderr.flush()
