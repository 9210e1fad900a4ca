"""Paths of one career into the future, from any model: year after year, each path its own draw."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Protocol

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.explain.draws import FIRST_ATTEMPT, Draws
from occu_core.explain.education_paths import LEVELS
from occu_core.models.base import ModelKind, OccupationModel
from occu_core.models.path_errors import PathError

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
PATHS_AT_ONCE = 200
_QUERIES_AT_ONCE = 500


class Paths(Protocol):
    """Futures being sampled, which know where each path stands."""

    def advance(self, year: int, levels: Ints, uniform: Callable[[int], Floats]) -> Ints:
        """The state of each path in a year, given its education and its numbers by attempt."""


def sample_paths(
    model: OccupationModel,
    past: CareerHistory,
    years: Sequence[int],
    levels: Ints,
    draws: Draws,
    on_step: Callable[[int, int], None] | None = None,
) -> Ints:
    """States, as places in the taxonomy; shape (paths, years).

    Each path is a sequence of draws from the model's normalised distributions, every one given the
    path so far. What paths have in common is computed once.

    Args:
        model: any.
        past: what is known; the first year comes after it.
        years: in order.
        levels: education of each path in each year, see `education_paths`; (paths, years).
        draws: the numbers of the paths.
        on_step: called after each year of each block of paths with how many of how many are done;
            what it raises ends the sampling.
    """
    blocks = range(0, draws.paths, PATHS_AT_ONCE)
    steps, found = len(blocks) * len(years), []
    for number, first in enumerate(blocks):
        own = draws.part(first, PATHS_AT_ONCE)
        part = levels[first : first + own.paths]
        ticker = _Ticker(number * len(years), steps, on_step)
        try:
            found.append(_walked(_begin(model, past, own.paths), years, part, own, ticker))
        except PathError:  # it writes hardly any title: its whole distributions still hold
            ticker.done = number * len(years)
            distinct = _whole_distributions(model, past, own.paths)
            found.append(_walked(distinct, years, part, own, ticker))
    return np.concatenate(found)


def _walked(
    paths: Paths, years: Sequence[int], levels: Ints, draws: Draws, tick: Callable[[], None]
) -> Ints:
    """The states of one block; shape (paths, years)."""
    columns = []
    for k, year in enumerate(years):
        columns.append(paths.advance(year, levels[:, k], _Attempts(draws, year)))
        tick()
    return np.stack(columns, axis=1)


class _Ticker:
    """Counts the years that are done."""

    def __init__(self, done: int, steps: int, on_step: Callable[[int, int], None] | None) -> None:
        self.done, self.steps, self.on_step = done, steps, on_step

    def __call__(self) -> None:
        self.done += 1
        if self.on_step:
            self.on_step(self.done, self.steps)


class _Attempts:
    """The numbers of a year by attempt."""

    def __init__(self, draws: Draws, year: int) -> None:
        self.draws, self.year = draws, year

    def __call__(self, attempt: int) -> Floats:
        return self.draws.uniform(self.year, FIRST_ATTEMPT + attempt)


class DistinctHistories:
    """Paths under any model: one prediction for each distinct history and education."""

    def __init__(
        self, ask: Callable[[Sequence[Query]], Floats], model: OccupationModel, past: CareerHistory,
        paths: int,
    ) -> None:  # fmt: skip
        self._ask = ask
        self._taxonomy = model.taxonomy
        self._careers = [past]
        self._of = np.zeros(paths, np.int64)

    def advance(self, year: int, levels: Ints, uniform: Callable[[int], Floats]) -> Ints:
        """The state of each path in a year; shape (paths,)."""
        asked, which = np.unique(np.stack([self._of, levels]), axis=1, return_inverse=True)
        queries = [
            Query(self._careers[career], year, LEVELS[level] if level >= 0 else None)
            for career, level in asked.T
        ]
        parts = range(0, len(queries), _QUERIES_AT_ONCE)
        found = [self._ask(queries[start : start + _QUERIES_AT_ONCE]) for start in parts]
        states = _drawn(np.concatenate(found)[which.reshape(-1)], uniform(0))
        longer, self._of = np.unique(
            np.stack([which.reshape(-1), states]), axis=1, return_inverse=True
        )
        self._of = self._of.reshape(-1)
        self._careers = [self._longer(queries[query], state) for query, state in longer.T]
        return states

    def _longer(self, query: Query, state: int) -> CareerHistory:
        record = JobRecord(query.year, self._taxonomy.occupations[state], query.education)
        return replace(query.past, records=(*query.past.records, record))


def _begin(model: OccupationModel, past: CareerHistory, paths: int) -> Paths:
    """The quickest way for the model; torch is imported only for the kinds that need it."""
    if model.card.kind is ModelKind.LANGUAGE_MODEL and hasattr(model, "scorer"):
        from occu_core.models.sampling import ResumePaths

        with suppress(PathError):  # another tokenizer or architecture
            return ResumePaths(model, past, paths)  # type: ignore[arg-type]
    if model.card.kind is ModelKind.CAREER and hasattr(model, "network"):
        from occu_core.models.sampling import career_probabilities

        return DistinctHistories(
            lambda queries: career_probabilities(model, queries),  # type: ignore[arg-type]
            *(model, past, paths),
        )
    return _whole_distributions(model, past, paths)


def _whole_distributions(model: OccupationModel, past: CareerHistory, paths: int) -> Paths:
    """Every distinct history asked by itself: any model can."""
    return DistinctHistories(
        lambda queries: np.array([model.predict(query).probs for query in queries]),
        *(model, past, paths),
    )


def _drawn(probabilities: Floats, uniform: Floats) -> Ints:
    """The state in whose share each number lies; probabilities (paths, states)."""
    ends = probabilities.cumsum(axis=1)
    found = (ends <= uniform[:, np.newaxis] * ends[:, -1:]).sum(axis=1)
    return np.asarray(np.minimum(found, probabilities.shape[1] - 1))
