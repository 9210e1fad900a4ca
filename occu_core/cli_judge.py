"""`occu judge`: language models as judges of pairs of answers, each pair in both orders."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict, dataclass, replace
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
)
from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from occu_core.endpoints import ReplyStore, Usage
    from occu_core.pairwise.judges import Judge, Judgement, Showing
    from occu_core.pairwise.store import Store
    from occu_core.pairwise.studies import Criterion

_FILES_HELP = "Questions and answers of two systems or more, as `occu study create` reads them."
_LISTED = 10


def judge_command(  # noqa: PLR0913 - one argument for each option
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=_FILES_HELP)],
    *,
    endpoint: Annotated[
        str, typer.Option(metavar="URL", help="An OpenAI-compatible address, ending in /v1.")
    ],
    model: Annotated[
        list[str],
        typer.Option(help="The judge's name there; give several for a panel of judges."),
    ],
    out: Annotated[
        Path,
        typer.Option(
            metavar="OUT.csv", help="Where votes go; reasons go beside it, as JSON lines."
        ),
    ],
    name: Annotated[
        str | None,
        typer.Option(
            help="What the judge is called among annotators.", show_default="the model's name"
        ),
    ] = None,
    criterion: Annotated[
        str | None,
        typer.Option(
            help="overall, helpful, honest or harmless; or one that the study asks.",
            show_default="the study's first, or overall",
        ),
    ] = None,
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Also add the votes to this study in the store."),
    ] = None,
    api_key_variable: KeyVariable = None,
    cap: Cap = None,
    price_in: PriceIn = None,
    price_out: PriceOut = None,
    temperature: Annotated[
        float | None, typer.Option(help="The server's own, if left out; 0 repeats itself best.")
    ] = None,
    max_tokens: Annotated[int, typer.Option(help="The most a reply may have.")] = 1024,
    seed: Annotated[int, typer.Option(min=0, help="Of which order comes first.")] = 1,
    concurrency: Concurrency = 8,
    requests_per_minute: RequestsPerMinute = None,
    replies: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.sqlite",
            help="Where replies are kept, so that none is paid for twice.",
            show_default="beside OUT.csv",
        ),
    ] = None,
    estimate: Annotated[
        bool, typer.Option("--estimate", help="Print what it would cost, and call nothing.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Let language models judge pairs of answers, each pair in both orders.

    Verdicts that differ between the orders count as a tie, and as position inconsistency. A reply
    without a clear verdict is listed, and its pair gives no vote. Ctrl-C pauses; the same command
    goes on, and pays for nothing twice.
    """
    from occu_core.endpoints import Endpoint
    from occu_core.pairwise.judge_files import save_votes
    from occu_core.pairwise.judge_summary import judge_summary
    from occu_core.pairwise.judge_words import costs_text, summary_json, summary_text, unread_text
    from occu_core.pairwise.judges import Judge, judging_cost, settled_votes, showings
    from occu_core.pairwise.study_files import load_study_files

    with refusals():
        check_places(out, files, model, name)
        where = Endpoint(
            endpoint,
            model[0],
            api_key_variable,
            temperature,
            max_tokens,
            price_in=price_in,
            price_out=price_out,
            concurrency=concurrency,
            requests_per_minute=requests_per_minute,
        )
        judges = [Judge(name or one, replace(where, model=one)) for one in model]
        shown = showings(load_study_files(files), seed)
        beside = _Beside.of(study, criterion, judges, shown)
        with _replies(replies, out, reading=estimate) as kept:
            costs = [judging_cost(judge, shown, kept, beside.criterion) for judge in judges]
            if estimate:
                typer.echo(
                    json_text([asdict(one) for one in costs]) if as_json else costs_text(costs)
                )
                return
            typer.echo(costs_text(costs), err=True)
            said = _ask(judges, shown, kept, cap, beside.criterion)
        save_votes(settled_votes(said, beside.criterion), said, out)
        beside.add(judges, said)
    summaries = [judge_summary(judge, said, beside.criterion) for judge in judges]
    for warning in filter(None, map(unread_text, summaries)):
        typer.echo(warning, err=True)
    told = "\n\n".join(map(summary_text, summaries))
    typer.echo(json_text(list(map(summary_json, summaries))) if as_json else told)


@dataclass(frozen=True, slots=True)
class _Beside:
    """What is asked, and the study that the votes are added to, if any."""

    criterion: Criterion
    study: str = ""
    store: Store | None = None

    @classmethod
    def of(
        cls, study: str | None, criterion: str | None, judges: list[Judge], shown: Sequence[Showing]
    ) -> _Beside:
        from occu_core.pairwise.judging_studies import check_judging, criterion_named

        if study is None:
            return cls(criterion_named(criterion))
        from occu_core.pairwise.store import Store

        store = Store()
        asked = criterion_named(criterion, store.summary(study).settings.criteria)
        check_judging(store, study, judges, shown, asked.name)
        return cls(asked, study, store)

    def add(self, judges: list[Judge], said: Sequence[Judgement]) -> None:
        from occu_core.pairwise.judging_studies import add_judgements

        if self.store is None:
            return
        if unanswered := sum(not one.reply for one in said):
            told = f"not added to study {self.study}: {unanswered} calls were not answered"
            typer.echo(f"warning: {told}; the same command asks them again", err=True)
        else:
            added = add_judgements(self.store, self.study, judges, said, self.criterion)
            typer.echo(f"study {self.study}: {added} votes added, one for each order", err=True)


def check_places(out: Path, files: list[Path], models: list[str], name: str | None) -> None:
    """Refuse, before anything is paid for, what could not be written or told apart."""
    if not out.parent.is_dir():
        raise ValueError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.is_dir() or out.suffix != ".csv":
        raise ValueError(f"--out {out}: expected a file whose name ends in .csv")
    if out.resolve() in {file.resolve() for file in files}:
        raise ValueError(f"--out {out}: would overwrite the answers that are judged")
    if twice := {model for model in models if models.count(model) > 1}:
        raise ValueError(f"--model {min(twice)} is given twice; expected different judges")
    if name is not None and len(models) > 1:
        raise ValueError(f"--name {name}: names one judge, but --model names {len(models)}")


def _replies(path: Path | None, out: Path, *, reading: bool) -> ReplyStore:
    """The replies so far; an estimate leaves no file behind."""
    from occu_core.endpoints import ReplyStore
    from occu_core.pairwise.judge_files import replies_path

    path = path or replies_path(out)
    return ReplyStore(None if reading and not path.exists() else path)


def _ask(
    judges: list[Judge],
    shown: Sequence[Showing],
    kept: ReplyStore,
    cap: float | None,
    criterion: Criterion,
) -> list[Judgement]:
    """Ask one judge after the other; Ctrl-C ends it with exit code 130."""
    from occu_core.pairwise.judges import ask_judge

    said: list[Judgement] = []
    try:
        for judge in judges:
            show = _progress(judge.name, len(shown))
            said += asyncio.run(ask_judge(judge, shown, kept, cap, criterion, show))
    except KeyboardInterrupt:
        typer.echo("\npaused; the same command goes on", err=True)
        raise typer.Exit(130) from None
    finally:
        if sys.stderr.isatty():
            typer.echo("", err=True)
    return said


def _progress(judge: str, total: int) -> Callable[[Usage], None]:
    """One line on standard error, kept up to date on a terminal."""
    counted = count(1)

    def show(usage: Usage) -> None:
        done = next(counted)
        line = (
            f"{judge}: {done:,} of {total:,}; {usage.calls:,} calls, {usage.cached:,} known,"
            f" {usage.failed:,} failed, ${usage.spent:,.4f}"
        )
        if sys.stderr.isatty():
            sys.stderr.write(f"\r{line}  ")
            sys.stderr.flush()
        elif done == total:
            typer.echo(line, err=True)

    return show
