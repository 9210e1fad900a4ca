"""A study as one bundle that others can check and run again, without annotators' names.

study.json         title, state, systems, counts, software version
settings.json      every setting, the seed among them; `occu study create --settings` reads it
questions.jsonl    questions and answers; `occu study create` reads it
votes.jsonl        the votes; `occu study report BUNDLE` reads it with questions.jsonl
votes.csv          the same for spreadsheets: cells that would be formulas begin with '
presentations.csv  what each annotator was shown, on which side, why, and what became of it
annotators.csv     field, expertise, and checks passed, by number
report.json        the report on each criterion
"""

from __future__ import annotations

import csv
import io
import json
import os
import tempfile
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path

from occu_core.pairwise.importing_files import MOST_BYTES, Row, json_rows
from occu_core.pairwise.report import Settings, study_report
from occu_core.pairwise.report_json import report_json
from occu_core.pairwise.settings_json import settings_json
from occu_core.pairwise.store import Store
from occu_core.pairwise.store_export import Exported
from occu_core.pairwise.store_reading import VOTED_KINDS
from occu_core.pairwise.store_refusals import StudyError
from occu_core.pairwise.studies import StudyQuestion
from occu_core.pairwise.votes import Verdict, Vote, VotesError

_VOTES, _QUESTIONS = "votes.jsonl", "questions.jsonl"
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_ANY_DAY = (1980, 1, 1, 0, 0, 0)  # the same study gives the same bytes


def bundle_bytes(store: Store, study: str) -> bytes:
    """The bundle as a zip file."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as file:
        for name, text in bundle_files(store.export(study)).items():
            file.writestr(zipfile.ZipInfo(f"{study}/{name}", _ANY_DAY), text.encode())
    return held.getvalue()


def write_bundle(store: Store, study: str, path: Path) -> None:
    """Write the bundle to a new folder, or to a file if the name ends in `.zip`.

    Raises:
        StudyError: if something has this name already.
    """
    if path.exists():
        raise StudyError(f"{path}: is there already; choose another name, or remove it")
    if path.suffix == ".zip":
        _write_whole(path, bundle_bytes(store, study))
        return
    files = bundle_files(store.export(study))
    partial = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    for name, text in files.items():
        (partial / name).write_text(text, encoding="utf-8", newline="")
    partial.chmod(0o755)
    partial.replace(path)


def read_bundle(path: Path) -> list[Vote]:
    """The votes on the systems of a bundle, with their answers.

    Raises:
        VotesError: if it is no bundle, or a damaged one, naming file and row.
    """
    questions, votes = (_member(path, name) for name in (_QUESTIONS, _VOTES))
    if not votes.strip():
        raise VotesError(f"{path.name}: nobody has voted")
    texts = {
        (row.text("question_id"), system): str(text)
        for row in (json_rows(questions, _QUESTIONS) if questions.strip() else ())
        for system, text in _responses(row).items()
    }
    return [vote for row in json_rows(votes, _VOTES) if (vote := _vote(row, texts))]


def bundle_files(exported: Exported) -> dict[str, str]:
    """The text of every file of the bundle by name."""
    summary = exported.summary
    about = {
        **{name: getattr(summary, name) for name in ("name", "title", "state", "systems")},
        **{name: getattr(summary, name) for name in ("pairs", "identical", "planned", "votes")},
        **{name: getattr(summary, name) for name in ("annotators", "added_votes")},
        "seed": summary.settings.seed,
        "software": f"occuscope {summary.version}",
    }
    votes = list(_vote_rows(exported))
    people = [_nameless(asdict(one)) for one in exported.quality]
    return {
        "study.json": _json(about),
        "settings.json": _json(settings_json(summary.settings)),
        _QUESTIONS: _json_lines(map(_question_row, exported.questions)),
        _VOTES: _json_lines(votes),
        "votes.csv": table_text(votes),
        "presentations.csv": table_text([asdict(shown) for shown in exported.shown]),
        "annotators.csv": table_text(people),
        "report.json": _json(_reports(exported)),
    }


def table_text(rows: Sequence[Mapping[str, object]]) -> str:
    r"""Rows as CSV that no spreadsheet takes for formulas.

    >>> table_text([{"system": "=1+1", "wins": -2}])
    "system,wins\r\n'=1+1,-2\r\n"
    """
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\r\n")  # so that cells with either are quoted
    if rows:
        writer.writerow(map(_cell, rows[0]))
        writer.writerows([_cell(value) for value in row.values()] for row in rows)
    return held.getvalue()


def _cell(value: object) -> object:
    risky = isinstance(value, str) and value.lstrip(" ").startswith(_FORMULA)
    return f"'{value}" if risky else value


def _nameless(person: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in person.items() if name != "label"}


def _question_row(question: StudyQuestion) -> dict[str, object]:
    row = {name: value for name, value in asdict(question).items() if value is not None}
    del row["place"]
    return {
        **row,
        "question": row.pop("text"),
        "responses": {answer.system: answer.text for answer in question.responses},
    }


def _vote_rows(exported: Exported) -> Iterator[dict[str, object]]:
    """Votes without the answers, which stand in the questions; added votes bring their own."""
    for kind, vote in exported.votes:
        bare = asdict(replace(vote, response_left=None, response_right=None))
        yield {**bare, "kind": kind, "added": False}
    for vote in exported.added:
        yield {**asdict(vote), "kind": "main", "added": True}


def _reports(exported: Exported) -> dict[str, object]:
    """A report for each criterion that was voted on."""
    votes = [vote for kind, vote in exported.votes if kind in VOTED_KINDS] + [*exported.added]
    reports: dict[str, object] = {}
    criteria = dict.fromkeys(vote.criterion for vote in votes)
    for criterion in criteria:
        chosen = [vote for vote in votes if vote.criterion == criterion]
        settings = Settings(criterion=criterion if len(criteria) > 1 else None)
        try:
            found = report_json(study_report(chosen, settings))
        except VotesError as error:  # such as every pair chosen adaptively
            found = {"error": str(error)}
        reports[criterion or ""] = found
    return reports


def _member(path: Path, name: str) -> bytes:
    """One file of a bundle, which may be a folder or a zip file."""
    if path.is_dir():
        file = path / name
        if not file.is_file():
            raise VotesError(f"{path}: is no bundle of a study: it has no {name}")
        if file.stat().st_size > MOST_BYTES:
            raise VotesError(f"{file}: is larger than {MOST_BYTES // 1_000_000} MB")
        return file.read_bytes()
    try:
        with zipfile.ZipFile(path) as zipped:
            found = [info for info in zipped.infolist() if Path(info.filename).name == name]
            if len(found) != 1 or found[0].file_size > MOST_BYTES:
                raise VotesError(f"{path.name}: is no bundle of a study: it has no usable {name}")
            return zipped.read(found[0])
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError):
        raise VotesError(
            f"{path.name}: is no bundle of a study; for a file of votes say its --format"
        ) from None


def _responses(row: Row) -> Mapping[str, object]:
    responses = row.need("responses")
    if not isinstance(responses, dict):
        raise row.refusal("responses", responses, "an object {system: answer}")
    return responses


def _vote(row: Row, texts: Mapping[tuple[str, str], str]) -> Vote | None:
    """A row of votes.jsonl; None for practice and checks."""
    if row.text("kind") not in VOTED_KINDS:
        return None
    question = row.text("question_id")
    fields = {name: row.fields.get(name) for name in Vote.__slots__}
    fields["verdict"] = row.choice("verdict", _VERDICTS)
    if not row.fields.get("added"):
        for side in ("left", "right"):
            fields[f"response_{side}"] = texts.get((question, row.text(f"system_{side}")))
    try:
        return Vote(**fields)  # type: ignore[arg-type]  # as `asdict` wrote them
    except (TypeError, ValueError) as error:
        raise VotesError(f"{row.place}: {error}") from None


def _json(value: object) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False) + "\n"


def _json_lines(rows: Iterable[object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def _write_whole(path: Path, raw: bytes) -> None:
    """The file appears under its name only once it is whole."""
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        partial.write_bytes(raw)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
