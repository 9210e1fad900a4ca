"""What tests need from the machine, and how to get it."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a Chromium, for tests in a real browser."""
    names = ("chromium", "chromium-browser", "google-chrome")
    mac = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"
    found = next(filter(None, map(shutil.which, names)), mac if Path(mac).exists() else None)
    if found is None:
        _skip_or_fail("no Chromium: install it with `apt-get install chromium`, or Google Chrome")
    return str(found)


@pytest.fixture(scope="session")
def survey_tables() -> Path:
    """The folder of the NLSY career tables, which are not part of the project."""
    folder = SHARED / "careers"
    if not (folder / "nlsy97.csv.gz").exists():
        pytest.skip("no survey data beside the project: ../shared/data/careers/nlsy97.csv.gz")
    return folder


def _skip_or_fail(reason: str) -> None:
    """A missing browser is a skip on a laptop and a failure in CI, where `.ci/run` installs it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
