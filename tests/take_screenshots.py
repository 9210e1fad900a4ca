"""Take the README's pictures, and with --all every page wide and on a phone, light and dark.

python -m tests.take_screenshots [--all FOLDER]
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, ViewportSize

from tests.browser import (
    HOW_TO_GET_IT,
    ROOT,
    chromium_browser,
    find_chromium,
    running_app,
    settled,
)

SIZES: dict[str, ViewportSize] = {
    "wide": {"width": 1280, "height": 860},
    "phone": {"width": 400, "height": 850},
}
FOUR = ("what_if", "how_sure", "why", "what_then")
_MOST_BYTES = 150_000
_PATIENCE = 300_000  # ms; a language model samples whole futures


def main(folder: Path | None) -> None:
    """Open each page as a new visitor and photograph it."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit(HOW_TO_GET_IT)
    with running_app() as address, chromium_browser(executable) as browser:
        for name in FOUR:
            _explain(browser, address, name)
        page = browser.new_context(viewport=SIZES["wide"]).new_page()
        page.goto(address)
        settled(page)
        _keep(page, ROOT / "assets" / "screenshot.png")
        if folder:
            _all(browser, address, folder)


def _explain(browser: Browser, address: str, name: str) -> None:
    """One of the four pages that explain a prediction, with the first example on the desk."""
    page = browser.new_context(viewport={"width": 1280, "height": _HEIGHTS[name]}).new_page()
    page.set_default_timeout(_PATIENCE)
    page.goto(f"{address}/{name}")
    page.get_by_role("heading", name=name.replace("_", " ").capitalize(), exact=True).wait_for()
    page.get_by_text("Speaks for US workers").wait_for()
    settled(page, numbers=0)
    if name in _STEPS:
        _STEPS[name](page)
        settled(page)
    _keep(page, ROOT / "assets" / "screenshots" / f"{name}.png")
    page.context.close()


def _change(page: Page) -> None:
    page.get_by_label("Job in that record", exact=True).click()
    page.get_by_label("Job in that record", exact=True).fill("Registered nurses")
    page.get_by_role("option", name="Registered nurses", exact=True).click()
    page.get_by_role("heading", name="Occupations that move most").wait_for()


def _sample(page: Page) -> None:
    page.get_by_role("button", name="Sample 200 futures").click()
    page.get_by_role("heading", name="The flow, year by year").wait_for()


_STEPS: dict[str, Callable[[Page], None]] = {"what_if": _change, "what_then": _sample}
_HEIGHTS = {"what_if": 1000, "why": 960, "what_then": 1110, "how_sure": 900}


def _keep(page: Page, path: Path) -> None:
    """Photograph a page that has its fonts and charts; a large picture in 256 colours."""
    page.mouse.move(0, 0)
    page.wait_for_timeout(1500)
    page.wait_for_function("() => !document.querySelector('[data-testid=stSkeleton]')")
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    path.parent.mkdir(exist_ok=True)
    picture.save(path, optimize=True)
    if path.stat().st_size > _MOST_BYTES:
        few = picture.quantize(256, Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
        few.save(path, optimize=True)


def _all(browser: Browser, address: str, folder: Path) -> None:
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(viewport=viewport, color_scheme=scheme)
            for name in ("career", "next_job", "models", *FOUR):
                page = context.new_page()
                page.goto(f"{address}/{name if name != 'career' else ''}")
                settled(page, numbers=0 if name in FOUR else 1)
                page.wait_for_timeout(1500)
                page.add_style_tag(content="html, body, #root * { scroll-behavior: auto }")
                path = folder / f"{name}-{size}-{scheme}.png"
                page.set_viewport_size({"width": viewport["width"], "height": 3000})
                page.wait_for_timeout(1000)
                page.screenshot(path=path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="also every page, here")
    main(parser.parse_args().all)
