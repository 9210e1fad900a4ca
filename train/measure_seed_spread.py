"""How well the noise floor of what-if changes fits: against chance itself and against big models.

    python -m train.measure_seed_spread --seeds runs/seed_models/{1,2,3,4,5}/best
        --retrained runs/seed_models/career_{2,3,4}/best

Draws valid careers, changes one thing about each, and has every model say how the four parts and
the likeliest states move. Writes runs/seed_models/spread.json: how often chance passes the floor,
how the spread of the small models compares with that of the retrained ones, and whether changes
that the floor lets pass keep their sign when the big model is trained again.
"""

from __future__ import annotations

import argparse
import json
import random
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np

from occu_core.careers import CareerError, Query
from occu_core.data.career_table import Split
from occu_core.explain.case_changes import LABELS, CaseChange, Field, Value, changed, value_of
from occu_core.explain.seed_spread import Floats, noise_floor, quantile
from occu_core.explain.what_if import seed_parts
from occu_core.models.storage import ModelError, load_model
from occu_core.occupations import occ1990dd
from train.data import load_split

TABLES = ("../shared/data/careers/nlsy97.csv.gz", "../shared/data/careers/nlsy79.csv.gz")
OUT = Path("runs/seed_models/spread.json")
TOP_STATES = 10


@dataclass(frozen=True, slots=True)
class Spread:
    """What was measured; shares are 0–1, spreads in percentage points.

    Attributes:
        outcomes: what the changes are of, the four parts or the likeliest states.
        careers: how many were drawn.
        changes: how many changes were made to them, times outcomes.
        floor_median: of the floors, in points.
        chance_passes: how often one seed model's change lies further from the others' mean than
            chance allows; 0.05 if the floor is right within the family.
        spread_small: root mean square over changes of the standard deviation over seeds, in points.
        spread_big: the same of the big model and its retrainings.
        passed: the share of the big model's changes beyond their floor.
        passed_keep_sign: of those, the share with the same sign in every retraining.
        within_keep_sign: the same of the changes within their floor.
    """

    outcomes: str
    careers: int
    changes: int
    floor_median: float
    chance_passes: float
    spread_small: float
    spread_big: float
    passed: float
    passed_keep_sign: float
    within_keep_sign: float


def main(seeds: Sequence[Path], model: str, retrained: Sequence[Path], careers: int) -> None:
    """Draw, ask all models, report."""
    try:
        small = [load_model(str(folder)) for folder in seeds]
        big = [load_model(name) for name in (model, *map(str, retrained))]
    except ModelError as error:
        raise SystemExit(str(error)) from None
    pairs = drawn_pairs(careers, random.Random(1))
    print(f"{len(pairs):,} changes of {careers:,} careers; {len(small)} + {len(big)} models")

    @lru_cache(maxsize=4)  # the pairs of one career share the case before
    def ask(query: Query) -> Floats:
        return np.array([model.predict(query).probs for model in (*small, *big)])

    parts: list[tuple[Floats, Floats]] = []
    states: list[tuple[Floats, Floats]] = []
    for done, (before, after) in enumerate(pairs, start=1):
        found = changes_of(ask, before, after)
        for kind, change in zip((parts, states), found, strict=True):
            kind.append((change[: len(small)], change[len(small) :]))
        if done % 100 == 0:
            print(f"{done:,} of {len(pairs):,}", flush=True)

    report = {
        "seed_models": len(small),
        "model": big[0].card.name,
        "retrained": len(retrained),
        "tables": [Path(table).name for table in TABLES],
        "split": Split.VALID.value,
        "draw_seed": 1,
        "spreads": [
            asdict(measure("the four parts", careers, parts)),
            asdict(measure(f"the {TOP_STATES} likeliest states", careers, states)),
        ],
    }
    print(json.dumps(report, indent=2))
    OUT.parent.mkdir(parents=True, exist_ok=True)
    OUT.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")


def drawn_pairs(careers: int, rng: random.Random) -> list[tuple[Query, Query]]:
    """One change of each kind to one person-year of each career that is drawn."""
    drawn = rng.sample(load_split(TABLES, Split.VALID), careers)
    pairs = []
    for career in drawn:
        asked = [t.query for t in career.transitions() if t.query.previous]
        if not asked:
            continue
        query = rng.choice(asked)
        for field in Field:
            try:
                change = CaseChange(field, another_value(query, field, rng))
                pairs.append((query, changed(query, [change])))
            except CareerError:
                continue  # an impossible case, such as a year of birth after the first job
    return pairs


def another_value(query: Query, field: Field, rng: random.Random) -> Value:
    """A value that the case does not have."""
    own = value_of(query, field)
    if field is Field.JOB:
        return rng.choice([o for o in occ1990dd() if o.is_job and o != own])
    if field in LABELS:
        return rng.choice([label for label in LABELS[field] if label != own])
    return int(str(own)) + (rng.choice((1, 2, 3)) if field is Field.YEAR else rng.choice((-1, 1)))


def changes_of(
    ask: Callable[[Query], Floats], before: Query, after: Query
) -> tuple[Floats, Floats]:
    """Changes of the parts there are, and of the likeliest states; shapes (models, outcomes)."""
    taxonomy = occ1990dd()
    olds, news = ask(before), ask(after)
    parts = seed_parts(taxonomy, news, after.previous) - seed_parts(taxonomy, olds, before.previous)
    likeliest = np.argsort(-(olds + news).mean(axis=0), kind="stable")[:TOP_STATES]
    return parts[:, ~np.isnan(parts).any(axis=0)], (news - olds)[:, likeliest]


def measure(outcomes: str, careers: int, found: Sequence[tuple[Floats, Floats]]) -> Spread:
    """All about changes of (small models, outcomes) and (big models, outcomes)."""
    small = np.concatenate([change for change, _ in found], axis=1)
    big = np.concatenate([change for _, change in found], axis=1)
    floors = noise_floor(small)
    passed = np.abs(big[0]) > floors
    kept = (np.sign(big[1:]) == np.sign(big[0])).all(axis=0)
    return Spread(
        outcomes=outcomes,
        careers=careers,
        changes=small.shape[1],
        floor_median=_points(np.median(floors)),
        chance_passes=round(chance_passes(small), 4),
        spread_small=_points(np.sqrt(small.var(axis=0, ddof=1).mean())),
        spread_big=_points(np.sqrt(big.var(axis=0, ddof=1).mean())),
        passed=round(float(passed.mean()), 4),
        passed_keep_sign=round(float(kept[passed].mean()), 4),
        within_keep_sign=round(float(kept[~passed].mean()), 4),
    )


def chance_passes(small: Floats) -> float:
    """How often a seed model's change lies outside what the others allow, each left out in turn."""
    outside = []
    for left in range(len(small)):
        others = np.delete(small, left, axis=0)
        reach = quantile(len(others)) * others.std(axis=0, ddof=1) * np.sqrt(1 + 1 / len(others))
        outside.append(np.abs(small[left] - others.mean(axis=0)) > reach)
    return float(np.mean(outside))


def _points(share: np.floating) -> float:
    return round(100 * float(share), 4)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seeds", nargs="+", type=Path, required=True, help="the seed models")
    parser.add_argument("--model", default="career", help="the big model")
    parser.add_argument(
        "--retrained", nargs="+", type=Path, required=True, help="it again, from other seeds"
    )
    parser.add_argument("--careers", type=int, default=60, help="how many valid careers to draw")
    given = parser.parse_args()
    main(given.seeds, given.model, given.retrained, given.careers)
