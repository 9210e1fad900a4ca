"""How sure a model may be: what was calibrated and measured, as the files beside models hold it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from occu_core.careers import MOST_RECORDS, Education, Sex
from occu_core.evaluation.reports import Interval, Part, Years
from occu_core.occupations import NOT_WORKING, STUDENT, Occupation

PERCENTS = tuple(range(50, 100))
"""The levels a set can have, in percent."""
OFFERED = (80, 90, 95)
"""The levels whose coverage is measured."""
QUANTILES = tuple(range(5, 100, 5))
"""The percentiles of unsureness that are kept."""
HISTORY_SPANS = ((1, 1), (2, 4), (5, 9), (10, 14), (15, MOST_RECORDS))
"""Numbers of earlier records that are calibrated apart."""
POOLED = ""  # no cohort has this name

Span = tuple[int, int]


class Before(StrEnum):
    """What kind of state the last record is."""

    FIRST = "first record"
    JOB = "job"
    NOT_WORKING = "not working"
    STUDENT = "student"


class Event(StrEnum):
    """What is predicted with one probability."""

    SAME = "same state"
    NOT_WORKING = "not working"


@dataclass(frozen=True, slots=True)
class Cell:
    """Where scores of what happened were compared, and how low they may be.

    Attributes:
        cohort: whose workers; empty is all cohorts.
        history: how many records came before, both ends included; None for any number.
        before: after which kind of state.
        part: first record, stay or move.
        rows: how many person-years calibrated it.
        thresholds: for each of `PERCENTS`, the lowest score that belongs to the set.
    """

    cohort: str
    history: Span | None
    before: Before
    part: Part
    rows: int
    thresholds: tuple[float, ...]

    def __post_init__(self) -> None:
        if len(self.thresholds) != len(PERCENTS):
            raise ValueError(
                f"a cell has {len(self.thresholds)} thresholds; expected {len(PERCENTS)}"
            )


@dataclass(frozen=True, slots=True)
class Measured:
    """How often what happened was in the set among some test person-years, and its size.

    Attributes:
        by: what the rows have in common, such as `part` or `sex`; `group` is its value.
        rows: person-years behind `coverage`; `blocks` of neighbouring workers.
        coverage: without an interval where there are too few blocks.
        sized: of a random sample of them, how many sets were counted out; 0 without any.
        mean_size: states in a set; `median_size` likewise; None where none was counted.
    """

    by: str
    group: str
    rows: int
    blocks: int
    coverage: Interval
    sized: int
    mean_size: float | None
    median_size: float | None


@dataclass(frozen=True, slots=True)
class Measurement:
    """Sets of one level on one set of test rows."""

    cohort: str
    years: Years | None
    percent: int
    groups: tuple[Measured, ...]

    @property
    def label(self) -> str:
        """The rows in a few words, such as `NLSY97 1997–2011`."""
        years = f"{self.years[0]}–{self.years[1]}" if self.years else "all years"
        return f"{self.cohort} {years}"


@dataclass(frozen=True, slots=True)
class Tried:
    """One kind of set at 90%, on the half of valid that chooses; sizes count states.

    Of its blocks one half calibrated and the other measured, then the other way round.
    `least_by_history` is the lowest coverage among workers with 1, 2–4, 5–9, 10–14 and 15 or more
    earlier records. Sizes are None where only coverage was measured, on all rows.
    """

    sets: str
    cohort: str
    rows: int
    coverage: float
    coverage_stay: float
    coverage_move: float
    least_by_history: float
    mean_size: float | None
    median_size: float | None


@dataclass(frozen=True, slots=True)
class Reliability:
    """How often an event came true after predictions of about the same size, on test workers.

    Attributes:
        event: what; after a last record of kind `before`.
        cohort: whose workers, narrowed to `sex` and `education` where they are not None.
        rows: person-years; `blocks` of neighbouring workers.
        lowest: the least prediction in each bin; `highest` the largest; `predicted` the mean.
        observed: the share that came true; `low` and `high` its 95% interval over blocks.
        counts: rows in each bin.
    """

    event: Event
    before: Before
    cohort: str
    sex: Sex | None
    education: Education | None
    rows: int
    blocks: int
    lowest: tuple[float, ...]
    highest: tuple[float, ...]
    predicted: tuple[float, ...]
    observed: tuple[float, ...]
    low: tuple[float, ...]
    high: tuple[float, ...]
    counts: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Unsureness:
    """How unsure predictions usually are: perplexities of whole distributions on test workers.

    `quantiles` are the percentiles of `QUANTILES`, in equally likely states.
    """

    cohort: str
    before: Before
    rows: int
    quantiles: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Sureness:
    """Everything that was calibrated and measured for one model.

    Attributes:
        model: the card's name; `title` and `version` likewise.
        made_for: changes when the model does (see `card_digest`).
        seed: of draws and bootstraps; `command` makes the file again.
        calibrated_on: who calibrated, in a sentence; `measured_on` and `sized_on` likewise.
    """

    model: str
    title: str
    version: str
    made_for: str
    seed: int
    command: str
    calibrated_on: str
    measured_on: str
    sized_on: str
    cells: tuple[Cell, ...]
    tried: tuple[Tried, ...]
    measurements: tuple[Measurement, ...]
    reliability: tuple[Reliability, ...]
    unsureness: tuple[Unsureness, ...]


def history_span(records: int) -> Span | None:
    """The span of earlier records that a row is calibrated in; None for a first record.

    >>> history_span(0), history_span(3), history_span(15)
    (None, (2, 4), (15, 81))
    """
    return next((span for span in HISTORY_SPANS if span[0] <= records <= span[1]), None)


def before(previous: Occupation | None) -> Before:
    """What kind of state this is."""
    if previous is None:
        return Before.FIRST
    kinds = {NOT_WORKING: Before.NOT_WORKING, STUDENT: Before.STUDENT}
    return kinds.get(previous.code, Before.JOB)
