"""Pairs of answers on which people disagree, to be read."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from occu_core.pairwise.report import Disagreement, StudyReport
from occu_core.pairwise.votes import Vote
from pages.shared.displays import as_text
from pages.shared.occuquest_text import written
from pages.shared.study_store import store


def disagreements(found: StudyReport, votes: Sequence[Vote], study: str) -> None:
    """The most evenly split first, with both answers."""
    st.subheader("Disagreements to read")
    if not found.disagreements:
        st.caption("None: nowhere did people prefer different sides.")
        return
    chosen = st.selectbox(
        "Question", found.disagreements, key="studies.disagreement",
        format_func=lambda one: f"{one.question_id}: {one.first} to {one.second}",
    )  # fmt: skip
    answers = _answers(chosen, votes)
    with st.container(border=True):
        written(_questions(study).get(chosen.question_id, chosen.question_id))
    counts = (chosen.first, chosen.second)
    for system, count, column in zip(chosen.systems, counts, st.columns(2), strict=True):
        with column, st.container(border=True):
            st.caption(f"**{as_text(system)}** · preferred by {count}")
            written(answers.get(system) or "(not known)")


def _questions(study: str) -> dict[str, str]:
    return {one.question_id: one.text for one in store().export(study).questions}


def _answers(chosen: Disagreement, votes: Sequence[Vote]) -> dict[str, str | None]:
    """What the two systems answered."""
    found = next(
        vote
        for vote in votes
        if vote.question_id == chosen.question_id and vote.systems == chosen.systems
    )
    return {
        found.system_left: found.response_left,
        found.system_right: found.response_right,
    }
