"""The career of the demo tour, written by hand, and the questions that the tour asks about it."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, Education, Query
from occu_core.data.career_json import parse_query
from occu_core.predictions import Prediction

NAME = "Demo: stock clerk to bookkeeper"
LABEL = "Demo: an invented career"
INFORMAL_NAMES = ("truk driver", "nurse", "kindergarten teacher")


@cache
def demo_query() -> Query:
    """The invented career and the question after it."""
    file = asset_path("tour", "stock-clerk-to-bookkeeper.json")
    return parse_query(file.read_bytes(), file.name)


def with_degree(query: Query) -> Query:
    """The same question if the worker had a bachelor's degree in the year asked about."""
    return replace(query, education=Education.BACHELORS)


def years_later(query: Query, years: int) -> Query:
    """The same past, asked about a later year."""
    return replace(query, year=query.year + years)


def without_past(query: Query) -> Query:
    """The same year and education, asked about a worker of whom nothing is known."""
    return replace(query, past=CareerHistory(""))


def called(prediction: Prediction, words: str) -> Prediction:
    """The prediction with words after its model's name, to tell two answers of one model apart."""
    return replace(
        prediction, card=replace(prediction.card, title=f"{prediction.card.title} ({words})")
    )


def states_for(prediction: Prediction, share: float) -> int:
    """How many of the likeliest states it takes to hold a share of the probability."""
    held = np.cumsum(np.sort(prediction.distribution.probs)[::-1])
    return min(int(np.searchsorted(held, share)) + 1, len(held))
