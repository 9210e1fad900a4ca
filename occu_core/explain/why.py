"""Why one next state: influence, rationale and observed counts, as every surface shows them."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from occu_core.assets import asset_path
from occu_core.careers import JobRecord, Query
from occu_core.data.career_json import query_to_json
from occu_core.explain.influence import Influences, influences
from occu_core.explain.observed import Observed, observed_transitions
from occu_core.explain.rationales import Rationale, rationale
from occu_core.models.base import OccupationModel
from occu_core.models.model_files import CARD_FILE
from occu_core.models.storage import load_model
from occu_core.models.support import outside_training
from occu_core.occupations import Occupation
from occu_core.predictions import NOTE, Prediction, predict

RAW = (
    "Influences are probabilities before scaling to the 343 titles: exactly what deleting the"
    " record and asking again gives."
)


@dataclass(frozen=True)
class Why:
    """All that is said about one target.

    Attributes:
        prediction: the model's whole answer to the query.
        influences: what each record does to the target's probability.
        rationale: the part of the history that makes the target likeliest, of the model or of a
            variant that learned from parts of histories; None if it was not asked for.
        observed: counts in the training survey, by cohort, the worker's own first.
    """

    prediction: Prediction
    influences: Influences
    rationale: Rationale | None
    observed: tuple[Observed, ...]

    @property
    def target(self) -> Occupation:
        """The state that is explained."""
        return self.influences.target

    @property
    def probability(self) -> float:
        """Of the target, normalised over the titles."""
        return self.prediction.distribution.prob(self.target.code)

    @property
    def rank(self) -> int:
        """The target's place among all states, from one."""
        probabilities = self.prediction.distribution.probs
        position = self.prediction.distribution.taxonomy.position(self.target.code)
        return 1 + int((probabilities > probabilities[position]).sum())


def why(
    model: OccupationModel,
    query: Query,
    target: Occupation | None = None,
    *,
    on_progress: Callable[[int, int], None] | None = None,
) -> Why:
    """Explain a target, by default the likeliest state.

    Raises:
        UnknownOccupationError: if the target or a record is outside the model's taxonomy.
    """
    prediction = predict(model, query)
    chosen = target or prediction.distribution.top(1)[0][0]
    return Why(
        prediction,
        influences(model, query, chosen),
        rationale(rationale_model(model), query, chosen, on_progress=on_progress),
        observed_transitions().beside(query, chosen),
    )


def rationale_model(model: OccupationModel) -> OccupationModel:
    """The variant of a shipped model that learned from parts of histories; without one, itself."""
    folder = asset_path("models_for_rationales", model.card.name)
    return _load(str(folder)) if (folder / CARD_FILE).is_file() else model


@cache
def _load(folder: str) -> OccupationModel:
    return load_model(folder)


def why_json(answer: Why) -> dict[str, object]:
    """The whole explanation, ready for `json.dumps`."""
    card, found = answer.prediction.card, answer.influences
    return {
        "model": card.name,
        "model_version": card.version,
        "data": card.data,
        "query": query_to_json(answer.prediction.query),
        "target": {"code": answer.target.code, "title": answer.target.title},
        "probability": answer.probability,
        "rank": answer.rank,
        "coverage": answer.prediction.distribution.coverage,
        "influence": {
            "note": RAW,
            "probability_raw": found.probability,
            "probability_raw_without_any_record": found.from_nothing,
            "records": [
                {
                    **_record(one.record),
                    "probability_raw_without": one.without,
                    "influence_points": one.points,
                }
                for one in found.records
            ],
        },
        "rationale": _rationale(answer.rationale) if answer.rationale else None,
        "observed": {
            "data": observed_transitions().data,
            "cohorts": [_observed(one) for one in answer.observed],
        },
        "note": NOTE,
        "notes": outside_training(card, answer.prediction.query),
    }


def why_csv(answer: Why) -> str:
    """Comment lines that name model, data and target, then one row per record."""
    card, found, text = answer.prediction.card, answer.influences, io.StringIO(newline="")
    order = {r: k for k, r in enumerate(answer.rationale.records, 1)} if answer.rationale else {}
    comments = (
        f"model: {card.name} ({card.title}), version {card.version}",
        f"trained on: {card.data}",
        f"target: {answer.target.title} ({answer.target.code}) in {found.query.year}",
        f"probability before scaling to the titles: {found.probability!r}",
        f"without any record: {found.from_nothing!r}",
        f"note: {RAW}",
        f"note: {NOTE}",
    )
    text.writelines(f"# {' '.join(comment.split())}\n" for comment in comments)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(
        [
            *("year", "education", "code", "title"),
            *("probability_raw_without", "influence_points", "added_to_rationale"),
        ]
    )
    for one in found.records:
        shown = _record(one.record)
        writer.writerow([*shown.values(), one.without, one.points, order.get(one.record, "")])
    return text.getvalue()


def _record(record: JobRecord) -> dict[str, object]:
    return {
        "year": record.year,
        "education": record.education.value if record.education else None,
        "code": record.occupation.code,
        "title": record.occupation.title,
    }


def _rationale(found: Rationale) -> dict[str, object]:
    return {
        "model": found.card.name,
        "found": found.found,
        "records_tried": found.tried,
        "steps": [
            {
                "added": _record(step.record) if step.record else None,
                "probability": step.probability,
                "likeliest": step.likeliest.title,
                "likeliest_probability": step.likeliest_probability,
            }
            for step in found.steps
        ],
    }


def _observed(one: Observed) -> dict[str, object]:
    """Hidden counts stay hidden."""
    return {
        "cohort": one.cohort,
        "after": one.origin.title if one.origin else None,
        "count": one.count.most if one.count.exact else str(one.count),
        "of": one.total.most if one.total.exact else str(one.total),
        "share": one.share,
        "interval_95": one.interval,
    }
