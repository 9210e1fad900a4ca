"""Career table: upload many workers' careers, and have the next year of each predicted."""

import streamlit as st

from pages.shared import career_batches, displays, front_door
from pages.shared.loaders import model_cards

front_door.through_app()
st.title("Career table")
st.caption("Upload a table of careers and get, for every worker, what probably comes next.")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
career_batches.upload()
if not st.session_state.get(career_batches.TABLE):
    st.stop()
career_batches.settings()
run = st.session_state.get(career_batches.RUN)
if run and run.left and not run.paused:
    career_batches.work(run)
elif run:
    career_batches.results(run)
    displays.speaks_for(model_cards()[run.model])
