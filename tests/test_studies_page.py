"""Studies and Live as a researcher meets them, without a browser."""

import json
import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.pairwise.ballots import Ballot, Presented
from occu_core.pairwise.store import Store
from occu_core.pairwise.studies import StudyState
from occu_core.pairwise.votes import Verdict
from pages.shared import study_access
from tests.studies_by_hand import SYSTEMS, database, launched, practice, question

ROOT = Path(__file__).resolve().parent.parent
ADMIN = "sixteen-letters-or-more"


@pytest.fixture(autouse=True)
def own(tmp_path, monkeypatch):
    """A database of this test alone, and a visitor at the computer that runs the server."""
    monkeypatch.setenv("OCCU_DATABASE_URL", database(tmp_path))
    monkeypatch.delenv("OCCU_ADMIN_TOKEN", raising=False)
    monkeypatch.setattr(study_access, "at_this_computer", lambda: True)
    return tmp_path


def opened(page="studies", **query):
    at = AppTest.from_file(str(ROOT / f"pages/{page}.py"), default_timeout=60)
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


def metric(at, label):
    return next(one.value for one in at.metric if one.label == label)


def uploaded(at, questions):
    rows = [
        {
            "question_id": one.question_id,
            "question": one.text,
            "responses": {answer.system: answer.text for answer in one.responses},
        }
        for one in questions
    ]
    text = "\n".join(map(json.dumps, rows)).encode()
    at.file_uploader(key="studies.files").upload("answers.jsonl", text)
    return checked(at.run())


def look(at, part):
    at.session_state["studies.part"] = part
    return checked(at.run())


def vote_on_all(store, study, people, verdict):
    """Everybody votes on everything, by a rule from the two texts."""
    for _ in range(people):
        annotator = store.invite(study).annotator
        while isinstance(pair := store.next(annotator), Presented):
            store.cast(annotator, pair.id, Ballot((("overall", verdict(pair)),)))


def prefers_first(pair):
    return Verdict.LEFT if pair.left.startswith("First") else Verdict.RIGHT


def test_a_study_is_created_from_a_file_checked_and_launched(own):
    at = uploaded(opened(), [question(1), question(2), question(3, "same", "same")])
    assert metric(at, "Pairs of answers") == "2"
    assert "both answers are the same: 1." in plain(at)
    assert "No answer gives away who wrote it" in plain(at)
    at.number_input(key="studies.overlap").set_value(3)
    checked(at.run())
    assert metric(at, "Votes planned") == "6"
    at.text_input(key="studies.title").set_value("Trial of answers")
    at = checked(at.run())
    at = checked(at.button(key="studies.create").click().run())
    store = Store(database(own))
    assert store.summary("trial-of-answers").state is StudyState.DRAFT
    assert store.summary("trial-of-answers").settings.overlap == 3
    checked(at.button(key="studies.launch").click().run())
    assert store.summary("trial-of-answers").state is StudyState.OPEN


def test_answers_that_give_away_their_system_hold_the_launch_back(own):
    at = uploaded(opened(), [question(1, f"As {SYSTEMS[0]}, I would wait."), question(2)])
    assert "Answers that give away who wrote them: 1." in plain(at)
    at.text_input(key="studies.title").set_value("Leaky")
    at = checked(checked(at.run()).button(key="studies.create").click().run())
    assert at.button(key="studies.launch").disabled
    at.checkbox(key="studies.leaks").check()
    assert not checked(at.run()).button(key="studies.launch").disabled


def test_a_file_that_cannot_be_used_is_answered_with_row_and_field():
    at = opened()
    at.file_uploader(key="studies.files").upload("a.jsonl", b'{"question": "Why?"}\n')
    at = checked(at.run())
    assert "a.jsonl" in plain(at)
    assert "system" in plain(at)


def test_a_name_that_is_taken_is_refused_in_words(own):
    launched(own)
    at = opened(**{"studies.study": "A new study"})
    at = uploaded(at, [question(1)])
    at.text_input(key="studies.title").set_value("Trial")
    at = checked(checked(at.run()).button(key="studies.create").click().run())
    assert "trial" in plain(at)
    assert at.error


def test_an_invitation_is_shown_once_as_link_and_code(own):
    store = launched(own)
    at = opened()
    at.text_input(key="studies.label").set_value("Nurse, ward 3")
    at = checked(at.button(key="studies.invited_now").click().run())
    link = next(code.value for code in at.code if "annotator=" in code.value)
    token = link.split("annotator=")[1]
    assert store.sign_in(token).number == 1
    assert link == f"http://localhost:8501/annotate?annotator={token}"
    assert "Copy now" in plain(at)
    assert "Copy now" not in plain(opened())  # a reload


def test_many_are_invited_at_once_each_with_a_link_of_their_own(own):
    store = launched(own)
    at = opened()
    at.number_input(key="studies.count").set_value(12)
    at = checked(at.button(key="studies.invited_now").click().run())
    listed = next(code.value for code in at.code if "annotator=" in code.value)
    tokens = {line.split("annotator=")[1] for line in listed.splitlines()}
    assert {store.sign_in(token).number for token in tokens} == set(range(1, 13))


def test_the_report_names_systems_rates_and_both_intervals(own):
    store = launched(own, [question(number) for number in range(1, 26)], overlap=2)
    vote_on_all(store, "trial", 2, prefers_first)
    at = look(opened(), "Report")
    assert metric(at, "Votes counted") == "50"
    assert metric(at, "Agreement") == "100%"
    rates = next(frame.value for frame in at.dataframe if "Wilson" in frame.value)
    assert list(rates["Wins"]) == [50]
    assert list(rates["First"]) == [min(SYSTEMS)]
    assert "50/50" in rates["Win rate, clustered"][0]
    # Wilson's lower end for 50 of 50: 50 / (50 + 1.959964²) = 92.9%
    assert rates["Wilson"][0].startswith("92.9%")
    assert "2 annotators are few to speak for people in general" in plain(at)


def test_what_people_disagree_on_can_be_read_with_its_question(own):
    store = launched(own, [question(1), question(2)], overlap=2)
    vote_on_all(store, "trial", 1, prefers_first)
    vote_on_all(
        store, "trial", 1,
        lambda pair: Verdict.RIGHT if prefers_first(pair) is Verdict.LEFT else Verdict.LEFT,
    )  # fmt: skip
    at = look(opened(), "Report")
    assert "Question number 1?" in plain(at)
    assert "First words on 1." in plain(at)


def test_without_votes_the_report_says_so(own):
    launched(own)
    assert "Nothing to report yet" in plain(look(opened(), "Report"))


def test_people_are_listed_by_number_with_votes_and_notes(own):
    store = launched(own, [question(1), question(2), practice(3)])
    annotator = store.invite("trial", label="Kim").annotator
    shown = store.next(annotator)
    store.cast(annotator, shown.id, Ballot((("overall", Verdict.TIE),)))
    shown = store.next(annotator)
    store.cast(annotator, shown.id, Ballot((("overall", Verdict.TIE),), comment="<b>Both</b> fine"))
    at = opened()
    people = next(frame.value for frame in at.dataframe if "Who" in frame.value)
    assert list(people["Who"]) == ["Kim"]
    assert list(people["Votes"]) == [1]
    notes = next(f.value for f in look(at, "Notes").dataframe if "Text" in f.value)
    assert list(notes["Text"]) == ["<b>Both</b> fine"]


def test_a_study_is_closed_and_opened_again(own):
    store = launched(own)
    at = opened()
    at = checked(at.button(key="studies.close").click().run())
    assert store.summary("trial").state is StudyState.CLOSED
    checked(at.button(key="studies.open_again").click().run())
    assert store.summary("trial").state is StudyState.OPEN


def test_the_bundle_can_be_downloaded(own):
    launched(own)
    at = look(opened(), "Export")
    assert [one.label for one in at.get("download_button")] == ["Download the bundle (zip)"]


def test_a_visitor_at_another_computer_needs_the_admin_token(own, monkeypatch):
    launched(own)
    monkeypatch.setattr(study_access, "at_this_computer", lambda: False)
    for page in ("studies", "live"):
        assert "OCCU_ADMIN_TOKEN" in plain(opened(page))
        assert not opened(page).selectbox
    monkeypatch.setenv("OCCU_ADMIN_TOKEN", ADMIN)
    at = opened()
    at.text_input(key="studies.token").set_value("not-the-admin-token")
    at = checked(at.run())
    assert "This is not the admin token" in plain(at)
    assert not at.selectbox
    at.text_input(key="studies.token").set_value(ADMIN)
    assert checked(at.run()).selectbox


def test_with_an_admin_token_set_even_the_own_computer_needs_it(own, monkeypatch):
    launched(own)
    monkeypatch.setenv("OCCU_ADMIN_TOKEN", ADMIN)
    assert not opened().selectbox


def test_a_demo_shows_its_tally_without_names_and_starts_over_when_asked(own):
    store = launched(own, [question(1), question(2)], demo=True, open_joining=True)
    vote_on_all(store, "trial", 1, prefers_first)
    at = opened("live")
    assert metric(at, "Votes") == "2"
    shown = " ".join(one.proto.body for one in at.get("html"))
    assert "<b>2</b>" in shown
    assert not any(system in shown for system in SYSTEMS)
    at.toggle(key="live.names").set_value(True)
    at = checked(at.run())
    assert SYSTEMS[0] in " ".join(one.proto.body for one in at.get("html"))
    at = checked(at.button(key="live.reset").click().run())
    assert metric(at, "Votes") == "0"


def test_without_a_demo_the_screen_says_how_to_make_one(own):
    launched(own)
    assert "No demo is open" in plain(opened("live"))
