"""Asking a model: from the cache if it was asked before, else once, in pace and under the cap."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import asdict
from types import TracebackType
from typing import Any, Self

import openai

from occu_core.endpoints.answers import reply_of
from occu_core.endpoints.budget import Budget, Pace, Usage
from occu_core.endpoints.endpoint import Endpoint, Turn
from occu_core.endpoints.errors import CallFailedError, EndpointError, EndpointRefusedError
from occu_core.endpoints.replies import Reply, ReplyStore
from occu_core.endpoints.troubles import Trouble, backoff, trouble_of

MOST_FAILURES = 10
"""So many calls in a row that fail for good mean that the endpoint does not work."""

NEWER_LIMIT = "max_completion_tokens"
"""What some servers call the limit of tokens; they name it when they refuse the older name."""

Answer = Reply | CallFailedError


class Caller:
    """Calls to one endpoint; use it as `async with Caller(endpoint, store, cap) as caller`.

    Leaving it waits for calls under way, so that cancelling loses no reply that is being paid for.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        store: ReplyStore | None = None,
        cap: float | None = None,
        *,
        api_key: str | None = None,
    ) -> None:
        """Prepare to call; nothing is sent yet.

        Args:
            endpoint: whom to ask.
            store: where replies are kept; without one, in memory.
            cap: the most dollars to spend over all runs that share the store.
            api_key: the key itself, in place of the endpoint's environment variable.

        Raises:
            EndpointRefusedError: if the key is missing, or a cap is given without prices.
        """
        if cap is not None and not endpoint.priced:
            raise EndpointRefusedError(
                f"a cap of ${cap:,.2f} needs prices: dollars for a million tokens in and out,"
                " 0 for a server of your own"
            )
        self.endpoint = endpoint
        self._store = ReplyStore() if store is None else store
        self._budget = Budget(cap, self._store.spent())
        self._pace = Pace(endpoint.requests_per_minute)
        self._slots = asyncio.Semaphore(endpoint.concurrency)
        self._key = api_key or endpoint.api_key()
        self._client = openai.AsyncOpenAI(
            # Never None: the client would send the key of OPENAI_API_KEY to this address.
            api_key=self._key or "none",
            base_url=endpoint.base_url,
            timeout=openai.Timeout(endpoint.timeout, connect=min(endpoint.timeout, 15)),
            max_retries=0,
        )
        self._flying: dict[str, asyncio.Task[Reply]] = {}
        self._sending: set[str] = set()
        self._closing = False
        self._limit = "max_tokens"
        self._counts = {"calls": 0, "cached": 0, "failed": 0, "tokens_in": 0, "tokens_out": 0}
        self._cost = 0.0
        self._failures_in_a_row = 0

    @property
    def usage(self) -> Usage:
        """What was used so far."""
        return Usage(**self._counts, cost=self._cost, spent=self._budget.spent)

    async def ask(self, turns: Sequence[Turn], draw: int = 0) -> Reply:
        """The reply to a conversation; asked again, or twice at the same time, it costs nothing.

        Args:
            turns: the messages.
            draw: another number is another answer to the same messages.

        Raises:
            CallFailedError: if this call has no usable answer.
            CapReachedError: if it could break the cap; it was not made.
            EndpointRefusedError: if no call can succeed.
        """
        asked = tuple(turns)
        key = self.endpoint.key(asked, draw)
        kept = self._store.find(key)
        if kept is not None or key in self._flying:
            self._counts["cached"] += 1
        if kept is not None:
            return kept
        if key not in self._flying:
            task = asyncio.create_task(self._pay(asked, draw, key))
            self._flying[key] = task
            task.add_done_callback(lambda done: self._landed(key, done))
        return await asyncio.shield(self._flying[key])

    async def ask_all(
        self,
        conversations: Sequence[Sequence[Turn]],
        on_reply: Callable[[int, Answer], None] | None = None,
        draw: int = 0,
    ) -> list[Answer]:
        """Ask about all of them at once, a bounded number at a time.

        Args:
            conversations: what to ask.
            on_reply: told the position and the reply, or why there is none, in order of arrival.
            draw: as in `ask`.

        Returns:
            One reply or failed call for each conversation, in their order.

        Raises:
            CapReachedError, EndpointRefusedError: after the calls under way have been answered.
        """
        found: dict[int, Answer] = {}
        waiting = iter(enumerate(conversations))
        ended: list[EndpointError] = []

        async def work() -> None:
            for position, turns in waiting:
                if ended:
                    return
                try:
                    found[position] = await self.ask(turns, draw)
                except CallFailedError as error:
                    found[position] = error
                except EndpointError as error:
                    ended.append(error)
                    return
                if on_reply is not None:
                    on_reply(position, found[position])
                await asyncio.sleep(0)  # replies from the cache must not hold everything else up

        async with asyncio.TaskGroup() as group:
            for _ in range(min(self.endpoint.concurrency, len(conversations))):
                group.create_task(work())
        if ended:
            raise ended[0]
        return [found[position] for position in range(len(conversations))]

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._closing = True
        for key, task in self._flying.items():
            if key not in self._sending:
                task.cancel()
        await asyncio.gather(*self._flying.values(), return_exceptions=True)
        await self._client.close()

    def _landed(self, key: str, task: asyncio.Task[Reply]) -> None:
        del self._flying[key]
        if not task.cancelled():
            task.exception()  # seen, even if nobody waits for it any more

    async def _pay(self, turns: tuple[Turn, ...], draw: int, key: str) -> Reply:
        """Ask the server, again where that may help."""
        attempt = 0
        while True:
            async with self._slots:
                await self._pace.wait()
                found = await self._attempt(turns, draw, key)
            if isinstance(found, Reply):
                self._failures_in_a_row = 0
                return found
            if not found.again or self._closing or attempt == self.endpoint.retries:
                raise self._given_up(found)
            if found.rest is not None:
                self._pace.rest(found.rest)
            else:
                await asyncio.sleep(backoff(attempt))
            attempt += 1

    async def _attempt(self, turns: tuple[Turn, ...], draw: int, key: str) -> Reply | Trouble:
        """One request; the most it can cost is set aside before, what it cost is settled after."""
        at_most = self.endpoint.cost(*self.endpoint.tokens_at_most(turns))
        promise = await self._budget.promise(at_most)
        entry = self._store.enter(key, at_most)
        self._sending.add(key)
        cost = at_most  # also where the process is torn away before an answer
        try:
            found = await self._send(turns, draw)
            if isinstance(found, Reply):
                cost = found.cost
                self._store.keep(key, found, entry)
            else:
                cost = at_most if found.cost is None else found.cost
                self._store.settle(entry, cost)
        finally:
            self._sending.discard(key)
            self._budget.settle(promise, cost)
            self._cost += cost
        if isinstance(found, Reply):
            self._counts["calls"] += 1
            self._counts["tokens_in"] += found.tokens_in
            self._counts["tokens_out"] += found.tokens_out
        return found

    async def _send(self, turns: tuple[Turn, ...], draw: int) -> Reply | Trouble:
        """One request over the wire."""
        endpoint = self.endpoint
        asked: dict[str, Any] = {self._limit: endpoint.max_tokens}
        if endpoint.temperature is not None:
            asked["temperature"] = endpoint.temperature
        if endpoint.seed is not None:
            asked["seed"] = endpoint.seed + draw
        try:
            async with asyncio.timeout(endpoint.timeout):
                completion = await self._client.chat.completions.create(
                    model=endpoint.model,
                    messages=[asdict(turn) for turn in turns],  # type: ignore[misc]
                    **asked,
                )
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            if self._limit != NEWER_LIMIT and NEWER_LIMIT in str(error):
                self._limit = NEWER_LIMIT
                return await self._send(turns, draw)
            return trouble_of(error, endpoint)
        return reply_of(completion, turns, endpoint)

    def _given_up(self, trouble: Trouble) -> EndpointError:
        """The error of a call that failed for good; it names no secret."""
        self._counts["failed"] += 1
        self._failures_in_a_row += 1
        said = str(trouble.error)
        if self._key:
            said = said.replace(self._key, "…")
        if isinstance(trouble.error, EndpointRefusedError):
            return EndpointRefusedError(said)
        if self._failures_in_a_row >= MOST_FAILURES:
            return EndpointRefusedError(f"{MOST_FAILURES} calls in a row failed; the last: {said}")
        return CallFailedError(said)
