"""Ways to a career: an example, a blank form, a file or a link; nothing that fails replaces it."""

from __future__ import annotations

import json
from pathlib import PurePath
from urllib.parse import parse_qs, urlsplit

import streamlit as st

from occu_core.careers import CareerError
from occu_core.data.career_json import CareerJsonError, parse_query, query_to_json
from occu_core.data.career_table import CareerTable, CareerTableError
from occu_core.data.files import MOST_UPLOADED_BYTES, parse_career_table
from occu_core.data.links import LinkError, View, decode_view, encode_view
from pages.shared.displays import as_text
from pages.shared.editing import BLANK, asked_next
from pages.shared.loaders import examples, model_cards
from pages.shared.session import desk, put, undo

LINK, CASE = "v", "case"
OPEN_CASE = "open_case"
"""Of the session: id and view of the saved case that was opened or saved last."""
UPLOADED, UPLOAD_PROBLEMS, LINK_PROBLEM = "uploaded", "upload_problems", "link_problem"


def toolbar() -> None:
    """One row of buttons that start, open, undo and save."""
    with st.container(horizontal=True, gap="small", vertical_alignment="center"):
        st.menu_button(
            "Examples",
            list(examples()),
            key="career.example",
            icon=":material/person:",
            on_click=_open_example,
            help="Invented careers, written for Occuscope",
        )
        st.button("Blank", key="career.blank", icon=":material/note_add:", on_click=_open_blank)
        with st.popover("Upload", icon=":material/upload:", key="career.upload_menu"):
            _upload()
        with st.popover("Open a link", icon=":material/link:", key="career.link_menu"):
            _paste()
        st.button(
            "Undo",
            key="career.undo",
            icon=":material/undo:",
            on_click=undo,
            disabled=not desk().earlier,
        )
        st.download_button(
            "Save",
            json.dumps(query_to_json(desk().query), indent=2, ensure_ascii=False),
            "career.json",
            "application/json",
            key="career.download",
            icon=":material/download:",
            on_click="ignore",
            help="Download this career as JSON, to open it again later",
        )


def follow_link() -> None:
    """Reopen the view that the address names, once; a damaged address changes nothing."""
    text = st.query_params.get(LINK)
    if text is None or text == st.session_state.get("followed"):
        return
    st.session_state["followed"] = text
    open_link(text)


def keep_in_address(models: tuple[str, ...]) -> None:
    """Let the address be a link to what is shown, so that a reload brings it back.

    Sex and race/ethnicity stay out of it, unless the link that was opened has them. A saved case
    has its id there for as long as nothing of it is changed.
    """
    view = View(desk().query, models)
    case_id, kept = st.session_state.get(OPEN_CASE) or (None, None)
    if view == kept:
        st.query_params.pop(LINK, None)
        if st.query_params.get(CASE) != case_id:
            st.query_params[CASE] = case_id
        return
    st.query_params.pop(CASE, None)
    links = [encode_view(view), encode_view(view, sensitive=True)]
    if st.query_params.get(LINK) not in links:
        st.session_state["followed"] = links[0]
        st.query_params[LINK] = links[0]


def open_link(text: str) -> None:
    """Lay a link's career on the desk and choose its models, or say what is wrong with it."""
    try:
        view = decode_view(text)
    except LinkError as error:
        st.session_state[LINK_PROBLEM] = f"{error}. Your career is unchanged."
        return
    st.session_state[LINK_PROBLEM] = None
    known = [title for title, example in examples().items() if example == view.query]
    put(view.query, known[0] if known else "From a link")
    choose_models(view)


def choose_models(view: View) -> None:
    """Choose the view's models on every page, those of them that there are."""
    known = [model for model in view.models if model in model_cards()]
    if missing := [model for model in view.models if model not in known]:
        st.session_state[LINK_PROBLEM] = (
            f"its career is open, but this copy of Occuscope has no model named {missing[0]}."
        )
    st.session_state["next_job.model"] = known[0] if known else next(iter(model_cards()))
    st.session_state["next_job.second"] = known[1] if len(known) > 1 else None


def link_problem() -> None:
    """Why the last link could not be opened, if it could not."""
    if problem := st.session_state.get(LINK_PROBLEM):
        st.error(as_text(f"The link was not opened: {problem}"), icon=":material/link_off:")


def read_upload(raw: bytes, name: str) -> None:
    """Open an uploaded career or table, or keep the career and list what is wrong with the file."""
    st.session_state[UPLOADED] = st.session_state[UPLOAD_PROBLEMS] = None
    try:
        if name.lower().endswith(".json"):
            put(parse_query(raw, name), PurePath(name).stem)
            return
        table = parse_career_table(raw, name, MOST_UPLOADED_BYTES)
        if len(table.careers) == 1:
            put(asked_next(table.careers[0]), PurePath(name).stem)
        else:
            st.session_state[UPLOADED] = (name, table)
    except CareerTableError as error:
        st.session_state[UPLOAD_PROBLEMS] = error.problems
    except (CareerJsonError, CareerError) as error:
        st.session_state[UPLOAD_PROBLEMS] = [str(error)]


def _upload() -> None:
    st.file_uploader(
        "A career (JSON) or a career table (CSV)",
        type=["json", "csv", "gz", "txt", "tsv", "xlsx", "xls"],
        key="career.upload",
        on_change=_uploaded,
    )
    if problems := st.session_state.get(UPLOAD_PROBLEMS):
        st.error("This file cannot be read. Your career is unchanged.", icon=":material/error:")
        st.code("\n\n".join(problems), language=None, wrap_lines=True)
    if uploaded := st.session_state.get(UPLOADED):
        _choose_worker(*uploaded)
    st.caption(
        "A table needs the columns person_id, year and occupation; dataset, birth_year, sex,"
        " race_ethnicity, region and education may be there too."
    )


def _choose_worker(name: str, table: CareerTable) -> None:
    def label(position: int) -> str:
        career = table.careers[position]
        return f"{career.worker_id}, {len(career.records)} records {career.dataset or ''}".strip()

    st.selectbox(
        f"{len(table.careers):,} workers in {as_text(name)}",
        range(len(table.careers)),
        index=None,
        placeholder="Choose or type a worker",
        format_func=label,
        key="career.worker",
        on_change=_open_worker,
    )


def _paste() -> None:
    st.text_input(
        "A link to a view",
        key="career.link",
        placeholder="https://…/next_job?v=…",
        on_change=_pasted,
    )
    link_problem()


def _uploaded() -> None:
    st.session_state[UPLOADED] = st.session_state[UPLOAD_PROBLEMS] = None
    if file := st.session_state["career.upload"]:
        with st.spinner(f"Reading {as_text(file.name)}…"):
            read_upload(file.getvalue(), file.name)


def _open_worker() -> None:
    position = st.session_state["career.worker"]
    if position is None:
        return
    name, table = st.session_state[UPLOADED]
    career = table.careers[position]
    try:
        put(asked_next(career), f"{PurePath(name).stem}, worker {career.worker_id}")
    except CareerError as error:
        st.session_state[UPLOAD_PROBLEMS] = [f"worker {career.worker_id}: {error}"]


def _open_example() -> None:
    title = st.session_state["career.example"]
    if title in examples():
        put(examples()[title], title)


def _open_blank() -> None:
    put(BLANK, "New career")


def _pasted() -> None:
    text = st.session_state["career.link"].strip()
    st.session_state[LINK_PROBLEM] = None
    if text:
        named = parse_qs(urlsplit(text).query[:20_000]).get(LINK) if "?" in text else None
        open_link(named[0] if named else text)
