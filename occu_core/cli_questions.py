"""`occu study questions`: a set of questions as a file, for systems to answer."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import refusals

if TYPE_CHECKING:
    from occu_core.answering.question_sets import QuestionSet

_SET = """The questions: occu-test, estate or occu-quora (OccuQuest's, from the hub),
 occuquest:SPLIT, FOLDER:SPLIT, sample:CATEGORY of the sample that ships, or a file."""
Questions = Annotated[str, typer.Argument(metavar="QUESTIONS", help=_SET)]


def questions_command(
    questions: Questions,
    *,
    out: Annotated[Path, typer.Option(metavar="OUT.jsonl", help="For `occu respond`.")],
    most: Annotated[int | None, typer.Option(min=1, help="Draw so many of them.")] = None,
    seed: Annotated[int, typer.Option(min=0, help="Of the draw.")] = 1,
) -> None:
    """Write a set of questions for systems to answer."""
    from occu_core.answering.question_sets import drawn, save_questions

    with refusals():
        if not out.parent.is_dir() or out.is_dir():
            raise ValueError(f"--out {out}: expected a file in a folder that is there")
        found = read_set(questions)
        chosen = drawn(found.questions, most or len(found.questions), seed)
        save_questions(chosen, out)
    typer.echo(f"wrote {len(chosen):,} questions to {out}")


def read_set(source: str) -> QuestionSet:
    """A set of questions; what was left out of it is said on standard error."""
    from occu_core.answering.question_sets import read_question_set

    found = read_question_set(source)
    for line in found.aside.lines():
        typer.echo(f"note: {line}", err=True)
    for count, what in (
        (found.aside.count, "rows ask nothing and are left out"),
        (found.repeats, "rows ask again what an earlier one asked"),
    ):
        if count:
            typer.echo(f"note: {source}: {count:,} {what}", err=True)
    return found
