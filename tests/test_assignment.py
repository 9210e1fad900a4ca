"""Plans of sides and order: balanced to the last vote, and the same for the same seed."""

from collections import Counter
from itertools import combinations
from statistics import mean

import pytest

from occu_core.pairwise.assignment import (
    Counts,
    answer_pairs,
    extra_is_due,
    most_uncertain,
    plan,
    wanted_side,
)
from occu_core.pairwise.studies import ItemKind, Response, StudyQuestion
from occu_core.pairwise.votes import Outcome
from tests.small_studies import gold, question, questions

THREE = ("alto", "bass", "cello")


def planned(count, systems=("alto", "bass"), overlap=1, per_question=None, seed=1):
    pairs, _ = answer_pairs(questions(count, systems))
    return pairs, plan(pairs, overlap, per_question, seed)


@pytest.mark.parametrize("count", [1, 2, 7, 40])
@pytest.mark.parametrize("systems", [("alto", "bass"), THREE, ("a", "b", "c", "d")])
@pytest.mark.parametrize("overlap", [1, 2, 3])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_each_pair_of_systems_has_its_first_on_the_left_half_the_time(
    count, systems, overlap, seed
):
    pairs, slots = planned(count, systems, overlap, seed=seed)
    assert len(slots) == count * len(list(combinations(systems, 2))) * overlap
    for two in combinations(systems, 2):
        sides = Counter(slot.first_on_left for slot in slots if pairs[slot.pair].systems == two)
        assert abs(sides[True] - sides[False]) <= 1


def test_a_second_vote_on_a_pair_has_the_sides_of_the_first_swapped():
    _, slots = planned(10, overlap=2)
    sides = {slot.pair: [] for slot in slots}
    for slot in slots:
        sides[slot.pair].append(slot.first_on_left)
    assert all(sorted(two) == [False, True] for two in sides.values())


def test_no_pair_comes_a_second_time_before_all_have_come_once():
    _, slots = planned(10, THREE, overlap=2)
    assert len({slot.pair for slot in slots[:30]}) == 30


def test_at_any_point_pairs_of_systems_have_come_equally_often():
    pairs, slots = planned(12, THREE)
    met = Counter(dict.fromkeys(combinations(THREE, 2), 0))
    for slot in slots:
        met[pairs[slot.pair].systems] += 1
        assert max(met.values()) - min(met.values()) <= 1


def test_the_same_seed_gives_the_same_plan_and_another_seed_another():
    assert planned(20)[1] == planned(20)[1]
    assert planned(20)[1] != planned(20, seed=2)[1]


def test_which_system_begins_on_the_left_depends_on_the_seed():
    left_first = [planned(1, seed=seed)[1][0].first_on_left for seed in range(400)]
    assert 0.4 < mean(left_first) < 0.6


@pytest.mark.parametrize("per_question", [1, 2])
def test_fewer_pairs_a_question_still_meet_each_other_equally(per_question):
    pairs, slots = planned(31, THREE, per_question=per_question)
    asked = Counter(pairs[slot.pair].question for slot in slots)
    assert set(asked.values()) == {per_question}
    met = Counter(pairs[slot.pair].systems for slot in slots)
    assert max(met.values()) - min(met.values()) <= 1


def test_identical_answers_are_dropped_and_counted_but_not_from_checks():
    same = (Response("alto", "yes"), Response("bass", "yes \n"))
    content = [
        StudyQuestion("q0", "?", same),
        StudyQuestion("g0", "?", same, kind=ItemKind.GOLD, expected="tie"),
        question(1),
    ]
    pairs, identical = answer_pairs(content)
    assert identical == 1
    assert [(pair.question, pair.expected) for pair in pairs] == [(1, Outcome.TIE), (2, None)]


def test_the_expected_answer_is_kept_by_system():
    pairs, _ = answer_pairs([gold(0, "bass"), gold(1, "alto"), gold(2, "both_bad")])
    assert [pair.expected for pair in pairs] == [Outcome.SECOND, Outcome.FIRST, Outcome.BOTH_BAD]


def test_checks_and_practice_are_not_part_of_the_plan():
    pairs, _ = answer_pairs([gold(0, "bass"), question(1)])
    assert [slot.pair for slot in plan(pairs, 2, None, 1)] == [1, 1]


def test_the_least_known_pair_of_systems_comes_first():
    # Beta(11, 1), Beta(6, 6), Beta(1, 1) and Beta(6, 6) have standard deviations .077, .139, .289.
    counts = {1: Counts(10, 0, 0), 2: Counts(5, 5, 0), 3: Counts(0, 0, 0), 4: Counts(0, 0, 10)}
    assert most_uncertain(counts) == [3, 2, 4, 1]


def test_an_annotator_is_next_shown_the_side_they_saw_less():
    assert wanted_side(3, 2) is False
    assert wanted_side(2, 3) is True
    assert wanted_side(2, 2) is None


def test_one_extra_comes_in_each_block_and_not_always_at_the_same_place():
    given, at = 0, []
    for answered in range(101):
        if extra_is_due("annotator 1", given, 10, answered):
            given += 1
            at.append(answered)
    assert [(place - 1) // 10 for place in at] == list(range(10))
    assert len({place % 10 for place in at}) > 3
    assert not extra_is_due("annotator 1", 0, 0, 1_000)
