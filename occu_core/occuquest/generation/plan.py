"""What is to be generated: for which occupations, how much, and what is held out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

MOST_OCCUPATIONS = 5_000
MOST_ITEMS = 1_000_000


class PlanError(ValueError):
    """A plan that cannot be carried out: names what is wrong and what is allowed."""


class Stage(StrEnum):
    """The steps from an occupation to what is asked and answered about it, in order."""

    RESPONSIBILITIES = "responsibilities"
    TOPICS = "topics"
    QUESTIONS = "questions"
    ANSWERS = "answers"
    DIALOGUES = "dialogues"


@dataclass(frozen=True, slots=True)
class Subject:
    """An occupation to generate for, in one category."""

    occupation: str
    category: str


@dataclass(frozen=True, slots=True)
class Sizes:
    """How much to ask for. `turns` is how often each side speaks in a dialogue."""

    responsibilities: int = 4
    topics: int = 3
    questions: int = 2
    dialogues: int = 1
    turns: int = 3

    def __post_init__(self) -> None:
        for name, low, high in (
            ("responsibilities", 1, 20),
            ("topics", 1, 20),
            ("questions", 0, 20),
            ("dialogues", 0, 20),
            ("turns", 2, 8),
        ):
            value = getattr(self, name)
            if not low <= value <= high:
                raise PlanError(f"{name} is {value}; expected {low}–{high}")
        if not self.questions and not self.dialogues:
            raise PlanError("neither questions nor dialogues are asked for; expected either")

    @property
    def most_dialogues(self) -> int:
        """Dialogues of an occupation: never two on one topic."""
        return min(self.dialogues, self.responsibilities * self.topics)

    def calls(self) -> dict[Stage, int]:
        """How many calls each stage takes for one occupation, where nothing is left out."""
        topics = self.responsibilities * self.topics
        return {
            Stage.RESPONSIBILITIES: 1,
            Stage.TOPICS: self.responsibilities,
            Stage.QUESTIONS: topics if self.questions else 0,
            Stage.ANSWERS: topics * self.questions,
            Stage.DIALOGUES: self.most_dialogues,
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A data set to be generated; the same plan and replies give the same items.

    `hold_out` names a category whose items are kept out of training, validation and test.
    """

    subjects: tuple[Subject, ...]
    sizes: Sizes = Sizes()
    hold_out: str | None = None
    seed: int = 0
    english_only: bool = True

    def __post_init__(self) -> None:
        if not self.subjects:
            raise PlanError("there is no occupation to generate for")
        if len(self.subjects) > MOST_OCCUPATIONS:
            raise PlanError(
                f"{len(self.subjects):,} occupations; expected at most {MOST_OCCUPATIONS:,}"
            )
        if self.most_items > MOST_ITEMS:
            raise PlanError(f"{self.most_items:,} items; expected at most {MOST_ITEMS:,}")
        if self.hold_out is not None and self.hold_out not in self.categories:
            names = ", ".join(self.categories)
            raise PlanError(f"no occupation is in {self.hold_out!r} to hold out; there are {names}")

    @property
    def categories(self) -> tuple[str, ...]:
        """The categories, in order of appearance."""
        return tuple(dict.fromkeys(subject.category for subject in self.subjects))

    @property
    def most_items(self) -> int:
        """Items if nothing is left out."""
        calls = self.calls()
        return calls[Stage.ANSWERS] + calls[Stage.DIALOGUES]

    def calls(self) -> dict[Stage, int]:
        """How many calls each stage takes, where nothing is left out."""
        return {stage: calls * len(self.subjects) for stage, calls in self.sizes.calls().items()}
