"""What each record does to one next state, as bars above and below zero."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from occu_core.explain.influence import Influences, RecordInfluence
from occu_core.explain.why_words import influence_in_words
from occu_core.figures.drawing import DIFFERENT_JOB, GRID, GROUP, Chart, finish, percent
from occu_core.figures.predictions import caption_lines

_LEAST_RANGE = 0.5  # points; smaller influences look as small as they are


def record_influences(found: Influences, height: int = 300) -> Chart:
    """A bar for each record, at its year; up speaks for the target, down against it."""
    figure = go.Figure()
    for name, colour, chosen in (
        ("Speaks for it", GROUP, [one for one in found.records if one.points >= 0]),
        ("Speaks against it", DIFFERENT_JOB, [one for one in found.records if one.points < 0]),
    ):
        figure.add_bar(
            name=name,
            x=[one.record.year for one in chosen],
            y=[one.points for one in chosen],
            width=0.7,
            marker={"color": colour, "line": {"width": 0}, "cornerradius": 3},
            customdata=[
                [html.escape(one.record.occupation.title), f"{one.points:+.2f}", _without(one)]
                for one in chosen
            ],
            hovertemplate=(
                "<b>%{x}</b> %{customdata[0]}<br>%{customdata[1]} points; %{customdata[2]}"
                " without it<extra></extra>"
            ),
        )
    _axes(figure, found.records)
    finish(figure, caption_lines([found.card]), height=height, top=34, left=48, below=34)
    figure.update_layout(showlegend=True)
    return Chart(figure, _in_words(found))


def _axes(figure: go.Figure, records: Sequence[RecordInfluence]) -> None:
    years = [one.record.year for one in records]
    figure.update_xaxes(
        range=[min(years) - 0.8, max(*years, min(years) + 9) + 0.8],
        tickformat="d",
        showgrid=False,
        nticks=6,
        tickangle=0,
    )
    highest = max(_LEAST_RANGE, *(one.points for one in records))
    lowest = min(-_LEAST_RANGE, *(one.points for one in records))
    figure.update_yaxes(
        range=[1.06 * lowest, 1.06 * highest],
        gridcolor=GRID,
        nticks=6,
        ticksuffix=" pt",
        zeroline=True,
        zerolinecolor="rgba(128,140,150,0.7)",
        zerolinewidth=1,
    )
    figure.update_layout(
        barmode="overlay",
        legend={"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}},
    )


def _without(one: RecordInfluence) -> str:
    return percent(one.without)


def _in_words(found: Influences) -> str:
    points = "; ".join(
        f"{one.record.year} {one.record.occupation.title} {one.points:+.1f}"
        for one in found.records
    )
    return (
        f"{found.card.title}: influence of each record on {found.target.title} in"
        f" {found.query.year}, in probability points: {points}. {influence_in_words(found)}"
    )
