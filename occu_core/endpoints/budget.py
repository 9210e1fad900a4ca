"""How fast and for how much: a pace kept by all calls together, and a cap none can break."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from occu_core.endpoints.errors import CapReachedError


@dataclass(frozen=True, slots=True)
class Usage:
    """What a caller has used: calls paid for, replies from the cache, calls that failed, money.

    `cost` is of this run; `spent` is over all runs that share the store, unheard-of calls included.
    """

    calls: int = 0
    cached: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    cost: float = 0.0
    spent: float = 0.0


class Pace:
    """Lets calls start no faster than allowed, and none while the server asks for a rest."""

    def __init__(self, requests_per_minute: float | None) -> None:
        self._apart = 60 / requests_per_minute if requests_per_minute else 0.0
        self._next = 0.0
        self._turn = asyncio.Lock()

    async def wait(self) -> None:
        """Wait for the next start."""
        async with self._turn:
            # A rest may be asked for during a wait: look again.
            while (left := self._next - time.monotonic()) > 0:
                await asyncio.sleep(left)
            self._next = time.monotonic() + self._apart

    def rest(self, seconds: float) -> None:
        """Start nothing for so long."""
        self._next = max(self._next, time.monotonic() + seconds)


class Budget:
    """Money spent and promised; a call starts only if all that was promised could be paid."""

    def __init__(self, cap: float | None, spent: float) -> None:
        self.cap, self.spent = cap, spent
        self._promised: dict[int, float] = {}
        self._settled = asyncio.Event()

    async def promise(self, at_most: float) -> int:
        """Set aside the most that a call can cost; waits while calls under way may free money.

        Raises:
            CapReachedError: if it would not fit even then.
        """
        while not self._fits(at_most):
            if not self._promised:
                raise CapReachedError(
                    f"the spending cap of ${self.cap:,.2f} is reached: ${self.spent:,.4f} spent,"
                    f" and the next call could cost ${at_most:,.4f}; raise the cap to go on"
                )
            self._settled.clear()
            await self._settled.wait()
        number = max(self._promised, default=0) + 1
        self._promised[number] = at_most
        return number

    def settle(self, number: int, cost: float) -> None:
        """What the call came to."""
        del self._promised[number]
        self.spent += cost
        self._settled.set()

    def _fits(self, at_most: float) -> bool:
        return self.cap is None or self.spent + sum(self._promised.values()) + at_most <= self.cap
