"""Live: a demo on a big screen; people join by QR code and votes are counted as they are cast."""

import streamlit as st

from pages.shared import front_door, study_access, study_live

front_door.through_app()
st.title("Live")
study_access.stop_unless_allowed()
study = study_live.choose()
if study is None:
    st.info(
        "No demo is open. Create a study with “A demo” ticked on the Studies page and launch it.",
        icon=":material/qr_code_2:",
    )
    st.stop()

join, tally = st.columns([1, 1.6], gap="large")
with join:
    study_live.joining(study)
with tally:
    study_live.tally(study)
study_live.reset(study)
