"""Time the app as a user meets it: the first prediction, a redraw, and ten visitors at once.

    python -m tests.benchmarks.app [--edits N] [--visitors N] [--rounds N]

Starts the app afresh and drives it in Chromium. Prints seconds from the start of the server until
the first prediction stands on the page, the median over edits of the year to predict, and how long
visitors wait who all ask at the same moment, each with an invented career of their own. Every
number they see is checked against the core's answer for that career.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

import numpy as np
from playwright.sync_api import Browser, Page

from occu_core.careers import Query
from occu_core.data.links import View, encode_view
from occu_core.distributions import FourParts
from occu_core.figures import percent
from occu_core.models.storage import DEFAULT_MODEL, load_model
from occu_core.predictions import predict
from tests.browser import (
    HOW_TO_GET_IT,
    chromium_browser,
    find_chromium,
    four_parts,
    running_app,
    settled,
)
from tests.small_language_models import long_career

# Presses the button in the page at a time of the clock, then watches until other numbers stand
# there and all is drawn.
PRESS = """at => setTimeout(() => {
    const shown = () => [...document.querySelectorAll('[data-testid="stMetricValue"]')]
        .map(e => e.textContent).join('|');
    const before = shown(), began = performance.now();
    document.querySelector('[data-testid="stNumberInputStepUp"]').click();
    const watch = setInterval(() => {
        if (window.numbers === null && shown() !== before && shown().split('|').length >= 4)
            window.numbers = (performance.now() - began) / 1000;
        const done = document.querySelector('[data-testid="stApp"]').dataset.testScriptState
                === 'notRunning'
            && !document.querySelector('[data-stale="true"]')
            && shown() !== before && shown().split('|').length >= 4;
        if (!done) return;
        clearInterval(watch);
        window.waited = (performance.now() - began) / 1000;
    }, 100);
}, at - Date.now())"""
_AHEAD = 1.5  # seconds in which every page is told when to press


def main(edits: int, visitors: int, rounds: int) -> None:
    """Start, wait for the first numbers, edit again and again, then let visitors ask at once."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit(HOW_TO_GET_IT)
    with chromium_browser(executable) as browser:
        began = time.perf_counter()
        with running_app() as address:
            page = browser.new_page()
            page.goto(address)
            settled(page, still_ms=0)
            first = time.perf_counter() - began
            page.goto(f"{address}/next_job")
            settled(page)
            seconds = [edit(page) for _ in range(edits)]
            page.close()
            waits = at_once(browser, address, visitors, rounds)
    print(f"first prediction, from starting the server: {first:.2f} s")
    print(f"edit to redraw, median of {edits}: {statistics.median(seconds):.2f} s", end="")
    print(f" (slowest {max(seconds):.2f} s)")
    print(f"{visitors} visitors at once, {rounds} rounds, each with their own career's numbers:")
    for name, told in zip(("numbers", "whole page"), np.transpose(waits), strict=True):
        half, most = np.percentile(told, [50, 95])
        print(f"{name}: p50 {half:.2f} s, p95 {most:.2f} s (slowest {max(told):.2f} s)")


def at_once(
    browser: Browser, address: str, visitors: int, rounds: int
) -> list[tuple[float, float]]:
    """Seconds until the numbers, and until the whole page, when all ask about a later year.

    Raises:
        SystemExit: if anyone sees other numbers than those of their own career.
    """
    model = load_model(DEFAULT_MODEL)
    careers = [long_career(model.taxonomy, 3 + 2 * k) for k in range(visitors)]
    queries = [Query(career, career.records[-1].year + 1) for career in careers]
    pages = []
    for query in queries:
        page = browser.new_context().new_page()
        page.goto(f"{address}/next_job?v={encode_view(View(query, (DEFAULT_MODEL,)))}")
        pages.append(settled(page))
    waits = []
    for turn in range(1, rounds + 1):
        moment = 1000 * (time.time() + _AHEAD)
        for page in pages:
            page.evaluate("window.numbers = window.waited = null")
            page.evaluate(PRESS, moment)
        time.sleep(max(0.0, moment / 1000 - time.time()))
        for page in pages:
            # Not at every frame, which would have the page draw while it waits.
            page.wait_for_function("window.waited !== null", timeout=60_000, polling=200)
            waits.append(page.evaluate("[window.numbers, window.waited]"))
        for query, page in zip(queries, pages, strict=True):
            asked = Query(query.past, query.year + turn, query.education)
            seen, own = four_parts(page), four_parts_of(predict(model, asked).parts)
            if seen != own:
                raise SystemExit(f"a visitor sees {seen}; their own career's numbers are {own}")
    return waits


def four_parts_of(parts: FourParts) -> list[str]:
    """A prediction's four parts as the page writes them."""
    shares = parts.same_job, parts.different_job, parts.not_working, parts.student
    return ["–" if share is None else percent(share) for share in shares]


def edit(page: Page) -> float:
    """Ask about one year later; seconds until the page shows other numbers and has settled."""
    before = four_parts(page)
    button = page.get_by_test_id("stNumberInputStepUp")
    began = time.perf_counter()
    button.click()
    page.wait_for_function(
        """before => JSON.stringify([...document.querySelectorAll(
            '[data-testid="stMetricValue"]')].map(e => e.innerText)) !== before""",
        arg=json.dumps(before, separators=(",", ":"), ensure_ascii=False),
        polling=20,
    )
    settled(page, still_ms=0)
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--edits", type=int, default=9, help="how many edits are timed")
    parser.add_argument("--visitors", type=int, default=10, help="how many ask at once")
    parser.add_argument(
        "--rounds", type=int, default=4, choices=range(1, 5), help="how often they do, 4 at most"
    )
    given = parser.parse_args()
    main(given.edits, given.visitors, given.rounds)
