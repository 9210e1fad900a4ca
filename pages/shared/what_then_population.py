"""Everybody's moves on the What then page: from group to group, observed beside predicted."""

from __future__ import annotations

import streamlit as st

from occu_core.assets import asset_path
from occu_core.explain.forecast_exports import table_csv
from occu_core.explain.population import Population, load_population
from occu_core.figures import forecast_checks as drawn
from pages.shared.displays import as_text, chart
from pages.shared.what_then_displays import figure_files


def population() -> None:
    """Group to group, observed beside predicted, for all workers or some."""
    try:
        found = _population()
    except ValueError as error:
        st.info(as_text(f"There is no matrix here: {error}"), icon=":material/grid_on:")
        return
    with st.grid(4, min_column_width=150, gap="small"):
        datasets = list(dict.fromkeys(m.dataset for m in found.matrices))
        dataset = st.selectbox("Cohort", datasets, key="what_then.cohort")
        groups = dict.fromkeys(m.workers for m in found.matrices if m.dataset == dataset)
        workers = st.selectbox("Workers", list(groups), key="what_then.workers", format_func=str)
        models = [name for name in found.sources if name != "observed"]
        source = st.selectbox(
            "Predicted by",
            models,
            index=models.index("language_model") if "language_model" in models else 0,
            key="what_then.source",
            format_func=lambda name: found.sources[name].partition(",")[0],
        )
        kind = st.selectbox("Show", ["Shares of each row", "Numbers"], key="what_then.kind")
    columns = st.columns(2, gap="medium")
    for column, name in zip(columns, ("observed", source), strict=True):
        try:
            matrix = found.find(dataset, workers, name)
        except KeyError:
            column.caption("Too few workers.")
            continue
        with column:
            st.markdown(f"**{'Observed' if name == 'observed' else 'Predicted'}**")
            words = f"{found.sources[name]}."
            figure = drawn.moves(matrix, found.parts, words, shares=kind != "Numbers")
            chart(figure, f"what_then.moves_{name}")
            figure_files(figure, f"moves_{name}", "From group to group", _moves_csv(found, name))
    st.caption(
        "Moves and stays between the groups of this year's and the next record's state. Each cohort"
        " by itself: NLSY79 was coded afresh at every interview, so its workers seem to move more."
    )


@st.cache_resource(show_spinner=False)
def _population() -> Population:
    return load_population(asset_path("explain", "population_matrix.json"))


def _moves_csv(found: Population, source: str) -> str:
    rows = [
        {"dataset": m.dataset, "workers": m.workers, "from": a, "to": b, "moves": m.counts[i][j]}
        for m in found.matrices
        if m.source == source
        for i, a in enumerate(found.parts)
        for j, b in enumerate(found.parts)
    ]
    return table_csv((found.sources[source], f"command: {found.command}"), rows)
