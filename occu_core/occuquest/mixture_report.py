"""The mixture experiment's report: what every mixture cost each group, and which did better."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from occu_core.occuquest.balance import Estimate

PROPORTIONAL, TEMPERATURE, UNIFORM = "In proportion", "By temperature", "1:1"
ROBUST, LOSS_ROBUST = "Robust to excess loss", "Robust to loss"
"""Names of the mixtures."""


class MixtureReportError(ValueError):
    """A report that cannot be read: names the file and what is wrong."""


class Measure(StrEnum):
    """What a mixture is judged by, in nats per token."""

    WORST = "worst"
    """Loss of the group that does worst, whichever it is under a mixture."""

    NAMED = "named"
    """Loss of the one group that does worst under 1:1 on the valid part."""

    MEAN = "mean"
    """Mean over groups, each counted alike."""

    OVERALL = "overall"
    """Mean over groups in proportion to their sizes: the loss on text as it comes."""


@dataclass(frozen=True, slots=True)
class TextGroup:
    """A group of texts: what it is, and how much of it there was to learn from."""

    name: str
    about: str
    items: int
    tokens: int


@dataclass(frozen=True, slots=True)
class MixtureResult:
    """One mixture; `shares` and `losses` are by group, in the groups' order."""

    name: str
    setting: str
    shares: tuple[float, ...]
    losses: tuple[Estimate, ...]
    worst_group: str
    measures: Mapping[Measure, Estimate]


@dataclass(frozen=True, slots=True)
class MixtureDifference:
    """How much higher a measure is than under another mixture; below 0 it is better."""

    mixture: str
    against: str
    measure: Measure
    difference: Estimate
    by_seed: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class MixtureReport:
    """Everything that was measured, and how.

    Attributes:
        how: the method in words, with data, model and seeds.
        named: the group that `Measure.NAMED` is of.
        tried: for each setting tried, the valid part's worst loss it was chosen by.
    """

    how: str
    command: str
    named: str
    groups: tuple[TextGroup, ...]
    mixtures: tuple[MixtureResult, ...]
    differences: tuple[MixtureDifference, ...]
    tried: Mapping[str, float]

    def difference(self, mixture: str, against: str, measure: Measure) -> MixtureDifference | None:
        """The comparison of two mixtures; None if it was not made."""
        wanted = (mixture, against, measure)
        found = (d for d in self.differences if (d.mixture, d.against, d.measure) == wanted)
        return next(found, None)


def write_mixture_report(report: MixtureReport, path: Path) -> None:
    """Write a report; the file appears only once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    text = json.dumps(_rounded(asdict(report)), indent=1, ensure_ascii=False)
    partial.write_text(text + "\n", encoding="utf-8")
    partial.replace(path)


def read_mixture_report(path: Path) -> MixtureReport:
    """The report of a file that `train/experiment_mixtures.py` wrote.

    Raises:
        MixtureReportError: if it is missing, is no such report, or names groups or mixtures that
            it does not have.
    """
    try:
        report = _report(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise MixtureReportError(f"{path.name}: {error.strerror}") from None
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise MixtureReportError(f"{path.name}: is not a report of mixtures: {error!r}") from None
    return report


def _report(written: Mapping[str, Any]) -> MixtureReport:
    groups = tuple(TextGroup(**group) for group in written["groups"])
    names = {group.name for group in groups}
    mixtures = tuple(_mixture(one, names) for one in written["mixtures"])
    if not mixtures or written["named"] not in names:
        raise ValueError(f"{written['named']!r} is none of its groups, or it has no mixture")
    return MixtureReport(
        str(written["how"]),
        str(written["command"]),
        str(written["named"]),
        groups,
        mixtures,
        tuple(_difference(one) for one in written["differences"]),
        {str(name): float(value) for name, value in written["tried"].items()},
    )


def _mixture(one: Mapping[str, Any], groups: set[str]) -> MixtureResult:
    shares, losses = tuple(map(float, one["shares"])), tuple(map(_estimate, one["losses"]))
    if not len(shares) == len(losses) == len(groups) or one["worst_group"] not in groups:
        raise ValueError(f"{one['name']!r} does not fit the {len(groups)} groups")
    measures = {measure: _estimate(one["measures"][measure.value]) for measure in Measure}
    return MixtureResult(
        str(one["name"]), str(one["setting"]), shares, losses, one["worst_group"], measures
    )


def _difference(one: Mapping[str, Any]) -> MixtureDifference:
    return MixtureDifference(
        str(one["mixture"]),
        str(one["against"]),
        Measure(one["measure"]),
        _estimate(one["difference"]),
        tuple(map(float, one["by_seed"])),
    )


def _estimate(written: Mapping[str, Any]) -> Estimate:
    return Estimate(*(float(written[end]) for end in ("value", "low", "high")))


def _rounded(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Six digits, which is more than these numbers mean."""
    if isinstance(value, float):
        return float(f"{value:.6g}")
    if isinstance(value, dict):
        return {str(key): _rounded(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(one) for one in value]
    return value
