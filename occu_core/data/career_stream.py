"""A career table of any size, worker by worker: one bad row costs one worker, not the table.

The rules are those of `read_career_table`, row for row. A worker with a bad row is not told: a
career with a hole would be taken for another career.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from occu_core.careers import CareerError, CareerHistory
from occu_core.data.career_rows import CellError, Split, TableRow, career_of, check_row
from occu_core.data.table_lines import TableLine
from occu_core.occupations import Occupation, Taxonomy, UnknownOccupationError, occ1990dd

_MOST_REMEMBERED = 20_000
Person = tuple[str, str]
"""Dataset and person id: the same number in two datasets is two workers."""


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used; `value` is what was found, `problem` what is allowed.

    `number` is the row's; a problem of the whole worker stands at the worker's first row.
    """

    number: int
    person_id: str
    column: str
    value: str
    problem: str


@dataclass(frozen=True, slots=True)
class Worker:
    """One worker's rows; `career` is None where one of them is bad.

    `skipped` counts the rows without a codable occupation; `first_row` is the number of the first.
    """

    person: Person | None
    career: CareerHistory | None
    split: Split | None
    first_row: int
    rows: int
    skipped: int
    bad: tuple[BadRow, ...]


_NOBODY = BadRow(0, "", "person_id", "", "expected a name or number for the worker")


class UnorderedWorkersError(ValueError):
    """A worker's rows may not stand side by side."""


def workers(lines: Iterable[TableLine], taxonomy: Taxonomy | None = None) -> Iterator[Worker]:
    """Each run of rows of one worker; a row that names no worker comes alone, without one.

    A line with too few or too many values spoils the worker beside it whose id it bears.
    """
    find = _Finder(taxonomy or occ1990dd())
    held: _Held | None = None
    strays: list[TableLine] = []
    for line in lines:
        worker = line.cells.get("person_id", "")
        if not line.whole and held is not None and held.person[1] == worker:
            held.add(line, find)
        elif not line.whole or not worker:
            strays.append(line)
        else:
            person = line.cells.get("dataset", ""), worker
            if held is None or held.person != person:
                if held is not None:
                    yield held.worker()
                yield from (_stray(one) for one in strays if one.cells.get("person_id") != worker)
                held = _Held(person)
                for one in strays:
                    if one.cells.get("person_id") == worker:
                        held.add(one, find)
                strays = []
            held.add(line, find)
    if held is not None:
        yield held.worker()
    yield from map(_stray, strays)


def in_order(found: Iterable[Worker]) -> Iterator[Worker]:
    """The same workers, as long as none can come twice.

    Datasets must each be in one piece, and person ids in it ascend, as numbers or as text: then
    nobody has to be remembered.

    Raises:
        UnorderedWorkersError: at the first worker for whom that does not hold.
    """
    order = _Order()
    for worker in found:
        if worker.person is not None and not order.follows(worker.person):
            raise UnorderedWorkersError(f"person {worker.person[1]!r} is out of order")
        yield worker


@dataclass(slots=True)
class _Order:
    """What is known of the order so far: a few values, however many workers have passed."""

    datasets: set[str] = field(default_factory=set)
    dataset: str | None = None
    last: str = ""
    as_text: bool = True
    as_numbers: bool = True

    def follows(self, person: Person) -> bool:
        dataset, worker = person
        if dataset != self.dataset:
            if dataset in self.datasets:
                return False
            self.datasets.add(dataset)
            self.dataset, self.last, self.as_text, self.as_numbers = dataset, worker, True, True
            return True
        self.as_text = self.as_text and worker > self.last
        self.as_numbers = self.as_numbers and _number(worker) > _number(self.last) >= 0
        self.last = worker
        return self.as_text or self.as_numbers


def _number(worker: str) -> int:
    """A whole number, or −1."""
    return int(worker) if len(worker) <= 18 and worker.isascii() and worker.isdigit() else -1


@dataclass(slots=True)
class _Held:
    """The rows of a worker so far."""

    person: Person
    rows: list[TableRow] = field(default_factory=list)
    bad: list[BadRow] = field(default_factory=list)
    count: int = 0
    first: int = 0

    def add(self, line: TableLine, find: _Finder) -> None:
        self.first = self.first or line.number
        self.count += 1
        if line.problem:
            self.bad.append(BadRow(line.number, self.person[1], "", "", line.problem))
            return
        try:
            self.rows.append(check_row(line.cells, line.number, find))
        except CellError as error:
            self.bad.append(_bad_cell(line.number, self.person[1], error))

    def worker(self) -> Worker:
        split = self.rows[0].fixed[3] if self.rows else None
        return Worker(
            self.person,
            career=self._career(),
            split=Split(str(split)) if split else None,
            first_row=self.first,
            rows=self.count,
            skipped=sum(row.occupation is None for row in self.rows),
            bad=tuple(self.bad),
        )

    def _career(self) -> CareerHistory | None:
        if self.bad:
            return None
        try:
            return career_of(sorted(self.rows, key=lambda row: row.year))
        except CareerError as error:
            self.bad.append(BadRow(self.first, self.person[1], "", "", str(error)))
            return None


class _Finder:
    """Looks each distinct title up once, unknown ones too: searching for the nearest is slow."""

    def __init__(self, taxonomy: Taxonomy) -> None:
        self.taxonomy = taxonomy
        self.known: dict[str, Occupation | UnknownOccupationError] = {}

    def __call__(self, text: str) -> Occupation:
        answer = self.known.get(text)
        if answer is None:
            try:
                answer = self.taxonomy.find(text)
            except UnknownOccupationError as error:
                answer = error
            if len(self.known) < _MOST_REMEMBERED:
                self.known[text] = answer
        if isinstance(answer, UnknownOccupationError):
            raise UnknownOccupationError(str(answer))
        return answer


def _stray(line: TableLine) -> Worker:
    """A line of nobody."""
    told = line.cells.get("person_id", "")
    bad = BadRow(line.number, told, "", "", line.problem) if line.problem else _NOBODY
    return Worker(None, None, None, line.number, 1, 0, (replace(bad, number=line.number),))


def _bad_cell(number: int, person: str, error: CellError) -> BadRow:
    return BadRow(number, person, error.column, error.value, f"expected {error.allowed}")
