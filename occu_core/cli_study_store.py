"""`occu study create|launch|invite|close|list|import|export`: studies in the store."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from occu_core.cli_output import json_text, refusals

if TYPE_CHECKING:
    from occu_core.pairwise.launching import Check
    from occu_core.pairwise.store import Store
    from occu_core.pairwise.studies import StudySettings

_FILES_HELP = """Questions and answers. JSON lines, a JSON list, or CSV with a header; .gz allowed.
 A row for each answer (question_id, question, system, response), as `occu respond` writes, or for
 each question (question_id, question, responses {system: answer}; in CSV a column response:NAME
 for each system). Optional: category, field, group, kind (main, practice, gold, attention),
 expected (of gold and attention: the better system, tie or both_bad), explanation."""
_SETTINGS_HELP = """A JSON object of settings: criteria, overlap, seed, guidelines, consent,
 minimum_seconds, checks_every, repeats_every, completion_code and more, as `settings.json` of an
 export has them."""
Name = Annotated[str, typer.Argument(metavar="NAME", help="The study's name.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON.")]
AddressOption = Annotated[
    str, typer.Option(metavar="URL", help="Where annotators reach the app; links begin with it.")
]
ADDRESS = "http://localhost:8501"


def register(app: typer.Typer) -> None:
    """Add the commands to `occu study`."""
    app.command("create")(create_command)
    app.command("launch")(launch_command)
    app.command("invite")(invite_command)
    app.command("close")(close_command)
    app.command("list")(list_command)
    app.command("import")(import_command)
    app.command("export")(export_command)


def create_command(  # noqa: PLR0913 - one argument for each option
    name: Annotated[str, typer.Argument(metavar="NAME", help="Small letters, digits and dashes.")],
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help=_FILES_HELP)],
    *,
    title: Annotated[
        str | None, typer.Option(help="What annotators read above it.", show_default="the name")
    ] = None,
    settings: Annotated[Path | None, typer.Option(metavar="FILE.json", help=_SETTINGS_HELP)] = None,
    overlap: Annotated[int | None, typer.Option(min=1, help="Votes wanted on each pair.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Of sides and order.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Prepare a study from questions and answers of two systems or more."""
    from occu_core.pairwise.study_files import load_study_files

    with refusals():
        chosen = settings_of_file(settings)
        chosen = replace(chosen, overlap=chosen.overlap if overlap is None else overlap)
        chosen = replace(chosen, seed=chosen.seed if seed is None else seed)
        check = opened_store().create(name, title or name, load_study_files(files), chosen)
    if as_json:
        typer.echo(json_text(asdict(check)))
        return
    typer.echo(check_text(check))
    warn_of_leaks(check)


def launch_command(
    name: Name,
    *,
    allow_leaks: Annotated[
        bool,
        typer.Option("--allow-leaks", help="Launch although answers give away their system."),
    ] = False,
    annotators: Annotated[
        int, typer.Option(min=0, max=1000, help="Invite so many, and print their links.")
    ] = 0,
    address: AddressOption = ADDRESS,
) -> None:
    """Open a study for votes."""
    with refusals():
        store = opened_store()
        store.launch(name, allow_leaks=allow_leaks)
        links = [annotator_link(store, name, address) for _ in range(annotators)]
    typer.echo(f"study {name} is open", err=bool(links))
    for link in links:
        typer.echo(link)


def invite_command(
    name: Name,
    *,
    label: Annotated[str, typer.Option(help="Your own note of who it is.")] = "",
    field: Annotated[
        str | None, typer.Option(help="Their field of work, as questions name it.")
    ] = None,
    expertise: Annotated[
        str | None, typer.Option(metavar="student|practitioner|expert", help="In that field.")
    ] = None,
    identity: Annotated[
        str | None, typer.Option(help="Who they sign in as, where single sign-on is set up.")
    ] = None,
    address: AddressOption = ADDRESS,
) -> None:
    """Invite one annotator and print their link, which cannot be shown again."""
    from occu_core.pairwise.studies import Expertise

    with refusals():
        if expertise is not None and expertise not in set(Expertise):
            raise ValueError(f"--expertise {expertise[:40]!r}; expected {' | '.join(Expertise)}")
        known = Expertise(expertise) if expertise else None
        token = opened_store().invite(name, label, field, known, identity).token
    typer.echo(_invitation_link(address, token))


def close_command(name: Name) -> None:
    """Take no more votes."""
    with refusals():
        opened_store().close_study(name)
    typer.echo(f"study {name} is closed")


def list_command(*, as_json: JsonOption = False) -> None:
    """Print every study."""
    with refusals():
        studies = opened_store().studies()
    if as_json:
        typer.echo(json_text([asdict(study) for study in studies]))
        return
    for study in studies:
        votes = f"{study.votes + study.added_votes} votes by {study.annotators} annotators"
        typer.echo(f"{study.name}  {study.state}  {votes}, {study.planned} planned: {study.title}")


def import_command(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the study to make or add to.")],
    votes: Annotated[Path, typer.Argument(metavar="VOTES", help="A file of votes; .gz allowed.")],
    *,
    layout: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="tulu|pandalm|llmbar|arena|mtbench|csv",
            help="Whose layout the file has; a bundle needs none.",
        ),
    ] = None,
    columns: Annotated[
        list[str] | None,
        typer.Option("--map", metavar="COLUMN=FIELD", help="What a CSV calls a field; repeatable."),
    ] = None,
) -> None:
    """Keep others' votes: in a closed study of their own, or beside the votes of one that is there.

    Votes of one file are added to a study once.
    """
    from occu_core.pairwise.bundle import read_bundle
    from occu_core.pairwise.importing import layout_named, load_votes, mapped_columns

    with refusals():
        if layout is None:
            read = read_bundle(votes)
        else:
            read = list(load_votes(votes, layout_named(layout), mapped_columns(columns or [])))
        store = opened_store()
        if name in {study.name for study in store.studies()}:
            store.add_votes(name, votes.name, read)
        else:
            store.create_for_votes(name, votes.name, read)
    typer.echo(f"study {name}: {len(read)} votes from {votes.name}")


def export_command(
    name: Name,
    out: Annotated[
        Path, typer.Argument(metavar="OUT[.zip]", help="A new folder, or a new .zip file.")
    ],
) -> None:
    """Write votes, presentations, settings, seed and report as one bundle, without names.

    `occu study report OUT` reports on it again.
    """
    from occu_core.pairwise.bundle import write_bundle

    with refusals():
        if not out.absolute().parent.is_dir():
            raise ValueError(f"{out}: there is no folder {out.parent}; make it first")
        write_bundle(opened_store(), name, out)
    typer.echo(f"wrote {out}")


def opened_store() -> Store:
    """The store of this user, or of `OCCU_DATABASE_URL`."""
    # The database layer loads slowly, and other commands need none.
    from occu_core.pairwise.store import Store

    return Store()


def settings_of_file(path: Path | None) -> StudySettings:
    """A study's settings from a JSON file; the usual ones without."""
    from occu_core.pairwise.settings_json import settings_of
    from occu_core.pairwise.studies import StudySettings

    if path is None:
        return StudySettings()
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError, RecursionError) as error:
        raise ValueError(f"{path.name}: is not JSON: {error}") from None
    return settings_of(written, path.name)


def annotator_link(store: Store, name: str, address: str) -> str:
    """The link of one more annotator, which cannot be shown again."""
    return _invitation_link(address, store.invite(name).token)


def _invitation_link(address: str, token: str) -> str:
    from occu_core.pairwise.tokens import INVITATION

    return f"{address.rstrip('/')}/annotate?{INVITATION}={token}"


def check_text(check: Check) -> str:
    """What a study holds, in three lines."""
    extra = f"{check.practice} practice, {check.gold} gold, {check.attention} attention items"
    return "\n".join(
        [
            f"{check.questions} questions, systems {', '.join(check.systems)}",
            f"{check.pairs} pairs; {check.identical} dropped because both answers are the same",
            f"{check.votes_planned} votes planned; {extra}",
        ]
    )


def warn_of_leaks(check: Check) -> None:
    """Name every answer that gives away its system, on standard error."""
    if check.leaks:
        typer.echo(f"warning: {len(check.leaks)} answers give away their system", err=True)
        for leak in check.leaks:
            typer.echo(f"  {leak}", err=True)
