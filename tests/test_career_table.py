"""Career tables: what is read, and how each bad one is refused."""

import gzip

import pytest

from occu_core.careers import Education, Region, Sex
from occu_core.data import files
from occu_core.data.career_table import CareerTableError, Split, read_career_table
from occu_core.data.files import load_career_table, parse_career_table

HEADER = "person_id,year,occupation"
FULL = (
    "dataset,person_id,year,split,birth_year,sex,race_ethnicity,region,education,occupation,wage\n"
    'NLSY97,7,2001,test,1981,male,"non-Black, non-Hispanic",South,high school,436,9.5\n'
    'NLSY97,7,2000,test,1981,male,"non-Black, non-Hispanic",,bachelor\'s degree,Cooks,\n'
    'NLSY97,7,2003,test,1981,male,"non-Black, non-Hispanic",West,,,1\n'
    "NLSY97,8,2000,train,,,,,,Student,\n"
)


def table(*lines):
    return read_career_table("\n".join((HEADER, *lines)) + "\n", "t.csv")


def problems(text, name="t.csv"):
    """What is said of a bad table, given as text or as bytes."""
    read = parse_career_table if isinstance(text, bytes) else read_career_table
    with pytest.raises(CareerTableError) as refusal:
        read(text, name)
    return refusal.value.problems


def problem_with(*lines):
    (problem,) = problems("\n".join((HEADER, *lines)))
    return problem


def test_unsorted_rows_titles_codes_and_fallen_education_are_read():
    first, second = read_career_table(FULL).careers
    assert [(r.year, r.occupation.title, r.education) for r in first.records] == [
        (2000, "Cooks", Education.BACHELORS),
        (2001, "Cooks", Education.HIGH_SCHOOL),
    ]
    assert (first.worker_id, first.dataset, first.birth_year) == ("7", "NLSY97", 1981)
    assert first.sex is Sex.MALE
    assert (second.birth_year, second.sex, second.region) == (None, None, None)


def test_the_region_is_the_first_one_known():
    assert read_career_table(FULL).careers[0].region is Region.SOUTH


def test_an_empty_occupation_is_skipped_and_counted():
    found = read_career_table(FULL)
    assert found.skipped == 1
    assert len(found.careers[0].records) == 2


def test_a_split_keeps_only_its_workers_and_an_absent_one_is_refused():
    found = read_career_table(FULL)
    assert [career.worker_id for career in found.only(Split.TEST).careers] == ["7"]
    with pytest.raises(ValueError, match="split 'valid'; splits found: test, train"):
        found.only(Split.VALID)
    with pytest.raises(ValueError, match="splits found: none"):
        table("1,2000,Cooks").only(Split.TEST)


def test_the_same_number_in_two_datasets_is_two_workers():
    text = "dataset,person_id,year,occupation\nA,1,2000,Cooks\nB,1,2000,Cooks\n"
    assert len(read_career_table(text).careers) == 2


def test_years_as_spreadsheets_write_them_are_read():
    assert table("1,2000.0,Cooks").careers[0].records[0].year == 2000


@pytest.mark.parametrize(
    "raw",
    [
        f"{HEADER}\r\n1,2000,Cooks\r\n".encode("utf-8-sig"),
        f"{HEADER}\n1,2000,Cooks\n".replace(",", ";").encode("utf-8-sig"),
        f"{HEADER}\n1,2000,Cooks\n".replace(",", "\t").encode("utf-16"),
        gzip.compress(f"{HEADER}\n1,2000,Cooks\n".encode()),
        b"Person_ID, Year ,OCCUPATION\n\n1, 2000 , cooks \n,,\n",
    ],
    ids=["UTF-8 mark", "semicolons", "UTF-16 and tabs", "gzip", "spaces and capitals"],
)
def test_what_excel_writes_is_read(raw):
    (career,) = parse_career_table(raw, "t.csv").careers
    assert [(r.year, r.occupation.code) for r in career.records] == [(2000, "436")]


def test_a_table_on_disk_is_read(tmp_path):
    path = tmp_path / "t.csv.gz"
    path.write_bytes(gzip.compress(FULL.encode()))
    assert load_career_table(path) == read_career_table(FULL)


def test_an_unknown_occupation_is_answered_with_the_nearest_titles():
    problem = problem_with("1,2000,Cooks", "1,2001,Coook")
    assert problem.startswith("t.csv row 3, column occupation: 'Coook' is not allowed; expected")
    assert "nearest titles:" in problem
    assert "Cooks" in problem


def test_a_repeated_year_names_both_rows():
    problem = problem_with("1,2001,Cooks", "2,2001,Cooks", "1,2001,NW")
    assert problem == (
        "t.csv row 2: person '1': year 2001 is on rows 2 and 4; expected one row per person and"
        " year"
    )


@pytest.mark.parametrize("year", ["1897", "2031", "97", "-200", "２０００", "next", ""])
def test_a_year_that_is_none_names_the_row_and_what_is_allowed(year):
    problem = problem_with(f"1,{year},Cooks")
    assert problem.startswith(f"t.csv row 2, column year: '{year}' is not allowed; expected ")


def test_a_future_year_names_the_last_one_allowed():
    assert problem_with("1,2031,Cooks").endswith("expected 1950–2030")


def test_a_birth_year_after_the_first_job_is_refused():
    (problem,) = problems(f"{HEADER},birth_year\n1,2000,Cooks,2001\n")
    assert problem == (
        "t.csv row 2: person '1': birth year 2001 is not before the first job in 2000"
    )


def test_a_worker_with_two_birth_years_is_refused_with_both_rows():
    (problem,) = problems(f"{HEADER},birth_year\n1,2000,Cooks,1980\n1,2001,Cooks,1981\n")
    assert "birth_year is 1980 on row 2 but 1981 on row 3" in problem


@pytest.mark.parametrize(
    ("column", "value", "allowed"),
    [
        ("sex", "woman", "'female'; 'male' or empty"),
        ("race_ethnicity", "<b>", "'Black'; 'Hispanic'; 'non-Black, non-Hispanic' or empty"),
        ("region", "Texas", "'Northeast'; 'Midwest'; 'South'; 'West' or empty"),
        ("education", "PhD", "'graduate degree' or empty"),
        ("split", "dev", "'train'; 'valid'; 'test' or empty"),
        ("birth_year", "1980.5", "a year of four digits"),
    ],
)
def test_an_unknown_label_is_answered_with_the_allowed_ones(column, value, allowed):
    (problem,) = problems(f"{HEADER},{column}\n1,2000,Cooks,{value}\n")
    assert problem.startswith(f"t.csv row 2, column {column}: '{value}' is not allowed; expected")
    assert problem.endswith(allowed)


def test_a_dataset_that_is_no_name_is_refused():
    (problem,) = problems(f"{HEADER},dataset\n1,2000,Cooks,<script>\n")
    assert "dataset '<script>' is not a name" in problem


def test_a_missing_person_is_refused():
    assert "row 2, column person_id: '' is not allowed" in problem_with(",2000,Cooks")


def test_a_missing_column_is_named_with_what_was_found():
    (problem,) = problems("person_id,job\n1,Cooks\n")
    assert problem.startswith(
        "t.csv row 1: column year, occupation is missing; found person_id, job; required are"
    )


def test_a_column_given_twice_is_refused():
    assert problems(f"{HEADER},year\n1,2000,Cooks,2001\n") == [
        "t.csv row 1: column year occurs twice"
    ]


def test_a_row_with_too_many_values_is_named():
    assert problem_with("1,2000,Cooks", "1,2001,Pilots, and navigators") == (
        "t.csv row 3: has 4 values; expected 3, one per column (is a comma inside a title"
        " unquoted?)"
    )


@pytest.mark.parametrize("bad", [20, 25])
def test_of_many_bad_rows_twenty_are_shown(bad):
    shown = problems("\n".join([HEADER, *(f"{k},2000,Nobody{k}" for k in range(bad))]))
    assert [line.partition(",")[0] for line in shown[:20]] == [
        f"t.csv row {k}" for k in range(2, 22)
    ]
    assert shown[20:] == (["t.csv: and more; the first 20 are shown"] if bad > 20 else [])


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"", "t.csv: is empty; expected a header and one row per person-year"),
        (b"\xef\xbb\xbf \r\n", "t.csv: is empty"),
        (HEADER.encode(), "t.csv: has a header but no rows"),
        (
            f"{HEADER}\n1,2000,Cooks\n2,2000,Caf\xe9\n".encode("cp1252"),
            "t.csv row 3: byte 0xe9 is not UTF-8 text; in Excel, save the table as 'CSV UTF-8'",
        ),
        (b"PK\x03\x04\x14\x00\x06", "t.csv: is a spreadsheet file; in Excel, save it as 'CSV"),
        (b"\xd0\xcf\x11\xe0", "t.csv: is a spreadsheet file"),
        (b"person_id,\0year", "t.csv: holds zero bytes"),
        (f"{HEADER}\n".encode("utf-16-le"), "t.csv: holds zero bytes"),
        (b"\xff\xfea\x00b", "t.csv row 1: byte 0x62 is not UTF-16 text"),
        (gzip.compress(b"person_id")[:-4], "t.csv: is a damaged gzip file"),
        (f'{HEADER}\n1,2000,NW\n1,2001,"Cooks'.encode(), "t.csv row 3: is not a row of a CSV"),
        (f"{HEADER}\n1,2000,{'x' * 200_000}".encode(), "t.csv row 2: is not a row of a CSV"),
    ],
    ids=range(12),
)
def test_bytes_that_are_no_table_are_refused_with_the_way_out(raw, message):
    (problem,) = problems(raw)
    assert problem.startswith(message)


def test_a_small_gzip_that_hides_a_huge_table_is_refused(monkeypatch):
    monkeypatch.setattr(files, "MOST_BYTES", 2_000_000)
    bomb = gzip.compress(b"0" * 5_000_000)
    assert len(bomb) < 10_000
    assert problems(bomb) == ["t.csv: is larger than 2 MB; split the table and try again"]


def test_a_huge_table_is_refused_before_it_is_read(monkeypatch, tmp_path):
    monkeypatch.setattr(files, "MOST_BYTES", 1_000_000)
    assert problems(b"0" * 1_000_001)[0].startswith("t.csv: is larger than 1 MB")
    path = tmp_path / "huge.csv"
    path.write_bytes(b"0" * 1_000_001)
    with pytest.raises(CareerTableError, match=r"^huge.csv: is larger than 1 MB"):
        load_career_table(path)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CareerTableError, match=r"none\.csv: there is no such file"):
        load_career_table(tmp_path / "none.csv")
