"""The What if page: pin, change, sweep, share, and the same numbers as the command line."""

import csv
import json
import time
from pathlib import Path

import pytest
import streamlit
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from occu_core.assets import ASSETS
from occu_core.careers import CareerHistory, Education, JobRecord, Query, Sex
from occu_core.cli import app as occu
from occu_core.data.career_json import query_to_json
from occu_core.data.links import VERSION, View, decode_view, encode_view
from occu_core.explain.seed_spread import ask_seeds, load_seed_models
from occu_core.models.storage import shipped_models
from occu_core.occupations import occ1990dd

ROOT = Path(__file__).resolve().parent.parent
PAGE, CAREER = "pages/what_if.py", "pages/career.py"
TAXONOMY = occ1990dd()
COOK, NURSE = TAXONOMY.find("Cooks"), TAXONOMY.find("Registered nurses")
PAST = CareerHistory(
    "w", tuple(JobRecord(year, COOK) for year in (2001, 2002, 2004)), birth_year=1981
)
QUERY = Query(PAST, 2005, Education.HIGH_SCHOOL)
OTHER = Query(CareerHistory("o", (JobRecord(2003, NURSE),), sex=Sex.FEMALE), 2004)
pytestmark = pytest.mark.skipif(
    not (shipped_models() and list((ASSETS / "seed_models").glob("*/card.json"))),
    reason="no model in assets/",
)


def opened(model="markov", page=PAGE, **query_params):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    for key, value in query_params.items():
        at.query_params[key] = value
    at.session_state["next_job.model"] = model
    at.run()
    return turn_to(at, page)


def turn_to(at, page):
    return checked(at.switch_page(page).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def career(at):
    return at.session_state["desk"].query


def pinned(at):
    return at.session_state["pinned"].query


def choose(at, field, value):
    return checked(at.selectbox(key=f"what_if.{field}").set_value(value).run())


def enter(at, field, value):
    return checked(at.number_input(key=f"what_if.{field}").set_value(value).run())


def said(at):
    return " ".join(str(m.value) for m in [*at.markdown, *at.caption, *at.info]).replace("\\", "")


def test_the_page_opens_with_the_desk_pinned_and_nothing_different():
    at = opened()
    assert at.title[0].value == "What if"
    assert pinned(at) == career(at)
    assert "Nothing differs yet" in said(at)
    assert [metric.delta for metric in at.metric] == [""] * 4
    assert at.button(key="what_if.back").disabled


def test_the_page_opens_alone():
    at = checked(AppTest.from_file(str(ROOT / PAGE), default_timeout=180).run())
    assert len(at.metric) == 4


def test_a_change_moves_the_numbers_and_keeps_the_pinned_case():
    at = opened(v=encode_view(View(QUERY, ("markov",))))
    choose(at, "job", NURSE)
    assert career(at).previous == NURSE
    assert pinned(at).previous == COOK
    assert "job in 2004" in said(at)
    assert "Cooks → Registered nurses" in said(at)
    checked(at.button(key="what_if.back").click().run())
    assert career(at).past.records == PAST.records
    assert at.selectbox(key="what_if.job").value == COOK


def test_an_earlier_record_is_changed_by_its_year():
    at = opened(v=encode_view(View(QUERY, ("markov",))))
    choose(at, "record", 2001)
    assert at.selectbox(key="what_if.job").value == COOK
    choose(at, "job", NURSE)
    assert [r.occupation for r in career(at).past.records] == [NURSE, COOK, COOK]
    assert at.selectbox(key="what_if.record").value == 2001


@pytest.mark.parametrize(
    ("field", "value", "kept"),
    [
        ("education", "graduate degree", Education.GRADUATE),
        ("education", "unknown", None),
        ("sex", "female", Sex.FEMALE),
    ],
)
def test_each_characteristic_can_be_changed(field, value, kept):
    at = opened()
    choose(at, field, value)
    holder = career(at) if field == "education" else career(at).past
    assert getattr(holder, field) == kept
    assert at.selectbox(key=f"what_if.{field}").value == value


@pytest.mark.parametrize(
    ("field", "value", "why"),
    [
        ("birth_year", 2003, "birth year 2003 is not before the first job in 2001"),
        ("year", 2004, "cannot predict 2004 from a history that reaches 2004"),
        ("year", 1990, "cannot predict 1990 from a history that reaches 2004"),
    ],
)
def test_an_impossible_change_is_refused_with_the_reason_and_taken_back(field, value, why):
    at = opened(v=encode_view(View(QUERY, ("markov",))))
    before = career(at)
    enter(at, field, value)
    assert why in at.error[0].value.replace("\\", "")
    assert career(at) == before
    assert at.number_input(key=f"what_if.{field}").value == (2005 if field == "year" else 1981)
    enter(at, "year", 2007)
    assert career(at).year == 2007
    assert not at.error


def test_the_pinned_case_survives_page_changes_and_another_career_is_compared_with_it():
    at = opened(v=encode_view(View(QUERY, ("markov",))))
    turn_to(at, CAREER)
    checked(at.button(key="career.blank").click().run())
    turn_to(at, PAGE)
    assert pinned(at).past.records == PAST.records
    assert "no record yet" in said(at)
    checked(at.button(key="what_if.pin").click().run())
    assert pinned(at).past.records == ()
    assert "Nothing differs yet" in said(at)


def test_two_models_stand_side_by_side_on_one_case():
    at = opened()
    (other,) = [box for box in at.selectbox if box.label == "Model for the pinned case"]
    checked(other.select("career").run())
    assert "**model**: CAREER →" in said(at)
    assert all("±" in metric.delta for metric in at.metric)
    (model,) = [box for box in at.selectbox if box.label == "Model"]
    checked(model.select("career").run())
    assert at.session_state["next_job.model"] == "career"
    assert "Nothing differs yet" in said(at)


def test_the_link_reopens_both_cases_and_leaves_out_sex_and_race():
    at = opened(v=encode_view(View(QUERY, ("markov",))))
    choose(at, "sex", "female")
    enter(at, "year", 2008)
    changed, both = (_tokens(at), at.code[0].value)
    assert changed == {name: _in_address(at, name) for name in ("v", "pin")}
    again = opened(**changed)
    assert (career(again).year, pinned(again).year) == (2008, 2005)
    assert career(again).past.sex is None
    checked(at.checkbox(key="what_if.sensitive").check().run())
    assert at.code[0].value != both
    assert career(opened(**_tokens(at))).past.sex is Sex.FEMALE


def _tokens(at):
    pairs = at.code[0].value.partition("?")[2].split("&")
    return dict(pair.split("=") for pair in pairs)


def _in_address(at, name):
    value = at.query_params[name]
    return value if isinstance(value, str) else value[-1]


def test_a_link_names_the_model_of_the_pinned_case():
    at = opened(v=encode_view(View(QUERY, ("markov",))), pin=encode_view(View(OTHER, ("career",))))
    assert pinned(at).previous == NURSE
    assert at.session_state["pinned"].model == "career"
    assert "**model**: CAREER → Markov" in said(at)
    assert decode_view(_in_address(at, "pin")).models == ("career",)


HUGE = "A" * 100_000


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (HUGE, "100,000 characters; expected at most 8,000"),
        ("%%%", "damaged or incomplete"),
        ("eJw", "damaged or incomplete"),
        ("<script>alert(1)</script>", "damaged or incomplete"),
        ("other version", f"version {VERSION + 1}"),
    ],
)
def test_a_hostile_pinned_link_is_explained_and_pins_the_desk(text, why, monkeypatch):
    if text == "other version":
        with monkeypatch.context() as patched:
            patched.setattr("occu_core.data.links.VERSION", VERSION + 1)
            text = encode_view(View(OTHER, ("markov",)))
    at = opened(v=encode_view(View(QUERY, ("markov",))), pin=text)
    (error,) = at.error
    assert why in error.value.replace("\\", "")
    assert "script>" not in error.value
    assert pinned(at).past.records == career(at).past.records == PAST.records
    assert len(at.metric) == 4


def test_a_sweep_shows_every_value_and_what_it_is():
    at = opened()
    assert "an association" not in said(at).lower()
    checked(at.selectbox(key="what_if.sweep").select_index(1).run())
    assert "An association in this cohort, not an effect." in said(at)
    assert [b.label for b in at.get("download_button")] == ["CSV", "JSON"] * 2
    checked(at.multiselect(key="what_if.outcomes").select(NURSE.code).run())
    assert "Registered nurses: " in said(at)
    turn_to(at, CAREER)
    turn_to(at, PAGE)
    assert at.selectbox(key="what_if.sweep").value == "region"


def test_the_table_lists_every_state_with_a_flag():
    at = opened()
    choose(at, "job", NURSE)
    table = at.dataframe[0].value
    assert len(table) == 343
    assert table["Points"].sum() == pytest.approx(0, abs=1e-6)
    assert table["Points"].abs().is_monotonic_decreasing
    flagged = table["Points"].abs() <= table["Noise ±"] + 1e-9
    assert (flagged == (table["Flag"] == "within noise")).all()


@pytest.fixture
def files(monkeypatch):
    """What the page offers to download, by file name."""
    offered, original = {}, streamlit.download_button

    def record(label, data, file_name, *arguments, **options):
        offered[file_name] = data
        return original(label, data, file_name, *arguments, **options)

    monkeypatch.setattr(streamlit, "download_button", record)
    return offered


def run_occu(tmp_path, query, *arguments):
    path = tmp_path / "career.json"
    path.write_text(json.dumps(query_to_json(query)), encoding="utf-8")
    run = CliRunner().invoke(occu, ["whatif", str(path), "--model", "career", *arguments])
    assert run.exit_code == 0, run.stderr
    return run.stdout


def rows(text):
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def same(mine, theirs):
    """Equal words, and numbers to 1e-9."""
    assert len(mine) == len(theirs)
    for one, other in zip(mine, theirs, strict=True):
        for key, value in one.items():
            if key.endswith("_points") and value not in {"", None}:
                assert float(value) == pytest.approx(float(other[key]), abs=1e-9)
            elif not key.startswith("probability"):
                assert value == other[key]


def test_the_downloads_are_what_the_command_prints(files, tmp_path):
    at = opened("career", v=encode_view(View(QUERY, ("career",))))
    choose(at, "education", "bachelor's degree")
    checked(at.selectbox(key="what_if.sweep").select_index(2).run())
    change = ("--set", "education=bachelor's degree")
    printed = json.loads(run_occu(tmp_path, QUERY, *change, "--json"))
    offered = json.loads(files["occuscope-what-if-career.json"])
    same(offered["changes"], printed["changes"])
    same(offered["parts"], printed["parts"])
    assert offered["total_variation_points"] == pytest.approx(
        printed["total_variation_points"], abs=1e-9
    )
    text = run_occu(tmp_path, QUERY, *change, "--csv")
    same(rows(files["occuscope-what-if-career.csv"]), rows(text))
    swept = run_occu(tmp_path, QUERY, *change, "--sweep", "sex", "--csv")
    same(rows(files["occuscope-sweep-sex-career.csv"]), rows(swept))


def test_the_seed_models_answer_a_case_in_less_than_a_third_of_a_second():
    models = load_seed_models()
    ask_seeds(models, QUERY)
    fastest = min(_seconds(models) for _ in range(5))
    assert fastest < 0.3


def _seconds(models):
    began = time.perf_counter()
    ask_seeds(models, QUERY)
    return time.perf_counter() - began
