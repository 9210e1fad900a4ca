"""Any job title to ranked occupations with probabilities, on this machine and without torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from occu_core.assets import asset_path
from occu_core.matching.confidence import Confidence, evidence
from occu_core.matching.features import is_readable
from occu_core.matching.network import Network
from occu_core.matching.normalising import tidied
from occu_core.matching.weights import MatcherError, read_weights
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation, Taxonomy, occ1990dd

MOST_TITLES = 512
"""Titles that are read at once: memory stays flat however many there are."""
Floats = npt.NDArray[np.float32]


class Sureness(StrEnum):
    """How far to trust the first occupation, by its confidence.

    Sure ones are right 95 times in 100, as chosen on held-out titles; of doubtful ones fewer than
    half are.
    """

    SURE = "sure"
    LIKELY = "likely"
    DOUBTFUL = "doubtful"


@dataclass(frozen=True, slots=True)
class Candidate:
    """An occupation and the probability that a title means it."""

    occupation: Occupation
    probability: float


@dataclass(frozen=True, slots=True)
class Match:
    """What a title may mean.

    Attributes:
        title: as it was given.
        ranked: occupations, the likeliest first; the probabilities of all 341 sum to one.
        confidence: the probability that the first is a right answer. A title may have several
            right answers, so this can be more than the first one's probability.
        sureness: what the confidence allows.
        unknown_words: words of the title that no title or text learned from has.
        state: Not working or Student where the title is an answer without a job.
    """

    title: str
    ranked: tuple[Candidate, ...]
    confidence: float
    sureness: Sureness
    unknown_words: tuple[str, ...] = ()
    state: Occupation | None = None

    @property
    def best(self) -> Occupation:
        """The likeliest occupation."""
        return self.ranked[0].occupation


class TitleError(ValueError):
    """A title with nothing to read."""


@dataclass(frozen=True)
class TitleMatcher:
    """The shipped matcher, or one of the same layout.

    Attributes:
        jobs: the occupations its probabilities stand for, in order.
        sure_from: confidence from which the first occupation can be taken without looking.
        doubtful_below: confidence under which the first occupation is more often wrong than right.
    """

    taxonomy: Taxonomy
    jobs: tuple[Occupation, ...]
    network: Network
    confidence: Confidence
    sure_from: float
    doubtful_below: float

    def match(self, titles: Sequence[str], top: int = 5) -> list[Match]:
        """The likeliest occupations of each title, in order.

        Raises:
            TitleError: if a title has no letter in it.
        """
        if unreadable := [title for title in titles if not is_readable(title)]:
            raise TitleError(
                f"{unreadable[0][:80]!r} is no job title; expected words such as 'truck driver'"
            )
        found: list[Match] = []
        for start in range(0, len(titles), MOST_TITLES):
            batch = titles[start : start + MOST_TITLES]
            shares = self.probabilities(batch)
            found += [self._match(t, row, top) for t, row in zip(batch, shares, strict=True)]
        return found

    def probabilities(self, titles: Sequence[str]) -> Floats:
        """The calibrated probability of each occupation; shape (titles, jobs)."""
        return self.network.probabilities(titles)

    def _match(self, title: str, shares: Floats, top: int) -> Match:
        order = np.argsort(-shares, kind="stable")[:top]
        unknown = self.network.features.vocabulary.unknown_words(title)
        state = _state(title, self.taxonomy)
        confidence = self.confidence.of(evidence(shares, title, unknown))
        if state:
            confidence = min(confidence, 0.5 * self.doubtful_below)
        ranked = tuple(Candidate(self.jobs[i], float(shares[i])) for i in order)
        return Match(title, ranked, confidence, self._sureness(confidence), unknown, state)

    def _sureness(self, confidence: float) -> Sureness:
        if confidence >= self.sure_from:
            return Sureness.SURE
        return Sureness.LIKELY if confidence >= self.doubtful_below else Sureness.DOUBTFUL


@cache
def load_matcher(folder: Path | None = None) -> TitleMatcher:
    """The shipped matcher, or one from a folder; loaded once.

    Raises:
        MatcherError: naming the file that is missing or damaged.
    """
    folder = folder or asset_path("matching")
    read = read_weights(folder)
    try:
        network = read.network()
    except (KeyError, ValueError) as error:
        raise MatcherError(f"{folder}: is no matcher that can be loaded: {error!r}") from None
    taxonomy = occ1990dd()
    if unknown := set(read.codes) - {one.code for one in taxonomy if one.is_job}:
        raise MatcherError(f"the matcher knows code {min(unknown)}, which is no occupation here")
    return TitleMatcher(
        taxonomy,
        tuple(taxonomy[code] for code in read.codes),
        network,
        read.confidence,
        read.sure_from,
        read.doubtful_below,
    )


def _state(title: str, taxonomy: Taxonomy) -> Occupation | None:
    """Not working or Student for the answers that people give in place of a job."""
    plain = tidied(title)
    if plain in _STUDENT_ANSWERS:
        return taxonomy[STUDENT]
    return taxonomy[NOT_WORKING] if plain in _NO_JOB_ANSWERS else None


_STUDENT_ANSWERS = frozenset(
    tidied(answer)
    for answer in (
        *("student", "full-time student", "full time student", "college student"),
        *("university student", "high school student", "graduate student", "in school"),
    )
)
_NO_JOB_ANSWERS = frozenset(
    tidied(answer)
    for answer in (
        *("none", "nothing", "n/a", "na", "no job", "no work", "not working", "unemployed"),
        *("out of work", "between jobs", "looking for work", "job seeker", "laid off", "retired"),
        *("retiree", "disabled", "homemaker", "housewife", "house wife", "househusband"),
        *("stay-at-home mom", "stay at home mother", "stay-at-home dad", "stay at home father"),
        *("stay-at-home parent", "stay at home wife", "SAHM", "full-time mom", "mom", "mother"),
        *("don't know", "refused", "unknown", "other", "not applicable"),
    )
)
