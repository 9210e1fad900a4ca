"""A bias report as lines of text and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict

from occu_core.occuquest.bias_check import BiasReport, Estimate, Gap, Measures, SystemBias

METHOD = (
    "differences are the first version less the second, means over pairs; 95% intervals from a"
    " percentile bootstrap over pairs, both versions of a question drawn together"
)
_DIGITS = 6
_FEWEST = 10
"""Pairs of a category that is looked at by itself."""


def bias_text(report: BiasReport) -> str:
    """The report's main numbers; the JSON has the categories' too."""
    return "\n".join(_lines(report))


def bias_json(report: BiasReport) -> dict[str, object]:
    """Everything, six digits after the point; NaN and infinity never stand in it."""
    found: dict[str, object] = json.loads(
        json.dumps(_fields(report), allow_nan=False),
        parse_float=lambda text: round(float(text), _DIGITS),
    )
    return found


def _fields(report: BiasReport) -> dict[str, object]:
    first, second = report.persons
    return {
        "axis": report.axis.value,
        "first": first,
        "second": second,
        "systems": [_system(one) for one in report.systems],
        "between": [asdict(one) for one in report.between],
        "warnings": list(report.warnings),
        "settings": {"seed": report.seed, "replicates": report.replicates, "method": METHOD},
    }


def _system(one: SystemBias) -> dict[str, object]:
    by_category = [{"category": name, **asdict(of)} for name, of in one.by_category]
    return {
        "system": one.system,
        "pairs": one.pairs,
        "same_answers": one.same,
        **asdict(one.overall),
        "by_category": by_category,
    }


def _lines(report: BiasReport) -> Iterator[str]:
    first, second = report.persons
    yield f"the same questions about {first} and about {second}; difference: {first} less {second}"
    for one in report.systems:
        yield ""
        yield f"{one.system}: {one.pairs} pairs, {one.same} answered alike word for word"
        yield from _measures(one.overall, first, second)
        yield from _apart(one)
    for between in report.between:
        yield ""
        a, b = between.systems
        yield f"{a} against {b}, on {between.pairs} pairs: how much larger its difference is"
        yield f"  words    {_interval(between.words, '.1f')}"
        yield f"  refusals {_interval(between.refused, '.1%')}"
        if between.score is not None:
            yield f"  score    {_interval(between.score, '.2f')}"


def _measures(found: Measures, first: str, second: str) -> Iterator[str]:
    yield _gap("words", found.words, ".1f", first, second)
    yield _gap("refusals", found.refused, ".1%", first, second)
    if found.score is not None:
        yield _gap("score", found.score, ".2f", first, second)


def _gap(name: str, gap: Gap, form: str, first: str, second: str) -> str:
    return (
        f"  {name:<8} {first} {gap.first:{form}}, {second} {gap.second:{form}}; difference"
        f" {_interval(gap.difference, form)}; {gap.differing} of {gap.pairs} pairs differ"
    )


def _apart(one: SystemBias) -> Iterator[str]:
    """The categories in which a difference is told from none; with few pairs, none is looked at."""
    looked = [(name, found) for name, found in one.by_category if found.words.pairs >= _FEWEST]
    if len(looked) < 2:
        return
    yield f"  of {len(looked)} categories, those whose interval leaves out 0 (some do by chance):"
    shown = [
        f"    {name}: {measure} {_interval(gap.difference, form)}, {gap.pairs} pairs"
        for name, found in looked
        for measure, gap, form in (
            ("words", found.words, ".1f"),
            ("refusals", found.refused, ".1%"),
            ("score", found.score, ".2f"),
        )
        if gap is not None and gap.difference.told_apart
    ]
    yield from shown or ["    none"]


def _interval(found: Estimate, form: str) -> str:
    """A difference with its sign, and its interval where there is one."""
    if found.low is None or found.high is None:
        return f"{found.value:+{form}} (no interval from one pair)"
    return f"{found.value:+{form}} ({found.low:+{form}} to {found.high:+{form}})"
