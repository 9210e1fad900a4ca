"""The sample of instruction data: what its card promises."""

from collections import Counter
from itertools import combinations
from pathlib import Path

import pytest

from occu_core.occuquest.sample import sample_items
from occu_core.occuquest.taxonomy import categories, occupations

CARD = Path(__file__).resolve().parents[1] / "assets/occuquest/sample/README.md"
ITEMS = list(sample_items())
SINGLES = [item for item in ITEMS if not item.is_dialogue]


def words_in_threes(text):
    words = text.lower().split()
    return set(zip(words, words[1:], words[2:], strict=False))


def test_each_category_has_six_occupations_of_four_items_and_two_dialogues():
    by_occupation = Counter((item.category, item.occupation) for item in SINGLES)
    assert set(by_occupation.values()) == {4}
    assert Counter(category for category, _ in by_occupation) == dict.fromkeys(categories(), 6)
    dialogues = Counter(item.category for item in ITEMS if item.is_dialogue)
    assert dialogues == dict.fromkeys(categories(), 2)


def test_every_occupation_is_one_of_its_category_in_the_taxonomy():
    known = {(one.name, category) for one in occupations() for category in one.categories}
    assert {(item.occupation, item.category) for item in ITEMS} <= known


def test_the_items_of_an_occupation_are_about_three_responsibilities_or_more():
    found = {}
    for item in SINGLES:
        found.setdefault(item.occupation, set()).add(item.responsibility)
    assert min(map(len, found.values())) >= 3


def test_answers_have_80_to_250_words():
    lengths = [len(item.answer.split()) for item in SINGLES]
    assert min(lengths) >= 80
    assert max(lengths) <= 250


@pytest.mark.parametrize("said", ["question", "answer"])
def test_no_two_items_are_near_duplicates(said):
    texts = [words_in_threes(getattr(item, said)) for item in ITEMS]
    assert max(len(a & b) / len(a | b) for a, b in combinations(texts, 2)) < 0.2


def test_the_card_tells_the_counts():
    card = CARD.read_text(encoding="utf-8")
    assert f"{len(SINGLES)}: four" in card
    assert f"{len(ITEMS)} items" in card
