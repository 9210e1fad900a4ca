"""Occuscope in the browser: the pages and the way between them."""

import streamlit as st

st.set_page_config(page_title="Occuscope", page_icon="pages/shared/icon.svg", layout="wide")
st.logo("pages/shared/logo.svg", size="medium")
st.navigation(
    {
        "Careers": [
            st.Page(
                "pages/career.py",
                title="Career",
                icon=":material/work_history:",
                help="Build a work history, or open one, and see at once what usually comes next.",
                default=True,
            ),
            st.Page(
                "pages/next_job.py",
                title="Next job",
                icon=":material/insights:",
                help="The probability of every next occupation, one or two models side by side.",
            ),
            st.Page(
                "pages/models.py",
                title="Models",
                icon=":material/leaderboard:",
                help="Which model foresees careers best, by how much, and how far to trust it.",
            ),
        ],
        "Instruction data": [],
    },
    position="top",
).run()
