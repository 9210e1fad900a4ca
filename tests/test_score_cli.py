"""`occu score`: what it prints, how it ends, and how it refuses what cannot be used."""

import gzip
import json
import shutil

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from occu_core import cli

TABLE = """dataset,person_id,year,occupation,split
NLSY97,1,2000,Cooks,train
NLSY97,1,2001,Cooks,train
NLSY97,1,2002,Student,train
NLSY97,2,2001,Not working,test
NLSY97,2,2002,,test
"""


@pytest.fixture
def score(tmp_path, monkeypatch):
    """Runs the command in a folder with a table, with the Markov model unless it names another."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")

    def run(*arguments):
        model = () if "--model" in arguments else ("--model", "markov")
        return CliRunner().invoke(cli.app, ["score", *arguments, *model])

    return run


def refused(result):
    """The error lines of a command that was refused as it should be."""
    assert result.exit_code == 2, result.output
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.stderr


def test_the_answer_says_what_was_written_and_what_was_not_scored(score):
    result = score("table.csv", "--out", "o.parquet")
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0] == "o.parquet: 4 person-years of 2 workers"
    assert lines[1] == "1 rows without a codable occupation are not scored"
    assert lines[-1].startswith("peak memory ")
    assert len(pq.read_table("o.parquet")) == 40


def test_json_has_the_same_for_programs(score):
    told = json.loads(score("table.csv", "--out", "o.parquet", "--top", "2", "--json").stdout)
    assert (told["file"], told["bad_rows_file"]) == ("o.parquet", None)
    assert (told["person_years"], told["workers"], told["skipped_rows"]) == (4, 2, 1)
    again = score("table.csv", "--out", "o.parquet", "--top", "2")
    assert again.exit_code == 0
    assert "it was complete already" in again.stdout


def test_options_choose_rows_and_layout(score):
    score("table.csv", "--out", "a.parquet", "--split", "train", "--years", "2001-2002", "--all")
    wide = pq.read_table("a.parquet")
    assert (wide.num_rows, wide.num_columns) == (2, 346)
    score("table.csv", "--out", "b.parquet", "--next", "--top", "1", "--raw")
    assert pq.read_table("b.parquet").column("year").to_pylist() == [2003, 2002]


def test_bad_rows_end_in_a_report_and_exit_code_3(score, tmp_path):
    with (tmp_path / "table.csv").open("a", encoding="utf-8") as file:
        file.write("NLSY97,3,2001,Coook,test\n")
    result = score("table.csv", "--out", "o.parquet")
    assert result.exit_code == 3
    assert "1 bad rows: 1 workers (1 rows) are left out; o.parquet.bad.csv says why" in (
        result.stdout
    )
    report = (tmp_path / "o.parquet.bad.csv").read_text(encoding="utf-8").splitlines()
    assert report[0] == "row,person_id,column,value,problem"
    assert report[1].startswith("7,3,occupation,Coook,expected one of the titles or codes")
    assert score("table.csv", "--out", "o.parquet").exit_code == 3


def test_gzip_and_parquet_give_the_same_rows_as_text(score, tmp_path):
    (tmp_path / "t.csv.gz").write_bytes(gzip.compress(TABLE.encode()))
    columns = list(zip(*(line.split(",") for line in TABLE.splitlines()), strict=True))
    pq.write_table(pa.table({name: cells for name, *cells in columns}), tmp_path / "t.parquet")
    for table in ("table.csv", "t.csv.gz", "t.parquet"):
        assert score(table, "--out", f"{table}.out.parquet").exit_code == 0
    first, *others = (
        pq.read_table(f"{table}.out.parquet").to_pylist()
        for table in ("table.csv", "t.csv.gz", "t.parquet")
    )
    assert others == [first, first]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("no.csv", "--out", "o.parquet"), "no.csv: there is no such file"),
        ((".", "--out", "o.parquet"), "is a folder; expected a file"),
        (("table.csv", "--out", "no/o.parquet"), "--out no/o.parquet: there is no folder no"),
        (("table.csv", "--out", "o.csv"), "expected FILE.parquet"),
        (("table.csv", "--out", "folder.parquet"), "--out folder.parquet: is a folder"),
        (("table.csv", "--out", "other.parquet"), "and not by `occu score`"),
        (("table.csv", "--out", "o.parquet", "--top", "0"), "--top 0 is not possible"),
        (("table.csv", "--out", "o.parquet", "--top", "1000000"), "expected 1–343, or --all"),
        (("table.csv", "--out", "o.parquet", "--top", "3", "--all"), "give one of the two"),
        (("table.csv", "--out", "o.parquet", "--years", "97"), "expected 1997-2011"),
        (("table.csv", "--out", "o.parquet", "--years", "2011-1997"), "expected 1997-2011"),
        (("table.csv", "--out", "o.parquet", "--years", "1960-1970"), "in 1960–1970; there is"),
        (("table.csv", "--out", "o.parquet", "--years", "2001-2001", "--next"), "one of the two"),
        (("table.csv", "--out", "o.parquet", "--split", "valid"), "found: test, train"),
        (("table.csv", "--out", "o.parquet", "--model", "nobody"), "no model 'nobody'"),
        (("table.csv", "--out", "o.parquet", "--ray-workers", "2"), "are for --engine ray"),
        (("empty.csv", "--out", "o.parquet"), "empty.csv: is empty"),
        (("header.csv", "--out", "o.parquet"), "has a header but no rows"),
        (("all_bad.csv", "--out", "o.parquet"), "every worker has a bad row; o.parquet.bad.csv"),
        (("huge.csv", "--out", "o.parquet"), "huge.csv row 2: is not a row of a CSV table"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_used_is_refused_in_words(score, tmp_path, arguments, said):
    (tmp_path / "folder.parquet").mkdir()
    shutil.copy("table.csv", "other.parquet")
    header = "person_id,year,occupation\n"
    for name, text in {
        "empty.csv": "",
        "header.csv": header,
        "all_bad.csv": header + "1,1897,Cooks\n",
        "huge.csv": header + f"1,2000,{'x' * 200_000}\n",
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    assert said in refused(score(*arguments))
    assert not (tmp_path / "o.parquet").exists()
    assert not (tmp_path / "o.parquet.parts").exists()


def test_a_model_that_is_damaged_is_refused_before_the_table_is_read(score, tmp_path):
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/card.json").write_text("{}", encoding="utf-8")
    said = refused(score("table.csv", "--out", "o.parquet", "--model", "broken"))
    assert "is not a model card" in said
