"""What is to be scored, how it is laid out, and what the file says of itself."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import file_digest, sha256
from pathlib import Path

from occu_core.careers import LATEST_YEAR, CareerError, CareerHistory, Query
from occu_core.data.career_rows import Split
from occu_core.models.base import ModelKind
from occu_core.models.other_models import read_name
from occu_core.models.storage import base_of, model_folder, read_card
from occu_core.occupations import Taxonomy, occ1990dd
from occu_core.predictions import NOTE

FORMAT = 1
_QUICK = {ModelKind.UNIGRAM, ModelKind.MARKOV, ModelKind.SECOND_ORDER}
_ROWS_PER_PART = 100_000
_SLOW_PERSON_YEARS = 500
Years = tuple[int, int]


class JobError(ValueError):
    """A job that cannot be done as asked: says what was found and the way out."""


@dataclass(frozen=True, slots=True)
class Selection:
    """Which person-years are scored; all earlier history is always read."""

    split: Split | None = None
    "only these workers"
    years: Years | None = None
    "only these years, both included"
    next_year: bool = False
    "the year after each worker's last record instead of the recorded years"

    def __post_init__(self) -> None:
        if self.next_year and self.years:
            raise JobError(
                "--years chooses among recorded years, and --next asks for the year after them;"
                " give one of the two"
            )

    def years_of(self, career: CareerHistory) -> tuple[int, ...]:
        """The years of one career that are scored, ascending.

        Raises:
            CareerError: if the year after the last record is beyond the last year there is.
        """
        if not self.next_year:
            first, last = self.years or (0, LATEST_YEAR)
            return tuple(r.year for r in career.records if first <= r.year <= last)
        return (self.question(career).year,) if career.records else ()

    def question(self, career: CareerHistory) -> Query:
        """The year after the last record, with its education."""
        last = career.records[-1]
        if last.year == LATEST_YEAR:
            raise CareerError(
                f"the last record is of {last.year}, and the year after it cannot be predicted;"
                f" expected records before {LATEST_YEAR}"
            )
        return Query(career, last.year + 1, last.education)


@dataclass(frozen=True, slots=True)
class Layout:
    """How many titles each person-year has: the `top` likeliest as rows, or all as columns."""

    top: int | None = 10
    "None is all, one column for each title"
    raw: bool = False
    "probabilities before normalising over the titles: all a language model knows of a few"

    def __post_init__(self) -> None:
        most = len(occ1990dd())
        if self.top is not None and not 1 <= self.top <= most:
            raise JobError(
                f"--top {self.top} is not possible; expected 1–{most}, or --all for a column"
                " for each title"
            )


@dataclass(frozen=True, slots=True)
class ScoreJob:
    """One table to be scored with one model."""

    table: Path
    model: str
    selection: Selection = Selection()
    layout: Layout = Layout()

    def person_years_per_part(self) -> int:
        """What a kill may cost: seconds of a slow model, or a file of some megabytes."""
        if read_card(model_folder(self.model)).kind not in _QUICK:
            return _SLOW_PERSON_YEARS
        return max(1, _ROWS_PER_PART // (self.layout.top or 10))

    def about(self) -> dict[str, object]:
        """Everything that decides what the file holds; two jobs are one if this is the same."""
        folder = model_folder(self.model)
        card = read_card(folder)
        chosen = self.selection
        return {
            "model": card.name,
            "model_version": card.version,
            "model_digest": model_digest(folder),
            "trained_on": card.data,
            "taxonomy": card.taxonomy,
            "taxonomy_digest": card.taxonomy_digest,
            "table": self.table.name,
            "table_sha256": _digest_of(self.table),
            "split": chosen.split.value if chosen.split else None,
            "years": list(chosen.years) if chosen.years else None,
            "next": chosen.next_year,
            "top": self.layout.top or "all",
            "raw": self.layout.raw,
            "format": FORMAT,
        }


def explained(about: dict[str, object], taxonomy: Taxonomy) -> dict[str, object]:
    """The job as the finished file tells it, with what its columns mean."""
    every, states = about["top"] == "all", len(taxonomy)
    columns = "a column for each title, named by its code" if every else "likeliest titles first"
    mass = f"{'before normalising' if about['raw'] else 'normalised'} over {states} states"
    return {
        **about,
        "probability": f"P(state in that year | career before it), {mass};"
        f" {'float32' if every else 'float64'}",
        "order": f"workers as in the table, years ascending, {columns}; ties keep taxonomy order",
        "note": NOTE,
    }


def model_digest(folder: Path) -> str:
    """Twelve hex digits of a model's files and those of the models that it is made of."""
    said = [f"{path.relative_to(folder)} {_digest_of(path)}" for path in _files(folder)]
    said += [model_digest(other) if other.is_dir() else str(other) for other in _others(folder)]
    return sha256("\n".join(said).encode()).hexdigest()[:12]


def _others(folder: Path) -> list[Path]:
    """An adapter's base, and the members or the base that a model's settings name."""
    try:
        written = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        written = {}
    names = [*written.get("members", []), *([written["base"]] if "base" in written else [])]
    found = [model_folder(read_name(str(name), folder)) for name in names]
    base = base_of(folder)
    return [*found, Path(base)] if base else found


def _files(folder: Path) -> list[Path]:
    """A model's files but its README, which decides nothing."""
    return sorted(p for p in folder.rglob("*") if p.is_file() and p.suffix != ".md")


def _digest_of(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()
