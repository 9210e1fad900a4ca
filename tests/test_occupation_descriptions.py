"""The plain-language sentence of every occupation."""

import csv
import re

from occu_core.assets import asset_path
from occu_core.occupation_descriptions import description, descriptions
from occu_core.occupations import occ1990dd


def rows():
    path = asset_path("taxonomies", "occ1990dd_descriptions.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def words(text):
    return re.findall(r"[\w'’-]+", text.casefold())


def test_every_code_has_exactly_one_sentence_in_the_taxonomys_order():
    assert [row["code"] for row in rows()] == [occupation.code for occupation in occ1990dd()]


def test_each_sentence_has_8_to_25_words_a_capital_and_a_full_stop():
    for row in rows():
        assert 8 <= len(words(row["description"])) <= 25, row
        assert re.fullmatch(r"[A-Z][^.!?|]*\.", row["description"]), row


def test_no_sentence_stands_twice_and_none_only_repeats_its_title():
    sentences = [row["description"].casefold() for row in rows()]
    assert len(set(sentences)) == len(sentences)
    for occupation in occ1990dd():
        said = set(words(description(occupation.code)))
        assert len(said - set(words(occupation.title))) >= 6, occupation.title


def test_a_code_outside_the_list_has_no_sentence():
    assert description("0") == ""
    assert set(descriptions()) == {occupation.code for occupation in occ1990dd()}
