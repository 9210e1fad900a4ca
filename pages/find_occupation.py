"""Find occupation: what people call a job, one title, a column of them, or another list's codes."""

import streamlit as st

from pages.shared import front_door, title_columns, title_matching

front_door.through_app()
st.title("Find occupation")
st.caption("Type what a job is called, and see which of the 341 occupations it can mean.")
if title_matching.matcher() is None:
    title_matching.explain_missing()
    st.stop()
title = title_matching.ask_title()
if title:
    title_matching.show(title)

st.subheader("A whole table at once")
titles, codes = st.tabs(["Job titles", "Census, SOC or O*NET codes"])
with titles:
    title_columns.titles()
with codes:
    title_columns.codes()
title_matching.how_good()
