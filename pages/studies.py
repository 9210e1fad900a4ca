"""Studies: have people compare two systems' answers blind, and report what they found."""

import streamlit as st

from pages.shared import front_door, study_access, study_forms, study_people, study_reports
from pages.shared import study_running as running

front_door.through_app()
st.title("Studies")
st.caption("Have people compare systems' answers without knowing whose they are, and report it.")
study_access.stop_unless_allowed()
study = running.choose()
if study is None:
    study_forms.new_study()
    st.stop()

running.at_a_glance(study)
if running.is_draft(study):
    running.launch(study)
    st.stop()

part = running.choose_part()
if part is running.Part.PEOPLE:
    study_people.people(study)
    study_people.invite(study)
elif part is running.Part.NOTES:
    study_people.notes(study)
elif part is running.Part.REPORT:
    study_reports.report(study)
else:
    running.export(study)
