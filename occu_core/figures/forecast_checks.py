"""What forecasts are checked against, as plotly figures: themselves, the population, the past."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from occu_core.explain.backtest import BacktestReport, PartOfYear, Run
from occu_core.explain.consistency import Consistency
from occu_core.explain.population import GroupMatrix
from occu_core.figures.drawing import (
    DIFFERENT_JOB,
    GRID,
    GROUP,
    NO_WORK,
    SAME_JOB,
    STUDYING,
    Chart,
    finish,
    label,
    percent,
    shorten,
)
from occu_core.figures.estimates import wrapped
from occu_core.figures.predictions import caption_lines

_ROW = 42
_RUN_COLOURS = (GROUP, DIFFERENT_JOB, SAME_JOB, STUDYING)
_HEAT = [[0.0, "rgba(63,124,172,0.04)"], [0.2, "rgba(63,124,172,0.45)"], [1.0, "#1F4E79"]]


def two_ways(found: Consistency, count: int = 8) -> Chart:
    """The likeliest states two years ahead: asked directly, and one year at a time (paler)."""
    top = found.top(count)
    figure = go.Figure()
    ways = (("asked directly", 1.0), ("one year at a time", 0.45))
    for way, (name, opacity) in enumerate(ways):
        values = [(direct, composed)[way] for _, direct, composed in top]
        figure.add_bar(
            orientation="h",
            x=values,
            y=[row + 0.17 * way for row in range(len(top))],
            width=0.155,
            marker={"color": GROUP, "opacity": opacity, "line": {"width": 0}, "cornerradius": 4},
            customdata=[
                [html.escape(row[0].title), percent(value)]
                for row, value in zip(top, values, strict=True)
            ],
            hovertemplate=f"<b>%{{customdata[0]}}</b><br>%{{customdata[1]}}, {name}<extra></extra>",
        )
    for row, (occupation, direct, composed) in enumerate(top):
        numbers = f"<b>{percent(direct)} | {percent(composed)}</b>"
        figure.add_annotation(
            label(html.escape(shorten(occupation.title, 33)), 0, row - 0.2, "left")
        )
        figure.add_annotation(label(numbers, 1, row - 0.2, "right"))
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(visible=False, range=[0, max(max(row[1:]) for row in top)])
    figure.update_yaxes(visible=False, range=[len(top) - 0.55, -0.75])
    caption = [
        *wrapped("Upper bar, first number: asked directly. Lower, second: one year at a time."),
        *caption_lines([found.card]),
    ]
    finish(figure, caption, height=_ROW * len(top))
    words = "; ".join(f"{o.title} {percent(a)} and {percent(b)}" for o, a, b in top)
    return Chart(
        figure,
        f"{found.query.year + 1}, asked directly and one year at a time: {words}. Total variation"
        f" {found.total_variation:.3f}, correlation {found.correlation:.3f}.",
    )


def moves(matrix: GroupMatrix, parts: Sequence[str], source: str, *, shares: bool) -> Chart:
    """Origins down, destinations across; shares of each origin, or numbers of moves."""
    values = matrix.shares() if shares else matrix.array()
    # Staying is so common that its colour would hide every move: colours end at half the scale.
    moved = np.where(np.eye(len(parts), dtype=bool), np.nan, values)
    most = float(np.nanmax(moved)) if np.isfinite(moved).any() else 1.0
    shown = [
        [_cell(values[i, j], shares=shares) for j in range(len(parts))] for i in range(len(parts))
    ]
    figure = go.Figure(
        go.Heatmap(
            z=[[float(v) if np.isfinite(v) else None for v in line] for line in values],
            x=list(range(1, len(parts) + 1)),
            y=list(range(1, len(parts) + 1)),
            zmin=0,
            zmax=most,
            colorscale=_HEAT,
            showscale=False,
            xgap=1,
            ygap=1,
            customdata=[
                [[html.escape(a), html.escape(b), shown[i][j]] for j, b in enumerate(parts)]
                for i, a in enumerate(parts)
            ],
            hovertemplate="%{customdata[0]}<br>→ <b>%{customdata[1]}</b><br>%{customdata[2]}"
            "<extra></extra>",
        )
    )
    numbers = list(range(1, len(parts) + 1))
    figure.update_xaxes(tickvals=numbers, side="top", showgrid=False, zeroline=False, tickangle=0)
    figure.update_yaxes(
        tickvals=numbers, autorange="reversed", showgrid=False, zeroline=False,
        ticktext=[f"{html.escape(shorten(p, 17))} {n}" for n, p in enumerate(parts, start=1)],
    )  # fmt: skip
    caption = wrapped(
        f"{source} {matrix.dataset}, {matrix.workers}: {matrix.transitions:,} moves and stays."
        " From the row to the column of the same number. The strongest colour is the largest move;"
        " stays, on the diagonal, may be larger. Blank: nobody, or fewer than 5 observed."
    )
    finish(figure, caption, height=21 * len(parts), top=22, left=132, below=8)
    figure.update_xaxes(tickfont={"size": 9})
    figure.update_yaxes(tickfont={"size": 10})
    return Chart(figure, f"{source} {_largest_moves(moved, parts, shares=shares)}")


def backtest(report: BacktestReport, runs: Sequence[Run], part: str) -> Chart:
    """One part's share each year: what happened, with its interval, and each run's forecast."""
    figure = go.Figure()
    first = [row for row in runs[0].parts if row.part == part]
    years = [row.year for row in first]
    figure.add_scatter(
        x=years,
        y=[row.actual.value for row in first],
        mode="markers",
        name="what happened",
        marker={"size": 9, "color": NO_WORK},
        error_y=_interval_bars(first),
        hovertemplate="<b>%{x}</b> what happened: %{y:.1%}<extra></extra>",
    )
    for k, run in enumerate(runs):
        rows = [row for row in run.parts if row.part == part]
        figure.add_scatter(
            x=years,
            y=[row.predicted for row in rows],
            mode="lines+markers",
            name=html.escape(run.name),
            line={
                "color": _RUN_COLOURS[k % 4],
                "width": 2,
                "dash": ("solid", "dash", "dot")[k % 3],
            },
            marker={"size": 5},
            hovertemplate=f"<b>%{{x}}</b> {html.escape(run.name)}: %{{y:.1%}}<extra></extra>",
        )
    figure.update_xaxes(tickvals=years, tickformat="d", showgrid=False, tickangle=0)
    figure.update_yaxes(tickformat=".0%", gridcolor=GRID, zeroline=False)
    figure.update_layout(
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}}
    )
    caption = wrapped(
        f"{report.data}; models trained on years to {report.trained_to};"
        f" {report.workers:,} workers × {report.paths} paths. Whiskers: 95% interval over blocks of"
        " neighbouring ids."
    )
    finish(figure, caption, height=270, top=58, left=44, below=30)
    figure.update_layout(showlegend=True)
    return Chart(figure, f"{part}. {_backtest_in_words(first, runs, part)}")


def _interval_bars(rows: Sequence[PartOfYear]) -> dict[str, object]:
    return {
        "type": "data",
        "symmetric": False,
        "array": [(row.actual.high or row.actual.value) - row.actual.value for row in rows],
        "arrayminus": [
            row.actual.value - (row.actual.value if row.actual.low is None else row.actual.low)
            for row in rows
        ],
        "color": NO_WORK,
        "thickness": 1.5,
        "width": 4,
    }


def _backtest_in_words(first: Sequence[PartOfYear], runs: Sequence[Run], part: str) -> str:
    return " ".join(
        f"{row.year}: {percent(row.actual.value)} happened;"
        + ",".join(
            f" {run.name} {percent(r.predicted)}"
            for run in runs
            for r in run.parts
            if (r.year, r.part) == (row.year, part)
        )
        + "."
        for row in first
    )


def _cell(value: float, *, shares: bool) -> str:
    if not np.isfinite(value):
        return "none, or fewer than 5"
    return percent(float(value)) if shares else f"{value:,.0f}"


def _largest_moves(moved: np.ndarray, parts: Sequence[str], *, shares: bool) -> str:
    order = np.argsort(-np.nan_to_num(moved, nan=-1.0), axis=None)[:5]
    pairs = [divmod(int(k), len(parts)) for k in order]
    return "Largest moves: " + "; ".join(
        f"{parts[i]} to {parts[j]} {_cell(moved[i, j], shares=shares)}" for i, j in pairs
    )
