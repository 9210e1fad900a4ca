"""Walking through the demo tour: where the presenter is, and the career that was there before."""

from __future__ import annotations

import streamlit as st

from occu_core import demo_tour
from pages.shared.session import Desk, desk, put
from pages.shared.tour_steps import steps

_STEP, _BEFORE, _ADDRESS = "tour.step", "tour.before", "step"
# Read from the back of a room; only on this page.
_LARGE = """<style>
.st-key-tour_story h2 {font-size: 2.3rem}
.st-key-tour_story [data-testid="stMarkdownContainer"] p {font-size: 1.4rem; line-height: 1.5}
.st-key-tour_story [data-testid="stMetricLabel"] p {font-size: 1.1rem}
.st-key-tour_story [data-testid="stMetricValue"] {font-size: 2.4rem}
.st-key-tour_story [data-testid="stCaptionContainer"] p {font-size: 1.05rem}
.st-key-tour_story pre code {font-size: 1.05rem}
.st-key-tour_story table {font-size: 1.15rem}
@media (min-width: 900px) { /* labels, not the paler caption, which has its own room */
.st-key-tour_story :is(.annotation:not([style*="opacity: 0.7"]) .annotation-text,
    .textpoint text) {font-size: 17px !important} }
</style>"""


def large_type() -> None:
    """The look of the tour."""
    st.html(_LARGE)


def place() -> int | None:
    """Which step is shown, from 0; None before the tour has begun. A reload keeps the place."""
    if _STEP not in st.session_state:
        address = st.query_params.get(_ADDRESS, "")
        known = address.isascii() and address.isdigit() and 1 <= int(address[:4]) <= len(steps())
        if not known:
            return None
        start(int(address) - 1)
    return st.session_state[_STEP]


def start(step: int = 0) -> None:
    """Lay the invented career on the desk, keep the one that was there, and begin."""
    if _BEFORE not in st.session_state:
        st.session_state[_BEFORE] = desk()
    put(demo_tour.demo_query(), demo_tour.NAME)
    _go_to(step)


def controls(step: int) -> None:
    """Back, where one is, next, and the way out; the arrow keys do the same."""
    last = len(steps()) - 1
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Back",
            key="tour.back",
            icon=":material/arrow_back:",
            shortcut="Left",
            on_click=_go_to,
            args=(step - 1,),
            disabled=step == 0,
        )
        st.button(
            "Next",
            key="tour.next",
            icon=":material/arrow_forward:",
            shortcut="Right",
            type="primary",
            on_click=_go_to,
            args=(step + 1,),
            disabled=step == last,
        )
        st.button("Start again", key="tour.again", icon=":material/replay:", on_click=start)
        st.button(
            "End the tour",
            key="tour.reset",
            icon=":material/close:",
            on_click=reset,
            help="Puts the career back that was there before",
        )
    st.progress((step + 1) / (last + 1), f"Step {step + 1} of {last + 1}")


def reset() -> None:
    """End the tour and put the career back that was on the desk before it."""
    before: Desk | None = st.session_state.pop(_BEFORE, None)
    st.session_state.pop(_STEP, None)
    st.query_params.pop(_ADDRESS, None)
    if before is not None:
        put(before.query, before.name)


def _go_to(step: int) -> None:
    st.session_state[_STEP] = min(max(step, 0), len(steps()) - 1)
    st.query_params[_ADDRESS] = str(st.session_state[_STEP] + 1)
