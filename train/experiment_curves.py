"""What an experiment says: its conditions as a report, and whether the paper's claim holds here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from occu_core.careers import CareerHistory
from occu_core.evaluation.bootstrap import BlockBootstrap, Difference, compare
from occu_core.evaluation.reports import Curve, ExperimentPoint
from occu_core.evaluation.score import score_career, scored_model
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.models.base import OccupationModel

COMMAND = "python -m train.run_experiments train/settings/experiments.toml"
VAST = -90.0
"""Percent of perplexity below which a factor says more."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of an experiment, scored; `line` groups conditions, `x` orders them."""

    label: str
    scores: ScoreTable
    line: str = "Language model"
    x: float | None = None


def curve_of(
    name: str,
    title: str,
    x_label: str,
    found: list[Condition],
    *,
    claim: str,
    finding: str,
) -> Curve:
    """An experiment's report, with an interval for each condition."""
    points = tuple(
        ExperimentPoint(
            c.label,
            c.line,
            BlockBootstrap(c.scores.blocks).perplexity(_nats(c)),
            c.x,
        )
        for c in found
    )
    first = found[0].scores
    normalised = first.detail is Detail.NORMALISED
    span = f"{first.year.min()}–{first.year.max()}"
    return Curve(
        experiment=name,
        title=title,
        x_label=x_label,
        y_label=f"perplexity, {'normalised over the titles' if normalised else 'raw'}",
        points=points,
        claim=claim,
        finding=finding,
        rows_label=f"{first.dataset[0]} {span}, test, {len(np.unique(first.workers)):,} workers",
        rows_digest=first.rows_digest,
        command=COMMAND,
    )


def truncated(
    model: OccupationModel, careers: Sequence[CareerHistory], last: int | None, at_least: int
) -> ScoreTable:
    """Transitions after so many records or more, each scored with only the last of them."""
    rows = []
    for career in careers:
        for k in range(at_least, len(career.records)):
            start = 0 if last is None else k - last
            seen = replace(career, records=career.records[start : k + 1])
            rows.append(score_career(model, seen, Detail.OUTCOME)[-1])
    return ScoreTable.of(scored_model(model), Detail.OUTCOME, rows).in_order()


def _nats(condition: Condition) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    scores = condition.scores
    return scores.log_p if scores.detail is Detail.NORMALISED else scores.log_p_raw


def difference(a: Condition, b: Condition) -> Difference:
    """One condition against another on the same rows."""
    return over_seeds([a], [b])


def over_seeds(a: Sequence[Condition], b: Sequence[Condition]) -> Difference:
    """Several seeds of one model against several of another, on the same rows."""
    nats = [np.stack([_nats(c) for c in side]) for side in (a, b)]
    return compare(nats[0], nats[1], BlockBootstrap(a[0].scores.blocks))


def in_percent(found: Difference) -> str:
    """The difference in perplexity with its interval, for people; as a factor where it is vast."""
    percent = found.percent
    if percent.value < VAST:
        factor, high, low = (
            f"{100 / (100 + bound):,.0f}"
            for bound in (percent.value, percent.low or VAST, percent.high or VAST)
        )
        return f"lower by a factor of {factor} (95% interval {low} to {high})"
    return f"{percent.value:+.1f}% (95% interval {percent.low:+.1f} to {percent.high:+.1f})"


def by(a: Condition, b: Condition) -> str:
    """One condition against another, for people."""
    return in_percent(difference(a, b))


def verdict(found: Difference, *, above: bool) -> str:
    """Whether the paper's claim holds here: that the difference is above zero, or below."""
    low, high = found.percent.low or 0.0, found.percent.high or 0.0
    if low <= 0 <= high:
        return "Whether the claim holds here cannot be told from these data."
    return f"The claim {'holds' if (low > 0) == above else 'does not hold'} here."


def meaning(numeric: Difference, permuted: Difference) -> str:
    """Whether the model uses what titles mean: if so, words on the wrong jobs cost it something."""
    said = verdict(numeric, above=True)
    if (numeric.percent.low or 0.0) <= 0 or (permuted.percent.low or 0.0) > 0:
        return said
    return (
        "Numbers for titles cost here, as the paper says, but the same words on the wrong jobs do"
        " not: these models gain from titles made of words, not from what the words mean."
    )
