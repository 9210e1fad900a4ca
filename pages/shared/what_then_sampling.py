"""Sampling on the What then page: what is asked, a run that can be stopped, and what it found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from occu_core.careers import LATEST_YEAR, Education, Query
from occu_core.explain.education_paths import EducationRule
from occu_core.explain.forecasts import (
    LARGEST_SEED,
    MOST_YEARS,
    Forecast,
    ForecastError,
    ForecastSettings,
    forecast,
)
from occu_core.models.storage import ModelError
from occu_core.occupations import UnknownOccupationError
from pages.shared.displays import as_text
from pages.shared.loaders import load_model, model_cards
from pages.shared.question_inputs import UNKNOWN, chosen_model
from pages.shared.session import desk, put

MOST_PATHS = 1_000
_WANTED, _FOUND = "what_then.wanted", "what_then.found"
_EDUCATION = {EducationRule.FIXED: "stays as it is", EducationRule.EVOLVING: "may rise, by age"}


@dataclass(frozen=True)
class Asked:
    """What would be sampled now; None for settings that are refused."""

    model: str
    query: Query
    settings: ForecastSettings | None


def choose() -> Asked:
    """The model, how many futures of how many years, the seed, and how education goes on."""
    query, cards = desk().query, model_cards()
    model = st.selectbox(
        "Model",
        list(cards),
        index=list(cards).index(chosen_model()),
        key=f"what_then.model.{chosen_model()}",
        format_func=lambda name: cards[name].title,
        on_change=_model_chosen,
        args=(f"what_then.model.{chosen_model()}",),
    )
    longest = min(MOST_YEARS, LATEST_YEAR - query.year + 1)
    years = st.number_input(
        f"Years, from {query.year}", 1, longest, min(10, longest),
        key=f"what_then.years.{longest}",
        help=f"Years end in {LATEST_YEAR}.",
    )  # fmt: skip
    paths = st.number_input(
        "Futures", 10, MOST_PATHS, 200, step=50, key="what_then.paths", persist_state="session"
    )
    level = st.selectbox(
        f"Education in {query.year}",
        [UNKNOWN, *Education],
        index=[None, *Education].index(query.education),
        key=f"what_then.level.{query.education}",
        format_func=str,
        on_change=_level_chosen,
        args=(f"what_then.level.{query.education}",),
    )
    rule = st.selectbox(
        "Later education",
        list(EducationRule),
        key="what_then.rule",
        format_func=_EDUCATION.__getitem__,
        persist_state="session",
        disabled=level == UNKNOWN,
        help="May rise: as it did within a year at that age and level in both survey cohorts.",
    )
    seed = st.number_input(
        "Seed", 0, LARGEST_SEED, 1, key="what_then.seed", persist_state="session",
        help="The same seed gives the same futures.",
    )  # fmt: skip
    try:
        return Asked(model, query, ForecastSettings(int(years), int(paths), int(seed), rule))
    except ForecastError as error:
        st.error(as_text(str(error)), icon=":material/error:")
        return Asked(model, query, None)


def sampled(asked: Asked) -> Forecast | None:
    """What this was found to be, sampled now if the visitor pressed for it; else a button."""
    if asked.settings is None:
        return None
    known: tuple[Asked, Forecast] | None = st.session_state.get(_FOUND)
    if known and known[0] == asked:
        return known[1]
    if st.session_state.get(_WANTED) == asked:
        return _sample(asked, asked.settings)
    st.session_state[_WANTED] = None  # a change of settings ends what was wanted before
    st.button(
        f"Sample {asked.settings.paths:,} futures",
        key="what_then.start",
        type="primary",
        icon=":material/play_arrow:",
        on_click=_want,
        args=(asked,),
    )
    if known:
        st.caption("The last futures were of another career or other settings.")
    return None


def _sample(asked: Asked, settings: ForecastSettings) -> Forecast | None:
    """Sample with a bar and a button that stops it: a press runs the page anew, which ends this."""
    area = st.empty()
    with area.container(border=True):
        st.button(
            "Stop", key="what_then.stop", icon=":material/stop:", on_click=_want, args=(None,)
        )
        bar = st.progress(0.0, "Beginning…")
        try:
            found = forecast(load_model(asked.model), asked.query, settings, _teller(bar, settings))
        except (ForecastError, ModelError, UnknownOccupationError) as error:
            st.error(as_text(f"Nothing was sampled: {error}"), icon=":material/error:")
            st.session_state[_WANTED] = None
            return None
    area.empty()
    st.session_state[_FOUND], st.session_state[_WANTED] = (asked, found), None
    return found


def _teller(
    bar: st.delta_generator.DeltaGenerator, settings: ForecastSettings
) -> Callable[[int, int], None]:
    """Move the bar after each year; Streamlit ends the run here when the page is run anew."""

    def tell(done: int, steps: int) -> None:
        years = f"{done:,} of {steps:,} steps; {settings.paths:,} futures"
        bar.progress(done / steps, years)

    return tell


def _want(asked: Asked | None) -> None:
    st.session_state[_WANTED] = asked


def _model_chosen(key: str) -> None:
    st.session_state["next_job.model"] = st.session_state[key]


def _level_chosen(key: str) -> None:
    level = st.session_state[key]
    put(replace(desk().query, education=None if level == UNKNOWN else Education(level)))
