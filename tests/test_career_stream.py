"""Career tables of any size: read worker by worker, with the rules of the whole reader."""

import csv
import gzip
import io

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occu_core.data.career_stream import UnorderedWorkersError, in_order, workers
from occu_core.data.career_table import CareerTableError, read_career_table
from occu_core.data.files import load_career_table
from occu_core.data.line_sorting import sort_lines, sorted_lines
from occu_core.data.table_lines import TableLine, table_columns, table_lines

HEADER = "person_id,year,occupation"
FULL = (
    "dataset,person_id,year,split,birth_year,sex,race_ethnicity,region,education,occupation,wage\n"
    'NLSY97,7,2001,test,1981,male,"non-Black, non-Hispanic",South,high school,436,9.5\n'
    'NLSY97,7,2000,test,1981,male,"non-Black, non-Hispanic",,bachelor\'s degree,Cooks,\n'
    'NLSY97,7,2003,test,1981,male,"non-Black, non-Hispanic",West,,,1\n'
    "NLSY97,8,2000,train,,,,,,Student,\n"
)


@pytest.fixture
def stream(tmp_path):
    """The workers of a table given as text or bytes."""

    def read(content, name="t.csv"):
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return list(workers(table_lines(path)))

    return read


def lines(*rows):
    return "\n".join((HEADER, *rows)) + "\n"


def test_workers_are_those_of_the_whole_reader(stream):
    found = stream(FULL)
    whole = read_career_table(FULL)
    assert tuple(one.career for one in found) == whole.careers
    assert tuple(one.split for one in found) == whole.splits
    assert tuple(one.skipped for one in found) == whole.skipped_rows


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("t.csv", f"{HEADER}\r\n1,2000,Cooks\r\n".encode("utf-8-sig")),
        ("t.csv", f"{HEADER}\n1,2000,Cooks\n".replace(",", ";").encode("utf-8-sig")),
        ("t.csv", f"{HEADER}\n1,2000,Cooks\n".replace(",", "\t").encode("utf-16")),
        ("t.csv.gz", gzip.compress(f"{HEADER}\n1,2000,Cooks\n".encode())),
        ("t", gzip.compress(f"{HEADER}\n1,2000,Cooks\n".encode("utf-16"))),
        ("t.csv", b"Person_ID, Year ,OCCUPATION\n\n1, 2000.0 , cooks \n,,\n"),
    ],
    ids=["UTF-8 mark", "semicolons", "UTF-16 and tabs", "gzip", "UTF-16 in gzip", "spaces"],
)
def test_every_way_to_write_a_table_is_read(stream, name, raw):
    (worker,) = stream(raw, name)
    assert [(r.year, r.occupation.code) for r in worker.career.records] == [(2000, "436")]


@pytest.mark.parametrize("years", [[2001, 2000], [2001.0, 2000.0]], ids=["whole", "with gaps"])
def test_parquet_is_read_as_the_same_rows(tmp_path, years):
    table = pa.table(
        {
            "Person_ID": [7, 7],
            "year": years,
            "birth_year": pa.array([1981.0, 1981.0]),
            "region": pa.array([None, "South"]).dictionary_encode(),
            "education": [float("nan"), float("nan")],
            "occupation": ["436", "Cooks"],
            "wage": [1, 2],
        }
    )
    pq.write_table(table, tmp_path / "t.parquet")
    (worker,) = workers(table_lines(tmp_path / "t.parquet"))
    text = f"{HEADER},birth_year,region\n7,2001,436,1981,\n7,2000,Cooks,1981,South\n"
    (expected,) = read_career_table(text).careers
    assert worker.career == expected
    assert table_columns(tmp_path / "t.parquet") == (
        *("person_id", "year", "occupation", "birth_year", "region", "education"),
    )


def test_a_bad_row_costs_its_worker_and_nobody_else(stream):
    cook, lost, pilot = stream(
        lines("1,2000,Cooks", "2,2000,Cooks", "2,2001,Coook", "2,1897,Cooks", "3,2000,Student")
    )
    assert cook.career is not None
    assert pilot.career is not None
    assert (lost.career, lost.rows) == (None, 3)
    title, year = lost.bad
    assert (title.number, title.person_id, title.column) == (4, "2", "occupation")
    assert (title.value, "nearest titles: Cooks" in title.problem) == ("Coook", True)
    assert (year.number, year.column, year.value) == (5, "year", "1897")
    assert year.problem == "expected 1950–2030"


def test_a_repeated_year_costs_the_worker_and_names_both_rows(stream):
    (worker,) = stream(lines("1,2001,Cooks", "1,2001,NW"))
    assert worker.career is None
    (bad,) = worker.bad
    assert (bad.number, bad.problem) == (
        *(2, "year 2001 is on rows 2 and 3; expected one row per person and year"),
    )


@pytest.mark.parametrize("at", [0, 1, 2], ids=["first", "between", "last"])
def test_a_row_with_too_many_values_spoils_the_worker_whose_id_it_bears(stream, at):
    rows = ["2,2000,Cooks", "2,2001,Cooks"]
    rows.insert(at, "2,2002,Pilots, and navigators")
    before, worker, after = stream(lines("1,2000,Cooks", *rows, "3,2000,Cooks"))
    assert before.career is not None
    assert after.career is not None
    assert (worker.career, worker.rows) == (None, 3)
    assert "has 4 values; expected 3" in worker.bad[0].problem


def test_rows_of_nobody_are_reported_by_themselves(stream):
    found = stream(lines("1,2000,Cooks", ",2000,Cooks", "9,2001,a,b", "1,2001,Cooks"))
    (scored,) = [one for one in found if one.career]
    assert len(scored.career.records) == 2
    assert sorted(bad.number for one in found for bad in one.bad) == [3, 4]


def test_bytes_that_are_no_text_and_zero_bytes_cost_one_worker(stream):
    table = f"{HEADER}\n1,2000,Cooks\n2,2000,Co".encode() + b"\xe9ks\n3,2000,Co\0ks\n4,2000,Cooks\n"
    found = stream(table)
    assert [one.career is not None for one in found] == [True, False, False, True]
    assert found[1].bad[0].problem.startswith("byte 0xe9 is not UTF-8 text")
    assert found[2].bad[0].problem == "holds a zero byte; expected text"


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "t.csv: is empty"),
        (b"person_id,job\n1,Cooks\n", "t.csv row 1: column year, occupation is missing"),
        (b"person_id,year,occupation,year\n", "t.csv row 1: column year occurs twice"),
        (b"PK\x03\x04rest", "t.csv: is a spreadsheet file"),
        (gzip.compress(FULL.encode())[:-20], "t.csv: is a damaged gzip file"),
        (b"\x1f\x8bnot gzip at all", "t.csv: is a damaged gzip file"),
        (f'{HEADER}\n1,2000,"Cooks\n2,2000,Cooks\n'.encode(), "t.csv row 2: is not a row of a"),
        (f"{HEADER}\n1,2000,{'x' * 100_001}\n".encode(), "t.csv row 2: is not a row of a CSV"),
        (b"x" * 200_000, "t.csv row 1: column person_id, year, occupation is missing"),
        (b"PAR1 and no more", "t.csv: the parquet file is damaged"),
        ("person_id\n".encode("utf-16")[:-1], "is not UTF-16 text throughout"),
    ],
    ids=[
        *("empty", "no columns", "twice", "spreadsheet", "gzip cut off", "no gzip", "open quote"),
        *("huge cell", "huge line", "no parquet", "half a character"),
    ],
)
def test_what_is_no_table_is_refused(stream, content, said):
    with pytest.raises(CareerTableError) as refusal:
        stream(content)
    assert said in str(refusal.value)


def test_a_table_that_is_not_there_and_a_folder_are_refused(tmp_path):
    for path, said in ((tmp_path / "no.csv", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(CareerTableError, match=said):
            table_columns(path)


def only_ids(*people):
    cells = {"year": "2000", "occupation": "Cooks"}
    return [
        TableLine(k, {**cells, "dataset": dataset, "person_id": person})
        for k, (dataset, person) in enumerate(people, start=2)
    ]


@pytest.mark.parametrize(
    "people",
    [
        [("", "9"), ("", "10"), ("", "11")],
        [("", "10"), ("", "11"), ("", "9")],
        [("", "a"), ("", "b"), ("", "b1")],
        [("NLSY97", "5"), ("NLSY97", "6"), ("NLSY79", "1"), ("NLSY79", "5")],
        [("", "7")],
    ],
)
def test_ids_may_ascend_as_numbers_or_as_text_within_each_dataset(people):
    assert [one.person for one in in_order(workers(only_ids(*people)))] == people


@pytest.mark.parametrize(
    "people",
    [
        [("", "1"), ("", "2"), ("", "1")],
        [("", "9"), ("", "10"), ("", "9")],
        [("A", "1"), ("B", "1"), ("A", "2")],
        [("", "1"), ("", "01"), ("", "1")],
        [("", "b"), ("", "c"), ("", "a")],
        [("", "9"), ("", "10"), ("", "1000000000000000000000"), ("", "11")],
    ],
)
def test_an_order_in_which_a_worker_might_come_twice_is_found(people):
    with pytest.raises(UnorderedWorkersError):
        list(in_order(workers(only_ids(*people))))


@st.composite
def tables(draw):
    """Rows of a few workers in any order, some of them unusable."""
    header = ["dataset", "person_id", "year", "occupation", "region"]
    row = st.tuples(
        st.sampled_from(["", "A", "B"]),
        st.sampled_from(["1", "2", "10", "a"]),
        st.integers(2000, 2006).map(str),
        st.sampled_from(["Cooks", "436", "", "Student", "NW"]),
        st.sampled_from(["", "South", "West"]),
    )
    rows = draw(st.lists(row, min_size=1, max_size=25, unique_by=lambda r: (r[0], r[1], r[2])))
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\n").writerows([header, *rows])
    return text.getvalue()


@given(tables())
@settings(max_examples=60, deadline=None)
def test_any_table_sorted_on_disk_is_read_as_the_whole_reader_reads_it(tmp_path_factory, text):
    folder = tmp_path_factory.mktemp("sorting")
    path = folder / "t.csv"
    path.write_text(text, encoding="utf-8")
    sort_lines(table_lines(path), folder / "sorted.sqlite3")
    found = list(workers(sorted_lines(folder / "sorted.sqlite3")))
    whole = load_career_table(path)
    assert tuple(one.career for one in found) == whole.careers
    assert tuple(one.skipped for one in found) == whole.skipped_rows


def test_a_line_of_too_many_values_finds_its_worker_when_lines_are_sorted(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(
        lines("9,2000,a,b", "2,2000,x,y", "1,2000,Cooks", "2,2001,Cooks", "1,2001,Cooks"),
        encoding="utf-8",
    )
    sort_lines(table_lines(path), tmp_path / "sorted.sqlite3")
    found = list(workers(sorted_lines(tmp_path / "sorted.sqlite3")))
    assert [(one.person, one.career is not None) for one in found] == [
        *((("", "1"), True), (("", "2"), False), (None, False)),
    ]
