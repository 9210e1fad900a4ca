"""The demo tour: every step shows what the real models say, and ends where it began."""

import json

import pytest
from streamlit.testing.v1 import AppTest

from occu_core import demo_tour
from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.figures import four_parts, percent, top_occupations
from occu_core.figures.marking import marked
from occu_core.models.storage import load_model, shipped_models
from occu_core.predictions import predict
from pages.shared import tour_steps
from tests.careers_at_random import TOY
from tests.conftest import ROOT
from tests.fixed_model import FixedModel

PAGE, CAREER = "pages/tour.py", "pages/career.py"
pytestmark = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")


@pytest.fixture(autouse=True)
def quick_model(monkeypatch):
    """The tour asks the first model there is: here the quickest of those that ship."""
    cards = tour_steps.model_cards()
    names = sorted(cards, key=lambda name: name != "markov")
    monkeypatch.setattr(tour_steps, "model_cards", lambda: {name: cards[name] for name in names})


def answer():
    past = CareerHistory("w", (JobRecord(2002, TOY.occupations[0]),))
    return predict(FixedModel(), Query(past, 2003))


def opened(**address):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    at.run()
    for key, value in address.items():
        at.query_params[key] = value
    return checked(at.switch_page(PAGE).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def press(at, key):
    return checked(at.button(key=f"tour.{key}").click().run())


def career(at):
    return at.session_state["desk"].query


def test_one_click_lays_the_invented_career_on_the_desk():
    at = press(opened(), "start")
    assert career(at) == demo_tour.demo_query()
    assert "Demo" in at.session_state["desk"].name
    assert at.header[0].value == tour_steps.steps()[0].title
    assert len(at.table[0].value) == len(demo_tour.demo_query().past.records)


def test_every_step_is_shown_in_turn_and_marked_as_a_demo():
    at = press(opened(), "start")
    steps = tour_steps.steps()
    for number, step in enumerate(steps, start=1):
        assert at.header[0].value == step.title
        assert any("Demo: an invented career" in badge.value for badge in at.markdown)
        assert at.button(key="tour.back").disabled == (number == 1)
        if number < len(steps):
            press(at, "next")
    assert at.button(key="tour.next").disabled
    assert number == len(steps) == 10


def test_the_numbers_are_the_models_own():
    at = press(press(opened(), "start"), "next")
    parts = predict(load_model("markov"), demo_tour.demo_query()).parts
    assert [metric.value for metric in at.metric] == [
        percent(share)
        for share in (parts.same_job, parts.different_job, parts.not_working, parts.student)
    ]


def test_the_end_puts_back_the_career_that_was_there():
    at = opened()
    before = career(at)
    assert before != demo_tour.demo_query()
    press(press(at, "start"), "next")
    press(at, "again")
    assert at.header[0].value == tour_steps.steps()[0].title
    press(at, "reset")
    assert career(at) == before
    assert "step" not in at.query_params
    assert at.button(key="tour.start")


def test_going_elsewhere_and_back_keeps_the_place():
    at = press(press(press(opened(), "start"), "next"), "next")
    checked(at.switch_page(CAREER).run())
    assert career(at) == demo_tour.demo_query()
    checked(at.switch_page(PAGE).run())
    assert at.header[0].value == tour_steps.steps()[2].title
    press(at, "back")
    assert at.header[0].value == tour_steps.steps()[1].title


def test_a_reload_goes_on_at_the_step_in_the_address():
    at = opened(step="4")
    assert at.header[0].value == tour_steps.steps()[3].title
    assert career(at) == demo_tour.demo_query()


@pytest.mark.parametrize("step", ["", "0", "99", "-1", "x", "<b>", "²", "9" * 5000])
def test_an_address_that_names_no_step_begins_at_the_door(step):
    at = opened(step=step)
    assert at.button(key="tour.start")
    assert not at.header


def test_the_career_is_whole_and_says_neither_sex_nor_race():
    query = demo_tour.demo_query()
    assert (query.past.sex, query.past.race_ethnicity) == (None, None)
    assert query.year == query.past.records[-1].year + 1 == 2008
    assert demo_tour.with_degree(query).education is Education.BACHELORS
    assert demo_tour.years_later(query, 4).year == 2012
    assert demo_tour.without_past(query).past.records == ()


def test_the_fewest_states_that_hold_a_share_are_counted():
    # LATER = 0.4, 0.15, 0.1, 0.1, 0.1, 0.05 of 0.9: 0.44, 0.61, 0.72, 0.83, 0.94, 1.
    assert [demo_tour.states_for(answer(), share) for share in (0.4, 0.5, 0.6, 0.9, 1.0)] == [
        *(1, 2, 2, 5, 6),
    ]


def test_a_figure_says_on_itself_and_in_words_that_it_is_a_demo():
    chart = top_occupations([answer()])
    height = chart.figure.layout.height
    shown = marked(chart, "Demo: <invented>")
    caption = json.loads(shown.figure.to_json())["layout"]["annotations"][-1]["text"]
    assert caption.startswith("Fixed 1.2: NLSY97")
    assert caption.endswith("<br><b>Demo: &lt;invented&gt;</b>")
    assert shown.alt.startswith("Demo: <invented>. Fixed, likeliest")
    assert (chart.figure.layout.height, shown.figure.layout.height) == (height, height + 17)
    bare = marked(four_parts([answer()], caption=False), "Demo")
    assert bare.figure.layout.annotations[-1].text == "<b>Demo</b>"


def test_two_answers_of_one_model_are_told_apart_by_words():
    assert demo_tour.called(answer(), "in 2010").card.title == "Fixed (in 2010)"
    assert FixedModel().card.title == "Fixed"
