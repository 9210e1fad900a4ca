"""Reports as plotly figures: leaderboards, differences, reliability, groups and experiments.

A dot is an estimate and the line through it its 95% interval. Every figure names its rows.
"""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from occu_core.evaluation.ranking import ranked
from occu_core.evaluation.report_files import Leaderboard
from occu_core.evaluation.report_numbers import share, with_interval
from occu_core.evaluation.report_words import difference
from occu_core.evaluation.reports import (
    Calibration,
    Comparison,
    Curve,
    ExperimentPoint,
    Interval,
    MembershipReport,
    ModelReport,
    Part,
)
from occu_core.figures.drawing import (
    DIFFERENT_JOB,
    GRID,
    GROUP,
    NO_WORK,
    SAME_JOB,
    STUDYING,
    Chart,
    finish,
    percent,
    shorten,
)
from occu_core.figures.estimates import (
    NAME_LENGTH,
    Dot,
    axis_title,
    dots_figure,
    ends_of,
    perplexity_axis,
    thin_line,
    whiskers,
    wrapped,
)

INTERVALS = "Lines are 95% intervals over blocks of neighbouring workers."
LINES = (SAME_JOB, DIFFERENT_JOB, STUDYING, GROUP, NO_WORK)
_SHORT = 12  # characters that fit below a tick


def leaderboard(board: Leaderboard, part: Part = Part.ALL, *, normalised: bool = False) -> Chart:
    """A model's perplexity in each row, the lowest on top and in another colour."""
    dots = [
        Dot(report.provenance.title, interval, with_interval(interval), GROUP if k else SAME_JOB)
        for k, (report, interval) in enumerate(ranked(board, part, normalised=normalised))
    ]
    kind = "Normalised" if normalised else "Raw"
    caption = f"{kind} perplexity, {board.rows_label}. Lower is better. {INTERVALS}"
    words = "; ".join(f"{dot.name} {dot.words}" for dot in dots)
    return Chart(dots_figure(dots, caption), f"{kind} perplexity, lowest first: {words}.")


def differences(comparisons: Sequence[Comparison]) -> Chart:
    """How far the first model of each pair is below (left) or above the second, in percent."""
    dots = [
        Dot(
            f"{c.title_a} vs {c.title_b}",
            c.difference_percent,
            f"{c.difference_percent.value:+.1f}%".replace("-", "−"),
            _side_colour(c.difference_percent),
        )
        for c in comparisons
    ]
    caption = (
        f"Perplexity of the first against the second, {comparisons[0].rows_label}; left of the"
        f" dotted line the first is better. {INTERVALS}"
    )
    words = "; ".join(f"{d.name}: {difference(d.interval)}" for d in dots)
    figure = dots_figure(dots, caption, reference=0.0, suffix="%")
    return Chart(figure, f"Differences in perplexity: {words}.")


def subgroups(report: ModelReport, by: str) -> Chart:
    """The perplexity of each group of one characteristic, in the report's order."""
    dots = [
        Dot(s.group, s.perplexity, with_interval(s.perplexity), GROUP)
        for s in report.subgroups
        if s.by == by
    ]
    about = report.provenance
    caption = f"Raw perplexity of {about.title}, {about.rows_label}. {INTERVALS}"
    words = "; ".join(f"{dot.name} {dot.words}" for dot in dots)
    return Chart(dots_figure(dots, caption), f"Raw perplexity of {about.title} by group: {words}.")


def memberships(reports: Sequence[MembershipReport]) -> Chart:
    """How often each model's losses tell a training worker from a test worker."""
    dots = [
        Dot(
            f"{r.provenance.title}, {r.provenance.data}",
            r.attack_auc,
            share(r.attack_auc),
            _side_colour(r.attack_auc, 0.5),
        )
        for r in reports
    ]
    caption = "Chance of telling a training worker from a test worker; 50% (dotted) is a coin."
    words = "; ".join(f"{dot.name} {dot.words}" for dot in dots)
    figure = dots_figure(dots, caption, reference=0.5, shares=True)
    return Chart(figure, f"Chance of telling training workers: {words}.")


def reliability(report: ModelReport, found: Calibration, event: str) -> Chart:
    """What was predicted against what came true; on the dotted line both are equal."""
    points = found.points
    figure = go.Figure()
    ends = [
        min([p.predicted for p in points] + [ends_of(p.observed)[0] for p in points]),
        max([p.predicted for p in points] + [ends_of(p.observed)[1] for p in points]),
    ]
    pad = 0.05 * (ends[1] - ends[0]) or 0.05
    span = [max(0.0, ends[0] - pad), min(1.0, ends[1] + pad)]
    figure.add_scatter(x=span, y=span, mode="lines", line=thin_line(), hoverinfo="skip")
    figure.add_scatter(
        x=[p.predicted for p in points],
        y=[p.observed.value for p in points],
        error_y=whiskers([p.observed for p in points], SAME_JOB),
        mode="lines+markers",
        line={"color": SAME_JOB, "width": 1.5},
        marker={"color": SAME_JOB, "size": 7},
        customdata=[[percent(p.predicted), share(p.observed), f"{p.count:,}"] for p in points],
        hovertemplate=(
            "said %{customdata[0]}<br>came true %{customdata[1]}<br>%{customdata[2]} predictions"
            "<extra></extra>"
        ),
    )
    axis = {"range": span, "tickformat": ".0%", "nticks": 6, "gridcolor": GRID, "zeroline": False}
    figure.update_xaxes(**axis, title=axis_title("predicted chance"))
    figure.update_yaxes(**axis, title=axis_title("came true"))
    caption = f"{report.provenance.title}, {report.provenance.rows_label}. {INTERVALS}"
    finish(figure, wrapped(caption), height=300, top=10, left=56, below=52)
    words = "; ".join(f"{percent(p.predicted)} came true {share(p.observed)}" for p in points)
    return Chart(figure, f"{report.provenance.title}, predicted chance of {event}: {words}.")


def experiment(curve: Curve) -> Chart:
    """One experiment: lines where its conditions have an order, rows where they have none."""
    lines: dict[str, list[ExperimentPoint]] = {}
    for point in curve.points:
        lines.setdefault(point.model, []).append(point)
    ordered = all(point.x is not None for point in curve.points)
    caption = f"{curve.y_label.capitalize()}, {curve.rows_label}. {INTERVALS}"
    figure = (
        _curves(curve, lines, caption)
        if ordered and len({point.x for point in curve.points}) > 1
        else dots_figure(_conditions(lines), caption)
    )
    words = "; ".join(f"{p.model}, {p.label} {with_interval(p.value)}" for p in curve.points)
    return Chart(figure, f"{curve.title}, {curve.y_label}: {words}.")


def _conditions(lines: dict[str, list[ExperimentPoint]]) -> list[Dot]:
    return [
        Dot(
            point.label if len(lines) == 1 else f"{name}, {point.label}",
            point.value,
            with_interval(point.value),
            LINES[k % len(LINES)] if len(lines) > 1 else GROUP,
        )
        for k, (name, points) in enumerate(lines.items())
        for point in points
    ]


def _curves(curve: Curve, lines: dict[str, list[ExperimentPoint]], caption: str) -> go.Figure:
    """A line for each model over the conditions, in words below them where these are short."""
    labels = {p.x: p.label for p in curve.points if p.x is not None}
    places = sorted(labels)
    worded = all(len(text) <= _SHORT for text in labels.values())
    x_of = {x: float(places.index(x)) if worded else x for x in places}
    figure = go.Figure()
    for k, (name, points) in enumerate(lines.items()):
        colour = LINES[k % len(LINES)]
        known = sorted((x_of[p.x], p) for p in points if p.x is not None)
        figure.add_scatter(
            name=html.escape(shorten(name, 2 * NAME_LENGTH)),
            x=[x for x, _ in known],
            y=[p.value.value for _, p in known],
            error_y=whiskers([p.value for _, p in known], colour),
            mode="lines+markers",
            line={"color": colour, "width": 2, "dash": ("solid", "dash", "dot")[k % 3]},
            marker={"color": colour, "size": 8},
            customdata=[[html.escape(p.label), with_interval(p.value)] for _, p in known],
            hovertemplate="%{customdata[0]}: %{customdata[1]}<extra></extra>",
        )
    texts = [html.escape(labels[x]).replace(" ", "<br>") if worded else f"{x:g}" for x in places]
    ends = [x_of[places[0]], x_of[places[-1]]]
    pad = 0.08 * (ends[1] - ends[0])
    figure.update_xaxes(
        range=[ends[0] - pad, ends[1] + pad],
        tickvals=[x_of[x] for x in places],
        ticktext=texts,
        tickangle=0,
        showgrid=False,
        zeroline=False,
        title=None if worded else axis_title(curve.x_label),
    )
    figure.update_yaxes(**perplexity_axis([p.value for p in curve.points]))
    several = len(lines) > 1
    figure.update_layout(
        legend={"orientation": "v", "x": 0, "y": 1.0, "yanchor": "bottom", "title": {"text": ""}}
    )
    top = 12 + (21 * len(lines) if several else 0)
    finish(figure, wrapped(caption), height=250, top=top, left=44, below=54)
    figure.update_layout(showlegend=several)
    return figure


def _side_colour(interval: Interval, reference: float = 0.0) -> str:
    """Teal below the reference, orange above it, grey where the interval holds it."""
    low, high = ends_of(interval)
    return SAME_JOB if high < reference else DIFFERENT_JOB if low > reference else NO_WORK
