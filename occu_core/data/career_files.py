"""CAREER's files: a folder of token files for each split (Vafa et al., TMLR 2024).

`train.job`, `train.year` and `train.education` have a line per person, its tokens separated by
spaces, one per record; `train.gender`, `train.ethnicity`, `train.location` and
`train.year_of_birth` one token per line; `valid` and `test` likewise. Only `.job` is required.
`.person` and `.dataset` are ours: they keep who is whom, which CAREER does not need.

A job's token is its code: `436`, `NW` (not working) or `ST` (student); a title is read too, its
spaces as underscores. Labels are those of the career table, spaces as underscores:
`less_than_high_school`, `non-Black,_non-Hispanic`. An unknown value is `unknown`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote, unquote

from occu_core.careers import (
    EARLIEST_YEAR,
    CareerError,
    CareerHistory,
    Education,
    JobRecord,
    RaceEthnicity,
    Region,
    Sex,
)
from occu_core.data.career_table import MOST_ERRORS, CareerTable, CareerTableError, Split
from occu_core.data.files import MOST_BYTES, decode, read_bytes, unpack
from occu_core.data.survey import refuse
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError, occ1990dd

UNKNOWN = "unknown"
PER_RECORD = ("job", "year", "education")
PER_PERSON = ("gender", "ethnicity", "location", "year_of_birth", "person", "dataset")
_Label = TypeVar("_Label", bound=StrEnum)
_T = TypeVar("_T")


def write_career_files(table: CareerTable, folder: Path) -> int:
    """Write every split of a table; returns how many workers had no record to write.

    Raises:
        ValueError: if a worker belongs to no split.
    """
    if None in table.splits:
        worker = table.careers[table.splits.index(None)].worker_id
        raise ValueError(f"worker {worker!r} belongs to no split; expected train, valid or test")
    folder.mkdir(parents=True, exist_ok=True)
    for split in Split:
        careers = [
            career
            for career, own in zip(table.careers, table.splits, strict=True)
            if own is split and career.records
        ]
        for ending in (*PER_RECORD, *PER_PERSON):
            unfinished = folder / f"{split.value}.{ending}.new"
            lines = "".join(f"{_tokens(career, ending)}\n" for career in careers)
            unfinished.write_text(lines, encoding="utf-8", newline="\n")
            unfinished.replace(folder / f"{split.value}.{ending}")
    return sum(not career.records for career in table.careers)


def read_career_files(
    folder: Path,
    *,
    first_year: int | None = None,
    dataset: str | None = None,
    taxonomy: Taxonomy | None = None,
) -> CareerTable:
    """Read the splits of a folder, train first.

    Where a split has no `.year`, its records are taken as yearly from `first_year`; where it has
    no `.dataset` or `.person`, `dataset` and `train-1`, `train-2` … stand in.

    Raises:
        CareerTableError: naming file, line, token and what is allowed, for up to twenty lines.
    """
    reader = _Reader(first_year, dataset, (taxonomy or occ1990dd()).find, [])
    splits = [split for split in Split if (folder / f"{split.value}.job").is_file()]
    if not splits:
        raise CareerTableError([f"{folder}: has no train.job, valid.job or test.job"])
    careers = {split: reader.read(folder, split) for split in splits}
    everyone = [career for part in careers.values() for career in part]
    if not reader.problems and not everyone:
        reader.problems.append(f"{folder}: its .job files are empty; expected one line per person")
    reader.problems += _repeated(everyone)
    refuse(reader.problems, str(folder))
    return CareerTable(
        tuple(everyone),
        tuple(split for split, part in careers.items() for _ in part),
        (0,) * len(everyone),
    )


def _tokens(career: CareerHistory, ending: str) -> str:
    """A person's line of one file."""
    records = career.records
    if ending == "job":
        return " ".join(record.occupation.code for record in records)
    if ending == "year":
        return " ".join(str(record.year) for record in records)
    if ending == "education":
        return " ".join(_label_token(record.education) for record in records)
    return {
        "gender": _label_token(career.sex),
        "ethnicity": _label_token(career.race_ethnicity),
        "location": _label_token(career.region),
        "year_of_birth": str(career.birth_year or UNKNOWN),
        "person": quote(career.worker_id, safe=""),
        "dataset": quote(career.dataset or UNKNOWN, safe=""),
    }[ending]


def _label_token(label: StrEnum | None) -> str:
    return label.value.replace(" ", "_") if label else UNKNOWN


class _TokenError(ValueError):
    """Which file, which token and what is allowed."""

    def __init__(self, ending: str, token: str, allowed: str) -> None:
        super().__init__(f"{token[:80]!r} is not allowed; expected {allowed}")
        self.ending = ending


@dataclass(slots=True)
class _Reader:
    """Reads the files of a split side by side, line by line."""

    first_year: int | None
    dataset: str | None
    find: Callable[[str], Occupation]
    problems: list[str]

    def read(self, folder: Path, split: Split) -> list[CareerHistory]:
        """The split's careers; what is wrong with a line goes to `problems`."""
        paths = {end: folder / f"{split.value}.{end}" for end in (*PER_RECORD, *PER_PERSON)}
        lines = {end: _lines(path) for end, path in paths.items() if path.is_file()}
        people = len(lines["job"])
        if "year" not in lines and self.first_year is None and people:
            self.problems.append(
                f"{split.value}.year: there is no such file; give the first year (--first-year)"
                " if each person's records are yearly from then on"
            )
            return []
        for ending, own in lines.items():
            if len(own) != people:
                self.problems.append(
                    f"{split.value}.{ending}: has {len(own)} lines; expected {people}, one per"
                    f" person as in {split.value}.job"
                )
                return []
        careers = []
        for i in range(people):
            if len(self.problems) > MOST_ERRORS:
                break
            try:
                person = {ending: own[i].split() for ending, own in lines.items()}
                careers.append(self._career(person, f"{split.value}-{i + 1}"))
            except _TokenError as error:
                self.problems.append(f"{split.value}.{error.ending} line {i + 1}: {error}")
            except CareerError as error:
                self.problems.append(f"{split.value}.year line {i + 1}: {error}")
        return careers

    def _career(self, person: dict[str, list[str]], worker_id: str) -> CareerHistory:
        for ending, tokens in person.items():
            expected = len(person["job"]) if ending in PER_RECORD else 1
            if not tokens or len(tokens) != expected:
                like = ", as many as in .job" if ending in PER_RECORD else ""
                raise _TokenError(
                    ending, " ".join(tokens), f"{expected or 'one or more'} tokens{like}"
                )
        alone = {ending: tokens[0] for ending, tokens in person.items() if ending in PER_PERSON}
        dataset = unquote(alone.get("dataset", UNKNOWN))
        return CareerHistory(
            worker_id=unquote(alone.get("person", worker_id)),
            records=tuple(self._records(person)),
            dataset=self.dataset if dataset == UNKNOWN else dataset,
            birth_year=_known(alone, "year_of_birth", _year),
            sex=_known(alone, "gender", lambda token, end: _label(token, end, Sex)),
            race_ethnicity=_known(
                alone, "ethnicity", lambda token, end: _label(token, end, RaceEthnicity)
            ),
            region=_known(alone, "location", lambda token, end: _label(token, end, Region)),
        )

    def _records(self, person: dict[str, list[str]]) -> Iterator[JobRecord]:
        jobs = person["job"]
        first = self.first_year or EARLIEST_YEAR
        years = person.get("year") or [str(first + k) for k in range(len(jobs))]
        education = person.get("education") or [UNKNOWN] * len(jobs)
        for job, year, level in zip(jobs, years, education, strict=True):
            yield JobRecord(
                _year(year, "year"),
                self._occupation(job),
                None if level == UNKNOWN else _label(level, "education", Education),
            )

    def _occupation(self, token: str) -> Occupation:
        try:
            return self.find(token.replace("_", " "))
        except UnknownOccupationError as error:
            nearest = str(error).partition("; ")[2].partition(" (")[0]
            raise _TokenError(
                "job", token, f"a code, or a title with underscores; {nearest}"
            ) from None


def _lines(path: Path) -> list[str]:
    raw = read_bytes(path)
    return decode(unpack(raw, path.name, MOST_BYTES), path.name).splitlines() if raw else []


def _known(tokens: dict[str, str], ending: str, read: Callable[[str, str], _T]) -> _T | None:
    """A person's token of one file, read; None if unknown or if there is no such file."""
    token = tokens.get(ending, UNKNOWN)
    return None if token == UNKNOWN else read(token, ending)


def _label(token: str, ending: str, kind: type[_Label]) -> _Label:
    for label in kind:
        if label.value.replace(" ", "_").casefold() == token.casefold():
            return label
    allowed = " ".join(_label_token(label) for label in kind)
    raise _TokenError(ending, token, f"one of {allowed} {UNKNOWN}")


def _year(token: str, ending: str) -> int:
    if not (token.isascii() and token.isdigit() and len(token) == 4):
        raise _TokenError(ending, token, "a year of four digits")
    return int(token)


def _repeated(careers: Iterable[CareerHistory]) -> list[str]:
    seen: set[tuple[str | None, str]] = set()
    twice = []
    for career in careers:
        if (key := (career.dataset, career.worker_id)) in seen:
            twice.append(f"person {career.worker_id!r} is on two lines; expected one line each")
        seen.add(key)
    return twice
