"""Forecasts made at a past date against what then happened, and the report that holds both.

Predicted shares are the mean over workers of the share of their sampled paths in a part of the
states, over the workers observed that year: the same people whose actual shares stand beside.
Intervals resample blocks of neighbouring ids (see `evaluation.bootstrap`).
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.evaluation.bootstrap import BlockBootstrap
from occu_core.evaluation.reports import Interval
from occu_core.occupations import Taxonomy

SAME = "Same state as when last seen"
_UNIFORM = 0.01

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class PartOfYear:
    """One part of the states in one year; shares of the workers observed in it.

    `difference` is predicted less actual, on the same replicates.
    """

    year: int
    part: str
    actual: Interval
    predicted: float
    difference: Interval


@dataclass(frozen=True, slots=True)
class YearFit:
    """How well one run foresaw one year.

    Attributes:
        year: which.
        workers: observed that year.
        mean_error: mean over parts of the absolute difference of shares.
        total_variation: half the summed absolute differences between the two vectors of shares.
        by_chance: total variation that the same number of blocks drawn anew would have to
            the actual shares, on average.
        perplexity: of the part that happened, from path frequencies, each path one observation
            and all workers' paths together one more.
    """

    year: int
    workers: int
    mean_error: float
    total_variation: float
    by_chance: float
    perplexity: Interval


@dataclass(frozen=True, slots=True)
class Run:
    """One model under one way of knowing education; `name` is the model's title."""

    model: str
    name: str
    education: str
    parts: tuple[PartOfYear, ...]
    years: tuple[YearFit, ...]


@dataclass(frozen=True, slots=True)
class BacktestReport:
    """All runs on the same workers; `workers` were drawn, some are not observed each year."""

    data: str
    trained_to: int
    workers: int
    paths: int
    seed: int
    command: str
    runs: tuple[Run, ...]


def state_parts(taxonomy: Taxonomy) -> tuple[tuple[str, ...], Ints]:
    """The occupation groups, then Not working and Student; and the part of each state."""
    named = [o.group if o.is_job else o.title for o in taxonomy]
    jobs = dict.fromkeys(o.group for o in taxonomy if o.is_job)
    names = (*jobs, *(o.title for o in taxonomy if not o.is_job))
    return names, np.array([names.index(name) for name in named])


@dataclass(frozen=True)
class Happened:
    """What became of the workers.

    Attributes:
        taxonomy: what states are places in.
        years: forecast, in order.
        actual: states, -1 where not observed; shape (workers, years).
        last: the state when last seen before them; shape (workers,).
        blocks: of neighbouring ids, from 0 without gaps; shape (workers,).
    """

    taxonomy: Taxonomy
    years: tuple[int, ...]
    actual: Ints
    last: Ints
    blocks: Ints


def measure(happened: Happened, paths: Ints, replicates: int = 2_000) -> tuple[
    tuple[PartOfYear, ...], tuple[YearFit, ...]
]:  # fmt: skip
    """Compare sampled paths, shape (workers, paths, years), with what happened."""
    parts: list[PartOfYear] = []
    years: list[YearFit] = []
    for k, year in enumerate(happened.years):
        found = _OneYear(happened, paths, k, replicates)
        parts += found.parts(year)
        years.append(found.fit(year))
    return tuple(parts), tuple(years)


class _OneYear:
    def __init__(self, happened: Happened, paths: Ints, k: int, replicates: int) -> None:
        seen = happened.actual[:, k] >= 0
        self.states = happened.actual[seen, k]
        self.last, self.paths = happened.last[seen], paths[seen, :, k]
        self.everybody = paths[:, :, k]
        self.names, self.of = state_parts(happened.taxonomy)
        blocks = np.unique(happened.blocks[seen], return_inverse=True)[1]
        self.bootstrap = BlockBootstrap(blocks.astype(np.int64), replicates)

    def parts(self, year: int) -> list[PartOfYear]:
        actual, predicted = self._by_part()
        actual = np.column_stack([actual, self.states == self.last])
        predicted = np.column_stack(
            [predicted, (self.paths == self.last[:, np.newaxis]).mean(axis=1)]
        )
        return [
            PartOfYear(
                year,
                name,
                self.bootstrap.mean(actual[:, j]),
                float(predicted[:, j].mean()),
                self.bootstrap.mean(predicted[:, j] - actual[:, j]),
            )
            for j, name in enumerate([*self.names, SAME])
        ]

    def fit(self, year: int) -> YearFit:
        actual, predicted = self._by_part()
        gaps = np.abs(predicted.mean(axis=0) - actual.mean(axis=0))
        drawn = np.stack([self.bootstrap.ratios(column)[1] for column in actual.T], axis=1)
        chance = np.abs(drawn - actual.mean(axis=0)).sum(axis=1).mean() / 2
        return YearFit(
            year,
            len(self.states),
            float(gaps.mean()),
            float(gaps.sum() / 2),
            float(chance),
            self.bootstrap.perplexity(self._nats()),
        )

    def _by_part(self) -> tuple[Floats, Floats]:
        """Who is in which part, and the share of each worker's paths; both (workers, parts)."""
        parts = np.arange(len(self.names))
        actual = (self.of[self.states][:, np.newaxis] == parts).astype(np.float64)
        taken = self.of[self.paths]
        predicted = np.stack([(taken == part).mean(axis=1) for part in parts], axis=1)
        return actual, predicted

    def _nats(self) -> Floats:
        """Log P of the part that happened: (paths in it + everybody's share) / (paths + 1)."""
        parts = len(self.names)
        pooled = np.bincount(self.of[self.everybody].ravel(), minlength=parts)
        share = (1 - _UNIFORM) * pooled / self.everybody.size + _UNIFORM / parts
        happened = self.of[self.states]
        there = (self.of[self.paths] == happened[:, np.newaxis]).sum(axis=1)
        nats: Floats = np.log((there + share[happened]) / (self.paths.shape[1] + 1))
        return nats


def save_backtest(report: BacktestReport, path: Path) -> None:
    """Write a report under its name once it is whole."""
    partial = path.with_name(f".{path.name}.new")
    partial.write_text(json.dumps(asdict(report), ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def load_backtest(path: Path) -> BacktestReport:
    """Read a report.

    Raises:
        ValueError: if it is damaged.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        runs = tuple(_run(run) for run in written.pop("runs"))
        return BacktestReport(**written, runs=runs)
    except FileNotFoundError:
        raise ValueError(f"{path.name} is not there") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: is not a backtest report: {error}") from None


def _run(written: dict[str, object]) -> Run:
    parts, years = written.pop("parts"), written.pop("years")
    return Run(
        **written,  # type: ignore[arg-type]
        parts=tuple(
            PartOfYear(**{**p, **{k: Interval(**p[k]) for k in ("actual", "difference")}})
            for p in parts  # type: ignore[attr-defined]
        ),
        years=tuple(
            YearFit(**{**y, "perplexity": Interval(**y["perplexity"])})
            for y in years  # type: ignore[attr-defined]
        ),
    )
