"""Career histories: what they refuse, and what a query may see."""

from itertools import pairwise

import pytest
from hypothesis import given

from occu_core.careers import CareerError, CareerHistory, Education, JobRecord, Move, Query
from occu_core.occupations import occ1990dd
from tests.careers_at_random import TOY, careers

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations


@given(careers())
def test_no_query_sees_its_own_future(career):
    for transition in career.transitions():
        assert all(record.year < transition.query.year for record in transition.query.past.records)


@given(careers())
def test_transitions_retell_the_career(career):
    retold = [(t.query.year, t.outcome, t.query.education) for t in career.transitions()]
    assert retold == [(r.year, r.occupation, r.education) for r in career.records]


def test_a_query_for_a_year_already_in_the_history_is_refused():
    career = CareerHistory("w", (JobRecord(2000, COOK),))
    with pytest.raises(CareerError, match="cannot predict 2000 from a history that reaches 2000"):
        Query(career, 2000)


@given(careers())
def test_spells_merge_neighbours_and_cover_the_career(career):
    spells = list(career.spells())
    assert all(a.occupation != b.occupation for a, b in pairwise(spells))
    assert sum(
        1 for r in career.records for s in spells if s.first_year <= r.year <= s.last_year
    ) == len(career.records)


def test_first_stay_and_move_are_told_apart():
    career = CareerHistory(
        "w", (JobRecord(2000, COOK), JobRecord(2001, COOK), JobRecord(2003, ACTOR))
    )
    assert [t.move for t in career.transitions()] == [Move.FIRST, Move.STAY, Move.MOVE]


def test_education_may_fall_as_it_does_in_real_surveys():
    CareerHistory(
        "w",
        (JobRecord(2000, COOK, Education.BACHELORS), JobRecord(2001, COOK, Education.HIGH_SCHOOL)),
    )


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: JobRecord(1897, COOK), "year 1897 is before 1950; expected 1950–2030"),
        (lambda: JobRecord(2031, COOK), "year 2031 is after 2030; expected 1950–2030"),
        (
            lambda: CareerHistory("w", (JobRecord(2001, COOK), JobRecord(2000, COOK))),
            "records must be in year order, but 2000 follows 2001",
        ),
        (
            lambda: CareerHistory("w", (JobRecord(2001, COOK), JobRecord(2001, ACTOR))),
            "year 2001 is recorded twice",
        ),
        (
            lambda: CareerHistory("w", (JobRecord(1990, COOK),), birth_year=1990),
            "birth year 1990 is not before the first job in 1990",
        ),
        (lambda: CareerHistory("w", birth_year=12), "birth year 12 is not possible"),
        (lambda: CareerHistory("w", dataset="<b>x</b>"), "is not a name"),
        (lambda: CareerHistory("w", dataset="a\nb"), "is not a name"),
    ],
)
def test_an_impossible_career_says_what_was_found_and_what_is_allowed(make, message):
    with pytest.raises(CareerError, match=message):
        make()


def test_a_taxonomy_refuses_a_repeated_code_and_a_repeated_title():
    with pytest.raises(ValueError, match="code '1' occurs twice"):
        type(TOY)("bad", (COOK, COOK))


def test_the_closed_list_has_343_states_and_finds_them_by_title_or_code():
    taxonomy = occ1990dd()
    assert len(taxonomy) == 343
    assert int(taxonomy.jobs.sum()) == 341
    assert taxonomy.find("  cooks ") == taxonomy.find("436") == taxonomy.find("0436")
    assert taxonomy.find("nw").title == "Not working"


def test_an_unknown_title_is_answered_with_the_nearest_ones():
    with pytest.raises(ValueError, match="nearest titles: .*Computer programmers"):
        occ1990dd().find("Compter programer")


@pytest.mark.parametrize(
    ("typed", "title"),
    [
        ("nurse", "Registered nurses"),
        ("truck driver", "Driver/sales workers and truck drivers"),
        ("lawer", "Lawyers and judges"),
    ],
)
def test_what_people_call_a_job_finds_its_title(typed, title):
    assert title in [occupation.title for occupation in occ1990dd().search(typed, 5)]
