"""Win rates, strengths, habits and agreement of a study as figures."""

from __future__ import annotations

from collections.abc import Sequence

from occu_core.evaluation.reports import Interval
from occu_core.figures.drawing import (
    DIFFERENT_JOB,
    GROUP,
    SAME_JOB,
    Chart,
    percent,
)
from occu_core.figures.estimates import Dot, dots_figure
from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.habits import Habits
from occu_core.pairwise.report import StudyReport

_CLUSTERED = "95% intervals clustered by question and annotator"


def win_rates(report: StudyReport, *, half_ties: bool = False) -> Chart:
    """Each pair's win rate with its clustered interval; a half is as good as each other."""
    rates = [pair.half_ties if half_ties else pair.win_rate for pair in report.pairs]
    names = [f"{a} wins against {b}" for a, b in (pair.systems for pair in report.pairs)]
    counted = "a tie or both bad is half a win" if half_ties else "wins over all votes"
    dots = [_dot(name, rate) for name, rate in zip(names, rates, strict=True)]
    caption = f"{counted}; {_CLUSTERED}; {report.counted.votes:,} votes"
    reference = 0.5 if half_ties else None
    figure = dots_figure(dots, caption, reference=reference, shares=True)
    return Chart(figure, f"Win rates: {_listed(dots)}. {caption}.")


def strengths(report: StudyReport) -> Chart | None:
    """Bradley–Terry strengths, the strongest first; None without a ranking."""
    if report.ranking is None:
        return None
    dots = [
        Dot(
            one.system,
            Interval(one.log_strength, one.low, one.high),
            f"{one.log_strength:+.2f}" + _ranks(one.best_rank, one.worst_rank),
        )
        for one in report.ranking.systems
    ]
    caption = (
        "log strength against the mean of all systems (Bradley–Terry, ties by Newman);"
        f" 95% bootstrap intervals over questions; {report.ranking.votes:,} votes"
    )
    figure = dots_figure(dots, caption, reference=0.0)
    return Chart(figure, f"Strengths: {_listed(dots)}. {caption}.")


def habit_dots(habits: Sequence[Habits]) -> Chart:
    """How often the left and the longer answer were chosen, overall or by annotator."""
    dots = [
        _dot(f"{one.annotator or 'Everyone'}: {name}", rate, colour)
        for one in habits
        for name, rate, colour in (
            ("left answer", one.left, SAME_JOB),
            ("longer answer", one.longer, DIFFERENT_JOB),
        )
        if rate is not None
    ]
    caption = f"shares of decided votes; the line is no habit; {_CLUSTERED}"
    figure = dots_figure(dots, caption, reference=0.5, shares=True)
    return Chart(figure, f"Habits: {_listed(dots)}. {caption}.")


def agreement(report: StudyReport) -> Chart | None:
    """Raw agreement and Krippendorff's α; None where no item has two votes."""
    found = report.agreement
    if found.raw is None:
        return None
    dots = [
        Dot("raw agreement", Interval(found.raw, found.raw_low, found.raw_high), f"{found.raw:.2f}")
    ]
    if found.alpha is not None:
        ends = Interval(found.alpha, found.low, found.high)
        dots.append(Dot("Krippendorff's α", ends, f"{found.alpha:.2f}"))
    caption = (
        f"{found.overlap:,} items with two or more votes; 95% bootstrap intervals over questions;"
        " α is 0 by chance and 1 when all agree"
    )
    return Chart(
        dots_figure(dots, caption, reference=0.0), f"Agreement: {_listed(dots)}. {caption}."
    )


def _dot(name: str, rate: Rate, colour: str = GROUP) -> Dot:
    words = f"{percent(rate.value)} ({rate.above:g}/{rate.below})"
    return Dot(name, Interval(rate.value, rate.low, rate.high), words, colour)


def _ranks(best: int | None, worst: int | None) -> str:
    if best is None:
        return ""
    return f" (rank {best})" if best == worst else f" (ranks {best}–{worst})"


def _listed(dots: Sequence[Dot]) -> str:
    """Every estimate with its interval, in words."""
    return "; ".join(f"{dot.name} {dot.words}{_ends(dot.interval)}" for dot in dots)


def _ends(interval: Interval) -> str:
    if interval.low is None or interval.high is None:
        return ""
    return f", from {interval.low:.3g} to {interval.high:.3g}"
