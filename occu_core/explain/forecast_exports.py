"""Sampled futures as JSON and CSV, the same from the page and the command line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict

from occu_core.careers import Query
from occu_core.data.career_json import query_to_json
from occu_core.explain.consistency import Consistency
from occu_core.explain.education_paths import LEVELS, EducationRule, shipped_table
from occu_core.explain.forecasts import Forecast, Share, states_of_year
from occu_core.explain.typical_paths import TypicalPath
from occu_core.models.base import ModelCard
from occu_core.models.support import outside_training
from occu_core.predictions import NOTE

ERROR = (
    "low and high are Wilson's 95% interval of a share of sampled paths: how far sampling may be"
    " off what the model believes, not how far the model is off what will happen"
)
Row = Mapping[str, object]


def to_json(found: Forecast, typical: Sequence[TypicalPath]) -> dict[str, object]:
    """A forecast ready for `json.dumps`: every state of every year, and the typical paths."""
    return {
        "model": found.card.name,
        "model_version": found.card.version,
        "data": found.card.data,
        "query": query_to_json(found.query),
        "settings": asdict(found.settings),
        "education": education_in_words(found),
        "note": NOTE,
        "notes": notes(found.card, found.query, found.years),
        "error": ERROR,
        "years": [{"year": year, "states": _year_rows(found, year)} for year in found.years],
        "typical_paths": [typical_row(found, path) for path in typical],
    }


def typical_row(found: Forecast, path: TypicalPath) -> dict[str, object]:
    """One typical path as its spells."""
    return {
        **_share(path.share),
        "same": path.same,
        "spells": [
            {"first_year": s.first_year, "last_year": s.last_year, "title": s.occupation.title}
            for s in path.spells(found.years)
        ],
    }


def shares_csv(found: Forecast) -> str:
    """A row for each state of each year that any path is in."""
    rows = [{"year": year, **row} for year in found.years for row in _year_rows(found, year)]
    return table_csv([*_comments(found), ERROR], rows)


def paths_csv(found: Forecast) -> str:
    """A row for each path and year."""
    occupations = found.taxonomy.occupations
    return table_csv(
        _comments(found),
        [
            {
                "path": path,
                "year": year,
                "education": LEVELS[level].value if level >= 0 else "",
                "code": occupations[state].code,
                "title": occupations[state].title,
            }
            for path, (states, levels) in enumerate(
                zip(found.states, found.education, strict=True), start=1
            )
            for year, state, level in zip(found.years, states, levels, strict=True)
        ],
    )


def consistency_csv(found: Consistency) -> str:
    """A row for each state: its probability two years ahead, both ways."""
    comments = (
        *card_comments(found.card),
        f"year: {found.query.year + 1}, with no record of {found.query.year}, or through it",
        f"states of {found.query.year} followed: {found.followed}, with {found.covered:.4f} of its"
        " probability",
    )
    pairs = zip(found.direct, found.composed, strict=True)
    return table_csv(
        comments,
        [
            {"code": o.code, "title": o.title, "direct": float(a), "composed": float(b)}
            for o, (a, b) in zip(found.taxonomy, pairs, strict=True)
        ],
    )


def education_in_words(found: Forecast) -> str:
    """How education went on, and from what source."""
    level = found.query.education
    if level is None:
        return "unknown in every year"
    if found.settings.education is EducationRule.FIXED:
        return f"{level.value} in every year"
    return f"{level.value} in {found.years[0]}, then evolving as in {shipped_table().source}"


def notes(card: ModelCard, query: Query, years: Sequence[int]) -> list[str]:
    """Where the first and the last year lie outside what a model learned from."""
    last = Query(query.past, years[-1], query.education)
    return list(dict.fromkeys([*outside_training(card, query), *outside_training(card, last)]))


def card_comments(card: ModelCard) -> tuple[str, ...]:
    """The lines that name a model and its data."""
    return (
        f"model: {card.name} ({card.title})",
        f"version: {card.version}",
        f"trained on: {card.data}",
    )


def table_csv(comments: Iterable[str], rows: Sequence[Row]) -> str:
    """Comment lines, a heading, rows."""
    text = io.StringIO(newline="")
    text.writelines(f"# {' '.join(comment.split())}\n" for comment in comments)
    if rows:
        writer = csv.DictWriter(text, fieldnames=list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return text.getvalue()


def _year_rows(found: Forecast, year: int) -> list[dict[str, object]]:
    return [
        {
            "code": occupation.code,
            "title": occupation.title,
            "group": occupation.group,
            **_share(share),
        }
        for occupation, share in states_of_year(found, year)
    ]


def _share(share: Share) -> dict[str, float]:
    return {
        "share": share.value,
        "standard_error": share.standard_error,
        "low": share.low,
        "high": share.high,
    }


def _comments(found: Forecast) -> list[str]:
    settings = found.settings
    return [
        *card_comments(found.card),
        f"futures: {settings.paths}, seed {settings.seed}, {found.years[0]}–{found.years[-1]}",
        f"education: {education_in_words(found)}",
        f"note: {NOTE}",
    ]
