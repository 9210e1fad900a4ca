"""What Next job shows of predictions beside figures: coverage, the full list, past steps, files."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from occu_core.careers import Move
from occu_core.data.links import View, encode_view
from occu_core.figures import percent
from occu_core.occupation_descriptions import description
from occu_core.predictions import Prediction, Surprise, to_csv, to_json
from pages.shared.displays import as_text

ALL_GROUPS = "All groups"
_WHAT = "What it is"
_STEPS = {Move.FIRST: "first record", Move.STAY: "stayed", Move.MOVE: "moved"}


def coverage(prediction: Prediction) -> None:
    """How much of the model's probability fell on titles, in words."""
    title = prediction.card.title
    share = f"{100 * prediction.distribution.coverage:.2f}%"
    if prediction.prompt is None:
        words = "it can only answer with one of the 343 states"
    else:
        words = (
            f"of all the text it could write next, {share} is one of the 343 titles; the rest is"
            " left out, and the numbers above are scaled to sum to 100%"
        )
    st.caption(f"**Coverage** · {title}: {words}.")


@st.fragment
def all_states(*predictions: Prediction) -> None:
    """A drawer with every state; what is in it is made and sent once it is open."""
    drawer = st.expander(
        "Show all 343", key="next_job.all", icon=":material/table_rows:", on_change="rerun"
    )
    if not drawer.open:
        return
    with drawer:
        with st.grid(2, min_column_width=220, gap="small"):
            text = st.text_input("Search", key="next_job.search", max_chars=100, live=True)
            group = st.selectbox("Group", _group_names(predictions[0]), key="next_job.group")
        _states(*predictions, text=text, group=group)


def _states(*predictions: Prediction, text: str, group: str) -> None:
    """All states in groups, the likeliest group first, or those that a search finds."""
    first = predictions[0].distribution
    order = {name: rank for rank, (name, _) in enumerate(first.groups())}
    found = _matching(predictions[0], text)
    table = pd.DataFrame(
        [
            {"Group": o.group, "Occupation": o.title}
            | {p.card.title: 100 * p.distribution.prob(o.code) for p in predictions}
            | {_WHAT: description(o.code)}
            for o, _ in first.top(len(first.taxonomy))
            if o.title in found and group in {ALL_GROUPS, o.group}
        ],
        columns=["Group", "Occupation", *(p.card.title for p in predictions), _WHAT],
    )
    st.dataframe(
        table.sort_values("Group", key=lambda names: names.map(order), kind="stable"),
        height=420,
        hide_index=True,
        column_order=["Occupation", *(p.card.title for p in predictions), _WHAT, "Group"],
        column_config={
            "Occupation": st.column_config.TextColumn(width=330),
            _WHAT: st.column_config.TextColumn(width=420),
            **{
                p.card.title: st.column_config.NumberColumn(format="%.3f%%", width=120)
                for p in predictions
            },
        },
        alt="Every occupation with its group and probability",
    )


def steps_table(steps: Sequence[Surprise]) -> None:
    """Each past step with the probability of what happened."""
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Year": s.transition_year,
                    "Probability": percent(s.probability),
                    "What happened": s.occupation.title,
                    "Step": _STEPS[s.move],
                }
                for s in reversed(steps)
            ]
        ),
        height=390,
        hide_index=True,
        column_config={
            "Year": st.column_config.NumberColumn(format="%d", width=55),
            "What happened": st.column_config.TextColumn(width=250),
            "Step": st.column_config.TextColumn(width=65),
            "Probability": st.column_config.TextColumn(width=85),
        },
        alt="Each past record and how probable it was",
    )


def downloads(*predictions: Prediction) -> None:
    """The whole distribution of each model as files that name model, data and version.

    They are made when their button is pressed.
    """
    for place, prediction in enumerate(predictions, start=1):
        card, several = prediction.card, len(predictions) > 1
        name = f"occuscope-{card.name}-{prediction.query.year}"
        for kind, mime, content in (
            ("CSV", "text/csv", partial(to_csv, prediction)),
            ("JSON", "application/json", partial(_json, prediction)),
        ):
            st.download_button(
                f"{kind}, {as_text(card.title)}" if several else kind,
                content,
                f"{name}.{kind.lower()}",
                mime,
                key=f"next_job.{kind.lower()}_{place}",
                icon=":material/download:",
                on_click="ignore",
            )


def link(view: View, *, sensitive: bool) -> None:
    """An address that reopens this view, ready to copy."""
    st.caption("The address holds the career itself: whoever has it can read it.")
    past = view.query.past
    if not sensitive and (past.sex or past.race_ethnicity):
        st.caption("Without sex and race/ethnicity the reopened numbers can differ a little.")
    address = (st.context.url or "").partition("?")[0]
    st.code(
        f"{address}?v={encode_view(view, sensitive=sensitive)}",
        language=None,
        wrap_lines=True,
        height=120,
    )


def _json(prediction: Prediction) -> str:
    return json.dumps(to_json(prediction), indent=2, ensure_ascii=False)


def _group_names(prediction: Prediction) -> list[str]:
    return [ALL_GROUPS, *dict.fromkeys(o.group for o in prediction.distribution.taxonomy)]


def _matching(prediction: Prediction, text: str) -> set[str]:
    """The titles with every typed word; if none has, the most alike."""
    taxonomy = prediction.distribution.taxonomy
    words = text.casefold().split()
    titles = {o.title for o in taxonomy if all(word in o.title.casefold() for word in words)}
    return titles or {occupation.title for occupation in taxonomy.search(text, 8)}
