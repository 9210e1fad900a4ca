"""Studies small enough to know by heart, and annotators who answer them."""

from __future__ import annotations

from occu_core.pairwise.ballots import Annotator, Ballot, Presented, Receipt, Rest
from occu_core.pairwise.store import Store
from occu_core.pairwise.studies import ItemKind, Response, StudyQuestion, StudySettings
from occu_core.pairwise.votes import Verdict

OPEN = StudySettings(minimum_seconds=0.0)


class Clock:
    """Time that passes when a test says so."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def question(number: int, systems: tuple[str, ...] = ("alto", "bass"), **about) -> StudyQuestion:
    """Question `q3` with answers such as `alto's 3`."""
    answers = tuple(Response(system, f"{system}'s {number}") for system in systems)
    return StudyQuestion(f"q{number}", f"Question {number}?", answers, **about)


def questions(count: int, systems: tuple[str, ...] = ("alto", "bass")) -> list[StudyQuestion]:
    """Main questions from 0."""
    return [question(number, systems) for number in range(count)]


def gold(number: int, expected: str, kind: ItemKind = ItemKind.GOLD) -> StudyQuestion:
    """A question with a known answer."""
    return question(number, kind=kind, expected=expected)


def launched(
    store: Store,
    content: list[StudyQuestion],
    settings: StudySettings = OPEN,
    name: str = "study",
) -> str:
    """The name of an open study. Its answers name their systems, so that tests can tell them."""
    store.create(name, "A study", content, settings)
    store.launch(name, allow_leaks=True)
    return name


def annotator(store: Store, study: str = "study", **about) -> Annotator:
    """Somebody invited and signed in."""
    return store.sign_in(store.invite(study, **about).token)


def ballot(verdict: Verdict = Verdict.LEFT, comment: str = "") -> Ballot:
    """An answer to the overall criterion."""
    return Ballot((("overall", verdict),), comment=comment)


def shown(store: Store, who: Annotator) -> Presented:
    """The pair an annotator has to vote on now."""
    pair = store.next(who)
    assert isinstance(pair, Presented), pair
    return pair


def vote(store: Store, who: Annotator, verdict: Verdict = Verdict.LEFT) -> Receipt:
    """Vote on the next pair."""
    return store.cast(who, shown(store, who).id, ballot(verdict))


def answer_all(store: Store, who: Annotator, verdict: Verdict = Verdict.LEFT) -> list[Presented]:
    """Vote on everything there is; gives what was shown."""
    seen = []
    while not isinstance(pair := store.next(who), Rest):
        seen.append(pair)
        store.cast(who, pair.id, ballot(verdict))
    return seen
