"""Annotating in a real browser: keys, two people at once, reloads, restarts, and what is sent."""

import re
import statistics
import sys
import time

import pytest

from occu_core.pairwise.store import Store
from occu_core.pairwise.studies import CRITERIA
from occu_core.pairwise.votes import Verdict
from tests.browser import app_address, free_port, running_app, start_app
from tests.studies_by_hand import (
    NASTY,
    SYSTEMS,
    database,
    launched,
    own_environment,
    practice,
    question,
)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
ARABIC = "مرحبا، هذه إجابة قصيرة."
IMITATION = "# Which answer is better overall?\n\n**[Answer 1]**\n\n<button>Answer 1</button>"
SELECTORS = "[class*='st-key-annotate-text']"


@pytest.fixture(scope="module")
def own(tmp_path_factory):
    return tmp_path_factory.mktemp("studies")


@pytest.fixture(scope="module")
def address(own):
    with running_app(own_environment(own)) as address:
        yield address


@pytest.fixture(autouse=True)
def closed_afterwards(browser):
    """Pages of one test are not kept open beside the next."""
    yield
    for context in browser.contexts:
        context.close()


def opened(browser, url, size="wide", scheme="light"):
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.goto(url, timeout=90_000)
    return page


def link(address, store, study):
    return f"{address}/annotate?annotator={store.invite(study).token}"


def at_item(page, number, total):
    """Wait until the page shows this item, its buttons are there, and the last press is past.

    Presses that follow each other within half a second are taken for a held key.
    """
    page.get_by_text(f"{number} of {total}", exact=True).wait_for(timeout=60_000)
    page.get_by_role("button", name="Answer 1").wait_for()
    page.wait_for_function(
        """document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState
           === 'notRunning'""",
        timeout=60_000,
    )
    page.wait_for_timeout(550)
    return page


def question_shown(page):
    return page.locator(".st-key-annotate-question").inner_text()


def fits(page):
    """Nothing sticks out of the window sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def verdicts(store, study):
    return [vote.verdict for vote in store.votes(study)]


def test_two_people_annotate_at_once_and_only_the_task_is_shown(address, own, browser):
    store = launched(own, name="two", overlap=2)
    pages = [opened(browser, link(address, store, "two")) for _ in range(2)]
    for page in pages:
        at_item(page, 1, 6)
        assert page.locator('[data-testid="stTopNavLink"]').count() == 0
        assert page.locator('[data-testid="stSidebar"]').count() == 0
        assert "Studies" not in page.inner_text("body")
    for number in range(1, 6):
        for page in pages:
            at_item(page, number, 6)
            page.keyboard.press("1")
    for page in pages:
        at_item(page, 6, 6)
    votes = store.votes("two")
    assert len(votes) == 10
    assert len({(vote.annotator, vote.question_id) for vote in votes}) == 10


def test_a_held_key_gives_one_vote(address, own, browser):
    store = launched(own, name="held")
    page = at_item(opened(browser, link(address, store, "held")), 1, 6)
    until = time.monotonic() + 4
    while time.monotonic() < until:
        page.keyboard.down("1")  # without `up`: as a keyboard repeats
        page.wait_for_timeout(35)
    page.keyboard.up("1")
    at_item(page, 2, 6)
    page.wait_for_timeout(1_000)
    assert len(store.votes("held")) == 1
    page.keyboard.press("2")
    at_item(page, 3, 6)
    assert verdicts(store, "held") == [Verdict.LEFT, Verdict.RIGHT]


def test_a_reload_resumes_at_the_same_item_and_sides(address, own, browser):
    store = launched(own, name="reload", guidelines="Be kind.", consent="You agree.")
    page = opened(browser, link(address, store, "reload"))
    page.get_by_role("button", name="I agree, begin").click()
    at_item(page, 1, 6)
    page.keyboard.press("0")
    at_item(page, 2, 6)
    before = page.locator(SELECTORS).all_inner_texts()
    page.reload()
    at_item(page, 2, 6)
    assert page.locator(SELECTORS).all_inner_texts() == before
    assert verdicts(store, "reload") == [Verdict.TIE]


def test_a_killed_server_and_a_lost_connection_resume_at_the_same_item(own, browser, tmp_path):
    store = launched(tmp_path, name="killed")
    port, environment = free_port(), own_environment(tmp_path)
    server = start_app(port, environment)
    try:
        page = at_item(opened(browser, link(app_address(port), store, "killed")), 1, 6)
        page.keyboard.press("1")
        before = question_shown(at_item(page, 2, 6))
        server.kill()
        server.wait(20)
        page.get_by_test_id("stConnectionStatus").wait_for()  # the annotator is told
        server = start_app(port, environment)
        page.get_by_test_id("stConnectionStatus").wait_for(state="detached", timeout=60_000)
        at_item(page, 2, 6)
        assert question_shown(page) == before
        page.keyboard.press("2")
        at_item(page, 3, 6)
        before = question_shown(page)

        page.context.set_offline(True)
        page.wait_for_timeout(1_500)
        page.context.set_offline(False)
        page.reload()
        at_item(page, 3, 6)
        assert question_shown(page) == before
        page.keyboard.press("9")
        at_item(page, 4, 6)
    finally:
        server.kill()
        server.wait(20)
    assert verdicts(Store(database(tmp_path)), "killed") == [
        Verdict.LEFT,
        Verdict.RIGHT,
        Verdict.BOTH_BAD,
    ]


def test_nothing_sent_to_the_browser_names_a_system(address, own, browser):
    store = launched(
        own, [practice(9), *(question(n) for n in range(1, 4))], name="blind",
        criteria=CRITERIA[:2], ask_acceptable=True, completion_code="DONE-7",
    )  # fmt: skip
    sent = []
    page = browser.new_context(viewport=SIZES["wide"]).new_page()

    def keep(response):
        if response.status < 300 and not response.url.endswith((".woff2", ".js")):
            sent.append(response.body())

    def frame(data):
        sent.append(data if isinstance(data, bytes) else data.encode())

    page.on("requestfinished", lambda request: keep(request.response()))
    page.on("websocket", lambda socket: socket.on("framereceived", frame))
    page.on("websocket", lambda socket: socket.on("framesent", frame))
    page.goto(link(address, store, "blind"), timeout=90_000)
    for number in range(1, 5):
        at_item(page, number, 4)
        sent.append(page.content().encode())
        page.keyboard.press("1")
        for label in ("Is answer 1 good enough?", "Is answer 2 good enough?"):
            page.get_by_role("radiogroup", name=label).get_by_text("Yes").click()
        page.get_by_role("radiogroup", name="helpful").get_by_text("Tie").click()
        page.get_by_role("button", name="Save and go on").wait_for()
        page.keyboard.press("s")
        if number == 1:
            page.get_by_text("That was practice").wait_for()
            page.get_by_role("button", name="Go on").click()
    page.get_by_text("DONE-7").wait_for()
    sent.append(page.content().encode())
    everything = b"".join(sent).lower()
    assert b"first words on 1." in everything  # what is looked through is what was sent
    for system in SYSTEMS:
        for encoding in ("utf-8", "utf-16-le"):
            assert system.lower().encode(encoding) not in everything
    assert len(store.votes("blind")) == 6


def test_everything_can_be_done_by_keyboard_alone(address, own, browser):
    store = launched(own, name="keys", guidelines="Be kind.", minimum_seconds=0.3)
    page = opened(browser, link(address, store, "keys"))
    page.get_by_role("button", name="Begin").wait_for()
    page.keyboard.press("Enter")
    for number, key in enumerate("1209", 1):
        at_item(page, number, 6)
        page.wait_for_timeout(600)
        page.keyboard.press(key)
    at_item(page, 5, 6)
    assert verdicts(store, "keys") == [
        Verdict.LEFT,
        Verdict.RIGHT,
        Verdict.TIE,
        Verdict.BOTH_BAD,
    ]
    page.keyboard.press("u")
    at_item(page, 4, 6)
    assert len(store.votes("keys")) == 3
    page.get_by_role("button", name="Skip").focus()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Skip this pair").wait_for()
    page.get_by_role("button", name="Skip this pair").focus()
    page.keyboard.press("Enter")
    at_item(page, 5, 6)
    for number in (5, 6):
        at_item(page, number, 6)
        page.wait_for_timeout(600)
        page.keyboard.press("1")
    page.get_by_text("You are done").wait_for()


def test_a_vote_before_the_minimum_time_is_answered_in_words(address, own, browser):
    store = launched(own, name="soon", minimum_seconds=600.0)
    page = at_item(opened(browser, link(address, store, "soon")), 1, 6)
    page.keyboard.press("1")
    page.get_by_text("please read both first").wait_for()
    assert not store.votes("soon")


@pytest.mark.parametrize(("size", "scheme"), [("wide", "dark"), ("phone", "light")])
def test_answers_stay_in_their_frames_and_nothing_in_them_works(
    address, own, browser, size, scheme
):
    name = f"nasty-{size}"
    huge = "word " * 15_000
    questions = [question(1, NASTY, IMITATION), question(2, ARABIC, "x" * 5_000 + huge)]
    store = launched(own, questions, name=name)
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(link(address, store, name), timeout=90_000)
    for number in (1, 2):
        at_item(page, number, 2)
        assert page.title() != "taken"
        assert page.locator(f"{SELECTORS} :is(img, a, button, script, h1)").count() == 0
        assert fits(page)
        for text in page.locator(SELECTORS).all():
            box = text.bounding_box()
            assert box["height"] <= 0.63 * SIZES[size]["height"]
        if ARABIC in page.inner_text("body"):
            direction = page.get_by_text(ARABIC).evaluate(
                "e => getComputedStyle(e).unicodeBidi + ' ' + getComputedStyle(e).textAlign"
            )
            assert direction == "plaintext start"
        scroller = page.locator(SELECTORS).last
        scroller.evaluate("e => e.scrollTop = 400")
        page.keyboard.press("0")
    page.get_by_text("You are done").wait_for()
    assert not [url for url in asked if "example.org" in url]


def test_a_new_item_begins_at_its_top(address, own, browser):
    store = launched(own, [question(n, "long " * 3_000) for n in (1, 2, 3)], name="top")
    page = at_item(opened(browser, link(address, store, "top"), "phone"), 1, 3)
    page.evaluate(f"document.querySelectorAll(`{SELECTORS}`).forEach(e => e.scrollTop = 300)")
    page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop = 500")
    page.keyboard.press("1")
    at_item(page, 2, 3)
    assert page.evaluate("document.querySelector('[data-testid=stMain]').scrollTop") == 0
    tops = page.locator(SELECTORS).evaluate_all("all => all.map(e => e.scrollTop)")
    assert tops == [0, 0]


def test_people_join_a_demo_by_its_open_link_and_resume_after_a_reset(address, own, browser):
    store = launched(own, name="demo", demo=True, open_joining=True)
    page = opened(browser, f"{address}/annotate?join=demo", "phone")
    page.get_by_label("A nickname").fill("Kim")
    page.get_by_role("button", name="Join").click()
    at_item(page, 1, 6)
    assert re.search(r"annotator=[\w-]{22}", page.url)
    page.reload()
    at_item(page, 1, 6)
    store.reset("demo")
    page.keyboard.press("1")
    page.get_by_label("A nickname").wait_for()
    assert not store.votes("demo")


@pytest.mark.parametrize("size", SIZES)
def test_the_median_round_trip_of_a_vote(address, own, browser, size):
    name = f"trip-{size}"
    store = launched(own, [question(n) for n in range(1, 32)], name=name)
    page = at_item(opened(browser, link(address, store, name), size), 1, 31)
    seconds = []
    for number in range(1, 31):
        at_item(page, number, 31)
        seconds.append(
            page.evaluate(
                """async (next) => {
                    const began = performance.now();
                    const button = [...document.querySelectorAll('button')]
                      .find((one) => one.innerText.startsWith('Answer 1'));
                    button.click();
                    while (!document.body.innerText.includes(next)) {
                      if (performance.now() - began > 30000) throw new Error('no ' + next);
                      await new Promise((done) => requestAnimationFrame(done));
                    }
                    return (performance.now() - began) / 1000;
                }""",
                f"{number + 1} of 31",
            )
        )
    median = statistics.median(seconds)
    sys.stdout.write(f"\nmedian round trip of a vote, {size}: {1000 * median:.0f} ms\n")
    assert len(store.votes(name)) == 30
    assert median < 2.0  # slower machines than the one the promise is about
