"""Balance figures as JSON: what `occu balance --json` prints, and what ships of real datasets.

A file of figures holds counts, so whoever opens it can measure against another reference or at
another sample size.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from occu_core.occuquest.balance import Balance, Estimate, Spread
from occu_core.occuquest.balance_correction import Correction
from occu_core.occuquest.balance_counts import Counts

_SPREAD = ("entropy", "effective_categories", "gini", "kl")


class BalanceFileError(ValueError):
    """A file of figures that cannot be read: names it and what is wrong."""


@dataclass(frozen=True, slots=True)
class Figures:
    """A real dataset's counts, what a reader must know of them, and its corrected shares."""

    name: str
    title: str
    caveat: str
    counts: Counts
    corrected: Correction | None


@dataclass(frozen=True, slots=True)
class ShippedFigures:
    """The figures that ship, and how they were made."""

    how: str
    datasets: tuple[Figures, ...]


def balance_json(balance: Balance) -> dict[str, object]:
    """A dataset's figures: plain numbers, their 95% intervals beside them."""
    spread = {name: _of(balance.spread, name) for name in _SPREAD}
    controlled = {name: _of(balance.controlled, name) for name in _SPREAD}
    others = {"coverage": balance.coverage, "no_occupation": balance.no_occupation}
    return {
        "items": balance.items,
        "categories": {
            name: {
                "count": category.count,
                "share": _rounded(category.share.value),
                "low": _rounded(category.share.low),
                "high": _rounded(category.share.high),
                "per_occupation": _rounded(category.per_occupation),
            }
            for name, category in balance.categories.items()
        },
        **_values(spread | others),
        "intervals": _intervals(spread | others),
        "reference": balance.reference.value,
        "coverage_at": balance.coverage_at,
        "per_occupation": {**_values(controlled), "intervals": _intervals(controlled)},
        "occupations": dict(balance.occupations),
        "outside": balance.outside,
        "tagged_here": balance.tagged_here,
        "aside": balance.aside,
    }


def correction_json(correction: Correction) -> dict[str, object]:
    """Corrected shares as JSON."""
    return {
        "read": correction.read,
        "categories": {name: asdict(found) for name, found in correction.categories.items()},
        "no_occupation": asdict(correction.no_occupation),
    }


def read_figures(path: Path) -> ShippedFigures:
    """The figures of a file that `train/measure_balance.py` wrote.

    Raises:
        BalanceFileError: if it is missing or not such a file.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        found = tuple(_figures(name, one) for name, one in written["datasets"].items())
        return ShippedFigures(str(written["how"]), found)
    except OSError as error:
        raise BalanceFileError(f"{path.name}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise BalanceFileError(f"{path.name}: is not a file of balance figures: {error}") from None


def _figures(name: str, one: Mapping[str, object]) -> Figures:
    balance, corrected = one["balance"], one.get("corrected")
    if not isinstance(balance, Mapping):
        raise TypeError(f"{name}: balance is not an object")
    categories = Counter({c: int(v["count"]) for c, v in balance["categories"].items()})
    counts = Counts(
        categories=+categories,
        occupations=Counter({o: int(n) for o, n in balance["occupations"].items()}),
        no_occupation=int(balance["items"]) - categories.total(),
        outside=int(balance["outside"]),
        tagged_here=int(balance["tagged_here"]),
    )
    return Figures(
        name,
        str(one["title"]),
        str(one["caveat"]),
        counts,
        _correction(corrected) if isinstance(corrected, Mapping) else None,
    )


def _correction(written: Mapping[str, object]) -> Correction:
    categories = written["categories"]
    if not isinstance(categories, Mapping):
        raise TypeError("categories of a correction is not an object")
    return Correction(
        int(str(written["read"])),
        {name: Estimate(**found) for name, found in categories.items()},
        Estimate(**written["no_occupation"]),  # type: ignore[arg-type]
    )


def _of(spread: Spread | None, name: str) -> Estimate | None:
    found: Estimate | None = getattr(spread, name) if spread else None
    return found


def _values(found: Mapping[str, Estimate | None]) -> dict[str, float | None]:
    return {name: _rounded(one.value) if one else None for name, one in found.items()}


def _intervals(found: Mapping[str, Estimate | None]) -> dict[str, list[float | None] | None]:
    return {
        name: [_rounded(one.low), _rounded(one.high)] if one else None
        for name, one in found.items()
    }


def _rounded(number: float) -> float | None:
    """Six digits, which is more than these numbers mean."""
    return float(f"{number:.6g}") if math.isfinite(number) else None
