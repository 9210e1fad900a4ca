"""Turns for those who ask at the same moment, and shares of the cores."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
CORES = os.cpu_count() or 1


class Turns:
    """Predictions for people who may ask at the same moment, each on its share of the cores.

    One who asks alone has all cores. Of many, as many as there are cores are computed at once,
    each on one: threads of one prediction would otherwise wait for each other.
    """

    def __init__(self) -> None:
        self._workers = ThreadPoolExecutor(CORES, thread_name_prefix="predictions")
        self._waiting, self._fewer = 0, threading.Condition()

    @property
    def waiting(self) -> int:
        """How many have asked and do not have theirs yet."""
        return self._waiting

    def computed(self, make: Callable[[], T]) -> T:
        """What `make` makes, in turn."""
        with self._fewer:
            self._waiting += 1
        try:
            return self._workers.submit(self._on_its_share, make).result()
        finally:
            with self._fewer:
                self._waiting -= 1
                self._fewer.notify_all()

    def until_none_waits(self, most: float) -> bool:
        """Wait until everyone has theirs, at most so many seconds; whether everyone has."""
        with self._fewer:
            return self._fewer.wait_for(lambda: not self._waiting, most)

    def _on_its_share(self, make: Callable[[], T]) -> T:
        import torch  # takes seconds, and nobody waits for it before they ask

        torch.set_num_threads(max(1, CORES // self._waiting))  # of this thread alone
        return make()
