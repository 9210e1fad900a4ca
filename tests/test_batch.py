"""Many workers at once: every row right, nothing run as a formula, work that can be stopped."""

import csv
import io
import itertools

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.batch import next_table, predict_next, question
from occu_core.careers import CareerError, CareerHistory, Education, JobRecord
from occu_core.models.storage import shipped_models
from occu_core.occupations import occ1990dd
from occu_core.spreadsheet_cells import safe_cell
from tests.careers_at_random import TOY
from tests.conftest import ROOT
from tests.fixed_model import FixedModel

COOKS, HEAD, *_ = TOY.occupations
PAGE = str(ROOT / "pages/career_table.py")
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")


def worker(name="w", *years, occupation=COOKS, dataset=None):
    records = tuple(JobRecord(year, occupation, Education.HIGH_SCHOOL) for year in years)
    return CareerHistory(name, records, dataset=dataset)


def table_of(text):
    lines = [line for line in text.splitlines() if not line.startswith("#")]
    return list(csv.DictReader(io.StringIO("\n".join(lines))))


# The core


def test_the_year_after_the_last_record_is_asked_with_its_education():
    asked = question(worker("w", 2001, 2004))
    assert (asked.year, asked.education) == (2005, Education.HIGH_SCHOOL)
    assert question(worker("w", 2001), 2010).year == 2010


@pytest.mark.parametrize(
    ("career", "year", "words"),
    [
        (worker("w"), None, "has no record with an occupation"),
        (worker("w", 2030), None, "year 2031 is after 2030"),
        (worker("w", 2001, 2010), 2010, "cannot predict 2010 from a history that reaches 2010"),
    ],
)
def test_a_worker_who_cannot_be_asked_about_has_a_row_that_says_why(career, year, words):
    with pytest.raises(CareerError, match=words):
        question(career, year)
    (row,) = predict_next(FixedModel(), [career], year=year)
    assert row.state is None
    assert words in row.problem


def test_a_row_holds_the_four_parts_coverage_and_likeliest_titles():
    (row,) = predict_next(FixedModel(), [worker("w", 2001)], top=2)
    # LATER = 0.4, 0.1, 0.1, 0.1, 0.15, 0.05, which sum to 0.9.
    assert row.state.parts.same_job == pytest.approx(0.4 / 0.9)
    assert row.state.parts.different_job == pytest.approx(0.3 / 0.9)
    assert row.state.parts.not_working == pytest.approx(0.15 / 0.9)
    assert row.state.parts.student == pytest.approx(0.05 / 0.9)
    assert row.state.coverage == pytest.approx(0.9)
    assert [(o.title, round(p, 6)) for o, p in row.state.top] == [
        ("Cooks", round(0.4 / 0.9, 6)),
        ("Not working", round(0.15 / 0.9, 6)),
    ]
    (whole,) = predict_next(FixedModel(), [worker("w", 2001)], top=None)
    assert sum(p for _, p in whole.state.top) == pytest.approx(1)


def test_rows_come_one_by_one_so_that_work_can_be_stopped():
    asked = []

    def endless():
        for k in itertools.count():
            asked.append(k)
            yield worker(str(k), 2001)

    rows = list(itertools.islice(predict_next(FixedModel(), endless()), 3))
    assert [row.career.worker_id for row in rows] == ["0", "1", "2"]
    assert len(asked) == 3


def test_the_table_reads_back_with_every_number():
    careers = [worker("a", 2001, dataset="NLSY97"), worker("b"), worker("c", 1990)]
    rows = list(predict_next(FixedModel(), careers, top=2))
    text = next_table(rows, FixedModel().card)
    assert text.startswith("# model: fixed (Fixed)\n# version: 1.2\n# trained on: NLSY97")
    first, second, third = table_of(text)
    assert (first["person_id"], first["last_title"], first["year"]) == ("a", "Cooks", "2002")
    assert float(first["same_job"]) == rows[0].state.parts.same_job
    assert float(first["top2_probability"]) == rows[0].state.top[1][1]
    assert (first["top1_code"], first["top2_code"]) == ("1", "NW")
    assert (second["problem"][:13], second["year"], second["top1_title"]) == (
        *("has no record", "", ""),
    )
    assert third["notes"].startswith("The year 1991 lies outside")


@pytest.mark.parametrize(
    ("cell", "safe"),
    [
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("+1+cmd", "'+1+cmd"),
        ("-2+3", "'-2+3"),
        ("\t=1", "'\t=1"),
        ("\r=1", "'\r=1"),
        ("  =1", "'  =1"),
        ("\n=1", "'\n=1"),
        ("\u00a0=1", "'\u00a0=1"),
        ("-17", "-17"),
        ("+1.5", "+1.5"),
        ("Cooks", "Cooks"),
        ("", ""),
        (None, None),
        (-0.25, -0.25),
    ],
)
def test_what_a_spreadsheet_would_run_is_made_text(cell, safe):
    assert safe_cell(cell) == safe


def test_a_poisoned_person_is_harmless_in_the_export():
    rows = list(predict_next(FixedModel(), [worker("=HYPERLINK(A1)", 2001), worker("@x")]))
    first, second = table_of(next_table(rows, FixedModel().card))
    assert first["person_id"] == "'=HYPERLINK(A1)"
    assert second["person_id"] == "'@x"


# The page

TABLE = b"""person_id,year,education,occupation
=cmd|x,2008,high school,Cashiers
=cmd|x,2009,high school,Student
b,2030,some college,Cooks
c,2009,some college,Cooks
"""


def opened():
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["career_table.model"] = "markov"
    at.run()
    return checked(at.switch_page("pages/career_table.py").run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def given(at, raw, name="many.csv"):
    at.file_uploader(key="career_table.upload").upload(name, raw)
    return checked(at.run())


def begun(at):
    return checked(at.button(key="career_table.start").click().run())


@needs_models
def test_a_table_uploaded_is_predicted_and_what_cannot_be_is_listed():
    at = begun(given(opened(), TABLE))
    assert [metric.value for metric in at.metric] == ["2", "1", "0"]
    problems, shown = (frame.value for frame in at.dataframe)
    assert list(problems["Worker"]) == ["b"]
    assert "after 2030" in problems["Why"][0]
    assert list(shown["Worker"]) == ["'=cmd|x", "c"]
    run = at.session_state["career_table.run"]
    assert "'=cmd|x" in next_table(run.rows, FixedModel().card)


@needs_models
def test_the_year_and_the_number_of_titles_are_chosen():
    at = given(opened(), TABLE)
    at.selectbox(key="career_table.year").select(2015)
    at.selectbox(key="career_table.top").select(10)
    run = begun(at).session_state["career_table.run"]
    assert [row.state.query.year for row in run.rows if row.state] == [2015, 2015]
    assert len(run.rows[0].state.top) == 10


@needs_models
def test_paused_work_keeps_its_rows_and_goes_on():
    at = begun(given(opened(), TABLE))
    run = at.session_state["career_table.run"]
    del run.rows[1:]
    run.paused = True
    checked(at.run())
    assert [metric.value for metric in at.metric] == ["1", "0", "2"]
    checked(at.button(key="career_table.resume").click().run())
    assert [metric.value for metric in at.metric] == ["2", "1", "0"]


@needs_models
@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"", "is empty"),
        (b"person_id,year,occupation\n1,2001,Wizard\n", "many.csv row 2, column occupation"),
        (b"person_id,year,occupation\n1,1897,Cooks\n", "expected 1950"),
        (b"PK\x03\x04", "CSV UTF-8"),
        (b"year\n2001\n", "person_id, occupation is missing"),
    ],
)
def test_a_bad_table_is_explained_and_nothing_asked(raw, words):
    at = given(opened(), raw)
    assert "cannot be read" in at.error[0].value
    assert words in at.code[0].value
    assert not [b for b in at.button if b.key == "career_table.start"]


@needs_models
def test_ten_thousand_rows_are_answered():
    title = occ1990dd().occupations[5].title
    lines = [f'{k},{year},"{title}"' for k in range(2000) for year in range(2001, 2006)]
    raw = "\n".join(["person_id,year,occupation", *lines]).encode()
    at = begun(given(opened(), raw))
    assert [metric.value for metric in at.metric] == ["2,000", "0", "0"]


def test_the_page_opens_alone():
    at = checked(AppTest.from_file(PAGE, default_timeout=180).run())
    assert at.title[0].value == "Career table"
