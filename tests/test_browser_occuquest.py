"""Category balance and Browse in a real browser: choose, read, rate, share, and nothing runs."""

import json

import pytest

from occu_core.occuquest.sample import sample_items
from tests.browser import running_app, settled

pytestmark = [pytest.mark.browser, pytest.mark.slow]
needs_sample = pytest.mark.skipif(not sample_items(), reason="no sample ships")
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
HOSTILE = (
    "<script>document.title='taken'</script><img src=x onerror=\"document.title='taken'\">"
    "![pixel](https://evil.example/p.png) [link](javascript:alert(1)) <https://evil.example>"
    " https://evil.example/a www.evil.example a@evil.example [ref]\n\n[ref]: https://evil.example\n\n"
    "`![pixel](https://evil.example/q.png)` ``x` ![pixel](https://evil.example/r.png) `\n\n"
    "\\![pixel](https://evil.example/s.png) $x^2$ :material/home: :red[red]"
)


@pytest.fixture(scope="module")
def address(browser):
    with running_app() as address:
        page = browser.new_page()
        page.goto(address)
        settled(page)
        page.close()
        yield address


def opened(browser, url, size="wide", scheme="light"):
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.set_default_timeout(90_000)
    page.goto(url)
    page.locator('[data-testid="stHeading"]').first.wait_for(timeout=60_000)
    return settled(page, numbers=0)


def is_sound(page):
    """No traceback, and nothing sticks out of the window sideways."""
    assert page.locator('[data-testid="stException"]').count() == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def upload(page, name, text):
    page.get_by_role("button", name="Upload your own").click()
    file = {"name": name, "mimeType": "application/json", "buffer": text.encode()}
    page.set_input_files('input[type="file"]', file)
    page.get_by_text("1 items").wait_for()
    page.keyboard.press("Escape")
    return settled(page, numbers=0)


@needs_sample
@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_the_samples_balance_is_drawn_and_can_be_gone_into(address, browser, size, scheme):
    page = opened(browser, f"{address}/category_balance", size, scheme)
    page.get_by_text("Sample written for Occuscope").click()
    page.get_by_text("balanced by design, not evidence").wait_for()
    page.locator(".treemaplayer .slice").nth(26).wait_for(timeout=60_000)
    assert page.locator(".scatterlayer .point").count() >= 26
    is_sound(settled(page, numbers=0))


@needs_sample
@pytest.mark.parametrize("size", SIZES)
def test_an_item_is_found_read_rated_and_shared(address, browser, size):
    page = opened(browser, f"{address}/browse", size)
    # A reader in a hurry: the page is still being drawn when the name is typed.
    page.get_by_role("button", name="Next").click()
    page.get_by_label("Your name or initials").fill(f"reader {size}")
    page.get_by_label("Your name or initials").press("Enter")
    page.get_by_text(f"2 of {len(sample_items()):,}").wait_for()
    question = sample_items()[1].question
    settled(page, numbers=0)
    for scale in ("Helpfulness", "Honesty", "Harmlessness"):
        group = page.get_by_test_id("stButtonGroup").filter(has_text=scale)
        group.get_by_text("4", exact=True).click()
        settled(page, numbers=0)
    page.get_by_role("button", name="Save rating").click()
    page.get_by_text("Rating saved").wait_for()
    is_sound(settled(page, numbers=0))

    other = opened(browser, page.url, size)
    other.get_by_text(f"2 of {len(sample_items()):,}").wait_for()
    assert question.split("\n")[0][:40] in other.inner_text("body")


def test_nothing_that_a_dataset_holds_runs_loads_or_links(address, browser):
    page = opened(browser, f"{address}/browse")
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    messages = [{"role": "user", "content": HOSTILE}, {"role": "assistant", "content": HOSTILE}]
    row = {"category": "Legal", "occupation": HOSTILE, "topic": "x", "messages": messages}
    upload(page, "<img src=x onerror=document.title='taken'>.jsonl", json.dumps(row))
    page.get_by_role("combobox", name="Dataset").click()
    page.get_by_role("option", name="<img").click()
    page.get_by_text("evil.example/p.png").first.wait_for()
    page.wait_for_timeout(1000)
    said = page.get_by_test_id("stChatMessage")
    assert said.count() == 2
    assert said.locator("a, img:not([alt*=avatar]), script, iframe, .katex").count() == 0
    assert page.locator("img[src=x]").count() == 0
    assert page.title() != "taken"
    assert not [url for url in asked if "evil.example" in url]
    is_sound(page)
