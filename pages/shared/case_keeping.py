"""Saving the case on the desk on this server, and opening one from its address."""

from __future__ import annotations

import streamlit as st

from occu_core.data.links import View
from occu_core.home import data_folder
from occu_core.saved_cases import KEPT_DAYS, MOST_NAME, CaseError, CaseStore, SavedCase
from pages.shared import opening
from pages.shared.displays import as_text
from pages.shared.session import desk, put

MOST_IN_A_SESSION = 100
_FOLLOWED, _PROBLEM, _OWN = "followed_case", "case_problem", "own_cases"


def store() -> CaseStore:
    """Where this server keeps cases."""
    return CaseStore(data_folder() / "cases.sqlite3")


def follow() -> None:
    """Open the case that the address names, once; one that is not there changes nothing."""
    case_id = st.query_params.get(opening.CASE)
    if case_id is not None and case_id != st.session_state.get(_FOLLOWED):
        st.session_state[_FOLLOWED] = case_id
        try:
            _opened(store().find(case_id))
        except CaseError as error:
            st.session_state[_PROBLEM] = f"The case was not opened: {error}."


def problem() -> None:
    """Why the last case could not be opened, saved or deleted, if it could not."""
    if why := st.session_state.get(_PROBLEM):
        st.error(as_text(why), icon=":material/link_off:")


def keeping(view: View) -> None:
    """The menu that saves the case, and the cases that this visitor saved or opened."""
    with st.popover("Save this case", icon=":material/bookmark_add:", key="next_job.case_menu"):
        name = st.text_input(
            "Name",
            desk().name[:MOST_NAME],
            max_chars=MOST_NAME,
            key=f"next_job.case_name.{desk().name}",
        )
        st.button(
            "Save on this server",
            key="next_job.case_save",
            icon=":material/save:",
            on_click=_save,
            args=(view, name),
        )
        st.caption(
            "The career is kept whole, with sex and race/ethnicity if they are given, for"
            f" {KEPT_DAYS} days. The address holds only a random id; whoever has it can open the"
            " case and delete it. Cases of others are listed nowhere."
        )
        for case in st.session_state.get(_OWN, {}).values():
            _listed(case)


def _listed(case: SavedCase) -> None:
    address = (st.context.url or "").partition("?")[0]
    with st.container(border=True):
        st.markdown(f"**{as_text(case.name)}**, kept until {case.kept_until}")
        st.code(f"{address}?{opening.CASE}={case.case_id}", language=None, wrap_lines=True)
        st.button(
            "Delete",
            key=f"next_job.case_delete.{case.case_id}",
            icon=":material/delete:",
            on_click=_delete,
            args=(case.case_id,),
        )


def _save(view: View, name: str) -> None:
    try:
        if len(st.session_state.get(_OWN, {})) >= MOST_IN_A_SESSION:
            raise CaseError(f"at most {MOST_IN_A_SESSION} cases are saved in one visit")
        case = store().save(view, name.strip() or desk().name)
    except CaseError as error:
        st.session_state[_PROBLEM] = f"The case was not saved: {error}."
        return
    st.session_state[_FOLLOWED] = case.case_id
    _remember(case)


def _opened(case: SavedCase) -> None:
    put(case.view.query, case.name)
    _remember(case)
    opening.choose_models(case.view)


def _remember(case: SavedCase) -> None:
    st.session_state[_PROBLEM] = None
    st.session_state[opening.OPEN_CASE] = (case.case_id, case.view)
    st.session_state[_OWN] = {**st.session_state.get(_OWN, {}), case.case_id: case}


def _delete(case_id: str) -> None:
    try:
        store().delete(case_id)
    except CaseError as error:
        st.session_state[_PROBLEM] = f"The case was not deleted: {error}."
        return
    own = st.session_state[_OWN]
    st.session_state[_OWN] = {key: case for key, case in own.items() if key != case_id}
    if (st.session_state.get(opening.OPEN_CASE) or ("",))[0] == case_id:
        st.session_state[opening.OPEN_CASE] = None
