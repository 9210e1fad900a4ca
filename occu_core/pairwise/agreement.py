"""How far annotators agree on the same items, beyond what chance would give.

Verdicts are compared by system, not by side, in four kinds: first, second, tie, both bad.
Krippendorff's α for nominal data (Content Analysis, 2004, chapter 11) allows any number of votes an
item; its interval, and that of raw agreement, resamples whole questions.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import numpy.typing as npt

from occu_core.pairwise.clustered import ends, numbered, resampled
from occu_core.pairwise.votes import Outcome, Vote, by_item

REPLICATES = 2_000
SEED = 1
FEWEST_SHARED = 10
"""Items two annotators must share before their κ is shown."""

Floats = npt.NDArray[np.float64]
_KINDS = tuple(Outcome)


@dataclass(frozen=True, slots=True)
class Kappa:
    """Cohen's κ between two annotators; None where both always chose the same one kind."""

    annotators: tuple[str, str]
    items: int
    raw: float
    kappa: float | None


@dataclass(frozen=True, slots=True)
class Agreement:
    """Agreement over the items that two or more people voted on.

    Attributes:
        overlap: how many such items.
        pairs: of votes on the same item, `agreeing` of which chose the same.
        raw: agreeing over all pairs; with its interval.
        decided_pairs: pairs in which both preferred one side.
        raw_decided: agreeing over those.
        alpha: Krippendorff's, nominal; None where all votes are of one kind.
        fleiss: κ over items with the commonest number of votes; None without two kinds of vote.
        kappas: Cohen's, for pairs of annotators with ten or more items in common.
    """

    overlap: int
    pairs: int
    agreeing: int
    raw: float | None
    raw_low: float | None
    raw_high: float | None
    decided_pairs: int
    decided_agreeing: int
    raw_decided: float | None
    alpha: float | None
    low: float | None
    high: float | None
    fleiss: float | None
    kappas: tuple[Kappa, ...]


def agreement(
    votes: Sequence[Vote], *, seed: int = SEED, replicates: int = REPLICATES
) -> Agreement:
    """Every measure at once, over votes of which an annotator has one an item."""
    items = [item for item in by_item(votes).values() if len(item) > 1]
    table = counts([[vote.outcome for vote in item] for item in items])
    agreeing, pairs = _pairs(table)
    decided, decided_pairs = _pairs(table[:, :2])
    drawn = resampled(
        np.column_stack([_sums(table), agreeing, pairs]),
        numbered([item[0].cluster for item in items]),
        seed,
        replicates,
    )
    low, high = ends(_alphas(drawn[:, :5]))
    with np.errstate(invalid="ignore", divide="ignore"):
        raw_low, raw_high = ends(drawn[:, 5] / drawn[:, 6])
    return Agreement(
        overlap=len(items),
        pairs=int(pairs.sum()),
        agreeing=int(agreeing.sum()),
        raw=_share(agreeing, pairs),
        raw_low=raw_low,
        raw_high=raw_high,
        decided_pairs=int(decided_pairs.sum()),
        decided_agreeing=int(decided.sum()),
        raw_decided=_share(decided, decided_pairs),
        alpha=alpha(table),
        low=low,
        high=high,
        fleiss=fleiss(table),
        kappas=_kappas(items),
    )


def counts(items: Sequence[Sequence[Outcome]]) -> Floats:
    """How many votes of each kind an item has, shape (items, 4)."""
    table = np.zeros((len(items), len(_KINDS)))
    for row, item in zip(table, items, strict=True):
        for outcome in item:
            row[_KINDS.index(outcome)] += 1
    return table


def alpha(table: Floats) -> float | None:
    """Krippendorff's nominal α of counts by item and kind; None where nothing varies.

    One minus observed over expected disagreement, each vote paired with the others on its item.
    """
    found = float(_alphas(_sums(table).sum(axis=0)))
    return None if np.isnan(found) else found


def fleiss(table: Floats) -> float | None:
    """Fleiss's κ over the items that have the commonest number of votes."""
    from statsmodels.stats.inter_rater import fleiss_kappa

    if not len(table):
        return None
    totals = table.sum(axis=1)
    commonest = Counter(totals.tolist()).most_common(1)[0][0]
    chosen = table[totals == commonest]
    if (chosen.sum(axis=0) > 0).sum() < 2:
        return None
    return float(fleiss_kappa(chosen))


def _kappas(items: Sequence[Sequence[Vote]]) -> tuple[Kappa, ...]:
    """Cohen's κ for each pair of annotators with enough items in common."""
    from sklearn.metrics import cohen_kappa_score

    shared: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for item in items:
        for one, other in combinations(sorted(item, key=lambda vote: vote.annotator), 2):
            both = shared.setdefault((one.annotator, other.annotator), [])
            both.append((one.outcome.value, other.outcome.value))
    found = []
    for people, both in sorted(shared.items()):
        if len(both) >= FEWEST_SHARED:
            one_side, other_side = zip(*both, strict=True)
            varied = len({*one_side, *other_side}) > 1
            kappa = float(cohen_kappa_score(one_side, other_side)) if varied else None
            raw = float(np.mean([a == b for a, b in both]))
            found.append(Kappa(people, len(both), raw, kappa))
    return tuple(found)


def _pairs(table: Floats) -> tuple[Floats, Floats]:
    """Agreeing pairs of votes and all pairs, by item."""
    totals = table.sum(axis=1)
    return (table * (table - 1)).sum(axis=1) / 2, totals * (totals - 1) / 2


def _sums(table: Floats) -> Floats:
    """What α adds up over items: disagreement, then votes of each kind; shape (items, 5)."""
    totals = table.sum(axis=1, keepdims=True)
    apart = totals[:, 0] ** 2 - np.square(table).sum(axis=1)
    weighed = np.divide(apart, totals[:, 0] - 1, out=np.zeros(len(table)), where=totals[:, 0] > 1)
    return np.column_stack([weighed, np.where(totals > 1, table, 0.0)])


def _alphas(sums: Floats) -> Floats:
    """α from its sums, shape (…, 5) to (…); NaN where nothing varies."""
    kinds = sums[..., 1:]
    votes = kinds.sum(axis=-1)
    expected = votes**2 - np.square(kinds).sum(axis=-1)
    with np.errstate(invalid="ignore", divide="ignore"):
        found: Floats = np.where(expected > 0, 1 - (votes - 1) * sums[..., 0] / expected, np.nan)
    return found


def _share(above: Floats, below: Floats) -> float | None:
    return float(above.sum() / below.sum()) if below.sum() else None
