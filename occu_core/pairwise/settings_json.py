"""A study's settings as JSON: in the database, in bundles, and in the file a maker writes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from occu_core.pairwise.store_refusals import StudySettingsError
from occu_core.pairwise.studies import CRITERIA, Criterion, PairChoice, StudySettings

_KINDS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "int | None": (int, type(None)),
    "float": (int, float),
    "str": (str,),
    "str | None": (str, type(None)),
    "PairChoice": (str,),
    "tuple[Criterion, ...]": (list,),
}


def settings_json(settings: StudySettings) -> dict[str, object]:
    """The settings as JSON values."""
    return asdict(settings) | {"criteria": [asdict(one) for one in settings.criteria]}


def settings_of(written: object, where: str = "settings") -> StudySettings:
    """Settings from JSON; what is not written is as by default. `where` is what errors call it.

    A criterion is `{"name": …, "question": …}`, or one of the names known here.

    Raises:
        StudySettingsError: naming the field, what was found and what is allowed.
    """
    if not isinstance(written, Mapping):
        raise StudySettingsError(f"{where}: is {_short(written)}; expected an object of settings")
    kinds = {field.name: str(field.type) for field in fields(StudySettings)}
    values: dict[str, Any] = {}
    for name, value in written.items():
        if name not in kinds:
            allowed = ", ".join(kinds)
            raise StudySettingsError(f"{where}: no setting {_short(name)}; allowed: {allowed}")
        values[name] = _value(kinds[name], value, f"{where}: {name}")
    return StudySettings(**values)


def _value(kind: str, value: object, where: str) -> object:
    truth = isinstance(value, bool)
    if not isinstance(value, _KINDS[kind]) or truth != (kind == "bool"):
        raise StudySettingsError(f"{where} is {_short(value)}; expected {kind}")
    if isinstance(value, list):
        return tuple(_criterion(one, where) for one in value)
    if kind == "PairChoice":
        if value not in set(PairChoice):
            allowed = " or ".join(PairChoice)
            raise StudySettingsError(f"{where} is {_short(value)}; expected {allowed}")
        return PairChoice(str(value))
    return value


def _criterion(written: object, where: str) -> Criterion:
    known = {criterion.name: criterion for criterion in CRITERIA}
    if isinstance(written, str) and written in known:
        return known[written]
    if isinstance(written, Mapping) and set(written) == {"name", "question"}:
        return Criterion(str(written["name"]), str(written["question"]))
    raise StudySettingsError(
        f"{where} has {_short(written)}; expected {', '.join(known)},"
        ' or {"name": …, "question": …}'
    )


def _short(value: object) -> str:
    return repr(value)[:60]
