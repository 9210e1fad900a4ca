"""An analyst's walk in a real browser: What if, Why, What then and How sure, in one sitting."""

from dataclasses import replace
from functools import partial

import pytest

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.data.links import View, encode_view
from occu_core.explain import what_if_words as words
from occu_core.explain.case_changes import CaseChange, Field, changed
from occu_core.explain.forecasts import ForecastSettings, forecast, share_of
from occu_core.explain.how_sure import how_sure
from occu_core.explain.seed_spread import ask_seeds, load_seed_models
from occu_core.explain.sure_files import sureness_of
from occu_core.explain.sweeps import TOP_OCCUPATIONS, sweep, values_of
from occu_core.explain.what_if import Answered, compare
from occu_core.explain.why import why
from occu_core.explain.why_words import influence_in_words
from occu_core.figures import percent
from occu_core.models.storage import load_model, shipped_models
from occu_core.occupations import occ1990dd
from occu_core.predictions import predict
from tests.browser import four_parts, running_app, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(
        "markov" not in {folder.name for folder in shipped_models()}, reason="no assets/models"
    ),
]
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15"
    " (KHTML, like Gecko) Version/17.0 Mobile/15E148 Safari/604.1"
)
DEVICES = {
    "wide": {"viewport": {"width": 1280, "height": 900}},
    # Streamlit closes its menu after a choice on what calls itself a phone.
    "phone": {"viewport": {"width": 400, "height": 850}, "has_touch": True, "user_agent": IPHONE},
}
PAGES = {"what_if": "What if", "why": "Why", "what_then": "What then", "how_sure": "How sure"}
PATIENCE = 90_000  # ms
DARK = "rgb(15, 22, 27)"  # .streamlit/config.toml
COOK, NURSE = occ1990dd().find("Cooks"), occ1990dd().find("Registered nurses")
# An invented worker, in the survey and years that models learned from.
PAST = CareerHistory(
    "w", tuple(JobRecord(year, COOK) for year in (2001, 2002, 2004)), "NLSY97", 1981
)
COOK_CASE = Query(PAST, 2005, Education.HIGH_SCHOOL)
NURSE_CASE = changed(COOK_CASE, [CaseChange(Field.JOB, NURSE, 2004)])
TAUGHT_CASE = replace(NURSE_CASE, education=Education.GRADUATE)


@pytest.fixture(scope="module")
def address():
    with running_app() as address:
        yield address


@pytest.fixture(scope="module")
def model():
    return load_model("markov")


@pytest.fixture(scope="module")
def answered(model):
    """What the page has to show of any case: the model's answer and the seed models'."""
    seeds = load_seed_models()
    return lambda query: Answered(predict(model, query), ask_seeds(seeds, query))


@pytest.mark.parametrize("device", DEVICES)
def test_an_analyst_walks_from_what_if_to_how_sure(address, browser, model, answered, device):
    page = browser.new_context(**DEVICES[device]).new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/what_if?v={encode_view(View(COOK_CASE, ('markov',)))}")
    change_pin_and_sweep(settled(page), model, answered)
    turn_to(page, "Why", device)
    choose_a_target(page, model)
    turn_to(page, "What then", device)
    sample(page, model)
    turn_to(page, "How sure", device)
    choose_a_level(page, model)
    page.context.close()


@pytest.mark.parametrize("name", PAGES)
def test_a_page_opens_in_the_dark(address, browser, name):
    page = browser.new_context(**DEVICES["phone"], color_scheme="dark").new_page()
    page.set_default_timeout(PATIENCE)
    page.goto(f"{address}/{name}?v={encode_view(View(COOK_CASE, ('markov',)))}")
    stands(page, PAGES[name])
    app = page.locator('[data-testid="stApp"]')
    assert app.evaluate("it => getComputedStyle(it).backgroundColor") == DARK
    page.context.close()


def change_pin_and_sweep(page, model, answered):
    """Another job against the pinned case; that case pinned, and another education against it."""
    assert "Nothing differs yet" in read(page)
    choose(page, "Job in that record", NURSE.title)
    page.get_by_text("job in 2004: Cooks → Registered nurses").wait_for()
    shows(page, compare(answered(COOK_CASE), answered(NURSE_CASE)))

    page.get_by_role("button", name="Pin the changed case").click()
    page.get_by_text("Nothing differs yet").wait_for()
    choose(page, "Education that year", "graduate degree")
    page.get_by_text("education that year: high school → graduate degree").wait_for()
    shows(page, compare(answered(NURSE_CASE), answered(TAUGHT_CASE)))

    choose(page, "Characteristic", "Education that year")
    page.get_by_text("An association in this cohort, not an effect.").first.wait_for()
    values = values_of(TAUGHT_CASE, Field.EDUCATION, model.card)
    found = sweep(TAUGHT_CASE, Field.EDUCATION, values, partial(answer_of, answered))
    for outcome in found.outcomes(TOP_OCCUPATIONS):
        page.get_by_text(words.gap_in_words(found, found.widest_gap(*outcome))).wait_for()
    stands(page, "What if")


def answer_of(answered, query):
    return answered(query)


def shows(page, found):
    """The page's four parts and what changes of them are those of the comparison."""
    page.get_by_text(words.summary(found)).wait_for()
    settled(page)
    assert four_parts(page) == [
        "–" if part.after is None else percent(part.after) for part in found.parts
    ]
    assert deltas(page) == [
        words.change_and_noise(part) + (" noise" if part.within_noise else "")
        for part in found.parts
        if part.change is not None
    ]


def choose_a_target(page, model):
    """The likeliest next state is explained first, then one that the analyst asks about."""
    query = TAUGHT_CASE
    stands(page, "Why")
    for target in (None, NURSE, COOK):
        found = why(model, query, target)
        if target:
            choose(page, "What to explain in 2005", target.title)
        page.get_by_role("heading", name=f"{found.target.title} in 2005").wait_for()
        page.get_by_text(influence_in_words(found.influences)).wait_for()
        settled(page)
        assert four_parts(page)[:3] == [
            percent(found.probability),
            str(found.rank),
            percent(found.influences.from_nothing),
        ]
    stands(page, "Why")


def sample(page, model):
    """Twenty futures of three years."""
    for label, number in (("Years, from 2005", "3"), ("Futures", "20")):
        page.get_by_label(label, exact=True).fill(number)
        page.get_by_label(label, exact=True).press("Enter")
    page.get_by_role("button", name="Sample 20 futures").click()
    page.get_by_role("heading", name="The flow, year by year").wait_for()
    found = forecast(model, TAUGHT_CASE, ForecastSettings(3, 20, 1))
    page.get_by_text("In a job in 2007").wait_for()
    settled(page)
    ends = [found.taxonomy.occupations[state] for state in found.states[:, -1]]
    counts = (
        sum(end.is_job for end in ends),
        ends.count(NURSE),
        sum(end.title == "Not working" for end in ends),
        sum(end.title == "Student" for end in ends),
    )
    assert four_parts(page)[:4] == [percent(share_of(count, 20).value) for count in counts]
    stands(page, "What then")


def choose_a_level(page, model):
    """The set of the default level, then a smaller one."""
    prediction, sureness = predict(model, TAUGHT_CASE), sureness_of("markov")
    for level in (90, 80):
        if level != 90:
            page.get_by_role("radio", name=f"{level}%").click()
        page.get_by_role("heading", name=f"{level}% set for 2005").wait_for()
        settled(page, numbers=3)
        chosen = how_sure(prediction, sureness, level).chosen
        page.get_by_text(f"{len(chosen.members)} of 343 states").first.wait_for()
        assert four_parts(page)[:2] == [str(len(chosen.members)), percent(chosen.probability)]
    stands(page, "How sure")


def choose(page, label, option):
    """Find an option of a list, by typing it where one can."""
    box = settled(page).get_by_label(label, exact=True)
    box.scroll_into_view_if_needed()
    page.wait_for_timeout(300)  # a list that is open closes when the page moves
    box.click()
    if box.is_editable():  # a phone shows a short list without its keyboard
        box.fill(option)
    page.get_by_role("option", name=option, exact=True).first.click()


def turn_to(page, title, device):
    """Another page by the menu: on top where there is room, else in the drawer."""
    if device == "phone":
        page.get_by_test_id("stExpandSidebarButton").click()
        page.get_by_test_id("stSidebarNavLink").filter(has_text=title).click()
    else:
        page.get_by_test_id("stTopNavSection").first.click()
        page.get_by_test_id("stTopNavDropdownLink").filter(has_text=title).click()
    page.get_by_role("heading", name=title, exact=True).wait_for()


def stands(page, title):
    """The page is all there: drawn to its end, no traceback, nothing out of the window sideways."""
    page.get_by_role("heading", name=title, exact=True).wait_for()
    page.get_by_text("Speaks for US workers").wait_for()
    settled(page, numbers=0)
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def deltas(page):
    found = page.locator('[data-testid="stMetricDelta"]').all_inner_texts()
    return [" ".join(text.replace("arrow_upward", "").split()) for text in found]


def read(page):
    return " ".join(page.inner_text("body").split())
