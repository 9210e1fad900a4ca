"""How often 95% intervals for a win rate hold the truth, in simulated studies.

    python -m train.simulate_intervals --runs 4000

The generator knows nothing of the estimator: a vote is an ordered choice (lose, tie, win) from
logistic noise around a system's lead, shifted by how the question and the annotator lean. The
truth is the share of wins over the whole populations of questions and annotators, by quadrature.
Writes assets/studies/coverage.json.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.pairwise.clustered import Clusters, rate, wilson

OUT = Path("assets/studies/coverage.json")
QUESTIONS, VOTES = (25, 100), (1, 3, 5)

Integers = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class World:
    """How people vote."""

    lead: float = 0.9
    "how far the first system is ahead, on the logit scale"
    tie: float = 0.5
    "a vote within this distance of indifference is a tie"
    question_sd: float = 1.0
    "how much questions differ in who leads"
    annotator_sd: float = 0.5
    "how much annotators differ in whom they favour"

    def truth(self) -> float:
        """The share of wins over all questions and annotators."""
        points, weights = np.polynomial.hermite_e.hermegauss(101)
        lean = np.hypot(self.question_sd, self.annotator_sd) * points
        chance = 1 / (1 + np.exp(-(self.lead - self.tie + lean)))
        return float(weights @ chance / weights.sum())

    def wins(
        self, questions: Integers, annotators: Integers, rng: np.random.Generator
    ) -> npt.NDArray[np.bool_]:
        """Whether the first system wins each vote."""
        of_question = self.question_sd * rng.standard_normal(questions.max() + 1)
        of_annotator = self.annotator_sd * rng.standard_normal(annotators.max() + 1)
        lean = of_question[questions] + of_annotator[annotators]
        chosen: npt.NDArray[np.bool_] = self.lead + lean + rng.logistic(size=len(lean)) > self.tie
        return chosen


@dataclass(frozen=True, slots=True)
class Cell:
    """One size of study, and how often each interval held the truth."""

    questions: int
    votes_per_question: int
    annotators: int
    runs: int
    clustered: float = 0.0
    wilson: float = 0.0
    clustered_width: float = 0.0
    wilson_width: float = 0.0


def simulate(cell: Cell, world: World, seed: int) -> Cell:
    """Run one cell; the same seed gives the same figures."""
    rng = np.random.default_rng(
        (seed, cell.questions, cell.votes_per_question, cell.annotators, cell.runs)
    )
    truth = world.truth()
    ends = np.array([_intervals(cell, world, rng) for _ in range(cell.runs)])
    held = ((ends[..., 0] <= truth) & (truth <= ends[..., 1])).mean(axis=0)
    widths = np.diff(ends, axis=-1)[..., 0].mean(axis=0)
    return replace(
        cell,
        clustered=float(held[0]),
        wilson=float(held[1]),
        clustered_width=float(widths[0]),
        wilson_width=float(widths[1]),
    )


def cells(runs: int, annotators: tuple[int, ...]) -> Iterator[Cell]:
    """Every size of study."""
    for people in annotators:
        for questions in QUESTIONS:
            for votes in VOTES:
                yield Cell(questions, votes, people, runs)


def assigned(cell: Cell, rng: np.random.Generator) -> Integers:
    """Who votes on each question: always those with the fewest votes so far, drawn among equals."""
    load = np.zeros(cell.annotators, np.int64)
    panels = np.empty((cell.questions, cell.votes_per_question), np.int64)
    for panel in panels:
        panel[:] = np.lexsort((rng.random(cell.annotators), load))[: cell.votes_per_question]
        load[panel] += 1
    return panels.ravel()


def _intervals(cell: Cell, world: World, rng: np.random.Generator) -> list[tuple[float, float]]:
    """The clustered and Wilson's interval of one simulated study."""
    questions = np.repeat(np.arange(cell.questions), cell.votes_per_question)
    annotators = assigned(cell, rng)
    won = world.wins(questions, annotators, rng)
    found = rate(won, Clusters.of(questions.tolist(), annotators.tolist()))
    assert found is not None
    return [(found.low, found.high), wilson(found.value, len(won))]


def main(runs: int, annotators: tuple[int, ...], seed: int, out: Path) -> None:
    """Simulate every cell and write the table."""
    world = World()
    print(f"{runs:,} runs a cell, true win rate {world.truth():.3f}")
    done = []
    for cell in cells(runs, annotators):
        start = time.perf_counter()
        found = simulate(cell, world, seed)
        done.append(found)
        print(
            f"{cell.annotators:>3} annotators, {cell.questions:>3} questions ×"
            f" {cell.votes_per_question}: clustered {found.clustered:.1%},"
            f" Wilson {found.wilson:.1%} ({time.perf_counter() - start:.0f} s)",
            flush=True,
        )
    written = {
        "what": "share of simulated studies whose 95% interval holds the true win rate",
        "command": f"python -m train.simulate_intervals --runs {runs} --seed {seed}"
        f" --annotators {' '.join(map(str, annotators))}",
        "seed": seed,
        "truth": world.truth(),
        "world": asdict(world),
        "cells": [asdict(cell) for cell in done],
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    partial = out.with_name(f".{out.name}.partial")
    partial.write_text(json.dumps(written, indent=1) + "\n", encoding="utf-8")
    partial.replace(out)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--runs", type=int, default=4000, help="simulated studies a cell")
    parser.add_argument("--annotators", type=int, nargs="+", default=[10, 5, 20], help="people")
    parser.add_argument("--seed", type=int, default=1, help="of the simulation")
    parser.add_argument("--out", type=Path, default=OUT, help="the table")
    given = parser.parse_args()
    main(given.runs, tuple(given.annotators), given.seed, given.out)
