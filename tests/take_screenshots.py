"""Take the README's picture, and with --all every page wide and on a phone, light and dark.

python -m tests.take_screenshots [--all FOLDER]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from tests.browser import (
    HOW_TO_GET_IT,
    ROOT,
    chromium_browser,
    find_chromium,
    running_app,
    settled,
)

SIZES = {"wide": {"width": 1280, "height": 860}, "phone": {"width": 400, "height": 850}}


def main(folder: Path | None) -> None:
    """Open each page as a new visitor and photograph it."""
    executable = find_chromium()
    if executable is None:
        raise SystemExit(HOW_TO_GET_IT)
    with running_app() as address, chromium_browser(executable) as browser:
        page = browser.new_context(viewport=SIZES["wide"]).new_page()
        page.goto(address)
        settled(page)
        page.wait_for_timeout(1500)  # fonts and charts
        page.screenshot(path=ROOT / "assets" / "screenshot.png")
        for size, viewport in SIZES.items() if folder else ():
            for scheme in ("light", "dark"):
                context = browser.new_context(viewport=viewport, color_scheme=scheme)
                for name in ("career", "next_job", "models"):
                    page = context.new_page()
                    page.goto(f"{address}/{name if name != 'career' else ''}")
                    settled(page, numbers=1)
                    page.wait_for_timeout(1500)
                    page.add_style_tag(content="html, body, #root * { scroll-behavior: auto }")
                    path = folder / f"{name}-{size}-{scheme}.png"
                    page.set_viewport_size({**viewport, "height": 3000})
                    page.wait_for_timeout(1000)
                    page.screenshot(path=path)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", type=Path, metavar="FOLDER", help="also every page, here")
    main(parser.parse_args().all)
