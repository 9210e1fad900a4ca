"""How an explanation is shown: numbers, bars, a table, chips, counts and files."""

from __future__ import annotations

import json

import pandas as pd
import streamlit as st

from occu_core import figures
from occu_core.careers import JobRecord
from occu_core.explain.influence import Influences
from occu_core.explain.observed import Observed, observed_transitions
from occu_core.explain.rationales import Rationale, Step
from occu_core.explain.why import Why, why_csv, why_json
from occu_core.explain.why_words import influence_in_words, rationale_in_words
from occu_core.figures import percent
from occu_core.occupations import Occupation
from pages.shared import displays
from pages.shared.displays import as_text


def headline(answer: Why) -> None:
    """The target and its numbers."""
    found, prediction = answer.influences, answer.prediction
    st.subheader(f"{as_text(answer.target.title)} in {found.query.year}")
    with st.grid(4, min_column_width=130, gap="small"):
        st.metric("Probability", percent(answer.probability))
        st.metric("Place among 343", f"{answer.rank}")
        st.metric(
            "Without any record",
            percent(found.from_nothing),
            help="Only what is fixed about the worker, the year and the education is known.",
        )
        st.metric("Same job?", _keeps(answer), help="Whether it is the job of the last record.")
    displays.warnings([prediction.card], found.query)


def records(found: Influences) -> None:
    """Each record's influence as a bar, in words and in a table."""
    st.markdown(as_text(influence_in_words(found)))
    if not found.records:
        return
    chart, table = st.columns([1.25, 1], gap="large")
    with chart:
        displays.chart(figures.record_influences(found), "why.influences")
    with table:
        _records_table(found)
    st.caption(
        "Each number is the probability with all records less the probability with this one"
        " deleted, in points, before scaling to the 343 titles. Two records that say the same can"
        " each be missed at no loss, so the numbers do not add up. They tell what the model reads,"
        " not what causes careers."
    )


def rationale(found: Rationale) -> None:
    """The records that suffice, in the order in which they were added."""
    st.markdown(as_text(rationale_in_words(found)))
    nothing, *added = [_step(step, found.target) for step in found.steps]
    st.markdown(nothing)
    st.markdown("\n".join(f"{number}. {line}" for number, line in enumerate(added, start=1)))
    st.caption(
        "Found greedily, as in the CAREER paper: from no record on, the one that raises the"
        f" probability most is added. Asked of: {as_text(found.card.title)}."
    )


def observed(answer: Why) -> None:
    """The training survey's own count beside the model's number."""
    previous = answer.influences.query.previous
    before = as_text(previous.title) if previous else "no earlier record"
    st.markdown(
        f"After **{before}**, how often was **{as_text(answer.target.title)}** the next record?"
    )
    with st.grid(3, min_column_width=115, gap="small"):
        st.metric("Model, this worker", percent(answer.probability))
        for one in answer.observed:
            st.metric(f"Seen in {as_text(one.cohort)}", _share(one))
    st.markdown(
        "\n".join(f"- {as_text(f'{o.cohort}: {o.words}{_interval(o)}')}" for o in answer.observed)
    )
    st.caption(
        f"Counted in the {as_text(observed_transitions().data)}, the workers that models learned"
        " from; all careers alike, whoever the worker is. Counts under 5 are hidden."
    )


def downloads(answer: Why) -> None:
    """The explanation as files, the same as `occu why` prints."""
    name = f"occuscope-why-{answer.prediction.card.name}-{answer.target.code}"
    for kind, mime, content in (
        ("CSV", "text/csv", why_csv(answer)),
        ("JSON", "application/json", json.dumps(why_json(answer), indent=2, ensure_ascii=False)),
    ):
        st.download_button(
            kind,
            content,
            f"{name}.{kind.lower()}",
            mime,
            key=f"why.{kind.lower()}",
            icon=":material/download:",
            on_click="ignore",
        )


def _keeps(answer: Why) -> str:
    previous = answer.influences.query.previous
    if previous is None or not previous.is_job:
        return "–"
    return "yes" if previous == answer.target else "no"


def _records_table(found: Influences) -> None:
    st.dataframe(
        pd.DataFrame(
            [
                {
                    "Year": one.record.year,
                    "Points": one.points,
                    "Record": one.record.occupation.title,
                    "Without it": percent(one.without),
                }
                for one in found.records
            ]
        ),
        height=min(330, 38 + 35 * len(found.records)),
        hide_index=True,
        column_config={
            "Year": st.column_config.NumberColumn(format="%d", width=52),
            "Points": st.column_config.NumberColumn(format="%+.2f", width=66),
            "Record": st.column_config.TextColumn(width=165),
            "Without it": st.column_config.TextColumn(width=78),
        },
        alt="Each record, its influence in points and the probability without it",
    )


def _step(step: Step, target: Occupation) -> str:
    """One line of the rationale: what was added, and what the model then says."""
    behind = (
        ":green-badge[likeliest]"
        if step.likeliest == target
        else f"behind {as_text(step.likeliest.title)} {percent(step.likeliest_probability)}"
    )
    return f"{_chip(step.record)} → **{percent(step.probability)}** {behind}"


def _chip(record: JobRecord | None) -> str:
    if record is None:
        return ":gray-badge[no record]"
    return f":blue-badge[+ {record.year}] {as_text(record.occupation.title)}"


def _share(one: Observed) -> str:
    if one.share is not None and one.count.most:
        return percent(one.share)
    if one.interval is None:
        return "–"
    return "never" if not one.count.most else str(one.count)


def _interval(one: Observed) -> str:
    """A 95% interval in words."""
    if one.interval is None:
        return ""
    low, high = (percent(end) for end in one.interval)
    return f", 95% interval {low} to {high}"
