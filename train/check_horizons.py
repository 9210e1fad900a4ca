"""Two years ahead: ask directly, or one year at a time, and see how well the answers agree.

    python -m train.check_horizons language_model --direct runs/years_hidden/best --transitions 100

Composing takes one prediction for each of the 343 states, so a sample is drawn from test. The model
asked directly should have been trained with years left out. Writes assets/reports/.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from occu_core.data.career_table import Split
from occu_core.evaluation.bootstrap import SEED
from occu_core.evaluation.horizons import (
    HorizonAgreement,
    TwoYears,
    drawn,
    horizon_agreement,
    two_year_transitions,
)
from occu_core.evaluation.report_files import file_name, save_report
from occu_core.evaluation.reports import Curve, ExperimentPoint
from occu_core.models.storage import ModelError, load_model
from train.data import load_split
from train.score_files import TABLES

CLAIM = (
    "LABOR-LLM (Athey et al.): direct two-year predictions and two composed one-year predictions"
    " correlate 0.93."
)


@dataclass(frozen=True, slots=True)
class Horizons:
    """What to ask, and how much."""

    model: str
    direct: str | None = None
    dataset: str = "NLSY97"
    transitions: int = 100
    seed: int = SEED
    tables: tuple[str, ...] = TABLES
    out: Path = Path("assets/reports")


def main(asked: Horizons) -> None:
    """Draw, ask both ways, report."""
    careers = [c for c in load_split(asked.tables, Split.TEST) if c.dataset == asked.dataset]
    sample = drawn(two_year_transitions(careers), asked.transitions, asked.seed)
    try:
        model = load_model(asked.model)
        directly = load_model(asked.direct or asked.model)
        found = horizon_agreement(
            model, sample, directly=directly, seed=asked.seed, on_progress=_tell
        )
    except (ModelError, ValueError) as error:
        raise SystemExit(str(error)) from None
    curve = report(found, sample, asked, (model.card.name, directly.card.name))
    asked.out.mkdir(parents=True, exist_ok=True)
    save_report(curve, asked.out / file_name(curve))
    print(curve.finding)


def report(
    found: HorizonAgreement, sample: list[TwoYears], asked: Horizons, names: tuple[str, str]
) -> Curve:
    """The agreement as an experiment for the Models page."""
    stepwise, directly = names
    measures = {
        "correlation over all states": found.correlation,
        "correlation of P(what happened)": found.correlation_outcome,
        "total variation": found.total_variation,
    }
    return Curve(
        experiment=f"two_years_{stepwise}",
        title="Two years ahead: asked directly, against one year at a time",
        x_label="measure",
        y_label="value",
        points=tuple(
            ExperimentPoint(label, stepwise, value) for label, value in measures.items() if value
        ),
        claim=CLAIM,
        finding=_finding(found, directly),
        rows_label=f"{asked.dataset}, test, {found.transitions:,} two-year transitions",
        rows_digest=_digest(sample),
        command=(
            f"python -m train.check_horizons {stepwise} --direct {directly}"
            f" --dataset {asked.dataset} --transitions {asked.transitions} --seed {asked.seed}"
        ),
    )


def _finding(found: HorizonAgreement, directly: str) -> str:
    distance, over_states = found.total_variation, found.correlation
    correlated = f"{over_states.value:.3f}" if over_states else "not defined"
    return (
        f"Over {found.transitions:,} transitions the correlation is {correlated} over all states,"
        f" and the distributions differ by {distance.value:.3f} of their mass on average"
        f" (95% interval {distance.low:.3f}–{distance.high:.3f}). Asked directly, {directly} has"
        f" perplexity {found.perplexity_direct.value:.2f}; one year at a time it is"
        f" {found.perplexity_composed.value:.2f}."
    )


def _digest(sample: list[TwoYears]) -> str:
    rows = sorted([t.past.dataset or "", t.past.worker_id, t.second.year] for t in sample)
    return sha256(json.dumps(rows).encode()).hexdigest()[:16]


def _tell(done: int, transitions: int) -> None:
    if done % 10 == 0:
        print(f"{done:,} of {transitions:,} transitions", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", help="asked one year at a time; a shipped model or a folder")
    parser.add_argument("--direct", help="asked directly; the same model unless given")
    parser.add_argument("--dataset", default="NLSY97", help="the cohort")
    parser.add_argument("--transitions", type=int, default=100, help="how many to draw")
    parser.add_argument("--seed", type=int, default=SEED, help="fixes the draw")
    parser.add_argument("--tables", nargs="+", default=list(TABLES), help="career tables")
    parser.add_argument("--out", type=Path, default=Path("assets/reports"), help="for the report")
    given = parser.parse_args()
    main(
        Horizons(
            given.model,
            given.direct,
            given.dataset,
            given.transitions,
            given.seed,
            tuple(given.tables),
            given.out,
        )
    )
