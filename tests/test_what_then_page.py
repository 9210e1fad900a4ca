"""The What then page: futures that are asked for, can be stopped, and say how far to trust them."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.careers import CareerHistory, Query
from occu_core.explain import forecasts
from occu_core.explain.forecasts import share_of
from occu_core.models.storage import load_model, shipped_models
from pages.shared import what_then_displays, what_then_sampling
from pages.shared.session import Desk
from tests.browser import running_app

ROOT = Path(__file__).resolve().parent.parent
pytestmark = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")


@pytest.fixture
def page():
    at = AppTest.from_file(str(ROOT / "pages/what_then.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    return checked(at.run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def sample(at):
    return checked(at.button(key="what_then.start").click().run())


def keys(at):
    return {button.key for button in at.button}


def plain(at):
    written = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error]
    return re.sub(r"\\(?=[^\w\s])", "", " ".join(element.value for element in written))


def test_nothing_is_sampled_before_it_is_asked_for(page):
    assert not page.metric
    assert "Sample 200 futures" in {button.label for button in page.button}


def test_futures_show_the_shares_of_the_engine_with_their_sampling_error(page):
    sample(page)
    query = page.session_state["desk"].query
    found = forecasts.forecast(load_model("markov"), query, forecasts.ForecastSettings(10, 200, 1))
    counts = found.counts[-1]
    not_working = counts[found.taxonomy.position("NW")]
    share = forecasts.share_of(int(not_working), 200)
    metric = page.metric[2]
    assert (metric.label, metric.value) == ("Not working", f"{100 * share.value:.1f}%")
    assert metric.delta == f"± {200 * share.standard_error:.1f} points"
    assert "how far a share may be off what the model believes" in plain(page)
    assert "what_then.start" not in keys(page)


def test_none_or_all_of_the_futures_have_an_interval_rather_than_no_error():
    """Wilson by hand for 0 of 20: z² / (20 + z²) with z = 1.96, 16.1%; so 83.9% for all."""
    none, all_of_them = (what_then_displays._sampling_error(share_of(n, 20)) for n in (0, 20))
    assert (none, all_of_them) == ("0.0 to 16.1%", "83.9 to 100.0%")


def test_other_settings_ask_again_and_the_old_ones_are_not_shown(page):
    sample(page)
    checked(page.number_input(key="what_then.seed").set_value(2).run())
    assert "what_then.start" in keys(page)
    assert not page.metric
    assert "other settings" in plain(page)
    checked(page.number_input(key="what_then.seed").set_value(1).run())
    assert page.metric


def test_education_may_evolve_and_the_page_says_from_what_source(page):
    checked(page.selectbox(key="what_then.rule").select("evolving").run())
    sample(page)
    assert "then evolving as in NLSY97 and NLSY79, training splits" in plain(page)


def test_what_cannot_be_sampled_is_explained_and_asked_again(page, monkeypatch):
    def refuse(*_):
        raise forecasts.ForecastError("years <b>end</b>")

    monkeypatch.setattr(what_then_sampling, "forecast", refuse)
    sample(page)
    assert page.error[0].value == r"Nothing was sampled\: years \<b\>end\<\/b\>"
    assert not page.metric
    monkeypatch.undo()
    checked(page.run())
    assert "what_then.start" in keys(page)


def test_a_blank_career_near_the_last_year_has_the_futures_there_are():
    at = AppTest.from_file(str(ROOT / "pages/what_then.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    at.session_state["desk"] = Desk(Query(CareerHistory(""), 2028), "Blank", ())
    checked(at.run())
    years = next(n for n in at.number_input if n.label.startswith("Years"))
    assert (years.max, years.value) == (3, 3)
    sample(at)
    assert at.metric[1].value == "–"
    assert "Outside what the model has seen" in plain(at)


def test_two_years_ahead_are_compared_when_asked(page):
    checked(page.button(key="what_then.compare").click().run())
    values = {metric.label: metric.value for metric in page.metric}
    assert 0 < float(values["Correlation"]) <= 1
    assert 0 <= float(values["Total variation"]) < 1
    assert "the paper's number" in plain(page)


@pytest.mark.browser
@pytest.mark.slow
def test_a_run_can_be_stopped_and_begun_again(browser):
    with running_app() as address:
        page = browser.new_page()
        page.goto(f"{address}/what_then")
        page.get_by_label("Futures").fill("1000")
        page.get_by_label("Futures").press("Enter")
        page.get_by_role("button", name="Sample 1,000 futures").click(timeout=90_000)
        page.get_by_role("button", name="Stop").click(timeout=90_000)
        page.get_by_role("button", name="Sample 1,000 futures").wait_for(timeout=90_000)
        assert not page.get_by_text("The flow, year by year").count()
        page.close()
