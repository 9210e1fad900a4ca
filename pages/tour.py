"""Tour: one click walks a presenter through the app with an invented career."""

import streamlit as st

from occu_core import demo_tour
from pages.shared import displays, front_door, tour_steps
from pages.shared import tour_walking as tour
from pages.shared.loaders import model_cards

front_door.through_app()
st.title("Tour")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
tour.large_type()
step = tour.place()
if step is None:
    with st.container(key="tour_story"):
        st.markdown(
            f"{len(tour_steps.steps())} short steps through Occuscope, for a big screen. The career"
            " in it is **invented**; the answers are the models' own, computed as you go. It needs"
            " no network. Your own career is put back when the tour ends."
        )
    st.button(
        "Start the tour",
        key="tour.start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=tour.start,
    )
    st.stop()
tour.controls(step)
shown = tour_steps.steps()[step]
with st.container(key="tour_story"):
    st.badge(demo_tour.LABEL, icon=":material/theater_comedy:", color="orange")
    st.header(shown.title)
    st.markdown(shown.words)
    shown.show(demo_tour.demo_query())
displays.speaks_for(next(iter(model_cards().values())))
