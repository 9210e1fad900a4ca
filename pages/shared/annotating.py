"""The annotator's task: a question, two answers in frames of their own, and which is better."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from occu_core.pairwise.ballots import Annotator, Rest, StudyView
from occu_core.pairwise.store_refusals import StudyError, UnknownTokenError
from pages.shared import annotating_pair as pairs
from pages.shared import annotating_votes as votes
from pages.shared import annotator_sign_in as who
from pages.shared.displays import as_text
from pages.shared.occuquest_text import written
from pages.shared.study_store import store

_LOOK = Path(__file__).with_name("annotating.css")
_MOST_WAITING = 10.0  # seconds; others may finish long before their time is up


def look() -> None:
    """How this page differs from others: frames that scroll, buttons within reach."""
    st.html(_LOOK)


def study_of(annotator: Annotator) -> StudyView:
    """What the annotator may know of the study; the page ends here if they may not any more."""
    try:
        return store().view(annotator)
    except UnknownTokenError:
        who.gone(annotator)
    except StudyError as error:
        st.title("Compare answers")
        st.error(as_text(str(error)), icon=":material/lock:")
        st.stop()


def introduction(annotator: Annotator, view: StudyView) -> None:
    """Guidelines and consent, once, before anything is shown; the page ends here until then."""
    if annotator.consented or not (view.consent or view.guidelines):
        return
    st.title(as_text(view.title))
    pairs.guidelines(view)
    if view.consent:
        st.subheader("Your consent")
        with st.container(border=True):
            written(view.consent)
    agree = "I agree, begin" if view.consent else "Begin"
    st.button(
        agree, key="annotate.begin", type="primary", shortcut="Enter",
        on_click=votes.begin, args=(annotator,),
    )  # fmt: skip
    st.stop()


def explain_practice() -> None:
    """After a practice pair, what was expected and why, until it is put away."""
    receipt = votes.practised()
    if receipt is None:
        return
    st.subheader("That was practice")
    if receipt.expected:
        st.markdown(f"Expected: **{pairs.VERDICTS[receipt.expected][0]}**")
    if receipt.explanation:
        with st.container(border=True):
            written(receipt.explanation)
    st.button(
        "Go on", key=f"annotate.go_on.{receipt.presentation_id}", type="primary",
        shortcut="Enter", on_click=votes.go_on,
    )  # fmt: skip
    st.stop()


def task(annotator: Annotator, view: StudyView) -> None:
    """The pair to vote on now, or that there is none."""
    try:
        now = store().next(annotator)
    except StudyError as error:
        st.title(as_text(view.title))
        st.info(as_text(str(error)), icon=":material/event_busy:")
        return
    if isinstance(now, Rest):
        _rest(annotator, view, now)
        return
    pairs.keep_steady(now.id)
    pairs.show_progress(view, now)
    pairs.show_pair(now)
    if votes.is_form(view):
        pairs.ask_form(view, now)
    pairs.show_tools(annotator, view, now)
    with st.bottom:
        pairs.ask_below(annotator, view, now)
    votes.note_shown()


def _rest(annotator: Annotator, view: StudyView, rest: Rest) -> None:
    """The end, or a pause while others hold what is left."""
    st.title(as_text(view.title))
    if rest.finished:
        st.success(f"You are done: {rest.done:,} answered. Thank you.", icon=":material/task_alt:")
        if rest.completion_code:
            st.markdown("Your completion code:")
            st.code(rest.completion_code, language=None)
    else:
        st.info(
            f"{rest.done:,} answered. Others are at work on what is left. This page looks again by"
            " itself; or come back later with the same link.",
            icon=":material/hourglass_top:",
        )
        waiting = min(_MOST_WAITING, rest.retry_seconds or _MOST_WAITING)
        st.fragment(_look_again, run_every=waiting)()
    if rest.may_undo:
        pairs.undo_button(annotator, f"rest_{rest.done}")


def _look_again() -> None:
    """Runs with the page, then by the clock; only the clock begins the page anew."""
    if st.session_state.pop("annotate.waiting", None):
        st.rerun()
    st.session_state["annotate.waiting"] = True
