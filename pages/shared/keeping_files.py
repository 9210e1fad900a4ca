"""Files to keep of a prediction beyond its numbers: each figure alone, and a one-page report."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import partial

import streamlit as st

from occu_core import figures as drawn
from occu_core.case_report import case_report
from occu_core.data.links import View, encode_view
from occu_core.figures import Chart
from occu_core.figures.figure_file import figure_html
from occu_core.predictions import NOTE, Prediction, Surprise
from pages.shared.session import desk


def figures(predictions: Sequence[Prediction], steps: Sequence[Surprise]) -> None:
    """A menu with each figure of the Next job page as an HTML file that needs no network."""
    year = predictions[0].query.year
    draws: dict[str, Callable[[], Chart]] = {
        f"Where the worker is in {year}": partial(drawn.four_parts, predictions),
        f"Likeliest occupations in {year}": partial(drawn.top_occupations, predictions),
        f"Likeliest groups in {year}": partial(drawn.top_groups, predictions),
    }
    if steps:
        title = "How expected each past step was"
        draws[title] = partial(drawn.past_steps, predictions[0].card, steps)
    with st.popover("Figures", icon=":material/bar_chart:", key="next_job.figures_menu"):
        st.caption("Each as a page of its own that opens without a network and saves as PNG.")
        for place, (title, draw) in enumerate(draws.items()):
            _figure(title, draw, f"next_job.figure_{place}")


def report(predictions: Sequence[Prediction]) -> None:
    """The case on one page, ready to print."""
    models = tuple(prediction.card.name for prediction in predictions)
    view = encode_view(View(predictions[0].query, models))
    address = (st.context.url or "").partition("?")[0]
    st.download_button(
        "One-page report",
        partial(
            case_report,
            predictions,
            desk().name,
            made=datetime.now(UTC).date(),
            link=f"{address}?v={view}" if address.startswith(("http://", "https://")) else None,
        ),
        f"occuscope-case-{predictions[0].query.year}.html",
        "text/html",
        key="next_job.report",
        icon=":material/description:",
        on_click="ignore",
        help="One A4 page to print or send: career, question, answer and what it rests on",
    )


def _figure(title: str, draw: Callable[[], Chart], key: str) -> None:
    """A button whose file is made when it is pressed."""
    st.download_button(
        title,
        lambda: figure_html(draw(), title, NOTE),
        f"{'-'.join(title.lower().split())}.html",
        "text/html",
        key=key,
        icon=":material/download:",
        type="tertiary",
        on_click="ignore",
    )
