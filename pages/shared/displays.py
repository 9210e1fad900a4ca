"""How predictions are shown; anything typed or uploaded by a user is shown as plain text."""

from __future__ import annotations

import re
from collections.abc import Sequence

import streamlit as st

from occu_core import figures
from occu_core.careers import Query
from occu_core.figures import Chart, percent
from occu_core.figures.figure_file import png_button
from occu_core.models.base import ModelCard
from occu_core.models.support import outside_training
from occu_core.predictions import Prediction
from occu_core.templates import TextTemplate
from pages.shared.session import Desk

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit draws `:material/name:` though its colons are escaped.
_ICON = re.compile(r"(?<=:)(?=[\w+/\\-]+:)")
_WORD_JOINER = "\u2060"
_STILL = {"displayModeBar": False}


def as_text(text: str) -> str:
    r"""Text as markdown that shows it letter by letter: no link, tag, icon or formula in it works.

    >>> as_text("<b>*x*")
    '\\<b\\>\\*x\\*'
    """
    return _ICON.sub(_WORD_JOINER, _MARKDOWN.sub(r"\\\1", text))


def chart(shown: Chart, key: str, *, saved: bool = True) -> None:
    """A figure with its description for screen readers; its one button saves it as PNG.

    It does not move, zoom or select. One too low for a button (`saved`) has none.
    """
    paper, ink = _paper_and_ink()
    shown.figure.layout.paper_bgcolor = paper
    shown.figure.layout.font.color = ink
    st.plotly_chart(
        shown.figure, key=key, alt=shown.alt, config=png_button(key) if saved else _STILL
    )


def _paper_and_ink() -> tuple[str, str]:
    """The page's own colours, so that a figure saved from it can be read on any slide."""
    theme = st.context.theme.type or "light"
    paper, ink = (st.get_option(f"theme.{theme}.{part}Color") for part in ("background", "text"))
    return str(paper), str(ink)


def problem(why: str | None) -> bool:
    """Say why a change was refused, if one was."""
    if why:
        st.error(as_text(why), icon=":material/error:")
    return why is not None


def figures_at_a_glance(prediction: Prediction) -> None:
    """The four parts and the four likeliest states, small."""
    chart(figures.four_parts([prediction], caption=False), "career.parts", saved=False)
    chart(figures.top_occupations([prediction], 4), "career.top")


def career_line(shown: Desk) -> None:
    """Which career is on the desk, in one line."""
    past = shown.query.past
    years = f" {past.records[0].year}–{past.records[-1].year}" if past.records else ""
    known = [
        f"**{as_text(shown.name)}**",
        f"{len(past.records)} records{years}",
        as_text(past.dataset) if past.dataset else "survey unknown",
        f"born {past.birth_year}" if past.birth_year else "birth year unknown",
        *(as_text(f) for f in (past.sex, past.race_ethnicity, past.region) if f),
    ]
    st.markdown(" · ".join(known))


def parts(*predictions: Prediction, compact: bool = False) -> None:
    """The four parts as numbers: the first model's large, the second's below."""
    with st.grid(2 if compact else 4, min_column_width=120, gap="small"):
        for field, label in (
            ("same_job", ":green[●] Same job"),
            ("different_job", ":orange[●] Different job"),
            ("not_working", ":gray[●] Not working"),
            ("student", ":violet[●] Student"),
        ):
            shares = [getattr(prediction.parts, field) for prediction in predictions]
            first, *others = ["–" if share is None else percent(share) for share in shares]
            st.metric(
                label,
                first,
                delta=f"{others[0]} {predictions[1].card.title}" if others else None,
                delta_color="off",
                delta_arrow="off",
                help="There is no job in the last record to keep." if first == "–" else None,
            )


def warnings(cards: Sequence[ModelCard], query: Query) -> None:
    """A banner where the question lies outside what a model learned from."""
    sentences = dict.fromkeys(s for card in cards for s in outside_training(card, query))
    if sentences:
        lines = "\n".join(f"- {as_text(sentence)}" for sentence in sentences)
        st.warning(
            f"**Outside what the model has seen: read these numbers with care.**\n{lines}",
            icon=":material/travel_explore:",
        )


def speaks_for(card: ModelCard) -> None:
    """Whom the numbers are about, and what they are not for."""
    cohorts = " and ".join(
        f"{c.dataset} (born {c.birth_years[0]}–{c.birth_years[1]}, interviewed"
        f" {c.years[0]}–{c.years[1]})"
        for c in card.trained_on
    )
    st.caption(
        f"Speaks for US workers like those of the {cohorts}. For exploration and research, not"
        " for hiring or screening."
    )


def read_text(query: Query, *, coded: bool) -> None:
    """The exact text before the answer, and where the answer goes."""
    st.code(
        TextTemplate(coded=coded).prompt(query) + "▁▁▁▁▁▁▁▁",
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "A language model reads everything up to the last colon. The blank is its answer: each of"
        " the 343 titles is scored there, as a space, the title and a line end."
    )
