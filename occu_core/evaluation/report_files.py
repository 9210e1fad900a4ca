"""Reports as JSON files: written whole, read strictly, and damaged ones named."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, is_dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path
from types import NoneType, UnionType
from typing import TypeVar, get_args, get_origin, get_type_hints

from occu_core.evaluation.ability import AbilityReport
from occu_core.evaluation.reports import (
    Comparison,
    Curve,
    MembershipReport,
    ModelReport,
    Report,
)

_Kept = TypeVar("_Kept")
AnyReport = Report | AbilityReport
KINDS: dict[str, type[AnyReport]] = {
    "model": ModelReport,
    "comparison": Comparison,
    "curve": Curve,
    "membership": MembershipReport,
    "ability": AbilityReport,
}


class ReportError(ValueError):
    """A report that cannot be read: names file, field, value and what is expected."""


@dataclass(frozen=True, slots=True)
class LoadedReports:
    """The reports of a folder by kind, in file order; `problems` has a line per damaged file."""

    models: tuple[ModelReport, ...] = ()
    comparisons: tuple[Comparison, ...] = ()
    curves: tuple[Curve, ...] = ()
    memberships: tuple[MembershipReport, ...] = ()
    problems: tuple[str, ...] = ()
    abilities: tuple[AbilityReport, ...] = ()


@dataclass(frozen=True, slots=True)
class Leaderboard:
    """Models that answered the same questions, the lowest raw perplexity first."""

    rows_label: str
    rows_digest: str
    rows: int
    reports: tuple[ModelReport, ...]


def leaderboards(models: tuple[ModelReport, ...]) -> tuple[Leaderboard, ...]:
    """One leaderboard for each set of rows: models scored on different rows are never ranked."""
    boards: dict[str, list[ModelReport]] = {}
    for report in models:
        boards.setdefault(report.provenance.rows_digest, []).append(report)
    return tuple(
        Leaderboard(
            reports[0].provenance.rows_label,
            digest,
            reports[0].provenance.rows,
            tuple(sorted(reports, key=lambda r: r.perplexity_raw.overall.value)),
        )
        for digest, reports in boards.items()
    )


def load_reports(folder: Path) -> LoadedReports:
    """Every report of a folder; files of no kind known here are left out, damaged ones named."""
    found: list[AnyReport] = []
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")):
        try:
            report = _read(path.read_bytes(), path.name)
        except OSError as error:
            problems.append(f"{path.name}: {error.strerror}")
        except ReportError as error:
            problems.append(str(error))
        else:
            found += [report] if report else []
    return LoadedReports(
        tuple(r for r in found if isinstance(r, ModelReport)),
        tuple(r for r in found if isinstance(r, Comparison)),
        tuple(r for r in found if isinstance(r, Curve)),
        tuple(r for r in found if isinstance(r, MembershipReport)),
        tuple(problems),
        tuple(r for r in found if isinstance(r, AbilityReport)),
    )


def parse_report(text: str | bytes, name: str = "report") -> AnyReport:
    """Read one report; `name` is what errors call it, such as the file's name.

    Raises:
        ReportError: naming the first field that cannot be read, or a kind that is not known.
    """
    report = _read(text, name)
    if report is None:
        raise ReportError(f"{name}: is not a report; expected a `kind` among {', '.join(KINDS)}")
    return report


def report_json(report: AnyReport) -> str:
    """The report as JSON, its kind first; numbers keep six digits, which is more than they mean."""
    kind = next(kind for kind, cls in KINDS.items() if isinstance(report, cls))
    written = {"kind": kind, **asdict(report, dict_factory=_rounded)}
    return json.dumps(written, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def save_report(report: AnyReport, path: Path) -> None:
    """Write a report; it appears under its name only once it is whole."""
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(report_json(report), encoding="utf-8")
    partial.replace(path)


def file_name(report: AnyReport) -> str:
    """A name that no other report of other content has, such as `model-career-nlsy97-test.json`."""
    if isinstance(report, Curve):
        return f"{_slug('curve', report.experiment, report.rows_label)}.json"
    if isinstance(report, Comparison):
        models = report.model_a, "against", report.model_b
        measure = "normalised" if report.normalised else "raw"
        several = max(report.seeds_a, report.seeds_b) > 1
        seeds = [f"{report.seeds_a} and {report.seeds_b} seeds"] if several else []
        parts = (*models, report.rows_label, report.part, measure, *seeds)
        return f"{_slug('comparison', *parts)}.json"
    if isinstance(report, AbilityReport):
        asked = dict.fromkeys(score.task for score in report.scores if score.part_of is None)
        way = sha256(report.command.encode()).hexdigest()[:6]
        return f"{_slug('ability', report.title, report.weights, *asked, way)}.json"
    kind = "model" if isinstance(report, ModelReport) else "membership"
    return f"{_slug(kind, report.provenance.model, report.provenance.rows_label)}.json"


def record_of(cls: type[_Kept], written: object, where: str) -> _Kept:
    """Any frozen record from a JSON object with exactly its fields; `where` begins its errors.

    Raises:
        ReportError: naming the first field that cannot be read.
    """
    found = _record(cls, written, where)
    assert isinstance(found, cls)
    return found


def _rounded(fields_of: list[tuple[str, object]]) -> dict[str, object]:
    return {k: float(f"{v:.6g}") if isinstance(v, float) else v for k, v in fields_of}


def _slug(*parts: str) -> str:
    return re.sub(r"[^a-z0-9_]+", "-", "-".join(parts).casefold()).strip("-")


def _read(text: str | bytes, name: str) -> AnyReport | None:
    """The report, or None for a JSON object of no kind that is known here."""
    try:
        written = json.loads(text)
    except (ValueError, RecursionError):
        raise ReportError(f"{name}: is not JSON") from None
    if not isinstance(written, dict):
        raise ReportError(f"{name}: is not a report; expected a JSON object")
    kind = KINDS.get(str(written.pop("kind", None)))
    if kind is None:
        return None
    return _record(kind, written, f"{name}:")  # type: ignore[return-value]


def _record(cls: type, written: object, where: str) -> object:
    """A dataclass from a JSON object with exactly its fields."""
    if not isinstance(written, Mapping):
        raise ReportError(f"{where} is {str(written)[:60]!r}; expected an object")
    known = {field.name: field for field in fields(cls)}
    needed = {name for name, field in known.items() if field.default is MISSING}
    if missing := sorted(needed - written.keys()):
        raise ReportError(f"{where} has no {', '.join(missing)}")
    if unknown := sorted(written.keys() - known.keys()):
        raise ReportError(f"{where} has unknown {', '.join(unknown)}; allowed: {', '.join(known)}")
    hints = get_type_hints(cls)
    values = {key: _value(hints[key], value, f"{where} {key}") for key, value in written.items()}
    try:
        return cls(**values)
    except ValueError as error:
        raise ReportError(f"{where} {error}") from None


def _value(kind: object, written: object, where: str) -> object:
    """A JSON value as the annotation of its field says."""
    options = get_args(kind)
    if get_origin(kind) is UnionType:
        if written is None and NoneType in options:
            return None
        kind = next(option for option in options if option is not NoneType)
        options = get_args(kind)
    if get_origin(kind) is tuple:
        return _items(options, written, where)
    if not isinstance(kind, type):
        raise TypeError(f"{where}: no reader for {kind}")
    if is_dataclass(kind):
        return _record(kind, written, where)
    return _plain(kind, written, where)


def _items(options: tuple[object, ...], written: object, where: str) -> tuple[object, ...]:
    if not isinstance(written, list):
        raise ReportError(f"{where} is {str(written)[:60]!r}; expected a list")
    kinds = options[:1] * len(written) if options[-1] is Ellipsis else options
    if len(kinds) != len(written):
        raise ReportError(f"{where} has {len(written)} values; expected {len(kinds)}")
    return tuple(
        _value(kind, value, f"{where}[{k}]")
        for k, (kind, value) in enumerate(zip(kinds, written, strict=True))
    )


def _plain(kind: type, written: object, where: str) -> object:
    """A number, text, truth value or a member of an enum."""
    if issubclass(kind, StrEnum) and isinstance(written, str) and written in set(kind):
        return kind(written)
    whole = type(written) is int and abs(written) < 2**53
    if kind is float and (whole or (isinstance(written, float) and math.isfinite(written))):
        return float(written)  # type: ignore[arg-type]
    if kind is not float and type(written) is kind:
        return written
    allowed = f"one of {', '.join(kind)}" if issubclass(kind, StrEnum) else kind.__name__
    raise ReportError(f"{where} is {str(written)[:60]!r}; expected {allowed}")
