"""The How sure page as a reader meets it: every level, odd careers, and a model without sets."""

from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.explain.how_sure import how_sure
from occu_core.explain.sure_files import sureness_of
from occu_core.models.storage import load_model, shipped_models
from occu_core.occupations import occ1990dd
from occu_core.predictions import predict
from pages.shared.session import Desk

ROOT = Path(__file__).resolve().parent.parent
PAGE = "pages/how_sure.py"
COOK = occ1990dd()["436"]
PAST = CareerHistory("w", tuple(JobRecord(2001 + k, COOK) for k in range(4)), "NLSY97", 1981)
QUERY = Query(PAST, 2005)
pytestmark = pytest.mark.skipif(
    "markov" not in {folder.name for folder in shipped_models()}, reason="no model in assets/models"
)


def opened(query=QUERY, model="markov"):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = model
    at.session_state["desk"] = Desk(query, "Someone", query.past.records)
    at.run()
    return checked(at.switch_page(PAGE).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def said(at):
    return " ".join(element.value for element in at.markdown)


def answer(query=QUERY, percent=90, model="markov"):
    return how_sure(predict(load_model(model), query), sureness_of(model), percent)


def test_the_page_shows_the_set_its_promise_its_record_and_its_measures():
    at = opened()
    assert at.title[0].value == "How sure"
    assert not at.error
    found = answer()
    assert at.metric[0].value == str(len(found.chosen.members))
    assert len(at.dataframe[0].value) == len(found.chosen.members)
    for words in ("What the set promises", "What it does not", "When this model gives"):
        assert words in said(at)
    assert "As unsure as among" in said(at)
    assert "25,563 person-years of test workers" in said(at).replace("\\", "")
    groups = at.dataframe[1].value["Group"].tolist()
    for group in ("Stayed", "Moved", "First record", "Sex: female", "Earlier records: 10+"):
        assert group in groups


def test_every_state_of_the_set_has_its_probability_and_says_what_it_is():
    table = opened().dataframe[0].value
    assert table["What it is"].str.len().min() > 20
    assert (table["Probability"] > 0).all()
    assert "Again: Cooks" in table["Occupation"].tolist()


@pytest.mark.parametrize("percent", [80, 95])
def test_another_level_gives_the_engines_set_of_that_level(percent):
    at = opened()
    at.segmented_control(key="how_sure.level").set_value(percent)
    checked(at.run())
    assert at.subheader[0].value == f"{percent}% set for 2005"
    assert at.metric[0].value == str(len(answer(percent=percent).chosen.members))


def test_another_model_is_chosen_for_every_page():
    at = opened()
    at.selectbox(key="how_sure.model.markov").set_value("career")
    checked(at.run())
    assert at.session_state["next_job.model"] == "career"
    assert at.metric[0].value == str(len(answer(model="career").chosen.members))


def test_other_test_workers_can_be_looked_at():
    at = opened()
    rows = at.selectbox(key="how_sure.rows.NLSY97 1997–2011")
    assert rows.options == [
        "NLSY79 all years", "NLSY97 1997–2011", "NLSY97 2012–2022", "NLSY97 all years",
    ]  # fmt: skip
    rows.set_value("NLSY79 all years")
    checked(at.run())
    assert "(NLSY79 all years)" in said(at).replace("\\", "")


def test_a_career_without_records_has_a_set_and_no_record_of_keeping_a_job():
    at = opened(Query(CareerHistory("w", (), "NLSY97", 1981), 1999))
    assert "at their first record" in said(at).replace("\\", "")
    assert "keeping the same job" not in said(at)
    assert not at.error


def test_a_question_outside_the_training_data_is_answered_with_warnings():
    odd = Query(replace(PAST, dataset="PSID"), 2029)
    at = opened(odd)
    warned = " ".join(warning.value for warning in at.warning).replace("\\", "")
    assert "never saw the PSID dataset" in warned
    assert "No worker of PSID calibrated these sets" in warned
    assert "Not known" in " ".join(caption.value for caption in at.caption)


def test_a_survey_that_is_unknown_is_said_so():
    at = opened(Query(replace(PAST, dataset=None), 2005))
    assert "The survey is unknown" in at.warning[0].value


def test_a_model_without_sets_says_so_and_how_to_make_them(tmp_path, monkeypatch):
    from occu_core.explain import sure_files

    monkeypatch.setattr(sure_files, "asset_path", lambda *parts: tmp_path.joinpath(*parts))
    from pages.shared import how_sure_answers

    how_sure_answers._sureness.clear()
    at = opened()
    how_sure_answers._sureness.clear()
    assert "its sets were not calibrated" in at.info[0].value
    assert "train.calibrate_sets markov" in said(at).replace("\\", "")
    assert not at.metric


def test_the_page_opens_alone():
    at = checked(AppTest.from_file(str(ROOT / PAGE), default_timeout=180).run())
    assert at.title[0].value == "How sure"


def test_next_jobs_table_says_what_each_occupation_is():
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    at.session_state["next_job.all"] = True
    at.run()
    checked(at.switch_page("pages/next_job.py").run())
    table = next(t.value for t in at.dataframe if "What it is" in t.value.columns)
    sentence = table.loc[table["Occupation"] == "Cooks", "What it is"].item()
    assert sentence.startswith("Prepare and cook meals")
