"""The folder of an unfinished job: its plan, and the parts that are done, each whole or not there.

It stands beside the file to be written, as `FILE.parts/`, and goes away with the last step.
"""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from filelock import FileLock, Timeout

from occu_core.bulk.checking import Checked
from occu_core.bulk.job import JobError

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]

ABOUT = b"occuscope"
_PLAN, _SORTED, _LOCK = "job.json", "sorted.sqlite3", ".lock"
_COMPRESSION = "zstd"
_GROUP_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What was begun: the job, how it is cut, and what the table holds."""

    about: dict[str, object]
    person_years_per_part: int
    checked: Checked


@dataclass(frozen=True, slots=True)
class PartFolder:
    """Where the parts of one output file lie."""

    out: Path

    @property
    def path(self) -> Path:
        """The folder."""
        return self.out.with_name(self.out.name + ".parts")

    @property
    def report(self) -> Path:
        """Where bad rows are reported."""
        return self.out.with_name(self.out.name + ".bad.csv")

    @property
    def sorted_copy(self) -> Path:
        """Where the table's lines lie by worker, if they had to be sorted."""
        return self.path / _SORTED

    @contextmanager
    def opened(self) -> Iterator[None]:
        """Hold the folder for one process; the lock goes with the process, however it ends.

        Raises:
            JobError: if another process has it, or it is somebody else's folder.
        """
        self._refuse_strangers()
        self.path.mkdir(exist_ok=True)
        lock = FileLock(self.path / _LOCK)
        try:
            lock.acquire(timeout=0)
        except Timeout:
            raise JobError(f"{self.path}: another process is writing {self.out.name}") from None
        try:
            yield
        finally:
            if not (self.path / _PLAN).exists():  # nothing was begun, or all is done
                shutil.rmtree(self.path, ignore_errors=True)
            lock.release()

    def plan(self) -> Plan | None:
        """What was begun here; None if nothing was, or it got no further than reading the table."""
        try:
            written = json.loads((self.path / _PLAN).read_text(encoding="utf-8"))
            return Plan(**{**written, "checked": Checked(**written["checked"])})
        except FileNotFoundError:
            return None
        except (ValueError, TypeError, KeyError):
            raise JobError(f"{self.path / _PLAN}: is damaged; begin anew with --restart") from None

    def begin(self, plan: Plan) -> None:
        """Write the plan down; from here on the job is resumed."""
        text = json.dumps(asdict(plan), indent=1, ensure_ascii=False) + "\n"
        _write_whole(self.path / _PLAN, lambda file: file.write(text.encode()))

    def clear(self) -> None:
        """Remove everything but the lock: a job of other settings begins."""
        for path in self.path.glob("*"):
            if path.name != _LOCK:
                path.unlink()

    def end(self) -> None:
        """The job is done: what is left goes when the folder is closed."""
        (self.path / _PLAN).unlink(missing_ok=True)

    def part(self, number: int) -> Path:
        """Where a part lies."""
        return self.path / f"part-{number:07d}.parquet"

    def write(self, number: int, table: pa.Table) -> None:
        """Write one part; a kill leaves it whole or not there."""
        import pyarrow.parquet as pq  # type: ignore[import-untyped]

        _write_whole(
            self.part(number), lambda file: pq.write_table(table, file, compression=_COMPRESSION)
        )

    def finished(self, parts: int) -> dict[int, int]:
        """How many rows each finished part has, by number; one that cannot be read is none."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        found = {}
        for number in range(parts):
            with suppress(pa.ArrowException, OSError):
                found[number] = pq.read_metadata(self.part(number)).num_rows
        return found

    def join(self, parts: int, schema: pa.Schema, about: dict[str, object]) -> None:
        """Write the parts, in order, as the one file.

        Raises:
            JobError: if a part is damaged; it is removed, to be scored again.
        """
        import pyarrow.parquet as pq

        text = json.dumps(about, ensure_ascii=False)
        told = schema.with_metadata({ABOUT: text.encode()})

        def write(file: BinaryIO) -> None:
            with pq.ParquetWriter(file, told, compression=_COMPRESSION) as joined:
                for group in self._groups(parts, schema):
                    joined.write_table(group.cast(told))

        _write_whole(self.out, write, self.path / "joined.parquet.new")

    def _groups(self, parts: int, schema: pa.Schema) -> Iterator[pa.Table]:
        """The parts, small ones gathered, whatever their sizes: a row group each."""
        import pyarrow as pa

        held: list[pa.Table] = []
        for number in range(parts):
            held.append(self._read(number, schema))
            if sum(table.nbytes for table in held) >= _GROUP_BYTES:
                yield pa.concat_tables(held)
                held = []
        if held:
            yield pa.concat_tables(held)

    def _read(self, number: int, schema: pa.Schema) -> pa.Table:
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            table = pq.ParquetFile(self.part(number)).read()
            if table.schema.equals(schema):
                return table
        except (pa.ArrowException, OSError):
            pass  # said below
        self.part(number).unlink(missing_ok=True)
        raise JobError(f"{self.part(number)}: was damaged; the same command scores it again")

    def _refuse_strangers(self) -> None:
        """Nothing is written into a folder that is somebody else's."""
        if not self.path.exists():
            return
        ours = (_PLAN, _SORTED, _LOCK, "part-", "joined.parquet")
        for entry in self.path.iterdir() if self.path.is_dir() else [self.path]:
            if not entry.name.startswith(ours):
                raise JobError(f"{entry}: is not of a job of `occu score`; choose another --out")


def about_file(path: Path) -> dict[str, object] | None:
    """What a finished file says of itself; None if it is none of ours."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    with suppress(pa.ArrowException, OSError, ValueError, KeyError):
        return dict(json.loads((pq.read_schema(path).metadata or {})[ABOUT]))
    return None


def _write_whole(
    path: Path, write: Callable[[BinaryIO], object], unfinished: Path | None = None
) -> None:
    """Write a file that appears under its name only once it is whole and on the disk."""
    unfinished = unfinished or path.with_name(path.name + ".new")
    try:
        with unfinished.open("wb") as file:
            write(file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        why = f"{error.strerror or error}; what is done is kept, and the same command goes on"
        raise OSError(error.errno, why, str(path)) from None
    finally:
        with suppress(OSError):
            unfinished.unlink(missing_ok=True)
