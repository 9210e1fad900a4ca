"""Votes between two answers to one question, and which of them count."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

Pair = tuple[str, str]
Item = tuple[str, Pair, str | None]


class Verdict(StrEnum):
    """What an annotator chose, by the sides of the screen."""

    LEFT = "left"
    RIGHT = "right"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class Outcome(StrEnum):
    """The same by systems: `first` is the one whose name comes first in the alphabet."""

    FIRST = "first"
    SECOND = "second"
    TIE = "tie"
    BOTH_BAD = "both_bad"


class VotesError(ValueError):
    """Votes that cannot be used: names the file, the row, what was found and what is allowed."""


@dataclass(frozen=True, slots=True)
class Vote:
    """One annotator's verdict on two answers.

    Attributes:
        question_id: two votes on one question, pair and criterion are about the same item.
        verdict: by sides.
        response_left: the answer's text where known.
        category: of the question.
        seconds: how long the annotator took.
        criterion: what was asked, such as `overall` or `helpful`.
        expert: whether the annotator works in the question's field; None if unknown.
        acceptable_left: "is it good enough?", asked apart from "which is better?".
        time: when, in any form that sorts.
        group: questions that stand together, such as the turns of one conversation.
        automatic: whether a language model judged.
        adaptive: whether the pair was chosen because of earlier votes.
    """

    question_id: str
    system_left: str
    system_right: str
    verdict: Verdict
    annotator: str
    response_left: str | None = None
    response_right: str | None = None
    category: str | None = None
    seconds: float | None = None
    criterion: str | None = None
    expert: bool | None = None
    acceptable_left: bool | None = None
    acceptable_right: bool | None = None
    time: str | None = None
    group: str | None = None
    automatic: bool = False
    adaptive: bool = False

    def __post_init__(self) -> None:
        if self.system_left == self.system_right:
            raise VotesError(
                f"question {self.question_id}: {self.system_left!r} stands on both sides;"
                " expected two systems"
            )
        for field in ("question_id", "system_left", "system_right", "annotator"):
            if not getattr(self, field):
                raise VotesError(f"question {self.question_id or '?'}: {field} is empty")

    @property
    def systems(self) -> Pair:
        """The two systems in alphabetical order."""
        return _ordered(self.system_left, self.system_right)

    @property
    def first_on_left(self) -> bool:
        """Whether the first system of `systems` was shown on the left."""
        return self.system_left == self.systems[0]

    @property
    def outcome(self) -> Outcome:
        """The verdict by systems."""
        if self.verdict is Verdict.TIE:
            return Outcome.TIE
        if self.verdict is Verdict.BOTH_BAD:
            return Outcome.BOTH_BAD
        won = (self.verdict is Verdict.LEFT) == self.first_on_left
        return Outcome.FIRST if won else Outcome.SECOND

    @property
    def decided(self) -> bool:
        """Whether one side was preferred."""
        return self.verdict in (Verdict.LEFT, Verdict.RIGHT)

    @property
    def cluster(self) -> str:
        """What is drawn at random when questions are: the group of questions, or the question."""
        return self.group or self.question_id

    @property
    def identical(self) -> bool:
        """Whether both answers are known and the same but for white space at their ends."""
        left, right = self.response_left, self.response_right
        return left is not None and right is not None and left.strip() == right.strip()

    @property
    def longer_on_left(self) -> bool | None:
        """Whether the left answer has more characters; None if unknown or equal."""
        left, right = self.response_left, self.response_right
        if left is None or right is None or len(left) == len(right):
            return None
        return len(left) > len(right)

    @property
    def item(self) -> Item:
        """Question, pair of systems and criterion."""
        return self.question_id, self.systems, self.criterion


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Votes that count in no rate, each under the first reason that applies.

    Attributes:
        judges: by a language model, where people voted too.
        identical: both answers were the same, where such votes are dropped.
        adaptive: the pair was chosen because of earlier votes; kept in the ranking.
        repeats: the same annotator had already voted on the item, sides as before.
        repeats_swapped: the same, sides exchanged; kept to measure consistency.
    """

    judges: int = 0
    identical: int = 0
    adaptive: int = 0
    repeats: int = 0
    repeats_swapped: int = 0

    @property
    def duplicates(self) -> int:
        """Votes by an annotator who had already voted on the item."""
        return self.repeats + self.repeats_swapped


@dataclass(frozen=True, slots=True)
class CountedVotes:
    """Votes that count, and those that do not.

    Attributes:
        votes: one per annotator and item: the first in time.
        exclusions: how many were left out, by reason.
        judges: votes by language models that stand beside people's.
        adaptive: votes on pairs chosen because of earlier votes.
        repeated: the vote that counts with a later one by the same annotator on the same item.
    """

    votes: tuple[Vote, ...]
    exclusions: Exclusions
    judges: tuple[Vote, ...] = ()
    adaptive: tuple[Vote, ...] = ()
    repeated: tuple[tuple[Vote, Vote], ...] = ()


def count_votes(votes: Sequence[Vote], *, drop_identical: bool = False) -> CountedVotes:
    """Leave out what would count twice or says nothing; the first vote in time counts.

    Without a time on every vote, votes are taken in the order given. A language model that changes
    its verdict with the sides has no preference: its vote on the item is a tie.
    """
    timed = all(vote.time is not None for vote in votes)
    ordered = sorted(votes, key=lambda vote: vote.time or "") if timed else list(votes)
    mixed = len({vote.automatic for vote in ordered}) == 2
    judges = [vote for vote in ordered if mixed and vote.automatic]
    people = [vote for vote in ordered if not (mixed and vote.automatic)]
    differing = [vote for vote in people if not (drop_identical and vote.identical)]
    adaptive = [vote for vote in differing if vote.adaptive]
    first, repeated = _first_votes(vote for vote in differing if not vote.adaptive)
    swapped = sum(before.system_left != again.system_left for before, again in repeated)
    return CountedVotes(
        tuple(_settled(first, repeated)),
        Exclusions(
            judges=len(judges),
            identical=len(people) - len(differing),
            adaptive=len(adaptive),
            repeats=len(repeated) - swapped,
            repeats_swapped=swapped,
        ),
        tuple(judges),
        tuple(adaptive),
        tuple(repeated),
    )


def by_item(votes: Iterable[Vote]) -> dict[Item, list[Vote]]:
    """The votes on each item, in the order given."""
    items: dict[Item, list[Vote]] = {}
    for vote in votes:
        items.setdefault(vote.item, []).append(vote)
    return items


def by_pair(votes: Iterable[Vote]) -> dict[Pair, list[Vote]]:
    """The votes on each pair of systems, pairs in alphabetical order."""
    pairs: dict[Pair, list[Vote]] = {}
    for vote in votes:
        pairs.setdefault(vote.systems, []).append(vote)
    return dict(sorted(pairs.items()))


def only_criterion(votes: Sequence[Vote], criterion: str | None) -> tuple[Vote, ...]:
    """The votes on one criterion; the choice may be left out where there is only one.

    Raises:
        VotesError: naming the criteria there are.
    """
    found = sorted({vote.criterion or "" for vote in votes})
    if criterion is None and len(found) <= 1:
        return tuple(votes)
    named = ", ".join(name or "(none)" for name in found)
    if criterion is None:
        raise VotesError(f"votes are on {len(found)} criteria; choose one of {named}")
    if criterion not in found:
        raise VotesError(f"no vote is on the criterion {criterion!r}; expected one of {named}")
    return tuple(vote for vote in votes if vote.criterion == criterion)


def _first_votes(votes: Iterable[Vote]) -> tuple[list[Vote], list[tuple[Vote, Vote]]]:
    """Each annotator's first vote on each item, and later ones beside it."""
    first: dict[object, Vote] = {}
    repeated = []
    for vote in votes:
        before = first.setdefault((vote.annotator, *vote.item), vote)
        if before is not vote:
            repeated.append((before, vote))
    return list(first.values()), repeated


def _settled(first: list[Vote], repeated: list[tuple[Vote, Vote]]) -> Iterator[Vote]:
    """The votes, with a tie for a language model whose other order said something else."""
    undecided = {
        id(before)
        for before, again in repeated
        if before.automatic
        and before.system_left != again.system_left
        and before.outcome is not again.outcome
    }
    for vote in first:
        yield replace(vote, verdict=Verdict.TIE) if id(vote) in undecided else vote


def _ordered(one: str, other: str) -> Pair:
    return (one, other) if one < other else (other, one)
