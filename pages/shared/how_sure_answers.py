"""How sure one prediction is: the level asked for, the set, and its track record."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from occu_core import figures
from occu_core.explain import sure_words as words
from occu_core.explain.how_sure import DEFAULT_PERCENT, HowSure, how_sure, sure_to_json
from occu_core.explain.sure_files import SureError, model_digest, sureness_of
from occu_core.explain.sure_records import OFFERED, Sureness
from occu_core.models.storage import ModelError, model_folder
from occu_core.occupation_descriptions import description
from pages.shared import question_inputs
from pages.shared.displays import as_text, chart
from pages.shared.loaders import ask, model_cards
from pages.shared.session import desk

_TALLEST = 460


def model() -> str:
    """The model that is asked, on every page."""
    cards, chosen = model_cards(), question_inputs.chosen_model()
    key = f"how_sure.model.{chosen}"
    st.selectbox(
        "Model",
        list(cards),
        index=list(cards).index(chosen),
        key=key,
        format_func=lambda name: cards[name].title,
        on_change=_model_chosen,
        args=(key,),
    )
    return chosen


def level() -> int:
    """Of 100 sets, how many are to hold what happens."""
    chosen = st.segmented_control(
        "Sets that hold what happens",
        OFFERED,
        default=DEFAULT_PERCENT,
        key="how_sure.level",
        format_func=lambda percent: f"{percent}%",
        persist_state="session",
        required=True,
        help="The more often the set is to be right, the larger it has to be.",
    )
    return chosen or DEFAULT_PERCENT


def answer(name: str, percent: int) -> HowSure:
    """How sure the model is of the career on the desk; without a calibration the page ends here."""
    prediction = ask((name,), desk().query)[0]
    try:
        sureness = _sureness(name, model_digest(model_folder(name)))
    except (SureError, ModelError) as error:
        st.info(
            "Nothing is known of how sure this model may be: its sets were not calibrated.",
            icon=":material/straighten:",
        )
        st.markdown(as_text(f"{str(error)[0].upper()}{str(error)[1:]}"))
        st.caption(
            "That needs careers with a split column: the half of valid that chose no model"
            " calibrates, test measures. `--tables` names your own."
        )
        st.stop()
    return how_sure(prediction, sureness, percent)


def caveats(found: HowSure) -> None:
    """Where less is known than usual."""
    for sentence in words.caveats(found):
        st.warning(as_text(sentence), icon=":material/help:")


def numbers(found: HowSure) -> None:
    """The answer in three numbers."""
    chosen, unsure = found.chosen, found.unsure
    usual = unsure.quantile(50)
    with st.grid(3, min_column_width=120, gap="small"):
        st.metric("States in the set", f"{len(chosen.members)}", help="Of 343.")
        st.metric(
            "The model gives it",
            figures.percent(chosen.probability),
            help="The sum of the probabilities below.",
        )
        st.metric(
            "As unsure as among",
            f"{unsure.equally_likely:.1f}",
            delta=None if usual is None else f"usual {usual:.1f}",
            delta_color="off",
            delta_arrow="off",
            help="So many equally likely states: the perplexity of this one prediction.",
        )


def groups(found: HowSure) -> None:
    """The groups of occupations in the set, likeliest first."""
    st.markdown(
        " ".join(
            f":gray-badge[{as_text(group)} · {count} · {figures.percent(probability)}]"
            for group, count, probability in found.chosen.groups
        )
    )


def states(found: HowSure) -> None:
    """Every state of the set with its probability and what it is, and the same as a file."""
    previous = found.prediction.query.previous
    order = [group for group, _, _ in found.chosen.groups]
    members = sorted(found.chosen.members, key=lambda member: order.index(member[0].group))
    table = pd.DataFrame(
        [
            {
                "Occupation": f"Again: {o.title}" if o == previous else o.title,
                "Probability": 100 * p,
                "What it is": description(o.code),
                "Group": o.group,
            }
            for o, p in members
        ]
    )
    st.dataframe(
        table,
        hide_index=True,
        height=min(_TALLEST, 35 * len(table) + 40),
        column_config={
            "Occupation": st.column_config.TextColumn(width=270),
            "Probability": st.column_config.NumberColumn(format="%.2f%%", width=90),
            "What it is": st.column_config.TextColumn(width=560),
            "Group": st.column_config.TextColumn(width=240),
        },
        alt="The states of the set, likeliest group first",
    )
    card, query = found.prediction.card, found.prediction.query
    st.download_button(
        "The set as JSON",
        json.dumps(sure_to_json(found), indent=2, ensure_ascii=False),
        f"occuscope-{card.name}-{query.year}-{found.chosen.percent}.json",
        "application/json",
        key="how_sure.json",
        icon=":material/download:",
        on_click="ignore",
    )


def track_records(found: HowSure) -> None:
    """What came of test predictions of this size, for workers like this one."""
    if not found.records:
        st.caption("Not known: there are too few test workers like this one, or no survey is set.")
        return
    for column, record in zip(st.columns(2, gap="large"), found.records, strict=False):
        with column:
            st.markdown(as_text(words.track_record(record)))
            chart(figures.track_record_figure(record), f"how_sure.record_{record.event.name}")


@st.cache_resource(show_spinner=False)
def _sureness(name: str, digest: str) -> Sureness:
    """Read again once the model has changed, which its digest tells."""
    return sureness_of(name)


def _model_chosen(key: str) -> None:
    st.session_state["next_job.model"] = st.session_state[key]
    if st.session_state[key] == st.session_state.get("next_job.second"):
        st.session_state["next_job.second"] = None
