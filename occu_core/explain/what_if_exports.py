"""Comparisons and sweeps as JSON and CSV, the same from the page and the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from occu_core.data.career_json import query_to_json
from occu_core.explain.case_changes import shown
from occu_core.explain.sweeps import ASSOCIATION, TOP_OCCUPATIONS, Sweep
from occu_core.explain.what_if import Shift, WhatIf
from occu_core.explain.what_if_words import noise_in_words, what_differs
from occu_core.models.support import outside_training
from occu_core.predictions import NOTE, Prediction

Row = dict[str, object]


def to_json(what_if: WhatIf, top: int | None = None) -> dict[str, object]:
    """A comparison ready for `json.dumps`; `top` keeps the largest changes, None all states.

    Probabilities are 0–1; changes and noise are in percentage points.
    """
    return {
        "pinned": _side(what_if.before),
        "changed": _side(what_if.after),
        "differs": [asdict(difference) for difference in what_if.differs],
        "parts": [_shift(part) for part in what_if.parts],
        "total_variation_points": 100 * what_if.total_variation,
        "seed_total_variation_points": (
            [100 * end for end in what_if.seed_total_variation]
            if what_if.seed_total_variation
            else None
        ),
        "seed_models": what_if.seeds,
        "noise": noise_in_words(what_if),
        "beyond_noise": len(what_if.beyond_noise),
        "note": NOTE,
        "changes": [_shift(shift) for shift in what_if.shifts[:top]],
    }


def to_csv(what_if: WhatIf) -> str:
    """Comment lines that say what is compared, then a row for each part and each state."""
    comments = (
        *_sides((("pinned", what_if.before), ("changed", what_if.after))),
        f"differs: {what_differs(what_if)}",
        f"noise: {noise_in_words(what_if)}",
        f"note: {NOTE}",
    )
    return _csv(comments, [_shift(shift) for shift in (*what_if.parts, *what_if.shifts)])


def sweep_to_json(sweep: Sweep, top: int = TOP_OCCUPATIONS) -> dict[str, object]:
    """A sweep ready for `json.dumps`: each outcome with each value, and its widest gap."""
    outcomes = sweep.outcomes(top)
    gaps = [sweep.widest_gap(*outcome) for outcome in outcomes]
    return {
        "field": sweep.field.value,
        "read_as": ASSOCIATION,
        "case": _side(sweep.case),
        "values": [
            {"value": shown(point.value), "notes": _notes(point.prediction)}
            for point in sweep.points
        ],
        "noise": noise_in_words(sweep.points[0].what_if),
        "note": NOTE,
        "outcomes": [
            {
                "code": gap.code,
                "outcome": gap.name,
                "lowest": shown(gap.lowest),
                "highest": shown(gap.highest),
                "gap_points": 100 * gap.gap,
                "gap_noise_points": 100 * gap.noise,
                "gap_within_noise": gap.within_noise,
            }
            for gap in gaps
        ],
        "rows": sweep_rows(sweep, outcomes),
    }


def sweep_to_csv(sweep: Sweep, top: int | None = None) -> str:
    """Comment lines, then a row for each outcome with each value; all states unless `top`."""
    states = len(sweep.case.distribution.taxonomy) if top is None else top
    comments = (
        f"{sweep.field.value} over all its values: {ASSOCIATION}",
        *_sides((("case", sweep.case),)),
        f"noise: {noise_in_words(sweep.points[0].what_if)}",
        f"note: {NOTE}",
    )
    return _csv(comments, sweep_rows(sweep, sweep.outcomes(states)))


def sweep_rows(sweep: Sweep, outcomes: Iterable[tuple[str | None, str]]) -> list[Row]:
    """Probability with each value, its change from the case as it is, and the noise floor."""
    return [
        {
            "code": code,
            "outcome": name,
            sweep.field.value: shown(point.value),
            "probability": shift.after,
            **_change(shift),
        }
        for code, name in outcomes
        for point, shift in zip(sweep.points, sweep.row(code, name), strict=True)
    ]


def _shift(shift: Shift) -> Row:
    return {
        "code": shift.code,
        "outcome": shift.name,
        "probability_pinned": shift.before,
        "probability_changed": shift.after,
        **_change(shift),
    }


def _change(shift: Shift) -> Row:
    return {
        "change_points": None if shift.change is None else 100 * shift.change,
        "noise_points": None if shift.noise is None else 100 * shift.noise,
        "within_noise": shift.within_noise,
    }


def _side(prediction: Prediction) -> dict[str, object]:
    card = prediction.card
    return {
        "model": card.name,
        "model_version": card.version,
        "data": card.data,
        "query": query_to_json(prediction.query),
        "coverage": prediction.distribution.coverage,
        "notes": _notes(prediction),
    }


def _notes(prediction: Prediction) -> list[str]:
    return outside_training(prediction.card, prediction.query)


def _sides(sides: Iterable[tuple[str, Prediction]]) -> list[str]:
    return [
        f"{name}: model {one.card.name} {one.card.version}, trained on {one.card.data},"
        f" year {one.query.year}"
        for name, one in sides
    ]


def _csv(comments: Iterable[str], rows: Sequence[Mapping[str, object]]) -> str:
    """Every cell is a number or a title of the taxonomy: nothing that a user typed."""
    text = io.StringIO(newline="")
    text.writelines(f"# {' '.join(comment.split())}\n" for comment in comments)
    writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
