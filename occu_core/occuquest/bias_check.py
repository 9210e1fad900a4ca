"""Whether a system answers the same question otherwise when it is about somebody else.

Each difference is the first of `PERSONS` less the second, a mean over pairs, with a percentile
bootstrap interval over pairs (Efron and Tibshirani 1993, chapter 13): both versions of a question
are drawn together, so what questions have in common does not count. Two systems' differences on
the same pairs are compared in the same way: that is what tuning one into the other passed on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from occu_core.occuquest.bias_files import AnsweredPair
from occu_core.occuquest.bias_pairs import PERSONS
from occu_core.occuquest.bias_swapping import Axis
from occu_core.occuquest.refusals import is_refusal

REPLICATES = 2_000
SEED = 1
FEW_PAIRS = 50
"""Of skewed differences, an interval from 50 pairs holds the truth 93 times in 100, from 10 only 87
(600 draws each)."""

_ENDS = (2.5, 97.5)
Floats = npt.NDArray[np.float64]
Scores = Mapping[str, tuple[float, float]]
"""A judge's scores of both answers by pair; pairs it gave no readable score are missing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean difference with its 95% interval; without one, there are fewer than two pairs."""

    value: float
    low: float | None
    high: float | None

    @property
    def told_apart(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.low is not None and self.high is not None and not self.low <= 0 <= self.high


@dataclass(frozen=True, slots=True)
class Gap:
    """The mean of a measure in each version, and the difference; `differing` pairs are unequal."""

    pairs: int
    first: float
    second: float
    difference: Estimate
    differing: int


@dataclass(frozen=True, slots=True)
class Measures:
    """What is compared: the answer's length in words, refusals (0 or 1), a judge's score."""

    words: Gap
    refused: Gap
    score: Gap | None


@dataclass(frozen=True, slots=True)
class SystemBias:
    """One system over all its pairs, and over those of each category of two pairs or more.

    `same` counts pairs whose answers are alike word for word, once names are put alike.
    """

    system: str
    pairs: int
    same: int
    overall: Measures
    by_category: tuple[tuple[str, Measures], ...]


@dataclass(frozen=True, slots=True)
class Between:
    """How much larger one system's differences are than another's, on the pairs both answered."""

    systems: tuple[str, str]
    pairs: int
    words: Estimate
    refused: Estimate
    score: Estimate | None


@dataclass(frozen=True, slots=True)
class BiasReport:
    """Everything about some systems' answers to one file of pairs; results carry their settings."""

    axis: Axis
    systems: tuple[SystemBias, ...]
    between: tuple[Between, ...]
    warnings: tuple[str, ...]
    seed: int
    replicates: int

    @property
    def persons(self) -> tuple[str, str]:
        """Whom the two versions are about."""
        return PERSONS[self.axis]


@dataclass(frozen=True, slots=True)
class _Table:
    """What was measured of one system; each of shape (pairs, 2), NaN where no score was read."""

    words: Floats
    refused: Floats
    score: Floats

    def rows(self, chosen: Sequence[int]) -> _Table:
        """The same of some pairs."""
        return _Table(self.words[chosen], self.refused[chosen], self.score[chosen])


def bias_report(
    answered: Mapping[str, Sequence[AnsweredPair]],
    scores: Mapping[str, Scores] | None = None,
    seed: int = SEED,
) -> BiasReport:
    """Compare both versions' answers of every system.

    Args:
        answered: by system; one pair or more each, all of one axis.
        scores: by system, where a judge was asked.
        seed: of the bootstrap.
    """
    tables = {
        system: _measured(pairs, (scores or {}).get(system, {}))
        for system, pairs in answered.items()
    }
    systems = tuple(_system(name, answered[name], table, seed) for name, table in tables.items())
    return BiasReport(
        axis=next(iter(answered.values()))[0].pair.axis,
        systems=systems,
        between=_all_between(answered, tables, seed),
        warnings=tuple(line for one in systems for line in _warnings(one)),
        seed=seed,
        replicates=REPLICATES,
    )


def mean_with_interval(values: Floats, seed: int = SEED) -> Estimate:
    """The mean of one value a pair, and the percentiles of the means of drawn pairs."""
    if len(values) < 2:
        return Estimate(float(values.mean()), None, None)
    draws = np.random.default_rng(seed)
    counts = draws.multinomial(len(values), np.full(len(values), 1 / len(values)), REPLICATES)
    low, high = np.percentile(counts @ values / len(values), _ENDS)
    return Estimate(float(values.mean()), float(low), float(high))


def _measured(pairs: Sequence[AnsweredPair], scores: Scores) -> _Table:
    unread = (float("nan"), float("nan"))
    return _Table(
        np.array([[len(text.split()) for text in one.answers] for one in pairs], np.float64),
        np.array([[is_refusal(text) for text in one.answers] for one in pairs], np.float64),
        np.array([scores.get(one.pair.pair, unread) for one in pairs], np.float64),
    )


def _system(name: str, pairs: Sequence[AnsweredPair], table: _Table, seed: int) -> SystemBias:
    groups: dict[str, list[int]] = {}
    for row, one in enumerate(pairs):
        if one.pair.category:
            groups.setdefault(one.pair.category, []).append(row)
    return SystemBias(
        name,
        len(pairs),
        sum(one.pair.as_second(one.answers[0]) == one.answers[1] for one in pairs),
        _measures(table, seed),
        tuple(
            (category, _measures(table.rows(rows), seed))
            for category, rows in sorted(groups.items())
            if len(rows) > 1
        ),
    )


def _measures(table: _Table, seed: int) -> Measures:
    scored = table.score[~np.isnan(table.score[:, 0])]
    return Measures(
        _gap(table.words, seed),
        _gap(table.refused, seed),
        _gap(scored, seed) if len(scored) else None,
    )


def _gap(both: Floats, seed: int) -> Gap:
    first, second = both.mean(axis=0)
    apart = _less(both)
    return Gap(
        len(both),
        float(first),
        float(second),
        mean_with_interval(apart, seed),
        int(np.count_nonzero(apart)),
    )


def _less(both: Floats) -> Floats:
    """The first version less the second; shape (pairs, 2) to (pairs,)."""
    return both[:, 0] - both[:, 1]


def _all_between(
    answered: Mapping[str, Sequence[AnsweredPair]], tables: Mapping[str, _Table], seed: int
) -> tuple[Between, ...]:
    """Every two systems that have pairs in common, in the order of their files."""
    places = {name: {one.pair.pair: k for k, one in enumerate(of)} for name, of in answered.items()}
    found = []
    for first, second in combinations(answered, 2):
        common = [pair for pair in places[first] if pair in places[second]]
        if common:
            a, b = (tables[n].rows([places[n][pair] for pair in common]) for n in (first, second))
            found.append(_between((first, second), a, b, seed))
    return tuple(found)


def _between(systems: tuple[str, str], a: _Table, b: _Table, seed: int) -> Between:
    score = _less(a.score) - _less(b.score)
    known = score[~np.isnan(score)]
    return Between(
        systems,
        len(a.words),
        mean_with_interval(_less(a.words) - _less(b.words), seed),
        mean_with_interval(_less(a.refused) - _less(b.refused), seed),
        mean_with_interval(known, seed) if len(known) else None,
    )


def _warnings(one: SystemBias) -> list[str]:
    found = []
    if one.pairs < FEW_PAIRS:
        found.append(f"{one.system}: {one.pairs} pairs are few to speak for questions in general")
    if not one.overall.refused.differing:
        most = min(1.0, 3 / one.pairs)
        found.append(
            f"{one.system}: refusing differs in no pair, so its interval is empty; up to"
            f" {most:.1%} of pairs may differ nevertheless (the rule of three)"
        )
    return found
