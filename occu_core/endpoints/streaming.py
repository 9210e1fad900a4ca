"""Calls whose reply is told as it grows; paid for, capped, kept and retried as all others."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any

import openai
from openai.types.chat import ChatCompletion

from occu_core.endpoints.answers import reply_of
from occu_core.endpoints.caller import NEWER_LIMIT, Caller
from occu_core.endpoints.endpoint import Endpoint, Turn
from occu_core.endpoints.errors import CallFailedError
from occu_core.endpoints.replies import Reply, ReplyStore
from occu_core.endpoints.troubles import Trouble, trouble_of

STOPPED = "stopped before its end"
_USAGE = "stream_options"


class StreamingCaller(Caller):
    """A caller that tells the text so far, and ends a reply early where nobody waits for it."""

    def __init__(
        self,
        endpoint: Endpoint,
        store: ReplyStore | None = None,
        cap: float | None = None,
        *,
        api_key: str | None = None,
        on_text: Callable[[str], None],
        stopped: Callable[[], bool],
    ) -> None:
        """As `Caller`; `stopped` is asked at every piece whether to go on."""
        super().__init__(endpoint, store, cap, api_key=api_key)
        self._on_text, self._stopped = on_text, stopped
        self._asks_usage = True

    async def _send(self, turns: tuple[Turn, ...], draw: int) -> Reply | Trouble:
        """One streamed request; a server that does not stream is read whole."""
        endpoint = self.endpoint
        asked: dict[str, Any] = {self._limit: endpoint.max_tokens}
        if endpoint.temperature is not None:
            asked["temperature"] = endpoint.temperature
        if endpoint.seed is not None:
            asked["seed"] = endpoint.seed + draw
        if self._asks_usage:
            asked[_USAGE] = {"include_usage": True}
        try:
            async with asyncio.timeout(endpoint.timeout):
                raw = await self._client.chat.completions.with_raw_response.create(
                    model=endpoint.model,
                    messages=[asdict(turn) for turn in turns],  # type: ignore[misc]
                    stream=True,
                    **asked,
                )
                if "text/event-stream" in raw.headers.get("content-type", ""):
                    return await self._streamed(raw.parse(), turns)
                return self._whole(await raw.http_response.aread(), turns)
        except (openai.OpenAIError, TimeoutError, ValueError) as error:
            if self._adapts(str(error)):
                return await self._send(turns, draw)
            return trouble_of(error, endpoint)

    def _adapts(self, refusal: str) -> bool:
        """Whether a server named a field that it does not take, and it is left out from now on."""
        if self._limit != NEWER_LIMIT and NEWER_LIMIT in refusal:
            self._limit = NEWER_LIMIT
            return True
        if self._asks_usage and _USAGE in refusal:
            self._asks_usage = False
            return True
        return False

    async def _streamed(
        self,
        stream: Any,  # noqa: ANN401 - openai's stream of chunks
        turns: tuple[Turn, ...],
    ) -> Reply | Trouble:
        pieces: list[str] = []
        ended, usage, model = None, None, None
        async for chunk in stream:
            if self._stopped():
                await stream.close()
                return Trouble(CallFailedError(STOPPED), cost=None)
            usage, model = getattr(chunk, "usage", None) or usage, getattr(chunk, "model", model)
            for choice in getattr(chunk, "choices", None) or ():
                ended = getattr(choice, "finish_reason", None) or ended
                piece = getattr(getattr(choice, "delta", None), "content", None)
                if isinstance(piece, str) and piece:
                    pieces.append(piece)
                    self._on_text("".join(pieces))
        counted = None if usage is None else usage.model_dump()
        message = {"role": "assistant", "content": "".join(pieces)}
        choices = [{"index": 0, "finish_reason": ended, "message": message}]
        whole: dict[str, Any] = {"model": model, "choices": choices, "usage": counted}
        if ended is None:
            said = f"{self.endpoint.base_url} broke off its answer"
            return Trouble(CallFailedError(said), again=True, cost=None)
        return reply_of(ChatCompletion.construct(**whole), turns, self.endpoint)

    def _whole(self, body: bytes, turns: tuple[Turn, ...]) -> Reply | Trouble:
        """The answer of a server that does not stream."""
        text = body.decode("utf-8", "replace")
        if text.lstrip()[:1] == "<":
            return reply_of(text, turns, self.endpoint)
        found = reply_of(ChatCompletion.construct(**json.loads(text)), turns, self.endpoint)
        if isinstance(found, Reply):
            self._on_text(found.text)
        return found
