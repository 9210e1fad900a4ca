"""CAREER's token files: what a table becomes, what is read back, how bad lines are refused."""

import pytest

from occu_core.careers import CareerHistory, Education, JobRecord, RaceEthnicity, Region, Sex
from occu_core.data.career_files import read_career_files, write_career_files
from occu_core.data.career_table import CareerTable, CareerTableError, Split, read_career_table
from occu_core.occupations import occ1990dd

TABLE = (
    "dataset,person_id,year,split,birth_year,sex,race_ethnicity,region,education,occupation\n"
    'NLSY97,7,2001,test,1981,male,"non-Black, non-Hispanic",South,high school,436\n'
    'NLSY97,7,2003,test,1981,male,"non-Black, non-Hispanic",South,,Student\n'
    "NLSY97,a b/%,2000,train,,,,,bachelor's degree,Not working\n"
)


def test_a_table_becomes_one_line_per_person_in_each_file(tmp_path):
    assert write_career_files(read_career_table(TABLE), tmp_path) == 0
    assert (tmp_path / "test.job").read_text() == "436 ST\n"
    assert (tmp_path / "test.year").read_text() == "2001 2003\n"
    assert (tmp_path / "test.education").read_text() == "high_school unknown\n"
    assert (tmp_path / "test.gender").read_text() == "male\n"
    assert (tmp_path / "test.ethnicity").read_text() == "non-Black,_non-Hispanic\n"
    assert (tmp_path / "test.location").read_text() == "South\n"
    assert (tmp_path / "test.year_of_birth").read_text() == "1981\n"
    assert (tmp_path / "train.job").read_text() == "NW\n"
    assert (tmp_path / "train.year_of_birth").read_text() == "unknown\n"
    assert (tmp_path / "valid.job").read_text() == ""
    assert not list(tmp_path.glob("*.new"))


def test_every_state_and_every_label_survives_the_round_trip(tmp_path):
    """A worker for each of the 343 states, each under other labels, some of them unknown."""
    sexes, groups = [None, *Sex], [None, *RaceEthnicity]
    regions, levels = [None, *Region], [None, *Education]
    careers = tuple(
        CareerHistory(
            f"w{i}",
            tuple(
                JobRecord(1990 + k, state, levels[(i + k) % 6]) for k, state in enumerate(states)
            ),
            dataset=[None, "NLSY97", "My data 2"][i % 3],
            birth_year=[None, 1960][i % 2],
            sex=sexes[i % 3],
            race_ethnicity=groups[i % 4],
            region=regions[i % 5],
        )
        for i, first in enumerate(occ1990dd())
        for states in [[first, occ1990dd().occupations[(i * 7) % 343]][: 1 + i % 2]]
    )
    splits = tuple(list(Split)[i % 3] for i in range(len(careers)))
    write_career_files(CareerTable(careers, splits, (0,) * len(careers)), tmp_path)
    found = read_career_files(tmp_path)
    assert dict(zip(found.careers, found.splits, strict=True)) == dict(
        zip(careers, splits, strict=True)
    )


def test_the_invented_table_survives_the_round_trip(tmp_path):
    table = read_career_table(TABLE)
    write_career_files(table, tmp_path)
    found = read_career_files(tmp_path)
    assert set(found.careers) == set(table.careers)


def test_workers_without_a_record_are_counted_and_left_out(tmp_path):
    table = read_career_table("person_id,year,split,occupation\n1,2000,train,\n2,2000,train,NW\n")
    assert write_career_files(table, tmp_path) == 1
    assert [career.worker_id for career in read_career_files(tmp_path).careers] == ["2"]


def test_a_table_without_splits_is_not_written(tmp_path):
    table = read_career_table("person_id,year,occupation\n1,2000,NW\n")
    with pytest.raises(ValueError, match="worker '1' belongs to no split"):
        write_career_files(table, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def folder(tmp_path, **files):
    """A split `train` with the given files."""
    for ending, text in files.items():
        (tmp_path / f"train.{ending}").write_text(text, encoding="utf-8")
    return tmp_path


def test_titles_with_underscores_and_other_peoples_files_without_ids_are_read(tmp_path):
    made = folder(tmp_path, job="cooks Not_working 0436\nST\n", year="2000 2001 2004\n1999\n")
    first, second = read_career_files(made, dataset="PSID").careers
    assert [(r.year, r.occupation.code) for r in first.records] == [
        (2000, "436"),
        (2001, "NW"),
        (2004, "436"),
    ]
    assert (first.worker_id, second.worker_id, second.dataset) == ("train-1", "train-2", "PSID")


def test_jobs_alone_need_a_first_year(tmp_path):
    made = folder(tmp_path, job="436 NW\n")
    with pytest.raises(CareerTableError, match=r"train.year: there is no such file; give the fir"):
        read_career_files(made)
    (career,) = read_career_files(made, first_year=1990).careers
    assert [record.year for record in career.records] == [1990, 1991]


@pytest.mark.parametrize(
    ("files", "problem"),
    [
        ({"job": "436 Coook\n"}, "train.job line 1: 'Coook' is not allowed; expected a code, or"),
        ({"job": "436\n\nNW\n"}, "train.job line 2: '' is not allowed; expected one or more token"),
        ({"job": "436\n", "year": "2000 2001\n"}, "train.year line 1: '2000 2001' is not allowed"),
        ({"job": "436\n", "year": "99999999\n"}, "train.year line 1: '99999999' is not allowed"),
        ({"job": "436\n", "year": "1897\n"}, "train.year line 1: year 1897 is before 1950"),
        ({"job": "436 NW\n", "year": "2001 2000\n"}, "train.year line 1: records must be in year"),
        ({"job": "436\n", "gender": "male\nmale\n"}, "train.gender: has 2 lines; expected 1, one"),
        ({"job": "436\n", "gender": "man\n"}, "'man' is not allowed; expected one of female male"),
        ({"job": "436\n", "education": "PhD\n"}, "train.education line 1: 'PhD' is not allowed"),
        ({"job": "436\n", "location": "the South\n"}, "train.location line 1: 'the South' is not"),
        ({"job": "436\n", "year_of_birth": "1990\n"}, "birth year 1990 is not before the first"),
        ({"job": "436\nNW\n", "person": "7\n7\n"}, "person '7' is on two lines"),
        ({"job": ""}, "its .job files are empty; expected one line per person"),
        ({"year": "2000\n"}, "has no train.job, valid.job or test.job"),
    ],
    ids=lambda value: None if isinstance(value, dict) else value[:40],
)
def test_a_bad_line_names_file_line_and_token(tmp_path, files, problem):
    with pytest.raises(CareerTableError) as refusal:
        read_career_files(folder(tmp_path, **files), first_year=1980)
    assert any(problem in line for line in refusal.value.problems), refusal.value.problems


def test_no_more_than_twenty_problems_are_shown(tmp_path):
    with pytest.raises(CareerTableError) as refusal:
        read_career_files(folder(tmp_path, job="Coook\n" * 500), first_year=1980)
    assert len(refusal.value.problems) == 21
    assert "and more; the first 20 are shown" in refusal.value.problems[-1]
