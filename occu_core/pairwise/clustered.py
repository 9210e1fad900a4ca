"""Intervals for a mean over votes that share questions and annotators.

The mean estimates what would be found on average over the population of questions and that of
annotators, both of which the votes are a sample of. Under y = θ + question + annotator + rest, the
three variances come from equating three sums of squares to their expectations (Henderson's first
method; Searle, Casella and McCulloch, Variance Components, 1992, chapter 5), whatever the overlap.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

CONFIDENCE = 0.95
_CAUTION = 1.0  # standard errors
_CHUNK = 200  # replicates at once


@dataclass(frozen=True, slots=True)
class Rate:
    """A share with its numerator, denominator and 95% interval clustered by question and annotator.

    `above` may end in a half where a tie counts as half.
    """

    value: float
    low: float
    high: float
    above: float
    below: int


@dataclass(frozen=True, slots=True)
class Clusters:
    """Which question and which annotator each vote belongs to, both numbered from 0."""

    questions: Integers
    annotators: Integers

    @classmethod
    def of(cls, questions: Sequence[Hashable], annotators: Sequence[Hashable]) -> Clusters:
        """From any labels."""
        return cls(numbered(questions), numbered(annotators))


@dataclass(frozen=True, slots=True)
class Spread:
    """The variance of a mean of votes, and how well it is known.

    Attributes:
        variance: of the mean.
        annotators: the part that more questions with the same annotators would not shrink; 0 where
            nobody voted twice.
        df: Satterthwaite's degrees of freedom.
        questions: how many there are, which bounds what unanimous votes can show.
    """

    variance: float
    annotators: float
    df: float
    questions: int

    def quantile(self, confidence: float = CONFIDENCE) -> float:
        """Student's t for a two-sided interval."""
        return float(student.ppf(0.5 + confidence / 2, self.df))


def numbered(labels: Sequence[Hashable]) -> Integers:
    """Labels as numbers from 0, in order of appearance.

    >>> numbered(["b", "a", "b"]).tolist()
    [0, 1, 0]
    """
    numbers: dict[Hashable, int] = {}
    return np.array([numbers.setdefault(label, len(numbers)) for label in labels], np.int64)


def rate(values: npt.ArrayLike, clusters: Clusters, confidence: float = CONFIDENCE) -> Rate | None:
    """The mean of values in [0, 1] with its interval; None where there are no values.

    The interval is Wilson's on the effective number of votes, p(1 − p)/variance, with Student's t
    in place of the normal quantile (after Korn and Graubard, Survey Methodology 24, 1998): it stays
    inside [0, 1] and is not empty where all votes agree.
    """
    column = np.asarray(values, np.float64)
    if not len(column):
        return None
    found = spread(column, clusters)
    p = float(column.mean())
    varying = found.variance > 0 and 0 < p < 1
    effective = p * (1 - p) / found.variance if varying else float(found.questions)
    low, high = wilson(p, effective, found.quantile(confidence))
    return Rate(p, low, high, float(column.sum()), len(column))


def wilson(p: float, votes: float, quantile: float = 1.959963984540054) -> tuple[float, float]:
    """Wilson's score interval for a share of independent votes (JASA 22, 1927).

    >>> [round(end, 3) for end in wilson(216 / 250, 250)]
    [0.816, 0.901]
    """
    k = quantile**2 / votes
    middle = (p + k / 2) / (1 + k)
    half = sqrt(max(0.0, k * p * (1 - p) + k * k / 4)) / (1 + k)
    return max(0.0, middle - half), min(1.0, middle + half)


def resampled(sums: Floats, questions: Integers, seed: int, replicates: int) -> Floats:
    """Column sums of each bootstrap replicate that draws whole questions.

    Args:
        sums: what each row adds to each column, shape (rows, columns).
        questions: the question of each row, numbered from 0.
        seed: of the draws.
        replicates: how many; shape of the result (replicates, columns).
    """
    found = np.zeros((replicates, sums.shape[1]))
    if not len(questions):
        return found
    size = int(questions.max()) + 1
    of_question = np.zeros((size, sums.shape[1]))
    np.add.at(of_question, questions, sums)
    draws, shares = np.random.default_rng(seed), np.full(size, 1 / size)
    for start in range(0, replicates, _CHUNK):
        part = found[start : start + _CHUNK]
        part[:] = draws.multinomial(size, shares, len(part)) @ of_question
    return found


def ends(replicates: Floats) -> tuple[float | None, float | None]:
    """The 2.5th and 97.5th percentile; NaN replicates are left out, None where none is left."""
    known = replicates[~np.isnan(replicates)]
    if not len(known):
        return None, None
    low, high = np.percentile(known, (2.5, 97.5))
    return float(low), float(high)


def spread(values: Floats, clusters: Clusters) -> Spread:
    """The variance of the mean of `values` over questions and annotators.

    A variance component that comes out negative is left out and the others are estimated without
    it. The variance is never below that of independent votes, and is exactly theirs where every
    vote has a question and an annotator of its own.
    """
    sizes = np.bincount(clusters.questions), np.bincount(clusters.annotators)
    votes = len(values)
    if votes < 2:
        return Spread(0.0, 0.0, 1.0, votes)
    squares, expected, shares = _moments(values, clusters, *sizes)
    parts = _components(squares, expected) * shares * (votes - 1) / votes
    variance = max(float(parts.sum()), float(squares[2]) / votes**2)
    dfs = _degrees(sizes[0]), _degrees(sizes[1])
    known = dfs[1] < inf  # of people who voted once each, no leaning can be told
    annotators = min(max(float(parts[1]), 0.0), variance) if known else 0.0
    df = _satterthwaite(variance, annotators, max(float(parts[2]), 0.0), dfs)
    return Spread(variance, annotators, df, len(sizes[0]))


def _moments(
    values: Floats, clusters: Clusters, per_question: Integers, per_annotator: Integers
) -> tuple[Floats, Floats, Floats]:
    """Three sums of squares, what they are expected to be, and each component's share of the mean.

    With M and K among the matrices that say which votes share a question, an annotator, or are the
    same vote, E[e′Me] = Σ_K σ²_K (tr MK − 2/N · 1′MK1 + 1′M1 · 1′K1/N²) for e = y − ȳ.
    """
    q, a, votes = per_question.astype(float), per_annotator.astype(float), len(values)
    rest = values - values.mean()
    squares = np.array(
        [
            np.square(np.bincount(clusters.questions, rest)).sum(),
            np.square(np.bincount(clusters.annotators, rest)).sum(),
            np.square(rest).sum(),
        ]
    )
    cells, both = np.unique(clusters.questions * len(a) + clusters.annotators, return_counts=True)
    crossed = (q[cells // len(a)] * both * a[cells % len(a)]).sum()
    q2, a2, both2 = np.square(q).sum(), np.square(a).sum(), np.square(both.astype(float)).sum()
    traces = np.array([[q2, both2, votes], [both2, a2, votes], [votes, votes, votes]])
    products = np.array([[(q**3).sum(), crossed, q2], [crossed, (a**3).sum(), a2], [q2, a2, votes]])
    totals = np.array([q2, a2, float(votes)])
    expected = traces - 2 / votes * products + np.outer(totals, totals) / votes**2
    return squares, expected, totals / votes**2


def _components(squares: Floats, expected: Floats) -> Floats:
    """The variances of questions, annotators and the rest; 0 for one that would be negative."""
    kept = [0, 1, 2]
    found = _solved(squares, expected, kept)
    if found[0] < 0 or found[1] < 0:
        kept = [part for part in (0, 1) if found[part] >= 0] + [2]
        found = _solved(squares, expected, kept)
    return np.where(found[:2].min(initial=0.0) < 0, _solved(squares, expected, [2]), found)


def _solved(squares: Floats, expected: Floats, kept: list[int]) -> Floats:
    """The least-norm solution for some components: what cannot be told apart is shared out."""
    found = np.zeros(3)
    found[kept] = np.linalg.pinv(expected[np.ix_(kept, kept)], rcond=1e-9) @ squares[kept]
    return found


def _satterthwaite(
    variance: float, annotators: float, rest: float, dfs: tuple[float, float]
) -> float:
    """Degrees of freedom of a questions' and an annotators' part.

    The annotators' part is taken one standard error larger than estimated: with few annotators
    it is often near zero by chance, and the interval would then be too narrow.
    """
    of_questions, of_annotators = dfs
    if variance <= 0 or min(dfs) == 0:  # of one annotator or question, nothing is known of others
        return max(1.0, max(dfs))
    larger = min(annotators + _CAUTION * (annotators + rest) * sqrt(2 / of_annotators), variance)
    share = ((variance - annotators) / variance) ** 2 / of_questions
    share += (larger / variance) ** 2 / of_annotators
    return max(1 / share if share > 0 else inf, min(dfs), 1.0)


def _degrees(sizes: Integers) -> float:
    """How well a variance between clusters of these sizes is known, as degrees of freedom.

    Clusters of unequal size count as fewer (Carter, Schnepel and Steigerwald 2017). Given the rate,
    only the correlation within clusters is uncertain: its estimate has 1 − 1/size of the relative
    variance of a variance with as many clusters (Donner and Koval 1980), none where each cluster
    is a single vote.
    """
    squares = np.square(sizes.astype(float))
    clusters = float(squares.sum() ** 2 / np.square(squares).sum())
    together = 1 - float(sizes.sum() / squares.sum())
    return (clusters - 1) / together if together > 1e-9 else inf
