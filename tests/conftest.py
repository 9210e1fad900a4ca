"""What tests need from the machine, and how to get it."""

import os
import signal
import uuid
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"
# Who is started in the background of a script ignores Ctrl-C, and so would every process of a test.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def own_home(tmp_path_factory):
    """No model or report that a user added is seen by tests."""
    before = os.environ.get("OCCU_HOME")
    os.environ["OCCU_HOME"] = str(tmp_path_factory.mktemp("occu_home"))
    yield
    if before is None:
        del os.environ["OCCU_HOME"]
    else:
        os.environ["OCCU_HOME"] = before


@pytest.fixture(scope="module")
def browser():
    """A headless Chromium; closed after each module, because it keeps an event loop to itself."""
    from tests.browser import HOW_TO_GET_IT, chromium_browser, find_chromium

    executable = find_chromium()
    if executable is None:
        _skip_or_fail(HOW_TO_GET_IT)
    with chromium_browser(str(executable)) as started:
        yield started


@pytest.fixture(scope="session")
def postgresql_url():
    """A PostgreSQL database: the one of `OCCU_TEST_DATABASE_URL`, or of a server started here."""
    from tests.postgresql import HOW_TO_GET_IT, find_postgresql, running_postgresql

    if url := os.environ.get("OCCU_TEST_DATABASE_URL"):
        yield url
        return
    programs = find_postgresql()
    if programs is None:
        _skip_or_fail(HOW_TO_GET_IT)
    with running_postgresql(programs) as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request, tmp_path):
    """An empty database of either kind."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/studies.sqlite3"
        return
    import psycopg

    url, schema = request.getfixturevalue("postgresql_url"), f"test_{uuid.uuid4().hex}"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA {schema}")
        joined = "&" if "?" in url else "?"
        yield f"{url}{joined}options=-csearch_path%3D{schema}"
        connection.execute(f"DROP SCHEMA {schema} CASCADE")


@pytest.fixture(scope="session")
def survey_tables() -> Path:
    """The folder of the NLSY career tables, which are not part of the project."""
    folder = SHARED / "careers"
    if not (folder / "nlsy97.csv.gz").exists():
        pytest.skip("no survey data beside the project: ../shared/data/careers/nlsy97.csv.gz")
    return folder


def _skip_or_fail(reason: str) -> None:
    """What is missing is a skip on a laptop and a failure in CI, where `.ci/run` installs it."""
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
