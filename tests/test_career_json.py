"""One career as JSON: what it means, and what is refused."""

import json
from contextlib import suppress
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occu_core.careers import (
    CareerHistory,
    Education,
    JobRecord,
    Query,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.data.career_json import CareerJsonError, parse_query, query_to_json
from occu_core.occupations import occ1990dd
from tests.careers_at_random import TOY, careers

unhurried = settings(deadline=None)
COOK = occ1990dd()["436"]
FULL = {
    "dataset": "NLSY97",
    "birth_year": 1981,
    "sex": "female",
    "race_ethnicity": "Black",
    "region": "South",
    "records": [
        {"year": 2000, "education": "high school", "occupation": "Cooks"},
        {"year": 2002, "education": None, "occupation": "NW"},
    ],
    "query": {"year": 2005, "education": "bachelor's degree"},
}


def changed(**changes):
    return {**FULL, **changes}


def record(**changes):
    return {"records": [{"year": 2000, "occupation": "Cooks", **changes}]}


def parsed(career, taxonomy=None):
    return parse_query(json.dumps(career), "career.json", taxonomy)


def test_every_field_is_read():
    query = parsed(FULL)
    assert query.past == CareerHistory(
        "",
        (
            JobRecord(2000, COOK, Education.HIGH_SCHOOL),
            JobRecord(2002, occ1990dd()["NW"], None),
        ),
        dataset="NLSY97",
        birth_year=1981,
        sex=Sex.FEMALE,
        race_ethnicity=RaceEthnicity.BLACK,
        region=Region.SOUTH,
    )
    assert (query.year, query.education) == (2005, Education.BACHELORS)


@unhurried
@given(careers(), st.integers(2023, 2030), st.none() | st.sampled_from(list(Education)))
def test_what_is_written_is_read_back_the_same_but_for_the_worker_id(career, year, education):
    query = Query(career, year, education)
    assert parsed(query_to_json(query), TOY) == replace(query, past=replace(career, worker_id=""))


def test_everything_but_the_query_year_may_be_left_out_or_null():
    empty = parsed({"query": {"year": 1999}})
    nulls = parsed(
        {**dict.fromkeys(FULL), "records": [], "query": {"year": 1999, "education": None}}
    )
    assert empty == nulls == Query(CareerHistory(""), 1999)


def test_sex_and_race_can_be_left_out_of_what_is_written():
    written = query_to_json(parsed(FULL), sensitive=False)
    assert set(FULL) - set(written) == {"sex", "race_ethnicity"}
    assert parsed(written).past.sex is None


@pytest.mark.parametrize(
    ("query", "year", "education"),
    [
        ({}, 2001, Education.HIGH_SCHOOL),
        ({"query": None}, 2001, Education.HIGH_SCHOOL),
        ({"query": {"year": 2009}}, 2009, Education.HIGH_SCHOOL),
        ({"query": {"education": "graduate degree"}}, 2001, Education.GRADUATE),
        ({"query": {"year": 2009, "education": None}}, 2009, None),
    ],
)
def test_the_year_after_the_last_record_is_asked_about_by_default(query, year, education):
    found = parsed({**record(education="high school"), **query})
    assert (found.year, found.education) == (year, education)


def test_the_mark_that_windows_editors_put_before_utf_8_is_accepted():
    assert parse_query(b"\xef\xbb\xbf" + json.dumps(FULL).encode()) == parsed(FULL)
    assert parse_query("\ufeff" + json.dumps(FULL)) == parsed(FULL)


@pytest.mark.parametrize(
    ("career", "message"),
    [
        (
            changed(records=[*FULL["records"], {"year": 2003, "occupation": "Coook"}]),
            r"^career.json records\[2\].occupation: unknown occupation 'Coook'; "
            r"nearest titles: .*Cooks",
        ),
        (record(occupation=436), r"records\[0\].occupation: 436 is not allowed; expected a title"),
        (record(occupation=None), r"records\[0\].occupation: null is not allowed"),
        ({"records": [{"year": 2000}]}, r"records\[0\].occupation: is missing; expected a title"),
        ({"records": [{"occupation": "Cooks"}]}, r"records\[0\].year: is missing; expected a year"),
        (record(year=True), r"records\[0\].year: true is not allowed; expected a year"),
        (record(year=2000.0), r"records\[0\].year: 2000.0 is not allowed"),
        (record(year="2000"), r'records\[0\].year: "2000" is not allowed'),
        (record(year=1897), r"records\[0\].year: year 1897 is before 1950; expected 1950–2030"),
        (record(year=2031), r"records\[0\].year: year 2031 is after 2030"),
        (record(year=10**400), r"records\[0\].year: 1000.* is not allowed"),
        (record(education="PhD"), r'records\[0\].education: "PhD" .*"graduate degree" or null'),
        (record(job="Cooks"), r"records\[0\]: unknown key 'job'; allowed are year, education, occ"),
        (
            changed(records=FULL["records"][::-1]),
            "career.json: .*year order, but 2000 follows 2002",
        ),
        (changed(records=FULL["records"][:1] * 2), "career.json: year 2000 is recorded twice"),
        (changed(records={"year": 2000}), "records: an object is not allowed; expected a list"),
        (changed(records=[[]]), r"records\[0\]: a list is not allowed; expected an object"),
        (changed(records=FULL["records"] * 5000), "has 10,000 records; expected at most 81"),
        (changed(birth_year=2000), "birth year 2000 is not before the first job in 2000"),
        (changed(birth_year=False), "birth_year: false is not allowed"),
        (changed(sex="woman"), 'career.json sex: "woman" .* expected "female"; "male" or null'),
        (changed(sex=1), "career.json sex: 1 is not allowed"),
        (changed(race="Black"), "career.json: unknown key 'race'; allowed are dataset, birth_year"),
        (changed(dataset="<script>"), "career.json: dataset '<script>' is not a name"),
        (changed(dataset=97), "career.json dataset: 97 is not allowed"),
        (changed(query={"yaer": 2005}), "career.json query: unknown key 'yaer'; allowed are year"),
        (changed(query={"year": 2002}), "career.json query: cannot predict 2002 from a history"),
        (changed(query=2005), "career.json query: 2005 is not allowed; expected an object"),
        (record(year=2030), "career.json query: year 2031 is after 2030"),
        ({}, "career.json query: a query year is needed when there are no records"),
        ([], "career.json: a list is not allowed; expected an object with the keys dataset"),
        (None, "career.json: null is not allowed"),
    ],
)
def test_a_bad_career_is_refused_by_place_value_and_what_is_allowed(career, message):
    with pytest.raises(CareerJsonError, match=message):
        parsed(career)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "is not a career in JSON"),
        ('{"query": {"year": NaN}}', "NaN is not a JSON value; an unknown value is null"),
        ('{"sex": "male", "sex": "female"}', "key 'sex' is given twice"),
        ('{"query": {"year": ' + "9" * 5000 + "}}", "is not a career in JSON"),
        ("[" * 100_000, "is nested too deeply"),
        (" " * 1_000_001, "is larger than 1 MB"),
        ('{"dataset": "Caf\xe9"}'.encode("cp1252"), "byte 0xe9 at position 16 is not UTF-8"),
        (json.dumps(FULL).encode("utf-16"), "byte 0xff at position 0 is not UTF-8"),
        (b"PK\x03\x04", "is not a career in JSON"),
    ],
    ids=range(9),
)
def test_text_that_is_no_json_is_refused_by_name(text, message):
    with pytest.raises(CareerJsonError, match=f"^c.json: .*{message}"):
        parse_query(text, "c.json")


@unhurried
@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda values: st.lists(values) | st.dictionaries(st.sampled_from([*FULL, "year"]), values),
    )
)
def test_any_json_is_read_or_refused_without_a_crash(value):
    with suppress(CareerJsonError):
        parse_query(json.dumps(value))
