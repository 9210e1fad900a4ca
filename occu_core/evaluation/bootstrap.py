"""Intervals by resampling whole blocks of workers, and paired comparisons on identical rows.

Brothers and sisters share a block, and a worker's years stand together in one, so blocks of
neighbouring ids, not person-years, are what was drawn from the population. Each replicate draws
as many blocks as there are, with replacement; a block's rows count as often as it was drawn. An
interval runs from the 2.5th to the 97.5th percentile of the replicates (Efron and Tibshirani,
An Introduction to the Bootstrap, 1993, chapter 13).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from occu_core.evaluation.metrics import auc
from occu_core.evaluation.reports import Interval

REPLICATES = 2_000
SEED = 1
_ENDS = (2.5, 97.5)

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class BlockBootstrap:
    """Replicates over the blocks of some rows; the same seed gives the same draws.

    Attributes:
        blocks: the block of each row, numbered from 0 without gaps, shape (rows,).
        replicates: how many draws.
        seed: of the draws.
    """

    blocks: npt.NDArray[np.int64]
    replicates: int = REPLICATES
    seed: int = SEED

    def __post_init__(self) -> None:
        if not len(self.blocks):
            raise ValueError("a bootstrap needs at least one row; found none")

    @cached_property
    def size(self) -> int:
        """How many blocks there are."""
        return int(self.blocks.max()) + 1

    @cached_property
    def multiplicities(self) -> Floats:
        """How often each block was drawn; shape (replicates, blocks)."""
        draws = np.random.default_rng(self.seed)
        shares = np.full(self.size, 1 / self.size)
        return draws.multinomial(self.size, shares, self.replicates).astype(np.float64)

    def sums(self, values: npt.ArrayLike) -> Floats:
        """The sum of a column over each block; shape (blocks,)."""
        column = np.broadcast_to(np.asarray(values, np.float64), self.blocks.shape)
        return np.bincount(self.blocks, column, self.size).astype(np.float64)

    def ratios(self, above: npt.ArrayLike, below: npt.ArrayLike = 1.0) -> tuple[float, Floats]:
        """Σ above / Σ below on the rows and on each replicate (NaN where nothing is below)."""
        parts, wholes = self.sums(above), self.sums(below)
        drawn = self.multiplicities @ wholes
        with np.errstate(invalid="ignore", divide="ignore"):
            replicates = np.where(drawn > 0, self.multiplicities @ parts / drawn, np.nan)
        return float(parts.sum() / wholes.sum()), replicates

    def mean(self, values: npt.ArrayLike, weights: npt.ArrayLike = 1.0) -> Interval:
        """The (weighted) mean over rows."""
        counted = np.asarray(weights, np.float64)
        return interval(*self.ratios(np.asarray(values, np.float64) * counted, counted))

    def perplexity(self, log_likelihoods: Floats, weights: npt.ArrayLike = 1.0) -> Interval:
        """Perplexity of nats, each row counted by its weight (see `metrics.perplexity`)."""
        counted = np.asarray(weights, np.float64)
        value, replicates = self.ratios(-log_likelihoods * counted, counted)
        return interval(float(np.exp(value)), np.exp(replicates))

    def auc(self, scores: Floats, happened: Mask) -> Interval | None:
        """The chance that a row where it happened scores above one where it did not.

        Ties count half. None unless there are rows of both kinds. Each replicate weighs the pairs
        of blocks, so its value is the one that resampled rows would give.
        """
        if happened.all() or not happened.any():
            return None
        won = self._pairs_won(scores, happened)
        drawn, yes, no = self.multiplicities, self.sums(happened), self.sums(~happened)
        pairs = (drawn @ yes) * (drawn @ no)
        with np.errstate(invalid="ignore", divide="ignore"):
            replicates = np.einsum("rb,bc,rc->r", drawn, won, drawn, optimize=True) / pairs
        replicates = np.where(pairs > 0, replicates, np.nan)
        return interval(auc(scores, happened), replicates)

    def correlation(self, a: Floats, b: Floats) -> Interval | None:
        """Pearson's correlation over rows; None where a column does not vary."""
        if np.ptp(a) == 0 or np.ptp(b) == 0:
            return None
        a, b = a - a.mean(), b - b.mean()  # far from 0, the sums of squares would lose digits
        parts = np.stack([self.sums(c) for c in (np.ones_like(a), a, b, a * a, b * b, a * b)])
        drawn = parts @ self.multiplicities.T  # (6, replicates)
        return interval(float(_correlations(parts.sum(axis=1))), _correlations(drawn))

    def _pairs_won(self, scores: Floats, happened: Mask) -> Floats:
        """[b, c]: pairs won by rows of block b where it happened against c's where it did not."""
        above, blocks = scores[happened], self.blocks[happened]
        won = np.zeros((self.size, self.size))
        for block in range(self.size):
            below = np.sort(scores[~happened & (self.blocks == block)])
            lower = np.searchsorted(below, above, "left")
            not_higher = np.searchsorted(below, above, "right")
            won[:, block] = np.bincount(blocks, (lower + not_higher) / 2, self.size)
        return won


@dataclass(frozen=True, slots=True)
class Difference:
    """A's perplexity relative to B's, 100·(A/B − 1), with the share of replicates below zero."""

    perplexity_a: float
    perplexity_b: float
    percent: Interval
    share_below: float


def compare(
    nats_a: Floats,
    nats_b: Floats,
    bootstrap: BlockBootstrap,
    chosen: Mask | None = None,
) -> Difference:
    """Two models on identical rows, over blocks and, with several seeds, over seeds as well.

    Each replicate draws blocks once for both models, and seeds with replacement for each model.
    A model's nats are the mean over its seeds. With S seeds the spread between them is understated
    by a factor √((S − 1)/S), as any bootstrap of S draws does.

    Args:
        nats_a: log-likelihoods by seed and row, shape (seeds, rows).
        nats_b: the same rows in the same order, shape (seeds, rows).
        bootstrap: over the blocks of the rows.
        chosen: the rows to count, all if None; shape (rows,).
    """
    counted = np.ones(len(bootstrap.blocks)) if chosen is None else chosen.astype(np.float64)
    sums = [_sums(nats, counted, bootstrap) for nats in (nats_a, nats_b)]
    rows = bootstrap.sums(counted)
    drawn = bootstrap.multiplicities @ rows
    seeds = np.random.default_rng((bootstrap.seed, 1))
    nats = [_seed_means(part, bootstrap, seeds) for part in sums]
    with np.errstate(invalid="ignore", divide="ignore"):
        logs = np.where(drawn > 0, (nats[1] - nats[0]) / drawn, np.nan)
    a, b = (float(np.exp(-part.mean(axis=0).sum() / rows.sum())) for part in sums)
    return Difference(a, b, interval(100 * (a / b - 1), 100 * np.expm1(logs)), _share_below(logs))


def interval(value: float, replicates: Floats) -> Interval:
    """The value with the percentiles of its replicates; NaN replicates are left out."""
    low, high = np.nanpercentile(replicates, _ENDS)
    return Interval(value, float(low), float(high))


def _correlations(sums: Floats) -> Floats:
    """Correlations from Σ1, Σa, Σb, Σa², Σb², Σab; shape (6, …) to (…); NaN without variation."""
    n, a, b, aa, bb, ab = sums
    spread = (n * aa - a * a) * (n * bb - b * b)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(spread > 0, (n * ab - a * b) / np.sqrt(spread), np.nan)
    return found


def _sums(nats: Floats, counted: Floats, bootstrap: BlockBootstrap) -> Floats:
    """Nats by seed and block; shape (seeds, blocks)."""
    return np.stack([bootstrap.sums(row * counted) for row in np.atleast_2d(nats)])


def _seed_means(sums: Floats, bootstrap: BlockBootstrap, draws: np.random.Generator) -> Floats:
    """Total nats of each replicate, seeds drawn with replacement; shape (replicates,)."""
    seeds = len(sums)
    shares = draws.multinomial(seeds, np.full(seeds, 1 / seeds), bootstrap.replicates) / seeds
    totals: Floats = ((shares @ sums) * bootstrap.multiplicities).sum(axis=1)
    return totals


def _share_below(logs: Floats) -> float:
    return float(np.mean(logs[~np.isnan(logs)] < 0))
