"""The one-page report: every number of the prediction, nothing that runs, one sheet of paper."""

import re
from dataclasses import replace
from datetime import date
from html.parser import HTMLParser

import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.case_report import MOST_SPELLS, case_report
from occu_core.figures import percent, top_occupations
from occu_core.figures.figure_file import figure_html
from occu_core.models.base import ModelKind
from occu_core.models.storage import load_model, shipped_models
from occu_core.occupations import Occupation, occ1990dd
from occu_core.predictions import NOTE, predict
from tests.careers_at_random import TOY
from tests.conftest import ROOT
from tests.fixed_model import FixedModel

MADE = date(2026, 3, 1)
PAST = CareerHistory(
    "w",
    tuple(JobRecord(year, TOY.occupations[0], Education.HIGH_SCHOOL) for year in (2001, 2002)),
    dataset="NLSY97",
    birth_year=1981,
)
EVIL = "<script>alert('x')</script>"
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")
needs_chromium = pytest.mark.browser


class Page(HTMLParser):
    """What a page shows and what it is made of."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.words, self.addresses = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.addresses += [v for k, v in attrs if k in {"href", "src", "action"} or k[:2] == "on"]

    def handle_data(self, data):
        if self.tags[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self):
        return " ".join(" ".join(self.words).split())


def answer(query=None, kind=ModelKind.LANGUAGE_MODEL):
    return predict(FixedModel(kind), query or Query(PAST, 2003, Education.HIGH_SCHOOL))


def test_the_report_holds_career_question_parts_titles_coverage_and_sources():
    text = Page(case_report([answer()], "Anna", made=MADE)).text
    assert "Anna: what comes next in 2003" in text
    assert "2001–2002 Cooks high school" in text
    assert "Survey: NLSY97; Born: 1981; Sex: unknown; Race/ethnicity: unknown" in text
    assert "Which of 6 states in 2003, after Cooks, education high school?" in text
    # LATER = 0.4, 0.1, 0.1, 0.1, 0.15, 0.05, which sum to 0.9.
    for part in ("Same job 44.4%", "Different job 33.3%", "Not working 16.7%", "Student 5.6%"):
        assert part in text
    assert "Cooks, head (2) 11.1%" in text
    assert "90.00% of its probability lay on the titles" in text
    assert "Fixed 1.2 (fixed), trained on NLSY97: 9,000 workers born 1980–1984" in text
    assert "2026-03-01" in text
    assert NOTE in text


def test_a_question_outside_the_training_data_carries_its_warning():
    text = Page(case_report([answer(Query(PAST, 2030))], "Anna", made=MADE)).text
    assert "Read with care. The year 2030 lies outside the years it learned from" in text


def test_a_first_record_has_no_same_job():
    text = Page(case_report([answer(Query(CareerHistory("w"), 2003))], "Anna", made=MADE)).text
    assert "No records yet." in text
    assert "Same job –" in text


def test_nothing_in_it_runs_and_nothing_comes_from_elsewhere():
    taxonomy = replace(TOY, occupations=(Occupation("1", EVIL, "Food"), *TOY.occupations[1:]))
    model = FixedModel()
    model.card = replace(model.card, title=EVIL, version=EVIL)
    past = replace(PAST, records=(JobRecord(2001, taxonomy.occupations[0]),))
    prediction = predict(model, Query(past, 2003))
    shown = replace(prediction, distribution=replace(prediction.distribution, taxonomy=taxonomy))
    raw = case_report([shown], EVIL, made=MADE, link='https://x.test/?v="><script>')
    page = Page(raw)
    assert not {"script", "img", "iframe", "link", "form", "object"} & set(page.tags)
    assert page.addresses == ['https://x.test/?v="><script>']
    assert page.text.count("<script>alert") >= 4
    assert "<script" not in raw


def test_a_long_career_still_fits_by_leaving_out_its_beginning():
    jobs = [TOY.occupations[k % 4] for k in range(40)]
    past = CareerHistory("w", tuple(JobRecord(1980 + k, job) for k, job in enumerate(jobs)))
    text = Page(case_report([answer(Query(past, 2025))], "Anna", made=MADE)).text
    assert f"{40 - MOST_SPELLS} earlier records of 40 are not shown." in text
    assert "2019 Actors" in text
    assert "1980 Cooks" not in text


@needs_models
def test_two_models_stand_side_by_side_over_all_343():
    past = CareerHistory("w", (JobRecord(2001, occ1990dd().find("Cooks")),))
    found = [predict(load_model(name), Query(past, 2002)) for name in ("markov", "ensemble")]
    text = Page(case_report(found, "Anna", made=MADE)).text
    for occupation, share in found[0].distribution.top(10):
        other = found[1].distribution.prob(occupation.code)
        assert f"({occupation.code}) {percent(share)} {percent(other)}" in text
    assert "All 333 others together" in text


@needs_models
def test_the_command_writes_the_page_and_refuses_what_it_cannot_use(tmp_path):
    sample = next(iter(sorted((ROOT / "assets/samples").glob("*.json"))))
    out = tmp_path / "page.html"
    run = CliRunner().invoke(
        cli.app, ["report", str(sample), "--out", str(out), "--model", "markov"]
    )
    assert run.exit_code == 0, run.output
    assert "what comes next in" in Page(out.read_text(encoding="utf-8")).text
    assert [path.name for path in tmp_path.iterdir()] == ["page.html"]
    for arguments, words in (
        (["none.json", "--out", str(out)], "none.json: No such file"),
        ([str(sample), "--out", str(tmp_path / "no" / "x.html")], "there is no folder"),
        ([str(sample), "--out", str(out), "--model", "gpt"], "no model 'gpt'"),
    ):
        run = CliRunner().invoke(cli.app, ["report", *arguments])
        assert run.exit_code == 2
        assert words in run.output


@needs_chromium
@needs_models
@pytest.mark.slow
@pytest.mark.parametrize("font", ["system-ui", "'DejaVu Serif', serif"])  # the widest at hand
@pytest.mark.parametrize("records", [0, 12, 40])
def test_it_prints_on_one_sheet(browser, records, font):
    taxonomy = occ1990dd()
    longest = sorted(taxonomy, key=lambda o: -len(o.title))
    past = CareerHistory(
        "w",
        tuple(JobRecord(1980 + k, longest[k % 30], list(Education)[k % 5]) for k in range(records)),
    )
    found = [predict(load_model(name), Query(past, 2030)) for name in ("markov", "ensemble")]
    page = browser.new_page()
    report = case_report(found, "A name of some length " * 4, made=MADE)
    assert report.count(" system-ui,") == 1
    page.set_content(report.replace(" system-ui,", f" {font},"))
    pdf = page.pdf(prefer_css_page_size=True)
    page.close()
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 1


# A figure as a file


def test_a_figure_file_holds_its_description_note_and_all_it_needs():
    chart = top_occupations([answer()])
    page = figure_html(chart, f"Likeliest {EVIL}", NOTE)
    assert page.count(EVIL) == 0
    assert "Fixed, likeliest in 2003: Cooks 44.4%" in page
    assert NOTE in page
    assert "src=" not in page.partition("plotly.js v")[0]
    assert re.search(r'"filename": ?"occuscope-likeliest-script', page)
    assert not re.search(r"<script[^>]+src", page)


def test_a_figure_file_leaves_the_figure_itself_alone():
    chart = top_occupations([answer()])
    before = chart.figure.to_json()
    figure_html(chart, "Likeliest", NOTE)
    assert chart.figure.to_json() == before
