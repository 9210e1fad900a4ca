"""The main job in a real browser: build a career, read the prediction, share it, reload."""

import re

import pytest

from tests.benchmarks.app import at_once
from tests.browser import four_parts, running_app, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
BAD_TABLE = "person_id,year,occupation\n7,1998,Cooks\n7,1999,Lighthouse keepers\n"


@pytest.fixture(scope="module")
def address():
    with running_app() as address:
        yield address


def opened(browser, url, size="wide", scheme="light"):
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.goto(url)
    return settled(page)


def add_job(page, typed, title):
    """Find a job by what people call it and add it as the next record."""
    page.get_by_label("Find a job and add it").fill(typed)
    button = page.get_by_role("radio", name=title)
    button.wait_for()
    settled(page)
    year = re.search(r"What comes next in (\d{4})", page.inner_text("body")).group(1)
    button.click()
    page.get_by_text(f"What comes next in {int(year) + 1}").wait_for()
    return settled(page)


def has_no_traceback(page):
    return page.locator('[data-testid="stException"]').count() == 0


def fits(page):
    """Nothing sticks out of the window sideways."""
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_from_example_to_shared_link(address, browser, size, scheme):
    page = opened(browser, address, size, scheme)
    page.get_by_role("button", name="Examples").click()
    page.get_by_text("Factory worker to truck driver").first.click()
    page.get_by_role("heading", name="Factory worker to truck driver").wait_for()
    before = four_parts(settled(page))
    add_job(page, "nurse", "Registered nurses")
    after = four_parts(page)
    assert after != before
    assert has_no_traceback(page)
    assert fits(page)

    page.get_by_role("button", name="See all 343 probabilities").click()
    page.get_by_role("heading", name="Next job").wait_for()
    assert four_parts(settled(page)) == after
    assert fits(page)
    page.get_by_role("button", name="Link to this view").click()
    link = page.get_by_text(re.compile(r"^http.*\?v=")).inner_text()

    other = opened(browser, link, size, scheme)
    assert four_parts(other) == after
    assert has_no_traceback(other)


@pytest.mark.parametrize("size", SIZES)
def test_a_bad_table_is_answered_with_row_value_and_nearest_titles(address, browser, size):
    page = opened(browser, address, size)
    before = four_parts(page)
    page.get_by_role("button", name="Upload").first.click()
    page.set_input_files(
        'input[type="file"]',
        {"name": "jobs.csv", "mimeType": "text/csv", "buffer": BAD_TABLE.encode()},
    )
    page.get_by_text("jobs.csv row 3, column occupation").wait_for()
    assert "'Lighthouse keepers' is not allowed" in page.inner_text("body")
    assert four_parts(page) == before
    assert has_no_traceback(page)


def test_a_reload_brings_the_edited_career_back(address, browser):
    page = opened(browser, address)
    add_job(page, "nurse", "Registered nurses")
    before = four_parts(page)
    page.reload()
    assert four_parts(settled(page)) == before


def test_two_people_do_not_see_each_other(address, browser):
    first, second = opened(browser, address), opened(browser, address)
    before = four_parts(second)
    add_job(first, "nurse", "Registered nurses")
    assert four_parts(second) == before


def test_ten_people_who_ask_at_the_same_moment_each_see_their_own_numbers(address, browser):
    waits = at_once(browser, address, visitors=10, rounds=2)
    assert len(waits) == 20
    assert all(0 < numbers <= whole for numbers, whole in waits)


def test_markup_in_a_file_name_is_shown_not_run(address, browser):
    page = opened(browser, address)
    page.get_by_role("button", name="Upload").first.click()
    name = "<img src=x onerror=document.title='taken'>.csv"
    page.set_input_files(
        'input[type="file"]',
        {"name": name, "mimeType": "text/csv", "buffer": BAD_TABLE.encode()},
    )
    page.get_by_text("row 3, column occupation").wait_for()
    assert page.title() != "taken"
    assert page.locator("img[src=x]").count() == 0
