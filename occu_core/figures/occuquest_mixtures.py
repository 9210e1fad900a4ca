"""Mixtures as a figure: every group's share in each mixture, or its loss under each."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

import plotly.graph_objects as go

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
from occu_core.figures.estimates import wrapped
from occu_core.occuquest.balance import Estimate
from occu_core.occuquest.mixture_report import MixtureReport

_LOOKS = (
    (NO_WORK, "square-open"),
    (DIFFERENT_JOB, "diamond"),
    (STUDYING, "circle-open"),
    (SAME_JOB, "circle"),
    (GROUP, "triangle-up"),
)
_NAMES_WIDTH = 168
_DOT, _GAP = 10, 14  # pixels of a row for each mixture, and between two rows


@dataclass(frozen=True, slots=True)
class _Row:
    """A mixture's numbers, by group, and how they are written."""

    name: str
    estimates: Sequence[Estimate]
    words: Sequence[str]


def group_losses(report: MixtureReport) -> Chart:
    """Held-out loss of every group under every mixture, with its interval."""
    rows = [_Row(m.name, m.losses, [in_nats(e) for e in m.losses]) for m in report.mixtures]
    caption = (
        "Held-out loss in nats per token, lower is better, with its 95% interval over held-out"
        " items and seeds. Groups with less to learn from stand lower."
    )
    said = "; ".join(
        f"{m.name}: worst {m.worst_group} at {max(e.value for e in m.losses):.2f}"
        for m in report.mixtures
    )
    return _drawn(report, rows, caption, f"Held-out loss of each group under each mixture. {said}")


def group_shares(report: MixtureReport) -> Chart:
    """The share of training text that each mixture gives every group."""
    rows = [
        _Row(m.name, [Estimate(s, s, s) for s in m.shares], [percent(s) for s in m.shares])
        for m in report.mixtures
    ]
    caption = (
        "Share of the tokens that a model learns from. Groups with less to learn from stand lower."
    )
    said = "; ".join(
        f"{m.name}: most to {report.groups[m.shares.index(max(m.shares))].name}"
        f" ({percent(max(m.shares))})"
        for m in report.mixtures
    )
    alt = f"Share of training text of each group in each mixture. {said}"
    chart = _drawn(report, rows, caption, alt)
    chart.figure.update_xaxes(tickformat=".0%")
    return chart


def in_nats(estimate: Estimate) -> str:
    """A loss as people read it, with its interval.

    >>> in_nats(Estimate(4.1234, 4.05, 4.2))
    '4.12 (4.05–4.20)'
    """
    return f"{estimate.value:.2f} ({estimate.low:.2f}–{estimate.high:.2f})"


def _drawn(report: MixtureReport, rows: Sequence[_Row], caption: str, alt: str) -> Chart:
    order = sorted(range(len(report.groups)), key=lambda g: -report.groups[g].tokens)
    figure = go.Figure()
    step = _DOT / (_DOT * len(rows) + _GAP)
    for place, (row, look) in enumerate(zip(rows, _LOOKS, strict=False)):
        heights = [y + step * (place - (len(rows) - 1) / 2) for y in range(len(order))]
        names = [report.groups[g].name for g in order]
        figure.add_trace(_dots(row, order, names, heights, look))
    ends = [end for row in rows for e in row.estimates for end in (e.low, e.high)]
    pad = 0.04 * (max(ends) - min(ends)) or 0.1
    figure.update_xaxes(
        range=[min(ends) - pad, max(ends) + pad],
        nticks=6,
        side="top",
        gridcolor=GRID,
        zeroline=False,
    )
    figure.update_yaxes(
        range=[len(order) - 0.4, -0.6],
        tickvals=list(range(len(order))),
        ticktext=[html.escape(shorten(report.groups[g].name, 26)) for g in order],
        tickfont={"size": 12},
        showgrid=False,
        zeroline=False,
    )
    height = (_DOT * len(rows) + _GAP) * len(order)
    legend = 24 * (1 + (len(rows) - 1) // 2)
    finish(figure, wrapped(caption), height=height, top=34 + legend, left=_NAMES_WIDTH)
    figure.update_layout(showlegend=True, legend=_legend())
    return Chart(figure, alt)


def _dots(
    row: _Row,
    order: Sequence[int],
    names: Sequence[str],
    heights: Sequence[float],
    look: tuple[str, str],
) -> go.Scatter:
    """One mixture's dots and intervals, a group in each row."""
    colour, symbol = look
    found = [row.estimates[g] for g in order]
    return go.Scatter(
        x=[e.value for e in found],
        y=heights,
        mode="markers",
        name=html.escape(shorten(row.name, 34)),
        marker={"color": colour, "symbol": symbol, "size": 8},
        error_x={
            "type": "data",
            "symmetric": False,
            "array": [e.high - e.value for e in found],
            "arrayminus": [e.value - e.low for e in found],
            "color": colour,
            "thickness": 1.5,
            "width": 0,
        },
        customdata=[
            [html.escape(name), row.words[g]] for name, g in zip(names, order, strict=True)
        ],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra>%{fullData.name}</extra>",
    )


def _legend() -> dict[str, object]:
    return {
        "orientation": "h",
        "x": 0,
        "xref": "container",
        "y": 1,
        "yref": "container",
        "yanchor": "top",
        "itemclick": False,
        "itemdoubleclick": False,
        "entrywidth": 0,
    }
