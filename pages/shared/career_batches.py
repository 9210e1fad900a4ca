"""Many workers on the Career table page: their upload, the work on them, and what came out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePath

import pandas as pd
import streamlit as st

from occu_core.batch import NextRow, next_table, predict_next
from occu_core.careers import EARLIEST_YEAR, LATEST_YEAR
from occu_core.data.career_table import CareerTable, CareerTableError
from occu_core.data.files import MOST_UPLOADED_BYTES, parse_career_table
from occu_core.figures import percent
from occu_core.models.storage import ModelError
from occu_core.spreadsheet_cells import safe_cell
from pages.shared.displays import as_text
from pages.shared.loaders import load_model, model_cards

MOST_WORKERS = 20_000
TABLE, PROBLEMS, RUN = "career_table.table", "career_table.problems", "career_table.run"
_DRAWN_EVERY = 0.3  # seconds
_ROWS_TO_TELL_PACE = 5
_OPTIONS = (1, 3, 5, 10, 20)
_EXAMPLE = """person_id,year,education,occupation
anna,2008,high school,Cashiers
anna,2009,high school,Student
ben,2009,some college,436"""


@dataclass
class BatchRun:
    """One table put to one model; `rows` grows while it is worked on."""

    name: str
    table: CareerTable
    model: str
    year: int | None
    top: int
    rows: list[NextRow] = field(default_factory=list)
    paused: bool = False

    @property
    def left(self) -> int:
        """How many workers are still to be asked about."""
        return len(self.table.careers) - len(self.rows)


def upload() -> None:
    """Where a table is put in, and what is wrong with it if it cannot be read."""
    st.file_uploader(
        "A career table (CSV, also gzipped)",
        type=["csv", "gz", "txt", "tsv", "xlsx", "xls"],
        key="career_table.upload",
        on_change=_uploaded,
    )
    if problems := st.session_state.get(PROBLEMS):
        st.error("This table cannot be read; nothing was asked.", icon=":material/error:")
        st.code("\n\n".join(problems), language=None, wrap_lines=True)
    if not st.session_state.get(TABLE):
        st.caption(
            "One row per worker and year. Needed are person_id, year and occupation (a title or an"
            " occ1990dd code); dataset, birth_year, sex, race_ethnicity, region and education may"
            " be there too. The table stays in this server's memory while the page is open."
        )
        st.code(_EXAMPLE, language=None)


def settings() -> None:
    """Which model, year and how many titles, and the button that begins."""
    name, table = st.session_state[TABLE]
    records = sum(len(career.records) for career in table.careers)
    st.caption(
        f"**{as_text(name)}**: {len(table.careers):,} workers, {records:,} records;"
        f" {table.skipped:,} rows without an occupation were skipped."
    )
    cards, years = model_cards(), [None, *range(EARLIEST_YEAR + 1, LATEST_YEAR + 1)]
    with st.grid(3, min_column_width=180, gap="small", vertical_alignment="bottom"):
        st.selectbox(
            "Model", list(cards), key="career_table.model", format_func=lambda m: cards[m].title
        )
        st.selectbox(
            "Year to predict",
            years,
            key="career_table.year",
            format_func=lambda y: str(y) if y else "the year after each last record",
        )
        st.selectbox("Likeliest titles", _OPTIONS, index=2, key="career_table.top")
    st.button(
        f"Predict for {len(table.careers):,} workers",
        key="career_table.start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_begin,
    )


def work(run: BatchRun) -> None:
    """Ask about the workers that are left; whatever interrupts it, the next run goes on."""
    bar = st.progress(0.0, "Loading the model…")
    st.button(
        "Pause", key="career_table.pause", icon=":material/pause:", on_click=_pause, args=(run,)
    )
    try:
        model = load_model(run.model)
    except ModelError as error:
        st.error(as_text(f"This model cannot be used: {error}"), icon=":material/error:")
        st.stop()
    began, before, drawn = time.monotonic(), len(run.rows), 0.0
    left = run.table.careers[before:]
    for row in predict_next(model, left, year=run.year, top=run.top):
        run.rows.append(row)
        now = time.monotonic()
        if now - drawn >= _DRAWN_EVERY:
            drawn, pace = now, (now - began) / (len(run.rows) - before)
            bar.progress(len(run.rows) / len(run.table.careers), _how_far(run, pace * run.left))
    st.rerun()


def results(run: BatchRun) -> None:
    """What is known so far: numbers, the table, and the same as a file."""
    problems = [row for row in run.rows if row.problem]
    with st.grid(3, min_column_width=140, gap="small"):
        st.metric("Workers predicted", f"{len(run.rows) - len(problems):,}")
        st.metric("Not possible", f"{len(problems):,}")
        st.metric("Not asked yet", f"{run.left:,}")
    with st.container(horizontal=True, gap="small"):
        if run.left:
            st.button(
                "Go on",
                key="career_table.resume",
                icon=":material/play_arrow:",
                on_click=_go_on,
                args=(run,),
            )
        st.download_button(
            "CSV",
            next_table(run.rows, model_cards()[run.model]),
            f"occuscope-{run.model}-{PurePath(run.name).stem}.csv",
            "text/csv",
            key="career_table.csv",
            icon=":material/download:",
            on_click="ignore",
        )
    if problems:
        with st.expander(f"Workers that cannot be asked about: {len(problems):,}", expanded=True):
            st.dataframe(
                pd.DataFrame(
                    [
                        {"Worker": safe_cell(row.career.worker_id), "Why": row.problem}
                        for row in problems
                    ]
                ),
                hide_index=True,
                alt="Each worker that cannot be asked about, and why",
            )
    st.dataframe(
        _shown(run.rows), hide_index=True, height=460, alt="What the model expects of each worker"
    )


def _shown(rows: Sequence[NextRow]) -> pd.DataFrame:
    """The table for the eye: shares in per cent, the likeliest titles in words.

    It can be downloaded as well, by a button that Streamlit draws: its cells must be safe too.
    """
    return pd.DataFrame(
        [
            {
                "Worker": safe_cell(row.career.worker_id),
                "Last job": row.career.records[-1].occupation.title,
                "Year": str(state.query.year),
                "Same job": "–" if state.parts.same_job is None else percent(state.parts.same_job),
                "Different job": percent(state.parts.different_job),
                "Not working": percent(state.parts.not_working),
                "Student": percent(state.parts.student),
                **{
                    f"{place}.": f"{occupation.title} ({occupation.code}) {percent(probability)}"
                    for place, (occupation, probability) in enumerate(state.top, start=1)
                },
            }
            for row in rows
            if (state := row.state)
        ]
    )


def _how_far(run: BatchRun, seconds: float) -> str:
    done, total = len(run.rows), len(run.table.careers)
    if done < _ROWS_TO_TELL_PACE:
        return f"{done:,} of {total:,} workers"
    left = f"{seconds / 60:.0f} minutes" if seconds >= 90 else f"{max(seconds, 1):.0f} seconds"
    return f"{done:,} of {total:,} workers, about {left} left"


def _uploaded() -> None:
    st.session_state[TABLE] = st.session_state[PROBLEMS] = st.session_state[RUN] = None
    file = st.session_state["career_table.upload"]
    if file is None:
        return
    try:
        with st.spinner(f"Reading {as_text(file.name)}…"):
            table = parse_career_table(file.getvalue(), file.name, MOST_UPLOADED_BYTES)
    except CareerTableError as error:
        st.session_state[PROBLEMS] = error.problems
        return
    if len(table.careers) > MOST_WORKERS:
        st.session_state[PROBLEMS] = [
            f"{file.name}: has {len(table.careers):,} workers; this page takes {MOST_WORKERS:,}."
            " Split the table, or use the command line"
        ]
        return
    st.session_state[TABLE] = (file.name, table)


def _begin() -> None:
    name, table = st.session_state[TABLE]
    model, year, top = (st.session_state[f"career_table.{key}"] for key in ("model", "year", "top"))
    st.session_state[RUN] = BatchRun(name, table, model, year, top)


def _pause(run: BatchRun) -> None:
    run.paused = True


def _go_on(run: BatchRun) -> None:
    run.paused = False
