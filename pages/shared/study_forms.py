"""Making a study: its answers, its settings, and a look over both before anybody votes."""

from __future__ import annotations

import re

import streamlit as st

from occu_core.assets import asset_path
from occu_core.pairwise.launching import Check, check_content
from occu_core.pairwise.store_refusals import StudyError
from occu_core.pairwise.studies import (
    CRITERIA,
    OVERALL,
    PairChoice,
    StudyQuestion,
    StudySettings,
)
from occu_core.pairwise.study_files import read_study_files
from occu_core.pairwise.votes import VotesError
from pages.shared.displays import as_text
from pages.shared.study_store import store

MADE, _PROBLEM = "studies.made", "studies.problem"
MOST_LEAKS = 50
_SAMPLE = asset_path("studies") / "sample.jsonl"
_UPLOAD, _BUILT_IN = "Files of mine", "The built-in sample"
_PAIRS = {PairChoice.BALANCED: "All alike", PairChoice.ADAPTIVE: "The least certain first"}
_FORMAT = """JSON lines, a JSON list or CSV, gzipped or not. A row for each answer, with
`question_id`, `question`, `system` and `response`; or a row for each question, with `question` and
`responses` (`{"system": "answer"}`), in CSV a column `response:NAME` for each system. Optional:
`category`, `field`, `group`, `kind` (`main`, `practice`, `gold`, `attention`), `expected`,
`explanation`."""


def new_study() -> None:
    """The form of a new study."""
    st.subheader("1 · Answers to compare")
    questions = _choose_questions()
    st.subheader("2 · How it is run")
    settings = _choose_settings()
    if questions and settings:
        st.subheader("3 · Check and create")
        _create(questions, settings)


def show_check(check: Check) -> None:
    """What a study holds, and what should be looked at before it is launched."""
    with st.grid(4, min_column_width=130, gap="small"):
        st.metric("Questions", f"{check.questions:,}")
        st.metric("Systems", f"{len(check.systems):,}", help=", ".join(check.systems))
        st.metric("Pairs of answers", f"{check.pairs:,}")
        st.metric("Votes planned", f"{check.votes_planned:,}")
    lines = []
    if check.identical:
        lines.append(f"Pairs left out because both answers are the same: {check.identical:,}.")
    extras = {"practice": check.practice, "gold": check.gold, "attention": check.attention}
    named = [f"{count:,} {kind}" for kind, count in extras.items() if count]
    lines.append(f"Besides: {', '.join(named)} items." if named else "No practice or gold items.")
    st.caption(" ".join(lines))
    if not check.leaks:
        st.success("No answer gives away who wrote it.", icon=":material/visibility_off:")
        return
    st.warning(
        f"**Answers that give away who wrote them: {len(check.leaks):,}.** Mend them in the files,"
        " or votes may be about names.",
        icon=":material/visibility:",
    )
    rows = [
        {
            "Where": leak.place or leak.question_id,
            "System": leak.system,
            "What it says": leak.excerpt,
        }
        for leak in check.leaks[:MOST_LEAKS]
    ]
    st.dataframe(rows, hide_index=True, alt="Answers that give away their system")


def _choose_questions() -> tuple[StudyQuestion, ...]:
    source = st.segmented_control(
        "Where from", [_UPLOAD, _BUILT_IN], default=_UPLOAD, key="studies.source", required=True
    )
    if source == _BUILT_IN:
        if not _SAMPLE.is_file():
            st.info("The sample is not part of this installation.", icon=":material/info:")
            return ()
        st.caption("40 questions with two answers each, written for this demo by its makers.")
        return _read(((_SAMPLE.name, _SAMPLE.read_bytes()),))
    uploaded = st.file_uploader(
        "Answers of two or more systems",
        type=["jsonl", "json", "csv", "gz"],
        accept_multiple_files=True,
        key="studies.files",
        max_upload_size=50,
    )
    with st.expander("What the files hold", icon=":material/description:"):
        st.markdown(_FORMAT)
    return _read(tuple((file.name, file.getvalue()) for file in uploaded)) if uploaded else ()


def _read(files: tuple[tuple[str, bytes], ...]) -> tuple[StudyQuestion, ...]:
    try:
        return _read_once(files)
    except (StudyError, VotesError) as error:
        st.error("These files cannot be used.", icon=":material/error:")
        st.code(str(error), language=None, wrap_lines=True)
        return ()


@st.cache_data(show_spinner="Reading…", max_entries=4)
def _read_once(files: tuple[tuple[str, bytes], ...]) -> tuple[StudyQuestion, ...]:
    return read_study_files(files)


def _choose_settings() -> StudySettings | None:
    values: dict[str, object] = {}
    asked, people = st.columns(2, gap="large")
    with asked:
        values |= _what_is_asked()
    with people:
        values |= _of_whom()
    with st.expander("Guidelines, consent and completion code", icon=":material/article:"):
        values |= _words()
    try:
        return StudySettings(**values)  # type: ignore[arg-type]
    except StudyError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return None


def _what_is_asked() -> dict[str, object]:
    others = st.multiselect(
        f"Besides “{OVERALL.question}”",
        CRITERIA[1:],
        key="studies.criteria",
        format_func=lambda criterion: criterion.question,
        placeholder="Ask nothing more",
    )
    return {
        "criteria": (OVERALL, *others),
        "ask_acceptable": st.checkbox(
            "Also ask “Is it good enough?” of each answer", key="studies.acceptable"
        ),
        "allow_ties": st.checkbox("“Tie” may be chosen", value=True, key="studies.ties"),
        "allow_both_bad": st.checkbox("“Both bad” may be chosen", value=True, key="studies.bad"),
        "minimum_seconds": st.number_input(
            "Seconds to read before a vote counts",
            0.0,
            600.0,
            2.0,
            1.0,
            key="studies.seconds",
            format="%.0f",
        ),
    }


def _of_whom() -> dict[str, object]:
    with st.grid(2, min_column_width=150, gap="small"):
        overlap = st.number_input(
            "People for each pair", 1, 1_000, 1, key="studies.overlap",
            help="Two or more show how far people agree.",
        )  # fmt: skip
        most = st.number_input(
            "Pairs for each person, at most", 1, 100_000, None, key="studies.most",
            placeholder="No limit",
        )  # fmt: skip
        checks = st.number_input(
            "A gold or attention item every", 0, 10_000, 10, key="studies.checks",
            help="After so many pairs; 0 for none. They are given in the files.",
        )  # fmt: skip
        repeats = st.number_input(
            "The same pair again every", 0, 10_000, 0, key="studies.repeats",
            help="After so many pairs, with sides swapped; 0 for none.",
        )  # fmt: skip
        choice = st.selectbox(
            "Of three or more systems, compare", list(_PAIRS), key="studies.choice",
            format_func=_PAIRS.__getitem__,
            help="The least certain first ranks sooner; a fifth of the pairs stays random, and"
            " only those count in win rates.",
        )  # fmt: skip
        seed = st.number_input("Seed of the plan", 0, 2**31 - 1, 1, key="studies.seed")
    demo = st.checkbox("A demo: people join by QR code, and votes can be wiped", key="studies.demo")
    joining = demo or st.checkbox("Anybody with the link may join", key="studies.open")
    return {
        "overlap": overlap, "per_annotator": most, "checks_every": checks,
        "repeats_every": repeats, "pair_choice": choice, "seed": seed, "demo": demo,
        "open_joining": joining,
    }  # fmt: skip


def _words() -> dict[str, object]:
    return {
        "guidelines": st.text_area("Guidelines, shown before the first pair", key="studies.guide"),
        "consent": st.text_area("Consent text, agreed to before", key="studies.consent"),
        "completion_code": st.text_input("Completion code, shown at the end", key="studies.code")
        or None,
    }


def _create(questions: tuple[StudyQuestion, ...], settings: StudySettings) -> None:
    try:
        check = check_content(questions, settings)
    except StudyError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return
    show_check(check)
    with st.grid(2, min_column_width=200, gap="small"):
        title = st.text_input("Title, shown to annotators", key="studies.title", max_chars=200)
        made = re.sub(r"[^a-z0-9]+", "-", title.casefold()).strip("-")[:64]
        typed = st.text_input(
            "Name in links and files", key="studies.name", max_chars=64, placeholder=made,
            help="Small letters, digits and dashes. Annotators can see it in a joining link.",
        )  # fmt: skip
    name = typed.strip() or made
    st.button(
        "Create", key="studies.create", type="primary", icon=":material/add:",
        disabled=not (title.strip() and name), on_click=_created,
        args=(name, title.strip(), questions, settings),
    )  # fmt: skip
    if problem := st.session_state.pop(_PROBLEM, None):
        st.error(as_text(problem), icon=":material/error:")


def _created(
    name: str, title: str, questions: tuple[StudyQuestion, ...], settings: StudySettings
) -> None:
    try:
        store().create(name, title, questions, settings)
    except StudyError as error:
        st.session_state[_PROBLEM] = str(error)
        return
    st.session_state[MADE] = name
