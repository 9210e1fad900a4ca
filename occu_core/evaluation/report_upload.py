"""A user's own report, read with limits: what it says may be shown, never trusted."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass, replace

from occu_core.evaluation.ability import AbilityReport
from occu_core.evaluation.report_files import KINDS, ReportError, parse_report
from occu_core.evaluation.reports import ModelReport

MOST_BYTES = 500_000
MOST_ITEMS = 200
_MOST_CHARACTERS = 200
_MOST_IN_NOTE = 3_000
_YEARS = 1800, 2200
_LARGEST = 1e12
OWN = " (yours)"


def parse_own_report(raw: bytes, name: str) -> ModelReport | AbilityReport:
    """A report of one model, of its careers or of its ability, its title marked as the user's.

    Raises:
        ReportError: naming the file, the field, its value and what is allowed.
    """
    if len(raw) > MOST_BYTES:
        raise ReportError(f"{name}: has {len(raw):,} bytes; expected at most {MOST_BYTES:,}")
    report = parse_report(raw, name)
    if not isinstance(report, ModelReport | AbilityReport):
        kind = next(kind for kind, cls in KINDS.items() if isinstance(report, cls))
        raise ReportError(
            f"{name}: kind is {kind!r}; expected 'model', as `occu evaluate --report` writes it,"
            " or 'ability', as `train.measure_ability` does"
        )
    for path, value in _values(report, ""):
        _check(f"{name}: {path}", path, value)
    if isinstance(report, AbilityReport):
        return replace(report, title=f"{report.title}{OWN}")
    about = report.provenance
    return replace(report, provenance=replace(about, title=f"{about.title}{OWN}"))


def _values(thing: object, path: str) -> Iterator[tuple[str, object]]:
    """Every value inside a record with the way to it, such as `stay points[2] count`."""
    if isinstance(thing, tuple):
        yield path, thing
        for k, item in enumerate(thing):
            yield from _values(item, f"{path}[{k}]")
    elif is_dataclass(thing):
        for field in fields(thing):
            yield from _values(getattr(thing, field.name), f"{path} {field.name}".strip())
    else:
        yield path, thing


def _check(where: str, path: str, value: object) -> None:
    if isinstance(value, tuple) and len(value) > MOST_ITEMS:
        raise ReportError(f"{where} has {len(value)} items; expected at most {MOST_ITEMS}")
    if isinstance(value, str):
        most = _MOST_IN_NOTE if path == "subgroup_note" else _MOST_CHARACTERS
        if len(value) > most:
            raise ReportError(f"{where} has {len(value)} characters; expected at most {most}")
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = _allowed(path, value)
        if not low <= value <= high:
            raise ReportError(f"{where} is {value:.6g}; expected {low:g} to {high:g}")


def _allowed(path: str, value: float) -> tuple[float, float]:
    """What a number may be, by its field: a year, a count, a perplexity, or a share."""
    if "years" in path:
        return _YEARS
    if isinstance(value, int):
        return 0, _LARGEST
    if "perplexity" in path or "weighted" in path:
        return 1, _LARGEST
    return (0.001, 1000) if path.endswith("temperature") else (0, 1)
