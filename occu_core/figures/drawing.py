"""What every figure is made with: colours, labels, margins and the caption.

Figures leave their background to the page and need no more than 360 pixels of width.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import plotly.graph_objects as go

SAME_JOB, DIFFERENT_JOB, NO_WORK, STUDYING = "#0F7F77", "#B8651B", "#64748B", "#7C5CC4"
GROUP = "#3F7CAC"
GRID = "rgba(128,140,150,0.22)"
CAPTION_LENGTH = 58


@dataclass(frozen=True)
class Chart:
    """A figure and the same in words, for those who cannot see it."""

    figure: go.Figure
    alt: str


def percent(probability: float) -> str:
    """A probability as people read it.

    >>> percent(0.7123), percent(0.0004)
    ('71.2%', '<0.1%')
    """
    if 0 < probability < 0.0005:
        return "<0.1%"
    return f"{100 * probability:.1f}%"


def label(text: str, x: float, y: float, anchor: str) -> dict[str, object]:
    """A line of text at the left or right edge, above the bar at `y`."""
    return {
        "text": text,
        "x": x,
        "xref": "paper",
        "xanchor": anchor,
        "y": y,
        "yref": "y",
        "yanchor": "bottom",
        "showarrow": False,
        "font": {"size": 13},
        "align": anchor,
        "xshift": -2 if anchor == "left" else 2,  # a label's own border
    }


def text_at(
    texts: Sequence[str],
    *,
    x: float,
    y: Sequence[float],
    ends_there: bool = False,
    bold: bool = False,
) -> dict[str, object]:
    """A trace of lines of text above the heights `y`, each beginning at `x` or ending there.

    A browser draws it in a fraction of the time that as many annotations take.
    """
    return {
        "type": "scatter",
        "mode": "text",
        "x": [x] * len(texts),
        "y": list(y),
        "text": list(texts),
        "textposition": "top left" if ends_there else "top right",
        "textfont": {"size": 13, "weight": 700 if bold else 400},
        "hoverinfo": "skip",
        "cliponaxis": False,
        "showlegend": False,
    }


def framed(
    caption: Sequence[str],
    *,
    height: int,
    top: int = 4,
    left: int = 0,
    below: int = 10,
) -> dict[str, Any]:
    """A layout: margins, background and the lines of the caption below the figure.

    `left` and `below` are the pixels that tick labels and axis titles need beside the plot.
    """
    bottom = 17 * len(caption) + below
    below_it = {
        "text": "<br>".join(caption),
        "x": 0,
        "y": 0,
        "xref": "paper",
        "yref": "paper",
        "xanchor": "left",
        "yanchor": "top",
        "yshift": 4 - below,
        "xshift": -2 - left,
        "showarrow": False,
        "align": "left",
        "opacity": 0.7,
        "font": {"size": 11},
    }
    return {
        "height": height + top + bottom,
        "margin": {"l": left, "r": 0, "t": top, "b": bottom, "pad": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "showlegend": False,
        "dragmode": False,
        "hoverlabel": {"align": "left"},
        "annotations": [below_it],
    }


def finish(
    figure: go.Figure,
    caption: Sequence[str],
    *,
    height: int,
    top: int = 4,
    left: int = 0,
    below: int = 10,
) -> None:
    """Frame a figure that has traces, axes and perhaps annotations; see `framed`."""
    frame = framed(caption, height=height, top=top, left=left, below=below)
    frame["annotations"] = [*figure.layout.annotations, *frame["annotations"]]
    figure.update_layout(frame)
    figure.update_xaxes(fixedrange=True)
    figure.update_yaxes(fixedrange=True)


def shorten(title: str, length: int) -> str:
    """The title, or its beginning and an ellipsis."""
    return title if len(title) <= length else title[: length - 1].rstrip(" ,") + "…"
