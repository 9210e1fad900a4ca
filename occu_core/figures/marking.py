"""What must be said on a figure itself, because it is saved and shown without its page."""

from __future__ import annotations

import html

from occu_core.figures.drawing import Chart

_LINE = 17  # pixels


def marked(chart: Chart, words: str) -> Chart:
    """The chart with one more line under its caption, and the same in its description."""
    figure = type(chart.figure)(chart.figure)
    caption = figure.layout.annotations[-1]  # `finish` adds it last
    lines = [line for line in (caption.text, f"<b>{html.escape(words)}</b>") if line]
    caption.text = "<br>".join(lines)
    figure.update_layout(
        height=figure.layout.height + _LINE, margin_b=figure.layout.margin.b + _LINE
    )
    return Chart(figure, f"{words}. {chart.alt}")
