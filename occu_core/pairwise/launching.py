"""What a study holds, looked over before anybody votes on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from occu_core.pairwise.assignment import answer_pairs, plan
from occu_core.pairwise.identity_leaks import Leak, find_leaks
from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.studies import (
    MOST_PLANNED,
    MOST_QUESTIONS,
    ItemKind,
    PairChoice,
    StudyQuestion,
    StudySettings,
)
from occu_core.pairwise.votes import Outcome


@dataclass(frozen=True, slots=True)
class Check:
    """What a study holds.

    Attributes:
        questions: main ones; practice, gold and attention items are counted apart.
        pairs: of answers that are compared.
        identical: pairs that were dropped because both answers are the same.
        votes_planned: how many votes end the study.
        leaks: answers that give away their system.
    """

    questions: int
    systems: tuple[str, ...]
    pairs: int
    identical: int
    votes_planned: int
    practice: int
    gold: int
    attention: int
    leaks: tuple[Leak, ...]


def check_content(questions: Sequence[StudyQuestion], settings: StudySettings) -> Check:
    """Look a study over.

    Raises:
        StudySettingsError: if it cannot be run, naming the question or number.
    """
    _check_questions(questions)
    pairs, identical = answer_pairs(questions)
    refused = {
        Outcome.TIE: not settings.allow_ties,
        Outcome.BOTH_BAD: not settings.allow_both_bad,
    }
    for pair in pairs:
        if pair.expected is not None and refused.get(pair.expected):
            place = questions[pair.question].place or questions[pair.question].question_id
            raise StudySettingsError(f"{place}: expected is {pair.expected}, which is not allowed")
    kinds = Counter(pair.kind for pair in pairs)
    if not kinds[ItemKind.MAIN]:
        raise StudySettingsError(
            f"there is nothing to compare: {identical} pairs of answers are identical,"
            " and no others were given"
        )
    if kinds[ItemKind.MAIN] * settings.overlap > MOST_PLANNED:
        raise StudySettingsError(
            f"{kinds[ItemKind.MAIN]:,} pairs with {settings.overlap} votes each are more than"
            f" {MOST_PLANNED:,}; lower the overlap or give fewer systems or questions"
        )
    main = [question for question in questions if question.kind is ItemKind.MAIN]
    return Check(
        questions=len(main),
        systems=tuple(sorted({answer.system for one in main for answer in one.responses})),
        pairs=kinds[ItemKind.MAIN],
        identical=identical,
        votes_planned=votes_planned(questions, settings),
        practice=kinds[ItemKind.PRACTICE],
        gold=kinds[ItemKind.GOLD],
        attention=kinds[ItemKind.ATTENTION],
        leaks=find_leaks(questions),
    )


def votes_planned(questions: Sequence[StudyQuestion], settings: StudySettings) -> int:
    """How many votes end the study.

    An adaptive study may choose among all pairs of a question, and ends after as many votes as a
    balanced one with the same settings.
    """
    pairs, _ = answer_pairs(questions)
    return len(plan(pairs, settings.overlap, settings.pairs_per_question, settings.seed))


def planned_per_question(settings: StudySettings) -> int | None:
    """How many pairs of each question are laid out: all, where choice among them is adaptive."""
    adaptive = settings.pair_choice is PairChoice.ADAPTIVE
    return None if adaptive else settings.pairs_per_question


def _check_questions(questions: Sequence[StudyQuestion]) -> None:
    if not 1 <= len(questions) <= MOST_QUESTIONS:
        raise StudySettingsError(
            f"a study has {len(questions):,} questions; expected 1 to {MOST_QUESTIONS:,}"
        )
    counts = Counter(question.question_id for question in questions)
    if twice := [name for name, count in counts.items() if count > 1]:
        raise StudySettingsError(f"question_id {twice[0][:80]!r} stands for two questions")
