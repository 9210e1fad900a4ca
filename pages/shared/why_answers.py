"""What is explained on the page Why, and the explanation: worked out once, kept for everyone."""

from __future__ import annotations

import streamlit as st

from occu_core.careers import Query
from occu_core.explain.why import Why, why
from occu_core.models.storage import ModelError
from occu_core.occupations import Occupation, occ1990dd
from pages.shared import question_inputs
from pages.shared.loaders import load_model, model_cards
from pages.shared.session import desk

_MOST_KEPT = 200
Asked = tuple[str, str, str | None]


def choose() -> tuple[str, Occupation | None]:
    """The model, and the state to explain; None is the likeliest."""
    cards, first = model_cards(), question_inputs.chosen_model()
    target = st.selectbox(
        f"What to explain in {desk().query.year}",
        occ1990dd().occupations,
        index=None,
        format_func=lambda occupation: occupation.title,
        placeholder="the likeliest; type for another",
        key="why.target",
        persist_state="session",
    )
    # The model of the other pages, until another is chosen here.
    model = st.selectbox(
        "Model",
        list(cards),
        index=list(cards).index(first),
        format_func=lambda name: cards[name].title,
        key=f"why.model_{first}",
        persist_state="session",
    )
    return model, target


def explain(model: str, query: Query, target: Occupation | None) -> Why:
    """The explanation; a model that cannot be loaded ends the page with the reason.

    Any press while it is worked out stops it: the bar's next move ends the run.
    """
    asked = (model, repr(query), target.code if target else None)
    kept = _kept()
    if asked not in kept:
        place = st.empty()
        try:
            found = why(
                load_model(model),
                query,
                target,
                on_progress=lambda done, most: _show(place, done, most),
            )
        except ModelError as error:
            st.error(f"This model cannot be used: `{error}`", icon=":material/error:")
            st.stop()
        place.empty()
        while len(kept) >= _MOST_KEPT:
            kept.pop(next(iter(kept)), None)
        kept[asked] = found
    return kept[asked]


@st.cache_resource(show_spinner=False)
def _kept() -> dict[Asked, Why]:
    """Explanations, oldest first."""
    return {}


def _show(place: st.delta_generator.DeltaGenerator, done: int, most: int) -> None:
    words = f"Looking for the records that suffice: {done} added"
    place.progress(done / max(most, 1), words)
