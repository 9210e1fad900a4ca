"""Scores a table from its file to a file: checks, begins or resumes, scores what is left, joins."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from occu_core.bulk.checking import Advance, Checked, check_table
from occu_core.bulk.chunks import Source
from occu_core.bulk.engines import Engine, peak_bytes
from occu_core.bulk.job import JobError, ScoreJob, explained
from occu_core.bulk.parts import PartFolder, Plan, about_file
from occu_core.bulk.scoring import schema_of
from occu_core.data.table_lines import table_columns
from occu_core.occupations import occ1990dd

_RECENT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the scoring is; the speed is that of the last minute, None before the first part."""

    done: int
    person_years: int
    per_second: float | None

    @property
    def seconds_left(self) -> float | None:
        """At the present speed."""
        left = self.person_years - self.done
        return left / self.per_second if self.per_second else None


@dataclass(frozen=True, slots=True)
class Outcome:
    """A finished file.

    Attributes:
        out: the file.
        report: the bad rows' file; None where every row could be used.
        checked: what the table held.
        resumed: person-years that earlier runs had scored.
        seconds: of this run, loading and checking included.
        peak_bytes: the most memory of any one process of this run, as far as known.
        already_complete: whether there was nothing left to do.
    """

    out: Path
    report: Path | None
    checked: Checked
    resumed: int
    seconds: float
    peak_bytes: int
    already_complete: bool = False


def score_table(
    job: ScoreJob,
    out: Path,
    engine: Engine,
    *,
    restart: bool = False,
    on_check: Advance | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Outcome:
    """Score a table into `out`, going on where an earlier run of the same job was stopped.

    Raises:
        JobError: if `out` cannot be written or is of another job, or nothing is to be scored.
        CareerTableError: if the table is none.
        ModelError: if there is no such model.
        OSError: if the disk is full or cannot be written; what is done is kept.
    """
    started = time.perf_counter()
    _check_place(out)
    columns = table_columns(job.table)
    about = job.about()
    folder = PartFolder(out)
    if _is_complete(out, about, restart=restart):
        return _complete(folder, about, time.perf_counter() - started)
    with folder.opened():
        plan = _plan(job, folder, about, restart=restart, on_check=on_check)
        copy = None if plan.checked.in_order else folder.sorted_copy
        source = Source(job.table, copy, job.selection, plan.person_years_per_part)
        resumed, peak = _score(job, source, engine, folder, plan.checked, on_progress)
        schema = schema_of(job.layout, occ1990dd(), datasets="dataset" in columns)
        told = {**explained(about, occ1990dd()), "table_held": asdict(plan.checked)}
        folder.join(plan.checked.parts, schema, told)
        folder.end()
    seconds = time.perf_counter() - started
    return Outcome(out, _report(folder), plan.checked, resumed, seconds, max(peak, peak_bytes()))


def _check_place(out: Path) -> None:
    """Refuse, before any work, a place where no file can be written."""
    if out.suffix != ".parquet":
        raise JobError(f"--out {out}: is not the name of a parquet file; expected FILE.parquet")
    if not out.parent.is_dir():
        raise JobError(f"--out {out}: there is no folder {out.parent}; make it first")
    if out.is_dir():
        raise JobError(f"--out {out}: is a folder; expected a file")


def _is_complete(out: Path, about: dict[str, object], *, restart: bool) -> bool:
    """Whether the file is there and of this very job; one of another is never replaced unasked.

    Raises:
        JobError: if it is of another job, or none of ours.
    """
    if not out.exists():
        return False
    told = about_file(out)
    if told is None:
        raise JobError(f"{out}: is there already, and not by `occu score`; choose another --out")
    if restart:
        return False
    differ = _differences({key: told.get(key) for key in about}, about)
    if differ:
        raise JobError(
            f"{out}: holds the scores of another job ({differ}); choose another --out, or replace"
            " it with --restart"
        )
    return True


def _complete(folder: PartFolder, about: dict[str, object], seconds: float) -> Outcome:
    """Tell of a finished file; a kill may have left its parts."""
    told = about_file(folder.out) or about
    held = told["table_held"]
    checked = Checked(**held)  # type: ignore[arg-type]
    if folder.path.exists():
        with folder.opened():
            folder.end()
    report = _report(folder)
    return Outcome(folder.out, report, checked, checked.person_years, seconds, peak_bytes(), True)


def _plan(
    job: ScoreJob,
    folder: PartFolder,
    about: dict[str, object],
    *,
    restart: bool,
    on_check: Advance | None,
) -> Plan:
    """The plan of the folder if it is of this job, else a new one after reading the table.

    Raises:
        JobError: if a job of other settings was begun there.
    """
    plan = None if restart else folder.plan()
    if plan is not None:
        if differ := _differences(plan.about, about):
            raise JobError(
                f"{folder.path}: holds a job of other settings ({differ}); give the same ones to"
                " go on with it, or begin anew with --restart"
            )
        return plan
    folder.clear()
    checked = check_table(job, folder.report, folder.sorted_copy, on_check)
    plan = Plan(about, job.person_years_per_part(), checked)
    folder.begin(plan)
    return plan


def _differences(before: dict[str, object], now: dict[str, object]) -> str:
    return ", ".join(
        f"{key} was {before.get(key)}, now {now.get(key)}"
        for key in dict.fromkeys([*before, *now])
        if before.get(key) != now.get(key)
    )


def _score(
    job: ScoreJob,
    source: Source,
    engine: Engine,
    folder: PartFolder,
    checked: Checked,
    on_progress: Callable[[Progress], None] | None,
) -> tuple[int, int]:
    """Score and write what is not finished; person-years found finished, and the peak memory."""
    finished = folder.finished(checked.parts)
    resumed = sum(finished.values()) // (job.layout.top or 1)
    if len(finished) == checked.parts:
        return resumed, 0
    pace, peak = _Pace(resumed, checked.person_years), 0
    if on_progress:
        on_progress(pace.progress())
    for part in engine.parts(job, source, frozenset(finished)):
        folder.write(part.number, part.table)
        peak = max(peak, part.peak_bytes)
        pace.add(part.person_years)
        if on_progress:
            on_progress(pace.progress())
    return resumed, peak


class _Pace:
    """The speed of the last minute."""

    def __init__(self, done: int, person_years: int) -> None:
        self.done, self.person_years = done, person_years
        self.recent = deque([(time.monotonic(), done)])

    def add(self, person_years: int) -> None:
        self.done += person_years
        self.recent.append((time.monotonic(), self.done))
        while len(self.recent) > 2 and self.recent[-1][0] - self.recent[1][0] > _RECENT_SECONDS:
            self.recent.popleft()

    def progress(self) -> Progress:
        (began, before), (now, done) = self.recent[0], self.recent[-1]
        speed = (done - before) / (now - began) if now > began else None
        return Progress(self.done, self.person_years, speed)


def _report(folder: PartFolder) -> Path | None:
    return folder.report if folder.report.exists() else None
