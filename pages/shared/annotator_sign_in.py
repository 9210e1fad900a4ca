"""Who annotates: known by the token of an invitation, by joining openly, or by single sign-on."""

from __future__ import annotations

from typing import NoReturn
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from occu_core.pairwise.ballots import Annotator
from occu_core.pairwise.store_refusals import StudyError, UnknownTokenError
from occu_core.pairwise.studies import Expertise
from occu_core.pairwise.tokens import INVITATION
from pages.shared.displays import as_text
from pages.shared.study_store import store

JOIN, INVITED = "join", "invited"
_WHO, _PROBLEM = "annotate.who", "annotate.problem"
_EXPERTISE = {
    None: "Not said",
    Expertise.STUDENT: "I study it",
    Expertise.PRACTITIONER: "I work in it",
    Expertise.EXPERT: "I am an expert in it",
}


def signed_in() -> Annotator:
    """The annotator of this session; without one, ways to sign in and the end of the page."""
    found = _found()
    if found is None:
        if study := st.query_params.get(JOIN):
            _join(study)
        else:
            _paste()
        st.stop()
    return found


def keep(secret: str, annotator: Annotator) -> Annotator:
    """Remember who annotates, on the server's side only."""
    st.session_state[_WHO] = (secret, annotator)
    return annotator


def renew(annotator: Annotator) -> None:
    """Remember what changed about the annotator."""
    st.session_state[_WHO] = (st.session_state[_WHO][0], annotator)


def gone(annotator: Annotator) -> NoReturn:
    """Forget an annotator whom the store no longer knows: a demo that was reset is joined anew."""
    st.session_state.pop(_WHO, None)
    st.query_params.clear()
    st.query_params[JOIN] = annotator.study
    st.rerun()


def _found() -> Annotator | None:
    token, study = st.query_params.get(INVITATION), st.query_params.get(INVITED)
    secret = token or study
    known = st.session_state.get(_WHO)
    if secret is None or (known and known[0] == secret):
        return known[1] if secret else None
    try:
        return keep(secret, store().sign_in(token) if token else _by_identity(secret))
    except StudyError as error:
        _refused(error)


def _by_identity(study: str) -> Annotator:
    """Who was invited as the user that their provider vouches for; the page ends without one."""
    user = st.user.to_dict()
    if "is_logged_in" not in user:
        raise UnknownTokenError("single sign-on is not set up here; use your invitation link")
    if not user["is_logged_in"]:
        st.title("Compare answers")
        st.markdown("Sign in, then open your link once more.")
        st.button("Sign in", key="annotate.login", type="primary", on_click=st.login)
        st.stop()
    subject = f"{user.get('iss')}|{user.get('sub')}"
    try:
        return store().sign_in_as(study, subject)
    except UnknownTokenError:
        if not (user.get("email") and user.get("email_verified")):
            raise
        return store().sign_in_as(study, str(user["email"]))


def _paste() -> None:
    """A field for a link or token, for those who cannot open the link itself."""
    st.title("Compare answers")
    st.markdown("Open your invitation link, or paste it here. It brings you back any time.")
    st.text_input("Invitation link or token", key="annotate.pasted", on_change=_pasted)
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(as_text(problem), icon=":material/error:")
    st.button("Go on", key="annotate.enter", type="primary", on_click=_pasted)


def _pasted() -> None:
    pasted = st.session_state["annotate.pasted"].strip()
    if not pasted:
        return
    token = parse_qs(urlsplit(pasted).query).get(INVITATION, [pasted])[0]
    try:
        keep(token, store().sign_in(token))
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.query_params[INVITATION] = token


def _join(study: str) -> None:
    """A nickname and the way in, for a study that everybody may join."""
    try:
        summary = store().summary(study)
    except StudyError:
        _refused(UnknownTokenError("there is no such study to join"))
    st.title(as_text(summary.title))
    if not summary.settings.open_joining:
        _refused(UnknownTokenError("this study is joined by invitation; open your own link"))
    with st.form("annotate.join", border=False):
        st.text_input("A nickname", key="annotate.nickname", max_chars=40)
        if not summary.settings.demo:
            st.text_input("Your field of work, if you like", key="annotate.field", max_chars=200)
            st.selectbox(
                "How well do you know it?",
                list(_EXPERTISE),
                key="annotate.expertise",
                format_func=_EXPERTISE.__getitem__,
            )
        st.form_submit_button(
            "Join", key="annotate.joined", type="primary", on_click=_joined, args=(study,)
        )
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(as_text(problem), icon=":material/error:")


def _joined(study: str) -> None:
    try:
        invitation = store().join(
            study,
            st.session_state["annotate.nickname"],
            st.session_state.get("annotate.field") or None,
            st.session_state.get("annotate.expertise"),
        )
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    keep(invitation.token, invitation.annotator)
    st.query_params.clear()
    st.query_params[INVITATION] = invitation.token  # a reload resumes by it


def _refused(error: StudyError) -> NoReturn:
    st.title("Compare answers")
    st.error(as_text(str(error)), icon=":material/lock:")
    st.stop()
