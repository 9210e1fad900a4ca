"""Saved cases: found again by their id only, after a restart too, and gone when deleted."""

import sqlite3
import threading
from datetime import date, timedelta

import pytest
from streamlit.testing.v1 import AppTest

from occu_core import saved_cases
from occu_core.careers import CareerHistory, JobRecord, Query, RaceEthnicity, Sex
from occu_core.data.links import View
from occu_core.models.storage import shipped_models
from occu_core.occupations import occ1990dd
from occu_core.saved_cases import KEPT_DAYS, CaseError, CaseStore
from pages.shared import case_keeping
from tests.conftest import ROOT

TAXONOMY = occ1990dd()
PAST = CareerHistory(
    "",
    (JobRecord(2001, TAXONOMY.find("Cooks")),),
    sex=Sex.FEMALE,
    race_ethnicity=RaceEthnicity.BLACK,
)
VIEW = View(Query(PAST, 2005), ("markov",))
TODAY = date(2026, 3, 1)
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")


@pytest.fixture
def store(tmp_path):
    return CaseStore(tmp_path / "own" / "cases.sqlite3")


# The store


def test_a_case_comes_back_whole_from_another_start_of_the_server(store):
    case = store.save(VIEW, "Anna", TODAY)
    again = CaseStore(store.path).find(case.case_id, TODAY)
    assert again == case
    assert again.view.query.past.sex is Sex.FEMALE


def test_ids_say_nothing_and_never_repeat(store):
    ids = {store.save(VIEW, "Anna", TODAY).case_id for _ in range(50)}
    assert len(ids) == 50
    assert {len(case_id) for case_id in ids} == {22}


def test_the_file_is_its_owners_alone(store):
    store.save(VIEW, "Anna")
    assert store.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("case_id", "words"),
    [
        ("", "damaged or incomplete"),
        ("short", "damaged or incomplete"),
        ("' OR 1=1 --", "damaged or incomplete"),
        ("../../etc/passwd_______", "damaged or incomplete"),
        ("A" * 22, "there is no such case"),
        ("A" * 22 + "\n", "damaged or incomplete"),
    ],
)
def test_an_id_that_is_none_is_answered_in_words(store, case_id, words):
    for _ in range(2):  # without a file, then with one
        with pytest.raises(CaseError, match=words):
            store.find(case_id)
        store.save(VIEW, "Anna")


def test_a_deleted_case_is_gone_from_the_file(store):
    case = store.save(VIEW, "Unmistakable name")
    assert store.delete(case.case_id)
    assert not store.delete(case.case_id)
    with pytest.raises(CaseError, match="no such case"):
        store.find(case.case_id)
    assert b"Unmistakable" not in store.path.read_bytes()


def test_a_case_opens_on_its_last_day_and_is_forgotten_after_it(store):
    case = store.save(VIEW, "Anna", TODAY)
    last = TODAY + timedelta(days=KEPT_DAYS)
    assert store.find(case.case_id, last) == case
    with pytest.raises(CaseError, match="no such case"):
        store.find(case.case_id, last + timedelta(days=1))
    store.save(VIEW, "Ben", last)
    assert store.find(case.case_id, last) == case
    store.save(VIEW, "Ben", last + timedelta(days=1))
    with sqlite3.connect(store.path) as database:
        assert database.execute("SELECT name FROM cases").fetchall() == [("Ben",), ("Ben",)]


def test_a_full_store_takes_no_more_and_keeps_what_it_has(store, monkeypatch):
    monkeypatch.setattr(saved_cases, "MOST_CASES", 1)
    first = store.save(VIEW, "Anna")
    with pytest.raises(CaseError, match="keeps at most 1 cases"):
        store.save(VIEW, "Ben")
    assert store.find(first.case_id).name == "Anna"


def test_a_damaged_case_or_file_is_answered_in_words(store):
    case = store.save(VIEW, "Anna")
    with sqlite3.connect(store.path) as database:
        database.execute("UPDATE cases SET career = '{}'")
    with pytest.raises(CaseError, match="cannot be read"):
        store.find(case.case_id)
    damaged = CaseStore(store.path.with_name("other.sqlite3"))
    damaged.path.write_bytes(b"not a database, but long enough to be looked at " * 50)
    with pytest.raises(CaseError, match="cannot be used on this server"):
        damaged.save(VIEW, "Anna")


def test_many_may_save_at_once(store):
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(store.save(VIEW, "x"))) for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({store.find(case.case_id).case_id for case in found}) == 20


# The page


def opened(**address):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    checked(at.run())
    for key, value in address.items():
        at.query_params[key] = value
    return checked(at.switch_page("pages/next_job.py").run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def save(at):
    checked(at.button(key="next_job.case_save").click().run())
    return at.query_params["case"]


@pytest.fixture(autouse=True)
def own_store(tmp_path, monkeypatch):
    monkeypatch.setattr(case_keeping, "data_folder", lambda: tmp_path)


@needs_models
def test_a_saved_case_opens_in_another_visit_with_sex_and_no_career_in_its_address():
    at = opened()
    at.session_state["desk"] = case_desk(at)
    checked(at.run())
    case_id = save(at)
    assert "v" not in at.query_params
    other = opened(case=case_id)
    assert other.session_state["desk"].query == VIEW.query
    assert other.session_state["desk"].name == "Anna <b>"
    assert other.query_params["case"] == case_id
    assert [m.value for m in other.metric] == [m.value for m in at.metric]


def case_desk(at):
    from pages.shared.session import Desk

    return Desk(VIEW.query, "Anna <b>", VIEW.query.past.records)


@needs_models
def test_a_changed_career_is_no_longer_the_saved_case():
    at = opened()
    save(at)
    year, place = at.session_state["desk"].query.year, at.session_state["desk"].opened
    checked(at.number_input(key=f"next_job.year_{place}").set_value(year + 1).run())
    assert "case" not in at.query_params
    checked(at.number_input(key=f"next_job.year_{place}").set_value(year).run())
    assert "case" in at.query_params


@needs_models
@pytest.mark.parametrize("case_id", ["A" * 22, "<script>", ""])
def test_an_address_without_a_case_is_explained_and_the_career_kept(case_id):
    at = opened(case=case_id)
    assert "The case was not opened" in at.error[0].value
    assert len(at.metric) == 4


@needs_models
def test_only_own_cases_are_listed_and_they_can_be_deleted():
    case_id = save(opened())
    assert not deletes(opened())
    at = opened(case=case_id)
    (button,) = deletes(at)
    checked(button.click().run())
    assert not deletes(at)
    assert "case" not in at.query_params
    assert "The case was not opened" in opened(case=case_id).error[0].value


def deletes(at):
    return [button for button in at.button if str(button.key).startswith("next_job.case_delete")]
