"""Category balance and Browse as a user meets them, without a browser."""

import json
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from occu_core.models.registry import data_folder
from occu_core.occuquest.balance_counts import Label
from occu_core.occuquest.ratings import RatingStore
from occu_core.occuquest.sample import SAMPLE_NOTE, sample_items
from pages.shared.occuquest_datasets import SAMPLE
from pages.shared.occuquest_text import inert, parts

ROOT = Path(__file__).resolve().parent.parent
BALANCE, BROWSE = "pages/category_balance.py", "pages/browse.py"
needs_sample = pytest.mark.skipif(not sample_items(), reason="no sample ships")
ROW = {"category": "Legal", "occupation": "Judge", "topic": "Bail"}


def asked(text, **fields):
    messages = [{"role": "user", "content": text}, {"role": "assistant", "content": "A"}]
    return json.dumps({**ROW, "messages": messages, **fields}) + "\n"


def page(path, **query):
    at = AppTest.from_file(str(ROOT / path), default_timeout=60)
    for key, value in query.items():
        at.query_params[key] = value
    return checked(at.run())


def checked(at):
    assert not at.exception, at.exception[0].message
    return at


def upload(at, where, name, text):
    at.file_uploader(key=f"{where}.upload").upload(name, text.encode())
    return checked(at.run())


def texts(at):
    return "\n".join(e.value for kind in (at.markdown, at.caption, at.code) for e in kind)


@needs_sample
@pytest.mark.parametrize(("path", "title"), [(BALANCE, "Category balance"), (BROWSE, "Browse")])
def test_a_page_opens_from_the_menu_and_alone(path, title):
    assert page(path).title[0].value == title
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120).run()
    assert checked(at.switch_page(path).run()).title[0].value == title


# Category balance


@needs_sample
def test_the_sample_stands_alone_and_says_what_it_is():
    at = page(BALANCE)
    checked(at.segmented_control(key="category_balance.show").set_value(SAMPLE).run())
    assert SAMPLE_NOTE in texts(at)
    assert list(at.dataframe[0].value.columns) == [SAMPLE]
    assert not at.multiselect


def test_an_upload_joins_the_datasets_and_its_bad_rows_are_named():
    at = upload(page(BALANCE), "category_balance", "own.jsonl", asked("Q?") + "{torn\n")
    at.multiselect(key="category_balance.datasets").set_value(["own.jsonl"])
    checked(at.run())
    assert at.dataframe[0].value.loc["Items", "own.jsonl"] == "1"
    assert "row 2: is not JSON" in texts(at)


def test_an_untagged_upload_is_tagged_on_the_way(monkeypatch):
    from pages.shared import occuquest_datasets

    monkeypatch.setattr(
        occuquest_datasets, "tag_offline", lambda questions: [Label(None)] * len(questions)
    )
    at = upload(page(BALANCE), "category_balance", "plain.jsonl", '"One?"\n"Two?"\n')
    at.multiselect(key="category_balance.datasets").set_value(["plain.jsonl"])
    checked(at.run())
    assert "none of its 2 items is about an occupation" in texts(at).replace("\\", "")


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("x.jsonl", '{"colour": "red"}', "x.jsonl: has a layout that is not known: colour"),
        ("x.json", "<html>", "x.json: "),
        ("x.jsonl", '{"messages": []}', "no row is an item"),
    ],
)
def test_what_is_no_dataset_is_refused_and_nothing_else_changes(name, text, said):
    at = upload(page(BALANCE), "category_balance", name, text)
    assert said in texts(at)
    assert at.error[0].value == "This file cannot be read."


# Browse


def questions_offered(at):
    return next(box.options for box in at.selectbox if box.label == "Question")


def shown(at):
    return at.session_state["browse_item"]


@needs_sample
def test_next_and_previous_lead_through_the_items_and_into_the_address():
    at = page(BROWSE)
    first = shown(at)
    checked(at.button(key="browse.next").click().run())
    second = shown(at)
    assert second != first
    assert at.query_params["item"] == second
    checked(at.text_input(key="browse.rater").set_value("Ana").run())
    assert shown(at) == second
    checked(at.button(key="browse.previous").click().run())
    assert shown(at) == first
    assert at.button(key="browse.previous").disabled


@needs_sample
def test_a_link_opens_its_item_and_a_wrong_one_says_so():
    wanted = sample_items()[-1]
    assert shown(page(BROWSE, item=wanted.item_id)) == wanted.item_id
    at = page(BROWSE, item="<b>nothing</b>")
    assert "nothing" in at.error[0].value
    assert shown(at) == sample_items()[0].item_id


@needs_sample
def test_filters_narrow_one_after_the_other():
    at = page(BROWSE)
    item = sample_items()[-1]
    for level in ("category", "occupation"):
        box = at.selectbox(key=f"browse.{level}")
        checked(box.set_value(getattr(item, level)).run())
    found = [
        i.item_id
        for i in sample_items()
        if (i.category, i.occupation) == (item.category, item.occupation)
    ]
    assert len(questions_offered(at)) == len(found)
    assert shown(at) in found
    responsibilities = at.selectbox(key="browse.responsibility").options
    assert set(responsibilities) == {
        i.responsibility for i in sample_items() if i.item_id in found and i.responsibility
    }


@needs_sample
def test_words_are_found_in_questions_and_answers_and_nothing_is_an_answer_too():
    at = page(BROWSE)
    word = sample_items()[3].answer.split()[0]
    checked(at.text_input(key="browse.words").set_value(word.upper()).run())
    assert questions_offered(at)
    checked(at.text_input(key="browse.words").set_value("qqzzxx").run())
    assert at.info[0].value == "No item fits all of this."


def test_dialogues_and_single_turns_are_told_apart():
    turns = [{"role": r, "content": f"{r} {k}"} for k in range(2) for r in ("user", "assistant")]
    at = upload(page(BROWSE), "browse", "own.jsonl", asked("Q?") + asked("", messages=turns))
    checked(at.selectbox(key="browse.dataset").set_value("own.jsonl").run())
    checked(at.segmented_control(key="browse.kind").set_value("Dialogue").run())
    assert [len(at.chat_message), "user 1" in texts(at)] == [4, True]
    checked(at.segmented_control(key="browse.kind").set_value("Single").run())
    assert len(at.chat_message) == 2


@needs_sample
def test_a_rating_is_stored_once_for_rater_and_item_and_shown_again(tmp_path, monkeypatch):
    monkeypatch.setenv("OCCU_HOME", str(tmp_path))
    at = page(BROWSE)
    assert at.button(key="browse.save").disabled
    checked(at.text_input(key="browse.rater").set_value("Ana").run())
    for value in (2, 5):
        for scale in ("helpfulness", "honesty", "harmlessness"):
            key = f"browse.{scale}_{shown(at)}"
            checked(at.segmented_control(key=key).set_value(value).run())
        checked(at.button(key="browse.save").click().run())
    (stored,) = RatingStore(data_folder() / "ratings.sqlite3").all()
    assert (stored.rater, stored.item_id, stored.honesty) == ("Ana", shown(at), 5)
    other = page(BROWSE)
    checked(other.text_input(key="browse.rater").set_value("Ana").run())
    assert other.segmented_control(key=f"browse.honesty_{shown(at)}").value == 5
    assert "You rated this on" in texts(other)


# What others wrote


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("**bold** and *soft*", "**bold** and *soft*"),
        ("1. one\n- two", "1. one\n- two"),
        ("use `x + 1` here", "use `x + 1` here"),
        ("# Title", "**Title**"),
        ("> said", "> said"),
        ("<img src=x onerror=y>", r"\<img src=x onerror=y\>"),
        ("![a](http://x)", "\\!\\[a\\](http\u2060\\://x)"),
        ("`<b>`", r"\`\<b\>\`"),
        (r"\[a](b)", r"\\\[a\](b)"),
        ("$5 and $6", r"\$5 and \$6"),
        (":material/home:", "\\:\u2060material/home\\:"),
        ("www.x.org", "www\u2060.x.org"),
        ("a@b.org", "a\\@\u2060b.org"),
    ],
)
def test_markdown_keeps_its_form_and_loses_its_life(text, safe):
    assert inert(text) == safe


def test_fenced_code_stands_apart_without_its_fence():
    text = "Before\n```python\nprint('<b>')\n```\nAfter"
    assert list(parts(text)) == [(False, "Before\n"), (True, "print('<b>')"), (False, "\nAfter")]
    assert list(parts("```\nnever closed"))[1] == (True, "never closed")
