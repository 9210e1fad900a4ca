"""How well the careers of each group of workers were foreseen, and what the data can show of it."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from occu_core.careers import Education, RaceEthnicity, Sex
from occu_core.evaluation.bootstrap import SEED, BlockBootstrap
from occu_core.evaluation.reports import Interval, Subgroup
from occu_core.evaluation.scores import NONE, ScoreTable

FEWEST_BLOCKS = 20
UNKNOWN = "unknown"
HISTORY_SPANS = (("none", 0, 0), ("1", 1, 1), ("2–4", 2, 4), ("5–9", 5, 9), ("10+", 10, 10**6))
_MOST_BIRTH_YEARS = 10

Mask = npt.NDArray[np.bool_]


def subgroups(scores: ScoreTable, seed: int = SEED) -> tuple[Subgroup, ...]:
    """Raw perplexity by sex, race and ethnicity, education, birth cohort and records of history.

    A group on fewer than 20 blocks gets no interval: bootstrap intervals over so few clusters
    are too narrow (Cameron and Miller 2015, section VI).
    """
    return tuple(
        _subgroup(by, group, scores.where(chosen), seed)
        for by, group, chosen in groups_of(scores)
        if chosen.any()
    )


def subgroup_note(found: tuple[Subgroup, ...]) -> str:
    """What the intervals of these groups can and cannot show, in sentences for people."""
    bare = [f"{s.group} ({s.blocks})" for s in found if s.perplexity.low is None]
    few = (
        f" No interval is shown for groups on fewer than {FEWEST_BLOCKS} blocks of neighbouring"
        f" workers, where it would be too narrow: {', '.join(bare)}."
        if bare
        else ""
    )
    return (
        "A group's perplexity says how predictable its recorded careers are to this model, which"
        " mixes how often the group moves with how well the model knows it: a higher number is"
        " not by itself unequal treatment. Many groups are compared at once, so some will differ by"
        " chance; where two intervals overlap, which group is higher stays uncertain." + few
    )


def weighted_perplexity(scores: ScoreTable, bootstrap: BlockBootstrap) -> Interval | None:
    """Raw perplexity, each person-year counted by its survey weight; None without weights.

    Person-years without a weight, or with a weight of zero, count nothing.
    """
    weights = np.nan_to_num(scores.weight, nan=0.0)
    return bootstrap.perplexity(scores.log_p_raw, weights) if weights.sum() > 0 else None


def _subgroup(by: str, group: str, scores: ScoreTable, seed: int) -> Subgroup:
    bootstrap = BlockBootstrap(scores.blocks, seed=seed)
    weighted = weighted_perplexity(scores, bootstrap)
    shown = bootstrap.size >= FEWEST_BLOCKS
    return Subgroup(
        by=by,
        group=group,
        workers=len(np.unique(scores.workers)),
        rows=len(scores),
        blocks=bootstrap.size,
        perplexity=_shown(bootstrap.perplexity(scores.log_p_raw), shown),
        weighted=_shown(weighted, shown) if weighted else None,
    )


def _shown(interval: Interval, shown: bool) -> Interval:
    return interval if shown else Interval(interval.value)


def groups_of(scores: ScoreTable) -> Iterator[tuple[str, str, Mask]]:
    """Characteristic, group and which rows are of it, in the order of reports; some are empty."""
    for by, column, labels in (
        ("sex", scores.sex, Sex),
        ("race_ethnicity", scores.race_ethnicity, RaceEthnicity),
        ("education", scores.education, Education),
    ):
        for label in labels:
            yield by, label.value, column == label.value
        yield by, UNKNOWN, column == ""
    yield from _birth_cohorts(scores)
    for group, least, most in HISTORY_SPANS:
        yield "history", group, (scores.history >= least) & (scores.history <= most)


def _birth_cohorts(scores: ScoreTable) -> Iterator[tuple[str, str, Mask]]:
    """Single birth years while there are at most ten, else decades."""
    known = np.unique(scores.birth_year[scores.birth_year != NONE])
    width = 1 if len(known) <= _MOST_BIRTH_YEARS else 10
    for first in np.unique(known // width * width).tolist():
        group = str(first) if width == 1 else f"{first}–{first + width - 1}"
        yield "birth_cohort", group, scores.birth_year // width * width == first
    yield "birth_cohort", UNKNOWN, scores.birth_year == NONE
