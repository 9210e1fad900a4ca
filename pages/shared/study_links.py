"""Links that let annotators in, and the same as QR codes."""

from __future__ import annotations

import re
from html import escape
from urllib.parse import urlencode, urlsplit

import segno
import streamlit as st

from occu_core.pairwise.tokens import INVITATION
from pages.shared.annotator_sign_in import INVITED, JOIN

_WITHOUT_PAGE = re.compile(r"/(studies|live)?/*$")
_LOCAL = {"localhost", "127.0.0.1", "::1"}


def choose_address(key: str) -> str:
    """Where annotators reach this server; the address the maker uses, unless they know better."""
    here = _WITHOUT_PAGE.sub("", st.context.url or "http://localhost:8501")
    typed = st.text_input(
        "Where annotators reach this server",
        here,
        key=key,
        persist_state="session",
        help="Links and QR codes begin with it.",
    )
    address = typed.strip().rstrip("/") or here
    if urlsplit(address).hostname in _LOCAL:
        st.caption(
            ":material/wifi_off: Only this computer can open such links. For others, start with"
            " `--server.address 0.0.0.0` and write this computer's address here."
        )
    return address


def invitation_link(address: str, token: str) -> str:
    """The link of one annotator."""
    return f"{address}/annotate?{urlencode({INVITATION: token})}"


def joining_link(address: str, study: str) -> str:
    """The link by which anybody joins an open study."""
    return f"{address}/annotate?{urlencode({JOIN: study})}"


def sign_on_link(address: str, study: str) -> str:
    """The link for those invited by who they are, where single sign-on is set up."""
    return f"{address}/annotate?{urlencode({INVITED: study})}"


def has_sign_on() -> bool:
    """Whether single sign-on is set up on this server."""
    return "is_logged_in" in st.user.to_dict()


def qr_code(link: str, *, width: int = 220) -> None:
    """A link to be scanned: black on white in any theme, or scanners fail."""
    drawn = segno.make(link, error="m").svg_data_uri(scale=8, border=3, dark="#000", light="#fff")
    st.html(
        f'<img src="{escape(drawn)}" alt="QR code of the link" style="width:min({width}px,100%)">'
    )
