"""The flow of sampled futures from year to year, as a plotly Sankey with places of its own."""

from __future__ import annotations

import html
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go

from occu_core.careers import JobRecord
from occu_core.explain.forecasts import Forecast, Lanes, share_of
from occu_core.figures.drawing import Chart, finish, label, percent, shorten
from occu_core.figures.estimates import wrapped
from occu_core.figures.forecasts import intro, lane_colours, lanes_in_words, ticks, used
from occu_core.figures.predictions import caption_lines

_LEGEND_ROW, _PAD, _FLOW_HEIGHT = 20, 6, 300
_TITLE_LENGTH = 34
Counts = npt.NDArray[np.int64]


def flow(found: Forecast, lanes: Lanes) -> Chart:
    """How paths move from lane to lane, year by year, from the last record on."""
    years, counts, steps = _columns(found, lanes)
    colours = lane_colours(lanes)
    figure = go.Figure(_sankey(lanes, years, counts, steps, colours))
    _years_below(figure, years)
    shown = _lane_rows(figure, found, lanes, colours)
    last = found.years[-1]
    finish(
        figure,
        [*caption_lines([found.card]), *_settings_lines(found)],
        height=_FLOW_HEIGHT,
        top=_LEGEND_ROW * shown + 14,
        below=30,
    )
    return Chart(figure, f"{intro(found)} In {last}: {lanes_in_words(found, lanes, -1)}.")


def _columns(found: Forecast, lanes: Lanes) -> tuple[list[int], Counts, Counts]:
    """Years, paths in each lane in them, and moves between them, the last record first."""
    years, counts, steps = list(found.years), lanes.counts(found), lanes.flows(found)
    last = _last_record(found)
    if last is None:
        return years, counts, steps
    lane = int(lanes.of[found.taxonomy.position(last.occupation.code)])
    start = np.zeros((1, len(lanes.names)), np.int64)
    start[0, lane] = found.settings.paths
    first = np.zeros((1, len(lanes.names), len(lanes.names)), np.int64)
    first[0, lane] = counts[0]
    return [last.year, *years], np.vstack([start, counts]), np.concatenate([first, steps])


def _sankey(
    lanes: Lanes,
    years: Sequence[int],
    counts: Counts,
    steps: Counts,
    colours: Sequence[str],
) -> go.Sankey:
    """Nodes at fixed places, so that every lane keeps its order in every year."""
    paths = int(counts[0].sum())
    number = {(k, lane): n for n, (k, lane) in enumerate(np.argwhere(counts > 0).tolist())}
    most = max(int((column > 0).sum()) for column in counts)
    scale = (_FLOW_HEIGHT - (most - 1) * _PAD) / paths / _FLOW_HEIGHT
    xs, ys, words = [], [], []
    for k, lane in number:
        above = [int(count) for count in counts[k, :lane] if count]
        middle = (sum(above) + counts[k, lane] / 2) * scale + len(above) * _PAD / _FLOW_HEIGHT
        xs.append(min(max(k / max(len(years) - 1, 1), 0.001), 0.999))
        ys.append(min(max(float(middle), 0.001), 0.999))
        share = percent(counts[k, lane] / paths)
        words.append(f"<b>{years[k]}</b> {html.escape(lanes.names[lane])}<br>{share} of futures")
    links = [
        (number[k, a], number[k + 1, b], int(step[a, b]), b)
        for k, step in enumerate(steps)
        for a, b in np.argwhere(step > 0).tolist()
    ]
    return go.Sankey(
        arrangement="fixed",
        node={
            "x": xs,
            "y": ys,
            "label": [""] * len(xs),
            "color": [colours[lane] for _, lane in number],
            "pad": _PAD,
            "thickness": 7,
            "line": {"width": 0},
            "customdata": words,
            "hovertemplate": "%{customdata}<extra></extra>",
        },
        link={
            "source": [link[0] for link in links],
            "target": [link[1] for link in links],
            "value": [link[2] for link in links],
            "color": [_pale(colours[link[3]]) for link in links],
            "customdata": [percent(link[2] / paths) for link in links],
            "hovertemplate": "%{customdata} of futures<extra></extra>",
        },
    )


def _lane_rows(figure: go.Figure, found: Forecast, lanes: Lanes, colours: Sequence[str]) -> int:
    """A key above the flow: each lane with its share in the last year; returns how many rows."""
    counts = lanes.counts(found)
    rows = used(counts)
    for row, k in enumerate(rows):
        share = share_of(int(counts[-1, k]), found.settings.paths)
        ends = f"{percent(share.value)} in {found.years[-1]}"
        name = html.escape(shorten(lanes.names[k], _TITLE_LENGTH))
        place = {"yref": "paper", "y": 1, "yshift": (len(rows) - row - 1) * _LEGEND_ROW + 8}
        square = f'<span style="color:{colours[k]}">■</span>'
        figure.add_annotation({**label(f"{square} {name}", 0, 1, "left"), **place})
        figure.add_annotation({**label(f"<b>{ends}</b>", 1, 1, "right"), **place})
    return len(rows)


def _years_below(figure: go.Figure, years: Sequence[int]) -> None:
    shown = set(ticks(years))
    for k, year in enumerate(years):
        if year not in shown:
            continue
        x = k / max(len(years) - 1, 1)
        anchor = "left" if k == 0 else "right" if k == len(years) - 1 else "center"
        figure.add_annotation(
            text=str(year), x=x, xref="paper", xanchor=anchor, y=0, yref="paper", yanchor="top",
            yshift=-2, showarrow=False, font={"size": 12},
        )  # fmt: skip


def _last_record(found: Forecast) -> JobRecord | None:
    records = found.query.past.records
    return records[-1] if records else None


def _settings_lines(found: Forecast) -> list[str]:
    settings = found.settings
    return wrapped(
        f"{settings.paths:,} sampled futures, seed {settings.seed}, education {settings.education}."
    )


def _pale(colour: str) -> str:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},0.35)"
