"""Why: what a prediction rests on, record by record, and what really followed."""

import streamlit as st

from pages.shared import displays, front_door, opening, why_answers, why_displays
from pages.shared.loaders import model_cards
from pages.shared.session import desk

front_door.through_app()
st.title("Why")
st.caption("What a prediction rests on: each record's influence, and what really followed.")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be explained yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
displays.career_line(desk())

with st.grid(2, min_column_width=220, gap="small"):
    model, target = why_answers.choose()
opening.keep_in_address((model,))
answer = why_answers.explain(model, desk().query, target)
why_displays.headline(answer)

st.subheader("What does each record do?")
why_displays.records(answer.influences)

smallest, followed = st.columns(2, gap="large")
with smallest:
    st.subheader("Which records suffice?")
    if answer.rationale:
        why_displays.rationale(answer.rationale)
with followed:
    st.subheader("What really followed?")
    why_displays.observed(answer)

st.subheader("Keep")
with st.container(horizontal=True, gap="small"):
    why_displays.downloads(answer)
displays.speaks_for(answer.prediction.card)
