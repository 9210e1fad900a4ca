"""The Ask page in a real browser: a tuned adapter answers, streams, is stopped, goes to a study."""

import os
from contextlib import suppress
from pathlib import Path

import pytest
from playwright.sync_api import TimeoutError

from tests.browser import running_app, settled
from tests.small_answer_models import TEMPLATE, save_adapter, save_base

pytestmark = [pytest.mark.slow, pytest.mark.browser]
LONG = 240_000  # milliseconds: the first answer loads torch
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The app, with an adapter and its base to answer."""
    folder = tmp_path_factory.mktemp("ask")
    base = save_base(folder / "base", template=TEMPLATE)
    tuned = save_adapter(folder / "tuned", base)
    home = folder / "home"
    home.mkdir()
    environment = {
        **os.environ,
        "OCCU_HOME": str(home),
        "OCCU_ANSWER_MODELS": f"tuned={tuned};base={base}",
    }
    with running_app(environment) as running:
        yield running


def opened(browser, address, size, scheme):
    page = browser.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()
    page.goto(f"{address}/ask", timeout=LONG)
    page.get_by_role("button", name="Ask", exact=True).wait_for(timeout=LONG)
    return settled(page, numbers=0)


def choose(page, label, option):
    """Choose in a box; a run of the page that ends meanwhile may close its list again."""
    found = page.get_by_role("option", name=option, exact=True)
    for _ in range(6):
        page.get_by_role("combobox", name=label).click()
        with suppress(TimeoutError):
            found.click(timeout=10_000)
            return
        page.keyboard.press("Escape")
    raise AssertionError(f"{label}: has no {option}")


def picture(page, name):
    """For looking at, where a folder is named."""
    if folder := os.environ.get("OCCU_TEST_PICTURES"):
        page.screenshot(path=Path(folder) / f"ask-{name}.png", full_page=True)


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_two_models_answer_side_by_side_and_go_to_a_study(browser, address, size, scheme):
    page = opened(browser, address, size, scheme)
    choose(page, "Beside it", "base")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("form: chat template").nth(1).wait_for(timeout=LONG)
    picture(page, f"answered-{size}")
    assert page.get_by_text("answered", exact=True).count() == 2
    page.get_by_role("button", name="Add this pair").click()
    page.get_by_role("textbox", name="Title, shown to annotators").fill(f"Pair {size}")
    page.get_by_role("textbox", name="Title, shown to annotators").press("Enter")
    page.get_by_role("button", name="Create the study").click()
    page.get_by_role("link", name="To Studies").or_(page.get_by_role("alert")).first.wait_for()
    picture(page, f"study-{size}")
    page.get_by_text(f"pair-{size}").wait_for()
    wide = page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert wide
    page.get_by_role("link", name="To Studies").click()
    page.get_by_role("button", name="Launch").wait_for()
    assert page.get_by_test_id("stException").count() == 0


def test_an_answer_grows_and_is_stopped(browser, address):
    page = opened(browser, address, "wide", "light")
    page.get_by_text("Length and chance").click()
    page.get_by_role("spinbutton", name="Most tokens").fill("2048")
    page.get_by_role("spinbutton", name="Most tokens").press("Enter")
    page.get_by_role("button", name="Ask", exact=True).click()
    stop = page.get_by_test_id("stMain").get_by_role("button", name="Stop")
    page.get_by_text("writing", exact=True).wait_for(timeout=LONG)
    picture(page, "writing")
    stop.click()
    page.get_by_text("stopped before its end").wait_for(timeout=LONG)
    stop.wait_for(state="detached")
    picture(page, "stopped")
    page.get_by_role("button", name="Ask", exact=True).click()
    page.get_by_text("writing", exact=True).wait_for(timeout=LONG)
