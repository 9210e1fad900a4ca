"""Links: they reopen the same view, stay short, and bad ones are refused."""

import base64
import json
import zlib
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occu_core.careers import CareerHistory, Education, JobRecord, Query, RaceEthnicity, Sex
from occu_core.data.links import LinkError, View, decode_view, encode_view
from occu_core.occupations import occ1990dd
from tests.careers_at_random import careers

unhurried = settings(deadline=None)
EDUCATION = list(Education)


def a_career(records):
    """A worker who changes occupation and education as often as possible."""
    return CareerHistory(
        "",
        tuple(
            JobRecord(1950 + k, occ1990dd().occupations[k * 37 % 343], EDUCATION[k * 3 % 5])
            for k in range(records)
        ),
        dataset="NLSY97",
        birth_year=1930,
        sex=Sex.MALE,
        race_ethnicity=RaceEthnicity.HISPANIC,
    )


VIEW = View(Query(a_career(26), 2000, Education.GRADUATE), ("language_model", "markov"))


def packed(content):
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(zlib.compress(raw)).decode().rstrip("=")


@unhurried
@given(
    careers(occ1990dd()),
    st.integers(2023, 2030),
    st.lists(st.sampled_from(["markov", "language_model", "Llama-3.1_8B"]), min_size=1, max_size=2),
)
def test_a_link_reopens_exactly_the_view(career, year, models):
    view = View(Query(replace(career, worker_id=""), year, Education.GRADUATE), tuple(models))
    assert decode_view(encode_view(view, sensitive=True)) == view


def test_sex_and_race_are_left_out_unless_asked_for():
    past = decode_view(encode_view(VIEW)).query.past
    assert (past.sex, past.race_ethnicity) == (None, None)
    assert past == replace(VIEW.query.past, sex=None, race_ethnicity=None)


def test_a_link_of_26_records_fits_anywhere_and_the_longest_career_still_opens():
    assert len(encode_view(VIEW, sensitive=True)) < 2_000
    longest = View(Query(a_career(80), 2030), ("markov",))
    assert len(decode_view(encode_view(longest)).query.past.records) == 80


def test_every_cut_of_a_link_is_refused():
    text = encode_view(VIEW)
    for end in range(len(text)):
        with pytest.raises(LinkError, match="damaged or incomplete"):
            decode_view(text[:end])


@unhurried
@given(st.data())
def test_a_link_with_one_wrong_character_is_refused_or_unchanged(data):
    text = encode_view(VIEW)
    place = data.draw(st.integers(0, len(text) - 1))
    wrong = text[:place] + data.draw(st.characters()) + text[place + 1 :]
    with suppress(LinkError):
        assert decode_view(wrong) == decode_view(text)


@unhurried
@given(st.text() | st.binary().map(packed))
def test_any_text_is_refused_without_a_crash(text):
    with pytest.raises(LinkError):
        decode_view(text)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"version": 2}, "has version 2; this app opens version 1"),
        ({}, "has version None"),
        ([1], "damaged"),
        ({"version": 1, "career": {}}, "damaged"),
        ({"version": 1, "models": [1], "career": {}}, "damaged"),
        ({"version": 1, "models": [], "career": {"query": {"year": 2000}}}, "has 0 models"),
        (
            {"version": 1, "models": ["<b>"], "career": {"query": {"year": 2000}}},
            "'<b>' is not a model name",
        ),
        ({"version": 1, "models": ["a"], "career": {"sexx": 1}}, "this link: unknown key 'sexx'"),
        ({"version": 1, "models": ["a"]}, "this link: null is not allowed"),
        (b"[" * 50_000, "damaged"),
        (b" " * 1_000_000 + b"{}", "damaged"),
    ],
    ids=range(11),
)
def test_a_link_made_by_hand_is_checked_like_any_other_input(content, message):
    with pytest.raises(LinkError, match=message):
        decode_view(packed(content))


def test_a_link_longer_than_any_view_is_refused_unread():
    with pytest.raises(LinkError, match="has 8,001 characters; expected at most 8,000"):
        decode_view("A" * 8_001)


@pytest.mark.parametrize("models", [(), ("a", "b", "c"), ("../../etc",), (".x",), ("x" * 65,)])
def test_a_view_has_one_or_two_models_with_plain_names(models):
    with pytest.raises(LinkError, match="expected"):
        View(VIEW.query, models)
