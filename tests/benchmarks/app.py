"""Time the app as a user meets it: the first prediction, and a redraw after an edit.

    python -m tests.benchmarks.app [--edits N]

Starts the app afresh and drives it in Chromium. Prints seconds from the start of the server until
the first prediction stands on the page, and the median over edits of the year to predict.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from playwright.sync_api import Page

from tests.browser import (
    HOW_TO_GET_IT,
    chromium_browser,
    find_chromium,
    four_parts,
    running_app,
    settled,
)


def main(edits: int) -> None:
    """Start, wait for the first numbers, edit again and again."""
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
    print(f"first prediction, from starting the server: {first:.2f} s")
    print(f"edit to redraw, median of {edits}: {statistics.median(seconds):.2f} s", end="")
    print(f" (slowest {max(seconds):.2f} s)")


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
    main(parser.parse_args().edits)
