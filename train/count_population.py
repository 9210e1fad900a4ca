"""Count who moved from which occupation group to which, and what models expect of such moves.

    python -m train.count_population

Observed moves are of the training workers of both cohorts. A model is asked at moves of valid
workers: CAREER at all of them, the language model, which takes longer, at a sample. Counts under 5
are left out. Writes assets/explain/population_matrix.json. About 4 minutes of one core; the models'
answers are kept in runs/forecasts.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, Education, Move, Sex, Transition
from occu_core.data.career_table import Split
from occu_core.explain.backtest import state_parts
from occu_core.explain.population import (
    EVERYBODY,
    GroupMatrix,
    Population,
    save_population,
    suppressed,
)
from occu_core.models.storage import load_model
from occu_core.occupations import occ1990dd
from train.data import load_split
from train.score_files import TABLES

Floats = npt.NDArray[np.float64]
OBSERVED = "observed"
COMMAND = "python -m train.count_population"
NAMES, OF = state_parts(occ1990dd())


@dataclass(frozen=True, slots=True)
class PopulationSettings:
    """What can vary from run to run."""

    tables: tuple[str, ...] = TABLES
    """Career tables with a split column."""

    sample: int = 2_400
    """Valid moves that the language model is asked about."""

    seed: int = 1
    """Fixes which."""

    kept: Path = Path("runs/forecasts")
    """Folder for the models' answers."""

    out: Path = field(default_factory=lambda: asset_path("explain", "population_matrix.json"))
    """Where the matrices go."""


def main(settings: PopulationSettings, models: Sequence[str]) -> None:
    """Count, ask, write."""
    train, valid = (load_split(settings.tables, part) for part in (Split.TRAIN, Split.VALID))
    seen, held_out = moves(train), moves(valid)
    sample = sorted(random.Random(settings.seed).sample(range(len(held_out)), settings.sample))
    print(f"{len(seen):,} moves counted, {len(held_out):,} valid ones", flush=True)
    asked = {"career": list(range(len(held_out))), "language_model": sample}
    matrices = matrices_of(OBSERVED, seen, np.array([one_hot(move) for move in seen]))
    sources = {OBSERVED: f"{len(train):,} training workers"}
    for name in models:
        chosen = asked[name]
        put = [held_out[i] for i in chosen]
        matrices += matrices_of(name, put, expected(settings, name, put))
        sources[name] = (
            f"{load_model(name).card.title}, expected at {len(chosen):,} moves of"
            f" {len(valid):,} workers of the valid split"
        )
    command = f"{COMMAND} --models {' '.join(models)}"
    save_population(Population(NAMES, sources, command, tuple(matrices)), settings.out)
    print(f"{len(matrices)} matrices written to {settings.out}")


def moves(careers: Iterable[CareerHistory]) -> list[Transition]:
    """All records that have one before them, stays included."""
    return [t for career in careers for t in career.transitions() if t.move is not Move.FIRST]


def one_hot(transition: Transition) -> Floats:
    """Where the worker went; shape (parts,)."""
    found = np.zeros(len(NAMES))
    found[OF[occ1990dd().position(transition.outcome.code)]] = 1
    return found


def expected(settings: PopulationSettings, name: str, transitions: Sequence[Transition]) -> Floats:
    """A model's probability of each part at each move, kept; shape (moves, parts)."""
    file = settings.kept / f"population-{name}-{settings.seed}-{len(transitions)}.npz"
    if file.exists():
        found: Floats = np.load(file)["shares"]
        return found
    model, rows = load_model(name), []
    for done, transition in enumerate(transitions, start=1):
        rows.append(np.bincount(OF, model.predict(transition.query).probs, len(NAMES)))
        if done % 200 == 0:
            print(f"{name}: {done:,} of {len(transitions):,}", flush=True)
    file.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(file, shares=np.array(rows))
    return np.array(rows)


def matrices_of(source: str, transitions: Sequence[Transition], rows: Floats) -> list[GroupMatrix]:
    """Sums of rows, shape (moves, parts), by origin, for every cohort and group of workers."""
    totals: dict[tuple[str, str], Floats] = {}
    sizes: dict[tuple[str, str], int] = {}
    for transition, row in zip(transitions, rows, strict=True):
        previous = transition.query.previous
        if previous is None:
            continue
        origin = OF[occ1990dd().position(previous.code)]
        for key in groups_of(transition):
            total = totals.setdefault(key, np.zeros((len(NAMES), len(NAMES))))
            total[origin] += row
            sizes[key] = sizes.get(key, 0) + 1
    return [
        GroupMatrix(*key, source, sizes[key], shown(totals[key], observed=source == OBSERVED))
        for key in sorted(totals, key=lambda k: (k[0], ORDER.index(k[1])))
    ]


ORDER = [EVERYBODY, *(label.value for kind in (Sex, Education) for label in kind)]


def groups_of(transition: Transition) -> list[tuple[str, str]]:
    """The cohort with everybody, and with the worker's sex and education."""
    past = transition.query.past
    known = [past.sex, transition.query.education]
    return [(past.dataset or "", w) for w in (EVERYBODY, *(k.value for k in known if k))]


def shown(total: Floats, *, observed: bool) -> tuple[tuple[float | None, ...], ...]:
    """Observed counts without the rare ones, expected ones to three digits."""
    if observed:
        return suppressed(total.astype(np.int64))
    return tuple(tuple(round(float(value), 3) for value in line) for line in total)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sample", type=int, default=2_400, help="moves for the language model")
    parser.add_argument(
        "--models", nargs="+", default=["language_model", "career"], help="who is asked"
    )
    given = parser.parse_args()
    main(PopulationSettings(sample=given.sample), given.models)
