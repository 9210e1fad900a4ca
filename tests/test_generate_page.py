"""The Generate page: what it asks for, what it costs, and a run that outlives the page."""

import json
import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.occuquest.generation.jobs import Jobs
from pages.shared import generation
from tests.browser import running_app
from tests.misbehaving_server import KEY, MODEL, MisbehavingServer

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
TABLE = "occupation,category\nNurse,Health\nCook,Food\n"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """Runs of this test alone, in a home of its own."""
    monkeypatch.setenv("OCCU_HOME", str(tmp_path))
    monkeypatch.setenv("TEST_KEY", KEY)
    jobs = Jobs()
    monkeypatch.setattr(generation, "jobs", lambda: jobs)
    monkeypatch.setattr(generation, "at_this_computer", lambda: True)
    return jobs


def opened():
    return checked(AppTest.from_file(str(ROOT / "pages/generate.py"), default_timeout=60).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def filled(at, server):
    """The form with a server and a plan of two occupations."""
    at.text_input(key="generate.url").set_value(server.url)
    at.text_input(key="generate.model").set_value(MODEL)
    at.text_input(key="generate.variable").set_value("TEST_KEY")
    at.number_input(key="generate.price_in").set_value(1.0)
    at.number_input(key="generate.price_out").set_value(2.0)
    at.multiselect(key="generate.categories").set_value(["Real Estate"])
    at.number_input(key="generate.responsibilities").set_value(1)
    at.number_input(key="generate.topics").set_value(2)
    at.number_input(key="generate.turns").set_value(2)
    return checked(at.run())


def plain(at):
    """Everything written on the page, without the marks that keep it plain text."""
    written = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error, *at.code]
    return re.sub(r"\\(?=[^a-zA-Z0-9\s])", "", " ".join(element.value for element in written))


def metric(at, label):
    return next(one.value for one in at.metric if one.label == label)


def started(at, own):
    checked(at.button(key="generate.start").click().run())
    (job,) = own._jobs.values()
    return job


def test_without_an_endpoint_it_says_what_is_needed_and_cannot_start():
    at = opened()
    assert "Needed: the address of an OpenAI-compatible server" in plain(at)
    assert at.button(key="generate.start").disabled
    # 26 categories, two occupations of each, 1 + 4 + 12 + 24 + 1 calls for each
    assert metric(at, "Occupations") == "52"
    assert metric(at, "Calls") == f"{52 * 42:,}"
    assert metric(at, "Cost, about") == "not known"


def test_the_cost_is_shown_before_the_first_call_and_a_low_cap_is_warned_of():
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        assert metric(at, "Occupations") == "2"
        # for each: 1 responsibility list, 1 of topics, 2 of questions, 4 answers, 1 dialogue
        assert metric(at, "Calls") == "18"
        assert metric(at, "Items, at most") == "10"
        assert metric(at, "Cost, about").startswith("$0.0")
        assert not at.warning
        at.number_input(key="generate.cap").set_value(0.001)
        assert "will stop this before its end" in plain(checked(at.run()))
    assert not server.seen


def test_a_run_makes_items_that_can_be_downloaded(own, tmp_path):
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        job = started(at, own)
        job.wait(30)
        at = checked(at.run())
    assert "complete" in plain(at)
    assert "10 items" in plain(at)
    (path,) = (tmp_path / "generated").glob("*/items.jsonl")
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {row["category"] for row in rows} == {"Real Estate"}
    assert [b.label for b in at.get("download_button")] == [
        "Items (JSONL)",
        "Manifest",
        "Set aside",
    ]


def test_a_run_is_paused_survives_a_reload_and_goes_on(own):
    with MisbehavingServer(latency=0.2) as server:
        at = filled(opened(), server)
        job = started(at, own)
        while len(server.seen) < 4:
            time.sleep(0.01)
        again = opened()  # a reload: another session, the same server
        assert "running" in plain(again)
        pause = next(b for b in again.button if b.key.startswith("generate.pause."))
        checked(pause.click().run())
        job.wait(10)
        again = checked(again.run())
        assert "paused" in plain(again)
        resume = next(b for b in again.button if b.key.startswith("generate.resume."))
        checked(resume.click().run())
        own.find(job.path).wait(30)
        assert "complete" in plain(checked(again.run()))
    assert max(server.paid.values()) == 1


def test_a_wrong_key_is_said_on_the_page(own, monkeypatch):
    monkeypatch.setenv("TEST_KEY", "sk-wrong-123456")
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        started(at, own).wait(10)
        at = checked(at.run())
    assert "does not accept the key" in plain(at)
    assert "123456" not in plain(at)


def test_a_missing_key_is_said_before_anything_begins(own, monkeypatch):
    monkeypatch.delenv("TEST_KEY")
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        at = checked(at.button(key="generate.start").click().run())
    assert "the environment variable TEST_KEY is not set" in plain(at)
    assert not own._jobs


def test_a_typed_key_is_used_and_written_nowhere(own, tmp_path):
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        at.text_input(key="generate.variable").set_value("")
        at.text_input(key="generate.key").set_value(KEY)
        job = started(checked(at.run()), own)
        job.wait(30)
    assert job.state.ending == "complete"
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or KEY.encode() not in path.read_bytes()


@pytest.mark.parametrize("name", ["HOME", "AWS_SECRET_ACCESS", "sk-secret"])
def test_only_variables_meant_for_keys_may_be_named(own, name):
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        at.text_input(key="generate.variable").set_value(name)
        at = checked(at.run())
    assert "must end in KEY or TOKEN" in plain(at)
    assert at.button(key="generate.start").disabled


def test_an_address_that_is_none_is_named():
    with MisbehavingServer() as server:
        at = filled(opened(), server)
        at.text_input(key="generate.url").set_value("file:///etc/passwd")
        at = checked(at.run())
    assert "is not an address; expected one with http or https" in plain(at)


def test_it_can_be_switched_off(monkeypatch):
    monkeypatch.setenv("OCCU_GENERATE", "off")
    at = opened()
    assert "OCCU_GENERATE=off" in plain(at)
    assert not at.text_input


def test_a_visitor_at_another_computer_cannot_use_it_unless_it_is_switched_on(monkeypatch):
    monkeypatch.setattr(generation, "at_this_computer", lambda: False)
    at = opened()
    assert "works only in a browser on the computer that runs Occuscope" in plain(at)
    assert not at.text_input
    monkeypatch.setenv("OCCU_GENERATE", "on")
    assert opened().text_input


def test_what_was_set_aside_is_shown_with_its_reason(own):
    def write(body):
        return "I would rather not." if "Name 2 topics" in str(body) else "[]"

    with MisbehavingServer(write=write) as server:
        at = filled(opened(), server)
        started(at, own).wait(30)
        at = checked(at.run())
    shown = [frame.value for frame in at.dataframe]
    aside = next(frame for frame in shown if "Why" in frame)
    assert set(aside["Why"]) == {"the list is empty"}
    assert len(aside) == 2 * 2


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_a_run_from_form_to_items_in_a_real_browser(browser, size, scheme):
    with MisbehavingServer(latency=3.0) as server, running_app() as address:
        page = browser.new_context(viewport=SIZES[size], color_scheme=scheme).new_page()
        page.set_default_timeout(90_000)
        page.goto(address)
        page.locator('[data-testid="stHeaderLogo"]').first.wait_for()
        page.goto(f"{address}/generate")
        page.get_by_text("None yet.").wait_for()
        table = {"name": "own.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
        page.set_input_files('input[type="file"]', table)
        page.get_by_text("84", exact=True).first.wait_for()
        for label, value in (
            ("Address of the server", server.url),
            ("Model", MODEL),
            ("Key variable", "TEST_KEY"),
            ("$ per million tokens read", "0"),
            ("$ per million tokens written", "0"),
        ):
            page.get_by_label(label, exact=True).fill(value)
            page.get_by_label(label, exact=True).press("Enter")
        page.get_by_role("button", name="Start").click()
        page.get_by_text("running").wait_for()
        page.reload()
        page.get_by_role("button", name="Pause").click()
        page.get_by_role("button", name="Go on").wait_for()
        server.latency = 0.0
        page.get_by_role("button", name="Go on").click()
        page.get_by_text("complete").wait_for()
        page.get_by_text(re.compile(r"\d+ items")).first.wait_for()
        with page.expect_download() as download:
            page.get_by_role("button", name="Items (JSONL)").click()
        assert len(Path(download.value.path()).read_text(encoding="utf-8").splitlines()) > 40
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        assert page.locator('[data-testid="stException"]').count() == 0
    assert max(server.paid.values()) == 1
