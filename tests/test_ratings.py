"""Ratings of items: one for each rater and item, whoever else is writing."""

import csv
import io
from concurrent.futures import ThreadPoolExecutor

import pytest

from occu_core.occuquest.ratings import Rating, RatingError, RatingStore, ratings_csv


@pytest.fixture
def store(tmp_path):
    return RatingStore(tmp_path / "home" / "ratings.sqlite3")


def test_nothing_is_stored_and_no_file_made_until_somebody_rates(store):
    assert store.all() == ()
    assert store.of("ana", "abc") is None
    assert not store.path.exists()


def test_a_rating_is_kept_across_openings(store):
    store.put(Rating("ana", "abc", 5, 4, 3))
    found = RatingStore(store.path).of("ana", "abc")
    assert (found.helpfulness, found.honesty, found.harmlessness) == (5, 4, 3)
    assert found.rated_at.endswith("+00:00")


def test_a_rater_has_one_rating_of_an_item_the_last(store):
    store.put(Rating("ana", "abc", 5, 4, 3))
    store.put(Rating(" ana ", "abc", 1, 1, 1))
    store.put(Rating("ben", "abc", 2, 2, 2))
    store.put(Rating("ana", "xyz", 3, 3, 3))
    assert [(r.item_id, r.rater, r.helpfulness) for r in store.all()] == [
        ("abc", "ana", 1),
        ("abc", "ben", 2),
        ("xyz", "ana", 3),
    ]


@pytest.mark.parametrize("value", [0, 6, 2.5, "3", None, True])
def test_a_rating_outside_the_scale_is_refused(value):
    with pytest.raises(RatingError, match=r"honesty is .*; expected 1 to 5"):
        Rating("ana", "abc", 5, value, 5)


@pytest.mark.parametrize("rater", ["", "  ", "x" * 81])
def test_a_rater_needs_a_name(rater):
    with pytest.raises(RatingError, match="expected a name of 1 to 80 characters"):
        Rating(rater, "abc", 5, 5, 5)


def test_many_raters_at_once_lose_nothing(store):
    def rate(rater):
        for k in range(20):
            store.put(Rating(f"rater {rater}", f"item {k}", 1 + k % 5, 3, 3))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(rate, range(8)))
    assert len(store.all()) == 160


def test_a_name_is_text_and_not_sql(store):
    name = "'; DROP TABLE ratings; --"
    store.put(Rating(name, "abc", 1, 2, 3))
    assert store.of(name, "abc").honesty == 2


def test_the_export_is_a_table_in_which_no_name_is_a_formula(store):
    store.put(Rating("=1+1", "abc", 1, 2, 3))
    store.put(Rating('Ana, "A."', "abc", 5, 5, 5))
    rows = list(csv.DictReader(io.StringIO(ratings_csv(store.all()))))
    assert [row["rater"] for row in rows] == ["'=1+1", 'Ana, "A."']
    assert [rows[0][s] for s in ("helpfulness", "honesty", "harmlessness")] == ["1", "2", "3"]
