"""The pages as a user meets them, without a browser."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.careers import CareerError, CareerHistory, Education, JobRecord, Query
from occu_core.data.career_json import parse_query, query_to_json
from occu_core.data.links import View, encode_view
from occu_core.models.storage import shipped_models
from occu_core.occupations import UnknownOccupationError, occ1990dd
from pages.shared import editing
from pages.shared.displays import as_text

ROOT = Path(__file__).resolve().parent.parent
CAREER, NEXT_JOB = "pages/career.py", "pages/next_job.py"
SAMPLES = sorted((ROOT / "assets/samples").glob("*.json"))
TAXONOMY = occ1990dd()
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")
COOK, NURSE = TAXONOMY.find("Cooks"), TAXONOMY.find("Registered nurses")
PAST = CareerHistory("w", tuple(JobRecord(year, COOK) for year in (2001, 2002, 2004)))
QUERY = Query(PAST, 2005)


def app(page=None, model="markov", **query_params):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    for key, value in query_params.items():
        at.query_params[key] = value
    if model in {folder.name for folder in shipped_models()}:
        at.session_state["next_job.model"] = model
    at.run()
    return turn_to(at, page) if page else at


def turn_to(at, page):
    return checked(at.switch_page(page).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def shown(at):
    return [metric.value for metric in at.metric]


def career(at):
    return at.session_state["desk"].query


def field(at, name):
    """The key of an input of the career on the desk: each career opened has inputs of its own."""
    return f"{name}_{at.session_state['desk'].opened}"


def edit(at, **changes):
    """What the browser sends when the records table is edited; AppTest has no word for it."""
    states = at._tree.get_widget_states()
    sent = states.widgets.add()
    sent.id = at.data_editor(key="career.records").proto.id
    sent.string_value = json.dumps(
        {"edited_rows": {}, "added_rows": [], "deleted_rows": [], **changes}
    )
    return checked(at._run(states))


def upload(at, name, raw):
    at.file_uploader(key="career.upload").upload(name, raw)
    return checked(at.run())


# Pages


@needs_models
@pytest.mark.parametrize("page", [CAREER, NEXT_JOB])
def test_a_page_opens_from_the_menu(page):
    at = app(page)
    assert at.title[0].value in {"Career", "Next job"}
    assert not at.error


@needs_models
@pytest.mark.parametrize("page", [CAREER, NEXT_JOB])
def test_a_page_opens_alone(page):
    at = checked(AppTest.from_file(str(ROOT / page), default_timeout=180).run())
    assert len(at.metric) == 4


@needs_models
def test_the_app_opens_on_an_example_with_its_prediction():
    at = checked(app(model=None))
    assert at.title[0].value == "Career"
    assert len(career(at).past.records) > 5
    assert sum(float(value.strip("%")) for value in shown(at)) == pytest.approx(100, abs=0.3)


@needs_models
def test_changing_a_job_changes_the_prediction_on_both_pages():
    at = app()
    before = shown(at)
    last = len(career(at).past.records) - 1
    edit(at, edited_rows={last: {"Occupation": "Registered nurses"}})
    assert career(at).previous == NURSE
    after = shown(at)
    assert after != before
    assert shown(turn_to(at, NEXT_JOB)) == after


@needs_models
def test_a_changed_year_moves_its_record():
    at = app()
    first = career(at).past.records[0]
    edit(at, edited_rows={0: {"Year": 2012}})
    assert career(at).past.records[-1].occupation == first.occupation
    assert career(at).year == 2013


@needs_models
@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"Year": 1999}, "recorded twice"),
        ({"Year": 1800}, "expected 1950"),
        ({"Year": None}, "has no year"),
        ({"Occupation": "<b>Wizard</b>"}, "nearest titles"),
        ({"Occupation": None}, "has no occupation"),
    ],
)
def test_an_impossible_edit_is_explained_and_the_career_kept(change, words):
    at = app()
    before = career(at)
    edit(at, edited_rows={0: change})
    assert words in at.error[0].value.replace("\\", "")
    assert "<b>" not in at.error[0].value
    assert career(at) == before


@needs_models
def test_a_birth_year_after_the_first_job_is_refused():
    at = app()
    before = career(at)
    checked(at.number_input(key=field(at, "career.birth_year")).set_value(2005).run())
    assert "is not before the first job" in at.error[0].value.replace("\\", "")
    assert career(at) == before
    assert at.number_input(key=field(at, "career.birth_year")).value == before.past.birth_year


@needs_models
def test_an_input_does_not_outlive_its_career():
    """A press right after another career was opened can still carry the old one's inputs."""
    at = app()
    old = field(at, "career.region")
    checked(at.selectbox(key=old).set_value("South").run())
    assert career(at).past.region == "South"
    checked(at.button(key="career.blank").click().run())
    assert career(at).past.region is None
    assert field(at, "career.region") != old
    assert at.selectbox(key=field(at, "career.region")).value == "unknown"


@needs_models
def test_undo_brings_the_career_back():
    at = app()
    before = career(at)
    checked(at.button(key="career.blank").click().run())
    assert career(at).past.records == ()
    checked(at.button(key="career.undo").click().run())
    assert career(at) == before


@needs_models
def test_a_blank_career_has_a_prediction_and_no_same_job():
    at = app()
    checked(at.button(key="career.blank").click().run())
    assert shown(at)[0] == "–"
    assert shown(turn_to(at, NEXT_JOB))[0] == "–"


@needs_models
def test_a_job_is_found_by_a_misspelt_name_and_added():
    at = app()
    year = career(at).year
    checked(at.text_input(key="career.search").set_value("truk driver").run())
    options = at.button_group(key="career.add").options
    title = next(o for o in options if "truck drivers" in str(o))
    assert title
    at.button_group(key="career.add").select("Driver/sales workers and truck drivers")
    checked(at.run())
    assert career(at).previous.title == "Driver/sales workers and truck drivers"
    assert (career(at).past.records[-1].year, career(at).year) == (year, year + 1)


@needs_models
@pytest.mark.parametrize("sample", SAMPLES, ids=lambda path: path.stem)
def test_every_example_opens_with_sex_and_race_unknown(sample):
    at = app()
    title = sample.stem.replace("-", " ").capitalize()
    checked(at.menu_button(key="career.example").click(title).run())
    assert career(at) == parse_query(sample.read_bytes())
    assert at.selectbox(key=field(at, "career.sex")).value == "unknown"
    assert at.selectbox(key=field(at, "career.race_ethnicity")).value == "unknown"


# Files


@needs_models
def test_a_career_opens_from_json():
    at = app()
    upload(at, "mine.json", json.dumps(query_to_json(QUERY)).encode())
    assert [r.year for r in career(at).past.records] == [2001, 2002, 2004]
    assert not at.error


@needs_models
@pytest.mark.parametrize(
    ("name", "raw", "words"),
    [
        ("bad.json", b'{"records": [{"year": 2001, "occupation": "Wizard"}]}', "unknown occ"),
        ("bad.json", b"{", "not a career in JSON"),
        ("bad.csv", b"person_id,year,occupation\n1,1897,Cooks\n", "row 2, column year"),
        ("bad.csv", b"person_id,year,occupation\n1,2001,<b>Wizard</b>\n", "nearest titles"),
        ("bad.csv", b"year\n2001\n", "person_id, occupation is missing"),
        ("bad.csv", b"\xff\xfe\x00", "bad.csv"),
        ("bad.csv", b"", "is empty"),
        ("book.xlsx", b"PK\x03\x04", "CSV UTF-8"),
    ],
)
def test_a_bad_file_is_explained_and_the_career_kept(name, raw, words):
    at = app()
    before = career(at)
    upload(at, name, raw)
    assert "cannot be read" in at.error[0].value
    assert any(words in code.value for code in at.code)
    assert career(at) == before


@needs_models
def test_one_worker_is_chosen_from_a_table_of_many():
    at = app()
    table = b"person_id,year,occupation\na,2001,Cooks\n<b>x</b>,2001,Cooks\n<b>x</b>,2003,436\n"
    upload(at, "two.csv", table)
    checked(at.selectbox(key="career.worker").set_value(1).run())
    assert [r.year for r in career(at).past.records] == [2001, 2003]
    assert career(at).year == 2004
    assert "<b>" not in at.subheader[0].value


# Links


@needs_models
def test_a_link_reopens_the_same_numbers():
    models = tuple(folder.name for folder in shipped_models())
    view = View(QUERY, tuple(reversed(models[-2:])))
    first = turn_to(app(v=encode_view(view)), NEXT_JOB)
    second = turn_to(app(v=encode_view(view)), NEXT_JOB)
    assert career(first).past.records == PAST.records
    assert shown(first) == shown(second)
    assert first.selectbox(key="next_job.model").value == view.models[0]
    assert not first.error


@needs_models
def test_the_link_shown_reopens_the_view_and_leaves_out_sex_and_race():
    at = app()
    checked(at.selectbox(key=field(at, "career.sex")).set_value("female").run())
    turn_to(at, NEXT_JOB)
    token = at.code[0].value.partition("?v=")[2]
    again = app(NEXT_JOB, v=token)
    assert career(again).past.sex is None
    assert career(again).past.records == career(at).past.records
    checked(at.checkbox(key="next_job.sensitive").check().run())
    again = app(NEXT_JOB, v=at.code[0].value.partition("?v=")[2])
    assert career(again).past.sex == "female"


@needs_models
@pytest.mark.parametrize("text", ["", "x", "<script>", "a" * 9000, "eJw"])
def test_a_malformed_link_is_explained_and_the_career_kept(text):
    at = app(NEXT_JOB, v=text)
    assert "link" in at.error[0].value
    assert len(at.metric) == 4


@needs_models
def test_a_pasted_link_opens_and_a_damaged_one_does_not():
    at = app()
    link = f"http://localhost:8501/next_job?v={encode_view(View(QUERY, ('markov',)))}"
    checked(at.text_input(key="career.link").set_value(link).run())
    assert career(at).past.records == PAST.records
    checked(at.text_input(key="career.link").set_value(link[:-9]).run())
    assert "damaged" in at.error[0].value
    assert career(at).past.records == PAST.records


# Next job


@needs_models
def test_two_models_stand_side_by_side():
    if len(shipped_models()) < 2:
        pytest.skip("one model ships")
    at = app(NEXT_JOB)
    other = at.selectbox(key="next_job.second").options[0]
    checked(at.selectbox(key="next_job.second").select(other).run())
    assert all(metric.delta for metric in at.metric)


@needs_models
def test_the_year_and_education_asked_about_stay_when_the_page_is_left():
    at = app(NEXT_JOB)
    year = career(at).year + 1
    checked(at.number_input(key=field(at, "next_job.year")).set_value(year).run())
    checked(at.selectbox(key=field(at, "next_job.education")).set_value("graduate degree").run())
    turn_to(at, CAREER)
    turn_to(at, NEXT_JOB)
    assert (career(at).year, career(at).education) == (year, Education.GRADUATE)
    assert at.number_input(key=field(at, "next_job.year")).value == year


@needs_models
def test_a_question_outside_the_training_data_gets_a_banner():
    at = app(NEXT_JOB)
    assert not at.warning
    checked(at.number_input(key=field(at, "next_job.year")).set_value(2030).run())
    assert "Outside what the model has seen" in at.warning[0].value


@needs_models
def test_the_table_holds_all_343_and_is_searched_and_narrowed():
    at = app(NEXT_JOB)
    assert len(at.dataframe) == 1, "what is in a closed drawer is not made"
    at.session_state["next_job.all"] = True
    checked(at.run())
    assert len(at.dataframe[0].value) == 343
    assert at.dataframe[0].value.iloc[:, 2].sum() == pytest.approx(100)
    checked(at.text_input(key="next_job.search").set_value("nurse").run())
    found = set(at.dataframe[0].value["Occupation"])
    assert found == {"Registered nurses", "Licensed practical nurses"} | {
        o.title for o in TAXONOMY if "nurse" in o.title.casefold()
    }
    checked(at.text_input(key="next_job.search").set_value("<img src=x>").run())
    assert len(at.dataframe[0].value) == 8


@needs_models
def test_the_page_says_whom_it_speaks_for():
    for page in (CAREER, NEXT_JOB):
        captions = " ".join(caption.value for caption in app(page).caption)
        assert "NLSY97" in captions
        assert "not for hiring" in captions


# The editing itself


def test_the_question_follows_the_last_record_unless_it_was_chosen():
    longer = editing.with_records(QUERY, [*PAST.records, JobRecord(2007, NURSE)])
    assert longer.year == 2008
    chosen = Query(PAST, 2010)
    assert editing.with_records(chosen, [*PAST.records, JobRecord(2007, NURSE)]).year == 2010


def test_deleting_every_record_keeps_the_question():
    assert editing.with_records(QUERY, []).year == 2005


def test_an_unknown_education_or_title_is_refused_by_name():
    change = {"edited_rows": {0: {"Education": "wizardry"}}, "added_rows": [], "deleted_rows": []}
    with pytest.raises(CareerError, match="wizardry"):
        editing.edited_rows(PAST.records, change, TAXONOMY)
    change["edited_rows"] = {0: {"Occupation": "Wizard"}}
    with pytest.raises(UnknownOccupationError, match="Wizard"):
        editing.edited_rows(PAST.records, change, TAXONOMY)


def test_rows_are_changed_deleted_and_added_in_one_go():
    changes = {
        "edited_rows": {1: {"Occupation": NURSE.title}},
        "added_rows": [{"Year": 2005, "Occupation": "Cooks", "Education": "high school"}],
        "deleted_rows": [0],
    }
    rows = editing.edited_rows(PAST.records, changes, TAXONOMY)
    assert [(r.year, r.occupation.title) for r in rows] == [
        (2002, "Registered nurses"),
        (2004, "Cooks"),
        (2005, "Cooks"),
    ]


def test_text_of_a_user_shows_as_it_was_typed():
    assert as_text("<b>[x](y)</b> $a$ :red[z]") == (r"\<b\>\[x\]\(y\)\<\/b\> \$a\$ \:red\[z\]")


def test_text_that_names_an_icon_draws_none():
    assert as_text(":material/home:") == "\\:\u2060material\\/home\\:"
