"""Models: which one foresees careers best, by how much, how sure, and can it be trusted."""

import streamlit as st

from pages.shared import front_door, model_abilities, model_displays, model_tables, reports

front_door.through_app()
st.title("Models")
st.caption(
    "Which model foresees careers best, by how much, how sure that is, and how far to trust it."
)
found = reports.reports()
model_displays.problems(found.problems)
board = None
if found.models:
    board = reports.choose_rows(found.models)
    model_displays.answers(board, found.comparisons)

    ranks, differences = st.columns([1, 1.05], gap="large")
    with ranks:
        st.subheader("Leaderboard")
        with st.grid(2, min_column_width=120, gap="small"):
            part = reports.choose_part()
            normalised = reports.choose_normalised(board)
        model_displays.leaderboard(board, part, normalised=normalised)
    with differences:
        st.subheader("Compared in pairs")
        model_displays.comparisons_in_words(board, found.comparisons)
    with st.expander("Every measure, as a table and a file", icon=":material/table_rows:"):
        model_tables.scores_table(board)

    st.subheader("Can its probabilities be trusted?")
    report = reports.choose_model(board)
    model_displays.trust(report)

    st.subheader("For whom does it work?")
    model_displays.groups(report)
else:
    model_displays.nothing_yet()

st.subheader("The papers' claims, tried here")
model_displays.experiments(found.curves)

st.subheader("What can it do besides careers?")
model_abilities.abilities(found.abilities)

st.subheader("Does it give away whom it was trained on?")
model_displays.membership(found.memberships)

st.subheader("Model cards")
model_displays.model_cards(reports.cards())

st.subheader("Add your own")
reports.add_own(board)
