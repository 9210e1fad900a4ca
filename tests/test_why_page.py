"""The page Why as a user meets it: with any target, any model and any history."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.explain.influence import influences
from occu_core.explain.why import why
from occu_core.models.storage import load_model, shipped_models
from occu_core.occupations import occ1990dd
from pages.shared import why_answers
from pages.shared.session import Desk

ROOT = Path(__file__).resolve().parents[1]
TAXONOMY = occ1990dd()
COOK, CLERK, NURSE = (TAXONOMY.find(t) for t in ("Cooks", "Cashiers", "Registered nurses"))
THREE = Query(
    CareerHistory("w", (JobRecord(2001, CLERK), JobRecord(2002, COOK), JobRecord(2003, COOK))), 2004
)
EMPTY = Query(CareerHistory("w"), 2004)
ONE = Query(CareerHistory("w", (JobRecord(2001, COOK),)), 2002)
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")
pytestmark = needs_models


def page(query=THREE, target=None, model="markov"):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = model
    at.session_state["desk"] = Desk(query, "A made-up worker", query.past.records)
    if target:
        at.session_state["why.target"] = target
    return checked(at.run().switch_page("pages/why.py").run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def plain(at):
    written = [*at.markdown, *at.caption, *at.subheader, *at.error]
    return re.sub(r"\\(?=[^\w\s])", "", " ".join(element.value for element in written))


def numbers(at):
    return {metric.label.replace("\\", ""): metric.value for metric in at.metric}


def test_the_page_opens_from_the_menu_and_alone():
    at = page()
    assert at.title[0].value == "Why"
    assert not at.error
    alone = checked(AppTest.from_file(str(ROOT / "pages/why.py"), default_timeout=180).run())
    assert alone.title[0].value == "Why"


def test_the_likeliest_state_is_explained_unless_another_is_chosen():
    at = page()
    assert numbers(at)["Place among 343"] == "1"
    assert "Cooks in 2004" in plain(at)
    checked(at.selectbox(key="why.target").set_value(NURSE).run())
    assert "Registered nurses in 2004" in plain(at)
    assert numbers(at)["Same job?"] == "no"
    checked(at.selectbox(key="why.target").set_value(None).run())
    assert "Cooks in 2004" in plain(at)


def test_the_table_holds_each_records_influence():
    at = page(target=COOK)
    found = influences(load_model("markov"), THREE, COOK)
    shown = at.dataframe[0].value
    assert shown["Year"].tolist() == [2001, 2002, 2003]
    assert shown["Points"].tolist() == pytest.approx([one.points for one in found.records])


def test_the_target_that_is_the_last_job_is_said_to_keep_it():
    assert numbers(page(target=COOK))["Same job?"] == "yes"


def test_the_rationale_and_the_observed_counts_stand_beside_the_models_number():
    at = page(target=CLERK)
    written = plain(at)
    answer = why(load_model("markov"), THREE, CLERK)
    assert answer.observed[0].words in written
    assert numbers(at)["Seen in NLSY97"].endswith("%")
    assert "makes Cashiers the likeliest" in written or "to make Cashiers" in written


def test_what_was_never_seen_is_said_to_be():
    never = next(o for o in TAXONOMY if o.title == "Airplane pilots and navigators")
    at = page(target=never)
    assert "never seen in" in plain(at)
    assert "never" in numbers(at).values()


def test_a_history_without_records_is_explained_without_bars():
    at = page(EMPTY)
    assert "There are no records" in plain(at)
    assert not at.dataframe
    assert "no earlier record" in plain(at)


def test_a_history_of_one_record_has_one_influence():
    at = page(ONE, target=COOK)
    assert len(at.dataframe[0].value) == 1
    assert "One record of 1 suffices" in plain(at)


def test_another_model_can_be_chosen_here():
    at = page()
    checked(at.selectbox(key="why.model_markov").set_value("career").run())
    assert "CAREER" in plain(at)
    assert at.session_state["next_job.model"] == "markov"


def test_a_career_with_text_that_looks_like_markup_stays_text():
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    at.session_state["desk"] = Desk(ONE, "<b>*x*</b> :material/home:", ONE.past.records)
    at = checked(at.run().switch_page("pages/why.py").run())
    assert "<b>" not in " ".join(element.value for element in at.markdown)


def test_an_explanation_is_worked_out_once_for_everybody(monkeypatch):
    page(target=NURSE)
    monkeypatch.setattr(why_answers, "why", lambda *_, **__: pytest.fail("worked out again"))
    page(target=NURSE)


def test_the_files_are_those_of_the_command_line():
    from typer.testing import CliRunner

    from occu_core.cli import app
    from occu_core.data.career_json import query_to_json
    from occu_core.explain.why import why_csv, why_json

    answer = why(load_model("markov"), THREE, CLERK)
    given = json.dumps(query_to_json(THREE))
    run = lambda form: CliRunner().invoke(  # noqa: E731
        app, ["why", "-", "--model", "markov", "--target", CLERK.code, form], input=given
    )
    assert json.loads(run("--json").stdout) == json.loads(json.dumps(why_json(answer)))
    assert run("--csv").stdout == why_csv(answer)
