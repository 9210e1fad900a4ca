"""The script that turns a survey's files into a career table, run as a user runs it."""

import gzip
import subprocess
import sys
from pathlib import Path

import pytest

from occu_core.careers import CareerHistory, JobRecord
from occu_core.data.career_table import CareerTable, CareerTableError, Split, read_career_table
from occu_core.data.career_writing import write_career_table
from occu_core.data.files import load_career_table
from occu_core.data.splits import split_by_blocks
from occu_core.occupations import occ1990dd

ROOT = Path(__file__).resolve().parents[1]
HEADER = "ID,YEAR,DEMO_SEX,DEMO_BIRTH_YEAR,EMP_STAT_1M,OCC_2010C_1M"
COOKS = "".join(f"{4000 + k},{2017 + y},1,1990,1,4020\n" for k in range(1, 40) for y in (0, 2))


def prepare(*arguments, folder=ROOT):
    return subprocess.run(
        [sys.executable, "-m", "train.prepare_careers", *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def workers(numbers):
    """A table of workers with these ids and no split."""
    records = (JobRecord(2000, occ1990dd()["436"]),)
    careers = tuple(CareerHistory(str(number), records, dataset="S") for number in numbers)
    return CareerTable(careers, (None,) * len(careers), (0,) * len(careers))


def test_help_and_every_source_tell_what_to_give():
    assert "usage" in prepare("--help").stdout
    for source, names in {
        "nlsy79": ("CASEID", "HGCREV*", "CPSOCC80*", "OCCALL-EMP.01", "STATUS_WK_NUM*"),
        "nlsy97": ("PUBID", "KEY!SEX", "CV_HIGHEST_DEGREE_EVER_EDT", "YEMP_OCCODE-2002.*"),
        "psid": ("ID", "YEAR", "EMP_STAT_1M", "OCC_1970C", "OCC_2010C_1M"),
        "career_files": ("nothing to tick",),
    }.items():
        shown = prepare(source, "--variables")
        assert shown.returncode == 0
        for name in names:
            assert name in shown.stdout


def test_a_long_file_becomes_a_table_then_careers_files_then_the_same_table(tmp_path):
    survey, table = tmp_path / "long.csv", tmp_path / "made" / "psid.csv.gz"
    survey.write_text(f"{HEADER}\n{COOKS}5001,2017,2,1980,7,\n5001,2019,2,1980,1,9830\n")
    run = prepare("psid", survey, "--out", table)
    assert run.returncode == 0, run.stderr
    assert "79 person-years; 1 more have no codable occupation" in run.stdout
    first = load_career_table(table)
    assert len(first.careers) == 40
    assert (
        len({s for c, s in zip(first.careers, first.splits, strict=True) if c.sex == "male"}) == 1
    )

    run = prepare("table", table, "--out", tmp_path / "career")
    assert run.returncode == 0, run.stderr
    run = prepare("career_files", tmp_path / "career", "--out", tmp_path / "again.csv")
    assert run.returncode == 0, run.stderr
    again = load_career_table(tmp_path / "again.csv")
    assert dict(zip(again.careers, again.splits, strict=True)) == dict(
        zip(first.careers, first.splits, strict=True)
    )


def test_a_failed_run_says_why_and_leaves_the_old_table(tmp_path):
    survey, table = tmp_path / "long.csv", tmp_path / "psid.csv"
    table.write_text("precious\n")
    survey.write_text(f"{HEADER}\n4001,1870,1,1850,1,4020\n")
    run = prepare("psid", survey, "--out", table)
    assert run.returncode == 1
    assert run.stderr.startswith("long.csv row 2: year 1870 is before 1950")
    assert "Traceback" not in run.stderr
    assert table.read_text() == "precious\n"
    assert "a path and --out are needed" in prepare("psid", survey).stderr


def test_neighbours_share_a_split_and_shares_are_as_asked():
    table = split_by_blocks(workers(range(20_000)), block=20, seed=1)
    blocks = [set(table.splits[i : i + 20]) for i in range(0, 20_000, 20)]
    assert all(len(block) == 1 for block in blocks)
    shares = [sum(split in block for block in blocks) / len(blocks) for split in Split]
    # Three standard deviations of a thousand draws are 4.3, 2.8 and 3.8 points.
    assert shares == pytest.approx([0.7, 0.1, 0.2], abs=0.045)


def test_a_split_depends_on_the_seed_and_not_on_who_else_is_in_the_extract():
    everyone = split_by_blocks(workers(range(2_000)), block=20, seed=3)
    some = split_by_blocks(workers(range(0, 2_000, 7)), block=20, seed=3)
    assert some.splits == everyone.splits[::7]
    assert split_by_blocks(workers(range(2_000)), block=20, seed=4).splits != everyone.splits


def test_a_split_that_is_known_stays_and_impossible_ones_are_refused():
    text = "person_id,year,split,occupation\nann,2000,test,NW\n"
    assert split_by_blocks(read_career_table(text), block=20, seed=1).splits == (Split.TEST,)
    with pytest.raises(ValueError, match="worker 'ann' has no split and no number"):
        split_by_blocks(read_career_table(text.replace("test", "")), block=20, seed=1)
    with pytest.raises(ValueError, match=r"shares 0.9 of train and 0.2 of valid"):
        split_by_blocks(workers([1]), block=20, seed=1, train=0.9, valid=0.2)


def test_the_same_table_gives_the_same_bytes(tmp_path):
    table = split_by_blocks(workers(range(50)), block=20, seed=1)
    for name in ("a.csv.gz", "b.csv.gz", "c.csv"):
        write_career_table(table, tmp_path / name)
    assert (tmp_path / "a.csv.gz").read_bytes() == (tmp_path / "b.csv.gz").read_bytes()
    assert (tmp_path / "a.csv.gz").read_bytes()[4:8] == bytes(4)  # no time in the header
    unpacked = gzip.decompress((tmp_path / "a.csv.gz").read_bytes())
    assert unpacked == (tmp_path / "c.csv").read_bytes()
    assert load_career_table(tmp_path / "c.csv") == table


def test_a_table_that_would_not_read_back_is_not_put_in_place(tmp_path):
    with pytest.raises(CareerTableError, match="has a header but no rows"):
        write_career_table(workers([]), tmp_path / "t.csv")
    assert not (tmp_path / "t.csv").exists()


def test_the_real_slice_becomes_a_table(survey_tables, tmp_path):
    extract = survey_tables / "nlsy79_raw_slice" / "original-8.csv.gz"
    if not extract.exists():
        pytest.skip("no slice of an NLSY79 extract beside the project")
    run = prepare("nlsy79", extract, "--out", tmp_path / "t.csv.gz")
    assert run.returncode == 0, run.stderr
    table = load_career_table(tmp_path / "t.csv.gz")
    assert len(table.careers) == 686
    split = {int(c.worker_id) // 20: s for c, s in zip(table.careers, table.splits, strict=True)}
    assert all(
        split[int(c.worker_id) // 20] == s for c, s in zip(table.careers, table.splits, strict=True)
    )
