import csv
import json

import pytest
from typer.testing import CliRunner

from occu_core.cli import app


def match(*arguments):
    return CliRunner().invoke(app, ["match", *map(str, arguments)])


def write(path, text):
    path.write_text(text, encoding="utf-8")
    return path


def test_a_title_is_answered_with_ranked_occupations_and_their_probabilities():
    result = match("RN", "--top", "2")
    lines = result.stdout.splitlines()
    assert result.exit_code == 0
    assert lines[0].startswith("confidence ")
    assert lines[1].endswith("Registered nurses (95)")
    assert len(lines) == 3


def test_json_has_the_same_occupations():
    answer = json.loads(match("RN", "--json").stdout)
    assert answer["title"] == "RN"
    assert answer["occupations"][0]["code"] == "95"
    assert len(answer["occupations"]) == 5
    assert answer["sureness"] in {"sure", "likely"}
    assert answer["unknown_words"] == []


def test_low_confidence_is_said_on_standard_error():
    result = match("asdfgh")
    assert result.exit_code == 0
    assert "doubtful" in result.stdout
    assert "note: low confidence" in result.stderr
    assert "'asdfgh'" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ((), "expected a TITLE or a table"),
        (("",), "is no job title"),
        (("123",), "is no job title"),
        (("cook", "--out", "x.csv"), "--out and --overwrite go with --table"),
        (("--table", "none.csv"), "--table goes with --out"),
        (("--table", "none.csv", "--out", "x.csv"), "there is no such file"),
        (("--table", "none.csv", "--out", "no/such/x.csv"), "there is no folder"),
        (("cook", "--top", "0"), "--top"),
    ],
)
def test_what_cannot_be_used_ends_with_code_2_and_the_reason(arguments, problem):
    result = match(*arguments)
    assert result.exit_code == 2
    assert problem in result.stderr
    assert "Traceback" not in result.stderr


def test_a_table_gets_four_columns_and_a_summary(tmp_path):
    table = write(tmp_path / "jobs.csv", "id,title\n1,RN\n2,asdfgh\n3,\n4,rn\n")
    result = match("--table", table, "--out", tmp_path / "out.csv", "--json")
    assert result.exit_code == 0
    with (tmp_path / "out.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["match_code"] for row in rows] == ["95", rows[1]["match_code"], "", "95"]
    assert rows[0]["match_occupation"] == "Registered nurses"
    assert float(rows[0]["match_confidence"]) > float(rows[1]["match_confidence"])
    assert len(rows[0]["match_top5"].split("|")) == 5
    count = json.loads(result.stdout)
    assert (count["rows"], count["empty"], count["doubtful"]) == (4, 1, 1)
    assert count["sure"] + count["likely"] == 2
    assert "4 rows in" in result.stderr


def test_the_column_can_have_any_name_and_the_answer_matches_the_single_one(tmp_path):
    table = write(tmp_path / "jobs.tsv", "what they say\tn\ntruck driver\t1\n")
    out = tmp_path / "out.tsv"
    assert match("--table", table, "--out", out, "--column", "what they say").exit_code == 0
    cells = out.read_text().splitlines()[1].split("\t")
    answer = json.loads(match("truck driver", "--json").stdout)
    assert cells[2:4] == [answer["occupations"][0][key] for key in ("code", "title")]
    assert float(cells[4]) == pytest.approx(answer["confidence"], abs=1e-4)
    assert cells[5] == "|".join(one["code"] for one in answer["occupations"])


def test_a_missing_column_and_columns_that_are_there_are_named(tmp_path):
    table = write(tmp_path / "jobs.csv", "job,match_code\ncook,1\n")
    missing = match("--table", table, "--out", tmp_path / "out.csv")
    assert "column 'title' is missing; there are: job, match_code" in missing.stderr
    there = match("--table", table, "--out", tmp_path / "out.csv", "--column", "job")
    assert there.exit_code == 2
    assert "has a column match_code already" in there.stderr
    again = match("--table", table, "--out", tmp_path / "out.csv", "--column", "job", "--overwrite")
    assert again.exit_code == 0
