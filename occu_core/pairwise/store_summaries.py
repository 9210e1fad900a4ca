"""What a study's maker reads of it: how far it is, who did how well, what annotators said."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from occu_core.pairwise.store_lookup import EventKind
from occu_core.pairwise.studies import Expertise, StudySettings, StudyState
from occu_core.pairwise.votes import Pair


@dataclass(frozen=True, slots=True)
class StudySummary:
    """A study at a glance.

    Attributes:
        pairs: of answers that are compared; `identical` were dropped.
        planned: votes that end the study; `votes` are those on main items so far.
    """

    name: str
    title: str
    state: StudyState
    settings: StudySettings
    systems: tuple[str, ...]
    pairs: int
    identical: int
    planned: int
    votes: int
    added_votes: int
    annotators: int
    created: float
    version: str


@dataclass(frozen=True, slots=True)
class Tally:
    """Votes on two systems so far, by the main criterion; `first` is first in the alphabet."""

    systems: Pair
    first_wins: int
    second_wins: int
    ties: int
    both_bad: int


@dataclass(frozen=True, slots=True)
class AnnotatorQuality:
    """One annotator's work; of gold, attention and repeats: how many were right, of how many.

    Attributes:
        label: the maker's note of who it is, or the nickname; not for exports.
        repeats_same: repeats with the same verdict by system as before, on the main criterion.
        median_seconds: of main items; None without any.
    """

    number: int
    label: str
    field: str | None
    expertise: Expertise | None
    revoked: bool
    votes: int
    skipped: int
    reported: int
    gold_right: int
    gold: int
    attention_passed: int
    attention: int
    repeats_same: int
    repeats: int
    median_seconds: float | None


@dataclass(frozen=True, slots=True)
class Note:
    """Something an annotator said of a pair; `kind` is voted, skipped or reported."""

    kind: EventKind
    annotator: int
    question_id: str
    systems: Pair
    reason: str | None
    text: str
    time: float


@dataclass(frozen=True, slots=True)
class Event:
    """One line of the event log."""

    time: float
    kind: EventKind
    annotator: int | None
    presentation_id: str | None
    details: Mapping[str, object]
