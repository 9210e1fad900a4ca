"""Reads a table once before any scoring: what is bad is reported first, what is to do is known."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from occu_core.bulk.chunks import cut
from occu_core.bulk.job import JobError, ScoreJob, Selection
from occu_core.careers import CareerError
from occu_core.data.career_stream import (
    BadRow,
    UnorderedWorkersError,
    Worker,
    in_order,
    workers,
)
from occu_core.data.line_sorting import sort_lines, sorted_lines
from occu_core.data.table_lines import TableLine, table_lines
from occu_core.spreadsheet_cells import safe_cell

BAD_COLUMNS = ("row", "person_id", "column", "value", "problem")
Advance = Callable[[str, float], None]
"""Told what is being done, and the share of the table that has been read."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a table holds.

    Attributes:
        rows: lines of the table but the header and empty ones.
        bad_rows: rows that cannot be used; each is a line of the report.
        workers: who is scored.
        workers_left_out: who is not, because one of their rows is bad.
        rows_left_out: rows of theirs, the bad ones among them, and rows of nobody.
        skipped_rows: rows without a codable occupation, of workers who are scored or not.
        person_years: how many are scored.
        parts: in how many parts.
        in_order: whether the rows of each worker stand side by side.
    """

    rows: int
    bad_rows: int
    workers: int
    workers_left_out: int
    rows_left_out: int
    skipped_rows: int
    person_years: int
    parts: int
    in_order: bool


def check_table(
    job: ScoreJob, report: Path, sorted_copy: Path, advance: Advance | None = None
) -> Checked:
    """Check every row, write the bad ones to `report`, and sort the lines on disk if need be.

    The report appears under its name once it is whole, and not at all where no row is bad.

    Raises:
        CareerTableError: if the file is no career table, or breaks off.
        JobError: if there is nothing to score.
    """
    try:
        found = in_order(workers(_told(job.table, "checking", advance)))
        return replace(_checked(job, found, report), in_order=True)
    except UnorderedWorkersError:
        sort_lines(_told(job.table, "sorting on disk", advance), sorted_copy)
        return _checked(job, workers(sorted_lines(sorted_copy)), report)


def _told(table: Path, doing: str, advance: Advance | None) -> Iterator[TableLine]:
    return table_lines(table, (lambda share: advance(doing, share)) if advance else None)


def _checked(job: ScoreJob, found: Iterable[Worker], report: Path) -> Checked:
    unfinished = report.with_name(f".{report.name}.new")
    try:
        with unfinished.open("w", encoding="utf-8", errors="backslashreplace", newline="") as file:
            tally = _Tally(job.selection, csv.writer(file, lineterminator="\n").writerow)
            parts = 0
            for chunk in cut(tally.count(found), job.selection, job.person_years_per_part()):
                parts = chunk.number + 1
        if tally.bad_rows:
            unfinished.replace(report)
        else:
            report.unlink(missing_ok=True)  # of an earlier table
    finally:
        unfinished.unlink(missing_ok=True)
    tally.refuse_nothing(report)
    return Checked(
        rows=tally.rows,
        bad_rows=tally.bad_rows,
        workers=tally.workers,
        workers_left_out=tally.workers_left_out,
        rows_left_out=tally.rows_left_out,
        skipped_rows=tally.skipped_rows,
        person_years=tally.person_years,
        parts=parts,
        in_order=False,
    )


class _Tally:
    """Counts workers as they pass, and writes their bad rows down."""

    def __init__(self, selection: Selection, write: Callable[[Iterable[object]], object]) -> None:
        self.selection = selection
        self.write = write
        self.rows = self.bad_rows = self.workers = self.workers_left_out = 0
        self.rows_left_out = self.skipped_rows = self.person_years = 0
        self.splits: set[str] = set()

    def count(self, found: Iterable[Worker]) -> Iterator[Worker]:
        """The same workers; one whose years cannot be scored comes without a career."""
        for worker in found:
            self.rows += worker.rows
            self.skipped_rows += worker.skipped
            if worker.split:
                self.splits.add(worker.split.value)
            usable, years = self._years(worker)
            if usable.career is None:
                self._leave_out(usable)
            elif years:
                self.workers += 1
                self.person_years += years
            yield usable

    def _years(self, worker: Worker) -> tuple[Worker, int]:
        chosen = self.selection.split in (None, worker.split)
        if worker.career is None or not chosen:
            return worker, 0
        try:
            return worker, len(self.selection.years_of(worker.career))
        except CareerError as error:
            bad = BadRow(worker.first_row, worker.career.worker_id, "year", "", str(error))
            return replace(worker, career=None, bad=(bad,)), 0

    def _leave_out(self, worker: Worker) -> None:
        self.workers_left_out += worker.person is not None
        self.rows_left_out += worker.rows
        for bad in worker.bad:
            if not self.bad_rows:
                self.write(BAD_COLUMNS)
            self.bad_rows += 1
            cells = (bad.person_id, bad.column, bad.value, bad.problem)
            self.write([bad.number, *map(safe_cell, cells)])

    def refuse_nothing(self, report: Path) -> None:
        """Refuse a table without a person-year to score, saying why there is none."""
        chosen = self.selection
        if self.person_years:
            return
        if not self.rows:
            raise JobError("the table has a header but no rows; expected one per person and year")
        if self.bad_rows and self.rows_left_out == self.rows:
            raise JobError(f"every worker has a bad row; {report} says what is allowed")
        if chosen.split and chosen.split.value not in self.splits:
            found = ", ".join(sorted(self.splits)) or "none"
            raise JobError(f"no worker belongs to split {chosen.split.value!r}; found: {found}")
        span = f" in {chosen.years[0]}–{chosen.years[1]}" if chosen.years else ""
        raise JobError(f"no person-year with an occupation{span}; there is nothing to score")
