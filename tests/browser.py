"""A real Chromium on the real app, for tests and measurements."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parents[1]
FLAGS = [
    *("--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync", "--no-first-run"),
]
_NAMES = ("chromium", "chromium-browser", "google-chrome")
_MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
HOW_TO_GET_IT = "no Chromium: install it with `apt-get install chromium`, or Google Chrome"


def find_chromium() -> str | None:
    """The path of a Chromium or Chrome, if there is one."""
    return next(filter(None, map(shutil.which, _NAMES)), _MAC if Path(_MAC).exists() else None)


@contextlib.contextmanager
def running_app(environment: Mapping[str, str] | None = None) -> Iterator[str]:
    """The app as a user starts it, on a free port; yields its address."""
    port = free_port()
    server = start_app(port, environment)
    try:
        yield app_address(port)
    finally:
        server.terminate()
        server.wait(20)


def free_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def app_address(port: int) -> str:
    """Where an app on a port is found."""
    return f"http://127.0.0.1:{port}"


def start_app(port: int, environment: Mapping[str, str] | None = None) -> subprocess.Popen[bytes]:
    """Start the app and wait until it answers; for tests that kill it."""
    server = subprocess.Popen(
        [
            *(sys.executable, "-m", "streamlit", "run", "app.py"),
            *(f"--server.port={port}", "--server.address=127.0.0.1"),
        ],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_healthy(app_address(port))
    except BaseException:
        server.kill()
        raise
    return server


@contextlib.contextmanager
def chromium_browser(executable: str) -> Iterator[Browser]:
    """A headless browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def settled(page: Page, *, numbers: int = 4, still_ms: int = 300) -> Page:
    """The page once its script has run, nothing on it is out of date, and it stands still.

    Args:
        page: shows at least `numbers` metrics, each drawn by itself, in any order.
        numbers: how many to wait for; 4 is the four parts of a prediction.
        still_ms: how long the metrics must not have changed.
    """
    page.wait_for_function(
        """([numbers, still]) => {
            const shown = [...document.querySelectorAll('[data-testid="stMetricValue"]')];
            const text = shown.map(e => e.innerText).join('|');
            const now = performance.now();
            if (window.shownText !== text) { window.shownText = text; window.shownSince = now; }
            return document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState
                     === 'notRunning'
                && !document.querySelector('[data-stale="true"]')
                && shown.length >= numbers
                && now - window.shownSince >= still;
        }""",
        arg=[numbers, still_ms],
        timeout=60_000,
        polling=20,
    )
    return page


def four_parts(page: Page) -> list[str]:
    """The numbers of the four parts as the page shows them."""
    return page.locator('[data-testid="stMetricValue"]').all_inner_texts()


def _wait_until_healthy(address: str) -> None:
    for _ in range(240):
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"{address}/_stcore/health", timeout=1).close()
            return
        time.sleep(0.25)
    raise TimeoutError(f"the app did not start at {address}")
