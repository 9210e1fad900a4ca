"""A demo on a big screen: the way in, the tally while people vote, and a clean start."""

from __future__ import annotations

from html import escape

import streamlit as st

from occu_core.figures.drawing import DIFFERENT_JOB, NO_WORK, SAME_JOB, STUDYING
from occu_core.pairwise.store_summaries import StudySummary, Tally
from occu_core.pairwise.studies import StudyState
from pages.shared import study_links as links
from pages.shared.displays import as_text
from pages.shared.study_store import store

_EVERY_SECONDS = 2.0


def choose() -> StudySummary | None:
    """The open demo to show; None if there is none."""
    demos = {
        study.name: study
        for study in store().studies()
        if study.settings.demo and study.state is StudyState.OPEN
    }
    if not demos:
        return None
    name = st.selectbox(
        "Demo", list(demos), key="live.study", bind="query-params",
        format_func=lambda name: demos[name].title, label_visibility="collapsed",
    )  # fmt: skip
    return demos[name]


def joining(study: StudySummary) -> None:
    """The QR code by which people join."""
    st.subheader("Scan to vote")
    place = st.container()
    address = links.choose_address("live.address")
    with place:
        link = links.joining_link(address, study.name)
        links.qr_code(link, width=420)
        st.code(link, language=None, wrap_lines=True)


def tally(study: StudySummary) -> None:
    """Votes so far; who is who is told last, or people vote with the screen."""
    st.subheader(as_text(study.title))
    named = st.toggle("Show who is who", key="live.names")
    st.fragment(_tally, run_every=_EVERY_SECONDS)(study.name, named=named)


def reset(study: StudySummary) -> None:
    """Forget everybody and every vote, for the next audience."""
    with st.popover("Start over", icon=":material/restart_alt:"):
        st.markdown(f"Forget all votes and people of **{as_text(study.title)}**?")
        st.button(
            "Forget them", key="live.reset", type="primary", on_click=store().reset,
            args=(study.name,),
        )  # fmt: skip


def _tally(name: str, *, named: bool) -> None:
    study = store().summary(name)
    with st.grid(2, min_column_width=120, gap="small"):
        st.metric("People", f"{study.annotators:,}")
        st.metric("Votes", f"{study.votes:,}", help=f"Of {study.planned:,} planned.")
    shown = {
        system: system if named else f"System {chr(65 + place % 26)}"
        for place, system in enumerate(study.systems)
    }
    for one in store().tally(name):
        _bar(one, shown)


def _bar(one: Tally, shown: dict[str, str]) -> None:
    """One pair of systems as a bar of four parts, each with its count in words."""
    first, second = (shown[system] for system in one.systems)
    parts = [
        (first, one.first_wins, SAME_JOB),
        ("Tie", one.ties, NO_WORK),
        ("Both bad", one.both_bad, STUDYING),
        (second, one.second_wins, DIFFERENT_JOB),
    ]
    pieces = "".join(
        f'<div style="flex:{count};background:{colour};min-width:{0 if not count else 4}px"></div>'
        for _, count, colour in parts
    )
    words = "".join(
        f'<span style="white-space:nowrap"><span style="color:{colour}">●</span>'
        f" {escape(label)} <b>{count:,}</b></span>"
        for label, count, colour in parts
    )
    st.html(
        '<div style="display:flex;height:2.6rem;gap:2px;border-radius:.5rem;overflow:hidden;'
        f'background:rgba(128,140,150,.18)">{pieces}</div>'
        '<div style="display:flex;flex-wrap:wrap;gap:.3rem 1.6rem;font-size:1.15rem;'
        f'margin-top:.5rem">{words}</div>'
    )
