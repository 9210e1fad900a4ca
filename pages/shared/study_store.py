"""The one store of studies that all visitors of this server share."""

from __future__ import annotations

import streamlit as st

from occu_core.pairwise.store import Store
from occu_core.pairwise.store_database import database_url


def store() -> Store:
    """Where studies and votes are kept; opened once, and by its address."""
    return _opened(database_url())


@st.cache_resource(show_spinner=False)
def _opened(url: str) -> Store:
    return Store(url)
