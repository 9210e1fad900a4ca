"""A study being run: which one, how far it is, launching, closing and taking it away as files."""

from __future__ import annotations

from enum import StrEnum

import streamlit as st

from occu_core.pairwise.bundle import bundle_bytes
from occu_core.pairwise.store_refusals import StudyError
from occu_core.pairwise.store_summaries import StudySummary
from occu_core.pairwise.studies import StudyState
from pages.shared import study_forms
from pages.shared.displays import as_text
from pages.shared.study_store import store

_NEW = "A new study"
_PROBLEM = "studies.run_problem"
_STATES = {
    StudyState.DRAFT: ":gray-badge[draft]",
    StudyState.OPEN: ":green-badge[open]",
    StudyState.CLOSED: ":orange-badge[closed]",
}


class Part(StrEnum):
    """What of a running study is looked at."""

    PEOPLE = "People"
    NOTES = "Notes"
    REPORT = "Report"
    EXPORT = "Export"


def choose() -> StudySummary | None:
    """The study to look at; None for a new one."""
    found = {study.name: study for study in store().studies()}
    if made := st.session_state.pop(study_forms.MADE, None):
        st.session_state["studies.study"] = made
    name = st.selectbox(
        "Study",
        [*found, _NEW],
        key="studies.study",
        format_func=lambda name: found[name].title if name in found else name,
        bind="query-params",
    )
    return found.get(name)


def is_draft(study: StudySummary) -> bool:
    """Whether the study is not launched yet."""
    return study.state is StudyState.DRAFT


def at_a_glance(study: StudySummary) -> None:
    """Its state, how far it is, and closing or opening it again."""
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        demo = " :violet-badge[demo]" if study.settings.demo else ""
        st.markdown(f"`{study.name}` {_STATES[study.state]}{demo}", width="content")
        if study.state is StudyState.OPEN:
            _button("Close", ":material/lock:", store().close_study, study.name)
        elif study.state is StudyState.CLOSED:
            _button("Open again", ":material/lock_open:", store().reopen, study.name)
        shown = study.settings.demo and study.state is not StudyState.DRAFT
        if shown and st.button("Show on a screen", key="studies.live", icon=":material/qr_code_2:"):
            st.switch_page("pages/live.py", query_params={"live.study": study.name})
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(as_text(problem), icon=":material/error:")
    if study.state is StudyState.DRAFT:
        return
    st.progress(
        min(1.0, study.votes / max(study.planned, 1)),
        f"{study.votes:,} of {study.planned:,} votes · {study.annotators:,} people ·"
        f" {study.pairs:,} pairs of answers by {len(study.systems):,} systems",
    )


def launch(study: StudySummary) -> None:
    """A last look, and the button that opens the study."""
    check = store().check(study.name)
    study_forms.show_check(check)
    allowed = not check.leaks or st.checkbox(
        "Launch although answers give away who wrote them", key="studies.leaks"
    )
    st.caption("Once launched, neither answers nor settings can be changed.")
    st.button(
        "Launch", key="studies.launch", type="primary", icon=":material/rocket_launch:",
        disabled=not allowed, on_click=_launched, args=(study.name,),
    )  # fmt: skip


def choose_part() -> Part:
    """Which part of the study to look at."""
    return st.segmented_control(
        "Look at", list(Part), default=Part.PEOPLE, key="studies.part", required=True,
        label_visibility="collapsed",
    )  # fmt: skip


def export(study: StudySummary) -> None:
    """The bundle by which others can check every number."""
    st.markdown(
        "Votes, what was shown to whom on which side, questions and answers, settings with the"
        " seed, versions and the report, without annotators' names. `occu study report BUNDLE`"
        " computes every number again."
    )
    # Called only when pressed: a large study takes seconds to pack.
    st.download_button(
        "Download the bundle (zip)",
        lambda: bundle_bytes(store(), study.name),
        f"{study.name}.zip",
        "application/zip",
        key="studies.bundle",
        icon=":material/download:",
        type="primary",
        on_click="ignore",
    )


def attempt(action: object, *arguments: object) -> None:
    """Do something to a study, or remember why it was refused."""
    try:
        action(*arguments)  # type: ignore[operator]
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)


def _launched(name: str) -> None:
    attempt(lambda: store().launch(name, allow_leaks=True))


def _button(label: str, icon: str, action: object, name: str) -> None:
    st.button(
        label, key=f"studies.{label.lower().replace(' ', '_')}", icon=icon, on_click=attempt,
        args=(action, name),
    )  # fmt: skip
