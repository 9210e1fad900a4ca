"""How sure one prediction is: a set with a promise, a track record, and how unsure it is."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from occu_core.evaluation.reports import Part
from occu_core.explain.prediction_sets import PredictionSet, prediction_set
from occu_core.explain.reliability import TrackRecord, track_records
from occu_core.explain.sure_records import Cell, Measured, Measurement, Sureness
from occu_core.explain.unsureness import HowUnsure, how_unsure
from occu_core.models.support import outside_training
from occu_core.occupation_descriptions import description
from occu_core.predictions import NOTE, Prediction, to_json

DEFAULT_PERCENT = 90


@dataclass(frozen=True)
class HowSure:
    """Everything that is known of how far one prediction can be trusted."""

    prediction: Prediction
    sureness: Sureness
    chosen: PredictionSet
    records: tuple[TrackRecord, ...]
    unsure: HowUnsure

    @property
    def measurement(self) -> Measurement | None:
        """What sets of this level did on test workers most like this one; None if not measured.

        Of several spans of years of the worker's cohort, the shortest that holds the year asked.
        """
        query = self.prediction.query
        fitting = [
            found
            for found in self.sureness.measurements
            if (found.cohort, found.percent) == (query.past.dataset, self.chosen.percent)
            and (found.years is None or found.years[0] <= query.year <= found.years[1])
        ]
        return min(fitting, key=_span, default=None)

    @property
    def calibrated_cohort(self) -> bool:
        """Whether workers of this survey calibrated the thresholds."""
        known = {cell.cohort for cell in self.sureness.cells}
        return (self.prediction.query.past.dataset or "") in known - {""}


def how_sure(prediction: Prediction, sureness: Sureness, percent: int = DEFAULT_PERCENT) -> HowSure:
    """Put a prediction beside what was calibrated and measured for its model.

    Raises:
        ValueError: for a level that no set can have.
    """
    return HowSure(
        prediction,
        sureness,
        prediction_set(prediction, sureness, percent),
        track_records(sureness.reliability, prediction),
        how_unsure(prediction, sureness.unsureness),
    )


def measured_of(measurement: Measurement, by: str, group: str) -> Measured | None:
    """One row of a measurement; None where there was no such person-year."""
    return next((m for m in measurement.groups if (m.by, m.group) == (by, group)), None)


def by_outcome(measurement: Measurement) -> dict[str, Measured]:
    """All rows, stays, moves and first records, as far as there are any."""
    asked = {"all": ("all", "all")} | {p.value: ("outcome", p.value) for p in Part if p != Part.ALL}
    found = {name: measured_of(measurement, *key) for name, key in asked.items()}
    return {name: row for name, row in found.items() if row is not None}


def sure_to_json(answer: HowSure) -> dict[str, object]:
    """Ready for `json.dumps`; unknowns are null."""
    prediction, chosen, unsure = answer.prediction, answer.chosen, answer.unsure
    asked = to_json(prediction, 0)
    return {
        **{key: asked[key] for key in ("model", "model_version", "data", "query")},
        "level": chosen.percent / 100,
        "set": [
            {
                "code": occupation.code,
                "title": occupation.title,
                "probability": probability,
                "description": description(occupation.code),
            }
            for occupation, probability in chosen.members
        ],
        "set_size": len(chosen.members),
        "set_probability": chosen.probability,
        "calibrated_by": [_cell_json(cell) for cell in chosen.cells],
        "measured": _measured_json(answer.measurement),
        "track_record": [_record_json(record) for record in answer.records],
        "equally_likely": unsure.equally_likely,
        "usually_equally_likely": unsure.quantile(50),
        "less_sure_than_percent": unsure.less_sure_than,
        "note": NOTE,
        "notes": outside_training(prediction.card, prediction.query),
    }


def _cell_json(cell: Cell) -> dict[str, object]:
    return {
        "cohort": cell.cohort or "all",
        "earlier_records": cell.history,
        "after": cell.before,
        "outcome": cell.part,
        "person_years": cell.rows,
    }


def _measured_json(found: Measurement | None) -> dict[str, object] | None:
    if found is None:
        return None
    rows = {name: asdict(row) for name, row in by_outcome(found).items()}
    return {"rows": found.label, **rows}


def _record_json(record: TrackRecord) -> dict[str, object]:
    curve = record.curve
    return {
        "event": record.event,
        "after": curve.before,
        "cohort": curve.cohort,
        "sex": curve.sex,
        "education": curve.education,
        "predicted": record.predicted,
        "predictions_from": record.lowest,
        "predictions_to": record.highest,
        "came_true": asdict(record.observed),
        "person_years": record.count,
        "beyond_all_seen": record.beyond,
    }


def _span(found: Measurement) -> int:
    return found.years[1] - found.years[0] if found.years else 10_000
