"""Who may run studies: who has the admin token, or sits at the computer that runs Occuscope."""

from __future__ import annotations

import streamlit as st

from occu_core.pairwise.tokens import ADMIN_VARIABLE, has_admin_token, is_admin
from pages.shared.visitors import at_this_computer

_MAY = "studies.admin"


def stop_unless_allowed() -> None:
    """End the page for everybody else."""
    if not has_admin_token():
        if at_this_computer():
            return
        st.info(
            "Studies are run from the computer that runs Occuscope, or from anywhere with the"
            f" admin token: set `{ADMIN_VARIABLE}` (16 characters or more) in the server's"
            " environment.",
            icon=":material/lock:",
        )
        st.stop()
    if st.session_state.get(_MAY):
        return
    st.text_input(
        "Admin token",
        type="password",
        key="studies.token",
        autocomplete="current-password",
        on_change=_entered,
        help=f"What `{ADMIN_VARIABLE}` is set to in the server's environment.",
    )
    if st.session_state.get("studies.token"):
        st.error("This is not the admin token.", icon=":material/lock:")
    st.stop()


def _entered() -> None:
    st.session_state[_MAY] = is_admin(st.session_state["studies.token"])
