"""What to say of a converted table: in one sentence, code by code, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence

from occu_core.matching.crosswalk_uploads import CodeUse, Conversion
from occu_core.occupations import Occupation


def summary(done: Conversion) -> str:
    """How many rows became what."""
    rows = f"{done.rows:,} rows: {done.converted:,} converted"
    rest = done.rows - done.converted - done.empty
    ambiguous = sum(use.rows for use in done.ambiguous)
    return (
        f"{rows} ({ambiguous:,} of them from ambiguous codes), {rest:,} left without an occupation,"
        f" {done.empty:,} empty before"
    )


def lines(done: Conversion) -> dict[str, list[str]]:
    """A line for each code that needs a look, by what is the matter; most rows first."""
    found = {
        "ambiguous codes, the most common occupation chosen": [
            f"{_named(use, done)}: {_chosen(use).title} chosen; may be {_others(use)}"
            for use in done.ambiguous
        ],
        "codes that the list does not have": [_named(use, done) for use in done.unknown],
        "codes of no single occupation": [_named(use, done) for use in done.unmapped],
        "codes outside civilian work (military, unemployed, unknown)": [
            _named(use, done) for use in done.outside
        ],
    }
    return {heading: listed for heading, listed in found.items() if listed}


def in_json(done: Conversion) -> dict[str, object]:
    """Everything as JSON; `share` is of all rows."""
    return {
        "from": done.codes.value,
        "rows": done.rows,
        "converted": done.converted,
        "empty": done.empty,
        "ambiguous": [
            {
                **_use(use, done),
                "chosen": _occupation(_chosen(use)),
                "alternatives": [_occupation(one) for one in _occupations(use)[1:]],
            }
            for use in done.ambiguous
        ],
        "unknown": [_use(use, done) for use in done.unknown],
        "no_single_occupation": [_use(use, done) for use in done.unmapped],
        "outside_civilian_work": [_use(use, done) for use in done.outside],
    }


def _named(use: CodeUse, done: Conversion) -> str:
    title = f" ({use.meaning.title})" if use.meaning and use.meaning.title else ""
    share = 100 * use.rows / done.rows
    return f"{use.code[:40]}{title}, {use.rows:,} rows ({share:.1f}%)"


def _use(use: CodeUse, done: Conversion) -> dict[str, object]:
    title = use.meaning.title if use.meaning else ""
    return {"code": use.code, "title": title, "rows": use.rows, "share": use.rows / done.rows}


def _occupations(use: CodeUse) -> Sequence[Occupation]:
    return use.meaning.occupations if use.meaning else ()


def _chosen(use: CodeUse) -> Occupation:
    return _occupations(use)[0]


def _others(use: CodeUse) -> str:
    return "; ".join(one.title for one in _occupations(use)[1:])


def _occupation(one: Occupation) -> dict[str, str]:
    return {"code": one.code, "title": one.title}
