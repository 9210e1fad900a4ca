"""NLS Investigator extracts: NLSY79 also on real rows, NLSY97 on made-up rows in its layout."""

import csv
import gzip
from pathlib import Path

import pytest

from occu_core.careers import Education, RaceEthnicity, Region, Sex
from occu_core.data.career_table import CareerTableError
from occu_core.data.crosswalks import CensusScheme, UnknownCensusCodeError, load_crosswalk
from occu_core.data.files import load_career_table
from occu_core.data.nls import load_nls_extract
from occu_core.data.nls_cohorts import NLSY79, NLSY97
from occu_core.data.nls_listing import read_listing

# Reference number, year, question: as the public codebooks have them where a number is fixed;
# the yearly ones are made up.
LISTED_79 = (
    ("R00001.00", "1979", "IDENTIFICATION CODE", "CASEID"),
    ("R00005.00", "1979", "DATE OF BIRTH - YEAR", "Q1-3_A~Y"),
    ("R02147.00", "78SCRN", "R'S RACIAL/ETHNIC COHORT FROM SCREENER", "SAMPLE_RACE"),
    ("R02148.00", "1979", "SEX OF R", "SAMPLE_SEX"),
    ("R02164.00", "1979", "REGION OF CURRENT RESIDENCE", "REGION"),
    ("R10000.01", "1990", "HIGHEST GRADE COMPLETED AS OF MAY 1", "HGCREV90"),
    ("R10000.02", "1990", "ENROLLMENT STATUS AS OF MAY 1", "ENROLLMTREV90"),
    ("R10000.03", "1990", "CURRENT JOB (70 CENSUS 3 DIGIT)", "CPSOCC70"),
    ("R10000.04", "1990", "CURRENT JOB (80 CENSUS 3 DIGIT)", "CPSOCC80"),
    ("R20000.01", "2004", "HIGHEST GRADE COMPLETED AS OF MAY 1", "HGCREV04"),
    ("R20000.02", "2004", "OCCUPATION (CENSUS 4 DIGIT, 00 CODES) JOB #01", "OCCALL-EMP.01"),
    ("W10000.01", "XRND", "LABOR FORCE STATUS (1990) WEEK 630", "STATUS_WK_NUM0630"),
    ("W10000.02", "XRND", "LABOR FORCE STATUS (1990) WEEK 640", "STATUS_WK_NUM0640"),
)
LISTED_97 = (
    ("R00001.00", "1997", "PUBID, YOUTH CASE IDENTIFICATION CODE", "PUBID"),
    ("R05363.00", "1997", "KEY!SEX, RS GENDER (SYMBOL)", "KEY!SEX"),
    ("R05364.02", "1997", "KEY!BDATE, RS BIRTHDATE MONTH/YEAR (SYMBOL)", "KEY!BDATE_Y"),
    ("R14826.00", "1997", "KEY!RACE_ETHNICITY, COMBINED (SYMBOL)", "KEY!RACE_ETHNICITY"),
    ("R90000.01", "2005", "CENSUS REGION OF RESIDENCE", "CV_CENSUS_REGION"),
    ("R90000.02", "2005", "HIGHEST DEGREE RECEIVED", "CV_HIGHEST_DEGREE_EVER_EDT"),
    ("R90000.03", "2005", "ENROLLMENT STATUS", "CV_ENROLLSTAT"),
    ("R90000.04", "2005", "MAIN JOB", "CV_MAINJOB_FLG"),
    ("R90000.05", "2005", "OCCUPATION CODE (2002 CENSUS) 01", "YEMP_OCCODE-2002.01"),
    ("R90000.06", "2005", "OCCUPATION CODE (2002 CENSUS) 02", "YEMP_OCCODE-2002.02"),
    ("E00000.01", "XRND", "2005 EMPLOYMENT: STATUS WEEK 01", "EMP_STATUS_2005.01"),
    ("E00000.02", "XRND", "2005 EMPLOYMENT: STATUS WEEK 02", "EMP_STATUS_2005.02"),
)
HEADING = ("Number", "Year", "Variable Description", "Question Name")
PERSON_79 = [1, 60, 1, 2, 3]  # id, born, Hispanic, female, South
PERSON_97 = [1, 2, 1981, 3]  # id, female, born, mixed


def listing(listed):
    """A listing in Investigator's fixed-width layout."""
    lines = ["", "Reference", *(f"{a:11}{b:8}{c:70}{d:24}" for a, b, c, d in (HEADING, *listed))]
    lines.insert(3, "-" * 113)
    return "\n".join(lines) + "\n"


def extract(folder, listed, *rows):
    header = [number.replace(".", "") for number, *_ in listed]
    path = folder / "extract.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows([header, *rows])
    (folder / "extract.sdf").write_text(listing(listed), encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def crosswalk():
    return load_crosswalk()


def states(career):
    return [(r.year, r.occupation.title) for r in career.records]


def read_79(tmp_path, crosswalk, *answers):
    rows = [[k, *PERSON_79[1:], *answer] for k, answer in enumerate(answers, start=1)]
    return load_nls_extract(NLSY79, extract(tmp_path, LISTED_79, *rows), crosswalk).table


def read_97(tmp_path, crosswalk, *answers):
    rows = [[k, *PERSON_97[1:], *answer] for k, answer in enumerate(answers, start=1)]
    return load_nls_extract(NLSY97, extract(tmp_path, LISTED_97, *rows), crosswalk).table


def test_an_nlsy79_row_becomes_a_career(tmp_path, crosswalk):
    (career,) = read_79(tmp_path, crosswalk, [12, 4, 912, 436, 14, 4020, 101, 5]).careers
    assert states(career) == [(1990, "Cooks"), (2004, "Cooks")]
    assert [r.education for r in career.records] == [Education.HIGH_SCHOOL, Education.SOME_COLLEGE]
    assert (career.worker_id, career.dataset, career.birth_year) == ("1", "NLSY79", 1960)
    assert (career.sex, career.race_ethnicity) == (Sex.FEMALE, RaceEthnicity.HISPANIC)
    assert career.region is Region.SOUTH


def test_four_digit_codes_have_lost_their_leading_zero(tmp_path, crosswalk):
    """In 2004, 360 is 0360, a manager by the census of 2000, and not 360, a nursing aide."""
    (career,) = read_79(tmp_path, crosswalk, [12, 4, -4, -4, 12, 360, -4, -4]).careers
    assert career.records[-1].occupation.code == "22"
    assert crosswalk.occupation(CensusScheme.CENSUS_2000, 360).code == "447"


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        ([12, 4, 912, 436, -5, -5, -4, -4], "Cooks"),
        ([12, 4, 912, -4, -5, -5, -4, -4], "Cooks"),
        ([12, 4, 912, 436, -5, -5, 4, 5], "Not working"),
        ([12, 3, 912, 436, -5, -5, 4, 5], "Student"),
        ([12, 4, 912, 436, -5, -5, 0, 101], "Cooks"),
        ([12, 4, 912, 436, -5, -5, 7, 5], "Cooks"),
        ([12, 4, -4, -4, -5, -5, 101, 5], "Not working"),
        ([11, 2, -4, -4, -5, -5, 0, 0], "Student"),
        ([12, -3, -4, -4, -5, -5, 0, 0], "Not working"),
        ([12, 4, -3, -3, -5, -5, 101, 101], None),
        ([12, 4, -2, -1, -5, -5, 0, 0], None),
    ],
    ids=[
        *("coded", "1970 code alone", "no week at work", "no week at work, enrolled"),
        *("unknown weeks", "active forces", "no job described", "high school", "enrolment invalid"),
        *("invalid code", "refused code"),
    ],
)
def test_the_state_follows_from_job_weeks_and_enrolment(tmp_path, crosswalk, answer, expected):
    table = read_79(tmp_path, crosswalk, answer)
    assert states(table.careers[0]) == ([(1990, expected)] if expected else [])
    assert table.skipped == (expected is None)


def test_weeks_say_nothing_of_other_years(tmp_path, crosswalk):
    (career,) = read_79(tmp_path, crosswalk, [12, 4, 912, 436, 14, 4020, 4, 5]).careers
    assert states(career) == [(1990, "Not working"), (2004, "Cooks")]


def test_a_year_without_an_interview_is_no_record(tmp_path, crosswalk):
    table = read_79(tmp_path, crosswalk, [-5, -5, -5, -5, 16, -4, 0, 0])
    assert states(table.careers[0]) == [(2004, "Not working")]
    assert table.skipped == 0


def test_an_nlsy97_row_becomes_a_career_by_its_main_job(tmp_path, crosswalk):
    first, second, student = read_97(
        tmp_path,
        crosswalk,
        [1, 2, 3, 2, 4760, 4020, 9701, 0],
        [-4, 6, 3, -4, 4020, 4760, 9701, 0],
        [4, -3, 10, -4, -4, -4, 5, 0],
    ).careers
    assert states(first) == states(second) == [(2005, "Cooks")]
    assert [c.records[0].education for c in (first, second, student)] == [
        Education.HIGH_SCHOOL,
        Education.GRADUATE,
        None,
    ]
    assert (first.sex, first.birth_year, first.dataset) == (Sex.FEMALE, 1981, "NLSY97")
    assert first.race_ethnicity is RaceEthnicity.NEITHER
    assert [c.region for c in (first, second, student)] == [Region.NORTHEAST, None, Region.WEST]
    assert states(student) == [(2005, "Student")]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ([12, 4, "x", 436, 1, 1, 0, 0], "row 2: column R1000003 (CPSOCC70): 'x' is not allowed"),
        ([12, 4, -7, 436, 1, 1, 0, 0], "column R1000003 (CPSOCC70): '-7' is not allowed; expected"),
        ([12, 4, 10**30, 436, 1, 1, 0, 0], "column R1000003 (CPSOCC70): '1000000000000000"),
        ([33, 4, 912, 436, 1, -4, 0, 0], "column R1000001 (HGCREV90): '33' is not allowed; expect"),
        ([12, 8, -4, -4, 1, -4, 0, 0], "column R1000002 (ENROLLMTREV90): '8' is not allowed"),
        ([12, 4, 912], "row 2: has 8 values; expected 13"),
        ([12, 4, -4, 999, 1, -4, 0, 0], "column R1000004: code 999 is not among the census1980"),
    ],
    ids=lambda value: None if isinstance(value, list) else value[:60],
)
def test_a_bad_row_names_row_column_and_value(tmp_path, crosswalk, answer, problem):
    with pytest.raises(CareerTableError) as refusal:
        read_79(tmp_path, crosswalk, answer)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("place", "value", "problem"),
    [
        (0, -5, "column R0000100 (CASEID): '-5' is not allowed; expected a person's number"),
        (1, 85, "column R0000500 (Q1-3_A~Y): '85' is not allowed; expected a year of birth from"),
        (3, 3, "column R0214800 (SAMPLE_SEX): '3' is not allowed; expected one of 0, 1, 2"),
        (4, 5, "column R0216400 (REGION): '5' is not allowed; expected one of 1, 2, 3, 4"),
    ],
)
def test_a_person_who_cannot_be_is_refused(tmp_path, crosswalk, place, value, problem):
    row = [*PERSON_79, 12, 4, 912, 436, 12, -4, 0, 0]
    row[place] = value
    with pytest.raises(CareerTableError) as refusal:
        load_nls_extract(NLSY79, extract(tmp_path, LISTED_79, row), crosswalk)
    assert problem in str(refusal.value)


def test_a_person_on_two_rows_is_refused(tmp_path, crosswalk):
    row = [*PERSON_79, 12, 4, 912, 436, 12, -4, 0, 0]
    with pytest.raises(CareerTableError, match="row 3: person 1 is on an earlier row"):
        load_nls_extract(NLSY79, extract(tmp_path, LISTED_79, row, row), crosswalk)


def test_the_wrong_cohort_a_missing_column_and_no_rows_are_named(tmp_path, crosswalk):
    path = extract(tmp_path, LISTED_79)
    with pytest.raises(CareerTableError, match=r"column PUBID .* missing; tick it .* of NLSY97\?"):
        load_nls_extract(NLSY97, path, crosswalk)
    with pytest.raises(CareerTableError, match="has a header but no rows"):
        load_nls_extract(NLSY79, path, crosswalk)
    with pytest.raises(CareerTableError, match=r"no occupation column; tick one of CPSOCC80\*"):
        load_nls_extract(NLSY79, extract(tmp_path, LISTED_79[:7]), crosswalk)


def test_a_listing_of_another_extract_is_refused(tmp_path, crosswalk):
    path = extract(tmp_path, LISTED_79)
    (tmp_path / "extract.sdf").write_text(listing(LISTED_79[:-1]), encoding="utf-8")
    with pytest.raises(CareerTableError, match="row 1: column W1000002 not in the listing"):
        load_nls_extract(NLSY79, path, crosswalk)


def test_an_empty_file_an_absent_one_and_a_missing_listing_are_refused(tmp_path, crosswalk):
    path = extract(tmp_path, LISTED_79)
    path.write_text("")
    with pytest.raises(CareerTableError, match=r"extract.csv: is empty"):
        load_nls_extract(NLSY79, path, crosswalk)
    with pytest.raises(CareerTableError, match="other.csv: there is no such file"):
        load_nls_extract(NLSY79, tmp_path / "other.csv", crosswalk)
    (tmp_path / "extract.sdf").unlink()
    with pytest.raises(CareerTableError, match=r"found 0 listings \(.sdf\) beside it"):
        load_nls_extract(NLSY79, path, crosswalk)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("person_id,year\n", "is not an Investigator listing"),
        (listing(()), "lists no variable"),
        (listing(LISTED_79[:1] * 2), "lists R0000100 twice"),
    ],
)
def test_a_file_that_is_no_listing_is_refused(text, problem):
    with pytest.raises(CareerTableError, match=problem):
        read_listing(text, "x.sdf")


def test_the_crosswalk_refuses_bad_rows_by_number(tmp_path, crosswalk):
    path = tmp_path / "c.csv"
    for text, problem in (
        ("code,occ1990dd\n1,4\n", "column scheme is missing"),
        ("scheme,code,occ1990dd\ncensus1970,1,4\ncensus1971,1,4\n", "row 3: 'census1971'"),
        ("scheme,code,occ1990dd\ncensus1970,1,9999\n", "row 2: unknown occupation '9999'"),
        ("scheme,code,occ1990dd\ncensus1970,1,4\ncensus1970,1,7\n", "row 3: code 1 of census1970"),
        ("scheme,code,occ1990dd\n", "has a header but no codes"),
    ):
        path.write_text(text)
        with pytest.raises(CareerTableError, match=problem):
            load_crosswalk(path)
    with pytest.raises(UnknownCensusCodeError, match="code 9999 is not among the census1980"):
        crosswalk.occupation(CensusScheme.CENSUS_1980, 9999)
    assert crosswalk.occupation(CensusScheme.CENSUS_2010, 9800) is None


@pytest.fixture(scope="module")
def slice_path(survey_tables) -> Path:
    path = survey_tables / "nlsy79_raw_slice" / "original-8.csv.gz"
    if not path.exists():
        pytest.skip("no slice of an NLSY79 extract beside the project")
    return path


@pytest.fixture(scope="module")
def real(slice_path, crosswalk):
    return load_nls_extract(NLSY79, slice_path, crosswalk)


def test_every_person_of_the_real_slice_is_read(real, slice_path):
    with gzip.open(slice_path, "rt", encoding="utf-8") as file:
        people = sum(1 for _ in file) - 1
    assert len(real.table.careers) == people == 686
    years = {record.year for career in real.table.careers for record in career.records}
    assert years == {*range(1979, 1994), 1994, 1996, *range(1998, 2015, 2)}
    # Fewer than one code in five hundred is in no census list.
    assert 0 < len(real.unknown_codes) < 10
    assert real.table.skipped < 0.005 * sum(len(c.records) for c in real.table.careers)


def test_real_people_and_their_education_agree_with_the_prepared_table(real, survey_tables):
    prepared = {c.worker_id: c for c in load_career_table(survey_tables / "nlsy79.csv.gz").careers}
    both = [(c, prepared[c.worker_id]) for c in real.table.careers if c.worker_id in prepared]
    assert len(both) > 500
    same_kind = total = 0
    for own, other in both:
        for name in ("sex", "race_ethnicity", "birth_year"):
            assert getattr(own, name) == getattr(other, name)
        records = {record.year: record for record in own.records}
        for record in other.records:
            if record.year not in records:
                continue
            assert records[record.year].education == record.education
            ours, theirs = records[record.year].occupation, record.occupation
            same_kind += ours == theirs or (ours.is_job and theirs.is_job)
            total += 1
    # The slice says whether a job was described, the table whether it was still held.
    assert total > 5_000
    assert same_kind / total > 0.95
