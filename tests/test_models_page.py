"""The Models page as an analyst meets it: with reports, without any, and with one of their own."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.evaluation.report_files import file_name, report_json, save_report
from occu_core.evaluation.reports import Interval, Part, Perplexities
from occu_core.models.storage import shipped_models
from pages.shared import reports
from tests.browser import running_app
from tests.reports_at_hand import COMPARISON, CURVE, MEMBERSHIP, MODEL, PROVENANCE

ROOT = Path(__file__).resolve().parent.parent
SIZES = {"wide": {"width": 1280, "height": 900}, "phone": {"width": 400, "height": 850}}
ROWS = "NLSY97 1997–2011, test (simulated)"
LM = replace(
    MODEL,
    provenance=replace(PROVENANCE, model="language_model", title="Language model"),
    perplexity_raw=Perplexities(Interval(8.5, 8.0, 9.0), None, None, Interval(70.0, 65.0, 75.0)),
)
OVERALL = replace(COMPARISON, part=Part.ALL, simulated=True)
OTHER = replace(
    MODEL, provenance=replace(PROVENANCE, data="NLSY79", years=None, rows_digest="f" * 16)
)
EVERY = (MODEL, LM, OVERALL, COMPARISON, OTHER, CURVE, MEMBERSHIP)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The only folder of reports, empty."""
    monkeypatch.setattr(reports, "report_folders", lambda: (tmp_path,))
    return tmp_path


@pytest.fixture
def full(folder):
    for report in EVERY:
        save_report(report, folder / file_name(report))
    return folder


def page():
    at = AppTest.from_file(str(ROOT / "pages/models.py"), default_timeout=180).run()
    return checked(at)


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def plain(at):
    """Everything written on the page, without the marks that keep it plain text."""
    written = [*at.markdown, *at.caption, *at.info, *at.warning, *at.error]
    return re.sub(r"\\(?=[^\w\s])", "", " ".join(element.value for element in written))


def upload(at, report, name="mine.json"):
    raw = report if isinstance(report, bytes) else report_json(report).encode()
    at.file_uploader(key="models.upload").upload(name, raw)
    return checked(at.run())


def test_without_a_report_the_page_says_what_to_run(folder):
    at = page()
    assert "no report of any model yet" in at.info[0].value
    assert "train.score_models" in at.code[0].value
    assert not at.metric


def test_the_first_screen_says_which_is_best_by_how_much_and_how_sure(full):
    at = page()
    best, ahead, moves, trust = at.metric
    assert (best.value, best.delta) == ("8.50", "Language model")
    assert (ahead.value, ahead.delta.replace("\\", "")) == ("−5.5%", "−7.0% to −4.0%")
    assert moves.value == "70.0"
    assert (trust.value, trust.delta.replace("\\", "")) == ("5.0 points", "chance: up to 3.0")
    assert "Language model is 5.5% below CAREER (95% interval 4.0–7.0%)" in plain(at)
    assert "on moves 5.5% below" in plain(at)


def test_models_on_other_rows_are_in_a_leaderboard_of_their_own(full):
    at = page()
    assert list(at.dataframe[0].value["Model"]) == ["Language model", "CAREER"]
    other = next(o for o in at.selectbox(key="models.rows").options if "NLSY79" in o)
    checked(at.selectbox(key="models.rows").select(other).run())
    assert list(at.dataframe[0].value["Model"]) == ["CAREER"]
    assert "Only CAREER was scored on these rows" in plain(at)
    assert "No two models were compared" in plain(at)


def test_a_measure_that_a_model_lacks_leaves_it_out_by_name(full):
    at = page()
    checked(at.selectbox(key="models.part").select(Part.FIRST).run())
    assert "Not measured for Language model" in plain(at)


def test_small_groups_are_warned_of_beside_what_the_data_can_show(full):
    at = page()
    assert "female (6)" in at.warning[0].value.replace("\\", "")
    assert "Few blocks." in plain(at)


def test_experiments_show_claim_and_finding_and_membership_its_chance(full):
    said = plain(page())
    assert "Longer histories are predicted better." in said
    assert "So they are here." in said
    assert "CAREER, NLSY97** · Nothing." in said


def test_every_shipped_model_shows_its_card(folder):
    said = plain(page())
    assert said.count("Intended use") == len(shipped_models())


def test_a_report_on_the_same_rows_joins_the_leaderboard(full):
    own = replace(MODEL, provenance=replace(PROVENANCE, model="mine", title="Mine"))
    at = upload(page(), own)
    assert "Mine (yours)" in list(at.dataframe[0].value["Model"])
    assert "Mine (yours) is in the leaderboard" in plain(at)
    checked(at.button(key="models.forget").click().run())
    assert "Mine (yours)" not in list(at.dataframe[0].value["Model"])


def test_a_report_on_other_rows_stands_apart_and_says_why(full):
    about = replace(PROVENANCE, title="Mine", rows=119, rows_digest="e" * 16)
    at = upload(page(), replace(MODEL, provenance=about))
    assert list(at.dataframe[0].value["Model"]) == ["Language model", "CAREER"]
    assert "Mine (yours) stands apart: it was scored on 119 person-years" in plain(at)


def test_a_hostile_report_is_shown_as_plain_text(full):
    about = replace(PROVENANCE, title="<img src=x onerror=alert(1)> [a](javascript:b)")
    at = upload(page(), replace(MODEL, provenance=about))
    raw = " ".join(element.value for element in [*at.markdown, *at.caption])
    assert not re.search(r"(?<!\\)(<img|\[a\])", raw)
    assert "yours" in plain(at)


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "mine.json: is not JSON"),
        (b"{}", "expected a `kind`"),
        (report_json(replace(MODEL, top1=Interval(7.0))).encode(), "top1 value is 7; expected 0"),
    ],
)
def test_a_bad_report_is_refused_and_the_page_kept(full, raw, said):
    at = upload(page(), raw)
    assert "cannot be shown" in at.error[0].value
    assert any(said in code.value for code in at.code)
    assert len(at.dataframe[0].value) == 2


def test_a_damaged_report_file_is_named_and_the_others_shown(full):
    (full / "broken.json").write_text('{"kind": "model"}')
    at = page()
    assert "broken.json: has no" in at.code[0].value
    assert len(at.metric) == 4


def test_a_title_cannot_start_a_formula_in_the_file():
    from pages.shared.model_tables import numbers_of

    about = replace(PROVENANCE, title="=HYPERLINK(1)")
    assert numbers_of(replace(MODEL, provenance=about))["title"] == "'=HYPERLINK(1)"


@pytest.mark.browser
@pytest.mark.slow
def test_the_page_in_a_browser_wide_and_on_a_dark_phone(browser, tmp_path, monkeypatch):
    (tmp_path / "reports").mkdir()
    for report in EVERY:
        save_report(report, tmp_path / "reports" / file_name(report))
    monkeypatch.setenv("OCCU_HOME", str(tmp_path))
    with running_app() as address:
        for size, scheme in (("wide", "light"), ("phone", "dark")):
            context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
            tab = context.new_page()
            tab.set_default_timeout(120_000)
            tab.goto(f"{address}/models?models.rows={ROWS}")
            tab.get_by_text("Language model is 5.5% below CAREER").first.wait_for()
            tab.get_by_text("nobody else sees it").wait_for()
            tab.wait_for_function("document.querySelectorAll('.js-plotly-plot').length >= 6")
            assert tab.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
            assert tab.locator('[data-testid="stException"]').count() == 0
            tab.set_input_files(
                'input[type="file"]',
                {"name": "mine.json", "mimeType": "application/json", "buffer": hostile()},
            )
            tab.get_by_text("is in the leaderboard of").wait_for()
            assert tab.title() != "taken"
            assert tab.locator("img[src=x]").count() == 0
            tab.goto(f"{address}/models?models.rows=NLSY79 all years, test (simulated)")
            tab.get_by_text("Only CAREER was scored on these rows").wait_for()
            context.close()


def hostile():
    title = "<img src=x onerror=document.title='taken'>"
    return report_json(replace(MODEL, provenance=replace(PROVENANCE, title=title))).encode()
