"""Whether a model gives away who it was trained on: loss gap and verbatim careers.

Two checks that need nothing but predictions. First, an attacker who guesses that workers with a
low loss were in training (Yeom et al. 2018, Privacy Risk in Machine Learning): the AUC of that
guess. Second, an audit of memorised careers (after Carlini et al. 2021): shown the first records
of a worker, does the model's likeliest continuation reproduce the next ones exactly? Predictable
careers are reproduced without having been seen, so test workers are the measure of what is not
memory.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.reports import Interval
from occu_core.evaluation.scores import ScoreTable
from occu_core.models.base import OccupationModel

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class LossGap:
    """Mean nats per person-year of training and test workers, and how well they tell them apart.

    `attack_auc` is the chance that a training worker has a lower loss than a test worker.
    """

    train_workers: int
    test_workers: int
    nats_train: Interval
    nats_test: Interval
    attack_auc: Interval


@dataclass(frozen=True, slots=True)
class VerbatimAudit:
    """Shares of workers whose next `continued` records the model reproduced from `history`.

    The `changing` shares are among workers whose true continuation changes state at least once:
    repeating the last state reproduces nobody there. None without such a worker.
    """

    history: int
    continued: int
    train: Interval
    test: Interval
    changing_train: Interval | None
    changing_test: Interval | None


def loss_gap(train: ScoreTable, test: ScoreTable, seed: int = SEED) -> LossGap:
    """Compare training with test workers by their own mean loss; every worker counts once."""
    nats_train, blocks_train = _worker_losses(train)
    nats_test, blocks_test = _worker_losses(test)
    member = np.arange(len(nats_train) + len(nats_test)) < len(nats_train)
    # Splits go by whole blocks, so no block is on both sides.
    blocks = np.concatenate([blocks_train, blocks_test + blocks_train.max() + 1])
    attack = BlockBootstrap(blocks, seed=seed).auc(-np.concatenate([nats_train, nats_test]), member)
    if attack is None:
        raise ValueError("a loss gap needs training and test workers; found one kind only")
    return LossGap(
        len(nats_train),
        len(nats_test),
        BlockBootstrap(blocks_train, seed=seed).mean(nats_train),
        BlockBootstrap(blocks_test, seed=seed).mean(nats_test),
        attack,
    )


def verbatim_audit(
    model: OccupationModel,
    train: Sequence[CareerHistory],
    test: Sequence[CareerHistory],
    *,
    history: int = 3,
    continued: int = 5,
    on_progress: Callable[[int, int], None] | None = None,
) -> VerbatimAudit:
    """Continue each worker's first records greedily, in the worker's own years and education.

    Careers must have at least `history` + `continued` records (see `long_enough`). One prediction
    for each continued record, and none after the first that differs.

    Raises:
        ValueError: if one side has no worker.
    """
    if not train or not test:
        raise ValueError(
            f"an audit needs training and test workers with {history + continued} records;"
            f" found {len(train)} and {len(test)}"
        )
    careers = [*train, *test]
    reproduced = np.zeros(len(careers), np.bool_)
    for done, career in enumerate(careers, start=1):
        reproduced[done - 1] = is_reproduced(model, career, history, continued)
        if on_progress:
            on_progress(done, len(careers))
    changing = np.array([_changes(career, history, continued) for career in careers])
    member = np.arange(len(careers)) < len(train)
    return VerbatimAudit(
        history,
        continued,
        _share(reproduced[member]),
        _share(reproduced[~member]),
        _share(reproduced[member & changing]) if (member & changing).any() else None,
        _share(reproduced[~member & changing]) if (~member & changing).any() else None,
    )


def long_enough(careers: Sequence[CareerHistory], records: int) -> list[CareerHistory]:
    """The careers with at least so many records."""
    return [career for career in careers if len(career.records) >= records]


def is_reproduced(
    model: OccupationModel, career: CareerHistory, history: int, continued: int
) -> bool:
    """Whether the likeliest state, given what was predicted before, is the true one each time."""
    for k in range(history, history + continued):
        record = career.records[k]
        # Every earlier prediction was right, so the true past is the model's own.
        past = replace(career, records=career.records[:k])
        likeliest, _ = model.predict(Query(past, record.year, record.education)).top(1)[0]
        if likeliest != record.occupation:
            return False
    return True


def _changes(career: CareerHistory, history: int, continued: int) -> bool:
    seen: tuple[JobRecord, ...] = career.records[history - 1 : history + continued]
    return len({record.occupation.code for record in seen}) > 1


def _worker_losses(scores: ScoreTable) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Mean nats per person-year of each worker, and the worker's block; both (workers,)."""
    workers = scores.workers
    losses = -np.bincount(workers, scores.log_p_raw) / np.bincount(workers)
    losses = losses.round(9)  # equal careers tie, in whatever order their nats were added
    _, at = np.unique(workers, return_index=True)
    return losses, scores.blocks[at]


def _share(happened: Mask) -> Interval:
    """A share of independent workers with its 95% Wilson interval (Wilson 1927).

    Reproduced careers can be so few that every bootstrap replicate has none.
    """
    n, p, z = len(happened), float(happened.mean()), 1.959964
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return Interval(p, max(0.0, float(centre - half)), min(1.0, float(centre + half)))
