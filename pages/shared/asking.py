"""Asking on the Ask page: the question, the press, and the answers as they grow."""

from __future__ import annotations

import time
from dataclasses import replace

import streamlit as st

from occu_core.answering.asking import MOST_QUESTION, AnswerJob, AnswerState
from occu_core.answering.questions import QuestionsError, asked
from occu_core.answering.sources import Source, SourceError, Writing
from occu_core.occuquest import taxonomy
from occu_core.occuquest.sample import SAMPLE_NOTE
from pages.shared.asking_models import SAMPLE, Chosen, answerers
from pages.shared.displays import as_text
from pages.shared.occuquest_datasets import sample
from pages.shared.occuquest_text import written

_FROM_SAMPLE, _TYPED = "From the sample", "My own"
_JOBS, _PROBLEM = "ask.jobs", "ask.problem"
_EVERY = 0.2  # seconds between two looks at answers that grow


def choose_question() -> Chosen | None:
    """A question of the sample by category, or one that is typed; None until there is one."""
    source = st.segmented_control(
        "Where from", [_FROM_SAMPLE, _TYPED], default=_FROM_SAMPLE, key="ask.source",
        required=True, label_visibility="collapsed",
    )  # fmt: skip
    if source == _TYPED:
        text = st.text_area(
            "Question", key="ask.text", max_chars=MOST_QUESTION, height=140, persist_state="session"
        )
        return _typed(text)
    category = st.selectbox(
        "Category", taxonomy.categories(), key="ask.category", persist_state="session"
    )
    items = [item for item in sample() if item.category == category and not item.is_dialogue]
    if not items:
        st.info("The sample has no question in this category.", icon=":material/info:")
        return None
    questions = {item.item_id: item for item in items}
    chosen = st.selectbox(
        "Question", list(questions), key=f"ask.question.{category}",
        format_func=lambda name: f"{questions[name].occupation}: {questions[name].question}",
    )  # fmt: skip
    item = questions[chosen]
    with st.container(border=True):
        written(item.question)
        st.caption(f"{as_text(item.occupation or '')} · {SAMPLE_NOTE}")
    return Chosen(asked(item.question, category=item.category), item)


def ask(chosen: Chosen | None, sources: tuple[Source | None, ...]) -> None:
    """How answers are written, and the button."""
    with st.expander("Length and chance", icon=":material/tune:"), st.grid(3, gap="small"):
        tokens = st.number_input("Most tokens", 16, 2_048, 400, 16, key="ask.tokens")
        warmth = st.number_input(
            "Temperature", 0.0, 2.0, 0.0, 0.1, key="ask.temperature",
            help="0 always takes the likeliest token.",
        )  # fmt: skip
        seed = st.number_input("Seed", 0, 2**31 - 1, 1, key="ask.seed")
    st.button(
        "Ask", key="ask.ask", type="primary", icon=":material/send:",
        disabled=chosen is None or not sources,
        on_click=_start, args=(chosen, sources, Writing(tokens, warmth, seed=seed)),
    )  # fmt: skip
    if problem := st.session_state.get(_PROBLEM):
        st.error(as_text(problem), icon=":material/error:")


def jobs() -> tuple[AnswerJob, ...]:
    """The answers that were last asked for."""
    return st.session_state.get(_JOBS, ())


def answers() -> None:
    """The answers side by side, until all have ended.

    It is this run that looks, again and again: Streamlit collects garbage after every run, of a
    fragment too, which holds up a model in the same process for longer than it writes.
    """
    shown = jobs()
    if not shown:
        return
    st.subheader("Answers")
    written(shown[0].question.text)
    columns = st.columns(len(shown), gap="large", border=True)
    places = [column.empty() for column in columns]
    stops = [column.empty() for column in columns]
    for number, (job, stop) in enumerate(zip(shown, stops, strict=True)):
        if not job.state.ended:
            stop.button("Stop", key=f"ask.stop.{number}", icon=":material/stop:", on_click=job.stop)
    drawn: list[AnswerState | None] = [None] * len(shown)
    while True:
        for number, job in enumerate(shown):
            state = job.state
            if drawn[number] is None or _look(drawn[number]) != _look(state):
                drawn[number] = state
                with places[number].container():
                    _answer(job, state)
            if state.ended:
                stops[number].empty()
        if all(state is not None and state.ended for state in drawn):
            return
        time.sleep(_EVERY)


def _look(state: AnswerState | None) -> AnswerState | None:
    """What of an answer is shown while it grows: all but the time."""
    return state and replace(state, seconds=0.0)


def _typed(text: str) -> Chosen | None:
    try:
        return Chosen(asked(text)) if text.strip() else None
    except QuestionsError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return None


def _start(chosen: Chosen, sources: tuple[Source | None, ...], writing: Writing) -> None:
    for job in jobs():
        job.stop()
    st.session_state[_PROBLEM] = None
    begun: list[AnswerJob] = []
    try:
        for source in sources:
            if source is not None:
                begun.append(answerers().start(chosen.question, source, writing))
            elif answer := chosen.sample_answer():
                begun.append(AnswerJob.finished(answer))
    except SourceError as error:
        st.session_state[_PROBLEM] = str(error)
    st.session_state[_JOBS] = tuple(begun)


def _answer(job: AnswerJob, state: AnswerState) -> None:
    badge = ":gray-badge[written for the project, by no model]" if job.system == SAMPLE else ""
    st.markdown(f"**{as_text(job.system)}** {badge or _badge(state)}")
    written(state.text)
    if state.answer is not None and not state.text:
        st.caption("The answer is empty.")
    if state.problem and state.stopping:
        st.caption(as_text(state.problem))
    elif state.problem:
        st.error(as_text(state.problem), icon=":material/error:")
    if state.answer is not None and job.system != SAMPLE:
        reply = state.answer.reply
        cut = " · ran into the limit of tokens" if reply.cut else ""
        cost = f" · ${reply.cost:,.4f}" if reply.cost else ""
        known = " · known from before" if reply.cached else ""
        st.caption(
            as_text(
                f"{reply.tokens_out:,} tokens in {state.seconds:.1f} s{cut}{cost}{known};"
                f" form: {state.answer.form}"
            )
        )


def _badge(state: AnswerState) -> str:
    if state.answer is not None:
        return ":green-badge[answered]"
    if state.ended:
        return ":orange-badge[stopped]" if state.stopping else ":red-badge[no answer]"
    if state.stopping:
        return ":orange-badge[stopping]"
    if not state.begun:
        return ":gray-badge[waiting its turn]"
    return ":blue-badge[writing]" if state.text else ":blue-badge[reading the question]"
