"""How good the shipped matcher was found to be: read from its report."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from occu_core.assets import asset_path


@dataclass(frozen=True, slots=True)
class Figures:
    """Shares of test titles, each with its 95% interval."""

    titles: int
    first: tuple[float, float, float]
    first_five: tuple[float, float, float]
    sure_share: float
    sure_precision: float

    def in_words(self) -> str:
        """The measures in two sentences."""
        first, five = (_percent(one) for one in (self.first, self.first_five))
        return (
            f"Measured on {self.titles:,} titles it had not learned from: the first occupation is"
            f" right for {first} of them, one of the first five for {five}. It is sure of"
            f" {self.sure_share:.0%}, and right on {self.sure_precision:.0%} of those."
        )


def read_figures(path: Path | None = None) -> Figures | None:
    """The figures of the shipped report; None where there is none that can be read."""
    try:
        found = json.loads((path or asset_path("matching") / "report.json").read_text("utf-8"))
        ours = found["all"]["matcher"]
        return Figures(
            int(found["all"]["titles"]),
            _interval(ours["top1"]),
            _interval(ours["top5"]),
            float(found["sure"]["share"]["value"]),
            float(found["sure"]["precision"]["value"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _interval(found: dict[str, float]) -> tuple[float, float, float]:
    return float(found["value"]), float(found["low"]), float(found["high"])


def _percent(interval: tuple[float, float, float]) -> str:
    value, low, high = (100 * end for end in interval)
    return f"{value:.0f}% ({low:.0f}–{high:.0f}%)"
