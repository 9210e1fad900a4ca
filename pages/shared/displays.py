"""How predictions are shown; anything typed or uploaded by a user is shown as plain text."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from functools import partial

import pandas as pd
import streamlit as st

from occu_core import figures
from occu_core.careers import Move, Query
from occu_core.data.links import View, encode_view
from occu_core.figures import Chart, percent
from occu_core.figures.figure_file import png_button
from occu_core.models.base import ModelCard
from occu_core.models.support import outside_training
from occu_core.occupation_descriptions import description
from occu_core.predictions import Prediction, Surprise, to_csv, to_json
from occu_core.templates import TextTemplate
from pages.shared.session import Desk

_MARKDOWN = re.compile(r"([!-/:-@\[-`{-~])")
# Streamlit draws `:material/name:` though its colons are escaped.
_ICON = re.compile(r"(?<=:)(?=[\w+/\\-]+:)")
_WORD_JOINER = "\u2060"
_STEPS = {Move.FIRST: "first record", Move.STAY: "stayed", Move.MOVE: "moved"}
_STILL = {"displayModeBar": False}
ALL_GROUPS = "All groups"
_WHAT = "What it is"


def as_text(text: str) -> str:
    r"""Text as markdown that shows it letter by letter: no link, tag, icon or formula in it works.

    >>> as_text("<b>*x*")
    '\\<b\\>\\*x\\*'
    """
    return _ICON.sub(_WORD_JOINER, _MARKDOWN.sub(r"\\\1", text))


def chart(shown: Chart, key: str, *, saved: bool = True) -> None:
    """A figure with its description for screen readers; its one button saves it as PNG.

    It does not move, zoom or select. One too low for a button (`saved`) has none.
    """
    paper, ink = _paper_and_ink()
    shown.figure.layout.paper_bgcolor = paper
    shown.figure.layout.font.color = ink
    st.plotly_chart(
        shown.figure, key=key, alt=shown.alt, config=png_button(key) if saved else _STILL
    )


def _paper_and_ink() -> tuple[str, str]:
    """The page's own colours, so that a figure saved from it can be read on any slide."""
    theme = st.context.theme.type or "light"
    paper, ink = (st.get_option(f"theme.{theme}.{part}Color") for part in ("background", "text"))
    return str(paper), str(ink)


def problem(why: str | None) -> bool:
    """Say why a change was refused, if one was."""
    if why:
        st.error(as_text(why), icon=":material/error:")
    return why is not None


def figures_at_a_glance(prediction: Prediction) -> None:
    """The four parts and the four likeliest states, small."""
    chart(figures.four_parts([prediction], caption=False), "career.parts", saved=False)
    chart(figures.top_occupations([prediction], 4), "career.top")


def career_line(shown: Desk) -> None:
    """Which career is on the desk, in one line."""
    past = shown.query.past
    years = f" {past.records[0].year}–{past.records[-1].year}" if past.records else ""
    known = [
        f"**{as_text(shown.name)}**",
        f"{len(past.records)} records{years}",
        as_text(past.dataset) if past.dataset else "survey unknown",
        f"born {past.birth_year}" if past.birth_year else "birth year unknown",
        *(as_text(f) for f in (past.sex, past.race_ethnicity, past.region) if f),
    ]
    st.markdown(" · ".join(known))


def parts(*predictions: Prediction, compact: bool = False) -> None:
    """The four parts as numbers: the first model's large, the second's below."""
    with st.grid(2 if compact else 4, min_column_width=120, gap="small"):
        for field, label in (
            ("same_job", ":green[●] Same job"),
            ("different_job", ":orange[●] Different job"),
            ("not_working", ":gray[●] Not working"),
            ("student", ":violet[●] Student"),
        ):
            shares = [getattr(prediction.parts, field) for prediction in predictions]
            first, *others = ["–" if share is None else percent(share) for share in shares]
            st.metric(
                label,
                first,
                delta=f"{others[0]} {predictions[1].card.title}" if others else None,
                delta_color="off",
                delta_arrow="off",
                help="There is no job in the last record to keep." if first == "–" else None,
            )


def warnings(cards: Sequence[ModelCard], query: Query) -> None:
    """A banner where the question lies outside what a model learned from."""
    sentences = dict.fromkeys(s for card in cards for s in outside_training(card, query))
    if sentences:
        lines = "\n".join(f"- {as_text(sentence)}" for sentence in sentences)
        st.warning(
            f"**Outside what the model has seen: read these numbers with care.**\n{lines}",
            icon=":material/travel_explore:",
        )


def speaks_for(card: ModelCard) -> None:
    """Whom the numbers are about, and what they are not for."""
    cohorts = " and ".join(
        f"{c.dataset} (born {c.birth_years[0]}–{c.birth_years[1]}, interviewed"
        f" {c.years[0]}–{c.years[1]})"
        for c in card.trained_on
    )
    st.caption(
        f"Speaks for US workers like those of the {cohorts}. For exploration and research, not"
        " for hiring or screening."
    )


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


def read_text(query: Query, *, coded: bool) -> None:
    """The exact text before the answer, and where the answer goes."""
    st.code(
        TextTemplate(coded=coded).prompt(query) + "▁▁▁▁▁▁▁▁",
        language=None,
        wrap_lines=True,
    )
    st.caption(
        "A language model reads everything up to the last colon. The blank is its answer: each of"
        " the 343 titles is scored there, as a space, the title and a line end."
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
