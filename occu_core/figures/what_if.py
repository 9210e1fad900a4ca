"""Changes beside their noise floor, and sweeps over one characteristic, as plotly figures."""

from __future__ import annotations

import html
from collections.abc import Sequence

import plotly.graph_objects as go

from occu_core.explain import what_if_words as words
from occu_core.explain.case_changes import shown
from occu_core.explain.sweeps import ASSOCIATION, Sweep
from occu_core.explain.what_if import PARTS, Shift, WhatIf
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
from occu_core.figures.estimates import thin_line, wrapped
from occu_core.figures.predictions import caption_lines

RISE, FALL, NOISE = GROUP, "#B0486B", "rgba(128,140,150,0.30)"
_PARTS = dict(zip(PARTS.values(), (SAME_JOB, DIFFERENT_JOB, NO_WORK, STUDYING), strict=True))
_OTHERS = (GROUP, FALL, "#8A6D1D", SAME_JOB, STUDYING, DIFFERENT_JOB, NO_WORK)
_ROW, _SWEEP_ROW, _LINE_HEIGHT = 40, 24, 300
_TITLE_LENGTH = 36
_PAD = 1.06

Outcome = tuple[str | None, str]


def part_shifts(what_if: WhatIf) -> Chart:
    """How far each of the four parts moves, beside its noise floor."""
    figure = _diverging([part for part in what_if.parts if part.change is not None])
    _finish_shifts(figure, what_if)
    return Chart(figure, f"{words.what_differs(what_if)}. {words.summary(what_if)}")


def shifts(what_if: WhatIf, count: int = 12) -> Chart:
    """The occupations that move most, the largest rise on top, the largest fall at the bottom."""
    figure = _diverging(what_if.movers(count))
    _finish_shifts(figure, what_if)
    alt = f"{words.what_differs(what_if)}. {words.movers_in_words(what_if, count)}"
    return Chart(figure, alt)


def sweep(found: Sweep, outcomes: Sequence[Outcome]) -> Chart:
    """Some outcomes with every value: lines over years, else dots, each with its noise."""
    by_year = sum(isinstance(point.value, int) for point in found.points) > 1
    figure = _lines(found, outcomes) if by_year else _dots(found, outcomes)
    gaps = (words.gap_in_words(found, found.widest_gap(*outcome)) for outcome in outcomes)
    alt = f"{found.field.replace('_', ' ')}: {ASSOCIATION}. {' '.join(gaps)}"
    return Chart(figure, alt)


def _diverging(rows: Sequence[Shift]) -> go.Figure:
    """A row for each outcome: its name and change, and below them its bar upon its noise band."""
    figure = go.Figure()
    places = list(range(len(rows)))
    changes = [100 * (row.change or 0.0) for row in rows]
    noise = [100 * (row.noise or 0.0) for row in rows]
    for place, floor in zip(places, noise, strict=True):
        ends = {"x0": -floor, "x1": floor, "y0": place - 0.14, "y1": place + 0.26}
        figure.add_shape(type="rect", fillcolor=NOISE, line={"width": 0}, layer="below", **ends)
    figure.add_bar(
        orientation="h",
        x=changes,
        y=[place + 0.06 for place in places],
        width=0.2,
        marker={
            "color": [_shift_colour(row) for row in rows],
            "opacity": [0.55 if row.within_noise else 1.0 for row in rows],
            "line": {"width": 0},
        },
        customdata=[[html.escape(row.name), _hover(row)] for row in rows],
        hovertemplate="<b>%{customdata[0]}</b><br>%{customdata[1]}<extra></extra>",
    )
    for place, row in zip(places, rows, strict=True):
        numbers = words.change_and_noise(row)
        name = shorten(row.name, _TITLE_LENGTH - max(len(numbers) - 10, 0))
        figure.add_annotation(label(html.escape(name), 0, place - 0.2, "left"))
        shown_number = numbers if row.within_noise else f"<b>{numbers}</b>"
        figure.add_annotation(label(shown_number, 1, place - 0.2, "right"))
    reach = _PAD * max([*map(abs, changes), *noise, 0.01])
    figure.update_layout(bargap=0)
    figure.update_xaxes(visible=False, range=[-reach, reach])
    figure.update_yaxes(visible=False, range=[len(rows) - 0.55, -0.75])
    figure.add_shape(
        type="line", x0=0, x1=0, y0=-0.2, y1=len(rows) - 0.6, line={**thin_line(), "dash": "solid"}
    )
    return figure


def _finish_shifts(figure: go.Figure, what_if: WhatIf) -> None:
    cards = dict.fromkeys(side.card.name for side in (what_if.before, what_if.after))
    sides = [side.card for side in (what_if.before, what_if.after)][: len(cards)]
    caption = [*wrapped("Percentage points ± noise; grey: the noise floor."), *caption_lines(sides)]
    rows = len(figure.data[0].y)
    finish(figure, caption, height=_ROW * max(rows, 1))


def _shift_colour(row: Shift) -> str:
    if row.within_noise:
        return NO_WORK
    return RISE if (row.change or 0.0) > 0 else FALL


def _hover(row: Shift) -> str:
    floor = " (within noise)" if row.within_noise else ""
    return (
        f"{percent(row.before or 0.0)} → {percent(row.after or 0.0)}:"
        f" {words.change_and_noise(row)} points{floor}"
    )


def _dots(found: Sweep, outcomes: Sequence[Outcome]) -> go.Figure:
    """A block for each outcome on its own scale: a row for each value, with its noise whisker."""
    figure, top = go.Figure(), 0
    ticks: list[tuple[float, str]] = []
    for outcome, colour in zip(outcomes, _colours(outcomes), strict=True):
        rows = found.row(*outcome)
        ends = [(s.after or 0.0) + side * (s.noise or 0.0) for s in rows for side in (-1, 1)]
        low, span = min(ends), (max(ends) - min(ends)) or 1.0
        places = [top + 1 + k for k in range(len(rows))]
        figure.add_scatter(
            mode="markers",
            x=[((s.after or 0.0) - low) / span for s in rows],
            y=places,
            marker={"color": colour, "size": 10},
            error_x={
                "array": [(s.noise or 0.0) / span for s in rows],
                "color": colour,
                "thickness": 2,
                "width": 0,
            },
            customdata=[
                [html.escape(outcome[1]), shown(p.value), percent(s.after or 0.0), _hover(s)]
                for p, s in zip(found.points, rows, strict=True)
            ],
            hovertemplate=(
                "<b>%{customdata[0]}</b>, %{customdata[1]}: %{customdata[2]}"
                "<br>beside the case as it is: %{customdata[3]}<extra></extra>"
            ),
        )
        heading = label(f"<b>{html.escape(shorten(outcome[1], 44))}</b>", 0, top + 0.2, "left")
        figure.add_annotation(heading | {"yanchor": "middle", "xshift": -_LABELS - 2})
        own = (rows[0].before or 0.0) - low
        figure.add_shape(
            **{"type": "line", "x0": own / span, "x1": own / span, "layer": "below"},
            **{"y0": top + 0.6, "y1": top + len(rows) + 0.4, "line": thin_line()},
        )
        for place, point, shift in zip(places, found.points, rows, strict=True):
            ticks.append((place, shown(point.value)))
            number = label(percent(shift.after or 0.0), 1, place, "right")
            figure.add_annotation(number | {"yanchor": "middle", "xshift": _NUMBERS})
        top += len(rows) + 1
    figure.update_xaxes(visible=False, range=[-0.05, 1.05])
    figure.update_yaxes(
        range=[top + 0.5, -0.5],
        tickvals=[place for place, _ in ticks],
        ticktext=[html.escape(text) for _, text in ticks],
        showgrid=False,
        zeroline=False,
    )
    caption = (
        "Dotted: the case as it is; whisker: the noise floor of the difference from it."
        " Each outcome has its own scale."
    )
    finish(
        figure,
        [*wrapped(f"{ASSOCIATION.capitalize()}. {caption}"), *caption_lines([found.case.card])],
        height=_SWEEP_ROW * top + 8,
        left=_LABELS,
    )
    figure.update_layout(margin_r=_NUMBERS)
    return figure


_LABELS, _NUMBERS = 142, 46


def _lines(found: Sweep, outcomes: Sequence[Outcome]) -> go.Figure:
    """A line for each outcome over the years, in a band of its noise."""
    figure = go.Figure()
    known = [k for k, point in enumerate(found.points) if isinstance(point.value, int)]
    years = [int(str(found.points[k].value)) for k in known]
    for outcome, colour in zip(outcomes, _colours(outcomes), strict=True):
        rows = [found.row(*outcome)[k] for k in known]
        shares = [row.after or 0.0 for row in rows]
        band = [max(s - (r.noise or 0.0), 0.0) for s, r in zip(shares, rows, strict=True)]
        above = [min(s + (r.noise or 0.0), 1.0) for s, r in zip(shares, rows, strict=True)]
        figure.add_scatter(
            x=[*years, *reversed(years)],
            y=[*above, *reversed(band)],
            fill="toself",
            fillcolor=f"rgba({', '.join(str(int(colour[i : i + 2], 16)) for i in (1, 3, 5))}, 0.2)",
            line={"width": 0},
            mode="lines",
            hoverinfo="skip",
            showlegend=False,
        )
        figure.add_scatter(
            name=html.escape(shorten(outcome[1], 40)),
            x=years,
            y=shares,
            mode="lines+markers",
            line={"color": colour, "width": 2},
            marker={"size": 6},
            customdata=[_hover(row) for row in rows],
            hovertemplate="<b>%{fullData.name}</b>, %{x}: %{y:.1%}<br>beside the case as it is:"
            " %{customdata}<extra></extra>",
        )
    figure.update_xaxes(tickformat="d", showgrid=False, nticks=6, tickangle=0)
    figure.update_yaxes(tickformat=".0%", gridcolor=GRID, zeroline=False, rangemode="tozero")
    if isinstance(own := _own_year(found), int):
        figure.add_vline(x=own, line=thin_line(), layer="below")
    caption = "Dotted: the case as it is; band: the noise floor of the difference from it."
    lines = [*wrapped(f"{ASSOCIATION.capitalize()}. {caption}"), *caption_lines([found.case.card])]
    legend = 20 * len(outcomes) + 8
    finish(figure, lines, height=_LINE_HEIGHT, top=legend, left=44, below=34)
    figure.update_layout(
        showlegend=True,
        legend={"x": 0, "y": 1.02, "yanchor": "bottom", "title": {"text": ""}},
    )
    return figure


def _own_year(found: Sweep) -> int | None:
    own = next((p.value for p in found.points if p.prediction.query == found.case.query), None)
    return own if isinstance(own, int) else None


def _colours(outcomes: Sequence[Outcome]) -> list[str]:
    """A part's own colour, and the others in turn."""
    return [_PARTS.get(name) or _OTHERS[k % len(_OTHERS)] for k, (_, name) in enumerate(outcomes)]
