"""`occu study`: a study from files to a bundle that reports the same again."""

import csv
import io
import json
import re
import zipfile

import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.pairwise.ballots import SkipReason
from occu_core.pairwise.bundle import bundle_files, read_bundle, table_text
from occu_core.pairwise.settings_json import settings_of
from occu_core.pairwise.store import Store
from occu_core.pairwise.study_files import load_study_files
from occu_core.pairwise.votes import Verdict, VotesError
from tests.small_studies import ballot, shown

NAMES = ("alto-7", "=bass-9")


@pytest.fixture
def occu(tmp_path, monkeypatch):
    """Runs a command in a folder with a file of answers, on a store of its own."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("OCCU_DATABASE_URL", f"sqlite:///{tmp_path}/studies.sqlite3")
    rows = [
        {"question_id": f"q{n}", "question": f"=Q{n}?", "system": name, "response": f"{n} {at}"}
        for n in range(6)
        for at, name in enumerate(NAMES)
    ]
    write(tmp_path / "answers.jsonl", rows)
    write(tmp_path / "leaking.jsonl", [rows[0], rows[1] | {"response": "As Vicuna, no."}])
    (tmp_path / "settings.json").write_text('{"minimum_seconds": 0, "overlap": 2, "seed": 5}')
    return lambda *words: CliRunner().invoke(cli.app, ["study", *words])


def write(path, rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def voted(occu):
    """A study with the votes of two people, one of whom passed a pair over."""
    occu("create", "mine", "answers.jsonl", "--settings", "settings.json")
    links = occu("launch", "mine", "--annotators", "2").stdout.split()
    store = Store()
    for link in links:
        who = store.sign_in(link.split("annotator=")[1])
        for n in range(5):
            verdict = Verdict.LEFT if (n + who.number) % 2 else Verdict.RIGHT
            store.cast(who, shown(store, who).id, ballot(verdict, "said by Ada Lovelace"))
    store.skip(who, shown(store, who).id, SkipReason.OTHER, "Ada Lovelace again")
    store.invite("mine", label="Ada Lovelace", identity="ada@example.org")
    yield store
    store.close()


def test_a_study_is_made_launched_listed_and_closed(occu):
    made = occu("create", "mine", "answers.jsonl", "--title", "My study", "--overlap", "3")
    assert made.exit_code == 0, made.stderr
    assert "6 pairs; 0 dropped because both answers are the same" in made.stdout
    assert "18 votes planned" in made.stdout
    assert "mine  draft  0 votes by 0 annotators, 18 planned: My study" in occu("list").stdout
    launched = occu("launch", "mine", "--annotators", "2", "--address", "https://here/")
    links = launched.stdout.splitlines()
    assert all(re.fullmatch(r"https://here/annotate\?annotator=[\w-]{22}", link) for link in links)
    assert len(set(links)) == 2
    assert "annotator=" in occu("invite", "mine", "--field", "Law", "--expertise", "expert").stdout
    assert occu("close", "mine").stdout == "study mine is closed\n"
    (listed,) = json.loads(occu("list", "--json").stdout)
    assert (listed["state"], listed["annotators"]) == ("closed", 3)


def test_leaks_are_shown_by_row_and_stop_the_launch_until_allowed(occu):
    made = occu("create", "mine", "leaking.jsonl")
    assert made.exit_code == 0
    leak = "leaking.jsonl line 2: the answer of =bass-9 says 'As Vicuna': As Vicuna, no."
    assert leak in made.stderr
    refused = occu("launch", "mine")
    assert refused.exit_code == 2
    assert leak in refused.stderr
    assert "--allow-leaks" in refused.stderr
    assert occu("launch", "mine", "--allow-leaks").exit_code == 0


@pytest.mark.parametrize(
    ("words", "refusal"),
    [
        (("create", "My Study", "answers.jsonl"), "study name 'My Study' is not allowed"),
        (("create", "mine", "none.jsonl"), "none.jsonl: there is no such file"),
        (("create", "mine", "answers.jsonl", "--settings", "answers.jsonl"), "is not JSON"),
        (("create", "mine", "answers.jsonl", "--settings", "none.json"), "none.json: No such file"),
        (("launch", "nobody"), "there is no study 'nobody'; studies: none"),
        (("invite", "nobody", "--expertise", "guru"), "expected student | practitioner | expert"),
        (("export", "nobody", "gone/out"), "there is no folder gone"),
        (("import", "mine", "answers.jsonl"), "is no bundle of a study; for a file of votes say"),
        (("report", "answers.jsonl"), "is no bundle of a study; for a file of votes say"),
        (("report", "."), "is no bundle of a study: it has no questions.jsonl"),
    ],
)
def test_what_cannot_be_done_is_refused_in_one_line(occu, words, refusal):
    answer = occu(*words)
    assert answer.exit_code == 2
    assert refusal in answer.stderr
    assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("out", ["bundle", "bundle.zip"])
def test_a_bundle_reports_the_same_again(occu, voted, tmp_path, out):
    assert occu("export", "mine", out).exit_code == 0
    assert read_bundle(tmp_path / out) == voted.votes("mine")
    again = occu("report", out, "--json")
    assert again.exit_code == 0, again.stderr
    kept = json.loads(bundle_files(voted.export("mine"))["report.json"])["overall"]
    assert json.loads(again.stdout) == kept
    assert (kept["votes"], kept["annotators"]) == (10, 2)
    refused = occu("export", "mine", out)
    assert refused.exit_code == 2
    assert "is there already" in refused.stderr


def test_a_bundle_makes_the_same_plan_again(occu, voted, tmp_path):
    occu("export", "mine", "bundle")
    assert load_study_files([tmp_path / "bundle/questions.jsonl"])[0].text == "=Q0?"
    settings = settings_of(json.loads((tmp_path / "bundle/settings.json").read_text()))
    assert settings == voted.summary("mine").settings
    words = ("bundle/questions.jsonl", "--settings", "bundle/settings.json")
    assert occu("create", "again", *words).exit_code == 0
    plan = "SELECT position, first_on_left FROM slot WHERE study_id = {} ORDER BY position"
    with voted._database.reading() as connection:
        first, second = (connection.exec_driver_sql(plan.format(k)).all() for k in (1, 2))
    assert first == second


def test_the_same_study_gives_the_same_bytes(occu, voted, tmp_path):
    for out in ("one.zip", "other.zip"):
        occu("export", "mine", out)
    assert (tmp_path / "one.zip").read_bytes() == (tmp_path / "other.zip").read_bytes()


def test_a_bundle_holds_nobodys_name_words_or_secret(occu, voted, tmp_path):
    occu("export", "mine", "bundle.zip")
    with zipfile.ZipFile(tmp_path / "bundle.zip") as file:
        text = "".join(file.read(name).decode() for name in file.namelist())
    with voted._database.reading() as connection:
        secrets = connection.exec_driver_sql("SELECT token_digest FROM annotator").scalars().all()
        shown_ids = connection.exec_driver_sql("SELECT id FROM presentation").scalars().all()
    assert not [word for word in ("Ada", "Lovelace", "example.org") if word in text]
    assert not [word for word in (*secrets, *shown_ids) if word in text]
    assert "annotator 1" in text


def test_a_spreadsheet_takes_no_cell_of_a_bundle_for_a_formula(voted):
    files = bundle_files(voted.export("mine"))
    for name in ("votes.csv", "presentations.csv", "annotators.csv"):
        cells = [cell for row in csv.reader(io.StringIO(files[name])) for cell in row]
        assert cells
        assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert "'=bass-9" in files["votes.csv"]
    risky = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1"]
    text = table_text([dict(zip("abcdefg", risky, strict=True))])
    _, row = csv.reader(io.StringIO(text, newline=""))
    assert row == [f"'{cell}" for cell in risky]


def test_others_votes_are_kept_beside_a_study_or_as_one(occu, voted, tmp_path):
    table = "question,system_left,system_right,verdict,annotator,criterion\n"
    (tmp_path / "votes.csv").write_text(f"{table}q0,alto-7,=bass-9,left,judge,overall\n")
    for name, count in (("others", 1), ("mine", 11)):
        kept = occu("import", name, "votes.csv", "--format", "csv")
        assert kept.stdout == f"study {name}: 1 votes from votes.csv\n"
        assert len(voted.votes(name)) == count
        assert occu("export", name, f"{name}.zip").exit_code == 0
        assert read_bundle(tmp_path / f"{name}.zip") == voted.votes(name)
    again = occu("import", "mine", "votes.csv", "--format", "csv")
    assert again.exit_code == 2
    assert "has votes from 'votes.csv' already" in again.stderr


def test_a_damaged_bundle_is_refused_by_row(voted, tmp_path):
    files = bundle_files(voted.export("mine"))
    for name, text in files.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    for damage, refusal in [
        ('{"kind": "main"}', "votes.jsonl line 1: question_id is missing"),
        (files["votes.jsonl"].replace('"left"', '"up"'), "verdict 'up'; expected left | right"),
        ("{", "votes.jsonl line 1: is not JSON"),
        ("", "nobody has voted"),
    ]:
        (tmp_path / "votes.jsonl").write_text(damage)
        with pytest.raises(VotesError, match=re.escape(refusal)):
            read_bundle(tmp_path)
