"""How evenly items are spread over categories, and how many occupations they reach.

Every measure takes counts in its last axis, so that thousands of resamples are measured at once.
Of n categories with counts x and shares p = x / Σx:

- normalised entropy: −Σ p ln p / ln n; 1 if all are alike, 0 if one has everything
- effective number of categories: exp(−Σ p ln p), the Hill number of order 1 (Hill 1973)
- Gini: Σ (2i − n − 1) x₍ᵢ₎ / (n Σx) over ascending x₍ᵢ₎; 0 if all are alike, at most 1 − 1/n
- Kullback–Leibler divergence from a reference q, in nats: Σ p ln(p / q); 0 if p = q
- rarefaction: the different occupations to expect in m items drawn without replacement
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
import numpy.typing as npt
from scipy.special import gammaln, xlogy

Floats = npt.NDArray[np.float64]
_NORMAL_975 = 1.959963984540054


def effective_categories(counts: npt.ArrayLike) -> Floats:
    """exp(H): as many categories of equal size would be as diverse.

    >>> float(effective_categories([5, 5, 0, 0]))
    2.0
    """
    return np.asarray(np.exp(_entropy(counts)), np.float64)


def normalised_entropy(counts: npt.ArrayLike) -> Floats:
    """H / ln n, where n counts the empty categories too.

    >>> float(normalised_entropy([5, 5, 0, 0]))
    0.5
    """
    return np.asarray(_entropy(counts) / np.log(np.shape(counts)[-1]), np.float64)


def gini(counts: npt.ArrayLike) -> Floats:
    """The Gini coefficient of the counts, the empty categories included.

    >>> float(gini([1, 0, 0, 0])), float(gini([1, 1, 1, 1]))
    (0.75, 0.0)
    """
    ascending = np.sort(np.asarray(counts, np.float64), axis=-1)
    n = ascending.shape[-1]
    weights = 2 * np.arange(1, n + 1) - n - 1
    return np.asarray(ascending @ weights / (n * ascending.sum(axis=-1)), np.float64)


def divergence(counts: npt.ArrayLike, reference: npt.ArrayLike) -> Floats:
    """KL(p ‖ q) in nats; infinite where there are items in a category that q has nothing of."""
    p, q = _shares(counts), _shares(reference)
    with np.errstate(divide="ignore"):
        terms = xlogy(p, p) - xlogy(p, q)
    return np.asarray(terms.sum(axis=-1), np.float64)


@dataclass(frozen=True, slots=True)
class Rarefied:
    """Different occupations to expect among `at` items, with a 95% interval."""

    at: int
    expected: float
    low: float
    high: float


def rarefy(counts: npt.ArrayLike, items: int, at: int) -> Rarefied:
    """Occupations to expect in `at` of the `items`, drawn without replacement.

    E = Σ 1 − C(N − xₖ, m) / C(N, m) over the occupations' counts xₖ (Hurlbert 1971). Items of no
    occupation are drawn too and add nothing. The variance is that of another dataset of this size
    from the same source: Σ (1 − αₖ)² − E² / S, where αₖ is that ratio and S Chao's estimate of
    all occupations the source has (Colwell et al. 2012, eq. 5).

    Raises:
        ValueError: if more are to be drawn than there are.
    """
    if not 0 <= at <= items:
        raise ValueError(f"{at:,} items cannot be drawn from {items:,}; expected at most as many")
    seen = np.asarray(counts, np.float64)
    seen = seen[seen > 0]
    if not len(seen) or not at:
        return Rarefied(at, 0.0, 0.0, 0.0)
    met = 1 - _never_drawn(seen, items, at)
    expected = float(met.sum())
    once, twice = int((seen == 1).sum()), int((seen == 2).sum())
    chao = len(seen) + once * (once - 1) / (2 * (twice + 1))
    error = sqrt(max(0.0, float((met**2).sum()) - expected**2 / chao))
    low, high = expected - _NORMAL_975 * error, expected + _NORMAL_975 * error
    return Rarefied(at, expected, max(0.0, low), min(float(at), high))


def _never_drawn(seen: Floats, items: int, at: int) -> Floats:
    """C(N − x, m) / C(N, m): the chance that none of x items is among m drawn."""
    left = items - seen
    possible = left >= at
    rest = np.where(possible, left, at)
    logs = gammaln(rest + 1) - gammaln(rest - at + 1) - gammaln(items + 1)
    return np.where(possible, np.exp(logs + gammaln(items - at + 1)), 0.0)


def _entropy(counts: npt.ArrayLike) -> Floats:
    p = _shares(counts)
    return np.asarray(-xlogy(p, p).sum(axis=-1), np.float64)


def _shares(counts: npt.ArrayLike) -> Floats:
    x = np.asarray(counts, np.float64)
    total = x.sum(axis=-1, keepdims=True)
    return np.asarray(np.divide(x, total, out=np.full_like(x, np.nan), where=total > 0), np.float64)
