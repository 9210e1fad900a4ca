"""What an annotator's press does: a vote, a skip, a report, or taking the last vote back."""

from __future__ import annotations

import time
from collections.abc import Callable

import streamlit as st

from occu_core.pairwise.ballots import Annotator, Ballot, Receipt, SkipReason, StudyView
from occu_core.pairwise.store_refusals import (
    AlreadyAnsweredError,
    NothingToUndoError,
    NotYoursError,
    StudyError,
    TooSoonError,
    UnknownPresentationError,
)
from occu_core.pairwise.studies import Criterion
from occu_core.pairwise.votes import Verdict
from pages.shared import annotator_sign_in as who
from pages.shared.study_store import store

SIDES = (Verdict.LEFT, Verdict.RIGHT)
_NOTICE, _RECEIPT = "annotate.notice", "annotate.receipt"
_PRESSED, _SHOWN = "annotate.pressed", "annotate.shown"
# A held key repeats every 30 to 100 ms; two pairs are not read within half a second.
_HELD_SECONDS = 0.5
# Somebody else's tab, or this one's earlier press, was faster: the next pair is shown instead.
_OVERTAKEN = (AlreadyAnsweredError, UnknownPresentationError, NotYoursError, NothingToUndoError)


def criterion_key(presentation: str, criterion: Criterion) -> str:
    """Where the verdict on a criterion after the first is kept."""
    return f"annotate.criterion_{criterion.name}.{presentation}"


def enough_key(presentation: str, side: Verdict) -> str:
    """Where "is it good enough?" is kept."""
    return f"annotate.enough_{side}.{presentation}"


def is_form(view: StudyView) -> bool:
    """Whether one press is not the whole answer."""
    return view.ask_acceptable or len(view.criteria) > 1


def chosen(presentation: str) -> Verdict | None:
    """The verdict on the first criterion, where it is not cast at once."""
    found: Verdict | None = st.session_state.get(f"annotate.chosen.{presentation}")
    return found


def missing(view: StudyView, presentation: str) -> int:
    """How many questions about the pair are not answered yet."""
    keys = [criterion_key(presentation, criterion) for criterion in view.criteria[1:]]
    if view.ask_acceptable:
        keys += [enough_key(presentation, side) for side in SIDES]
    answers = [chosen(presentation), *map(st.session_state.get, keys)]
    return sum(answer is None for answer in answers)


def take_notice() -> str | None:
    """Why the last press did nothing, said once."""
    return st.session_state.pop(_NOTICE, None)


def practised() -> Receipt | None:
    """What came of a practice pair, until `go_on`."""
    found: Receipt | None = st.session_state.get(_RECEIPT)
    return found


def go_on() -> None:
    """Put the practice pair away."""
    st.session_state.pop(_RECEIPT, None)


def begin(annotator: Annotator) -> None:
    """Agree to the consent text, or having read the guidelines."""
    who.renew(store().consent(annotator))


def knows_presses() -> bool:
    """Whether this session has shown a pair before, so that a press was answered already.

    After a restart of the server the page stays as it was: a press on it begins a new session,
    which does not know yet what to call for it.
    """
    return _SHOWN in st.session_state


def note_shown() -> None:
    """From now on presses are answered before the page is drawn."""
    st.session_state[_SHOWN] = True


def choose(presentation: str, verdict: Verdict) -> None:
    """Note the verdict on the first criterion; more is asked."""
    st.session_state[f"annotate.chosen.{presentation}"] = verdict


def cast(annotator: Annotator, view: StudyView, presentation: str, verdict: Verdict) -> None:
    """Vote."""
    now, before = time.monotonic(), st.session_state.get(_PRESSED, 0.0)
    st.session_state[_PRESSED] = now
    if now - before < _HELD_SECONDS:
        return
    first, *others = view.criteria
    more = [(one.name, st.session_state[criterion_key(presentation, one)]) for one in others]
    enough = [st.session_state.get(enough_key(presentation, side)) for side in SIDES]
    comment = st.session_state.get(f"annotate.comment.{presentation}", "")
    try:
        ballot = Ballot(((first.name, verdict), *more), enough[0], enough[1], comment)
        receipt = store().cast(annotator, presentation, ballot)
    except TooSoonError:
        st.session_state[_NOTICE] = "please read both first"
    except _OVERTAKEN:
        pass
    except StudyError as error:
        st.session_state[_NOTICE] = str(error)
    else:
        st.session_state.pop(f"annotate.chosen.{presentation}", None)
        if receipt.expected or receipt.explanation:
            st.session_state[_RECEIPT] = receipt


def skip(annotator: Annotator, presentation: str) -> None:
    """Pass the pair over."""
    reason: SkipReason = st.session_state[f"annotate.skip_reason.{presentation}"]
    comment = st.session_state.get(f"annotate.skip_comment.{presentation}", "")
    _try(lambda: store().skip(annotator, presentation, reason, comment))


def report(annotator: Annotator, presentation: str) -> None:
    """Report the pair as harmful."""
    comment = st.session_state[f"annotate.harm.{presentation}"]
    _try(lambda: store().report_harm(annotator, presentation, comment))


def undo(annotator: Annotator) -> None:
    """Take the last vote back."""
    _try(lambda: store().undo(annotator))


def _try(action: Callable[[], None]) -> None:
    try:
        action()
    except _OVERTAKEN:
        pass
    except StudyError as error:
        st.session_state[_NOTICE] = str(error)
