"""How sure a prediction is as plotly figures: its track record, and coverage by group."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from occu_core.evaluation.report_numbers import share
from occu_core.evaluation.reports import Interval
from occu_core.explain.reliability import TrackRecord
from occu_core.explain.sure_records import Event, Measured, Measurement
from occu_core.explain.sure_words import track_record, who
from occu_core.figures.drawing import (
    DIFFERENT_JOB,
    GRID,
    GROUP,
    SAME_JOB,
    Chart,
    finish,
    percent,
)
from occu_core.figures.estimates import (
    Dot,
    axis_title,
    dots_figure,
    thin_line,
    whiskers,
    wrapped,
)


def track_record_figure(record: TrackRecord) -> Chart:
    """What was predicted against what came true for workers like this; now is the tall line."""
    curve = record.curve
    seen = [Interval(*ends) for ends in zip(curve.observed, curve.low, curve.high, strict=True)]
    figure = go.Figure()
    span = _span([*curve.predicted, *curve.low, *curve.high, record.predicted])
    figure.add_scatter(x=span, y=span, mode="lines", line=thin_line(), hoverinfo="skip")
    figure.add_scatter(
        x=[record.predicted] * 2,
        y=span,
        mode="lines",
        line={"color": DIFFERENT_JOB, "width": 2},
        hoverinfo="skip",
    )
    figure.add_scatter(
        x=list(curve.predicted),
        y=list(curve.observed),
        error_y=whiskers(seen, SAME_JOB),
        mode="lines+markers",
        line={"color": SAME_JOB, "width": 1.5},
        marker={"color": SAME_JOB, "size": 8},
        customdata=[
            [percent(low), percent(high), share(came), f"{count:,}"]
            for low, high, came, count in zip(
                curve.lowest, curve.highest, seen, curve.counts, strict=True
            )
        ],
        hovertemplate=(
            "said %{customdata[0]}–%{customdata[1]}<br>came true %{customdata[2]}<br>"
            "%{customdata[3]} person-years<extra></extra>"
        ),
    )
    look = {"range": span, "tickformat": ".0%", "nticks": 6, "gridcolor": GRID, "zeroline": False}
    event = "same state" if record.event is Event.SAME else "not working"
    figure.update_xaxes(**look, title=axis_title(f"predicted chance of {event}"))
    figure.update_yaxes(**look, title=axis_title("came true"))
    caption = (
        f"{who(curve)}: {curve.rows:,} person-years. Dots on the dotted line came true as often as"
        " said; lines through them are 95% intervals; the tall line is this prediction."
    )
    finish(figure, wrapped(caption), height=290, top=10, left=56, below=52)
    return Chart(figure, track_record(record))


def coverage_figure(found: Measurement, rows: Sequence[Measured], names: Sequence[str]) -> Chart:
    """How often the sets of each group held what happened; the dotted line is the level."""
    dots = [
        Dot(name, row.coverage, share(row.coverage), GROUP if row.by != "all" else SAME_JOB)
        for name, row in zip(names, rows, strict=True)
    ]
    caption = (
        f"Share of {found.percent}% sets that held what happened, test workers, {found.label}."
        " Lines are 95% intervals over blocks of neighbouring workers; dotted is the level."
    )
    figure = dots_figure(dots, caption, reference=found.percent / 100, shares=True)
    words = "; ".join(f"{dot.name} {dot.words}" for dot in dots)
    return Chart(figure, f"Measured coverage of {found.percent}% sets, {found.label}: {words}.")


def _span(values: Sequence[float]) -> list[float]:
    low, high = min(values), max(values)
    pad = 0.05 * (high - low) or 0.05
    return [max(0.0, low - pad), min(1.0, high + pad)]
