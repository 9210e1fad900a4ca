"""What to ask of which model: the year, the education, and one model or two."""

from __future__ import annotations

import streamlit as st

from occu_core.careers import EARLIEST_YEAR, LATEST_YEAR, Education, Query
from pages.shared import session
from pages.shared.loaders import model_cards
from pages.shared.session import desk

UNKNOWN = "unknown"


def question() -> None:
    """The year and the education that the prediction is for."""
    query = desk().query
    last = query.past.records[-1].year if query.past.records else EARLIEST_YEAR - 1
    year = begun("next_job.year", query.year)
    education = begun("next_job.education", query.education or UNKNOWN)
    opened = desk().opened
    st.number_input(
        "Year to predict",
        min_value=last + 1,
        max_value=LATEST_YEAR,
        step=1,
        key=year,
        on_change=_asked,
        args=(year, education, opened),
    )
    st.selectbox(
        "Education that year",
        [UNKNOWN, *Education],
        key=education,
        on_change=_asked,
        args=(year, education, opened),
        format_func=str,
    )


def models() -> tuple[str, ...]:
    """The model to show and, if wanted, a second one beside it."""
    cards = model_cards()
    first = st.selectbox(
        "Model",
        list(cards),
        key="next_job.model",
        format_func=lambda name: cards[name].title,
        persist_state="session",
        on_change=_model_changed,
    )
    others = [name for name in cards if name != first]
    second = st.selectbox(
        "Compare with",
        others,
        index=None,
        key="next_job.second",
        format_func=lambda name: cards[name].title,
        placeholder="no second model",
        persist_state="session",
    )
    return (first, second) if second else (first,)


def chosen_model() -> str:
    """The model last chosen, without asking; at first the default."""
    cards = model_cards()
    chosen = st.session_state.get("next_job.model")
    return chosen if chosen in cards else next(iter(cards))


def begun(name: str, value: str | int | None) -> str:
    """The key of an input that shows `value` at first, and its user's choice from then on.

    Each career opened has inputs of its own: one set anew on each run would be undone by the next
    press, which can still carry what it showed before.
    """
    key = f"{name}_{desk().opened}"
    if key not in st.session_state:
        st.session_state[key] = value
    return key


def _asked(year_key: str, education_key: str, opened: int) -> None:
    if opened != desk().opened:
        return
    year, education = st.session_state[year_key], st.session_state[education_key]
    level = None if education == UNKNOWN else Education(education)
    session.change("next_job", lambda query: Query(query.past, year or query.year, level))


def _model_changed() -> None:
    if st.session_state["next_job.model"] == st.session_state.get("next_job.second"):
        st.session_state["next_job.second"] = None
