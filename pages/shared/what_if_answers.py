"""What a model and the seed models answer to a case: computed once, shared by every visitor."""

from __future__ import annotations

from functools import partial

import streamlit as st

from occu_core.careers import CareerError, Query
from occu_core.explain.case_changes import CaseChangeError, Field
from occu_core.explain.seed_spread import Floats, ask_seeds, load_seed_models
from occu_core.explain.sweeps import Sweep, sweep, values_of
from occu_core.explain.what_if import Answered, WhatIf, compare
from occu_core.models.base import OccupationModel
from occu_core.models.storage import ModelError
from pages.shared.displays import problem
from pages.shared.loaders import ask, model_cards
from pages.shared.session import desk
from pages.shared.what_if_pinned import Pinned


@st.cache_resource(show_spinner=False)
def seed_models() -> tuple[OccupationModel, ...]:
    """The small models whose spread is the noise floor."""
    return load_seed_models()


@st.cache_resource(show_spinner=False, max_entries=2_000, hash_funcs={Query: repr})
def seeds_of(query: Query) -> Floats:
    """What the seed models answer; asked twice, computed once."""
    return ask_seeds(seed_models(), query)


def answered(model: str, query: Query) -> Answered:
    """One case; models that cannot be loaded end the page with the reason."""
    prediction = ask((model,), query)[0]
    try:
        return Answered(prediction, seeds_of(query))
    except ModelError as error:
        st.error(f"There is no noise floor: `{error}`", icon=":material/error:")
        st.stop()


def compared(pinned: Pinned, model: str) -> WhatIf:
    """The pinned case beside the one on the desk."""
    first = answered(pinned.model or model, pinned.query)
    return compare(first, answered(model, desk().query))


def swept(field: Field, model: str) -> Sweep | None:
    """The case on the desk with each value of a field; None, and why, where there is none."""
    query = desk().query
    try:
        values = values_of(query, field, model_cards()[model])
        with st.spinner(f"Asking {len(values)} cases…"):
            return sweep(query, field, values, partial(answered, model))
    except (CaseChangeError, CareerError) as error:
        problem(str(error))
        return None
