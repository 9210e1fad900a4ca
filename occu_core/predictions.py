"""One prediction as every surface shows it: the page, the command line and the downloads."""

from __future__ import annotations

import csv
import io
from dataclasses import asdict, dataclass

import numpy as np

from occu_core.careers import CareerHistory, Move, Query
from occu_core.data.career_json import query_to_json
from occu_core.distributions import FourParts, OccupationDistribution
from occu_core.models.base import ModelCard, ModelKind, OccupationModel
from occu_core.models.support import outside_training
from occu_core.occupations import Occupation
from occu_core.templates import TextTemplate

NOTE = (
    "For exploration and research, never for hiring or screening;"
    " it speaks for the US survey cohorts the model learned from."
)
Row = dict[str, str | float]


@dataclass(frozen=True)
class Prediction:
    """A model's answer with all that made it; `prompt` is the exact text a language model read."""

    card: ModelCard
    query: Query
    prompt: str | None
    distribution: OccupationDistribution
    parts: FourParts


@dataclass(frozen=True, slots=True)
class Surprise:
    """How probable a model found, before normalising, what happened in one year."""

    transition_year: int
    occupation: Occupation
    move: Move
    probability: float


def predict(model: OccupationModel, query: Query) -> Prediction:
    """Ask one model one query.

    Raises:
        UnknownOccupationError: if the past holds an occupation outside the model's taxonomy.
    """
    distribution = model.predict(query)
    return Prediction(
        card=model.card,
        query=query,
        prompt=_prompt(model.card, query),
        distribution=distribution,
        parts=distribution.parts(query.previous),
    )


def to_json(prediction: Prediction, top: int | None = None) -> dict[str, object]:
    """A prediction ready for `json.dumps`; `top` keeps the likeliest titles, None all of them.

    `notes` says where the query lies outside the model's training data.
    """
    card = prediction.card
    return {
        "model": card.name,
        "model_version": card.version,
        "data": card.data,
        "query": query_to_json(prediction.query),
        "prompt": prediction.prompt,
        "coverage": prediction.distribution.coverage,
        **asdict(prediction.parts),
        "note": NOTE,
        "notes": outside_training(card, prediction.query),
        "distribution": [
            {key: value for key, value in row.items() if key != "group"}
            for row in rows(prediction)[:top]
        ],
    }


def to_csv(prediction: Prediction) -> str:
    """Comment lines that name model, data, year and intended use, then one row per title."""
    card, text = prediction.card, io.StringIO(newline="")
    comments = (
        f"model: {card.name} ({card.title})",
        f"version: {card.version}",
        f"trained on: {card.data}",
        f"query year: {prediction.query.year}",
        f"note: {NOTE}",
    )
    text.writelines(f"# {' '.join(comment.split())}\n" for comment in comments)
    table = rows(prediction)
    writer = csv.DictWriter(text, fieldnames=list(table[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    return text.getvalue()


def rows(prediction: Prediction) -> list[Row]:
    """Every title with its probability, likeliest first; ties keep taxonomy order.

    `log_probability_raw`, in nats and before normalising, is there for language models only.
    """
    distribution = prediction.distribution
    raw = distribution.log_probs_raw if prediction.prompt is not None else None
    table: list[Row] = []
    for i in np.argsort(-distribution.log_probs, kind="stable"):
        occupation = distribution.taxonomy.occupations[i]
        row: Row = {
            "code": occupation.code,
            "title": occupation.title,
            "group": occupation.group,
            "probability": float(np.exp(distribution.log_probs[i])),
        }
        table.append(row if raw is None else {**row, "log_probability_raw": float(raw[i])})
    return table


def surprises(model: OccupationModel, career: CareerHistory) -> tuple[Surprise, ...]:
    """The probability of what happened each year, from one pass over the career."""
    steps = zip(career.transitions(), np.exp(model.log_likelihoods(career)), strict=True)
    return tuple(
        Surprise(transition.query.year, transition.outcome, transition.move, float(probability))
        for transition, probability in steps
    )


def _prompt(card: ModelCard, query: Query) -> str | None:
    """Classifiers read no text."""
    if card.kind is not ModelKind.LANGUAGE_MODEL:
        return None
    return TextTemplate(coded=card.coded_titles).prompt(query)
