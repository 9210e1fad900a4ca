"""A figure as one HTML file that needs no network: for slides, for mail, for keeping."""

from __future__ import annotations

import html

from occu_core.figures.drawing import Chart

_TITLE = 44  # pixels
_INK, _PAPER = "#17232B", "#FFFFFF"
_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif"


def figure_html(chart: Chart, title: str, note: str) -> str:
    """The figure on white under its title, with its description and a note below.

    Plotly stands inside, some 5 MB; its button saves the figure as PNG.
    """
    figure, shown = chart.figure, html.escape(title)
    drawn = type(figure)(figure)
    drawn.update_layout(
        template="plotly_white",
        paper_bgcolor=_PAPER,
        plot_bgcolor=_PAPER,
        font={"color": _INK, "family": _FONT},
        title={"text": f"<b>{shown}</b>", "x": 0, "yref": "container", "y": 1, "yanchor": "top"},
        title_pad={"t": 10},
        title_font={"size": 17},
        height=figure.layout.height + _TITLE,
        margin={"t": figure.layout.margin.t + _TITLE},
    )
    drawing = drawn.to_html(
        full_html=False,
        include_plotlyjs=True,
        default_width="100%",
        config=png_button(title),
    )
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>{shown}</title>\n'
        f"<style>body {{ font: 16px/1.5 {_FONT}; color: {_INK}; background: {_PAPER};"
        " max-width: 46rem; margin: 2rem auto; padding: 0 1rem }"
        " .modebar-container, .modebar { top: auto !important; bottom: 0 }"
        " p { font-size: .85rem }</style></head>\n"
        f"<body>\n{drawing}\n<p>{html.escape(chart.alt)}</p>\n"
        f"<p>{html.escape(note)}</p>\n</body></html>\n"
    )


def png_button(title: str) -> dict[str, object]:
    """Plotly's settings for a figure whose only button saves it as PNG."""
    return {
        "displaylogo": False,
        "displayModeBar": True,
        "modeBarButtons": [["toImage"]],
        "toImageButtonOptions": {"format": "png", "scale": 3, "filename": _file_name(title)},
    }


def _file_name(title: str) -> str:
    words = "".join(letter if letter.isalnum() else " " for letter in title.lower()).split()
    return "-".join(["occuscope", *words])
