"""Ask: a question from somebody's work, answered by one model or two side by side."""

import streamlit as st

from pages.shared import asking, asking_models, asking_studies, front_door

front_door.through_app()
st.title("Ask")
st.caption("A question from somebody's work, answered by one model, or by two side by side.")

asked, answering = st.columns([1.4, 1], gap="large")
with asked:
    st.subheader("The question")
    question = asking.choose_question()
with answering:
    st.subheader("Who answers")
    sources = asking_models.choose(question)
    asking.ask(question, sources)

asking.answers()
asking_studies.pairs()
