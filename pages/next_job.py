"""Next job: the probability of every next occupation, from one model or two side by side."""

import streamlit as st

from occu_core import figures
from occu_core.data.links import View
from pages.shared import case_keeping, displays, front_door, inputs, keeping_files, opening
from pages.shared.loaders import ask, model_cards, past_surprises
from pages.shared.session import desk, problem

front_door.through_app()
st.title("Next job")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
case_keeping.follow()
displays.career_line(desk())

with st.grid(4, min_column_width=150, gap="small"):
    inputs.question()
    models = inputs.models()
displays.problem(problem("next_job"))
opening.keep_in_address(models)
query = desk().query
predictions = ask(models, query)
cards = [prediction.card for prediction in predictions]
displays.warnings(cards, query)

st.subheader(f"Where the worker is in {query.year}")
displays.parts(*predictions)
displays.chart(figures.four_parts(predictions), "next_job.parts")

occupations, groups = st.columns([1.35, 1], gap="medium")
with occupations:
    st.subheader("Likeliest occupations")
    displays.chart(figures.top_occupations(predictions), "next_job.top")
with groups:
    st.subheader("Likeliest groups")
    displays.chart(figures.top_groups(predictions), "next_job.groups")
for prediction in predictions:
    displays.coverage(prediction)
with st.expander("Show all 343", icon=":material/table_rows:"):
    with st.grid(2, min_column_width=220, gap="small"):
        text = st.text_input("Search", key="next_job.search", max_chars=100, live=True)
        group = st.selectbox("Group", displays.group_names(predictions[0]), key="next_job.group")
    displays.states(*predictions, text=text, group=group)

st.subheader("How expected was each past step?")
st.caption(
    "The taller the bar, the less the model expected it: each line is ten times less likely."
)
if steps := past_surprises(models[0], query.past):
    chart, table = st.columns([1, 1.05], gap="large")
    with chart:
        displays.chart(figures.past_steps(cards[0], steps), "next_job.steps")
    with table:
        displays.steps_table(steps)
else:
    st.caption("Nothing yet: the career has no records.")

st.subheader("Keep or share")
with st.container(horizontal=True, gap="small"):
    displays.downloads(*predictions)
    with st.popover("Link to this view", icon=":material/link:", key="next_job.link_menu"):
        sensitive = st.checkbox("Include sex and race/ethnicity", key="next_job.sensitive")
        displays.link(View(query, models), sensitive=sensitive)
    case_keeping.keeping(View(query, models))
    keeping_files.figures(predictions, steps)
    keeping_files.report(predictions)
displays.speaks_for(cards[0])
