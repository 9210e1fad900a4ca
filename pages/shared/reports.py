"""The reports that the Models page draws: those that ship, the user's folder, this session's."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import streamlit as st

from occu_core.assets import asset_path
from occu_core.evaluation.ability import AbilityReport
from occu_core.evaluation.ranking import ordered_boards
from occu_core.evaluation.report_files import (
    Leaderboard,
    LoadedReports,
    ReportError,
    load_reports,
)
from occu_core.evaluation.report_upload import MOST_BYTES, parse_own_report
from occu_core.evaluation.report_words import evaluate_command
from occu_core.evaluation.reports import ModelReport, Part
from occu_core.models import storage
from occu_core.models.registry import data_folder
from pages.shared.displays import as_text

OWN, OWN_PROBLEM = "own_reports", "own_report_problem"
MOST_OWN = 20
_PARTS = {
    Part.ALL: "All person-years",
    Part.FIRST: "First records",
    Part.STAY: "Stays",
    Part.MOVE: "Moves",
}
_RAW, _NORMALISED = "raw", "normalised"


def report_folders() -> tuple[Path, ...]:
    """Where reports lie: what ships, then what a user of this installation put beside it."""
    return asset_path("reports"), data_folder() / "reports"


def reports() -> LoadedReports:
    """Every report there is, those of this session last."""
    files = [path for folder in report_folders() for path in sorted(folder.glob("*.json"))]
    stamps = tuple((str(path), path.stat().st_mtime_ns) for path in files)
    loaded = _read(tuple(map(str, report_folders())), stamps)
    own = own_reports()
    return replace(
        loaded,
        models=(*loaded.models, *(r for r in own if isinstance(r, ModelReport))),
        abilities=(*loaded.abilities, *(r for r in own if isinstance(r, AbilityReport))),
    )


def own_reports() -> tuple[ModelReport | AbilityReport, ...]:
    """The reports that were uploaded in this session."""
    return st.session_state.get(OWN, ())


def choose_rows(models: tuple[ModelReport, ...]) -> Leaderboard:
    """Which rows to rank models on."""
    boards = ordered_boards(models)
    label = st.selectbox(
        "Person-years scored",
        list(boards),
        key="models.rows",
        bind="query-params",
        persist_state="session",
        help="Models that answered different questions are never ranked together.",
    )
    return boards[label]


def choose_part() -> Part:
    """Which part of the rows the leaderboard is over."""
    return st.selectbox(
        "Over",
        list(Part),
        key="models.part",
        format_func=_PARTS.__getitem__,
        persist_state="session",
        help="A stay keeps the last record's state; a move changes it.",
    )


def choose_normalised(board: Leaderboard) -> bool:
    """Whether to rank by perplexity normalised over the titles, where any model has it."""
    measured = any(report.perplexity for report in board.reports)
    kind = st.selectbox(
        "Perplexity",
        [_RAW, _NORMALISED] if measured else [_RAW],
        key="models.kind",
        persist_state="session",
        help="Raw counts probability that a language model puts on text that is no title as"
        " lost: it is never below the normalised one. All other models have both alike.",
    )
    return kind == _NORMALISED


def choose_model(board: Leaderboard) -> ModelReport:
    """Which model to look at closer; at first the best."""
    named: dict[str, ModelReport] = {}
    for report in board.reports:
        title = report.provenance.title
        alike = sum(other.provenance.title == title for other in named.values())
        named[f"{title}, {alike + 1}" if alike else title] = report
    return named[st.selectbox("Model", list(named), key="models.model")]


def cards() -> dict[str, str]:
    """The card of each shipped model as text, by its title."""
    found = {}
    for folder in storage.shipped_models():
        try:
            title = storage.read_card(folder).title
            text = (folder / "README.md").read_text(encoding="utf-8")
        except (OSError, storage.ModelError) as error:
            found[folder.name] = as_text(f"This card cannot be read: {error}")
            continue
        found[title] = re.sub(r"^#+ ", "##### ", text.partition("\n")[2], flags=re.MULTILINE)
    return found


def add_own(board: Leaderboard | None) -> None:
    """How to evaluate a model of one's own, and a place to lay its report beside the others."""
    st.markdown("Evaluate it where it is, then open the report here:")
    command = "occu evaluate TABLE.csv --model MY_MODEL --report my_report.json"
    st.code(
        evaluate_command(board.reports[0].provenance) if board else command,
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "MY_MODEL is a model folder or a name from `occu models`. It joins the leaderboard above"
        " if it was scored on exactly the same person-years; otherwise it stands apart."
    )
    st.file_uploader(
        "A report (JSON)",
        type=["json"],
        key="models.upload",
        max_upload_size=1,
        on_change=_uploaded,
    )
    if problem := st.session_state.get(OWN_PROBLEM):
        st.error("This report cannot be shown.", icon=":material/error:")
        st.code(problem, language=None, wrap_lines=True)
    for own in own_reports():
        st.markdown(f"- {as_text(_standing(own, board))}")
    if own_reports():
        st.button("Forget my reports", key="models.forget", on_click=_forget)
    st.caption("Kept in this browser session only; nobody else sees it.")


def keep(raw: bytes, name: str) -> None:
    """Add a report to this session, or say what is wrong with it."""
    st.session_state[OWN_PROBLEM] = None
    try:
        report = parse_own_report(raw, name)
    except ReportError as error:
        st.session_state[OWN_PROBLEM] = str(error)
        return
    others = [own for own in own_reports() if own != report]
    st.session_state[OWN] = (*others, report)[-MOST_OWN:]


def _standing(own: ModelReport | AbilityReport, board: Leaderboard | None) -> str:
    """Whether a report of the user's is in the leaderboard shown, and if not, why."""
    if isinstance(own, AbilityReport):
        return f"{own.title} is under “What can it do besides careers?”."
    about = own.provenance
    if board is None or about.rows_digest == board.rows_digest:
        return f"{about.title} is in the leaderboard of {about.rows_label}."
    return (
        f"{about.title} stands apart: it was scored on {about.rows:,} person-years of"
        f" {about.rows_label} (rows {about.rows_digest}), the leaderboard above on"
        f" {board.rows:,} of {board.rows_label} (rows {board.rows_digest}). Choose its rows at the"
        " top of the page to see it."
    )


def _uploaded() -> None:
    st.session_state[OWN_PROBLEM] = None
    if file := st.session_state["models.upload"]:
        if file.size > MOST_BYTES:
            st.session_state[OWN_PROBLEM] = (
                f"{file.name}: has {file.size:,} bytes; expected at most {MOST_BYTES:,}"
            )
            return
        keep(file.getvalue(), file.name)


def _forget() -> None:
    st.session_state[OWN] = ()
    st.session_state[OWN_PROBLEM] = None


@st.cache_resource(show_spinner=False, max_entries=8)
def _read(folders: tuple[str, ...], stamps: tuple[tuple[str, int], ...]) -> LoadedReports:
    """Read anew whenever a file changes."""
    found = [load_reports(Path(folder)) for folder in folders]
    return LoadedReports(
        tuple(r for one in found for r in one.models),
        tuple(r for one in found for r in one.comparisons),
        tuple(r for one in found for r in one.curves),
        tuple(r for one in found for r in one.memberships),
        tuple(p for one in found for p in one.problems),
        tuple(r for one in found for r in one.abilities),
    )
