"""Items as JSON lines: what is written is read again, and what is no item is named."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from occu_core.occuquest.item_files import (
    ItemFileError,
    from_json,
    read_items,
    save_items,
    to_json,
)
from occu_core.occuquest.items import Item, Message, Origin, Role

ASKED = {"role": "user", "content": "How do I wire a socket?"}
text = st.text(st.characters(exclude_categories=["Cs"]), min_size=1).filter(str.strip)
name = text.map(str.strip)
items = st.builds(
    Item,
    messages=st.lists(st.builds(Message, st.sampled_from(Role), text), max_size=4).map(
        lambda more: (Message(Role.USER, "First?"), *more)
    ),
    category=st.none() | name,
    occupation=st.none() | name,
    responsibility=st.none() | name,
    topic=st.none() | name,
    features=st.lists(text, max_size=3).map(tuple),
    origin=st.builds(Origin, st.none() | name, st.none() | name, st.none() | name),
)


@given(items)
def test_an_item_written_is_read_again(item):
    assert from_json(json.loads(json.dumps(to_json(item)))) == item


def test_a_row_has_the_released_fields_even_where_they_are_unknown():
    row = to_json(Item((Message(Role.USER, "Why?"),)))
    assert row == {
        "id": Item((Message(Role.USER, "Why?"),)).item_id,
        "category": None,
        "occupation": None,
        "topic": None,
        "messages": [{"role": "user", "content": "Why?"}],
    }


def test_an_id_in_a_file_does_not_decide_which_item_it_is():
    one, other = ({"id": "same", "messages": [{**ASKED, "content": c}]} for c in "ab")
    assert from_json(one).item_id != from_json(other).item_id


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ([], r"is \[\]; expected an object"),
        ({}, "messages is missing; expected a list"),
        ({"messages": []}, r"messages is \[\]; expected a list"),
        ({"messages": ["hi"]}, "message 1 is 'hi'; expected `role` and `content`"),
        (
            {"messages": [{"role": "boss", "content": "x"}]},
            "role is 'boss'; expected one of system",
        ),
        ({"messages": [{"role": ["user"], "content": "x"}]}, "role is .* expected one of"),
        ({"messages": [{"role": "user", "content": 3}]}, "content is 3; expected text"),
        (
            {"messages": [ASKED, {"role": "assistant", "content": " "}]},
            "message 2: content is empt",
        ),
        ({"messages": [{"role": "assistant", "content": "x"}]}, "nothing is asked"),
        ({"messages": [ASKED], "category": 5}, "category is 5; expected text or null"),
        ({"messages": [ASKED], "features": "x"}, "features is 'x'; expected a list of texts"),
    ],
)
def test_a_row_that_is_no_item_is_refused_by_field(row, said):
    with pytest.raises(ItemFileError, match=said):
        from_json(row)


def test_a_file_is_read_back_in_order(tmp_path):
    written = [Item((Message(Role.USER, f"Frage {k}: Größe?\n"),)) for k in range(3)]
    assert save_items(written, tmp_path / "items.jsonl") == 3
    assert list(read_items(tmp_path / "items.jsonl")) == written


def test_a_file_that_could_not_be_finished_leaves_the_one_before_it(tmp_path):
    path = tmp_path / "items.jsonl"
    before = [Item((Message(Role.USER, "Kept"),))]
    save_items(before, path)

    def failing():
        yield Item((Message(Role.USER, "Lost"),))
        raise RuntimeError("the model went away")

    with pytest.raises(RuntimeError):
        save_items(failing(), path)
    assert list(read_items(path)) == before
    assert [p.name for p in tmp_path.iterdir()] == ["items.jsonl"]


@pytest.mark.parametrize(
    ("line", "said"),
    [("{", "items.jsonl row 2: is not JSON"), ("{}", "items.jsonl row 2: messages is missing")],
)
def test_a_damaged_row_is_named(tmp_path, line, said):
    path = tmp_path / "items.jsonl"
    path.write_text(json.dumps({"messages": [ASKED]}) + "\n" + line + "\n")
    with pytest.raises(ItemFileError, match=said):
        list(read_items(path))
