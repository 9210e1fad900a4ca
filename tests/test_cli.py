"""The command line: the same numbers as the engine, and a clear refusal of what cannot be used."""

import csv
import json
import subprocess
import sys
from math import exp

import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.data.career_json import parse_query
from occu_core.data.files import load_career_table
from occu_core.evaluation.evaluate import evaluate
from occu_core.models.base import Cohort, ModelCard, ModelKind
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.models.storage import load_model, write_card
from occu_core.occupations import occ1990dd
from occu_core.predictions import NOTE, predict, to_json

CAREER = {
    "dataset": "NLSY97",
    "birth_year": 1981,
    "records": [
        {"year": 2009, "education": "high school", "occupation": "Cooks"},
        {"year": 2010, "education": "high school", "occupation": "436"},
    ],
}
TABLE = """dataset,person_id,year,occupation,split
NLSY97,1,2000,Cooks,train
NLSY97,1,2001,Cooks,train
NLSY97,1,2002,Student,train
NLSY97,2,2001,Not working,test
NLSY97,2,2002,,test
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a career, a table, and a Markov model of that table."""
    folder = tmp_path_factory.mktemp("occu")
    (folder / "career.json").write_text(json.dumps(CAREER), encoding="utf-8")
    (folder / "table.csv").write_text(TABLE, encoding="utf-8")
    states = occ1990dd()
    cohort = Cohort("NLSY97", 2, (2000, 2011), (1980, 1984), (16, 31))
    card = ModelCard(
        *("tiny", ModelKind.MARKOV, "Tiny", "1", states.name, states.digest, (cohort,), {}, ())
    )
    (folder / "tiny").mkdir()
    counts = count_transitions(load_career_table(folder / "table.csv").careers, states)
    MarkovModel(card, states, counts, Smoothing(1.0, 1.0, 0.1)).save(folder / "tiny")
    write_card(folder / "tiny", card)
    return folder


@pytest.fixture
def occu(folder, monkeypatch):
    """Runs a command there, with the tiny model unless it names another."""
    monkeypatch.chdir(folder)

    def run(*arguments, typed=None):
        needs_model = arguments[0] in {"predict", "evaluate"} and "--model" not in arguments
        model = ["--model", "tiny"] if needs_model else []
        return CliRunner().invoke(cli.app, [*arguments, *model], input=typed)

    return run


def refused(result):
    """The error lines of a command that was refused as it should be."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


def test_predict_prints_what_the_engine_says(occu):
    query = parse_query(json.dumps(CAREER))
    expected = to_json(predict(load_model("tiny"), query))
    assert json.loads(occu("predict", "career.json", "--json").stdout) == expected
    assert len(expected["distribution"]) == 343
    assert expected["query"]["query"] == {"year": 2011, "education": "high school"}


def test_predict_reads_a_career_from_standard_input(occu):
    from_file = occu("predict", "career.json", "--json")
    assert occu("predict", "-", "--json", typed=json.dumps(CAREER)).stdout == from_file.stdout


def test_top_keeps_the_likeliest_titles(occu):
    answer = json.loads(occu("predict", "career.json", "--top", "3", "--json").stdout)
    assert [row["title"] for row in answer["distribution"]][:2] == ["Cooks", "Student"]
    assert len(answer["distribution"]) == 3


def test_predict_shows_people_four_parts_and_then_ten_titles(occu):
    lines = occu("predict", "career.json").stdout.splitlines()
    assert lines[0] == "2011, after Cooks"
    assert [line.split("%  ")[1] for line in lines[3:7]] == [
        *("same job", "different job", "not working", "student")
    ]
    assert len(lines) == 9 + 10
    assert lines[9].endswith("Cooks (436)")


def test_notes_about_the_training_data_and_the_use_go_to_standard_error(occu):
    result = occu("predict", "-", "--json", typed=json.dumps({**CAREER, "birth_year": 1950}))
    (birth, age) = json.loads(result.stdout)["notes"]
    assert result.stderr.splitlines() == [f"note: {line}" for line in (birth, age, NOTE)]
    assert birth.startswith("Born in 1950, but")


def test_evaluate_prints_what_the_engine_says(occu, folder):
    report = json.loads(occu("evaluate", "table.csv", "--json").stdout)
    expected = evaluate(load_model("tiny"), load_career_table(folder / "table.csv"))
    assert report["perplexity"] == expected.perplexity
    assert (report["workers"], report["transitions"], report["skipped"]) == (2, 4, 1)
    assert (report["table"], report["split"], report["years"]) == ("table.csv", None, None)


def test_evaluate_scores_one_split_and_some_years(occu):
    report = json.loads(
        occu("evaluate", "table.csv", "--split", "train", "--years", "2001-2002", "--json").stdout
    )
    assert (report["workers"], report["transitions"]) == (1, 2)
    assert (report["split"], report["years"]) == ("train", [2001, 2002])
    assert report["perplexity_first"] is None


def test_evaluate_writes_each_row_and_they_make_the_perplexity(occu, folder):
    report = json.loads(occu("evaluate", "table.csv", "--rows", "rows.csv", "--json").stdout)
    with (folder / "rows.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["person_id"], row["year"]) for row in rows] == [
        *(("1", "2000"), ("1", "2001"), ("1", "2002"), ("2", "2001"))
    ]
    assert list(rows[0])[2:] == ["log_probability", "log_probability_raw"]
    mean = sum(float(row["log_probability"]) for row in rows) / 4
    assert exp(-mean) == pytest.approx(report["perplexity"])


def test_raw_rows_have_no_normalised_probability(occu, folder):
    occu("evaluate", "table.csv", "--raw-only", "--rows", "raw.csv")
    with (folder / "raw.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert {row["log_probability"] for row in rows} == {""}
    assert all(float(row["log_probability_raw"]) < 0 for row in rows)


def test_rows_that_were_there_outlive_a_failed_evaluation(occu, folder):
    (folder / "kept.csv").write_text("kept", encoding="utf-8")
    assert "nothing to score" in refused(
        occu("evaluate", "table.csv", "--years", "1960-1961", "--rows", "kept.csv")
    )
    assert (folder / "kept.csv").read_text(encoding="utf-8") == "kept"
    assert not list(folder.glob(".*partial"))


def test_evaluate_shows_people_one_measure_a_line(occu):
    lines = occu("evaluate", "table.csv", "--raw-only").stdout.splitlines()
    shown = dict(line.split(maxsplit=1) for line in lines if line.startswith(("workers", "top")))
    assert shown == {"workers": "2", "top1": "–", "top5": "–"}


def test_the_shipped_models_are_listed_and_answer_by_name(occu):
    models = {m["name"]: m for m in json.loads(occu("models", "--json").stdout)}
    assert models["markov"]["kind"] == "markov"
    assert set(models["markov"]) == {"name", "kind", "folder", "default"}
    assert [name for name, m in models.items() if m["default"]] == ["language_model"]
    assert "language_model" in occu("models").stdout.splitlines()[0]
    by_name = occu("predict", "career.json", "--json", "--model", "markov")
    by_folder = occu("predict", "career.json", "--json", "--model", models["markov"]["folder"])
    assert json.loads(by_name.stdout)["model"] == "markov"
    assert by_name.stdout == by_folder.stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["predict", "none.json"], "error: none.json: No such file or directory"),
        (["predict", "tiny"], "error: tiny: Is a directory"),
        (["predict", "table.csv"], "error: table.csv: is not a career in JSON"),
        (["predict", "career.json", "--top", "0"], "--top"),
        (["predict", "career.json", "--model", "gpt"], "error: no model 'gpt': neither a shipped"),
        (["predict"], "Missing argument 'CAREER.json'"),
        (["evaluate", "none.csv"], "error: none.csv: there is no such file"),
        (["evaluate", "career.json"], "error: career.json row 1:"),
        (["evaluate", "table.csv", "--years", "2011-1997"], "expected 1997-2011"),
        (["evaluate", "table.csv", "--years", "abc"], "'abc' is not a span of years"),
        (["evaluate", "table.csv", "--years", ""], "'' is not a span of years"),
        (["evaluate", "table.csv", "--split", "valid"], "splits found: test, train"),
        (["evaluate", "table.csv", "--split", "dev"], "'train', 'valid', 'test'"),
        (["evaluate", "table.csv", "--rows", "no/rows.csv"], "there is no folder no; make it"),
        (["evaluate", "table.csv", "--rows", "tiny"], "--rows tiny: is a folder"),
    ],
    ids=" ".join,
)
def test_what_cannot_be_used_is_refused_in_one_line_with_exit_code_2(occu, arguments, message):
    assert message in refused(occu(*arguments))


def test_an_unknown_occupation_is_answered_with_the_nearest_titles(occu):
    career = {"records": [{"year": 2000, "occupation": "Coook"}]}
    assert refused(occu("predict", "-", typed=json.dumps(career))).startswith(
        "error: stdin records[0].occupation: unknown occupation 'Coook'; nearest titles:"
    )


def test_each_bad_row_of_a_table_has_its_own_line(occu, folder):
    (folder / "bad.csv").write_text("person_id,year,occupation\n1,1,NW\n,2000,NW\n")
    lines = refused(occu("evaluate", "bad.csv")).splitlines()
    assert [line.partition(",")[0] for line in lines] == [
        *("error: bad.csv row 2", "error: bad.csv row 3")
    ]


def test_a_damaged_model_folder_is_refused(occu, folder):
    (folder / "damaged").mkdir()
    (folder / "damaged" / "card.json").write_text("{}", encoding="utf-8")
    assert "card.json: is not a model card" in refused(
        occu("predict", "career.json", "--model", "damaged")
    )
    card = (folder / "tiny" / "card.json").read_bytes()
    (folder / "damaged" / "card.json").write_bytes(card)
    (folder / "damaged" / "model.safetensors").write_bytes(b"not tensors")
    assert "the model cannot be loaded" in refused(
        occu("predict", "career.json", "--model", "damaged")
    )


def python(code):
    return subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=False
    )


def test_help_needs_neither_torch_nor_pandas():
    code = (
        "import sys; from occu_core import cli; sys.argv = ['occu', '--help']\n"
        "try: cli.main()\n"
        "except SystemExit: pass\n"
        "print({'torch', 'pandas', 'transformers', 'streamlit'} & set(sys.modules))"
    )
    assert python(code).stdout.endswith("set()\n")


def test_a_reader_that_stops_early_sees_no_traceback(folder):
    code = (
        "import sys; from occu_core import cli\n"
        f"sys.argv = ['occu', 'predict', {str(folder / 'career.json')!r}, '--json',"
        f" '--model', {str(folder / 'tiny')!r}]\n"
        "cli.main()"
    )
    command = [sys.executable, "-c", code]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        said = process.stderr.read().decode()
    assert [line[:5] for line in said.splitlines()] == ["note:"] * len(said.splitlines())
