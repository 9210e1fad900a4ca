"""Where a query lies outside what a model saw in training."""

from __future__ import annotations

from occu_core.careers import Query
from occu_core.models.base import Cohort, ModelCard


def outside_training(card: ModelCard, query: Query) -> list[str]:
    """One sentence for each way in which the query is unlike the training data; empty if none."""
    past = query.past
    known = {cohort.dataset: cohort for cohort in card.trained_on}
    if past.dataset is not None and past.dataset not in known:
        return [f"The model never saw the {past.dataset} dataset; it saw {card.data}."]
    cohorts = [known[past.dataset]] if past.dataset is not None else list(card.trained_on)
    return [
        sentence
        for sentence in (
            _birth_year(past.birth_year, cohorts),
            _year(query.year, cohorts),
            _age(query, cohorts),
        )
        if sentence
    ]


def _birth_year(birth_year: int | None, cohorts: list[Cohort]) -> str | None:
    if birth_year is None or _within(birth_year, [c.birth_years for c in cohorts]):
        return None
    return f"Born in {birth_year}, but the workers it learned from were born in {_ranges(cohorts)}."


def _ranges(cohorts: list[Cohort]) -> str:
    return " or ".join(f"{c.birth_years[0]}–{c.birth_years[1]} ({c.dataset})" for c in cohorts)


def _year(year: int, cohorts: list[Cohort]) -> str | None:
    if _within(year, [c.years for c in cohorts]):
        return None
    seen = " or ".join(f"{c.years[0]}–{c.years[1]} ({c.dataset})" for c in cohorts)
    return f"The year {year} lies outside the years it learned from: {seen}."


def _age(query: Query, cohorts: list[Cohort]) -> str | None:
    if query.past.birth_year is None:
        return None
    age = query.year - query.past.birth_year
    if _within(age, [c.ages for c in cohorts]):
        return None
    seen = " or ".join(f"{c.ages[0]}–{c.ages[1]} ({c.dataset})" for c in cohorts)
    return f"At age {age} the worker lies outside the ages it learned from: {seen}."


def _within(value: int, ranges: list[tuple[int, int]]) -> bool:
    return any(first <= value <= last for first, last in ranges)
