"""What a model said of every scored person-year, in columns, and which rows those are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields, replace
from enum import Enum, StrEnum
from functools import cached_property
from hashlib import sha256
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt

from occu_core.careers import Move

NONE = -1
BLOCK_SIZE = 20
_HEADER = "header"

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Texts = npt.NDArray[np.str_]
Mask = npt.NDArray[np.bool_]


class Detail(StrEnum):
    """How much of the distribution was scored: each costs more than the one before.

    OUTCOME is the raw log-probability of what happened; RAW adds those of the same state and of
    Not working; NORMALISED takes the whole distribution over the taxonomy.
    """

    OUTCOME = "outcome"
    RAW = "raw"
    NORMALISED = "normalised"


class Half(Enum):
    """The two halves of valid, by blocks: one chooses models, the other calibrates them."""

    SELECTION = 0
    CALIBRATION = 1


@dataclass(frozen=True, slots=True)
class ScoredModel:
    """Which model made the scores; `not_working` is that state's position in its taxonomy."""

    name: str
    title: str
    version: str
    trained_on: str
    taxonomy_digest: str
    not_working: int


@dataclass(frozen=True, slots=True)
class ScoredRow:
    """One person-year; the attributes of `ScoreTable` say what each number is."""

    dataset: str
    person_id: str
    year: int
    sex: str
    race_ethnicity: str
    education: str
    birth_year: int
    weight: float
    history: int
    outcome: int
    previous: int
    log_p_raw: float = np.nan
    log_p: float = np.nan
    p_same: float = np.nan
    p_not_working: float = np.nan
    rank: int = NONE
    coverage: float = np.nan
    destination: int = NONE
    p_destination: float = np.nan


@dataclass(frozen=True)
class ScoreTable:
    """One model's scores, a column for each field, all of shape (rows,), in the order scored.

    Attributes:
        model: which made them.
        detail: how much was scored; columns that need more are NaN or −1.
        dataset, person_id, year: which person-year; an unknown dataset is empty.
        sex, race_ethnicity, education: as in the career table, education in `year`; empty is
            unknown.
        birth_year: −1 is unknown.
        weight: the survey's weight of the person-year; NaN where there is none.
        history: how many records came before.
        outcome: position of what happened in the taxonomy; `previous` of the last record's
            state, −1 for a first record.
        log_p_raw: log-probability of what happened, nats, before normalising.
        log_p: the same, normalised over the taxonomy.
        p_same: probability of the last record's state; NaN for a first record. Normalised
            where the detail is, like `p_not_working`.
        rank: how many states stand before the outcome, likeliest first.
        coverage: mass on titles before normalising.
        destination: likeliest state other than the last record's; −1 for a first record.
        p_destination: its probability given that the state changes.
    """

    model: ScoredModel
    detail: Detail
    dataset: Texts
    person_id: Texts
    year: Integers
    sex: Texts
    race_ethnicity: Texts
    education: Texts
    birth_year: Integers
    weight: Floats
    history: Integers
    outcome: Integers
    previous: Integers
    log_p_raw: Floats
    log_p: Floats
    p_same: Floats
    p_not_working: Floats
    rank: Integers
    coverage: Floats
    destination: Integers
    p_destination: Floats

    def __post_init__(self) -> None:
        for name in COLUMNS:
            column = getattr(self, name)
            if column.shape != self.year.shape:
                raise ValueError(
                    f"column {name} has shape {column.shape}; expected {self.year.shape}"
                )

    def __len__(self) -> int:
        return len(self.year)

    @classmethod
    def of(cls, model: ScoredModel, detail: Detail, rows: Sequence[ScoredRow]) -> ScoreTable:
        """The rows as columns."""
        kinds = {"int": np.int64, "float": np.float64, "str": np.str_}
        columns: dict[str, npt.NDArray[Any]] = {
            field.name: np.array([getattr(row, field.name) for row in rows], kinds[str(field.type)])
            for field in fields(ScoredRow)
        }
        return cls(model, detail, **columns)

    @cached_property
    def first(self) -> Mask:
        """Which rows are a worker's first record."""
        return np.equal(self.previous, NONE)

    @cached_property
    def changed(self) -> Mask:
        """Which rows differ from the last record's state; never a first record."""
        return ~self.first & np.not_equal(self.outcome, self.previous)

    def of_move(self, move: Move) -> Mask:
        """Which rows are a first record, a stay or a move."""
        stayed = ~self.first & ~self.changed
        return {Move.FIRST: self.first, Move.STAY: stayed, Move.MOVE: self.changed}[move]

    @cached_property
    def workers(self) -> Integers:
        """A number for each row's worker, equal for the rows of one worker."""
        return _numbered(np.char.add(np.char.add(self.dataset, "\t"), self.person_id))

    @cached_property
    def blocks(self) -> Integers:
        """A number for each row's block of neighbouring ids, from 0 (see `block_of`)."""
        pairs = zip(self.dataset.tolist(), self.person_id.tolist(), strict=True)
        return _numbered(np.array(["\t".join((d, block_of(p))) for d, p in pairs], np.str_))

    @cached_property
    def rows_digest(self) -> str:
        """Sixteen hex digits of the questions answered: who, when, and what happened.

        Two tables have the same digest if and only if they hold the same person-years with the
        same outcomes, in any order.
        """
        columns = (self.dataset, self.person_id, self.year, self.outcome)
        rows = sorted(zip(*(column.tolist() for column in columns), strict=True))
        return sha256(json.dumps(rows).encode()).hexdigest()[:16]

    def where(self, chosen: Mask) -> ScoreTable:
        """Only the chosen rows."""
        return replace(self, **{name: getattr(self, name)[chosen] for name in COLUMNS})

    def between(self, years: tuple[int, int] | None) -> ScoreTable:
        """Only rows whose target year lies in `years`, both included; None is all."""
        return self if years is None else self.where(_within(self.year, years))

    def of_dataset(self, dataset: str) -> ScoreTable:
        """Only the rows of one cohort."""
        return self.where(self.dataset == dataset)

    def half(self, half: Half) -> ScoreTable:
        """Every second block: even ones select models, odd ones calibrate them."""
        parity = [block_parity(block_of(person)) for person in self.person_id.tolist()]
        return self.where(np.array(parity, np.int64) == half.value)

    def in_order(self) -> ScoreTable:
        """The rows by cohort, worker and year, so that tables with one digest line up."""
        order = np.lexsort((self.year, self.person_id, self.dataset))
        return replace(self, **{name: getattr(self, name)[order] for name in COLUMNS})

    @classmethod
    def joined(cls, parts: Sequence[ScoreTable]) -> ScoreTable:
        """Several parts of one model's scores, one after another."""
        first = parts[0]
        for part in parts[1:]:
            if (part.model, part.detail) != (first.model, first.detail):
                raise ValueError(f"cannot join scores of {part.model} to those of {first.model}")
        columns = {name: np.concatenate([getattr(p, name) for p in parts]) for name in COLUMNS}
        return cls(first.model, first.detail, **columns)

    def save(self, path: Path) -> None:
        """Write a compressed `.npz` without pickles; for `runs/`, as it names survey rows."""
        path.parent.mkdir(parents=True, exist_ok=True)
        header = json.dumps({"model": asdict(self.model), "detail": self.detail.value})
        partial = path.with_name(f".{path.name}.partial")
        with partial.open("wb") as file:
            columns = {_HEADER: np.array(header)} | {c: getattr(self, c) for c in COLUMNS}
            np.savez_compressed(file, allow_pickle=False, **columns)
        partial.replace(path)

    @classmethod
    def load(cls, path: Path) -> ScoreTable:
        """Read what `save` wrote.

        Raises:
            ValueError: if the file is damaged or of another version.
        """
        try:
            with np.load(path, allow_pickle=False) as arrays:
                header = json.loads(str(arrays[_HEADER]))
                columns = {name: arrays[name] for name in COLUMNS}
            return cls(ScoredModel(**header["model"]), Detail(header["detail"]), **columns)
        except (OSError, KeyError, TypeError, ValueError, EOFError, BadZipFile) as error:
            raise ValueError(f"{path}: is not a file of scores: {error}") from None


COLUMNS = tuple(field.name for field in fields(ScoredRow))


def block_of(person_id: str) -> str:
    """The block of neighbouring ids: brothers and sisters have neighbouring numbers.

    An id that is not a whole number has no neighbours that could be known, and is a block of
    its own.

    >>> block_of("39"), block_of("40"), block_of("ann")
    ('1', '2', 'id ann')
    """
    if person_id.isascii() and person_id.isdigit():
        return str(int(person_id) // BLOCK_SIZE)
    return f"id {person_id}"


def block_parity(block: str) -> int:
    """0 or 1: a numbered block's last bit; of any other, a bit of its digest."""
    if block.isdigit():
        return int(block) % 2
    return sha256(block.encode()).digest()[0] % 2


def _within(values: Integers, span: tuple[int, int]) -> Mask:
    return (values >= span[0]) & (values <= span[1])


def _numbered(names: Texts) -> Integers:
    return np.unique(names, return_inverse=True)[1].astype(np.int64).reshape(-1)
