"""Observed transitions: counted as models see them, small counts hidden in the file itself."""

import json

import pytest
from typer.testing import CliRunner

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.cli import app
from occu_core.data.files import load_career_table
from occu_core.explain.observed import (
    Count,
    Observed,
    observed_transitions,
    read_observed,
    wilson,
)
from occu_core.occupations import occ1990dd
from train.count_transitions import cohort_rows, main, write

TAXONOMY = occ1990dd()
COOK, CLERK, NURSE = (TAXONOMY.find(t) for t in ("Cooks", "Cashiers", "Registered nurses"))


def worker(*occupations, dataset="NLSY97"):
    records = tuple(JobRecord(2000 + 2 * k, o) for k, o in enumerate(occupations))
    return CareerHistory("w", records, dataset=dataset, birth_year=1980)


def shown(careers):
    return {(origin, end): count for _, origin, end, count in cohort_rows("NLSY97", careers)}


def table(tmp_path, careers):
    write(cohort_rows("NLSY97", careers), "made-up workers", tmp_path / "counts.csv")
    return read_observed(tmp_path / "counts.csv")


# Counting


def test_consecutive_records_are_counted_and_first_records_apart():
    counts = shown([worker(COOK, COOK, CLERK)] * 6)
    assert counts["first", COOK.code] == "6"
    assert counts[COOK.code, COOK.code] == "6"
    assert counts[COOK.code, CLERK.code] == "6"
    assert counts[COOK.code, "all"] == "12"
    assert not any(origin == CLERK.code for origin, _ in counts)


@pytest.mark.parametrize(("times", "written"), [(1, "<5"), (4, "<5"), (5, "5")])
def test_a_count_under_five_never_reaches_the_file(times, written):
    careers = [worker(COOK, CLERK)] * times + [worker(COOK, COOK)] * 9 + [worker(COOK, NURSE)] * 3
    assert shown(careers)[COOK.code, CLERK.code] == written


@pytest.mark.parametrize(
    ("small", "told"),
    [
        ((3,), False),  # 12 − 9 would tell it
        ((1, 1), False),  # 11 − 9 = 2: each must be 1
        ((4, 4), False),  # 17 − 9 = 8: each must be 4
        ((3, 2), True),
        ((), True),
    ],
)
def test_the_sum_is_left_out_where_it_would_tell_a_hidden_count(small, told):
    careers = [worker(COOK, COOK)] * 9
    for occupation, times in zip((CLERK, NURSE), small, strict=False):
        careers += [worker(COOK, occupation)] * times
    assert ((COOK.code, "all") in shown(careers)) == told


def test_only_training_workers_are_counted(tmp_path):
    header = "dataset,person_id,year,occupation,birth_year,split\n"
    rows = [
        f"NLSY97,{person},{year},{title},1980,{split}\n"
        for person, split in enumerate(["train"] * 7 + ["valid"] * 20 + ["test"] * 20)
        for year, title in ((2000, "Cooks"), (2001, "Cashiers"))
    ]
    (tmp_path / "table.csv").write_text(header + "".join(rows), encoding="utf-8")
    main([str(tmp_path / "table.csv")], tmp_path / "counts.csv")
    found = read_observed(tmp_path / "counts.csv")
    assert found.of("NLSY97", COOK, CLERK).count == Count(7, 7)
    assert found.data == "train split of NLSY97 2000–2001 (7 workers)"


def test_the_shipped_table_hides_every_small_count_and_is_the_training_surveys(survey_tables):
    found = observed_transitions()
    assert all(count == Count(1, 4) or count.least >= 5 for count in found.counts.values())
    careers = load_career_table(survey_tables / "nlsy97.csv.gz")
    train = [c for c, s in zip(careers.careers, careers.splits, strict=True) if s == "train"]
    seen = sum(
        (before.occupation, after.occupation) == (COOK, CLERK)
        for career in train
        for before, after in zip(career.records, career.records[1:], strict=False)
    )
    assert found.of("NLSY97", COOK, CLERK).count == Count(seen, seen)
    first = sum(bool(c.records) and c.records[0].occupation == COOK for c in train)
    assert found.of("NLSY97", None, COOK).count == Count(first, first)


# Reading


def test_the_share_has_a_wilson_interval(tmp_path):
    found = table(tmp_path, [worker(COOK, CLERK)] * 10 + [worker(COOK, COOK)] * 30)
    one = found.of("NLSY97", COOK, CLERK)
    assert one.share == 0.25
    assert one.interval == wilson(10, 40)
    assert one.interval == pytest.approx((0.1419, 0.4019), abs=1e-4)
    assert one.words == "10 of 40 transitions"


def test_a_hidden_count_has_no_share_and_the_widest_interval(tmp_path):
    careers = [worker(COOK, COOK)] * 30 + [worker(COOK, CLERK)] * 3 + [worker(COOK, NURSE)] * 2
    one = table(tmp_path, careers).of("NLSY97", COOK, CLERK)
    assert one.share is None
    assert one.words == "<5 of 35 transitions"
    assert one.interval == (wilson(1, 35)[0], wilson(4, 35)[1])


def test_a_sum_that_is_left_out_is_known_within_bounds(tmp_path):
    one = table(tmp_path, [worker(COOK, COOK)] * 30 + [worker(COOK, CLERK)] * 3).of(
        "NLSY97", COOK, COOK
    )
    assert one.total == Count(31, 34)
    assert one.share is None
    assert one.words == "30 of 31–34 transitions"
    assert one.interval == (wilson(30, 34)[0], wilson(30, 31)[1])


def test_what_was_never_seen_is_said_to_be(tmp_path):
    found = table(tmp_path, [worker(COOK, COOK)] * 8)
    assert found.of("NLSY97", COOK, NURSE).words == "never seen in 8 transitions"
    assert found.of("NLSY97", COOK, NURSE).interval == wilson(0, 8)
    nobody = found.of("NLSY97", NURSE, COOK)
    assert (nobody.words, nobody.interval) == ("nobody was ever seen there", None)


def test_the_workers_own_cohort_comes_first():
    query = Query(worker(COOK, dataset="NLSY79"), 2010)
    found = observed_transitions().beside(query, CLERK)
    assert [one.cohort for one in found] == ["NLSY79", "NLSY97"]
    assert all(isinstance(one, Observed) and one.origin == COOK for one in found)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("# d\na,b\n", "expected the columns cohort"),
        ("# d\ncohort,origin,destination,count\nNLSY97,436,9999,7\n", "row 3"),
        ("# d\ncohort,origin,destination,count\nNLSY97,436,433,many\n", "not a count"),
    ],
)
def test_a_damaged_table_is_refused(tmp_path, text, words):
    (tmp_path / "counts.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=words):
        read_observed(tmp_path / "counts.csv")


# Command line


def test_the_command_lists_what_followed_most_often_first():
    run = CliRunner().invoke(app, ["observed", "cooks", "--top", "3", "--json"])
    listed = json.loads(run.stdout)["NLSY97"]
    assert [one["title"] for one in listed][:2] == ["Cooks", "Not working"]
    counts = [one["count"] for one in listed]
    assert counts == sorted(counts, reverse=True)
    text = CliRunner().invoke(app, ["observed", "first"])
    assert "Nothing (first records)" in text.stdout


def test_the_command_refuses_an_unknown_occupation():
    run = CliRunner().invoke(app, ["observed", "wizard"])
    assert run.exit_code == 2
    assert "nearest titles" in run.stderr
