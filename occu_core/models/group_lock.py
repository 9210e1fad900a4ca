"""A lock that those of one group hold together, and those of another wait for."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager


class GroupLock:
    """Group mutual exclusion (Joung 2000), first come, first served.

    Who comes while somebody of another group waits stands behind them, so nobody waits for ever.
    A thread may not enter again while it is inside.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: deque[object] = deque()
        self._group: Hashable = None
        self._inside = 0

    @contextmanager
    def held(self, group: Hashable, prepare: Callable[[], None] | None = None) -> Iterator[None]:
        """Hold the lock with others of the same group.

        Args:
            group: whom to share with.
            prepare: called when nobody is inside, just before entering.
        """
        with self._changed:
            self._queue.append(place := object())
            try:
                self._changed.wait_for(lambda: self._queue[0] is place and self._open_to(group))
                if not self._inside and prepare:
                    prepare()
                self._group, self._inside = group, self._inside + 1
            finally:
                self._queue.remove(place)
                self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._inside -= 1
                self._changed.notify_all()

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Hold the lock with nobody."""
        with self.held(object()):
            yield

    def _open_to(self, group: Hashable) -> bool:
        return not self._inside or group == self._group
