"""Occuscope in the browser: the pages and the way between them."""

import streamlit as st

st.set_page_config(page_title="Occuscope", page_icon="pages/shared/icon.svg", layout="wide")
# Who opens an annotator's link sees the task and no way to other pages.
annotating = bool({"annotator", "join", "invited"} & set(st.query_params))
if not annotating:
    st.logo("pages/shared/logo.svg", size="medium")
page = st.navigation(
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
        "Instruction data": [
            st.Page(
                "pages/category_balance.py",
                title="Category balance",
                icon=":material/balance:",
                help="Whose work instruction datasets ask about, and whose they forget.",
            ),
            st.Page(
                "pages/browse.py",
                title="Browse",
                icon=":material/menu_book:",
                help="Find questions and answers by the work they are about; read and rate them.",
            ),
            st.Page(
                "pages/generate.py",
                title="Generate",
                icon=":material/edit_note:",
                help="Have a model of yours write questions and answers for any occupation.",
            ),
        ],
        "Human evaluation": [
            st.Page(
                "pages/studies.py",
                title="Studies",
                icon=":material/how_to_vote:",
                help="Have people compare two systems' answers blind, and report what they found.",
            ),
            st.Page(
                "pages/live.py",
                title="Live",
                icon=":material/qr_code_2:",
                help="A demo on a big screen: people join by QR code, votes are counted as cast.",
            ),
            st.Page(
                "pages/annotate.py",
                title="Annotate",
                icon=":material/compare:",
                help="Compare answers: for those who have an invitation.",
            ),
        ],
    },
    position="hidden" if annotating else "top",
)
if annotating and page.url_path != "annotate":
    st.switch_page("pages/annotate.py", query_params=st.query_params.to_dict())
page.run()
