"""What a user fills in of a career: the worker, and the records one after another."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from functools import partial

import streamlit as st

from occu_core.careers import (
    EARLIEST_BIRTH_YEAR,
    EARLIEST_YEAR,
    LATEST_YEAR,
    CareerError,
    Education,
    Query,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.matching.suggesting import suggest
from occu_core.occupations import NOT_WORKING, STUDENT, UnknownOccupationError, occ1990dd
from pages.shared import displays, session
from pages.shared.editing import (
    EDUCATION,
    OCCUPATION,
    YEAR,
    edited_rows,
    records_table,
    with_next,
    with_records,
    with_worker,
)
from pages.shared.loaders import model_cards
from pages.shared.question_inputs import UNKNOWN, begun
from pages.shared.session import desk
from pages.shared.title_matching import matcher

TABLE = "career.records"
_TABLE_HEIGHT = 388  # ten records and the empty row
_MATCHES = 6


def worker() -> None:
    """What is known of the worker; everything may stay unknown."""
    past = desk().query.past
    surveys = dict.fromkeys(c.dataset for card in model_cards().values() for c in card.trained_on)
    if past.dataset:
        surveys[past.dataset] = None
    with st.grid(3, min_column_width=140, gap="small"):
        _choice("Survey", "dataset", list(surveys), str, past.dataset)
        st.number_input(
            "Born",
            min_value=EARLIEST_BIRTH_YEAR,
            max_value=LATEST_YEAR,
            value=None,
            placeholder=UNKNOWN,
            key=begun("career.birth_year", past.birth_year),
            on_change=_worker_changed,
            args=("birth_year", int, desk().opened),
        )
        _choice("Region", "region", list(Region), Region, past.region)
        _choice("Sex", "sex", list(Sex), Sex, past.sex)
        _choice(
            "Race/ethnicity",
            "race_ethnicity",
            list(RaceEthnicity),
            RaceEthnicity,
            past.race_ethnicity,
        )


def records() -> None:
    """The records as a table to edit; a refused change stays visible, with the reason below."""
    if TABLE not in st.session_state:
        session.new_table()
    rows, revision = desk().rows, desk().revision
    st.data_editor(
        records_table(rows),
        key=TABLE,
        height=_TABLE_HEIGHT,
        num_rows="dynamic",
        hide_index=True,
        placeholder=UNKNOWN,
        on_change=_table_changed,
        args=(revision,),
        # The revision makes a new table of one with the same rows, so old changes are forgotten.
        alt=f"Records of the career, to edit: year, occupation and education (table {revision})",
        column_config={
            YEAR: st.column_config.NumberColumn(
                min_value=EARLIEST_YEAR,
                max_value=LATEST_YEAR,
                step=1,
                format="%d",
                required=True,
                width=72,
                default=min(rows[-1].year + 1 if rows else desk().query.year, LATEST_YEAR),
            ),
            OCCUPATION: st.column_config.SelectboxColumn(
                options=[occupation.title for occupation in occ1990dd()],
                required=True,
                width=300,
            ),
            EDUCATION: st.column_config.SelectboxColumn(
                options=[level.value for level in Education],
                width=150,
                default=rows[-1].education.value if rows and rows[-1].education else None,
            ),
        },
    )
    if not displays.problem(session.problem("career")):
        st.caption(
            "Click a cell to change it. Records stay in year order: change a year and its row"
            " moves. Tick a row at its left edge to delete it."
        )


def find_occupation() -> None:
    """Find a title by what people call the job, and add it as the next record."""
    query = desk().query
    text = st.text_input(
        "Find a job and add it",
        key="career.search",
        placeholder="Type what people call it: nurse, truck, teacher…",
        icon=":material/search:",
        max_chars=100,
        live=True,
    ).strip()
    found = suggest(text, matcher(), occ1990dd(), _MATCHES) if text else []
    matches = [occupation.title for occupation in found] if text else _usual(query)
    with st.container(height=148, border=False):
        st.pills(
            f"Add to {query.year}",
            matches,
            key="career.add",
            on_change=_added,
            format_func=lambda title: f":material/add: {title}",
        )


def _choice(label: str, field: str, options: list[str], kind: type[str], value: str | None) -> None:
    st.selectbox(
        label,
        [UNKNOWN, *(str(option) for option in options)],
        key=begun(f"career.{field}", str(value) if value else UNKNOWN),
        on_change=_worker_changed,
        args=(field, kind, desk().opened),
    )


def _worker_changed(field: str, kind: type[StrEnum] | type[int] | type[str], opened: int) -> None:
    if opened != desk().opened:  # another career was opened by the same press
        return
    chosen = st.session_state[f"career.{field}_{opened}"]
    value = None if chosen in {None, UNKNOWN} else kind(chosen)
    session.change("career", partial(with_worker, field=field, value=value))


def _table_changed(revision: int) -> None:
    """Apply the table's changes; show a fresh table once its rows no longer match the career.

    Changes to a table that is no longer shown were applied before: an interrupted run repeats them.
    """
    if revision != desk().revision:
        return
    changes: Mapping[str, object] = st.session_state[TABLE]
    try:
        rows = edited_rows(desk().rows, changes, occ1990dd())
        query = with_records(desk().query, rows)
    except (CareerError, UnknownOccupationError) as error:
        session.refuse("career", str(error))
        return
    moved = query.past.records != rows
    session.put(
        query, new_table=moved or bool(changes["added_rows"]) or bool(changes["deleted_rows"])
    )


def _added() -> None:
    if title := st.session_state["career.add"]:
        session.change("career", lambda query: with_next(query, occ1990dd().find(title)))
    st.session_state["career.add"] = None
    st.session_state["career.search"] = ""


def _usual(query: Query) -> list[str]:
    """What most often comes next, offered before anything is typed."""
    taxonomy = occ1990dd()
    before = [query.previous] if query.previous else []
    offered = [*before, taxonomy[NOT_WORKING], taxonomy[STUDENT]]
    return list(dict.fromkeys(occupation.title for occupation in offered))
