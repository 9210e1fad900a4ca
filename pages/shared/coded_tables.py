"""A table being coded or converted on a page: run once, kept for the session, shown, given back."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

import pandas as pd
import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from occu_core.matching.table_writing import TableWriter
from occu_core.matching.tables import OpenTable, read_table
from pages.shared.displays import as_text

MOST_ROWS = 100_000
_PREVIEW, _MOST_LINES = 15, 500


@dataclass(frozen=True)
class Coded:
    """A finished table: what to say of it, its first rows, and the whole as a file."""

    of: tuple[object, ...]
    name: str
    words: str
    details: Mapping[str, Sequence[str]]
    text: str


Outcome = tuple[str, Mapping[str, Sequence[str]]]
"""What to say of a finished table, and the codes to look at by what is the matter."""
Work = Callable[[OpenTable, TableWriter, Callable[[int], None]], Outcome]


def run(kind: str, file: UploadedFile, of: tuple[object, ...], work: Work) -> None:
    """Code the whole file; the result, or the reason why not, is kept for this session."""
    raw, written = file.getvalue(), io.StringIO()
    st.session_state.pop(f"find_occupation_{kind}", None)
    bar = st.progress(0.0, f"Reading {as_text(file.name)}…")
    try:
        table = read_table(io.BytesIO(raw), file.name, MOST_ROWS)
        words, details = work(
            table,
            TableWriter(written, table.delimiter),
            lambda done: bar.progress(min(1.0, done / len(raw)), f"{table.row:,} rows"),
        )
    except ValueError as error:
        refused(str(error))
        return
    finally:
        bar.empty()
    ending = ".tsv" if table.delimiter == "\t" else ".csv"
    name = f"{PurePath(file.name.removesuffix('.gz')).stem}-occupations{ending}"
    st.session_state[f"find_occupation_{kind}"] = Coded(
        of, name, words, details, written.getvalue()
    )
    st.rerun()


def is_done(kind: str, work: tuple[object, ...]) -> bool:
    """Whether the latest finished table is of this file, list and column."""
    done = st.session_state.get(f"find_occupation_{kind}")
    return isinstance(done, Coded) and done.of == work


def show(kind: str, work: tuple[object, ...]) -> None:
    """The finished table, if it is of the file, list and column that are chosen now."""
    if not is_done(kind, work):
        return
    done: Coded = st.session_state[f"find_occupation_{kind}"]
    st.code(done.words, language=None, wrap_lines=True)
    for heading, listed in done.details.items():
        with st.expander(f"{heading.capitalize()}: {len(listed):,}"):
            st.code("\n".join(listed[:_MOST_LINES]), language=None, wrap_lines=True)
    separator = "\t" if done.name.endswith(".tsv") else None
    first = "".join(io.StringIO(done.text).readlines()[: _PREVIEW + 1])
    shown = pd.read_csv(
        io.StringIO(first), sep=separator, engine="python", dtype=str, keep_default_na=False
    )
    st.dataframe(shown.head(_PREVIEW), hide_index=True, alt="The first rows of the new table")
    st.download_button(
        "Download the whole table",
        done.text,
        done.name,
        "text/csv",
        key=f"find_occupation.{kind}_download",
        icon=":material/download:",
        on_click="ignore",
    )


def refused(why: str) -> None:
    """Say why a file cannot be used."""
    st.error("This table cannot be used.", icon=":material/error:")
    st.code(why, language=None, wrap_lines=True)
