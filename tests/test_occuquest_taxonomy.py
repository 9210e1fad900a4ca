import csv

import pytest

from occu_core.occupations import occ1990dd
from occu_core.occuquest.taxonomy import (
    OccuQuestOccupation,
    TaxonomyError,
    categories,
    employment_by_category,
    occupations,
    occupations_in,
)
from tests.conftest import ROOT, SHARED

TITLES = SHARED / "occupations" / "titles_26_categories.csv"


def test_there_are_26_categories_and_about_a_thousand_occupations():
    assert len(categories()) == 26
    assert list(categories()) == sorted(categories())
    assert 950 <= len(occupations()) <= 1100


def test_no_two_occupations_have_the_same_name():
    names = [one.name.casefold() for one in occupations()]
    assert len(set(names)) == len(names)


def test_every_category_has_an_occupation_and_every_occupation_known_categories():
    assert all(occupations_in(category) for category in categories())
    assert all(set(one.categories) <= set(categories()) for one in occupations())


def test_a_name_that_stands_in_two_categories_says_so():
    found = {one.name: one.categories for one in occupations()}
    assert found["Copy Editor"] == ("Administrative", "Human Resources", "Marketing")
    assert found["Coroner"] == ("Healthcare Services", "Hospitality")


@pytest.mark.parametrize(
    ("name", "soc"),
    [
        ("Dental Hygienist", "29-1292.00"),
        ("Dishwasher", "35-9021.00"),
        ("Librarian", "25-4022.00"),
        ("Software Developer", "15-1252.00"),
        ("Police Officer", "33-3051.00"),
    ],
)
def test_well_known_occupations_have_their_codes(name, soc):
    assert next(one.soc for one in occupations() if one.name == name) == soc


def test_codes_are_those_of_the_two_lists_they_name():
    known = {o.code for o in occ1990dd() if o.is_job}
    for one in occupations():
        assert len(one.soc) == 10, one
        assert one.soc[2] == "-", one
        assert {str(code) for code in one.occ1990dd} <= known, one


def test_an_unknown_category_is_refused_with_those_there_are():
    with pytest.raises(TaxonomyError, match="'Astrology' is unknown; expected Accounting, "):
        occupations_in("Astrology")


def test_an_occupation_without_a_category_is_refused():
    with pytest.raises(TaxonomyError, match="no category"):
        OccuQuestOccupation("Baker", (), "51-3011.00", (), "title")


def test_jobs_are_spread_evenly_over_a_codes_categories_and_none_is_counted_twice():
    with (ROOT / "assets/taxonomies/occuquest_employment.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    expected = sum(int(row["employment"]) for row in rows if row["categories"])
    jobs = employment_by_category()
    assert sum(jobs.values()) == pytest.approx(expected)
    legal = sum(
        int(row["employment"]) / (1 + row["categories"].count("|"))
        for row in rows
        if "Legal" in row["categories"].split("|")
    )
    assert jobs["Legal"] == pytest.approx(legal)
    assert min(jobs.values()) > 0


def test_jobs_of_one_code_by_hand():
    with (ROOT / "assets/taxonomies/occuquest_employment.csv").open(encoding="utf-8") as file:
        rows = {row["soc"]: row for row in csv.DictReader(file)}
    assert rows["29-1051"]["categories"] == "Pharmaceuticals"  # pharmacists, within 29-
    assert rows["21-2011"]["categories"] == ""  # clergy, outside the 26
    assert rows["37-1011"]["categories"] == "Hospitality|Facilities"  # head housekeepers


@pytest.mark.skipif(not TITLES.exists(), reason="no names file beside the project")
def test_categories_are_those_of_the_names_file_and_nearly_all_names_are_kept():
    with TITLES.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert set(categories()) == {row["category"] for row in rows}
    kept = {(one.name.casefold(), kind) for one in occupations() for kind in one.categories}
    missing = {(r["job_title"].casefold(), r["category"]) for r in rows} - kept
    assert len(missing) <= 20, sorted(missing)
