"""One career and the question asked of it as JSON, checked key by key.

`{"dataset", "birth_year", "sex", "race_ethnicity", "region", "records": [{"year", "education",
"occupation"}], "query": {"year", "education"}}`: every covariate may be left out or null, which
means unknown. An occupation is a title or a code. Without a `query` the year after the last record
is asked about, with the last record's education.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NoReturn, TypeVar

from occu_core.careers import (
    MOST_RECORDS,
    CareerError,
    CareerHistory,
    Education,
    JobRecord,
    Query,
    RaceEthnicity,
    Region,
    Sex,
    check_year,
)
from occu_core.occupations import Taxonomy, UnknownOccupationError, occ1990dd

MOST_BYTES = 1_000_000
WORKER_KEYS = ("dataset", "birth_year", "sex", "race_ethnicity", "region")
RECORD_KEYS = ("year", "education", "occupation")
QUERY_KEYS = ("year", "education")
_Label = TypeVar("_Label", Sex, RaceEthnicity, Region, Education)


class CareerJsonError(ValueError):
    """A career that cannot be read: names file, place, value and what is allowed."""


def parse_query(text: str | bytes, name: str = "career", taxonomy: Taxonomy | None = None) -> Query:
    """Read one career with its query; `name` is what errors call it, such as the file's name.

    Raises:
        CareerJsonError: naming the first place that cannot be read.
    """
    return query_of(read_json(text, name), name, taxonomy)


def query_of(value: object, name: str = "career", taxonomy: Taxonomy | None = None) -> Query:
    """The query of a JSON value that has been read already.

    Raises:
        CareerJsonError: naming the first place that cannot be read.
    """
    career = _Place(value, name).keys((*WORKER_KEYS, "records", "query"))
    past = _career(career, name, taxonomy or occ1990dd())
    try:
        return _query(career["query"], past)
    except CareerError as error:
        career["query"].refuse(str(error))


def read_json(text: str | bytes, name: str = "career") -> object:
    """The JSON value, with nothing that JSON does not allow and no key given twice.

    Raises:
        CareerJsonError: if it is too large, not UTF-8, or not such JSON.
    """
    if len(text) > MOST_BYTES:
        raise CareerJsonError(f"{name}: is larger than 1 MB; expected one career")
    try:
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text.lstrip("\ufeff")
        return json.loads(decoded, object_pairs_hook=_object, parse_constant=_not_json)
    except UnicodeDecodeError as error:
        found = f"byte 0x{error.object[error.start]:02x} at position {error.start}"
        raise CareerJsonError(
            f"{name}: {found} is not UTF-8 text; save the file as UTF-8 and try again"
        ) from None
    except RecursionError:
        raise CareerJsonError(f"{name}: is nested too deeply; expected one career") from None
    except ValueError as error:
        raise CareerJsonError(f"{name}: is not a career in JSON: {error}") from None


def query_to_json(query: Query, *, sensitive: bool = True) -> dict[str, object]:
    """The same layout, ready for `json.dumps`; unknowns are null, occupations are titles.

    Without `sensitive`, sex and race_ethnicity are left out.
    """
    past = query.past
    worker: dict[str, object] = {"dataset": past.dataset, "birth_year": past.birth_year}
    if sensitive:
        worker |= {"sex": _value(past.sex), "race_ethnicity": _value(past.race_ethnicity)}
    return {
        **worker,
        "region": _value(past.region),
        "records": [
            {
                "year": record.year,
                "education": _value(record.education),
                "occupation": record.occupation.title,
            }
            for record in past.records
        ],
        "query": {"year": query.year, "education": _value(query.education)},
    }


_ABSENT = object()


@dataclass(frozen=True, slots=True)
class _Place:
    """A value of the JSON and where it stands, such as `career.json records[3].year`."""

    value: object
    name: str
    path: str = ""

    @property
    def absent(self) -> bool:
        return self.value is _ABSENT

    @property
    def known(self) -> bool:
        return not self.absent and self.value is not None

    def refuse(self, why: str) -> NoReturn:
        where = f"{self.name} {self.path}" if self.path else self.name
        raise CareerJsonError(f"{where}: {why}") from None

    def expected(self, allowed: str) -> NoReturn:
        if self.absent:
            self.refuse(f"is missing; expected {allowed}")
        if isinstance(self.value, dict | list):
            found = "an object" if isinstance(self.value, dict) else "a list"
        else:
            found = json.dumps(self.value)
            found = found if len(found) <= 60 else f"{found[:60]}…"
        self.refuse(f"{found} is not allowed; expected {allowed}")

    def keys(self, allowed: tuple[str, ...]) -> dict[str, _Place]:
        """Every allowed key as a place, absent or not; any other key is refused."""
        if not isinstance(self.value, dict):
            self.expected(f"an object with the keys {', '.join(allowed)}")
        if unknown := [key for key in self.value if key not in allowed]:
            self.refuse(f"unknown key {unknown[0][:60]!r}; allowed are {', '.join(allowed)}")
        path = f"{self.path}." if self.path else ""
        return {key: _Place(self.value.get(key, _ABSENT), self.name, path + key) for key in allowed}

    def items(self) -> list[_Place]:
        """The places of a list; an absent or null one is empty."""
        if not self.known:
            return []
        if not isinstance(self.value, list):
            self.expected("a list of records")
        if len(self.value) > MOST_RECORDS:
            self.refuse(f"has {len(self.value):,} records; expected at most {MOST_RECORDS}")
        return [_Place(value, self.name, f"{self.path}[{i}]") for i, value in enumerate(self.value)]

    def whole_number(self) -> int | None:
        if not self.known:
            return None
        if type(self.value) is not int or abs(self.value) > 9999:
            self.expected("a year such as 1997, or null")
        return self.value

    def year(self) -> int | None:
        year = self.whole_number()
        try:
            if year is not None:
                check_year(year)
        except CareerError as error:
            self.refuse(str(error))
        return year

    def text(self, allowed: str) -> str:
        if not isinstance(self.value, str):
            self.expected(allowed)
        return self.value

    def label(self, kind: type[_Label]) -> _Label | None:
        if not self.known:
            return None
        found = self.value.casefold() if isinstance(self.value, str) else None
        label = next((label for label in kind if label.value.casefold() == found), None)
        if label is None:
            self.expected("; ".join(f'"{label.value}"' for label in kind) + " or null")
        return label


def _career(career: dict[str, _Place], name: str, taxonomy: Taxonomy) -> CareerHistory:
    """The past of a query, whose errors name the record's place."""
    dataset = career["dataset"]
    records = tuple(_record(place, taxonomy) for place in career["records"].items())
    try:
        return CareerHistory(
            worker_id="",
            records=records,
            dataset=dataset.text("a name such as NLSY97, or null") if dataset.known else None,
            birth_year=career["birth_year"].whole_number(),
            sex=career["sex"].label(Sex),
            race_ethnicity=career["race_ethnicity"].label(RaceEthnicity),
            region=career["region"].label(Region),
        )
    except CareerError as error:
        raise CareerJsonError(f"{name}: {error}") from None


def _query(asked: _Place, past: CareerHistory) -> Query:
    """What is asked, or by default the year after the last record."""
    given = asked.keys(QUERY_KEYS) if asked.known else {}
    last = past.records[-1] if past.records else None
    year = given["year"].year() if given else None
    if year is None:
        if last is None:
            asked.refuse("a query year is needed when there are no records")
        year = last.year + 1
    if given and not given["education"].absent:
        return Query(past, year, given["education"].label(Education))
    return Query(past, year, last.education if last else None)


def _record(place: _Place, taxonomy: Taxonomy) -> JobRecord:
    record = place.keys(RECORD_KEYS)
    year, occupation = record["year"].year(), record["occupation"]
    if year is None:
        record["year"].expected("a year such as 1997")
    title = occupation.text('a title or code such as "Cooks" or "436"')
    try:
        return JobRecord(year, taxonomy.find(title), record["education"].label(Education))
    except UnknownOccupationError as error:
        occupation.refuse(str(error))


def _object(pairs: Iterable[tuple[str, object]]) -> dict[str, object]:
    found: dict[str, object] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"key {key[:60]!r} is given twice in one object")
        found[key] = value
    return found


def _not_json(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not a JSON value; an unknown value is null")


def _value(label: _Label | None) -> str | None:
    return label.value if label else None
