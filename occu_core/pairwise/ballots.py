"""What an annotator is handed, and what they hand back; no name of a system is among it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from occu_core.pairwise.store_refusals import BallotError
from occu_core.pairwise.studies import Criterion, Expertise, StudySettings, StudyState
from occu_core.pairwise.votes import Verdict

MOST_COMMENT = 5_000


class SkipReason(StrEnum):
    """Why an annotator passes a pair over."""

    NOT_MY_FIELD = "not_my_field"
    UNCLEAR_QUESTION = "unclear_question"
    CANNOT_DECIDE = "cannot_decide"
    NOT_DISPLAYED = "not_displayed"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Annotator:
    """Who is signed in; keep it on the server's side of a session.

    Attributes:
        key: the store's own number of the annotator; means nothing outside the store.
        study: the study's name.
        number: within the study, from 1; what exports call them.
    """

    key: int
    study: str
    number: int
    field: str | None = None
    expertise: Expertise | None = None
    consented: bool = False


@dataclass(frozen=True, slots=True)
class Invitation:
    """A fresh secret for one annotator; the store keeps only its digest, so show it now."""

    token: str
    annotator: Annotator


@dataclass(frozen=True, slots=True)
class StudyView:
    """What an annotator may know of a study before and while voting.

    Attributes:
        needs_consent: whether `consent` must be called before `next`.
    """

    title: str
    state: StudyState
    guidelines: str
    consent: str
    needs_consent: bool
    criteria: tuple[Criterion, ...]
    ask_acceptable: bool
    allow_ties: bool
    allow_both_bad: bool
    minimum_seconds: float
    demo: bool


@dataclass(frozen=True, slots=True)
class Presented:
    """One pair to vote on.

    Attributes:
        id: opaque and unguessable; the same after a reload until it is answered.
        number: which one this is for the annotator, from 1.
        total: how many there will be at most.
        practice: whether this is practice, which counts for nothing.
        seconds_left: of the minimum viewing time; 0 once a vote is taken.
        may_undo: whether there is a vote to take back.
    """

    id: str
    question: str
    left: str
    right: str
    number: int
    total: int
    practice: bool = False
    seconds_left: float = 0.0
    may_undo: bool = False


@dataclass(frozen=True, slots=True)
class Rest:
    """There is no pair for the annotator now.

    Attributes:
        finished: whether there will be none; False while others hold pairs that may come back.
        retry_seconds: when to ask again, if not finished.
        completion_code: to be shown when finished, where the study has one.
        done: how many the annotator answered.
        may_undo: whether there is a vote to take back.
    """

    finished: bool
    retry_seconds: float | None = None
    completion_code: str | None = None
    done: int = 0
    may_undo: bool = False


@dataclass(frozen=True, slots=True)
class Ballot:
    """An annotator's answer: a verdict for each criterion, by sides.

    Attributes:
        verdicts: `(criterion name, verdict)`, one for each criterion of the study.
        acceptable_left: "is it good enough?", where the study asks.
    """

    verdicts: tuple[tuple[str, Verdict], ...]
    acceptable_left: bool | None = None
    acceptable_right: bool | None = None
    comment: str = ""

    def __post_init__(self) -> None:
        if len(self.comment) > MOST_COMMENT or "\x00" in self.comment:
            raise BallotError(
                f"the comment has {len(self.comment):,} characters; expected at most"
                f" {MOST_COMMENT:,}, none of them NUL"
            )

    def checked(self, settings: StudySettings) -> Ballot:
        """The ballot with verdicts in the study's order.

        Raises:
            BallotError: naming what is missing, unknown or not allowed.
        """
        given = dict(self.verdicts)
        asked = [criterion.name for criterion in settings.criteria]
        if sorted(given) != sorted(asked) or len(given) != len(self.verdicts):
            found = ", ".join(name[:40] for name, _ in self.verdicts) or "none"
            raise BallotError(f"verdicts are on {found}; expected one each on {', '.join(asked)}")
        refused = {
            Verdict.TIE: not settings.allow_ties,
            Verdict.BOTH_BAD: not settings.allow_both_bad,
        }
        for name, verdict in given.items():
            if refused.get(verdict):
                raise BallotError(f"{name}: {verdict} is not allowed in this study")
        answered = [side is not None for side in (self.acceptable_left, self.acceptable_right)]
        if answered != [settings.ask_acceptable] * 2:
            wanted = "yes or no for both sides" if settings.ask_acceptable else "no answer"
            raise BallotError(f"whether each answer is acceptable: expected {wanted}")
        ordered = tuple((name, Verdict(given[name])) for name in asked)
        return Ballot(ordered, self.acceptable_left, self.acceptable_right, self.comment)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A vote that is safely stored.

    Attributes:
        presentation_id: what was voted on.
        done: how many the annotator answered with this one.
        expected: of practice items: the side or verdict that was expected, else None.
        explanation: of practice items, why.
    """

    presentation_id: str
    done: int
    expected: Verdict | None = None
    explanation: str | None = None
