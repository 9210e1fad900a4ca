"""Career: build a work history, or open one, and see at once what usually comes next."""

import streamlit as st

from pages.shared import career_inputs, displays, front_door, opening
from pages.shared.displays import as_text
from pages.shared.loaders import ask, examples, model_cards, numbers_first
from pages.shared.question_inputs import chosen_model
from pages.shared.session import desk

front_door.through_app()
st.title("Career")
st.caption("Build a work history year by year, and see what usually comes next.")
opening.follow_link()
opening.link_problem()
opening.toolbar()

left, right = st.columns([1.3, 1], gap="large")
with left:
    st.subheader(as_text(desk().name))
    if desk().name in examples():
        st.caption("An invented person, written as an example. Change anything.")
    else:
        st.caption("Change anything: the prediction follows.")
    career_inputs.worker()
    career_inputs.records()
    career_inputs.find_occupation()

with right:
    if not model_cards():
        st.error("No model is installed in assets/models, so nothing can be predicted yet.")
        st.stop()
    query, model = desk().query, chosen_model()
    prediction = ask((model,), query)[0]
    with st.container(border=True):
        st.subheader(f"What comes next in {query.year}")
        displays.parts(prediction, compact=True)
        numbers_first()
        displays.figures_at_a_glance(prediction)
        if st.button(
            "See all 343 probabilities", key="career.next_job", type="primary", width="stretch"
        ):
            st.switch_page("pages/next_job.py")
    with st.expander("The text a language model reads", icon=":material/article:"):
        displays.read_text(query, coded=prediction.card.coded_titles)
    displays.speaks_for(prediction.card)
opening.keep_in_address((model,))
