"""The pinned case: what the career on the desk is compared with, until another is pinned."""

from __future__ import annotations

from dataclasses import dataclass, replace

import streamlit as st

from occu_core.careers import Query
from occu_core.data.links import LinkError, View, decode_view, encode_view
from occu_core.explain.case_changes import shown
from pages.shared import displays
from pages.shared.displays import as_text
from pages.shared.loaders import examples, model_cards
from pages.shared.session import Desk, desk

LINK = "pin"
_KEY, _FOLLOWED, _PROBLEM = "pinned", "followed_pin", "pin_problem"


@dataclass(frozen=True)
class Pinned:
    """A case with its name; `model` answers it, or the changed case's own where that is None."""

    query: Query
    name: str
    model: str | None = None


def pinned() -> Pinned:
    """The pinned case; at first the one on the desk."""
    if _KEY not in st.session_state:
        pin_desk()
    found: Pinned = st.session_state[_KEY]
    return found if found.model in {None, *model_cards()} else replace(found, model=None)


def pin_desk() -> None:
    """Pin the case on the desk, as it is now; another model for the pinned case stays."""
    model = st.session_state[_KEY].model if _KEY in st.session_state else None
    st.session_state[_KEY] = Pinned(desk().query, desk().name, model)
    st.session_state[_PROBLEM] = None


def answer_by(model: str | None) -> None:
    """Have the pinned case answered by another model, or by the same again."""
    st.session_state[_KEY] = replace(pinned(), model=model)


def follow_link(model: str) -> None:
    """Pin the case that the address names, once; a damaged address pins nothing."""
    text = st.query_params.get(LINK)
    if text is None or text == st.session_state.get(_FOLLOWED):
        return
    st.session_state[_FOLLOWED] = text
    try:
        view = decode_view(text)
    except LinkError as error:
        st.session_state[_PROBLEM] = f"The pinned case was not opened: {error}."
        return
    st.session_state[_PROBLEM] = None
    known = [title for title, example in examples().items() if example == view.query]
    other = view.models[0] if view.models[0] in {*model_cards()} - {model} else None
    st.session_state[_KEY] = Pinned(view.query, known[0] if known else "From a link", other)


def link_problem() -> None:
    """Why the pinned case of the last link could not be opened, if it could not."""
    if why := st.session_state.get(_PROBLEM):
        st.error(as_text(why), icon=":material/link_off:")


def token(model: str, *, sensitive: bool = False) -> str:
    """The pinned case as text for an address; `model` answers the changed one."""
    found = pinned()
    return encode_view(View(found.query, (found.model or model,)), sensitive=sensitive)


def keep_in_address(model: str) -> None:
    """Let a reload bring the pinned case back, sex and race/ethnicity only if a link had them."""
    links = [token(model), token(model, sensitive=True)]
    if st.query_params.get(LINK) not in links:
        st.session_state[_FOLLOWED] = links[0]
        st.query_params[LINK] = links[0]


def summary() -> None:
    """The pinned case in two lines."""
    found = pinned()
    query = found.query
    displays.career_line(Desk(query, found.name, ()))
    last = f"{query.previous.title} in {query.past.records[-1].year}" if query.previous else "none"
    st.markdown(
        f"Last job: {as_text(last)}  \nAsked about **{query.year}**, education"
        f" {as_text(shown(query.education))}"
    )
