"""Answers written in the background, looked at while they grow, stopped when nobody waits."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from occu_core.answering.answer_files import SystemAnswer
from occu_core.answering.questions import Question
from occu_core.answering.responding import SERVER_FORM, endpoint_with, fingerprint
from occu_core.answering.sources import LocalSource, ServerSource, Source, SourceError, Writing
from occu_core.endpoints import Reply, ReplyStore
from occu_core.endpoints.replies import now

if TYPE_CHECKING:
    from occu_core.answering.local_model import LocalModel

MOST_UNFINISHED = 8
MOST_LOADED = 2
MOST_QUESTION = 20_000
"""Characters of a question that is typed."""


@dataclass(frozen=True, slots=True)
class AnswerState:
    """An answer as it stands.

    Attributes:
        text: so far.
        begun: whether it is its turn.
        answer: once it has ended by itself.
        problem: why there is no answer, or none to its end.
        seconds: of answering, without loading a model.
    """

    text: str = ""
    begun: bool = False
    stopping: bool = False
    ended: bool = False
    answer: SystemAnswer | None = None
    problem: str = ""
    seconds: float = 0.0


Work = Callable[["AnswerJob"], SystemAnswer]


class AnswerJob:
    """One answer being written in a thread."""

    def __init__(self, question: Question, system: str, work: Work | None = None) -> None:
        self.question, self.system = question, system
        self._work = work
        self._state = AnswerState()
        self._stopping = threading.Event()
        self._since = 0.0

    @classmethod
    def finished(cls, answer: SystemAnswer) -> AnswerJob:
        """An answer that is there already."""
        job = cls(answer.question, answer.system)
        job._state = AnswerState(answer.reply.text, begun=True, ended=True, answer=answer)
        return job

    @property
    def state(self) -> AnswerState:
        """How it stands now."""
        state = replace(self._state, stopping=self._stopping.is_set())
        if state.ended or not state.begun:
            return state
        return replace(state, seconds=time.monotonic() - self._since)

    def stop(self) -> None:
        """End it after the token that is being written; what there is stays."""
        self._stopping.set()

    def stopped(self) -> bool:
        """Whether it is to end."""
        return self._stopping.is_set()

    def grow(self, text: str) -> None:
        """The text so far."""
        self._state = replace(self._state, text=text)

    def begin(self) -> None:
        """Count seconds from now; said again once a model is loaded, which is not answering."""
        self._since = time.monotonic()
        self._state = replace(self._state, begun=True)

    def run(self) -> None:
        """Write it, in the thread that calls."""
        self.begin()
        try:
            if self._work is None or self.stopped():
                raise SourceError("stopped before it began")
            answer = self._work(self)
            if self.stopped() and answer.reply.cut:
                raise SourceError("stopped before its end")
            self._end(text=answer.reply.text, answer=answer)
        except Exception as error:  # a thread's own errors would be seen by nobody
            self._end(problem=str(error) or type(error).__name__)

    def _end(self, **found: object) -> None:
        seconds = time.monotonic() - self._since
        self._state = replace(self._state, ended=True, seconds=seconds, **found)  # type: ignore[arg-type]


class Answerers:
    """All who answer on this server; models on this computer in turn, servers side by side."""

    def __init__(self, folder: Path) -> None:
        """`folder` is where servers' replies and spending are kept."""
        self._folder = folder
        # On all cores each: two at once would only wait for each other.
        self._here = ThreadPoolExecutor(1, "answers")
        self._away = ThreadPoolExecutor(MOST_UNFINISHED, "calls")
        self._models: OrderedDict[str, LocalModel] = OrderedDict()
        self._unfinished: list[AnswerJob] = []
        self._lock = threading.Lock()
        self._turns: dict[Path, threading.Lock] = {}

    def start(self, question: Question, source: Source, writing: Writing) -> AnswerJob:
        """Begin an answer.

        Raises:
            SourceError: if as many are being written as may.
        """
        local = isinstance(source, LocalSource)
        job = AnswerJob(question, source.name, lambda job: self._write(job, source, writing))
        with self._lock:
            self._unfinished = [one for one in self._unfinished if not one.state.ended]
            if len(self._unfinished) >= MOST_UNFINISHED:
                raise SourceError(
                    f"{MOST_UNFINISHED} answers are being written; wait for one, or stop one"
                )
            self._unfinished.append(job)
        worker: Executor = self._here if local else self._away
        worker.submit(job.run)
        return job

    def spent(self, source: ServerSource) -> float:
        """Dollars spent at a server from here, ever."""
        path = self._replies(source)
        if not path.exists():
            return 0.0
        with ReplyStore(path) as store:
            return store.spent()

    def _write(self, job: AnswerJob, source: Source, writing: Writing) -> SystemAnswer:
        if isinstance(source, LocalSource):
            return self._locally(job, source, writing)
        return self._remotely(job, source, writing)

    def _locally(self, job: AnswerJob, source: LocalSource, writing: Writing) -> SystemAnswer:
        model = self._loaded(source)
        job.begin()
        prompt = model.prompt(job.question.turns)
        (one,) = model.write([prompt], writing, job.grow, job.stopped)
        said = Reply(one.text, source.place, one.tokens_in, one.tokens_out, 0.0, one.cut, now())
        return SystemAnswer(job.question, source.name, said, model.form)

    def _remotely(self, job: AnswerJob, source: ServerSource, writing: Writing) -> SystemAnswer:
        """One call at a time with one purse: a cap that two count by themselves can be broken."""
        from occu_core.endpoints.streaming import StreamingCaller

        path = self._replies(source)
        path.parent.mkdir(parents=True, exist_ok=True)

        async def call(kept: ReplyStore) -> Reply:
            endpoint = endpoint_with(source.endpoint, writing)
            caller = StreamingCaller(
                endpoint, kept, source.cap, on_text=job.grow, stopped=job.stopped
            )
            async with caller:
                return await caller.ask(job.question.turns)

        with self._turn(path), ReplyStore(path) as kept:
            return SystemAnswer(job.question, source.name, asyncio.run(call(kept)), SERVER_FORM)

    def _loaded(self, source: LocalSource) -> LocalModel:
        """A model, loaded once; the one not asked for longest makes room. Only in its thread."""
        from occu_core.answering.local_model import LocalModel

        key = fingerprint(source)
        if key not in self._models:
            while len(self._models) >= MOST_LOADED:
                self._models.popitem(last=False)
            self._models[key] = LocalModel.load(source)
        self._models.move_to_end(key)
        return self._models[key]

    def _turn(self, path: Path) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(path, threading.Lock())

    def _replies(self, source: ServerSource) -> Path:
        named = f"{source.endpoint.base_url}#{source.endpoint.model}"
        return self._folder / f"{sha256(named.encode()).hexdigest()[:16]}.sqlite"
