"""`occu respond`: a model's answers to a file of questions, ready for a study."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, replace
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_endpoint_options import (
    Cap,
    Concurrency,
    KeyVariable,
    PriceIn,
    PriceOut,
    RequestsPerMinute,
    Timeout,
)
from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from collections.abc import Sequence

    from occu_core.answering.questions import Question
    from occu_core.answering.responding import RespondingCost, Responses
    from occu_core.answering.sources import LocalSource, ServerSource, Source, Writing
    from occu_core.endpoints import Endpoint, ReplyStore, Usage
    from occu_core.models.model_files import Quantised

_MODEL_HELP = """Who answers: a model or adapter folder, an id in the Hugging Face cache, a name of
 OCCU_ANSWER_MODELS, or ADDRESS#MODEL of an OpenAI-compatible server."""


def respond_command(  # noqa: PLR0913 - one argument for each option
    questions: Annotated[
        Path,
        typer.Argument(
            metavar="QUESTIONS.jsonl",
            help="A row for each question: question, prompt or messages; question_id, category.",
        ),
    ],
    *,
    model: Annotated[str, typer.Option(metavar="NAME|FOLDER|URL#MODEL", help=_MODEL_HELP)],
    out: Annotated[
        Path, typer.Option(metavar="ANSWERS.jsonl", help="Where the answers go, once all are made.")
    ],
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="URL", help="An address ending in /v1; --model is the name there."),
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(help="What studies call it.", show_default="the folder's or model's name"),
    ] = None,
    system_prompt: Annotated[
        str | None, typer.Option(help="Said to the model before every question.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(help="The most an answer may have.")] = 512,
    temperature: Annotated[
        float | None,
        typer.Option(
            help="0 takes the likeliest token.", show_default="0 locally; else the server's own"
        ),
    ] = None,
    top_p: Annotated[float, typer.Option(help="Of local models that draw tokens.")] = 1.0,
    seed: Annotated[int, typer.Option(min=0, help="Same seed, same answers.")] = 1,
    batch: Annotated[
        int, typer.Option(min=1, max=256, help="Questions at once, of local models.")
    ] = 8,
    quantised: Annotated[
        str | None, typer.Option(metavar="8bit|4bit", help="Hold a local model in fewer bits.")
    ] = None,
    cap: Cap = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    api_key_variable: KeyVariable = None,
    concurrency: Concurrency = 8,
    requests_per_minute: RequestsPerMinute = None,
    timeout: Timeout = 120.0,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print what it would take, and ask nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Have a model answer questions, in a file that `occu study create` takes as it is.

    Ctrl-C pauses; the same command goes on, and asks and pays for nothing twice.
    """
    from occu_core.answering.answer_files import lock_of, replies_path, save_answers
    from occu_core.answering.questions import load_questions, with_system
    from occu_core.answering.respond_words import cost_text, summary_json, summary_text, warnings
    from occu_core.answering.sources import Writing, split_address
    from occu_core.endpoints import Endpoint, ReplyStore

    with refusals():
        _check(out, questions)
        writing = Writing(max_tokens, temperature, top_p, seed)
        served = split_address(f"{endpoint}#{model}" if endpoint else model)
        where = served and Endpoint(
            *served,
            api_key_variable,
            price_in=price_in,
            price_out=price_out,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
            timeout=timeout,
        )
        source = _source(model, where, name, quantised, cap)
        asked = load_questions(questions)
        asked = with_system(asked, system_prompt) if system_prompt else asked
        path = replies_path(out)
        if estimate:
            with ReplyStore(path if path.exists() else None) as kept:
                cost = _expected(source, asked, writing, kept)
            typer.echo(json_text(asdict(cost)) if as_json else cost_text(cost))
            return
        with lock_of(out), ReplyStore(path) as kept:
            typer.echo(cost_text(_expected(source, asked, writing, kept)), err=True)
            made = _respond(source, asked, writing, kept, batch)
            if made.answers:
                save_answers(made.answers, out)
    for warning in warnings(made):
        typer.echo(f"warning: {warning}", err=True)
    typer.echo(json_text(summary_json(made)) if as_json else summary_text(made, out))
    if not made.answers:
        raise typer.Exit(1)


def _check(out: Path, questions: Path) -> None:
    """Refuse, before anything is loaded or paid for, what could not be written."""
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.is_dir() or out.suffix != ".jsonl":
        raise ValueError(f"--out {out}: expected a file whose name ends in .jsonl")
    if out.resolve() == questions.resolve():
        raise ValueError(f"--out {out}: would overwrite the questions")


def _source(
    place: str, where: Endpoint | None, name: str | None, quantised: str | None, cap: float | None
) -> Source:
    """Who answers; a name of the setting keeps the prices and the cap that stand there."""
    from occu_core.answering.sources import (
        SETTING,
        LocalSource,
        ServerSource,
        SourceError,
        checked_name,
        configured,
        local_source,
    )

    bits = _bits(quantised)
    if where is not None:
        return ServerSource(checked_name(name or where.model.rpartition("/")[2]), where, cap)
    known = configured()
    if found := known.get(place):
        found = replace(found, name=checked_name(name or found.name))
        if isinstance(found, LocalSource):
            return replace(found, quantised=bits or found.quantised)
        return found if cap is None else replace(found, cap=cap)
    try:
        return local_source(name or Path(place).resolve().name, place, bits)
    except SourceError as error:
        raise SourceError(f"{error}; {SETTING} names {', '.join(known) or 'none'}") from None


def _bits(quantised: str | None) -> Quantised | None:
    from occu_core.models.model_files import Quantised

    if quantised is None:
        return None
    try:
        return Quantised(quantised)
    except ValueError:
        raise ValueError(
            f"--quantised {quantised[:40]!r}; expected {' or '.join(Quantised)}"
        ) from None


def _expected(
    source: Source, asked: Sequence[Question], writing: Writing, kept: ReplyStore
) -> RespondingCost:
    """What is about to be asked; a local model costs no money."""
    from occu_core.answering.responding import (
        endpoint_with,
        fingerprint,
        local_cost,
        responding_cost,
    )
    from occu_core.answering.sources import LocalSource

    if isinstance(source, LocalSource):
        return local_cost(fingerprint(source), asked, writing, kept)
    return responding_cost(endpoint_with(source.endpoint, writing), asked, kept)


def _respond(
    source: Source, asked: Sequence[Question], writing: Writing, kept: ReplyStore, batch: int
) -> Responses:
    """Ask everything; Ctrl-C ends it with exit code 130."""
    from occu_core.answering.sources import LocalSource

    try:
        if isinstance(source, LocalSource):
            return _ask_local(source, asked, writing, kept, batch)
        return _ask_server(source, asked, writing, kept)
    except KeyboardInterrupt:
        typer.echo("\npaused; the same command goes on", err=True)
        raise typer.Exit(130) from None
    finally:
        if sys.stderr.isatty():
            typer.echo("", err=True)


def _ask_local(
    source: LocalSource, asked: Sequence[Question], writing: Writing, kept: ReplyStore, batch: int
) -> Responses:
    from occu_core.answering.local_model import LocalModel
    from occu_core.answering.responding import ask_local

    model = LocalModel.load(source)
    typer.echo(f"{source.name}: asked in the form of its {model.form}", err=True)

    def show(done: int) -> None:
        _progress(f"{source.name}: {done:,} of {len(asked):,}", last=done == len(asked))

    return ask_local(model, source, asked, writing, kept, batch=batch, on_reply=show)


def _ask_server(
    source: ServerSource, asked: Sequence[Question], writing: Writing, kept: ReplyStore
) -> Responses:
    from occu_core.answering.responding import ask_server, endpoint_with

    counted = count(1)

    def show(usage: Usage) -> None:
        done = next(counted)
        line = (
            f"{source.name}: {done:,} of {len(asked):,}; {usage.calls:,} calls,"
            f" {usage.cached:,} known, {usage.failed:,} failed, ${usage.spent:,.4f}"
        )
        _progress(line, last=done == len(asked))

    where = replace(source, endpoint=endpoint_with(source.endpoint, writing))
    return asyncio.run(ask_server(where, asked, kept, show))


def _progress(line: str, *, last: bool) -> None:
    """One line on standard error, kept up to date on a terminal."""
    if sys.stderr.isatty():
        sys.stderr.write(f"\r{line}  ")
        sys.stderr.flush()
    elif last:
        typer.echo(line, err=True)
