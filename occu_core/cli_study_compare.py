"""`occu study compare`: from a set of questions and two systems' answers to a study."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core import cli_judge, cli_questions, cli_study_store
from occu_core.cli_output import refusals

if TYPE_CHECKING:
    from occu_core.pairwise.comparing import Compared
    from occu_core.pairwise.launching import Check
    from occu_core.pairwise.store import Store
    from occu_core.pairwise.studies import StudyQuestion, StudySettings

_ANSWERS = "Answers to them, as `occu respond` writes; SYSTEM= says who answered."


def register(app: typer.Typer) -> None:
    """Add the commands to `occu study`."""
    app.command("questions")(cli_questions.questions_command)
    app.command("compare")(compare_command)


def compare_command(  # noqa: PLR0913 - one argument for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")],
    questions: cli_questions.Questions,
    *,
    a: Annotated[str, typer.Option("--a", metavar="[SYSTEM=]FILE", help=_ANSWERS)],
    b: Annotated[str, typer.Option("--b", metavar="[SYSTEM=]FILE", help="The other system's.")],
    common: Annotated[
        bool, typer.Option("--common", help="Leave out what not both answered.")
    ] = False,
    title: Annotated[
        str | None, typer.Option(help="What annotators read above it.", show_default="the name")
    ] = None,
    settings: Annotated[
        Path | None,
        typer.Option(metavar="FILE.json", help="A study's settings, as `occu study create` reads."),
    ] = None,
    overlap: Annotated[int | None, typer.Option(min=1, help="Votes wanted on each pair.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of sides and order.")] = None,
    launch: Annotated[bool, typer.Option("--launch", help="Open it for votes.")] = False,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="Launch although answers give away their system."),
    ] = False,
    annotators: Annotated[
        int, typer.Option(min=0, max=1000, help="Invite so many, and print their links.")
    ] = 0,
    address: cli_study_store.AddressOption = cli_study_store.ADDRESS,
    judge: Annotated[
        list[str] | None,
        typer.Option(help="Also let this model judge; give several for a panel."),
    ] = None,
    endpoint: Annotated[
        str | None, typer.Option(metavar="URL", help="Where judges are, ending in /v1.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="VOTES.csv", help="Where judges' votes go.")
    ] = None,
    key_variable: Annotated[
        str | None, typer.Option(metavar="NAME", help="The variable that holds the judges' key.")
    ] = None,
    cap: Annotated[
        float | None, typer.Option(min=0, help="The most dollars judges may cost, over all runs.")
    ] = None,
    price_in: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens judges read.")
    ] = None,
    price_out: Annotated[
        float | None, typer.Option(help="Dollars for a million tokens judges write.")
    ] = None,
) -> None:
    """Make a study of two systems' answers, open it, and let a judge vote beside people.

    Stopped while judging, the same command goes on. Judges' win rates come by category; people's
    stand in the report of `occu study export`.
    """
    with refusals():
        judging = _judging(judge, endpoint, out, key_variable, (cap, price_in, price_out))
        files = _named(a), _named(b)
        if judging:
            judging.check([path for _, path in files])
        if annotators and not launch:
            raise ValueError("--annotators invites people to a study that is open: add --launch")
        found = _joined(questions, files, common=common)
        chosen = cli_study_store.settings_of_file(settings)
        chosen = replace(chosen, overlap=chosen.overlap if overlap is None else overlap)
        chosen = replace(chosen, seed=chosen.seed if seed is None else seed)
        store = cli_study_store.opened_store()
        check = _prepared(store, name, title, found, chosen)
        cli_study_store.warn_of_leaks(check)
        if launch:
            store.launch(name, allow_leaks=allow_leaks)
        links = _links(store, name, annotators, address)
        state = store.summary(name).state
    typer.echo(f"study {name} is {state}: {cli_study_store.check_text(check)}")
    for link in links:
        typer.echo(link)
    if judging:
        judging.run(name, found)


class _Judging:
    """Which models judge, and where their votes go."""

    def __init__(
        self,
        models: list[str],
        endpoint: str,
        out: Path,
        key_variable: str | None,
        dollars: tuple[float | None, float | None, float | None],
    ) -> None:
        self.models, self.endpoint, self.out = models, endpoint, out
        self.key_variable, self.dollars = key_variable, dollars

    @property
    def answers(self) -> Path:
        """What is judged, beside the votes."""
        return self.out.with_suffix(".answers.jsonl")

    def check(self, files: list[Path]) -> None:
        """Refuse, before a study is made, what could not be judged."""
        from occu_core.endpoints import Caller, Endpoint

        cli_judge.check_places(self.out, files, self.models, None)
        if self.answers.resolve() in {file.resolve() for file in files}:
            raise ValueError(
                f"--out {self.out}: {self.answers.name} beside it would be overwritten"
            )
        cap, price_in, price_out = self.dollars
        where = Endpoint(
            self.endpoint,
            self.models[0],
            self.key_variable,
            price_in=price_in,
            price_out=price_out,
        )
        Caller(where, cap=cap)

    def run(self, name: str, found: Compared) -> None:
        """Write what is judged beside the votes, and judge it as `occu judge` does."""
        from occu_core.pairwise.comparing import save_compared

        cap, price_in, price_out = self.dollars
        with refusals():
            save_compared(found.questions, self.answers)
        cli_judge.judge_command(
            [self.answers],
            endpoint=self.endpoint,
            model=self.models,
            out=self.out,
            study=name,
            api_key_variable=self.key_variable,
            cap=cap,
            price_in=price_in,
            price_out=price_out,
        )


def _judging(
    models: list[str] | None,
    endpoint: str | None,
    out: Path | None,
    key_variable: str | None,
    dollars: tuple[float | None, float | None, float | None],
) -> _Judging | None:
    if not models and endpoint is None and out is None:
        return None
    if not models or endpoint is None or out is None:
        raise ValueError(
            "--judge, --endpoint and --out go together: who judges, where, and the votes"
        )
    return _Judging(models, endpoint, out, key_variable, dollars)


def _named(written: str) -> tuple[str | None, Path]:
    """SYSTEM=FILE, or a file alone; a file whose own name has a = in it is one."""
    system, equals, place = written.partition("=")
    if not equals or Path(written).is_file():
        return None, Path(written)
    if not system.strip():
        raise ValueError(f"{written[:80]!r}: names no system; expected SYSTEM=FILE, or FILE")
    return system.strip(), Path(place)


def _joined(
    questions: str, files: tuple[tuple[str | None, Path], tuple[str | None, Path]], *, common: bool
) -> Compared:
    from occu_core.answering.question_sets import about
    from occu_core.pairwise.comparing import Asked, compared, read_answers

    first, second = (read_answers(path, system) for system, path in files)
    sets = cli_questions.read_set(questions)
    asked = [
        Asked(one.question_id, one.text, about(one, "category"), sets.places[one.question_id])
        for one in sets.questions
    ]
    found = compared(asked, first, second, common=common)
    if found.left_out:
        typer.echo(f"note: {len(found.left_out):,} questions are left out (--common)", err=True)
    if found.other:
        typer.echo(f"note: {found.other:,} answers are to other questions", err=True)
    return found


def _links(store: Store, name: str, wanted: int, address: str) -> list[str]:
    """Links for as many annotators as are not invited yet."""
    missing = wanted - store.summary(name).annotators
    return [cli_study_store.annotator_link(store, name, address) for _ in range(missing)]


def _prepared(
    store: Store, name: str, title: str | None, found: Compared, settings: StudySettings
) -> Check:
    """A new study; or the same one where an earlier run made it and was stopped."""
    from occu_core.pairwise.store_refusals import StudyExistsError

    try:
        return store.create(name, title or name, found.questions, settings)
    except StudyExistsError as taken:
        there = store.export(name)
        same = {_content(one) for one in there.questions}
        if same != {_content(one) for one in found.questions} or settings != there.summary.settings:
            raise StudyExistsError(f"{taken}; it has other answers or settings") from None
        typer.echo(f"note: study {name} is there already, with the same answers", err=True)
        return store.check(name)


def _content(question: StudyQuestion) -> tuple[object, ...]:
    """What makes two questions of a study the same."""
    said = frozenset((answer.system, answer.text) for answer in question.responses)
    return question.question_id, question.text, question.category, said
