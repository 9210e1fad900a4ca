"""Runs in the background, one a folder, that outlive the page that started them."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from occu_core.endpoints import Endpoint, Usage
from occu_core.occuquest.generation.pipeline import Progress
from occu_core.occuquest.generation.plan import Plan, PlanError
from occu_core.occuquest.generation.records import Ending
from occu_core.occuquest.generation.running import generate

MOST_AT_ONCE = 2


@dataclass(frozen=True, slots=True)
class JobState:
    """A run as it stands. `ending` is None while it runs; `problem` says why it ended early."""

    progress: Progress | None
    usage: Usage
    pausing: bool
    ending: Ending | None
    problem: str


class Job:
    """One run in a thread of its own."""

    def __init__(
        self, plan: Plan, endpoint: Endpoint, path: Path, cap: float, api_key: str | None
    ) -> None:
        self.plan, self.endpoint, self.path, self.cap = plan, endpoint, path, cap
        self._progress: Progress | None = None
        self._usage = Usage()
        self._pausing = False
        self._ending: Ending | None = None
        self._problem = ""
        self._loop = asyncio.new_event_loop()
        self._task: asyncio.Task[None] | None = None
        self._thread = threading.Thread(target=self._run, args=(api_key,), daemon=True)
        self._thread.start()

    @property
    def state(self) -> JobState:
        """How it stands now."""
        return JobState(self._progress, self._usage, self._pausing, self._ending, self._problem)

    @property
    def running(self) -> bool:
        """Whether it still runs."""
        return self._ending is None

    def pause(self) -> None:
        """Begin no further call; those under way are waited for and kept."""
        self._pausing = True
        with suppress(RuntimeError):  # it has just ended
            self._loop.call_soon_threadsafe(self._cancel)

    def wait(self, seconds: float | None = None) -> None:
        """Wait until it has ended."""
        self._thread.join(seconds)

    def _cancel(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _run(self, api_key: str | None) -> None:
        try:
            self._task = self._loop.create_task(self._generate(api_key))
            self._loop.run_until_complete(self._task)
        except asyncio.CancelledError:
            self._ending = Ending.PAUSED
        except Exception as error:
            self._problem, self._ending = str(error), Ending.REFUSED
        finally:
            self._loop.close()

    async def _generate(self, api_key: str | None) -> None:
        if self._pausing:
            raise asyncio.CancelledError
        manifest = await generate(
            self.plan,
            self.endpoint,
            self.path,
            self.cap,
            api_key=api_key,
            on_progress=self._follow,
        )
        self._problem, self._ending = manifest.reason, manifest.ending

    def _follow(self, progress: Progress, usage: Usage) -> None:
        self._progress, self._usage = progress, usage


class Jobs:
    """The runs of this server, by folder."""

    def __init__(self) -> None:
        self._jobs: dict[Path, Job] = {}
        self._lock = threading.Lock()

    def start(
        self, plan: Plan, endpoint: Endpoint, path: Path, cap: float, api_key: str | None = None
    ) -> Job:
        """Begin a run, or go on with it.

        Raises:
            PlanError: if it runs already, or as many run as may.
        """
        with self._lock:
            running = [job for job in self._jobs.values() if job.running]
            if any(job.path == path for job in running):
                raise PlanError(f"{path.name} is running already")
            if len(running) >= MOST_AT_ONCE:
                raise PlanError(f"{len(running)} runs are going on; pause one, or wait for it")
            self._jobs[path] = Job(plan, endpoint, path, cap, api_key)
            return self._jobs[path]

    def find(self, path: Path) -> Job | None:
        """The run of a folder, if this server has begun it."""
        return self._jobs.get(path)

    def folders(self) -> tuple[Path, ...]:
        """The folders of all runs that this server has begun."""
        return tuple(self._jobs)
