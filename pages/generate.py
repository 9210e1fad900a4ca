"""Generate: have a model write instruction data for the occupations one chooses."""

import streamlit as st

from pages.shared import front_door, generation, generation_inputs, generation_runs

front_door.through_app()
st.title("Generate")
st.caption("Have a model of yours write questions, answers and dialogues for any occupation.")
generation.stop_unless_allowed()

server, contents = st.columns(2, gap="large")
with server:
    st.subheader("Which model")
    endpoint = generation_inputs.choose_endpoint()
with contents:
    st.subheader("What to make")
    plan = generation_inputs.choose_plan()

st.subheader("What it will take")
generation.start(plan, endpoint)

st.subheader("Runs")
generation_runs.runs()
