"""Where a visitor sits."""

from __future__ import annotations

import streamlit as st

_PASSED_ON = {"X-Forwarded-For", "X-Real-Ip", "Forwarded"}


def at_this_computer() -> bool:
    """Whether the visitor's browser runs where the server does; a proxy in between says so."""
    return st.context.ip_address is None and not _PASSED_ON & set(st.context.headers)
