"""Time sampled futures: the target is 200 futures of 10 years in under 20 seconds on two cores.

    python -m tests.benchmarks.forecasts [--model NAME] [--paths N] [--years N] [--rounds N]

The first example career, education fixed and evolving in turn. Prints seconds by the clock and of
the processor, and how many distinct histories had to be read.
"""

from __future__ import annotations

import argparse
import statistics
import time

import numpy as np

from occu_core.assets import asset_path
from occu_core.data.career_json import parse_query
from occu_core.explain.education_paths import EducationRule
from occu_core.explain.forecasts import Forecast, ForecastSettings, forecast
from occu_core.models.storage import load_model


def main(name: str, paths: int, years: int, rounds: int) -> None:
    """Warm up, sample in turn, print medians."""
    file = sorted(asset_path("samples").glob("*.json"))[0]
    query, model = parse_query(file.read_bytes(), file.name), load_model(name)
    forecast(model, query, ForecastSettings(1, 10, 1))
    clock: dict[EducationRule, list[float]] = {rule: [] for rule in EducationRule}
    processor: dict[EducationRule, list[float]] = {rule: [] for rule in EducationRule}
    for seed in range(1, rounds + 1):
        for rule in EducationRule:
            began, worked = time.perf_counter(), time.process_time()
            found = forecast(model, query, ForecastSettings(years, paths, seed, rule))
            clock[rule].append(time.perf_counter() - began)
            processor[rule].append(time.process_time() - worked)
    print(f"{name}, {file.stem}: {paths} futures of {years} years, {rounds} seeds; seconds")
    for rule in EducationRule:
        print(
            f"education {rule}: median {statistics.median(clock[rule]):.1f} by the clock,"
            f" {statistics.median(processor[rule]):.1f} of the processor"
        )
    print(f"distinct histories in the last run: {histories(found):,} of {paths * years:,}")


def histories(found: Forecast) -> int:
    """How many different beginnings the paths have."""
    both = np.stack([found.states, found.education], axis=2)
    return sum(len(np.unique(both[:, : k + 1], axis=0)) for k in range(both.shape[1]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="language_model", help="a shipped model's name")
    parser.add_argument("--paths", type=int, default=200, help="futures")
    parser.add_argument("--years", type=int, default=10, help="how far")
    parser.add_argument("--rounds", type=int, default=3, help="seeds")
    given = parser.parse_args()
    main(given.model, given.paths, given.years, given.rounds)
