"""What then: sampled futures of the career on the desk, and how such forecasts fared before."""

import streamlit as st

from pages.shared import displays, front_door, opening, question_inputs
from pages.shared import what_then_displays as shown
from pages.shared import what_then_sampling as sampling
from pages.shared.loaders import model_cards
from pages.shared.session import desk
from pages.shared.what_then_backtest import backtest
from pages.shared.what_then_population import population
from pages.shared.what_then_two_years import two_years

front_door.through_app()
st.title("What then")
st.caption("Where this career may lead: many sampled futures, year by year.")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
displays.career_line(desk())

with st.grid(3, min_column_width=150, gap="small"):
    asked = sampling.choose()
opening.keep_in_address((question_inputs.chosen_model(),))
found = sampling.sampled(asked)
if found:
    shown.outside(found)
    shown.at_a_glance(found)
    st.subheader("The flow, year by year")
    lanes = shown.flow(found)
    left, right = st.columns(2, gap="large")
    with left:
        st.subheader("Shares by year")
        shown.shares(found, lanes)
    with right:
        st.subheader("Typical futures")
        shown.typical(found, lanes)
    shown.downloads(found)

st.subheader("How well did such forecasts do before?")
backtest()

st.subheader("Is two years ahead the same as one year twice?")
two_years(asked)

st.subheader("Everybody's moves")
population()
displays.speaks_for(model_cards()[asked.model])
