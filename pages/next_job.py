"""Next job: the probability of every next occupation, from one model or two side by side."""

import streamlit as st

from occu_core import figures
from occu_core.data.links import View
from pages.shared import (
    case_keeping,
    displays,
    front_door,
    keeping_files,
    next_job_displays,
    opening,
    question_inputs,
)
from pages.shared.loaders import ask, model_cards, numbers_first, past_surprises
from pages.shared.session import desk, problem

_DRAWN_FOR = "next_job.drawn_for"  # the model of what stands below the answer


@st.fragment
def answer() -> tuple[str, ...]:
    """The question and all that depends on it; a change of it draws nothing else anew.

    What costs a browser time and tells the analyst nothing new, the address, comes last.
    """
    with st.grid(4, min_column_width=150, gap="small"):
        question_inputs.question()
        models = question_inputs.models()
    if st.session_state.get(_DRAWN_FOR) not in {None, models[0]}:
        st.rerun()
    displays.problem(problem("next_job"))
    query = desk().query
    predictions = ask(models, query)
    cards = [prediction.card for prediction in predictions]
    displays.warnings(cards, query)

    st.subheader(f"Where the worker is in {query.year}")
    displays.parts(*predictions)
    numbers_first()
    displays.chart(figures.four_parts(predictions), "next_job.parts")

    occupations, groups = st.columns([1.35, 1], gap="medium")
    with occupations:
        st.subheader("Likeliest occupations")
        displays.chart(figures.top_occupations(predictions), "next_job.top")
    with groups:
        st.subheader("Likeliest groups")
        displays.chart(figures.top_groups(predictions), "next_job.groups")
    for prediction in predictions:
        next_job_displays.coverage(prediction)
    next_job_displays.all_states(*predictions)

    st.subheader("Keep or share")
    case_keeping.problem()
    with st.container(horizontal=True, gap="small"):
        next_job_displays.downloads(*predictions)
        with st.popover("Link to this view", icon=":material/link:", key="next_job.link_menu"):
            sensitive = st.checkbox("Include sex and race/ethnicity", key="next_job.sensitive")
            next_job_displays.link(View(query, models), sensitive=sensitive)
        case_keeping.keeping(View(query, models))
        keeping_files.figures(predictions, past_surprises(models[0], query.past))
        keeping_files.report(predictions)
    opening.keep_in_address(models)
    return models


front_door.through_app()
st.title("Next job")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
case_keeping.follow()
displays.career_line(desk())

st.session_state[_DRAWN_FOR] = None
first = answer()[0]
st.session_state[_DRAWN_FOR] = first

st.subheader("How expected was each past step?")
st.caption(
    "The taller the bar, the less the model expected it: each line is ten times less likely."
)
if steps := past_surprises(first, desk().query.past):
    chart, table = st.columns([1, 1.05], gap="large")
    with chart:
        displays.chart(figures.past_steps(model_cards()[first], steps), "next_job.steps")
    with table:
        next_job_displays.steps_table(steps)
else:
    st.caption("Nothing yet: the career has no records.")
displays.speaks_for(model_cards()[first])
