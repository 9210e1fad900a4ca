"""What if: change something about a career and see what moves, beside what is only noise."""

import streamlit as st

from pages.shared import displays, front_door, opening, question_inputs
from pages.shared import what_if_answers as answers
from pages.shared import what_if_displays as shown
from pages.shared import what_if_inputs as change
from pages.shared import what_if_pinned as pin
from pages.shared.loaders import model_cards
from pages.shared.session import desk, problem

front_door.through_app()
st.title("What if")
st.caption("Change something about a career: which next jobs become likelier, and what is noise?")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
pin.follow_link(question_inputs.chosen_model())
pin.link_problem()

left, right = st.columns([1, 1.6], gap="medium")
with left, st.container(border=True):
    st.subheader("Pinned case", icon=":material/push_pin:")
    pin.summary()
    with st.grid(2, min_column_width=165, gap="small"):
        model = change.models()
    change.pinning()
with right, st.container(border=True):
    st.subheader("What if…")
    with st.grid(2, min_column_width=200, gap="small"):
        change.job()
    with st.grid(3, min_column_width=140, gap="small"):
        change.question_and_worker()
    change.back_to_pinned()
    displays.problem(problem("what_if"))
opening.keep_in_address((model,))
pin.keep_in_address(model)

found = answers.compared(pin.pinned(), model)
shown.warnings(found)
differ = shown.differences(found)
shown.parts(found, differ=differ)
if differ:
    shown.charts(found)
with st.expander("Show all 343 changes", icon=":material/table_rows:"):
    shown.table(found)
with st.container(horizontal=True, gap="small"):
    shown.downloads(found)
    with st.popover("Link to both cases", icon=":material/link:", key="what_if.link_menu"):
        sensitive = st.checkbox("Include sex and race/ethnicity", key="what_if.sensitive")
        shown.link(desk().query, model, sensitive=sensitive)

st.subheader("One characteristic over all its values")
with st.grid(2, min_column_width=220, gap="small"):
    field = change.swept_field()
    codes = change.swept_outcomes()
swept = answers.swept(field, model) if field else None
if swept:
    shown.swept(swept, codes)
else:
    st.caption("The changed case, with every value of one characteristic and all else as it is.")
displays.speaks_for(found.after.card)
