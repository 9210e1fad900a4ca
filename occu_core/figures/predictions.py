"""Predictions as plotly figures: what comes next, and how expected each past step was.

Every figure names its model and training data and keeps its height whatever it shows.
"""

from __future__ import annotations

import html
import textwrap
from collections.abc import Sequence
from math import log10

import plotly.graph_objects as go

from occu_core.careers import Move
from occu_core.figures.drawing import (
    CAPTION_LENGTH,
    DIFFERENT_JOB,
    GRID,
    GROUP,
    NO_WORK,
    SAME_JOB,
    STUDYING,
    Chart,
    framed,
    percent,
    shorten,
    text_at,
)
from occu_core.models.base import ModelCard
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation
from occu_core.predictions import Prediction, Surprise

_MOVES = {
    Move.FIRST: ("First record", NO_WORK),
    Move.STAY: ("Stayed", SAME_JOB),
    Move.MOVE: ("Moved", DIFFERENT_JOB),
}
_PARTS = (
    ("same_job", "Same job", SAME_JOB),
    ("different_job", "Different job", DIFFERENT_JOB),
    ("not_working", "Not working", NO_WORK),
    ("student", "Student", STUDYING),
)
_HIDDEN = {"visible": False, "fixedrange": True}
_TITLE_LENGTH = 43
_ROW = 42  # pixels for one occupation: a line of text and its bar
_SMALLEST = 1e-9
_CEILINGS = (0.1, 0.25, 0.5, 1.0)


def four_parts(predictions: Sequence[Prediction], *, caption: bool = True) -> Chart:
    """One bar for each model, cut into same job, different job, not working and student.

    Leave the `caption` out only where another figure of the same models stands below.
    """
    names = [prediction.card.title for prediction in predictions]
    traces = [
        _part(
            name,
            colour,
            names,
            [getattr(prediction.parts, part) for prediction in predictions],
        )
        for part, name, colour in _PARTS
    ]
    several = len(names) > 1
    if several:
        above = [row - 0.3 for row in range(len(names))]
        traces.append(text_at([*map(html.escape, names)], x=0, y=above))
    cards = [prediction.card for prediction in predictions]
    frame = framed(
        caption_lines(cards) if caption else [], height=62 * len(names) if several else 34
    )
    layout = frame | {
        "barmode": "stack",
        "bargap": 0,
        "xaxis": _HIDDEN | {"range": [0, 1]},
        "yaxis": _HIDDEN | {"range": [len(names) - 0.7, -0.75 if several else -0.3]},
    }
    words = " ".join(_parts_in_words(prediction) for prediction in predictions)
    return Chart(go.Figure(traces, layout), words)


def top_occupations(predictions: Sequence[Prediction], count: int = 12) -> Chart:
    """The likeliest states of the first model, in its order; a second model's bars are paler."""
    top = [occupation for occupation, _ in predictions[0].distribution.top(count)]
    previous = predictions[0].query.previous
    figure = _ranking(
        [occupation.title for occupation in top],
        [[p.distribution.prob(occupation.code) for occupation in top] for p in predictions],
        [_colour(occupation, previous) for occupation in top],
        [prediction.card for prediction in predictions],
    )
    return Chart(figure, " ".join(_top_in_words(prediction, count) for prediction in predictions))


def top_groups(predictions: Sequence[Prediction], count: int = 12) -> Chart:
    """The likeliest occupation groups of the first model, in its order."""
    top = [group for group, _ in predictions[0].distribution.groups()[:count]]
    shares = [dict(prediction.distribution.groups()) for prediction in predictions]
    figure = _ranking(
        top,
        [[share[group] for group in top] for share in shares],
        [GROUP] * len(top),
        [prediction.card for prediction in predictions],
    )
    words = "; ".join(f"{group} {percent(shares[0][group])}" for group in top)
    return Chart(figure, f"{predictions[0].card.title}, likeliest occupation groups: {words}.")


def past_steps(card: ModelCard, steps: Sequence[Surprise], height: int = 330) -> Chart:
    """How probable each thing that happened was; the taller the bar, the less expected."""
    traces = []
    for move, (name, colour) in _MOVES.items():
        chosen = [step for step in steps if step.move is move]
        traces.append(
            {
                "type": "bar",
                "name": name,
                "x": [step.transition_year for step in chosen],
                "y": [-log10(max(step.probability, _SMALLEST)) for step in chosen],
                "width": 0.7,
                "marker": {"color": colour, "line": {"width": 0}, "cornerradius": 3},
                "customdata": [
                    [html.escape(step.occupation.title), percent(step.probability)]
                    for step in chosen
                ],
                "hovertemplate": (
                    f"<b>%{{x}}</b> %{{customdata[0]}}<br>{name}, %{{customdata[1]}}<extra></extra>"
                ),
            }
        )
    years = [step.transition_year for step in steps]
    tallest = max(-log10(max(step.probability, _SMALLEST)) for step in steps)
    layout = framed(caption_lines([card]), height=height, top=34, left=44, below=34) | {
        "barmode": "overlay",
        "showlegend": True,
        "legend": {
            "orientation": "h",
            "x": 0,
            "y": 1.02,
            "yanchor": "bottom",
            "title": {"text": ""},
        },
        "xaxis": {
            "range": [min(years) - 0.8, max(max(years), min(years) + 9) + 0.8],
            "tickformat": "d",
            "showgrid": False,
            "nticks": 6,
            "tickangle": 0,
            "fixedrange": True,
        },
        "yaxis": {
            "range": [0, max(3.0, tallest) * 1.04],
            "tickvals": [0, 1, 2, 3, 4, 5, 6, 7, 8],
            "ticktext": ["100%", "10%", "1%", "0.1%", "0.01%", "1e-5", "1e-6", "1e-7", "1e-8"],
            "gridcolor": GRID,
            "zeroline": False,
            "fixedrange": True,
        },
    }
    return Chart(go.Figure(traces, layout), _steps_in_words(card, steps))


def _part(
    name: str, colour: str, models: Sequence[str], shares: Sequence[float | None]
) -> dict[str, object]:
    """One of the four parts, a piece of each model's bar."""
    return {
        "type": "bar",
        "name": name,
        "orientation": "h",
        "x": list(shares),
        "y": list(range(len(models))),
        "width": 0.5,
        "marker": {"color": colour, "line": {"width": 0}},
        "text": [percent(share) if share and share >= 0.15 else "" for share in shares],
        "textposition": "inside",
        "insidetextanchor": "middle",
        "textangle": 0,
        "textfont": {"color": "white", "size": 13},
        "customdata": [
            [html.escape(model), percent(share or 0.0)]
            for model, share in zip(models, shares, strict=True)
        ],
        "hovertemplate": f"<b>{name}</b>: %{{customdata[1]}}<br>%{{customdata[0]}}<extra></extra>",
    }


def _ranking(
    titles: Sequence[str],
    shares: Sequence[Sequence[float]],
    colours: Sequence[str],
    cards: Sequence[ModelCard],
) -> go.Figure:
    """A row for each title: its name and numbers, and below them a bar for each model."""
    largest = max(max(model) for model in shares)
    ceiling = next(step for step in _CEILINGS if largest <= step or step == _CEILINGS[-1])
    thickness = 0.34 / len(cards)
    traces: list[dict[str, object]] = []
    for k, (card, model) in enumerate(zip(cards, shares, strict=True)):
        traces.append(
            {
                "type": "bar",
                "name": card.title,
                "orientation": "h",
                "x": list(model),
                "y": [row + thickness * k for row in range(len(titles))],
                "width": thickness * 0.92,
                "marker": {
                    "color": list(colours),
                    "opacity": 0.45 if k else 1.0,
                    "line": {"width": 0},
                    "cornerradius": 4,
                },
                "customdata": [
                    [html.escape(title), percent(share), html.escape(card.title)]
                    for title, share in zip(titles, model, strict=True)
                ],
                "hovertemplate": (
                    "<b>%{customdata[0]}</b><br>%{customdata[1]}, %{customdata[2]}<extra></extra>"
                ),
            }
        )
    length = _TITLE_LENGTH - 8 * (len(cards) - 1)
    names = [html.escape(shorten(title, length)) for title in titles]
    numbers = [" | ".join(map(percent, row)) for row in zip(*shares, strict=True)]
    above = [row - 0.2 for row in range(len(titles))]
    traces += [
        text_at(names, x=0, y=above),
        text_at(numbers, x=ceiling, y=above, ends_there=True, bold=True),
    ]
    layout = framed(caption_lines(cards), height=_ROW * len(titles)) | {
        "barmode": "overlay",
        "bargap": 0,
        "xaxis": _HIDDEN | {"range": [0, ceiling]},
        "yaxis": _HIDDEN | {"range": [len(titles) - 0.55, -0.75]},
    }
    return go.Figure(traces, layout)


def caption_lines(cards: Sequence[ModelCard]) -> list[str]:
    """Which model, which version, from which data, in lines a phone can show."""
    by_data: dict[str, list[str]] = {}
    for card in cards:
        by_data.setdefault(card.data, []).append(f"{card.title} {card.version}")
    return [
        html.escape(line)
        for data, names in by_data.items()
        for line in textwrap.wrap(f"{', '.join(names)}: {data}", CAPTION_LENGTH)
    ]


def _colour(occupation: Occupation, previous: Occupation | None) -> str:
    """The colour of the part that this state belongs to."""
    if occupation.code == NOT_WORKING:
        return NO_WORK
    if occupation.code == STUDENT:
        return STUDYING
    return SAME_JOB if occupation == previous else DIFFERENT_JOB


def _parts_in_words(prediction: Prediction) -> str:
    parts = prediction.parts
    same = "not applicable" if parts.same_job is None else percent(parts.same_job)
    return (
        f"{prediction.card.title}, {prediction.query.year}: same job {same}, different job"
        f" {percent(parts.different_job)}, not working {percent(parts.not_working)}, student"
        f" {percent(parts.student)}."
    )


def _top_in_words(prediction: Prediction, count: int) -> str:
    top = "; ".join(f"{o.title} {percent(p)}" for o, p in prediction.distribution.top(count))
    return f"{prediction.card.title}, likeliest in {prediction.query.year}: {top}."


def _steps_in_words(card: ModelCard, steps: Sequence[Surprise]) -> str:
    least = min(steps, key=lambda step: step.probability)
    return (
        f"{card.title}: the probability of what happened in each of {len(steps)} records. Least"
        f" expected: {least.occupation.title} in {least.transition_year},"
        f" {percent(least.probability)}."
    )
