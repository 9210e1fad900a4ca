import csv
import gzip
import io
import tracemalloc

import pytest

from occu_core.matching.column import COLUMNS, code_file
from occu_core.matching.matcher import Candidate, Match, Sureness
from occu_core.matching.table_writing import table_writer
from occu_core.matching.tables import TableError, opened_table, read_table
from occu_core.occupations import occ1990dd

COOK, NURSE = occ1990dd()["436"], occ1990dd()["95"]


class LengthMatcher:
    """Says Cooks for short titles and Registered nurses for long ones; counts what it is asked."""

    def __init__(self):
        self.asked = []

    def match(self, titles, top=5):
        self.asked += titles
        return [self.one(title) for title in titles]

    def one(self, title):
        first, other = (COOK, NURSE) if len(title) < 6 else (NURSE, COOK)
        confidence = {"cook": 0.97, "baker": 0.7}.get(title, 0.2)
        sureness = Sureness.SURE if confidence > 0.9 else Sureness.LIKELY
        sureness = Sureness.DOUBTFUL if confidence < 0.5 else sureness
        return Match(title, (Candidate(first, 0.8), Candidate(other, 0.1)), confidence, sureness)


def write(path, text, encoding="utf-8"):
    raw = text.encode(encoding)
    path.write_bytes(gzip.compress(raw) if path.suffix == ".gz" else raw)
    return path


def rows_of(path, delimiter=","):
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter))


def test_a_column_is_coded_and_every_other_cell_stays(tmp_path):
    table = write(tmp_path / "in.csv", 'id,title,note\n1,cook,"a, b"\n2,registered nurse,x\n3,,y\n')
    count = code_file(table, "title", tmp_path / "out.csv", LengthMatcher())
    assert rows_of(tmp_path / "out.csv") == [
        ["id", "title", "note", *COLUMNS],
        ["1", "cook", "a, b", "436", "Cooks", "0.9700", "436|95"],
        ["2", "registered nurse", "x", "95", "Registered nurses", "0.2000", "95|436"],
        ["3", "", "y", "", "", "", ""],
    ]
    assert (count.rows, count.empty, count.sure, count.likely, count.doubtful) == (3, 1, 1, 0, 1)


@pytest.mark.parametrize(
    ("name", "delimiter", "encoding"),
    [
        ("in.csv.gz", ",", "utf-8"),
        ("in.tsv", "\t", "utf-8"),
        ("in.csv", ";", "utf-8-sig"),
        ("in.csv", ",", "utf-16"),
    ],
)
def test_any_kind_of_text_table_is_read(tmp_path, name, delimiter, encoding):
    text = f"Title {delimiter}n\ncafé{delimiter}1\n"
    table = write(tmp_path / name, text, encoding)
    matcher = LengthMatcher()
    out = tmp_path / "out.csv.gz"
    code_file(table, "title", out, matcher)
    assert matcher.asked == ["café"]
    assert rows_of(out, delimiter)[1][:2] == ["café", "1"]


@pytest.mark.parametrize("name", ["in.csv", "in.csv.gz"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_progress_is_told_in_bytes_of_the_file_up_to_its_end(tmp_path, name, encoding):
    table = write(tmp_path / name, "title\n" + "cook\n" * 2000, encoding)
    told = []
    code_file(table, "title", tmp_path / "out.csv", LengthMatcher(), on_bytes=told.append)
    assert told == sorted(told)
    assert len(told) == 4
    assert told[-1] == table.stat().st_size


def test_a_title_is_looked_up_once_however_often_it_occurs(tmp_path):
    table = write(tmp_path / "in.csv", "title\n" + "cook\nbaker\n" * 700)
    matcher = LengthMatcher()
    count = code_file(table, "title", tmp_path / "out.csv", matcher)
    assert matcher.asked == ["cook", "baker"]
    assert (count.rows, count.sure, count.likely) == (1400, 700, 700)


def test_a_missing_column_is_named_with_those_there(tmp_path):
    table = write(tmp_path / "in.csv", "id,job name\n1,cook\n")
    with pytest.raises(TableError, match=r"in.csv: column 'title' is missing; there are: id, job"):
        code_file(table, "title", tmp_path / "out.csv", LengthMatcher())
    assert not (tmp_path / "out.csv").exists()


def test_match_columns_that_are_there_are_refused_or_replaced_in_place(tmp_path):
    table = write(tmp_path / "in.csv", "title,match_code,z\ncook,OLD,1\n")
    out = tmp_path / "out.csv"
    with pytest.raises(TableError, match="has a column match_code already"):
        code_file(table, "title", out, LengthMatcher())
    code_file(table, "title", out, LengthMatcher(), overwrite=True)
    assert rows_of(out)[0] == ["title", "z", *COLUMNS]
    assert rows_of(out)[1][:3] == ["cook", "1", "436"]


@pytest.mark.parametrize("cell", ["=1+1", "+cmd|' /C calc'!A0", "-nurse", "@SUM(A1)"])
def test_cells_that_a_spreadsheet_would_run_are_quoted(tmp_path, cell):
    table = write(tmp_path / "in.csv", f'title,n\n"{cell}",-5.5\n')
    code_file(table, "title", tmp_path / "out.csv", LengthMatcher())
    assert rows_of(tmp_path / "out.csv")[1][:2] == [f"'{cell}", "-5.5"]


def test_a_byte_that_is_no_text_is_named_with_its_row(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"title\ncook\n\xe9leveur\ncook\n")
    with pytest.raises(TableError, match=r"in.csv row 3: byte 0xe9 is not UTF-8 text"):
        code_file(tmp_path / "in.csv", "title", tmp_path / "out.csv", LengthMatcher())
    assert list(tmp_path.iterdir()) == [tmp_path / "in.csv"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("title,n\ncook\n", r"row 2: has 1 values; expected 2"),
        ("title\n" + "x" * 100_001 + "\n", r"row 2: is not a row of a table: field larger"),
        ("title\ncook\0\n", r"holds zero bytes"),
        ("\n", r"is empty"),
        ("", r"is empty"),
        ("title,Title\nx,y\n", r"'title' occurs more than once"),
    ],
)
def test_what_is_no_table_is_refused_with_the_reason(tmp_path, text, problem):
    table = write(tmp_path / "in.csv", text)
    with pytest.raises(TableError, match=problem):
        code_file(table, "title", tmp_path / "out.csv", LengthMatcher())


def test_spreadsheets_and_damaged_gzip_are_refused(tmp_path):
    (tmp_path / "in.csv").write_bytes(b"PK\x03\x04rest")
    with (
        pytest.raises(TableError, match="is a spreadsheet file"),
        opened_table(tmp_path / "in.csv"),
    ):
        pass
    whole = gzip.compress(b"title\n" + b"cook number\n" * 5000)
    (tmp_path / "in.csv.gz").write_bytes(whole[:-30])
    with pytest.raises(TableError, match="gzip file is damaged"):
        code_file(tmp_path / "in.csv.gz", "title", tmp_path / "out.csv", LengthMatcher())


def test_a_table_is_not_written_over_itself(tmp_path):
    table = write(tmp_path / "in.csv", "title\ncook\n")
    with pytest.raises(TableError, match="expected another name"):
        code_file(table, "title", table, LengthMatcher())
    assert table.read_text() == "title\ncook\n"


def test_a_writer_that_is_interrupted_leaves_the_old_file(tmp_path):
    out = write(tmp_path / "out.csv", "old\n")

    def interrupted():
        with table_writer(out) as writer:
            writer.row(["new"])
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert out.read_text() == "old\n"
    assert list(tmp_path.iterdir()) == [out]


def test_a_page_takes_only_so_many_rows():
    table = read_table(io.BytesIO(b"title\na\nb\nc\n"), "in.csv", most_rows=2)
    with pytest.raises(TableError, match="more than 2 rows, too many for a page"):
        list(table.rows())
    assert len(list(read_table(io.BytesIO(b"title\na\nb\n"), "in.csv", most_rows=2).rows())) == 2


def test_a_long_table_is_coded_in_flat_memory(tmp_path):
    used = []
    for rows in (5_000, 40_000):
        table = write(tmp_path / f"{rows}.csv", "title\n" + "cook\n" * rows)
        tracemalloc.start()
        code_file(table, "title", tmp_path / "out.csv", LengthMatcher())
        used.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert used[1] < 1.2 * used[0] + 100_000
