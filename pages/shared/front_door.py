"""A link to a page, opened on a server that nobody has visited yet, goes through app.py too."""

from __future__ import annotations

import runpy
from pathlib import Path

import streamlit as st
from streamlit.runtime.pages_manager import PagesManager

_APP = Path(__file__).resolve().parents[2] / "app.py"


def through_app() -> None:
    """Run app.py, which runs the page again, if Streamlit began at the page itself.

    Until a server's first `st.navigation`, Streamlit takes `pages/` for an app of its older kind:
    it runs the page alone, lists every file beside it, and app.py has no say in either.
    """
    if PagesManager.uses_pages_directory:
        runpy.run_path(str(_APP))
        st.stop()
