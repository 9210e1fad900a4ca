"""Sampled futures as plotly figures: shares by year with their error, and typical paths.

A state has one colour in these and in the flow (see `forecast_flow`). Titles come from the taxonomy
and are escaped all the same.
"""

from __future__ import annotations

import html
from collections.abc import Sequence
from itertools import groupby

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from occu_core.explain.forecasts import Forecast, Lanes, share_of
from occu_core.explain.typical_paths import TypicalPath
from occu_core.figures.drawing import (
    GRID,
    NO_WORK,
    STUDYING,
    Chart,
    finish,
    label,
    percent,
    shorten,
)
from occu_core.figures.estimates import wrapped
from occu_core.figures.predictions import caption_lines

_NAMED = ("#3F7CAC", "#0F7F77", "#B8651B", "#B0486B", "#8A6D1D", "#5B8C3A", "#2F6DB5", "#A3573F")
_OTHER = "#9AA5AE"
_TITLE_LENGTH = 34
_STRIP = 46


def lane_colours(lanes: Lanes) -> list[str]:
    """The colour of each lane: the top occupations, other jobs, Not working, Student."""
    named = len(lanes.names) - 3
    return [*_NAMED[:named], _OTHER, NO_WORK, STUDYING]


def shares(found: Forecast, lanes: Lanes) -> Chart:
    """The share of paths in each lane each year, with Wilson's 95% interval of sampling."""
    figure, counts = go.Figure(), lanes.counts(found)
    colours, paths = lane_colours(lanes), found.settings.paths
    for k in used(counts):
        found_shares = [share_of(int(count), paths) for count in counts[:, k]]
        values = [share.value for share in found_shares]
        figure.add_scatter(
            x=list(found.years),
            y=values,
            mode="lines+markers",
            line={"color": colours[k], "width": 2},
            marker={"size": 6},
            error_y={
                "type": "data",
                "symmetric": False,
                "array": [share.high - share.value for share in found_shares],
                "arrayminus": [share.value - share.low for share in found_shares],
                "color": colours[k],
                "thickness": 1,
                "width": 3,
            },
            customdata=[
                [html.escape(lanes.names[k]), percent(s.value), percent(s.low), percent(s.high)]
                for s in found_shares
            ],
            hovertemplate="<b>%{x}</b> %{customdata[0]}<br>%{customdata[1]} of futures"
            " (sampling: %{customdata[2]}–%{customdata[3]})<extra></extra>",
        )
    figure.update_xaxes(
        tickformat="d", showgrid=False, tickangle=0, tickvals=ticks(found.years),
        range=[found.years[0] - 0.4, found.years[-1] + 0.4],
    )  # fmt: skip
    figure.update_yaxes(tickformat=".0%", gridcolor=GRID, zeroline=False, rangemode="tozero")
    note = (
        f"Whiskers: 95% interval of a share of {paths:,} sampled futures (Wilson), which says how"
        " far sampling is off the model, not how far the model is off the world."
    )
    finish(
        figure, [*wrapped(note), *caption_lines([found.card])], height=300, top=8, left=44, below=30
    )
    per_year = "; ".join(
        f"{year}: {lanes_in_words(found, lanes, k)}" for k, year in enumerate(found.years)
    )
    return Chart(figure, f"{intro(found)} {per_year}.")


def typical(found: Forecast, lanes: Lanes, paths: Sequence[TypicalPath]) -> Chart:
    """A strip of years for each typical path, and the share of all that it stands for."""
    figure, colours = go.Figure(), lane_colours(lanes)
    for row, path in enumerate(paths):
        for spell in path.spells(found.years):
            lane = int(lanes.of[found.taxonomy.position(spell.occupation.code)])
            length = spell.last_year - spell.first_year + 1
            title = html.escape(spell.occupation.title)
            figure.add_bar(
                orientation="h",
                x=[length],
                base=[spell.first_year - 0.5],
                y=[row],
                width=0.34,
                marker={"color": colours[lane], "line": {"width": 1.5, "color": "white"}},
                customdata=[[title, spell.first_year, spell.last_year]],
                hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}–%{customdata[2]}"
                "<extra></extra>",
            )
        figure.add_annotation(label(f"<b>{percent(path.share.value)}</b>", 1, row - 0.22, "right"))
        figure.add_annotation(label(_path_name(path), 0, row - 0.22, "left"))
    figure.update_layout(barmode="overlay", bargap=0)
    figure.update_xaxes(
        range=[found.years[0] - 0.5, found.years[-1] + 0.5], tickvals=ticks(found.years),
        tickformat="d", showgrid=False, tickangle=0, zeroline=False,
    )  # fmt: skip
    figure.update_yaxes(visible=False, range=[len(paths) - 0.7, -0.75])
    note = (
        "Each strip is one sampled future and the share of futures nearest to it (k-medoids; a year"
        " in another job of the same group counts half)."
    )
    caption = [*wrapped(note), *caption_lines([found.card])]
    finish(figure, caption, height=_STRIP * len(paths) + 12, below=30)
    words = "; ".join(
        f"{percent(path.share.value)}: "
        + ", ".join(
            f"{s.first_year}–{s.last_year} {s.occupation.title}" for s in path.spells(found.years)
        )
        for path in paths
    )
    return Chart(figure, f"Typical futures. {words}.")


def ticks(years: Sequence[int]) -> list[int]:
    """At most six years, the first among them."""
    return list(years[:: max(1, -(-len(years) // 6))])


def used(counts: npt.NDArray[np.int64]) -> list[int]:
    """The lanes that any path is ever in."""
    return [int(k) for k in np.flatnonzero(counts.sum(axis=0))]


def _path_name(path: TypicalPath) -> str:
    """What the path does, in a line a phone can show."""
    titles = [title for title, _ in groupby(o.title for o in path.occupations)]
    if len(titles) == 1:
        return html.escape(shorten(titles[0], _TITLE_LENGTH))
    first, last = titles[0], titles[-1]
    if len(titles) > 2 or first == last:
        return html.escape(f"{shorten(first, 16)} → … → {shorten(last, 16)}")
    return html.escape(f"{shorten(first, 18)} → {shorten(last, 18)}")


def intro(found: Forecast) -> str:
    """What was sampled, in words."""
    return (
        f"{found.card.title}, {found.settings.paths:,} sampled futures,"
        f" {found.years[0]}–{found.years[-1]}."
    )


def lanes_in_words(found: Forecast, lanes: Lanes, k: int) -> str:
    """Every lane's share in one year, the largest first."""
    counts = lanes.counts(found)[k]
    return ", ".join(
        f"{lanes.names[i]} {percent(counts[i] / found.settings.paths)}"
        for i in np.argsort(-counts, kind="stable")
        if counts[i]
    )
