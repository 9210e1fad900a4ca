"""Who is shown which pair on which side: planned by a seed, so that chance favours no system."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from random import Random

from occu_core.pairwise.studies import ItemKind, Response, StudyQuestion
from occu_core.pairwise.votes import Outcome, Pair


@dataclass(frozen=True, slots=True)
class AnswerPair:
    """Two answers to one question; `first` is of the system that comes first in the alphabet."""

    question: int
    first: Response
    second: Response
    kind: ItemKind = ItemKind.MAIN
    expected: Outcome | None = None

    @property
    def systems(self) -> Pair:
        """The two systems in alphabetical order."""
        return self.first.system, self.second.system


@dataclass(frozen=True, slots=True)
class Slot:
    """One vote that is wanted: on which pair, with which system on the left."""

    pair: int
    first_on_left: bool


@dataclass(frozen=True, slots=True)
class Counts:
    """Votes so far on two systems."""

    first_wins: int
    second_wins: int
    undecided: int


def answer_pairs(questions: Sequence[StudyQuestion]) -> tuple[tuple[AnswerPair, ...], int]:
    """Every pair of answers to each question, and how many were dropped for being identical.

    Answers are identical where they differ by white space at their ends only. Practice, gold and
    attention items are kept as given.
    """
    pairs, identical = [], 0
    for index, question in enumerate(questions):
        ordered = sorted(question.responses, key=lambda response: response.system)
        for first, second in combinations(ordered, 2):
            same = first.text.strip() == second.text.strip()
            if same and question.kind is ItemKind.MAIN:
                identical += 1
            else:
                expected = _outcome(question.expected, first.system, second.system)
                pairs.append(AnswerPair(index, first, second, question.kind, expected))
    return tuple(pairs), identical


def plan(
    pairs: Sequence[AnswerPair], overlap: int, per_question: int | None, seed: int
) -> tuple[Slot, ...]:
    """The votes wanted, in the order they are given out.

    Over all of them, each pair of systems has its first on the left as often as on the right (or
    once more or less); at any point of the order, each pair of systems has come equally often as
    far as questions allow; and no pair comes a second time before all have come once. A pair's
    second vote has the sides of the first one swapped.
    """
    random = Random(seed)
    chosen = _chosen(pairs, per_question, random)
    by_systems: dict[Pair, list[int]] = defaultdict(list)
    for pair in chosen:
        by_systems[pairs[pair].systems].append(pair)
    left: dict[int, bool] = {}
    for systems in sorted(by_systems):
        random.shuffle(by_systems[systems])
        start = random.random() < 0.5
        left |= {pair: (k % 2 == 0) == start for k, pair in enumerate(by_systems[systems])}
    groups = [by_systems[systems] for systems in sorted(by_systems)]
    return tuple(
        Slot(pair, left[pair] != bool(turn % 2))
        for turn in range(overlap)
        for pair in _interleaved(groups, random)
    )


def most_uncertain(counts: Mapping[int, Counts]) -> list[int]:
    """Pairs of systems, the one whose win rate is known worst first.

    Uncertainty is the standard deviation of the win rate's beta posterior with a uniform prior; a
    tie or "both bad" is half a win for each.
    """

    def spread(key: int) -> float:
        found = counts[key]
        a = 1 + found.first_wins + found.undecided / 2
        b = 1 + found.second_wins + found.undecided / 2
        return math.sqrt(a * b / ((a + b) ** 2 * (a + b + 1)))

    return sorted(counts, key=lambda key: (-spread(key), key))


def wanted_side(on_left: int, on_right: int) -> bool | None:
    """Whether an annotator should next see the first system on the left; None if either will do."""
    return None if on_left == on_right else on_left < on_right


def extra_is_due(key: str, given: int, every: int, main_answered: int) -> bool:
    """Whether the next check (or repeat) comes now: one in each block of `every` main items.

    Where in the block it comes is drawn from `key`, so nobody learns to expect it.
    """
    if not every:
        return False
    return main_answered >= given * every + Random(f"{key} {given}").randint(1, every)


def draw(key: str) -> float:
    """A number in [0, 1) that is always the same for the same words.

    >>> draw("study 1 annotator 2") == draw("study 1 annotator 2")
    True
    """
    return Random(key).random()


def _outcome(expected: str | None, first: str, second: str) -> Outcome | None:
    names = {first: Outcome.FIRST, second: Outcome.SECOND}
    return None if expected is None else names.get(expected) or Outcome(expected)


def _chosen(pairs: Sequence[AnswerPair], per_question: int | None, random: Random) -> list[int]:
    """Main pairs; of each question no more than wanted, those of systems least met so far."""
    by_question: dict[int, list[int]] = defaultdict(list)
    for index, pair in enumerate(pairs):
        if pair.kind is ItemKind.MAIN:
            by_question[pair.question].append(index)
    questions = list(by_question.values())
    if per_question is None:
        return [index for question in questions for index in question]
    random.shuffle(questions)
    met: Counter[Pair] = Counter()
    chosen = []
    for question in questions:
        random.shuffle(question)
        taken = sorted(question, key=lambda index: met[pairs[index].systems])[:per_question]
        met.update(pairs[index].systems for index in taken)
        chosen += taken
    return sorted(chosen)


def _interleaved(groups: list[list[int]], random: Random) -> list[int]:
    """One of each group in turn, the groups in a new order each time."""
    order = []
    for turn in range(max(map(len, groups), default=0)):
        there = [group[turn] for group in groups if turn < len(group)]
        random.shuffle(there)
        order += there
    return order
