"""Models, predictions and examples: loaded once for the whole server and shared by every page."""

from __future__ import annotations

import gc
import logging
import os
import time
from functools import partial
from pathlib import Path

import streamlit as st

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, Query
from occu_core.data.career_json import parse_query
from occu_core.models import storage
from occu_core.models.base import ModelCard, OccupationModel
from occu_core.models.turns import Turns
from occu_core.predictions import Prediction, Surprise, predict, surprises

# Before torch is imported: its threads would otherwise keep their cores busy while they wait for
# each other, which visitors who ask at the same time feel most.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
_LOG = logging.getLogger(__name__)
_TURNS = Turns()
_MOST_PATIENCE = 2.0  # seconds
_DRAWN_WITHIN = 0.15  # seconds in which a browser puts numbers on the screen


def numbers_first() -> None:
    """Let others who ask at the same moment see their numbers before figures are drawn."""
    if _TURNS.waiting:
        _TURNS.until_none_waits(_MOST_PATIENCE)
        time.sleep(_DRAWN_WITHIN)


def model_cards() -> dict[str, ModelCard]:
    """The models there are by name, the default first; one with a damaged card is left out."""
    return _cards(tuple((name, str(path)) for name, path in storage.available_models().items()))


@st.cache_resource(show_spinner=False)
def _cards(folders: tuple[tuple[str, str], ...]) -> dict[str, ModelCard]:
    cards = {}
    for name, folder in folders:
        try:
            cards[name] = storage.read_card(Path(folder))
        except storage.ModelError as error:
            _LOG.warning("%s", error)
    return cards


@st.cache_resource(show_spinner="Loading the model…")
def load_model(name: str) -> OccupationModel:
    """One model, shipped or added.

    Streamlit collects garbage after every run of a page, while everybody else waits. What has been
    imported and loaded by now stays for good, so it is not looked through each time.
    """
    model = storage.load_model(name)
    gc.collect()
    gc.freeze()
    return model


@st.cache_resource(show_spinner=False, max_entries=500, hash_funcs={Query: repr})
def prediction_of(name: str, query: Query) -> Prediction:
    """What a model answers; asked twice, computed once."""
    model = load_model(name)
    return _TURNS.computed(partial(predict, model, query))


def ask(names: tuple[str, ...], query: Query) -> list[Prediction]:
    """What the models answer; a model that cannot be loaded ends the page with the reason."""
    try:
        return [prediction_of(name, query) for name in names]
    except storage.ModelError as error:
        st.error(f"This model cannot be used: `{error}`", icon=":material/error:")
        st.stop()


@st.cache_resource(show_spinner=False, max_entries=500, hash_funcs={CareerHistory: repr})
def past_surprises(name: str, career: CareerHistory) -> tuple[Surprise, ...]:
    """How expected a model found each step of a career."""
    model = load_model(name)
    return _TURNS.computed(partial(surprises, model, career))


@st.cache_resource(show_spinner=False)
def examples() -> dict[str, Query]:
    """The invented careers that ship, by title; the first one opens with the app."""
    files = sorted(asset_path("samples").glob("*.json"))
    return {
        file.stem.replace("-", " ").capitalize(): parse_query(file.read_bytes(), file.name)
        for file in files
    }
