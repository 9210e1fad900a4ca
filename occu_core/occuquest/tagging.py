"""Whose work a prompt is about: one of the 26 categories or none, and the likeliest occupation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol

NO_OCCUPATION = "No occupation"
"""What readers and taggers write of a prompt that no occupation's work is behind."""


class TaggerError(ValueError):
    """A tagger that cannot be loaded, or an answer of one that cannot be used."""


@dataclass(frozen=True, slots=True)
class Tag:
    """What a prompt was tagged as; `category` and `occupation` are None for no occupation.

    `confidence` is the calibrated probability of the category, or of there being no occupation; it
    says nothing about the occupation. None where the tagger gives no probability.
    """

    category: str | None
    occupation: str | None
    confidence: float | None

    def __post_init__(self) -> None:
        if self.category is None and self.occupation is not None:
            raise TaggerError(f"occupation {self.occupation!r} was tagged without a category")
        if self.confidence is not None and not 0 <= self.confidence <= 1:
            raise TaggerError(f"confidence {self.confidence} is not between 0 and 1")


class Tagger(Protocol):
    """Tags prompts, each on its own: the same prompt gets the same tag in any company."""

    def tag(self, texts: Sequence[str]) -> list[Tag]:
        """One tag for each text, in order."""
        ...


@cache
def load_tagger(folder: Path | None = None) -> Tagger:
    """The tagger that ships, or one in a folder of the same layout; loaded once.

    Raises:
        TaggerError: if its files are missing or damaged.
    """
    from occu_core.occuquest.tagging_classifier import load_classifier

    return load_classifier(folder)
