"""Time all records' influence on one target against one prediction, and against doing it by hand.

    python -m tests.benchmarks.influence [--rounds N] [--table TABLE.csv.gz] [--json FILE]

One invented 24-record history; rounds alternate between the ways, so that all of them meet the same
machine. Prints the largest difference from deleting each record and predicting again, whose two
answers are in single precision; with `--table`, also over 200 histories of its test split, one
record of each.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from occu_core.careers import Query
from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.explain.influence import influences, part_of
from occu_core.models.base import OccupationModel
from occu_core.models.storage import load_model
from occu_core.occupations import Occupation
from tests.small_language_models import long_career

RECORDS, HISTORIES, SEED = 24, 200, 7


def by_hand(model: OccupationModel, query: Query, target: Occupation, place: int) -> float:
    """The influence of one record from two whole predictions."""
    position = model.taxonomy.position(target.code)
    kept = tuple(k for k in range(len(query.past.records)) if k != place)
    whole, without = (model.predict(one) for one in (query, part_of(query, kept)))
    return float(np.exp(whole.log_probs_raw[position]) - np.exp(without.log_probs_raw[position]))


def time_ways(model: OccupationModel, query: Query, target: Occupation, rounds: int) -> list[float]:
    """Median seconds of one prediction, of all influences, and of all by hand, in turns."""
    ways: list[Callable[[], object]] = [
        lambda: model.predict(query),
        lambda: influences(model, query, target),
        lambda: [by_hand(model, query, target, place) for place in range(RECORDS)],
    ]
    seconds: list[list[float]] = [[], [], []]
    for turn in range(rounds):
        for way, times in zip(ways, seconds, strict=True):
            if way is ways[2] and turn % 6:
                continue
            began = time.perf_counter()
            way()
            times.append(time.perf_counter() - began)
    return [statistics.median(times) for times in seconds]


def largest_difference(model: OccupationModel, table: Path) -> float:
    """Over one record of each of some test histories, chosen by the seed."""
    rng = np.random.default_rng(SEED)
    careers = load_career_table(table).only(Split.TEST).careers
    worst = 0.0
    for career in rng.permutation([c for c in careers if len(c.records) > 3])[:HISTORIES]:  # type: ignore[arg-type]
        transition = list(career.transitions())[rng.integers(1, len(career.records))]
        query, target = transition.query, transition.outcome
        place = int(rng.integers(len(query.past.records)))
        found = influences(model, query, target).records[place].influence
        worst = max(worst, abs(found - by_hand(model, query, target, place)))
    return worst


def main(name: str, rounds: int, table: Path | None, out: Path | None) -> None:
    """Check that the ways agree, time them in turn, print ratios to one prediction."""
    model = load_model(name)
    career = long_career(model.taxonomy, RECORDS)
    query = Query(career, career.records[-1].year + 1, career.records[-1].education)
    target = model.predict(query).top(1)[0][0]
    found = influences(model, query, target)
    worst = max(
        abs(one.influence - by_hand(model, query, target, place))
        for place, one in enumerate(found.records)
    )
    one, every, hand = time_ways(model, query, target, rounds)
    print(f"{name}, {RECORDS} records, {torch.get_num_threads()} threads, {rounds} rounds\n")
    print("| way | milliseconds | times one prediction |\n|---|---:|---:|")
    for way, seconds in (
        ("one prediction", one),
        ("all influences on one target", every),
        ("the same by hand", hand),
    ):
        print(f"| {way} | {1e3 * seconds:,.1f} | {seconds / one:.2f} |")
    print(f"\nlargest difference from deleting by hand: {worst:.1e}")
    results: dict[str, object] = {"model": name, "rounds": rounds, "seconds": [one, every, hand]}
    results["largest_difference"] = worst
    if table:
        results["largest_difference_in_table"] = largest_difference(model, table)
        print(f"over {HISTORIES} test histories: {results['largest_difference_in_table']:.1e}")
    if out:
        out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", default="language_model", help="by name, or a folder")
    parser.add_argument("--rounds", type=int, default=12, help="how often each way is timed")
    parser.add_argument("--table", type=Path, help="a career table with a split column")
    parser.add_argument("--json", type=Path, help="also write the results here")
    given = parser.parse_args()
    main(given.model, given.rounds, given.table, given.json)
