"""How well a language model does at general tasks: what lm-evaluation-harness found, as records.

Scores are shares between 0 and 1, the higher the better. Only scores on the same items, asked in
the same way, are ever laid beside each other.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from occu_core.evaluation.reports import Interval


@dataclass(frozen=True, slots=True)
class AbilityScore:
    """One measure of one task, or of a group of tasks.

    Attributes:
        task: as the harness names it, such as `gsm8k`.
        measure: the harness's metric, with its filter where there is one.
        score: with its 95% interval over items: Wilson's where each item is right or wrong.
        items: how many items were asked.
        shots: solved examples before each item; None where a group's tasks differ.
        version: of the task, or of a group.
        chance: what guessing scores among given choices; None where the model writes its answer.
        part_of: the group that this task was asked in; None for what was asked by name.
        items_digest: the same for two scores if and only if the same items were asked.
    """

    task: str
    measure: str
    score: Interval
    items: int
    shots: int | None
    version: str
    chance: float | None
    part_of: str | None
    items_digest: str

    def __post_init__(self) -> None:
        shares = (self.score.value, self.score.low, self.score.high, self.chance)
        if not all(share is None or 0 <= share <= 1 for share in shares):
            raise ValueError(f"{self.task} {self.measure} is no share; expected 0 to 1")
        if self.items < 1:
            raise ValueError(f"{self.task} has {self.items} items; expected at least 1")


@dataclass(frozen=True, slots=True)
class AbilityReport:
    """One model's scores at the tasks of one run.

    Attributes:
        model: what was measured, as it was named to the command.
        title: what people read.
        weights: how its numbers are held, such as `float32`, or `4bit` for its base.
        harness: the harness and its version.
        chat: whether items were put as a user's turn in the model's chat template.
        seed: of the solved examples and of everything drawn.
        command: what to run to get this report.
    """

    model: str
    title: str
    weights: str
    harness: str
    chat: bool
    seed: int
    command: str
    scores: tuple[AbilityScore, ...]

    def __post_init__(self) -> None:
        if not self.scores:
            raise ValueError("has no scores; expected at least one")


@dataclass(frozen=True, slots=True)
class AbilityBoard:
    """Reports with a score at the same task, measured in the same way; the best first."""

    label: str
    rows: tuple[tuple[AbilityReport, AbilityScore], ...]

    @property
    def chance(self) -> float | None:
        """What guessing scores."""
        return self.rows[0][1].chance


def ability_boards(reports: Sequence[AbilityReport]) -> tuple[AbilityBoard, ...]:
    """A board for each task asked by name, measure and set of items, in the reports' order."""
    found: dict[tuple[object, ...], list[tuple[AbilityReport, AbilityScore]]] = {}
    for report in reports:
        for score in report.scores:
            if score.part_of is None:
                found.setdefault(_asked(report, score), []).append((report, score))
    labels = [_label(*rows[0]) for rows in found.values()]
    return tuple(
        AbilityBoard(
            f"{label}, items {rows[0][1].items_digest[:6]}" if labels.count(label) > 1 else label,
            tuple(sorted(rows, key=lambda row: -row[1].score.value)),
        )
        for label, rows in zip(labels, found.values(), strict=True)
    )


def _asked(report: AbilityReport, score: AbilityScore) -> tuple[object, ...]:
    """What two scores must share to be compared; few-shot examples are drawn by the seed."""
    seed = report.seed if score.shots != 0 else None
    way = (score.shots, score.version, report.chat, seed)
    return (score.task, score.measure, score.items_digest, report.harness, *way)


def _label(report: AbilityReport, score: AbilityScore) -> str:
    """Task and measure, and how it was asked, such as `gsm8k · exact_match, 5 shots, chat`."""
    shots = [] if score.shots is None else [f"{score.shots} shots"]
    how = [score.measure, *shots, *(["chat"] if report.chat else []), f"{score.items:,} items"]
    return f"{score.task} · {', '.join(how)}"
