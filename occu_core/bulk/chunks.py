"""The chunks in which a table is scored: always the same ones, whoever scores them."""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from occu_core.bulk.job import Selection
from occu_core.careers import CareerError, CareerHistory
from occu_core.data.career_stream import Worker, workers
from occu_core.data.line_sorting import sorted_lines
from occu_core.data.table_lines import table_lines


@dataclass(frozen=True, slots=True)
class Source:
    """Where the workers of a job come from, and how they are cut into chunks."""

    table: Path
    sorted_copy: Path | None
    "the table's lines brought together by worker; None where they already are"
    selection: Selection
    person_years_per_part: int


@dataclass(slots=True)
class Chunk:
    """Whole workers with at least so many person-years to score, but for the last chunk."""

    number: int
    careers: list[CareerHistory] = field(default_factory=list)
    person_years: int = 0


def chunks(source: Source, finished: Container[int] = ()) -> Iterator[Chunk]:
    """The chunks of a table, but those that are finished."""
    copy = source.sorted_copy
    lines = sorted_lines(copy) if copy is not None else table_lines(source.table)
    for chunk in cut(workers(lines), source.selection, source.person_years_per_part):
        if chunk.number not in finished:
            yield chunk


def cut(found: Iterable[Worker], selection: Selection, person_years: int) -> Iterator[Chunk]:
    """Gather the workers that are scored."""
    chunk = Chunk(0)
    for worker in found:
        wanted = scored_years(worker, selection)
        if not wanted or worker.career is None:
            continue
        chunk.careers.append(worker.career)
        chunk.person_years += wanted
        if chunk.person_years >= person_years:
            yield chunk
            chunk = Chunk(chunk.number + 1)
    if chunk.careers:
        yield chunk


def scored_years(worker: Worker, selection: Selection) -> int:
    """How many person-years of a worker are scored; none where they cannot be."""
    if worker.career is None or selection.split not in (None, worker.split):
        return 0
    try:
        return len(selection.years_of(worker.career))
    except CareerError:
        return 0
