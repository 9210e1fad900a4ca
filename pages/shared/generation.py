"""Beginning a run on the Generate page: who may, what it will take, and for how much at most."""

from __future__ import annotations

import os
import re
from datetime import datetime
from pathlib import Path

import pandas as pd
import streamlit as st

from occu_core.endpoints import Endpoint, EndpointError
from occu_core.models.registry import data_folder
from occu_core.occuquest.generation.estimate import Estimate, estimate
from occu_core.occuquest.generation.jobs import Jobs
from occu_core.occuquest.generation.plan import Plan, PlanError
from pages.shared.displays import as_text
from pages.shared.generation_inputs import check_variable
from pages.shared.visitors import at_this_computer

MOST_DOLLARS = 1_000.0
_SWITCH = "OCCU_GENERATE"
_PROBLEM = "generate.problem"


@st.cache_resource(show_spinner=False)
def jobs() -> Jobs:
    """The runs of this server: they go on when a page is closed or loaded again."""
    return Jobs()


def runs_folder() -> Path:
    """Where runs are kept."""
    return data_folder() / "generated"


def stop_unless_allowed() -> None:
    """End the page where it is switched off, or where the visitor is at another computer."""
    switch = os.environ.get(_SWITCH, "").casefold()
    if switch != "on" and (switch == "off" or not at_this_computer()):
        st.info(
            "This page spends money and calls the addresses it is given, so it works only in a"
            f" browser on the computer that runs Occuscope. `{_SWITCH}=on` in the server's"
            f" environment opens it to every visitor, `{_SWITCH}=off` closes it to all."
            " `occu generate` does the same without a browser.",
            icon=":material/lock:",
        )
        st.stop()


def start(plan: Plan | None, endpoint: Endpoint | None) -> None:
    """What the plan will cost, the cap, and the button that begins it."""
    if plan is None:
        return
    expected = estimate(plan, endpoint or Endpoint("http://localhost/v1", "none"))
    with st.grid(4, min_column_width=130, gap="small"):
        st.metric("Occupations", f"{len(plan.subjects):,}")
        st.metric("Calls", f"{expected.calls:,}")
        st.metric("Items, at most", f"{plan.most_items:,}")
        cost = expected.cost
        st.metric("Cost, about", "not known" if cost is None else f"${cost:,.2f}")
    with st.expander("By stage", icon=":material/table_rows:"):
        _estimate_table(expected)
    with st.grid(2, min_column_width=150, gap="small", vertical_alignment="bottom"):
        cap = _choose_cap()
        pressed = st.button(
            "Start",
            key="generate.start",
            type="primary",
            icon=":material/play_arrow:",
            disabled=endpoint is None or not endpoint.priced,
            width="stretch",
        )
    if endpoint is not None and not endpoint.priced:
        st.caption("To start, give both prices: the cap is kept by them.")
    if cost is not None and cost > cap:
        st.warning(
            f"The cap of \\${cap:,.2f} will stop this before its end. What was made by then is"
            " kept, and a higher cap goes on from there.",
            icon=":material/savings:",
        )
    if pressed and endpoint is not None:
        stem = re.sub(r"[^a-z0-9]+", "-", endpoint.model.casefold()).strip("-")[:40] or "model"
        name = f"{datetime.now():%Y-%m-%d-%H%M%S}-{stem}"
        begin(plan, endpoint, runs_folder() / name, cap)


def begin(plan: Plan, endpoint: Endpoint, path: Path, cap: float) -> None:
    """Begin a run or go on with it, with the key typed on this page if there is one."""
    key = st.session_state.get("generate.key") or None
    st.session_state[_PROBLEM] = None
    try:
        if key is None:
            check_variable(endpoint.api_key_variable or "")
            endpoint.api_key()
        jobs().start(plan, endpoint, path, cap, key)
    except (PlanError, EndpointError) as error:
        refuse(str(error))


def refuse(why: str) -> None:
    """Remember why a run could not begin."""
    st.session_state[_PROBLEM] = why


def problem() -> None:
    """Say why the latest run could not begin, if it could not."""
    if why := st.session_state.get(_PROBLEM):
        st.error(as_text(why), icon=":material/error:")


def _choose_cap() -> float:
    return st.number_input(
        "Spend at most, in dollars",
        min_value=0.0,
        max_value=MOST_DOLLARS,
        value=1.0,
        step=1.0,
        key="generate.cap",
        help="Checked before every call with the most that it can cost; never exceeded.",
        persist_state="session",
    )


def _estimate_table(expected: Estimate) -> None:
    rows = [
        {
            "Stage": one.stage.capitalize(),
            "Calls": one.calls,
            "Tokens read": one.tokens_in,
            "Tokens written": one.tokens_out,
            "Dollars": one.cost,
        }
        for one in expected.stages
    ]
    st.dataframe(
        pd.DataFrame(rows),
        hide_index=True,
        column_config={"Dollars": st.column_config.NumberColumn(format="%.3f")},
        alt="Calls, tokens and dollars expected of each stage",
    )
    st.caption("If nothing fails and nothing is left out; four characters of English are a token.")
