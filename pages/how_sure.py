"""How sure: a set of next states with a promise, what came of such predictions, and in words."""

import streamlit as st

from occu_core.explain import sure_words as words
from pages.shared import displays, front_door, opening, question_inputs
from pages.shared import how_sure_answers as answers
from pages.shared import how_sure_measured as measured
from pages.shared.displays import as_text
from pages.shared.loaders import model_cards
from pages.shared.session import desk

front_door.through_app()
st.title("How sure")
st.caption("Which next states to reckon with, and how far the model's numbers can be trusted.")
if not model_cards():
    st.error("No model is installed in assets/models, so nothing can be predicted yet.")
    st.stop()
opening.follow_link()
opening.link_problem()
displays.career_line(desk())
with st.grid(2, min_column_width=220, gap="small"):
    model = answers.model()
    percent = answers.level()
opening.keep_in_address((question_inputs.chosen_model(),))
answer = answers.answer(model, percent)
displays.warnings([answer.prediction.card], answer.prediction.query)
answers.caveats(answer)

st.subheader(f"{answer.chosen.percent}% set for {answer.prediction.query.year}")
answers.numbers(answer)
st.markdown(as_text(words.size(answer)))
answers.groups(answer)
answers.states(answer)
promises, limits = st.columns(2, gap="large")
with promises:
    st.markdown(f"**What the set promises.** {as_text(words.promise(answer))}")
with limits:
    st.markdown(f"**What it does not.** {as_text(words.no_promise(answer))}")

st.subheader("When it said this before, what happened?")
answers.track_records(answer)

st.subheader("How unsure is this prediction?")
st.markdown(as_text(words.unsure(answer.unsure)))

st.subheader("Do the sets keep their promise?")
measured.promise_kept(answer)
displays.speaks_for(answer.prediction.card)
