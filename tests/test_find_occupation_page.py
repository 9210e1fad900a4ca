import gzip

import pytest
from streamlit.testing.v1 import AppTest

from pages.shared import coded_tables
from tests.conftest import ROOT

PAGE = "pages/find_occupation.py"


def opened(**query_params):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    for key, value in query_params.items():
        at.query_params[key] = value
    at.run()
    return checked(at.switch_page(PAGE).run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def typed(at, title):
    return checked(at.text_input(key="find_occupation.title").set_value(title).run())


def upload(at, kind, name, raw):
    at.file_uploader(key=f"find_occupation.{kind}_upload").upload(name, raw)
    return checked(at.run())


def press(at, kind):
    return checked(at.button(key=f"find_occupation.{kind}_run").click().run())


def said(at):
    boxes = [*at.success, *at.info, *at.warning, *at.error]
    return " ".join(box.value for box in boxes)


def test_the_page_opens_with_nothing_typed_and_no_answer():
    at = opened()
    assert at.title[0].value == "Find occupation"
    assert not at.dataframe
    assert not said(at)


def test_a_title_shows_ranked_occupations():
    at = typed(opened(), "RN")
    table = at.dataframe[0].value
    assert table["Occupation"][0] == "Registered nurses"
    assert list(table["Probability"]) == sorted(table["Probability"], reverse=True)
    assert len(table) == 8


def test_low_confidence_says_so():
    at = typed(opened(), "asdfgh")
    assert at.warning[0].value.startswith("Low confidence")


def test_an_answer_without_a_job_is_called_that():
    assert "without a job" in typed(opened(), "stay-at-home mom").warning[0].value


@pytest.mark.parametrize("title", ["123", "!!", "🚚"])
def test_what_is_no_title_is_refused_in_words(title):
    assert "is no job title" in typed(opened(), title).error[0].value.replace("\\", "")


def test_code_in_a_title_is_shown_as_text():
    at = typed(opened(), "<img src=x onerror=alert(1)> [a](http://b) zzz")
    assert "<img" not in said(at)
    assert "\\[a\\]" not in said(at) or "[a](" not in said(at)


def test_a_column_of_titles_comes_back_coded():
    at = upload(opened(), "titles", "jobs.csv.gz", gzip.compress(b"n,title\n1,RN\n2,=cmd\n"))
    assert at.selectbox[0].value == "title"
    at = press(at, "titles")
    coded = at.session_state["find_occupation_titles"]
    assert coded.name == "jobs-occupations.csv"
    assert coded.text.splitlines()[0] == (
        "n,title,match_code,match_occupation,match_confidence,match_top5"
    )
    assert coded.text.splitlines()[1].startswith("1,RN,95,Registered nurses,")
    assert coded.text.splitlines()[2].startswith("2,'=cmd,")
    assert "2 rows" in at.code[0].value
    assert at.dataframe[0].value["match_code"].tolist()[0] == "95"


def test_codes_come_back_as_occupations_with_what_was_ambiguous():
    table = b"person_id,year,occupation\n1,2001,13-1082\n1,2002,29-1141\n1,2003,77-7777\n"
    at = upload(opened(), "codes", "soc.csv", table)
    at.selectbox(key="find_occupation.code_list").set_value("soc")
    at = press(checked(at.run()), "codes")
    coded = at.session_state["find_occupation_codes"]
    assert coded.text.splitlines()[2] == "1,2002,Registered nurses,29-1141"
    shown = " ".join(block.value for block in at.code)
    assert "3 rows: 2 converted (1 of them from ambiguous codes), 1 left without" in shown
    assert "13-1082 (Project Management Specialists), 1 rows (33.3%)" in shown
    assert "77-7777, 1 rows" in shown


@pytest.mark.parametrize(
    ("raw", "problem"),
    [
        (b"PK\x03\x04", "is a spreadsheet file"),
        (b"", "is empty"),
        (b"title\n\xe9\n", "row 2: byte 0xe9"),
        (b"title,n\nx\n", "row 2: has 1 values"),
        (b"title,match_code\nx,1\n", "has a column match_code already"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_the_reason(raw, problem):
    at = upload(opened(), "titles", "jobs.csv", raw)
    if any(button.key == "find_occupation.titles_run" for button in at.button):
        at = press(at, "titles")
    assert at.error[0].value == "This table cannot be used."
    assert problem in at.code[0].value


def test_a_table_too_long_for_a_page_is_sent_to_the_command_line(monkeypatch):
    monkeypatch.setattr(coded_tables, "MOST_ROWS", 2)
    at = upload(opened(), "titles", "jobs.csv", b"title\na\nb\nc\n")
    assert "`occu match`" in press(at, "titles").code[0].value


def test_the_career_page_finds_occupations_by_what_people_call_them():
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=180)
    at.session_state["next_job.model"] = "markov"
    checked(at.run())
    checked(at.text_input(key="career.search").set_value("RN").run())
    assert at.button_group(key="career.add").options[0].endswith("Registered nurses")
