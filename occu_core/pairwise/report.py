"""All that votes can say of two or more systems, in one report anyone can compute again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version

from occu_core.pairwise.agreement import Agreement, agreement
from occu_core.pairwise.clustered import CONFIDENCE, Rate
from occu_core.pairwise.equivalence import Equivalence, equivalence
from occu_core.pairwise.habits import Habits, annotator_habits, habits, side_warnings
from occu_core.pairwise.judging_people import JudgeBesidePeople, judges_beside_people
from occu_core.pairwise.length_control import LengthControlled, length_controlled
from occu_core.pairwise.looking_early import Early, MoreVotes, looking_early, more_votes
from occu_core.pairwise.ranking import Ranking, ranking
from occu_core.pairwise.votes import (
    CountedVotes,
    Exclusions,
    Outcome,
    Pair,
    Vote,
    VotesError,
    by_item,
    by_pair,
    count_votes,
    only_criterion,
)
from occu_core.pairwise.win_rates import (
    Groups,
    PairRates,
    all_pair_rates,
    expertise,
    grouped,
    rate_of,
)

SEED = 1
MARGIN = 0.05
MOST_DISAGREEMENTS = 50
_FEW_ANNOTATORS, _FEW_QUESTIONS = 5, 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What a report was made with; the same votes and settings give the same report.

    Attributes:
        margin: of the equivalence test, and the ± that "more votes" aims at.
        criterion: the one reported; None where votes name none.
        drop_identical: whether votes on identical answers are left out; as cast, they count.
    """

    seed: int = SEED
    margin: float = MARGIN
    criterion: str | None = None
    drop_identical: bool = False
    confidence: float = CONFIDENCE

    def __post_init__(self) -> None:
        if not 0 < self.margin < 0.5:
            raise ValueError(f"margin {self.margin} is not between 0 and 0.5")


@dataclass(frozen=True, slots=True)
class Counted:
    """How many votes, items and annotators there are."""

    votes: int
    items: int
    annotators: int

    @classmethod
    def of(cls, votes: Sequence[Vote]) -> Counted:
        """Count some votes."""
        return cls(len(votes), len(by_item(votes)), len({vote.annotator for vote in votes}))


@dataclass(frozen=True, slots=True)
class Disagreement:
    """An item on which people preferred different sides, to be read."""

    question_id: str
    systems: Pair
    first: int
    second: int
    undecided: int


@dataclass(frozen=True, slots=True)
class StudyReport:
    """Everything about one set of votes.

    Attributes:
        given: all votes on the criterion; `counted` are those left after `exclusions`.
        consistency: of repeats, how many gave the same verdict by system as the vote that counts.
        warnings: what a reader must know before quoting a number.
        version: of the software.
    """

    given: Counted
    counted: Counted
    exclusions: Exclusions
    pairs: tuple[PairRates, ...]
    overall: Habits
    by_annotator: tuple[Habits, ...]
    agreement: Agreement
    consistency: Rate | None
    by_category: Groups
    by_expertise: Groups
    ranking: Ranking | None
    length_controlled: tuple[LengthControlled, ...]
    equivalence: tuple[Equivalence, ...]
    early: tuple[Early, ...]
    more_votes: tuple[MoreVotes, ...]
    judges: tuple[JudgeBesidePeople, ...]
    disagreements: tuple[Disagreement, ...]
    warnings: tuple[str, ...]
    settings: Settings
    version: str


def study_report(votes: Sequence[Vote], settings: Settings | None = None) -> StudyReport:
    """Report on votes.

    Raises:
        VotesError: if no vote counts, or if they are on several criteria and none was chosen.
    """
    settings = settings or Settings()
    chosen = only_criterion(votes, settings.criterion)
    kept = count_votes(chosen, drop_identical=settings.drop_identical)
    if not kept.votes:
        raise VotesError(f"none of {len(chosen)} votes counts: {_reasons(kept.exclusions)}")
    counted, pairs, seed = kept.votes, by_pair(kept.votes).values(), settings.seed
    return StudyReport(
        given=Counted.of(chosen),
        counted=Counted.of(counted),
        exclusions=kept.exclusions,
        pairs=all_pair_rates(counted),
        overall=habits(counted),
        by_annotator=annotator_habits(counted),
        agreement=agreement(counted, seed=seed),
        consistency=_consistency(kept),
        by_category=grouped(counted, lambda vote: vote.category),
        by_expertise=grouped(counted, expertise),
        ranking=ranking([*counted, *kept.adaptive], seed=seed),
        length_controlled=tuple(filter(None, map(length_controlled, pairs))),
        equivalence=tuple(filter(None, (equivalence(pair, settings.margin) for pair in pairs))),
        early=tuple(looking_early(pair) for pair in pairs),
        more_votes=tuple(more_votes(pair, settings.margin) for pair in pairs),
        judges=judges_beside_people(kept.judges, counted, seed),
        disagreements=_disagreements(counted),
        warnings=_warnings(kept),
        settings=settings,
        version=_version(),
    )


def _reasons(exclusions: Exclusions) -> str:
    return (
        f"{exclusions.identical} on identical answers, {exclusions.adaptive} on adaptively chosen"
        f" pairs, {exclusions.repeats + exclusions.repeats_swapped} repeats"
    )


def _consistency(kept: CountedVotes) -> Rate | None:
    again = [after for _, after in kept.repeated]
    return rate_of(again, [before.outcome is after.outcome for before, after in kept.repeated])


def _disagreements(votes: Sequence[Vote]) -> tuple[Disagreement, ...]:
    """The most evenly split items first; at most 50."""
    found = []
    for (question, systems, _), item in by_item(votes).items():
        first = sum(vote.outcome is Outcome.FIRST for vote in item)
        second = sum(vote.outcome is Outcome.SECOND for vote in item)
        if first and second:
            left = len(item) - first - second
            found.append(Disagreement(question, systems, first, second, left))
    found.sort(key=lambda one: (-min(one.first, one.second), one.question_id, one.systems))
    return tuple(found[:MOST_DISAGREEMENTS])


def _warnings(kept: CountedVotes) -> tuple[str, ...]:
    votes = kept.votes
    people, questions = ({getattr(v, of) for v in votes} for of in ("annotator", "cluster"))
    found = [*side_warnings(votes)]
    if all(vote.automatic for vote in votes):
        found.append("every vote is a language model's, not a person's")
    if len(people) == 1:
        found.append("one annotator: the intervals say nothing of what other people would choose")
    elif len(people) < _FEW_ANNOTATORS:
        found.append(f"{len(people)} annotators are few to speak for people in general")
    if len(questions) < _FEW_QUESTIONS:
        found.append(f"{len(questions)} questions are few to speak for questions in general")
    identical = sum(vote.identical for vote in votes)
    if identical:
        found.append(f"{identical} votes are on identical answers: ties or chance; they count")
    return tuple(found)


def _version() -> str:
    try:
        return version("occuscope")
    except PackageNotFoundError:
        return "unknown"
