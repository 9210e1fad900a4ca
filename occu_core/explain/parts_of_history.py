"""How probable one state is after parts of a history, whatever the model; fast where it can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from occu_core.careers import Query
from occu_core.models.base import ModelKind, OccupationModel
from occu_core.occupations import Occupation

Part = tuple[int, ...]
Floats = npt.NDArray[np.float64]


def part_of(query: Query, part: Part) -> Query:
    """The query after only some records of its past, given by their places, in year order.

    What is fixed about the worker, the year and the education asked about stay.
    """
    records = tuple(query.past.records[place] for place in sorted(part))
    return replace(query, past=replace(query.past, records=records))


def raw_probabilities(
    model: OccupationModel, query: Query, parts: Sequence[Part], target: Occupation
) -> Floats:
    """P(target) after each part of the past, before normalising; shape (parts,).

    Raises:
        UnknownOccupationError: if the target or a record is outside the model's taxonomy.
    """
    position = model.taxonomy.position(target.code)
    for record in query.past.records:
        model.taxonomy.position(record.occupation.code)
    ordered = [tuple(sorted(part)) for part in parts]
    return np.exp(_log_probabilities(model, query, ordered, position))


def _log_probabilities(
    model: OccupationModel, query: Query, parts: Sequence[Part], target: int
) -> Floats:
    if model.card.kind is ModelKind.LANGUAGE_MODEL:
        found = _by_language_model(model, query, parts, target)
        if found is not None:
            return found
    if model.card.kind is ModelKind.CAREER:
        return _by_career(model, query, parts, target)
    if model.card.kind is ModelKind.ENSEMBLE:
        return _by_ensemble(model, query, parts, target)
    return np.array(
        [model.predict(part_of(query, part)).log_probs_raw[target] for part in parts], np.float64
    )


def _by_language_model(
    model: OccupationModel, query: Query, parts: Sequence[Part], target: int
) -> Floats | None:
    """Torch is imported only by the kinds that need it."""
    from occu_core.models.influence_scoring import read_parts
    from occu_core.models.language_model import LanguageModel

    return read_parts(model, query, parts, target) if isinstance(model, LanguageModel) else None


def _by_career(model: OccupationModel, query: Query, parts: Sequence[Part], target: int) -> Floats:
    from occu_core.models.career import CareerModel
    from occu_core.models.influence_scoring import ask_career

    assert isinstance(model, CareerModel)
    return ask_career(model, [part_of(query, part) for part in parts], target)


def _by_ensemble(
    model: OccupationModel, query: Query, parts: Sequence[Part], target: int
) -> Floats:
    """Each member's own, mixed as the ensemble mixes them."""
    from occu_core.models.ensemble import POOLED, EnsembleModel, mix

    assert isinstance(model, EnsembleModel)
    answers = [_log_probabilities(member, query, parts, target) for member in model.members]
    weights = model.weights.get(query.past.dataset or POOLED, model.weights[POOLED])
    return mix(np.array(answers), weights)
