"""A pair as an annotator sees it: the question, each answer in its own frame, and the choices."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from html import escape
from math import ceil
from pathlib import Path

import streamlit as st

from occu_core.pairwise.ballots import MOST_COMMENT, Annotator, Presented, SkipReason, StudyView
from occu_core.pairwise.votes import Verdict
from pages.shared import annotating_votes as votes
from pages.shared.displays import as_text
from pages.shared.occuquest_text import written

VERDICTS = {
    Verdict.LEFT: ("Answer 1", "1"),
    Verdict.RIGHT: ("Answer 2", "2"),
    Verdict.TIE: ("Tie", "0"),
    Verdict.BOTH_BAD: ("Both bad", "9"),
}
_SKIPS = {
    SkipReason.NOT_MY_FIELD: "I do not know this field of work",
    SkipReason.UNCLEAR_QUESTION: "The question is unclear",
    SkipReason.CANNOT_DECIDE: "I cannot decide",
    SkipReason.NOT_DISPLAYED: "Something is not displayed properly",
    SkipReason.OTHER: "Something else",
}
_HERE = Path(__file__)


def guidelines(view: StudyView) -> None:
    """What the study asks of annotators, and the keys."""
    if view.guidelines:
        written(view.guidelines)
    keys = [f"**{VERDICTS[one][1]}** {label.lower()}" for one, label in _labels(view).items()]
    st.markdown(f"Click, tap, or use the keys: {', '.join(keys)}.")


def show_progress(view: StudyView, now: Presented) -> None:
    """Which pair of how many this is."""
    badge = " :violet-badge[practice]" if now.practice else ""
    with st.container(horizontal=True, horizontal_alignment="distribute", gap="small"):
        st.caption(as_text(view.title) + badge, width="content")
        st.caption(f"{now.number:,} of {now.total:,}", width="content")
    st.progress((now.number - 1) / max(now.total, now.number))


def show_pair(now: Presented) -> None:
    """The question and both answers."""
    with st.container(key="annotate.question"):
        written(now.question)
    for side, text, column in zip(votes.SIDES, (now.left, now.right), st.columns(2), strict=True):
        with column, st.container(border=True, key=f"annotate.answer_{side}"):
            st.caption(f"**{VERDICTS[side][0]}**")
            with st.container(key=f"annotate.text_{side}"):
                written(text) if text.strip() else st.caption("(an empty answer)")


def ask_form(view: StudyView, now: Presented) -> None:
    """Every criterion, the main one first, and whether each answer is good enough."""
    st.markdown(f"**{as_text(view.criteria[0].question)}**")
    _verdicts(view, now, votes.choose)
    with st.grid(2, min_column_width=320, gap="small"):
        for one in view.criteria[1:]:
            _choice(as_text(one.question), votes.criterion_key(now.id, one), _labels(view))
    if view.ask_acceptable:
        with st.grid(2, min_column_width=150, gap="small"):
            for side in votes.SIDES:
                label = f"Is {VERDICTS[side][0].lower()} good enough?"
                _choice(label, votes.enough_key(now.id, side), {True: "Yes", False: "No"})


def show_tools(annotator: Annotator, view: StudyView, now: Presented) -> None:
    """What is needed now and then."""
    with st.container(horizontal=True, gap="xsmall", key="annotate.tools"):
        with st.popover("Comment", icon=":material/comment:", type="tertiary"):
            _write("Stored with your vote", f"annotate.comment.{now.id}")
        with st.popover("Skip", icon=":material/skip_next:", type="tertiary"):
            key = f"annotate.skip_reason.{now.id}"
            st.radio("Why?", list(_SKIPS), key=key, format_func=_SKIPS.__getitem__)
            _write("Anything to add?", f"annotate.skip_comment.{now.id}")
            st.button(
                "Skip this pair", key=f"annotate.skip.{now.id}", type="primary",
                on_click=votes.skip, args=(annotator, now.id),
            )  # fmt: skip
        with st.popover("Report", icon=":material/flag:", type="tertiary"):
            _write("What is harmful?", f"annotate.harm.{now.id}")
            st.button(
                "Report instead of voting", key=f"annotate.report.{now.id}", type="primary",
                on_click=votes.report, args=(annotator, now.id),
            )  # fmt: skip
        with st.popover("Help", icon=":material/help:", type="tertiary"):
            guidelines(view)


def _write(label: str, key: str) -> None:
    st.text_area(label, key=key, max_chars=MOST_COMMENT, height=90)


def keep_steady(presentation: str) -> None:
    """A new pair begins at its top; a key that is held down counts once."""
    script = _HERE.with_name("annotating.js").read_text(encoding="utf-8")
    st.html(
        f"<script>window.occuscopePair = {json.dumps(presentation)};\n{script}</script>",
        unsafe_allow_javascript=True,
    )


def ask_below(annotator: Annotator, view: StudyView, now: Presented) -> None:
    """What is always within reach: one press that votes, or saves a form; and taking it back."""
    with st.container(gap="xsmall"):
        with st.container(horizontal=True, wrap=False, vertical_alignment="center", gap="small"):
            if not votes.is_form(view):
                st.markdown(f"**{as_text(view.criteria[0].question)}**", width="stretch")
            _wait(now)
            if now.may_undo:
                undo_button(annotator, now.id)
        if votes.is_form(view):
            _save(annotator, view, now)
        else:
            _verdicts(view, now, votes.cast, annotator, view)


def _verdicts(
    view: StudyView, now: Presented, press: Callable[..., None], *first: Annotator | StudyView
) -> None:
    """A button for each verdict that the study allows, and its key."""
    allowed = _labels(view)
    with st.grid(len(allowed), min_column_width=140, gap="small"):
        for verdict, label in allowed.items():
            pressed = st.button(
                label, key=f"annotate.{verdict}.{now.id}", shortcut=VERDICTS[verdict][1],
                type="primary" if verdict is votes.chosen(now.id) else "secondary",
                width="stretch", on_click=press, args=(*first, now.id, verdict),
            )  # fmt: skip
            if pressed and not votes.knows_presses():
                press(*first, now.id, verdict)
                st.rerun()


def _save(annotator: Annotator, view: StudyView, now: Presented) -> None:
    missing = votes.missing(view, now.id)
    st.button(
        f"Still to answer: {missing}" if missing else "Save and go on",
        key=f"annotate.save.{now.id}", type="primary", shortcut="S", width="stretch",
        disabled=bool(missing), on_click=votes.cast,
        args=(annotator, view, now.id, votes.chosen(now.id)),
    )  # fmt: skip


def _wait(now: Presented) -> None:
    """How long to read before a vote counts; a press that came too soon is answered in words."""
    notice = votes.take_notice()
    if now.seconds_left <= 0:
        if notice:
            st.toast(as_text(notice), icon=":material/info:")
        return
    words = f"{notice or 'read both'} ·"
    timing = f"--seconds:{ceil(now.seconds_left)};animation-duration:{now.seconds_left:.2f}s"
    st.html(
        f'<span class="annotate-wait" data-pair="{escape(now.id)}" style="{timing}">'
        f"{escape(words)}</span>",
        width="content",
    )


def undo_button(annotator: Annotator, at: str) -> None:
    """Take the last vote back; `at` is where, so that a late press does nothing elsewhere."""
    st.button(
        "Undo", key=f"annotate.undo.{at}", icon=":material/undo:", shortcut="U",
        type="tertiary", help="Take your last vote back.", on_click=votes.undo, args=(annotator,),
    )  # fmt: skip


def _choice(label: str, key: str, options: Mapping[object, str]) -> None:
    st.segmented_control(label, list(options), key=key, format_func=options.__getitem__)


def _labels(view: StudyView) -> dict[Verdict, str]:
    return {verdict: label for verdict, (label, _) in VERDICTS.items() if _open(view, verdict)}


def _open(view: StudyView, verdict: Verdict) -> bool:
    """Whether the study allows a verdict."""
    closed = {Verdict.TIE: not view.allow_ties, Verdict.BOTH_BAD: not view.allow_both_bad}
    return not closed.get(verdict, False)
