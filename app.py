"""Occuscope in the browser: the pages, the way between them, and a JSON route beside them."""

from pathlib import Path

import streamlit as st

from pages.shared import json_routes


def pages() -> dict[str, list[st.Page]]:
    """The pages by section, in the order of the menu."""
    return {
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
                "pages/what_if.py",
                title="What if",
                icon=":material/tune:",
                help="Change something about a career: what moves, and what of it is only noise.",
            ),
            st.Page(
                "pages/what_then.py",
                title="What then",
                icon=":material/timeline:",
                help="Where a career may lead: sampled futures year by year, and how they fared.",
            ),
            st.Page(
                "pages/why.py",
                title="Why",
                icon=":material/contact_support:",
                help="What a prediction rests on, record by record, and what really followed.",
            ),
            st.Page(
                "pages/career_table.py",
                title="Career table",
                icon=":material/table_rows:",
                help="Upload many workers' careers and have the next year of each predicted.",
            ),
            st.Page(
                "pages/find_occupation.py",
                title="Find occupation",
                icon=":material/person_search:",
                help="What people call a job, one title or a table of them, to occupations.",
            ),
            st.Page(
                "pages/how_sure.py",
                title="How sure",
                icon=":material/straighten:",
                help="Sets of next states that hold what happens as often as promised.",
            ),
            st.Page(
                "pages/models.py",
                title="Models",
                icon=":material/leaderboard:",
                help="Which model foresees careers best, by how much, and how far to trust it.",
            ),
            st.Page(
                "pages/tour.py",
                title="Tour",
                icon=":material/slideshow:",
                help="Show Occuscope to a room: a short story with an invented career.",
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
            st.Page(
                "pages/ask.py",
                title="Ask",
                icon=":material/forum:",
                help="A question from somebody's work, answered by one model or two side by side.",
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
    }


def visit() -> None:
    """Show a visitor the page that the address names."""
    st.set_page_config(page_title="Occuscope", page_icon="pages/shared/icon.svg", layout="wide")
    st.html(Path("pages/shared/look.css"))
    # Who opens an annotator's link sees the task and no way to other pages.
    annotating = bool({"annotator", "join", "invited"} & set(st.query_params))
    if not annotating:
        st.logo("pages/shared/logo.svg", size="medium")
    page = st.navigation(pages(), position="hidden" if annotating else "top")
    if annotating and page.url_path != "annotate":
        st.switch_page("pages/annotate.py", query_params=st.query_params.to_dict())
    page.run()


if __name__ == "app":  # the server imports this file once, then runs it for each visitor
    app = st.App(__file__, routes=json_routes.routes())
else:
    visit()
