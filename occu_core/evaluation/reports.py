"""What evaluation finds, as frozen records that scripts write and the Models page draws.

Every file in `assets/reports/` holds one report and says which in its field `kind`. Perplexities
count one person-year once; intervals are 95% bootstrap intervals over blocks of workers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

Years = tuple[int, int]


class Part(StrEnum):
    """Which person-years a number is over: all, first records, stays or moves."""

    ALL = "all"
    FIRST = "first"
    STAY = "stay"
    MOVE = "move"


@dataclass(frozen=True, slots=True)
class Interval:
    """An estimate with its 95% interval; `low` and `high` are None when the data are too few."""

    value: float
    low: float | None = None
    high: float | None = None

    def __post_init__(self) -> None:
        ends = [end for end in (self.low, self.high) if end is not None]
        if not all(math.isfinite(number) for number in (self.value, *ends)):
            raise ValueError(f"{self} is not finite; expected numbers, or None for no interval")
        if len(ends) == 1 or (self.low or 0.0) > (self.high or 0.0):
            raise ValueError(f"{self} is no interval; expected low ≤ high, or neither")


@dataclass(frozen=True, slots=True)
class Provenance:
    """Which model was scored on which rows, and how to do it again.

    Attributes:
        model: the card's name, which tells models apart.
        title: what people read.
        version: of the model.
        trained_on: the training data in a few words.
        data: the cohort scored, such as NLSY97, or the name of a table.
        split: train, valid or test; None for a table without one.
        years: first and last target year; None for all.
        workers: how many workers, `rows` how many person-years.
        rows_digest: the same for two models if and only if they answered the same questions;
            models with different digests are never ranked together.
        seed: of the bootstrap.
        command: what to run to get this report.
        simulated: whether the careers are simulated or made up for a demonstration.
    """

    model: str
    title: str
    version: str
    trained_on: str
    data: str
    split: str | None
    years: Years | None
    workers: int
    rows: int
    rows_digest: str
    seed: int
    command: str
    simulated: bool = False

    @property
    def rows_label(self) -> str:
        """The rows in a few words, such as `NLSY97 1997–2011, test`."""
        years = f"{self.years[0]}–{self.years[1]}" if self.years else "all years"
        split = f", {self.split}" if self.split else ""
        return f"{self.data} {years}{split}{' (simulated)' if self.simulated else ''}"


@dataclass(frozen=True, slots=True)
class Perplexities:
    """Over all person-years and three parts of them; None where there are no such rows."""

    overall: Interval
    first: Interval | None
    stay: Interval | None
    move: Interval | None


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """One bin of a reliability curve: mean predicted and observed share over `count` rows."""

    predicted: float
    observed: Interval
    count: int


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether probabilities come true as often as they say.

    Attributes:
        points: the reliability curve, lowest predictions first.
        rows: how many predictions.
        error: debiased calibration error, root mean square over bins of equal mass.
        floor: that error's mean if every probability were true (noise alone).
        floor_high: its 95th percentile if every probability were true; an `error` below it
            cannot be told from perfect calibration.
        brier: mean squared error of the probability.
        temperature: fitted on half of valid; None if none was fitted.
        error_after: the error after dividing log-odds by the temperature.
    """

    points: tuple[CurvePoint, ...]
    rows: int
    error: float
    floor: float
    floor_high: float
    brier: Interval
    temperature: float | None = None
    error_after: float | None = None


@dataclass(frozen=True, slots=True)
class Subgroup:
    """How well one group's careers were foreseen.

    `by` is the characteristic (sex, race_ethnicity, education, birth_cohort, history), `group`
    its value. The interval is absent with too few blocks. `weighted` counts each person-year by
    its survey weight; None where the data have none.
    """

    by: str
    group: str
    workers: int
    rows: int
    blocks: int
    perplexity: Interval
    weighted: Interval | None


@dataclass(frozen=True, slots=True)
class ModelReport:
    """One model on one set of rows.

    What needs the whole distribution is None when only raw scores were made: `perplexity`
    (normalised over the taxonomy), `coverage`, the top-k shares and `destination`. `stay` and
    `auc_change` are about P(same state as the last record), `auc_not_working` about P(not
    working next). `weighted` is the raw perplexity with survey weights, where there are any.
    """

    provenance: Provenance
    perplexity_raw: Perplexities
    perplexity: Perplexities | None
    coverage: Interval | None
    top1: Interval | None
    top5: Interval | None
    top10: Interval | None
    auc_change: Interval | None
    auc_not_working: Interval | None
    stay: Calibration | None
    destination: Calibration | None
    weighted: Perplexities | None
    subgroups: tuple[Subgroup, ...]
    subgroup_note: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """Model A against model B on the same rows, in one kind of perplexity.

    Attributes:
        model_a: names as in `Provenance.model`; `title_a` and `title_b` are for people.
        rows_label: the rows in words.
        normalised: whether the perplexities are normalised over the taxonomy, or raw.
        part: which person-years.
        difference_percent: A's perplexity relative to B's, 100·(A/B − 1): negative is better.
        share_below: the share of bootstrap replicates in which A has the lower perplexity.
        seeds_a: how many training seeds of A (and of B) the interval covers; 1 is one model each.
    """

    model_a: str
    title_a: str
    model_b: str
    title_b: str
    rows_label: str
    rows: int
    rows_digest: str
    normalised: bool
    part: Part
    perplexity_a: float
    perplexity_b: float
    difference_percent: Interval
    share_below: float
    seeds_a: int
    seeds_b: int
    seed: int
    command: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class ExperimentPoint:
    """One condition of an experiment: `x` is None where the conditions have no order."""

    label: str
    model: str
    value: Interval
    x: float | None = None


@dataclass(frozen=True, slots=True)
class Curve:
    """One experiment: a paper's claim, what was measured here, and what it says.

    `experiment` is a short name for files and links; points with one `model` make one line.
    """

    experiment: str
    title: str
    x_label: str
    y_label: str
    points: tuple[ExperimentPoint, ...]
    claim: str
    finding: str
    rows_label: str
    rows_digest: str
    command: str
    simulated: bool = False


@dataclass(frozen=True, slots=True)
class MembershipReport:
    """Whether a model gives away who it was trained on.

    Attributes:
        provenance: of the test workers' scores.
        train_workers: how many training workers, against `test_workers`, were compared.
        nats_train: mean over workers of mean nats per person-year; `nats_test` likewise.
        attack_auc: chance that a training worker has a lower loss than a test worker; 0.5 is none.
        history: records given to the model in the verbatim audit.
        continued: records that must then be reproduced exactly.
        verbatim_train: share of training workers so reproduced; `verbatim_test` likewise.
        changing_train: the same among workers whose true continuation changes state.
        finding: what it means, in a sentence.
    """

    provenance: Provenance
    train_workers: int
    test_workers: int
    nats_train: Interval
    nats_test: Interval
    attack_auc: Interval
    history: int
    continued: int
    verbatim_train: Interval
    verbatim_test: Interval
    changing_train: Interval | None
    changing_test: Interval | None
    finding: str


Report = ModelReport | Comparison | Curve | MembershipReport
