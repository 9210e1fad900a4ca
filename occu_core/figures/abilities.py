"""How models do at one general task, beside guessing."""

from __future__ import annotations

from occu_core.evaluation.ability import AbilityBoard
from occu_core.evaluation.report_numbers import share
from occu_core.figures.drawing import GROUP, SAME_JOB, Chart
from occu_core.figures.estimates import Dot, dots_figure


def abilities(board: AbilityBoard) -> Chart:
    """A model's score in each row, the best on top and in another colour."""
    dots = [
        Dot(report.title, score.score, share(score.score), GROUP if k else SAME_JOB)
        for k, (report, score) in enumerate(board.rows)
    ]
    guessing = "" if board.chance is None else f" Guessing scores {board.chance:.0%} (dotted)."
    caption = f"{board.label}. Higher is better.{guessing} Lines are 95% intervals over items."
    words = "; ".join(f"{dot.name} {dot.words}" for dot in dots)
    figure = dots_figure(dots, caption, reference=board.chance, shares=True)
    return Chart(figure, f"Score at {board.label}, highest first: {words}.{guessing}")
