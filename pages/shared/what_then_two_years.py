"""Two years ahead on the What then page: asked directly, against one year at a time."""

from __future__ import annotations

import streamlit as st

from occu_core.careers import LATEST_YEAR, Query
from occu_core.explain.consistency import PAPER, Consistency, two_years_ahead
from occu_core.explain.forecast_exports import consistency_csv
from occu_core.figures import forecast_checks as drawn
from occu_core.models.storage import ModelError
from pages.shared.displays import as_text, chart
from pages.shared.loaders import load_model, model_cards
from pages.shared.what_then_displays import figure_files
from pages.shared.what_then_sampling import Asked

_FOUND = "what_then.two"
Compared = tuple[tuple[str, Query], Consistency]


def two_years(asked: Asked) -> None:
    """This career two years ahead, asked both ways, once the visitor wants to know."""
    query, card = asked.query, model_cards()[asked.model]
    if query.year >= LATEST_YEAR:
        st.caption(f"There is no year after {query.year} to ask about.")
        return
    st.markdown(
        f"{query.year + 1} can be asked about directly, with no record of {query.year}, or through"
        f" every likely state of {query.year}. The nearer the answers, the more the model's years"
        f" fit together. {PAPER} (the paper's number)."
    )
    known: Compared | None = st.session_state.get(_FOUND)
    now = (asked.model, query)
    if st.button("Compare both ways", key="what_then.compare", icon=":material/compare_arrows:"):
        known = _compared(asked)
    if known is None or known[0] != now:
        return
    found = known[1]
    with st.grid(3, min_column_width=140, gap="small"):
        st.metric("Correlation", f"{found.correlation:.3f}", help="Over the 343 states")
        st.metric("Total variation", f"{found.total_variation:.3f}", help="0 equal, 1 disjoint")
        st.metric("Followed", f"{found.covered:.1%}", help=f"{found.followed} states of the year")
    figure = drawn.two_ways(found)
    chart(figure, "what_then.two_ways")
    figure_files(figure, "two_ways", "Two years ahead, two ways", consistency_csv(found))
    st.caption(
        f"A gap tells {as_text(card.title)} something: in NLSY97 a record two years after the one"
        " before is rare and means a missed interview; in NLSY79 it became the rule after 1994,"
        " when workers were asked every other year. Asked directly, it answers for such people."
    )


def _compared(asked: Asked) -> Compared | None:
    bar = st.progress(0.0, "Asking…")
    try:
        found = two_years_ahead(
            load_model(asked.model),
            asked.query,
            on_step=lambda done, steps: bar.progress(done / steps, f"{done} of {steps} states"),
        )
    except (ModelError, ValueError) as error:
        st.error(as_text(f"Nothing was compared: {error}"), icon=":material/error:")
        return None
    finally:
        bar.empty()
    st.session_state[_FOUND] = ((asked.model, asked.query), found)
    return st.session_state[_FOUND]
