"""Balance as figures: every category's share in several datasets, and what a category holds."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
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
from occu_core.occuquest.items import Item

MOST_DATASETS = 4
_LOOKS = (
    (SAME_JOB, "circle"),
    (DIFFERENT_JOB, "diamond"),
    (STUDYING, "square"),
    (GROUP, "triangle-up"),
)
_NAMES_WIDTH = 168
_DOT, _GAP = 10, 14  # pixels of a row for each dataset, and between two rows
_QUESTION_LENGTH = 90


@dataclass(frozen=True, slots=True)
class Shares:
    """One dataset's share of every category, and what it would be under the reference."""

    title: str
    categories: Mapping[str, Estimate]
    expected: Mapping[str, float]


def category_shares(shown: Sequence[Shares], caption: str) -> Chart:
    """A row for each category, the most common first, with a dot and interval of each dataset.

    A grey tick marks where each dot would be under the reference.
    """
    order = sorted(
        shown[0].categories, key=lambda name: -sum(s.categories[name].value for s in shown)
    )
    figure = go.Figure()
    step = _DOT / (_DOT * len(shown) + _GAP)
    for place, (shares, (colour, symbol)) in enumerate(zip(shown, _LOOKS, strict=False)):
        found = [shares.categories[name] for name in order]
        heights = [row + step * (place - (len(shown) - 1) / 2) for row in range(len(order))]
        figure.add_scatter(
            x=[shares.expected[name] for name in order],
            y=heights,
            mode="markers",
            marker={
                "symbol": "line-ns-open",
                "color": NO_WORK,
                "size": _DOT - 1,
                "line": {"width": 2},
            },
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            x=[one.value for one in found],
            y=heights,
            mode="markers",
            name=html.escape(shorten(shares.title, 34)),
            marker={"color": colour, "symbol": symbol, "size": 8},
            error_x={
                "type": "data",
                "symmetric": False,
                "array": [one.high - one.value for one in found],
                "arrayminus": [one.value - one.low for one in found],
                "color": colour,
                "thickness": 1.5,
                "width": 0,
            },
            customdata=[
                [html.escape(name), percent(one.value), percent(one.low), percent(one.high)]
                for name, one in zip(order, found, strict=True)
            ],
            hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}"
            " (%{customdata[2]} to %{customdata[3]})<extra>%{fullData.name}</extra>",
        )
    highest = max(
        max(one.high, shares.expected[name])
        for shares in shown
        for name, one in shares.categories.items()
    )
    figure.update_xaxes(
        range=[-0.006 * highest, 1.04 * highest],
        tickformat=".0%",
        nticks=6,
        side="top",
        gridcolor=GRID,
        zeroline=False,
    )
    figure.update_yaxes(
        range=[len(order) - 0.4, -0.6],
        tickvals=list(range(len(order))),
        ticktext=[html.escape(name) for name in order],
        tickfont={"size": 12},
        showgrid=False,
        zeroline=False,
    )
    height = (_DOT * len(shown) + _GAP) * len(order)
    legend = 24 * (1 + (len(shown) - 1) // 2)
    finish(figure, wrapped(caption), height=height, top=34 + legend, left=_NAMES_WIDTH)
    figure.update_layout(
        showlegend=True,
        legend={
            "orientation": "h",
            "x": 0,
            "xref": "container",
            "y": 1,
            "yref": "container",
            "yanchor": "top",
            "itemclick": False,
            "itemdoubleclick": False,
            "entrywidth": 0,
        },
    )
    return Chart(figure, _shares_in_words(shown, order))


def hierarchy(items: Sequence[Item], top: str) -> Chart:
    """Items as nested boxes: category, occupation, responsibility, topic and question.

    What is unknown is passed over, so that an item hangs from the last level that it has.
    """
    boxes: dict[tuple[str, ...], int] = {(top,): 0}
    for item in items:
        levels = (item.category, item.occupation, item.responsibility, item.topic, item.question)
        path: tuple[str, ...] = (top,)
        boxes[path] += 1
        for level in levels:
            if level and (level != top or len(path) > 1):
                path = (*path, level)
                boxes[path] = boxes.get(path, 0) + 1
    alt = f"{top}: {len(items)} items by occupation, responsibility and topic"
    return _treemap(boxes, alt, levels=3)


def occupations_of(counts: Mapping[str, Mapping[str, int]], top: str) -> Chart:
    """Counts as nested boxes: category, then occupation."""
    boxes: dict[tuple[str, ...], int] = {(top,): sum(sum(n.values()) for n in counts.values())}
    for category, found in counts.items():
        boxes[top, category] = sum(found.values())
        boxes.update({(top, category, name): count for name, count in found.items()})
    return _treemap(boxes, f"{top}: items by category and occupation", levels=2)


def _treemap(boxes: Mapping[tuple[str, ...], int], alt: str, *, levels: int) -> Chart:
    """Boxes by their path, each inside that of its path without the end; sizes are exact sums."""
    numbers = {path: str(number) for number, path in enumerate(boxes)}
    figure = go.Figure(
        go.Treemap(
            ids=list(numbers.values()),
            parents=[numbers.get(path[:-1], "") for path in boxes],
            labels=[html.escape(shorten(path[-1], _QUESTION_LENGTH)) for path in boxes],
            values=list(boxes.values()),
            branchvalues="total",
            maxdepth=levels,
            marker={"colorscale": [[0, "#CFE3E0"], [1, SAME_JOB]], "cornerradius": 4},
            tiling={"pad": 2},
            hovertemplate="<b>%{label}</b><br>%{value} items<extra></extra>",
            textfont={"size": 13},
        )
    )
    figure.update_layout(uniformtext={"minsize": 11, "mode": "hide"})
    finish(figure, (), height=480, below=0)
    return Chart(figure, alt)


def _shares_in_words(shown: Sequence[Shares], order: Sequence[str]) -> str:
    """The three most and least common categories of each dataset."""
    parts = []
    for shares in shown:
        ranked = sorted(order, key=lambda name: -shares.categories[name].value)
        said = [f"{name} {percent(shares.categories[name].value)}" for name in ranked[:3]]
        parts.append(f"{shares.title}: most {', '.join(said)}; least {', '.join(ranked[-3:])}")
    return "Share of each category. " + ". ".join(parts)
