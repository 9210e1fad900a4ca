"""Estimates with their intervals: rows of dots and whiskers, and the axes they stand on."""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import log10

import plotly.graph_objects as go

from occu_core.evaluation.reports import Interval
from occu_core.figures.drawing import CAPTION_LENGTH, GRID, GROUP, NO_WORK, finish, label, shorten

NAME_LENGTH = 30
_ROW, _TALL_ROW = 40, 58  # pixels for one estimate: one or two lines of text and its dot
_LINE = 46  # characters that a phone shows beside each other
_WIDE = 3.0  # ratio of largest to smallest from which perplexities are drawn on a log scale
_TICKS = (1, 2, 3, 5, 10, 20, 30, 50, 100, 200, 300, 500, 1000, 3000, 10_000, 100_000)


@dataclass(frozen=True, slots=True)
class Dot:
    """One estimate to draw: its name, its number in words, and its colour."""

    name: str
    interval: Interval
    words: str
    colour: str = GROUP


def dots_figure(
    dots: Sequence[Dot],
    caption: str,
    *,
    reference: float | None = None,
    suffix: str = "",
    shares: bool = False,
) -> go.Figure:
    """A row for each estimate: its name and number, and below them its dot and interval."""
    figure = go.Figure()
    rows = list(range(len(dots)))
    figure.add_scatter(
        x=[dot.interval.value for dot in dots],
        y=rows,
        mode="markers",
        marker={"color": [dot.colour for dot in dots], "size": 10},
        customdata=[[html.escape(dot.name), dot.words] for dot in dots],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )
    names = [textwrap.wrap(dot.name, _LINE - len(dot.words))[:2] or [""] for dot in dots]
    for row, (dot, name) in enumerate(zip(dots, names, strict=True)):
        low, high = ends_of(dot.interval)
        figure.add_shape(
            type="line", x0=low, x1=high, y0=row, y1=row, line={"color": dot.colour, "width": 2.5}
        )
        lines = [html.escape(shorten(line, _LINE)) for line in name]
        figure.add_annotation(label("<br>".join(lines), 0, row - 0.18, "left"))
        figure.add_annotation(label(f"<b>{html.escape(dot.words)}</b>", 1, row - 0.18, "right"))
    for row in rows if reference is not None else []:  # not through the numbers
        ends = {"x0": reference, "x1": reference, "y0": row - 0.14, "y1": row + 0.2}
        figure.add_shape(type="line", line=thin_line(), layer="below", **ends)
    figure.update_xaxes(
        **perplexity_axis([dot.interval for dot in dots], reference=reference),
        ticksuffix=suffix,
    )
    if shares:
        figure.update_xaxes(tickformat=".0%")
    figure.update_yaxes(visible=False, range=[len(dots) - 0.6, -0.8])
    row_height = _TALL_ROW if any(len(name) > 1 for name in names) else _ROW
    finish(figure, wrapped(caption), height=row_height * len(dots) + 8, below=34)
    return figure


def perplexity_axis(
    intervals: Sequence[Interval], *, reference: float | None = None
) -> dict[str, object]:
    """An axis around the intervals, on a log scale where they are far apart."""
    ends = [end for interval in intervals for end in ends_of(interval)]
    low, high = (f([*ends, *([] if reference is None else [reference])]) for f in (min, max))
    look: dict[str, object] = {"gridcolor": GRID, "zeroline": False, "tickangle": 0}
    if reference is None and low > 0 and high / low > _WIDE:
        ticks = [tick for tick in _TICKS if low / 1.2 <= tick <= high * 1.2]
        span = log10(high / low)
        return look | {
            "type": "log",
            "range": [log10(low) - 0.06 * span, log10(high) + 0.06 * span],
            "tickvals": ticks if len(ticks) < 8 else ticks[::2],
        }
    pad = 0.06 * (high - low) or 0.5
    return look | {"range": [low - pad, high + pad], "nticks": 6}


def whiskers(intervals: Sequence[Interval], colour: str) -> dict[str, object]:
    """Error bars; none where there is no interval."""
    return {
        "type": "data",
        "symmetric": False,
        "array": [max(0.0, ends_of(i)[1] - i.value) for i in intervals],
        "arrayminus": [max(0.0, i.value - ends_of(i)[0]) for i in intervals],
        "color": colour,
        "thickness": 1.5,
        "width": 0,
    }


def ends_of(interval: Interval) -> tuple[float, float]:
    """Low and high; both the estimate where there is no interval."""
    if interval.low is None or interval.high is None:
        return interval.value, interval.value
    return interval.low, interval.high


def thin_line() -> dict[str, object]:
    """The look of a line to compare with."""
    return {"color": NO_WORK, "width": 1.5, "dash": "dot"}


def axis_title(text: str) -> dict[str, object]:
    """A small title of an axis."""
    return {"text": html.escape(text), "font": {"size": 12}, "standoff": 6}


def wrapped(caption: str) -> list[str]:
    """A caption in lines a phone can show, nothing in it markup."""
    return [html.escape(line) for line in textwrap.wrap(caption, CAPTION_LENGTH)]
