"""How well rationales of the variant and of the default model hold: sizes and agreement.

    python -m train.measure_rationales --out assets/explain/rationales.json

On test histories whose next state the default model foresees, half of them moves where there are
as many. A rationale is sufficient by construction for the model it was asked of; so it is given to
the other model too, and its size is set against that of the latest records that suffice.
"""

from __future__ import annotations

import argparse
import json
import os
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean, median

from occu_core.careers import CareerHistory, Move, Query, Transition
from occu_core.data.career_table import Split
from occu_core.explain.parts_of_history import Part, part_of
from occu_core.explain.rationales import Rationale, rationale
from occu_core.models.base import OccupationModel
from occu_core.models.storage import load_model
from occu_core.occupations import Occupation
from train.data import load_split

FEWEST_RECORDS = 5


@dataclass(frozen=True, slots=True)
class MeasureSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    default: Path
    """The model whose predictions are explained."""

    variant: Path
    """The one that learned from parts of histories."""

    split: Split
    """Whose careers."""

    histories: int
    """How many of stays and of moves each, where there are as many."""

    asked: int
    """Histories of moves that the default model is asked about to find those it foresees."""

    out: Path
    """The report."""

    seed: int = 5
    """Fixes which histories."""


@dataclass(frozen=True, slots=True)
class Case:
    """One history, foreseen by the default model, with the rationale of one model."""

    move: Move
    found: Rationale
    other_agrees: bool
    latest_needed: int

    @property
    def records(self) -> int:
        """Of the whole history."""
        return len(self.found.query.past.records)


def main(settings: MeasureSettings) -> None:
    """Choose histories, find both models' rationales, compare, write the report."""
    default, variant = (load_model(str(p)) for p in (settings.default, settings.variant))
    careers = load_split(settings.tables, settings.split)
    chosen = choose(default, careers, settings)
    moves = sum(transition.move is Move.MOVE for transition in chosen)
    print(f"{len(chosen)} foreseen histories, {moves} of them moves", flush=True)
    found = {
        "default": measure(default, variant, chosen),
        "variant": measure(variant, default, chosen),
    }
    report = {
        "command": "python -m train.measure_rationales",
        "data": [Path(table).name for table in settings.tables],
        "split": settings.split.value,
        "seed": settings.seed,
        "models": {"default": default.card.name, "variant": variant.card.name},
        **{
            name: {part: figures(cases) for part, cases in by_move(cases).items() if cases}
            for name, cases in found.items()
        },
    }
    settings.out.parent.mkdir(parents=True, exist_ok=True)
    partial = settings.out.with_name(f".{settings.out.name}.{os.getpid()}.partial")
    partial.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    partial.replace(settings.out)
    print(json.dumps(report, indent=2))


def choose(
    model: OccupationModel, careers: Sequence[CareerHistory], settings: MeasureSettings
) -> list[Transition]:
    """Foreseen stays and moves, one of each worker at most, in an order fixed by the seed."""
    rng = random.Random(settings.seed)
    shuffled = rng.sample(careers, len(careers))
    half = len(shuffled) // 2
    chosen = []
    for move, workers in ((Move.STAY, shuffled[:half]), (Move.MOVE, shuffled[half:])):
        drawn = [one for career in workers for one in _draw(career, move, rng)][: settings.asked]
        found = _foreseen(model, drawn)
        chosen += [one for _, one in zip(range(settings.histories), found, strict=False)]
    return chosen


def measure(
    model: OccupationModel, other: OccupationModel, chosen: Sequence[Transition]
) -> list[Case]:
    """One model's rationales for what happened, where it foresees it too."""
    cases = []
    for number, transition in enumerate(chosen, start=1):
        query, target = transition.query, transition.outcome
        if not _first(model, query, target):
            continue
        found = rationale(model, query, target, most=len(query.past.records))
        part = tuple(query.past.records.index(record) for record in found.records)
        agrees = _first(other, part_of(query, part), target)
        cases.append(Case(transition.move, found, agrees, _latest(model, query, target)))
        if number % 20 == 0:
            print(f"{model.card.name}: {number} of {len(chosen)}", flush=True)
    return cases


def by_move(cases: Sequence[Case]) -> dict[str, list[Case]]:
    """All cases, stays and moves."""
    return {
        "all": list(cases),
        "stay": [case for case in cases if case.move is Move.STAY],
        "move": [case for case in cases if case.move is Move.MOVE],
    }


def figures(cases: Sequence[Case]) -> dict[str, float]:
    """Sizes and shares."""
    sizes = [len(case.found.records) for case in cases]
    return {
        "histories": len(cases),
        "mean_records": round(mean(case.records for case in cases), 2),
        "mean_rationale": round(mean(sizes), 3),
        "median_rationale": median(sizes),
        "share_of_one_or_none": round(mean(size <= 1 for size in sizes), 3),
        "largest_rationale": max(sizes),
        "mean_latest_records_needed": round(mean(case.latest_needed for case in cases), 3),
        "sufficient": round(mean(case.found.found for case in cases), 3),
        "sufficient_for_the_other_model": round(mean(case.other_agrees for case in cases), 3),
    }


def _draw(career: CareerHistory, move: Move, rng: random.Random) -> list[Transition]:
    """One of the career's stays or moves after enough records, if it has any."""
    found = [
        transition
        for transition in career.transitions()
        if transition.move is move and len(transition.query.past.records) >= FEWEST_RECORDS
    ]
    return [rng.choice(found)] if found else []


def _foreseen(model: OccupationModel, drawn: Sequence[Transition]) -> Iterator[Transition]:
    """Those whose outcome the model finds likeliest."""
    return (one for one in drawn if _first(model, one.query, one.outcome))


def _first(model: OccupationModel, query: Query, target: Occupation) -> bool:
    return model.predict(query).top(1)[0][0] == target


def _latest(model: OccupationModel, query: Query, target: Occupation) -> int:
    """How many of the latest records make the target the likeliest; all of them do."""
    count = len(query.past.records)
    latest: list[Part] = [tuple(range(count - k, count)) for k in range(count + 1)]
    return next(len(part) for part in latest if _first(model, part_of(query, part), target))


if __name__ == "__main__":
    folder = "../shared/data/careers"
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "tables",
        nargs="*",
        default=[f"{folder}/nlsy97.csv.gz", f"{folder}/nlsy79.csv.gz"],
        help="career tables with a split column",
    )
    parser.add_argument("--default", type=Path, default=Path("assets/models/language_model"))
    parser.add_argument(
        "--variant", type=Path, default=Path("assets/models_for_rationales/language_model")
    )
    parser.add_argument("--split", type=Split, default=Split.TEST)
    parser.add_argument("--histories", type=int, default=100, help="of stays and of moves each")
    parser.add_argument("--asked", type=int, default=1000, help="moves looked at, at most")
    parser.add_argument("--out", type=Path, default=Path("assets/explain/rationales.json"))
    parser.add_argument("--seed", type=int, default=5, help="fixes which histories")
    main(MeasureSettings(**vars(parser.parse_args())))
