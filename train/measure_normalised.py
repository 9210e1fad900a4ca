"""Raw beside normalised perplexity, and coverage, on person-years drawn at random from test.

    python -m train.measure_normalised language_model --person-years 2000 --seed 1

Normalising needs the whole list of titles at every person-year; a sample says how far the raw
number, which needs one pass over the text, lies above it. Writes assets/reports/.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

import numpy as np

from occu_core.assets import asset_path
from occu_core.careers import Transition
from occu_core.data.career_table import Split
from occu_core.evaluation.metrics import perplexity
from occu_core.models.storage import ModelError, load_model
from train.data import load_split

TABLES = ("../shared/data/careers/nlsy97.csv.gz", "../shared/data/careers/nlsy79.csv.gz")


def main(name: str, person_years: int, seed: int) -> None:
    """Draw, score each with the whole list, report."""
    try:
        model = load_model(name)
    except ModelError as error:
        raise SystemExit(str(error)) from None
    every = [t for career in load_split(TABLES, Split.TEST) for t in career.transitions()]
    if not 1 <= person_years <= len(every):
        raise SystemExit(f"--person-years {person_years} is not within 1–{len(every):,}")
    sample: list[Transition] = random.Random(seed).sample(every, person_years)

    raw, normalised, coverage = [], [], []
    for done, transition in enumerate(sample, start=1):
        found = model.predict(transition.query)
        position = model.taxonomy.position(transition.outcome.code)
        raw.append(found.log_probs_raw[position])
        normalised.append(found.log_probs[position])
        coverage.append(found.coverage)
        if done % 100 == 0:
            print(f"{done:,} of {person_years:,}", flush=True)

    report = {
        "model": model.card.name,
        "version": model.card.version,
        "tables": [Path(table).name for table in TABLES],
        "split": "test",
        "person_years": person_years,
        "seed": seed,
        "perplexity_raw": round(perplexity(raw), 4),
        "perplexity": round(perplexity(normalised), 4),
        "coverage_mean": round(float(np.mean(coverage)), 6),
        "coverage_least": round(float(np.min(coverage)), 6),
    }
    print(json.dumps(report, indent=2))
    out = asset_path("reports", f"normalised_{model.card.name}.json")
    out.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("model", help="a shipped model's name, or a model folder")
    parser.add_argument("--person-years", type=int, default=2_000, help="how many to draw")
    parser.add_argument("--seed", type=int, default=1, help="fixes the draw")
    given = parser.parse_args()
    main(given.model, given.person_years, given.seed)
