"""The people of a study: inviting them, how far and how well each works, what they noted."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime

import streamlit as st

from occu_core.pairwise.ballots import Invitation
from occu_core.pairwise.store_refusals import StudyError
from occu_core.pairwise.store_summaries import AnnotatorQuality, StudySummary
from occu_core.pairwise.studies import Expertise, StudyState
from pages.shared import study_links as links
from pages.shared.displays import as_text
from pages.shared.study_store import store

MOST_INVITED = 200
_INVITED, _PROBLEM = "studies.invited", "studies.invite_problem"


def people(study: StudySummary) -> None:
    """Everybody by number: votes, checks, consistency and pace."""
    rows = [_row(one) for one in store().quality(study.name)]
    if not rows:
        st.caption("Nobody is invited yet.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"Median seconds": st.column_config.NumberColumn(format="%.1f")},
        alt="Each annotator's votes, checks passed, consistency and pace",
    )
    st.caption(
        "Gold and attention: right of how many. Repeats: the same verdict of how many pairs shown"
        " again with sides swapped. “Who” stays here; exports have the number only."
    )
    with st.popover("Take an invitation back", icon=":material/person_remove:"):
        number = st.selectbox("Number", [row["Number"] for row in rows], key="studies.revoked")
        st.button("Take back", key="studies.revoke", on_click=_revoke, args=(study.name, number))


def invite(study: StudySummary) -> None:
    """Links for new annotators, shown once, and the open link where there is one."""
    if study.state is StudyState.CLOSED:
        return
    st.subheader("Invite")
    address = links.choose_address("studies.address")
    if study.settings.open_joining:
        st.markdown("Anybody can join by this link:")
        _link(links.joining_link(address, study.name))
    with st.form("studies.invite", border=True, clear_on_submit=True):
        with st.grid(4, min_column_width=150, gap="small"):
            count = st.number_input("How many", 1, MOST_INVITED, 1, key="studies.count")
            label = st.text_input(
                "Who (a note of yours)", key="studies.label", max_chars=200,
                help="Never shown to annotators, never exported.",
            )  # fmt: skip
            field = st.text_input("Field of work", key="studies.field", max_chars=200)
            expertise = st.selectbox(
                "Knows it as", [None, *Expertise], key="studies.expertise",
                format_func=lambda one: one.capitalize() if one else "Not said",
            )  # fmt: skip
        identity = ""
        if links.has_sign_on():
            identity = st.text_input(
                "E-mail or issuer|subject, to sign in without a link", key="studies.identity"
            )
        pressed = st.form_submit_button("Invite", key="studies.invited_now", type="primary")
    if pressed:
        _invite(study.name, int(count), (label, field or None, expertise, identity or None))
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(as_text(problem), icon=":material/error:")
    name, made = st.session_state.get(_INVITED, ("", ()))
    if name == study.name and made:
        _show(address, made)
    if links.has_sign_on():
        st.markdown("Those invited by who they are use:")
        st.code(links.sign_on_link(address, study.name), language=None, wrap_lines=True)


def notes(study: StudySummary) -> None:
    """Comments, skips and reports of harmful content."""
    rows = [
        {
            "When": datetime.fromtimestamp(note.time, UTC),
            "What": {"voted": "comment"}.get(note.kind, str(note.kind)),
            "By": note.annotator,
            "Question": note.question_id,
            "Why": (note.reason or "").replace("_", " "),
            "Text": note.text,
        }
        for note in store().notes(study.name)
    ]
    if not rows:
        st.caption("No comment, skip or report yet.")
        return
    st.dataframe(
        rows,
        hide_index=True,
        column_config={"When": st.column_config.DatetimeColumn(format="YYYY-MM-DD HH:mm")},
        alt="Comments, skips and reports of harmful content",
    )


def _row(one: AnnotatorQuality) -> dict[str, object]:
    def share(right: int, of: int) -> str:
        return f"{right} of {of}" if of else "–"

    return {
        "Number": one.number,
        "Who": one.label + (" (taken back)" if one.revoked else ""),
        "Field": one.field or "–",
        "Knows it as": one.expertise or "–",
        "Votes": one.votes,
        "Gold": share(one.gold_right, one.gold),
        "Attention": share(one.attention_passed, one.attention),
        "Repeats": share(one.repeats_same, one.repeats),
        "Median seconds": one.median_seconds,
        "Skipped": one.skipped,
        "Reported": one.reported,
    }


def _invite(
    study: str, count: int, person: tuple[str, str | None, Expertise | None, str | None]
) -> None:
    label, field, expertise, identity = person
    try:
        made = tuple(store().invite(study, label, field, expertise, identity) for _ in range(count))
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[_INVITED] = (study, made)


def _show(address: str, made: tuple[Invitation, ...]) -> None:
    """Fresh links; the store keeps only their digests."""
    st.success(
        "Copy now: a link is shown only here, and nobody can look it up later.",
        icon=":material/key:",
    )
    rows = [(one.annotator.number, links.invitation_link(address, one.token)) for one in made]
    if len(rows) == 1:
        _link(rows[0][1])
        return
    st.code("\n".join(link for _, link in rows), language=None, height=200)
    held = io.StringIO()
    csv.writer(held).writerows([("number", "link"), *rows])
    st.download_button(
        "Links (CSV)", held.getvalue(), "links.csv", "text/csv", key="studies.links",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip


def _link(link: str) -> None:
    """A link to copy and to scan."""
    with st.container(horizontal=True, gap="medium"):
        with st.container(width=180):
            links.qr_code(link, width=180)
        st.code(link, language=None, wrap_lines=True, width="stretch")


def _revoke(study: str, number: int) -> None:
    try:
        store().revoke(study, number)
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)
