"""Whether sets kept their promise on test workers: by outcome, by group, and against other sets."""

from __future__ import annotations

import pandas as pd
import streamlit as st

from occu_core import figures
from occu_core.evaluation.report_numbers import share
from occu_core.explain import sure_words as words
from occu_core.explain.how_sure import HowSure
from occu_core.explain.sure_records import Measured, Measurement
from pages.shared.displays import as_text, chart

_BY = {
    "outcome": "What happened",
    "last_state": "Last record",
    "sex": "Sex",
    "race_ethnicity": "Race/ethnicity",
    "education": "Education",
    "birth_cohort": "Birth year",
    "history": "Earlier records",
}
_NAMES = {
    "all": "All person-years",
    "stay": "Stayed",
    "move": "Moved",
    "first": "First record",
}


def promise_kept(answer: HowSure) -> None:
    """Coverage and size for stays, moves, first records and every group of workers."""
    found = _choose(answer)
    if found is None:
        st.caption("Sets of this level were not measured.")
        return
    st.markdown(as_text(words.measured(found)))
    everyone = [m for m in found.groups if m.by == "all"]
    plot, table = st.columns([1, 1.15], gap="large")
    with plot:
        by = st.selectbox("Group by", list(_BY), key="how_sure.by", format_func=_BY.__getitem__)
        rows = everyone + [m for m in found.groups if m.by == by]
        names = [_NAMES.get(m.group, m.group.capitalize()) for m in rows]
        chart(figures.coverage_figure(found, rows, names), "how_sure.coverage")
    with table:
        _table(found)
    _how_made(answer, found)


def _choose(answer: HowSure) -> Measurement | None:
    """Which test workers; at first those most like this one."""
    fitting = [m for m in answer.sureness.measurements if m.percent == answer.chosen.percent]
    if not fitting:
        return None
    labels = [m.label for m in fitting]
    first = fitting.index(answer.measurement) if answer.measurement else 0
    chosen = st.selectbox("Test workers", labels, index=first, key=f"how_sure.rows.{labels[first]}")
    return fitting[labels.index(chosen)]


def _table(found: Measurement) -> None:
    """Every group with its coverage and size."""
    st.dataframe(
        pd.DataFrame([_row(measured) for measured in found.groups]),
        hide_index=True,
        height=420,
        column_config={
            "Group": st.column_config.TextColumn(width=210, pinned=True),
            "Coverage (95% interval)": st.column_config.TextColumn(width=185),
        },
        alt="Coverage and set size of every group of test workers",
    )


def _row(measured: Measured) -> dict[str, object]:
    group = _NAMES.get(measured.group, measured.group)
    by = f"{_BY[measured.by]}: " if measured.by in _BY and measured.by != "outcome" else ""
    return {
        "Group": f"{by}{group}",
        "Coverage (95% interval)": share(measured.coverage),
        "Mean size": None if measured.mean_size is None else round(measured.mean_size, 1),
        "Median size": measured.median_size,
        "Person-years": measured.rows,
        "Sets counted": measured.sized,
    }


def _how_made(answer: HowSure, found: Measurement) -> None:
    sureness = answer.sureness
    with st.expander("How the sets are made, and what else was tried", icon=":material/science:"):
        st.markdown(
            "The last record's state belongs to the set by its probability, any other state by its"
            " probability given that the last one is left. Each has its own threshold, by survey,"
            " kind of last record and number of earlier records, calibrated so that stays and moves"
            " are both held as often as promised. A set with one threshold for all holds nearly"
            " every stay and far fewer moves:"
        )
        st.dataframe(
            pd.DataFrame(
                [
                    {
                        "Sets of 90%": tried.sets,
                        "All": tried.coverage,
                        "Stays": tried.coverage_stay,
                        "Moves": tried.coverage_move,
                        "Least by records": tried.least_by_history,
                        "Mean size": tried.mean_size and round(tried.mean_size, 1),
                        "Median size": tried.median_size,
                    }
                    for tried in sureness.tried
                    if tried.cohort == found.cohort
                ]
            ),
            hide_index=True,
            column_config={
                "Sets of 90%": st.column_config.TextColumn(width=320),
                **{
                    name: st.column_config.NumberColumn(format="percent", width=80)
                    for name in ("All", "Stays", "Moves", "Least by records")
                },
            },
            alt="Kinds of sets compared by coverage and size",
        )
        st.caption(
            f"Compared on the half of valid that chooses, {found.cohort}. Calibrated on"
            f" {sureness.calibrated_on}; measured on {sureness.measured_on}; sizes on"
            f" {sureness.sized_on}. Made by:"
        )
        st.code(sureness.command, language=None, wrap_lines=True)
