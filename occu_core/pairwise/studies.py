"""A study of answers compared in pairs: what is asked, of whom, how often and in which order."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from occu_core.pairwise.store_refusals import StudySettingsError

MOST_CHARACTERS = 100_000
MOST_QUESTIONS = 20_000
MOST_PLANNED = 1_000_000
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_CRITERION = re.compile(r"[a-z][a-z0-9_]{0,39}")


class StudyState(StrEnum):
    """A study is prepared, then takes votes, then takes no more."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"


class ItemKind(StrEnum):
    """Why an annotator is shown a pair; only `main` and `repeat` are votes on the systems.

    `repeat` is a main item shown again to the same annotator with sides swapped. `gold` items have
    a known answer, `attention` items one that nobody who reads can miss. `practice` comes first.
    """

    MAIN = "main"
    REPEAT = "repeat"
    GOLD = "gold"
    ATTENTION = "attention"
    PRACTICE = "practice"


class PairChoice(StrEnum):
    """How the next pair of systems is chosen where there are three systems or more."""

    BALANCED = "balanced"
    ADAPTIVE = "adaptive"


class Arm(StrEnum):
    """Why a pair was shown: by the balanced plan, by chance, or because it was uncertain so far."""

    PLANNED = "planned"
    RANDOM = "random"
    ADAPTIVE = "adaptive"


class Expertise(StrEnum):
    """How far an annotator knows the field of work."""

    STUDENT = "student"
    PRACTITIONER = "practitioner"
    EXPERT = "expert"


def _short_text(what: str, text: str, most: int) -> None:
    if len(text) > most:
        raise StudySettingsError(f"{what} has {len(text):,} characters; expected at most {most:,}")
    if "\x00" in text:
        raise StudySettingsError(f"{what} holds a NUL character, which is no text")


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing asked about a pair; `name` stands in files, `question` on the page."""

    name: str
    question: str

    def __post_init__(self) -> None:
        if not _CRITERION.fullmatch(self.name):
            raise StudySettingsError(
                f"criterion {self.name[:60]!r} is not a name; expected up to 40 small letters,"
                " digits and underscores, beginning with a letter"
            )
        _short_text("criterion question", self.question, 500)


OVERALL = Criterion("overall", "Which answer is better overall?")
HELPFUL = Criterion("helpful", "Which answer is more helpful?")
HONEST = Criterion("honest", "Which answer is more honest?")
HARMLESS = Criterion("harmless", "Which answer is less harmful?")
CRITERIA = (OVERALL, HELPFUL, HONEST, HARMLESS)


@dataclass(frozen=True, slots=True)
class StudySettings:
    """How a study is run; fixed once it is launched.

    Attributes:
        criteria: asked of every pair, the main one first.
        ask_acceptable: also ask of each side "is it good enough?", apart from which is better.
        overlap: votes wanted on each pair of answers, each by another annotator.
        per_annotator: the most main items one annotator is given; None for no limit.
        pairs_per_question: of three or more systems, how many pairs each question is planned for;
            None for all.
        random_share: of adaptive studies, the share of pairs chosen by chance.
        checks_every: one gold or attention item among so many main ones; 0 for none.
        repeats_every: one main item again with sides swapped after so many; 0 for none.
        minimum_seconds: from first shown to the first vote that is taken.
        lease_minutes: how long an unanswered pair is kept from others.
        open_joining: whether people may join with a nickname instead of an invitation.
        demo: whether the study may be reset, losing its votes.
        seed: of the plan: the same content, settings and seed give the same plan.
    """

    criteria: tuple[Criterion, ...] = (OVERALL,)
    ask_acceptable: bool = False
    allow_ties: bool = True
    allow_both_bad: bool = True
    overlap: int = 1
    per_annotator: int | None = None
    pairs_per_question: int | None = None
    pair_choice: PairChoice = PairChoice.BALANCED
    random_share: float = 0.2
    checks_every: int = 10
    repeats_every: int = 0
    minimum_seconds: float = 2.0
    lease_minutes: float = 30.0
    guidelines: str = ""
    consent: str = ""
    completion_code: str | None = None
    open_joining: bool = False
    demo: bool = False
    seed: int = 1

    def __post_init__(self) -> None:
        names = [criterion.name for criterion in self.criteria]
        if not names or len(set(names)) < len(names):
            found = ", ".join(names) or "none"
            raise StudySettingsError(f"criteria are {found}; expected one or more, each once")
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise StudySettingsError(f"{name} is {value}; expected {low:g} to {high:g}")
        for name in ("guidelines", "consent", "completion_code"):
            _short_text(name, getattr(self, name) or "", MOST_CHARACTERS)


_BOUNDS = (
    ("overlap", 1, 1_000),
    ("per_annotator", 1, 100_000),
    ("pairs_per_question", 1, 1_000),
    ("random_share", 0.0, 1.0),
    ("checks_every", 0, 10_000),
    ("repeats_every", 0, 10_000),
    ("minimum_seconds", 0.0, 600.0),
    ("lease_minutes", 0.01, 10_080.0),
    ("seed", 0, 2**31 - 1),
)


@dataclass(frozen=True, slots=True)
class Response:
    """What one system answered; `place` is where it stands in its file."""

    system: str
    text: str
    place: str = ""

    def __post_init__(self) -> None:
        where = self.place or "response"
        if not self.system.strip() or len(self.system) > 200:
            raise StudySettingsError(
                f"{where}: system {self.system[:60]!r} is not a name; expected 1–200 characters"
            )
        _short_text(f"{where}: response", self.text, MOST_CHARACTERS)


@dataclass(frozen=True, slots=True)
class StudyQuestion:
    """A question with the answers that are compared.

    Attributes:
        field: of work it is about; people of the field are given it first.
        group: questions that stand together, such as the turns of one conversation.
        expected: of practice, gold and attention items: the better system, or `tie`, `both_bad`.
        explanation: of practice items: shown after the vote.
    """

    question_id: str
    text: str
    responses: tuple[Response, ...]
    category: str | None = None
    field: str | None = None
    group: str | None = None
    kind: ItemKind = ItemKind.MAIN
    expected: str | None = None
    explanation: str | None = None
    place: str = ""

    def __post_init__(self) -> None:
        where = self.place or f"question {self.question_id[:60]!r}"
        if not self.question_id.strip():
            raise StudySettingsError(f"{where}: question_id is empty")
        for name, most in _LENGTHS:
            _short_text(f"{where}: {name}", getattr(self, name) or "", most)
        self._check_systems(where)
        self._check_expected(where)

    def _check_systems(self, where: str) -> None:
        systems = [response.system for response in self.responses]
        if twice := {system for system in systems if systems.count(system) > 1}:
            raise StudySettingsError(f"{where}: system {min(twice)!r} answers twice")
        few, checked = len(systems) < 2, self.kind is not ItemKind.MAIN
        if few or (checked and len(systems) != 2):
            wanted = "two" if checked else "two or more"
            named = ", ".join(systems) or "none"
            raise StudySettingsError(f"{where}: systems are {named}; expected {wanted}")

    def _check_expected(self, where: str) -> None:
        if self.kind is ItemKind.REPEAT:
            raise StudySettingsError(f"{where}: repeats are made by the study, not given")
        if self.expected is None and self.kind not in (ItemKind.GOLD, ItemKind.ATTENTION):
            return
        allowed = [*(response.system for response in self.responses), "tie", "both_bad"]
        if self.expected not in allowed:
            raise StudySettingsError(
                f"{where}: expected is {self.expected!r}; allowed: {', '.join(allowed)}"
            )


_LENGTHS = (
    ("question_id", 200),
    ("text", MOST_CHARACTERS),
    ("category", 200),
    ("field", 200),
    ("group", 200),
    ("explanation", MOST_CHARACTERS),
)


def check_name(name: str) -> str:
    """A study's name, which stands in links and on the command line.

    Raises:
        StudySettingsError: if it is not one.
    """
    if not _NAME.fullmatch(name):
        raise StudySettingsError(
            f"study name {name[:80]!r} is not allowed; expected up to 64 small letters, digits and"
            " dashes, beginning with a letter or digit"
        )
    return name
