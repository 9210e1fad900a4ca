"""Annotate as an annotator meets it, without a browser."""

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.pairwise.ballots import SkipReason
from occu_core.pairwise.studies import CRITERIA
from occu_core.pairwise.votes import Verdict
from pages.shared import annotating_votes
from tests.studies_by_hand import SYSTEMS, database, launched, practice, question

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A database of this test alone; presses in a test follow each other like a held key."""
    monkeypatch.setenv("OCCU_DATABASE_URL", database(tmp_path))
    monkeypatch.setattr(annotating_votes, "_HELD_SECONDS", 0.0)
    return tmp_path


def opened(**query):
    at = AppTest.from_file(str(ROOT / "pages/annotate.py"), default_timeout=60)
    for name, value in query.items():
        at.query_params[name] = value
    return checked(at.run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def plain(at):
    """Everything written on the page, without the marks that keep it plain text."""
    kinds = (at.title, at.subheader, at.markdown, at.caption, at.info, at.warning, at.error)
    written = [element.value for kind in (*kinds, at.success, at.code) for element in kind]
    return re.sub(r"\\(?=[^a-zA-Z0-9\s])", "", " ".join(written))


def button(at, name):
    return next(one for one in at.button if one.key.startswith(f"annotate.{name}."))


def press(at, name):
    return checked(button(at, name).click().run())


def test_a_press_stores_a_vote_and_shows_the_next_pair(own):
    store = launched(own)
    at = opened(annotator=store.invite("trial").token)
    assert "1 of 6" in plain(at)
    at = press(at, "left")
    assert "2 of 6" in plain(at)
    at = press(at, "both_bad")
    assert [vote.verdict for vote in store.votes("trial")] == [Verdict.LEFT, Verdict.BOTH_BAD]


def test_no_system_name_is_in_any_message_to_the_browser(own):
    store = launched(own, [practice(9), question(1)])
    at = opened(annotator=store.invite("trial").token)
    for _ in range(2):
        assert not any(system in repr(at) for system in SYSTEMS)
        at = press(at, "left")
        assert not any(system in repr(at) for system in SYSTEMS)
        if "That was practice" in plain(at):
            at = press(at, "go_on")


def test_guidelines_and_consent_come_first_and_once(own):
    store = launched(own, guidelines="Be kind.", consent="Votes may be published.")
    token = store.invite("trial").token
    at = opened(annotator=token)
    assert "Be kind." in plain(at)
    assert "Votes may be published." in plain(at)
    assert "Question number" not in plain(at)
    at = checked(at.button(key="annotate.begin").click().run())
    assert "Question number" in plain(at)
    assert "Question number" in plain(opened(annotator=token))  # a reload


def test_practice_is_explained_before_the_first_pair_that_counts(own):
    store = launched(own, [practice(9), question(1)])
    at = press(opened(annotator=store.invite("trial").token), "left")
    assert "That was practice" in plain(at)
    assert "It names the tool." in plain(at)
    assert "Expected: **Answer" in plain(at)
    at = press(at, "go_on")
    assert "Question number 1?" in plain(at)
    assert not store.votes("trial")


def test_further_criteria_and_good_enough_are_asked_before_it_is_saved(own):
    store = launched(own, [question(1)], criteria=CRITERIA[:2], ask_acceptable=True)
    at = opened(annotator=store.invite("trial").token)
    assert button(at, "save").label == "Still to answer: 4"
    at = press(at, "right")
    assert button(at, "save").disabled
    for group, choice in zip(at.get("button_group"), (Verdict.TIE, True, False), strict=True):
        group.set_value(choice)
    at = checked(at.run())
    at = press(at, "save")
    assert "You are done" in plain(at)
    overall, helpful = store.votes("trial")
    assert (overall.criterion, overall.verdict) == ("overall", Verdict.RIGHT)
    assert (helpful.criterion, helpful.verdict) == ("helpful", Verdict.TIE)
    assert (overall.acceptable_left, overall.acceptable_right) == (True, False)


def test_the_last_vote_is_taken_back(own):
    store = launched(own)
    at = press(opened(annotator=store.invite("trial").token), "left")
    at = press(at, "undo")
    assert "1 of 6" in plain(at)
    assert not store.votes("trial")


def test_a_pair_is_skipped_with_a_reason_and_another_reported(own):
    store = launched(own)
    at = opened(annotator=store.invite("trial").token)
    at.radio[0].set_value(SkipReason.UNCLEAR_QUESTION)
    at = press(checked(at.run()), "skip")
    assert "2 of 6" in plain(at)
    next(one for one in at.text_area if ".harm." in one.key).set_value("It says how to cheat.")
    at = press(checked(at.run()), "report")
    assert "3 of 6" in plain(at)
    reported, skipped = store.notes("trial")
    assert (reported.kind, reported.text) == ("reported", "It says how to cheat.")
    assert (skipped.kind, skipped.reason) == ("skipped", "unclear_question")


def test_a_comment_is_stored_with_the_vote(own):
    store = launched(own)
    at = opened(annotator=store.invite("trial").token)
    next(one for one in at.text_area if ".comment." in one.key).set_value("'; DROP TABLE vote; --")
    press(checked(at.run()), "tie")
    assert [note.text for note in store.notes("trial")] == ["'; DROP TABLE vote; --"]


def test_verdicts_the_study_does_not_allow_have_no_button(own):
    store = launched(own, allow_ties=False, allow_both_bad=False)
    at = opened(annotator=store.invite("trial").token)
    shown = {one.key.split(".")[1] for one in at.button}
    assert {"left", "right"} <= shown
    assert not shown & {"tie", "both_bad"}


def test_a_press_in_a_second_window_after_the_pair_was_answered_counts_once(own):
    store = launched(own)
    token = store.invite("trial").token
    first, second = opened(annotator=token), opened(annotator=token)
    press(first, "left")
    second = press(second, "right")
    assert "2 of 6" in plain(second)
    assert [vote.verdict for vote in store.votes("trial")] == [Verdict.LEFT]


def test_presses_that_follow_at_once_are_taken_for_a_held_key(own, monkeypatch):
    monkeypatch.setattr(annotating_votes, "_HELD_SECONDS", 60.0)
    store = launched(own)
    at = press(opened(annotator=store.invite("trial").token), "left")
    press(press(at, "left"), "left")
    assert len(store.votes("trial")) == 1


def test_a_vote_before_the_minimum_time_is_not_stored(own):
    store = launched(own, minimum_seconds=60.0)
    at = press(opened(annotator=store.invite("trial").token), "left")
    assert "please read both first" in " ".join(one.proto.body for one in at.get("html"))
    assert not store.votes("trial")


def test_the_end_shows_the_completion_code(own):
    store = launched(own, [question(1)], completion_code="C0-FFEE")
    at = press(opened(annotator=store.invite("trial").token), "right")
    assert "You are done: 1 answered" in plain(at)
    assert [code.value for code in at.code] == ["C0-FFEE"]


def test_while_others_hold_what_is_left_one_is_told_to_wait(own):
    store = launched(own, [question(1)])
    store.next(store.invite("trial").annotator)
    assert "Others are at work on what is left" in plain(
        opened(annotator=store.invite("trial").token)
    )


def test_a_closed_study_takes_no_votes_and_says_so(own):
    store = launched(own)
    at = opened(annotator=store.invite("trial").token)
    store.close_study("trial")
    at = press(at, "left")
    assert "takes no" in plain(at)
    assert not store.votes("trial")


@pytest.mark.parametrize("token", ["no-such-token", "' OR 1=1 --", "\x00", "a" * 5_000])
def test_a_token_nobody_has_is_refused_in_words(own, token):
    launched(own)
    at = opened(annotator=token)
    assert "this invitation is not known" in plain(at)
    assert not at.button


def test_an_invitation_that_was_taken_back_shows_nothing(own):
    store = launched(own)
    invitation = store.invite("trial")
    store.revoke("trial", 1)
    assert "Question number" not in plain(opened(annotator=invitation.token))


@pytest.mark.parametrize("shape", ["{}", "http://example.org/annotate?annotator={}", " {} "])
def test_a_pasted_link_or_token_signs_in(own, shape):
    token = launched(own).invite("trial").token
    at = opened()
    at.text_input(key="annotate.pasted").set_value(shape.format(token))
    assert "1 of 6" in plain(checked(at.run()))


def test_anybody_joins_an_open_study_and_comes_back_by_the_address(own):
    store = launched(own, open_joining=True)
    at = opened(join="trial")
    at.text_input(key="annotate.nickname").set_value("Kim")
    at.text_input(key="annotate.field").set_value("Nursing")
    at = checked(at.button(key="annotate.joined").click().run())
    assert "1 of 6" in plain(at)
    assert "join" not in at.query_params
    token = at.query_params["annotator"]
    assert store.sign_in(token).field == "Nursing"


def test_a_study_by_invitation_is_not_joined(own):
    launched(own)
    at = opened(join="trial")
    assert "joined by invitation" in plain(at)
    assert not at.text_input
    assert "no such study" in plain(opened(join="elsewhere"))


def test_single_sign_on_that_is_not_set_up_is_absent(own):
    launched(own)
    at = opened(invited="trial")
    assert "single sign-on is not set up here" in plain(at)
    assert not at.button
