import csv
import json

import pytest
from typer.testing import CliRunner

from occu_core.cli import app
from occu_core.data.files import load_career_table
from occu_core.matching.code_lists import CodeList, UnknownCodeError, meaning
from tests.conftest import SHARED


def found(codes, text):
    return [one.code for one in meaning(codes, text).occupations]


@pytest.mark.parametrize("text", ["29-1141", "291141", "29-1141.00", " 29-1141 "])
def test_soc_codes_are_read_with_and_without_dash_and_onet_ending(text):
    assert found(CodeList.SOC, text) == ["95"]


@pytest.mark.parametrize(
    ("codes", "text", "occupation"),
    [
        (CodeList.CENSUS_1990, "95", "95"),
        (CodeList.CENSUS_1990, "095", "95"),
        (CodeList.CENSUS_1990, "95.0", "95"),
        (CodeList.CENSUS_2000, "313", "95"),
        (CodeList.CENSUS_2000_FOUR, "3130", "95"),
        (CodeList.CENSUS_2018, "3255", "95"),
        (CodeList.CENSUS_2018, "10", "4"),
    ],
)
def test_a_census_code_stands_for_its_occupation(codes, text, occupation):
    assert found(codes, text) == [occupation]


def test_a_code_of_several_occupations_has_the_most_common_first():
    assert found(CodeList.SOC, "13-1082") == ["22", "64", "37"]


def test_military_and_unemployed_codes_are_outside_civilian_work():
    assert meaning(CodeList.SOC, "55-1011").outside
    assert meaning(CodeList.CENSUS_2018, "9800").outside
    assert not meaning(CodeList.SOC, "29-1141").outside


@pytest.mark.parametrize("text", ["", "99-9999", "nurse", "29-114", "²", "-3", "1e3"])
@pytest.mark.parametrize("codes", list(CodeList))
def test_what_no_list_has_is_refused_by_name(codes, text):
    with pytest.raises(UnknownCodeError, match=f"is no {codes.value} code"):
        meaning(codes, text)


@pytest.mark.skipif(not SHARED.exists(), reason="no data beside the project: ../shared/data")
def test_shipped_codes_stand_for_what_the_crosswalk_says():
    with (SHARED / "occupations/onet_to_occ1990dd.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            expected = {code for code in row["occ1990dd"].split("|") if code not in {"", "905"}}
            assert set(found(CodeList.SOC, row["onet"])) == expected, row["onet"]
            assert expected <= set(found(CodeList.SOC, row["soc2018"]))


# occu convert


def convert(*arguments):
    return CliRunner().invoke(app, ["convert", *map(str, arguments)])


TABLE = """person_id,year,occupation,education
1,2001,29-1141,
1,2002,13-1082,
1,2003,13-1082,
1,2004,55-1011,
1,2005,19-1099,
1,2006,00-0000,
1,2007,Not working,
1,2008,,
"""


def test_a_career_table_in_soc_codes_becomes_one_that_occuscope_reads(tmp_path):
    source, out = tmp_path / "soc.csv", tmp_path / "out.csv"
    source.write_text(TABLE)
    result = convert(source, "--from", "soc", "--out", out)
    assert result.exit_code == 0
    with out.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["given_code"] for row in rows][:2] == ["29-1141", "13-1082"]
    career = load_career_table(out).careers[0]
    assert [(r.year, r.occupation.code) for r in career.records] == [
        *((2001, "95"), (2002, "22"), (2003, "22"), (2007, "NW")),
    ]
    assert "8 rows: 4 converted (2 of them from ambiguous codes), 3 left without" in result.stdout
    assert "13-1082 (Project Management Specialists), 2 rows (25.0%)" in result.stdout
    assert "00-0000, 1 rows (12.5%)" in result.stdout


def test_the_json_lists_ambiguous_and_unknown_codes_with_their_shares(tmp_path):
    source = tmp_path / "soc.csv"
    source.write_text(TABLE)
    result = convert(source, "--from", "soc", "--out", tmp_path / "out.csv", "--json")
    answer = json.loads(result.stdout)
    (ambiguous,) = answer["ambiguous"]
    assert ambiguous["chosen"]["code"] == "22"
    assert [one["code"] for one in ambiguous["alternatives"]] == ["64", "37"]
    assert (ambiguous["rows"], ambiguous["share"]) == (2, 0.25)
    assert [one["code"] for one in answer["unknown"]] == ["00-0000"]
    assert [one["code"] for one in answer["no_single_occupation"]] == ["19-1099"]
    assert [one["code"] for one in answer["outside_civilian_work"]] == ["55-1011"]
    assert (answer["rows"], answer["converted"], answer["empty"]) == (8, 4, 1)


def test_codes_of_more_rows_are_listed_first(tmp_path):
    source = tmp_path / "soc.csv"
    source.write_text("occupation\n11-0000\n99-0000\n99-0000\n55-0000\n")
    answer = json.loads(
        convert(source, "--from", "soc", "--out", tmp_path / "o.csv", "--json").stdout
    )
    assert [one["code"] for one in answer["unknown"]] == ["99-0000", "11-0000", "55-0000"]


def test_codes_in_another_column_stay_and_titles_are_added(tmp_path):
    source, out = tmp_path / "census.csv", tmp_path / "out.csv"
    source.write_text("person_id,year,census_code\n1,2001,313\n")
    assert convert(source, "--from", "census2000", "--out", out, "--column", "census_code")
    assert out.read_text() == (
        "person_id,year,census_code,occupation\n1,2001,313,Registered nurses\n"
    )
    refused = convert(out, "--from", "census2000", "--out", source, "--column", "census_code")
    assert refused.exit_code == 2
    assert "has a column occupation already" in refused.stderr


def test_what_cannot_be_converted_is_refused_before_any_work(tmp_path):
    source = tmp_path / "soc.csv"
    source.write_text(TABLE)
    for arguments, problem in [
        ((source, "--from", "isco", "--out", tmp_path / "out.csv"), "isco"),
        ((source, "--from", "soc", "--out", tmp_path), "is a folder"),
        ((source, "--from", "soc", "--out", tmp_path / "no/out.csv"), "there is no folder"),
        ((tmp_path / "none.csv", "--from", "soc", "--out", tmp_path / "o.csv"), "no such file"),
        (
            (source, "--from", "soc", "--out", tmp_path / "o.csv", "--column", "soc"),
            "there are: person_id, year, occupation, education",
        ),
    ]:
        result = convert(*arguments)
        assert result.exit_code == 2
        assert problem in result.stderr
    assert list(tmp_path.iterdir()) == [source]
