"""What a user chooses to have a table of job titles, or of another list's codes, coded."""

from __future__ import annotations

import io
from collections.abc import Callable

import streamlit as st
from streamlit.runtime.uploaded_file_manager import UploadedFile

from occu_core.matching import conversion_report
from occu_core.matching.code_lists import EXAMPLES, CodeList
from occu_core.matching.column import code_table
from occu_core.matching.crosswalk_uploads import convert_table
from occu_core.matching.match_words import column_summary
from occu_core.matching.table_writing import TableWriter
from occu_core.matching.tables import OpenTable, read_table
from pages.shared import coded_tables
from pages.shared.coded_tables import Outcome
from pages.shared.title_matching import matcher

MOST_MEGABYTES = 20
_TYPES = ["csv", "tsv", "txt", "gz", "xlsx", "xls"]
_LIKELY_NAMES = ("title", "job", "occupation", "position", "occ")
_NAMES = {
    CodeList.CENSUS_1970: "Census 1970",
    CodeList.CENSUS_1980: "Census 1980",
    CodeList.CENSUS_1990: "Census 1990",
    CodeList.CENSUS_2000: "Census 2000, three digits",
    CodeList.CENSUS_2000_FOUR: "Census 2000, four digits",
    CodeList.CENSUS_2010: "Census 2010",
    CodeList.CENSUS_2018: "Census 2018",
    CodeList.SOC: "SOC 2018 or O*NET-SOC 2019",
}


def titles() -> None:
    """Code a column of job titles."""
    st.caption(
        "A table with a column of job titles comes back with four more columns: the code and title"
        " of the likeliest occupation, how confident that is, and the five likeliest codes."
    )
    file = _uploader("titles")
    if file is None:
        return
    chosen = _choose_column(file, "titles")
    if chosen and _pressed("titles", (file.file_id, chosen)):
        coded_tables.run(
            "titles", file, (file.file_id, chosen), lambda t, w, on: _code(t, chosen, w, on)
        )
    coded_tables.show("titles", (file.file_id, chosen))


def codes() -> None:
    """Convert a column of codes."""
    st.caption(
        "A career table in other codes comes back with a column `occupation` that Career opens,"
        " and with a list of the codes that were ambiguous or unknown."
    )
    file = _uploader("codes")
    if file is None:
        return
    scheme = st.selectbox(
        "The codes are",
        list(CodeList),
        index=None,
        placeholder="Choose a list",
        key="find_occupation.code_list",
        format_func=_name,
    )
    if scheme is None:
        return
    if scheme in EXAMPLES:
        st.caption(f"Such as {EXAMPLES[scheme]}.")
    column = _choose_column(file, "codes")
    work = (file.file_id, scheme, column)
    if column and _pressed("codes", work):
        coded_tables.run("codes", file, work, lambda t, w, on: _convert(t, scheme, column, w, on))
    coded_tables.show("codes", work)


def _uploader(kind: str) -> UploadedFile | None:
    return st.file_uploader(
        "A table with a header: CSV or TSV, gzipped or not",
        type=_TYPES,
        key=f"find_occupation.{kind}_upload",
        max_upload_size=MOST_MEGABYTES,
    )


def _choose_column(file: UploadedFile, kind: str) -> str | None:
    """The column to read; None, with the reason shown, where the file is no table."""
    try:
        header = read_table(io.BytesIO(file.getvalue()), file.name).header
    except ValueError as error:
        coded_tables.refused(str(error))
        return None
    named = list(dict.fromkeys(column.strip() for column in header if column.strip()))
    likely = [i for i, name in enumerate(named) if name.casefold().startswith(_LIKELY_NAMES)]
    return st.selectbox(
        "Column",
        named,
        index=likely[0] if likely else 0,
        key=f"find_occupation.{kind}_column_{file.file_id}",
    )


def _pressed(kind: str, work: tuple[object, ...]) -> bool:
    return st.button(
        "Find occupations" if kind == "titles" else "Convert",
        key=f"find_occupation.{kind}_run",
        type="primary",
        disabled=coded_tables.is_done(kind, work),
    )


def _code(
    table: OpenTable, column: str, writer: TableWriter, on_bytes: Callable[[int], None]
) -> Outcome:
    found = matcher()
    if found is None:
        raise ValueError("the matcher's weights are missing")
    count = code_table(table, column, writer, found, on_bytes=on_bytes)
    return column_summary(count), {}


def _convert(
    table: OpenTable,
    scheme: CodeList,
    column: str,
    writer: TableWriter,
    on_bytes: Callable[[int], None],
) -> Outcome:
    done = convert_table(table, scheme, column, writer, on_bytes=on_bytes)
    return conversion_report.summary(done), conversion_report.lines(done)


def _name(codes: CodeList | str) -> str:
    return _NAMES[CodeList(codes)] if codes in _NAMES else codes
