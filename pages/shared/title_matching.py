"""One job title and the occupations it can mean, with how far to trust them."""

from __future__ import annotations

import logging

import pandas as pd
import streamlit as st

from occu_core.matching.match_words import caution
from occu_core.matching.matcher import Match, Sureness, TitleMatcher, load_matcher
from occu_core.matching.matcher_report import Figures, read_figures
from occu_core.matching.weights import MatcherError
from pages.shared.displays import as_text

_LOG = logging.getLogger(__name__)
_MOST_CHARACTERS = 200
_SHOWN = 8


@st.cache_resource(show_spinner=False)
def matcher() -> TitleMatcher | None:
    """The shipped matcher; None, with a line in the log, where it cannot be loaded."""
    try:
        return load_matcher()
    except MatcherError as error:
        _LOG.warning("%s", error)
        return None


@st.cache_resource(show_spinner=False)
def figures() -> Figures | None:
    """How good the matcher was found to be; None without a report."""
    return read_figures()


def explain_missing() -> None:
    """Say that there is nothing to match with."""
    st.error(
        "The matcher's weights are not in assets/matching, so no title can be matched.",
        icon=":material/error:",
    )


def ask_title() -> str:
    """The title typed, without spaces around it."""
    return st.text_input(
        "Job title",
        key="find_occupation.title",
        placeholder="barista, RN, asst mgr, cook (short order)…",
        icon=":material/search:",
        max_chars=_MOST_CHARACTERS,
        bind="query-params",
        live=True,
    ).strip()


def show(title: str) -> None:
    """The likeliest occupations of a title, or why there are none."""
    found = matcher()
    if found is None:
        return
    try:
        match = found.match([title], _SHOWN)[0]
    except ValueError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return
    _say_how_sure(match)
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Probability": 100 * one.probability,
                    "Occupation": one.occupation.title,
                    "Code": one.occupation.code,
                    "Group": one.occupation.group,
                }
                for one in match.ranked
            ]
        ),
        hide_index=True,
        column_config={
            "Occupation": st.column_config.TextColumn(width=400),
            "Probability": st.column_config.ProgressColumn(
                format="%.1f%%", min_value=0, max_value=100, width=130
            ),
            "Code": st.column_config.TextColumn(width=55),
        },
        alt=f"The likeliest {len(match.ranked)} occupations and their probabilities",
    )


def how_good() -> None:
    """What was measured, and what the matcher is not for."""
    measured = figures()
    if measured:
        st.caption(as_text(measured.in_words()))
    st.caption(
        "It knows titles in English as the US census and O\\*NET list them. Whatever the title, all"
        " that is typed or uploaded stays on this server and is not kept."
    )


def _say_how_sure(match: Match) -> None:
    words = caution(match)
    share = f"{match.confidence:.0%}"
    if match.state is not None:
        st.warning(as_text(f"{_sentence(words)}."), icon=":material/help:")
    elif match.sureness is Sureness.SURE:
        st.success(f"Sure: the first is right with {share} confidence.", icon=":material/check:")
    elif match.sureness is Sureness.LIKELY:
        st.info(as_text(f"{_sentence(words)} ({share} confidence)."), icon=":material/info:")
    else:
        st.warning(as_text(f"{_sentence(words)} ({share} confidence)."), icon=":material/help:")


def _sentence(words: str | None) -> str:
    return f"{(words or '')[:1].upper()}{(words or '')[1:]}"
