"""`occu score` at scale: time and memory by size, kills on the way, Ray beside one process.

    python -m tests.benchmarks.score_tables [--json FILE] [--only curve kills language_model ray]

Draws simulated tables first (`train.simulate_careers`, seed 1), then runs the command as users
do. Seconds are of the clock; processor seconds are of the command's own process, and do not
depend on what else the computer does. Memory is the largest resident set, for Ray the largest sum
over its processes with shared pages counted once. Results are written after each step; a step
that is there is not run again.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from hashlib import file_digest
from pathlib import Path

import pyarrow.parquet as pq

from train.simulate_careers import SimulationSettings
from train.simulate_careers import main as simulate

FOLDER = Path("runs/score")
SIZES = (10_000, 100_000, 1_000_000)
LANGUAGE_MODEL_ROWS, COMPARED_ROWS = 20_000, 2_000
COMMAND = [sys.executable, "-c", "from occu_core.cli import main; main()", "score"]
_TICK = os.sysconf("SC_CLK_TCK")


def main(out: Path, steps: list[str]) -> None:
    """Run the steps that are not in `out` yet."""
    results = json.loads(out.read_text(encoding="utf-8")) if out.is_file() else {}
    for step in steps:
        if step not in results:
            results[step] = STEPS[step]()
            out.parent.mkdir(parents=True, exist_ok=True)
            out.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
        print(f"{step}: {json.dumps(results[step], indent=2)}", flush=True)


def curve() -> list[dict[str, object]]:
    """The Markov table, ten titles, one process, by size."""
    return [
        {"person_years": size, **run(table_of(size), FOLDER / f"curve_{size}.parquet")}
        for size in SIZES
    ]


def kills() -> dict[str, object]:
    """A million person-years with two kills: complete, none twice, the bytes of an unbroken run."""
    table, out = table_of(SIZES[-1]), FOLDER / "killed.parquet"
    unbroken = FOLDER / f"curve_{SIZES[-1]}.parquet"
    if not unbroken.is_file():
        run(table, unbroken)
    remove(out)
    runs = [run(table, out, kill_at=parts, keep=True) for parts in (33, 66, None)]
    check(out, table, titles=10)
    same = digest(out) == digest(unbroken)
    return {"runs": runs, "same_bytes_as_unbroken": same, "complete_without_duplicates": True}


def language_model() -> dict[str, object]:
    """The shipped language model, ten titles, raw, with two kills on the way."""
    table, out = table_of(LANGUAGE_MODEL_ROWS), FOLDER / "language_model.parquet"
    remove(out)
    options = ("--model", "language_model", "--raw")
    runs = [run(table, out, *options, kill_at=parts, keep=True) for parts in (10, 25, None)]
    check(out, table, titles=10)
    return {"runs": runs, "complete_without_duplicates": True}


def ray() -> list[dict[str, object]]:
    """One process beside Ray with one and with two scoring processes; the same bytes."""
    found = []
    for table, options in (
        (table_of(SIZES[1]), ()),
        (table_of(COMPARED_ROWS), ("--model", "language_model", "--raw")),
    ):
        out, digests = FOLDER / "compared.parquet", set()
        for engine in (
            (),
            ("--engine", "ray", "--ray-workers", "1"),
            ("--engine", "ray", "--ray-workers", "2"),
        ):
            measured = run(table, out, *options, *engine)
            digests.add(digest(out))
            found.append({"table": table.name, "options": [*options, *engine], **measured})
        found[-1]["all_three_files_the_same"] = len(digests) == 1
    return found


STEPS: dict[str, Callable[[], object]] = {
    "curve": curve,
    "kills": kills,
    "language_model": language_model,
    "ray": ray,
}


def table_of(size: int) -> Path:
    """A simulated table of so many person-years."""
    path = FOLDER / f"simulated_{size}.csv"
    if not path.exists():
        simulate(SimulationSettings(path, size))
    return path


def run(
    table: Path, out: Path, *options: str, kill_at: int | None = None, keep: bool = False
) -> dict[str, object]:
    """One run of the command, killed once so many parts lie there, and what it took."""
    if not keep:
        remove(out)
    model = () if "--model" in options else ("--model", "markov")
    began = time.perf_counter()
    process = subprocess.Popen(
        [*COMMAND, str(table), "--out", str(out), *model, *options, "--json"],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": ".", "OMP_NUM_THREADS": "1"},
    )
    watch = Watch(process.pid)
    parts = out.with_name(out.name + ".parts")
    if kill_at is not None:
        while running(process.pid) and len(list(parts.glob("part-*.parquet"))) < kill_at:
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
    said = process.stdout.read() if process.stdout else b""
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    watch.stop()
    if process.returncode not in (0, -signal.SIGKILL):
        raise SystemExit(f"{table}: ended with {process.returncode}")
    by_ray = "ray" in options
    found: dict[str, object] = {
        "seconds": round(time.perf_counter() - began, 1),
        "processor_seconds": round(
            watch.processor if by_ray else usage.ru_utime + usage.ru_stime, 1
        ),
        "peak_mb": round((watch.peak if by_ray else usage.ru_maxrss * 1024) / 1e6),
        "killed": process.returncode != 0,
    }
    if not found["killed"]:
        found["resumed_person_years"] = json.loads(said)["resumed_person_years"]
    return found


def running(pid: int) -> bool:
    """Whether a child has not ended; unlike `poll` it leaves what it used to be asked for."""
    return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None


class Watch:
    """Memory and processor time of a process and everything below it, looked at twice a second."""

    def __init__(self, pid: int) -> None:
        self.pid, self.peak, self.seconds = pid, 0, {}
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._look, daemon=True)
        self.thread.start()

    @property
    def processor(self) -> float:
        """Processor seconds of all of them, up to the last look at each."""
        return sum(self.seconds.values())

    def stop(self) -> None:
        """Stop looking."""
        self.ended.set()
        self.thread.join()

    def _look(self) -> None:
        while not self.ended.wait(0.5):
            total = 0
            for pid in family(self.pid):
                try:
                    lines = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
                    total += 1024 * int(lines.partition("\nPss:")[2].split()[0])
                    fields = stat(pid)
                    self.seconds[pid] = (int(fields[11]) + int(fields[12])) / _TICK
                except (OSError, IndexError, ValueError):
                    continue  # it has just ended
            self.peak = max(self.peak, total)


def family(root: int) -> list[int]:
    """A process and its descendants."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = int(stat(int(entry.name))[1])
            except (OSError, IndexError):
                continue
    found = [root]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found


def stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat after the name, which may hold anything."""
    return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()


def check(out: Path, table: Path, *, titles: int) -> None:
    """Each person-year of the table is there, in the table's order, with so many titles, once."""
    scored = person_years(out)
    with table.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            expected = row["person_id"], int(row["year"])
            for _ in range(titles):
                if next(scored, None) != expected:
                    raise SystemExit(f"{out}: {expected} is not where it should be")
    if next(scored, None) is not None:
        raise SystemExit(f"{out}: has more rows than {table}")


def person_years(out: Path) -> Iterator[tuple[str, int]]:
    """Person and year of each row."""
    for batch in pq.ParquetFile(out).iter_batches(columns=["person_id", "year"]):
        yield from zip(batch[0].to_pylist(), batch[1].to_pylist(), strict=True)


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def remove(out: Path) -> None:
    """Remove a finished file and the parts of a begun one."""
    out.unlink(missing_ok=True)
    for part in out.with_name(out.name + ".parts").glob("*"):
        part.unlink()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--json", type=Path, default=FOLDER / "benchmark.json", help="results")
    parser.add_argument("--only", nargs="+", choices=list(STEPS), default=list(STEPS))
    given = parser.parse_args()
    main(given.json, given.only)
