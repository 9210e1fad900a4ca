"""From two answer files to a study that people vote on: one command, then a real browser."""

import json
import re

import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.answering.question_sets import HELD_OUT, read_question_set
from occu_core.pairwise.store import Store
from occu_core.pairwise.votes import Outcome
from tests.browser import running_app
from tests.studies_by_hand import NASTY, SYSTEMS, database, own_environment

pytestmark = [pytest.mark.browser, pytest.mark.slow]
QUESTIONS = 4
BETTER = "Ask for it in writing."


def answer_file(folder, system, texts):
    """What a system says to the first questions of the sample's held-out category."""
    asked = read_question_set(f"sample:{HELD_OUT}").questions[:QUESTIONS]
    rows = [
        {"question_id": one.question_id, "question": one.text, "system": system, "response": text}
        for one, text in zip(asked, texts, strict=True)
    ]
    path = folder / f"{system}.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return str(path)


def at_item(page, number):
    """Wait until the page shows this item and takes the next press."""
    page.get_by_text(f"{number} of {QUESTIONS}", exact=True).wait_for(timeout=60_000)
    page.get_by_role("button", name="Answer 1").wait_for()
    page.wait_for_function(
        """document.querySelector('[data-testid="stApp"]')?.dataset.testScriptState
           === 'notRunning'""",
        timeout=60_000,
    )
    page.wait_for_timeout(550)


def test_two_answer_files_are_launched_in_one_command_and_voted_on(browser, tmp_path, monkeypatch):
    first = answer_file(tmp_path, SYSTEMS[0], [f"{BETTER} {k}" for k in range(QUESTIONS)])
    second = answer_file(tmp_path, SYSTEMS[1], [f"{NASTY} {k}" for k in range(QUESTIONS)])
    (tmp_path / "settings.json").write_text('{"minimum_seconds": 0}', encoding="utf-8")
    monkeypatch.setenv("OCCU_DATABASE_URL", database(tmp_path))
    with running_app(own_environment(tmp_path)) as address:
        made = CliRunner().invoke(
            cli.app,
            [
                *("study", "compare", "real-estate", f"sample:{HELD_OUT}", "--a", first),
                *("--b", second, "--common", "--launch", "--annotators", "1"),
                *("--settings", str(tmp_path / "settings.json"), "--address", address),
            ],
        )
        assert made.exit_code == 0, made.stderr
        assert "22 questions are left out (--common)" in made.stderr
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        page.goto(re.search(r"http\S+annotator=\S+", made.stdout)[0], timeout=90_000)
        for number in range(1, QUESTIONS + 1):
            at_item(page, number)
            assert page.title() != "taken"
            shown = page.locator("[class*='st-key-annotate-text']").all_inner_texts()
            assert not any(system in page.inner_text("body") for system in SYSTEMS)
            better = next(k for k, text in enumerate(shown, 1) if BETTER in text)
            page.keyboard.press(str(better))
        page.get_by_text("You are done").wait_for()
        page.context.close()
    votes = Store(database(tmp_path)).votes("real-estate")
    assert len(votes) == QUESTIONS
    won = {vote.systems[0 if vote.outcome is Outcome.FIRST else 1] for vote in votes}
    assert won == {SYSTEMS[0]}
    assert {vote.category for vote in votes} == {HELD_OUT}
    out = CliRunner().invoke(cli.app, ["study", "export", "real-estate", str(tmp_path / "out")])
    assert out.exit_code == 0, out.stderr
    report = CliRunner().invoke(cli.app, ["study", "report", str(tmp_path / "out")])
    assert "win rate by category" in report.stdout
    assert re.search(rf"{HELD_OUT}  100\.0% \(.*; 4/4\)", report.stdout)
