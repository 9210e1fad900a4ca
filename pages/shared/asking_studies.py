"""From the Ask page to a study: pairs of answers, gathered one by one, compared blind later."""

from __future__ import annotations

import re

import streamlit as st

from occu_core.answering.answer_files import SystemAnswer, answers_text
from occu_core.pairwise.store_refusals import StudyError
from occu_core.pairwise.studies import StudySettings
from occu_core.pairwise.study_files import read_study_files
from occu_core.pairwise.votes import VotesError
from pages.shared import study_access, study_forms
from pages.shared.asking import jobs
from pages.shared.displays import as_text
from pages.shared.study_store import store

MOST_PAIRS = 200
_GATHERED, _PROBLEM, _MADE = "ask.gathered", "ask.study_problem", "ask.made"
_FILE = "pairs.jsonl"


def pairs() -> None:
    """The pairs gathered so far, the one on the page, and a study of them all."""
    pair = _on_the_page()
    gathered = _gathered()
    if not pair and not gathered:
        return
    st.subheader("Send to a study")
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        st.button(
            "Add this pair", key="ask.add_pair", icon=":material/playlist_add:",
            disabled=not pair or pair in gathered or len(gathered) >= MOST_PAIRS,
            on_click=_gather, args=(pair,),
        )  # fmt: skip
        st.markdown(f"{len(gathered):,} gathered", width="content")
        if gathered:
            st.download_button(
                "Pairs (JSONL)", _text(gathered), _FILE, "application/jsonl", key="ask.download",
                icon=":material/download:", on_click="ignore",
            )  # fmt: skip
            st.button("Empty", key="ask.empty", icon=":material/delete:", on_click=_empty)
    if gathered:
        study_access.stop_unless_allowed()
        _study(gathered)


def _study(gathered: list[tuple[SystemAnswer, ...]]) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        title = st.text_input("Title, shown to annotators", key="ask.title", max_chars=200)
        st.button(
            "Create the study", key="ask.create", icon=":material/how_to_vote:",
            disabled=not title.strip(), on_click=_create, args=(title.strip(), gathered),
        )  # fmt: skip
    if problem := st.session_state.get(_PROBLEM):
        st.error(as_text(problem), icon=":material/error:")
    if made := st.session_state.get(_MADE):
        st.success(
            f"Study `{made}` is made. Look it over and launch it under Studies.",
            icon=":material/check:",
        )
        st.page_link("pages/studies.py", label="To Studies", icon=":material/how_to_vote:")


def _on_the_page() -> tuple[SystemAnswer, ...]:
    """Two answers to one question by two systems; none while one of them is missing."""
    found = tuple(job.state.answer for job in jobs())
    whole = tuple(answer for answer in found if answer is not None and answer.reply.text)
    return whole if len(whole) == 2 else ()


def _gathered() -> list[tuple[SystemAnswer, ...]]:
    return st.session_state.get(_GATHERED, [])


def _gather(pair: tuple[SystemAnswer, ...]) -> None:
    st.session_state[_GATHERED] = [*_gathered(), pair]
    st.session_state[_MADE] = None


def _empty() -> None:
    for key in (_GATHERED, _PROBLEM, _MADE):
        st.session_state.pop(key, None)


def _text(gathered: list[tuple[SystemAnswer, ...]]) -> str:
    return answers_text(answer for pair in gathered for answer in pair)


def _create(title: str, gathered: list[tuple[SystemAnswer, ...]]) -> None:
    """A draft, read as any file of answers is."""
    name = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:64] or "asked"
    st.session_state[_PROBLEM] = None
    try:
        questions = read_study_files([(_FILE, _text(gathered).encode())])
        store().create(name, title, questions, StudySettings())
    except (StudyError, VotesError) as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_MADE] = st.session_state[study_forms.MADE] = name
