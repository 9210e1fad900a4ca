"""PSID-SHELF's long file, on made-up rows in its documented layout (no real row is at hand)."""

import gzip

import pandas as pd
import pytest

from occu_core.careers import Education, RaceEthnicity, Region, Sex
from occu_core.data.career_table import CareerTableError
from occu_core.data.crosswalks import load_crosswalk
from occu_core.data.psid_shelf import VARIABLES, load_psid_shelf

HEADER = (
    "ID,YEAR,DEMO_SEX,DEMO_BIRTH_YEAR,RACE_ETH_MAJ_COL,GEO_REGION,EDU_LEVEL,EMP_STAT_1M,"
    "OCC_1970C,OCC_2000C_1M,OCC_2010C_1M,FAM_SIZE"
)
ROWS = (
    "4001,1970,2,1945,2,6,0,1,912,,,3",  # census 1970: cooks, except private household
    "4001,1972,2,1945,2,5,1,6,.,.a,,3",
    "4001,2003,2,1945,2,3,1,2,,402,,2",  # census 2000: cooks
    "4001,2017,2,1945,2,3,1,1,,,4020,2",  # census 2010: cooks
    "4001,2019,2,1945,2,3,1,1,,,9830,2",  # armed forces
    "4001,2021,2,1945,2,3,1,4,,,,2",
    "4002,2017,1,1990,4,4,4,7,,,,2",
    "4002,2019,1,1990,4,4,4,,,,,2",
    "5030,2019,,,,,,,,,,2",
)


@pytest.fixture(scope="module")
def crosswalk():
    return load_crosswalk()


def read(tmp_path, crosswalk, *rows, header=HEADER, name="long.csv"):
    path = tmp_path / name
    raw = ("\n".join((header, *rows)) + "\n").encode()
    path.write_bytes(gzip.compress(raw) if name.endswith(".gz") else raw)
    return load_psid_shelf(path, crosswalk)


def test_rows_become_careers_with_harmonised_labels(tmp_path, crosswalk):
    found = read(tmp_path, crosswalk, *ROWS)
    cook, student = found.table.careers
    assert [(r.year, r.occupation.title) for r in cook.records] == [
        (1970, "Cooks"),
        (1972, "Not working"),
        (2003, "Cooks"),
        (2017, "Cooks"),
        (2021, "Not working"),
    ]
    assert (cook.worker_id, cook.dataset, cook.birth_year) == ("4001", "PSID", 1945)
    assert (cook.sex, cook.race_ethnicity) == (Sex.FEMALE, RaceEthnicity.BLACK)
    assert cook.region is Region.WEST  # Alaska or Hawaii, in the first year within the country
    assert cook.records[0].education is Education.LESS_THAN_HIGH_SCHOOL
    assert [(r.year, r.occupation.title) for r in student.records] == [(2017, "Student")]
    assert student.records[0].education is Education.GRADUATE
    assert found.table.skipped_rows == (1, 0)
    assert all(career.worker_id != "5030" for career in found.table.careers)
    assert found.unknown_codes == ()


@pytest.mark.parametrize("name", ["long.csv", "long.csv.gz", "long.dta"])
def test_csv_gzip_and_stata_files_read_alike(tmp_path, crosswalk, name):
    expected = read(tmp_path, crosswalk, *ROWS, name="expected.csv")
    if name != "long.dta":
        assert read(tmp_path, crosswalk, *ROWS, name=name) == expected
        return
    cells = pd.DataFrame([row.split(",") for row in ROWS], columns=HEADER.split(","))
    numbers = cells.replace({".": "", ".a": ""}).apply(pd.to_numeric).astype("float64")
    labels = {"EMP_STAT_1M": {1: "Employed: Working now", 7: "Not employed: Student"}}
    numbers.to_stata(tmp_path / name, write_index=False, value_labels=labels)
    assert load_psid_shelf(tmp_path / name, crosswalk) == expected


def test_a_code_alone_is_work_and_minus_one_is_missing(tmp_path, crosswalk):
    (career,) = read(tmp_path, crosswalk, "4001,2017,-1,1945,-1,3,1,-1,,,4020,2").table.careers
    assert [r.occupation.title for r in career.records] == ["Cooks"]
    assert (career.sex, career.race_ethnicity) == (None, None)


def test_unlisted_codes_are_told_with_their_first_row(tmp_path, crosswalk):
    many = [f"{9000 + k},2017,1,1960,1,1,1,1,,,4020,1" for k in range(60)]
    found = read(tmp_path, crosswalk, *many, "9500,2017,1,1960,1,1,1,1,,,4021,1")
    assert found.unknown_codes == (
        "row 62, column OCC_2010C_1M: code 4021 is not among the census2010 codes of the"
        " crosswalk; found 1 times",
    )
    assert found.table.skipped == 1


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("4001,1970,3,1945,2,3,0,1,912,,,3", "row 2: column DEMO_SEX: '3' is not allowed; expect"),
        ("4001,1970,Male,1945,2,3,0,1,912,,,3", "export codes, not value labels"),
        ("4001,1870,1,1845,2,3,0,1,912,,,3", "row 2: year 1870 is before 1950"),
        ("4001,1e300,1,1945,2,3,0,1,912,,,3", "column YEAR: '1e+300' is not allowed"),
        ("4001,1970,1,1945,2,3,0,inf,912,,,3", "column EMP_STAT_1M: 'inf' is not allowed"),
        (",1970,1,1945,2,3,0,1,912,,,3", "column ID: '' is not allowed; expected a person's nu"),
        ("4001,1970,1,1945,2,3,0,1,912,,", "row 2: has 11 values; expected 12"),
        ("4001,1970,1,1975,2,3,0,1,912,,,3", "person 4001: birth year 1975 is not before"),
        ("4001,1970,1,1945,2,3,0,,,,,3", "has no row with an employment status"),
        ("4001,1970,1,1945,2,3,0,1,999,,,3", "1 of 1 occupation codes are not in the crosswalk"),
    ],
    ids=lambda value: value[:50],
)
def test_a_bad_row_names_row_column_and_value(tmp_path, crosswalk, row, problem):
    with pytest.raises(CareerTableError) as refusal:
        read(tmp_path, crosswalk, row)
    assert problem in str(refusal.value)


def test_a_repeated_year_is_refused(tmp_path, crosswalk):
    with pytest.raises(CareerTableError, match="row 3: person 4001 has 1970 on an earlier row"):
        read(tmp_path, crosswalk, ROWS[0], ROWS[0])


@pytest.mark.parametrize("column", [v.name for v in VARIABLES if v.needed])
def test_a_missing_column_is_named(tmp_path, crosswalk, column):
    with pytest.raises(CareerTableError, match=f"column {column} is missing"):
        read(tmp_path, crosswalk, *ROWS, header=HEADER.replace(column, "OTHER", 1))


def test_a_file_without_occupations_is_refused(tmp_path, crosswalk):
    with pytest.raises(CareerTableError, match="column OCC_2010C_1M or OCC_2000C_1M or OCC_1970C"):
        read(tmp_path, crosswalk, header="ID,YEAR,EMP_STAT_1M")


@pytest.mark.parametrize("name", ["long.dta", "long.csv", "long.csv.gz"])
def test_a_file_of_another_kind_is_refused(tmp_path, crosswalk, name):
    (tmp_path / name).write_bytes(b"\x89PNG\r\n\x1a\n\xff\xfe\x00" * 30)
    with pytest.raises(CareerTableError, match=name):
        load_psid_shelf(tmp_path / name, crosswalk)


@pytest.mark.parametrize("name", ["long.dta", "long.csv", "long.csv.gz"])
def test_an_empty_or_absent_file_is_refused(tmp_path, crosswalk, name):
    with pytest.raises(CareerTableError, match="there is no such file"):
        load_psid_shelf(tmp_path / name, crosswalk)
    (tmp_path / name).write_bytes(b"")
    with pytest.raises(CareerTableError, match=name):
        load_psid_shelf(tmp_path / name, crosswalk)
