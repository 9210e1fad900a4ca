"""What an unusable answer means: whether to ask again, when, and whether it may have cost money."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import openai

from occu_core.endpoints.endpoint import Endpoint
from occu_core.endpoints.errors import CallFailedError, EndpointError, EndpointRefusedError

LONGEST_REST = 120.0
"""Seconds; a server that asks for a longer rest is not waited for."""

_FIRST_REST, _LONGEST_BACKOFF = 0.5, 30.0
_PASSING = {408, 409, 425, 429}
_NO_CREDIT = {"insufficient_quota", "billing_hard_limit_reached"}


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why there is no answer. `again`: another try may help; `rest`: seconds the server asks for.

    `cost` in dollars; None where the work may have been done and billed though no answer came.
    """

    error: EndpointError
    again: bool = False
    rest: float | None = None
    cost: float | None = 0.0


def backoff(attempt: int) -> float:
    """Seconds before try `attempt + 2`: doubling from half a second, shortened by up to a half."""
    longest: float = min(_FIRST_REST * 2**attempt, _LONGEST_BACKOFF)
    return longest * random.uniform(0.5, 1)


def trouble_of(error: Exception, endpoint: Endpoint) -> Trouble:
    """What a failed request means."""
    if isinstance(error, openai.APIStatusError):
        return _of_status(error, endpoint)
    if isinstance(error, openai.APITimeoutError | TimeoutError):
        said = f"{endpoint.base_url} did not answer within {endpoint.timeout:g} seconds"
        return Trouble(CallFailedError(said), again=True, cost=_cost_unless_sent(error))
    if isinstance(error, openai.APIConnectionError):
        cause = _plain(str(error.__cause__ or error), 160)
        said = f"no connection to {endpoint.base_url}: {cause}"
        return Trouble(CallFailedError(said), again=True, cost=_cost_unless_sent(error))
    # Not JSON although it says so, or JSON of another shape.
    said = f"{endpoint.base_url} answered with something that is no chat completion"
    return Trouble(CallFailedError(said), again=True, cost=None)


def _of_status(error: openai.APIStatusError, endpoint: Endpoint) -> Trouble:
    status, said = error.status_code, _said(error)
    passing = status in _PASSING or status >= 500
    if passing and not _NO_CREDIT & {error.code, error.type}:
        rest = _retry_after(error.response.headers)
        told = f"{endpoint.base_url} answered {status}: {said}"
        if rest is not None and rest > LONGEST_REST:
            wait = f"; it asks to wait {rest:,.0f} seconds, longer than {LONGEST_REST:.0f}"
            return Trouble(EndpointRefusedError(told + wait))
        return Trouble(CallFailedError(told), again=True, rest=rest)
    if status in {400, 413, 422}:
        refused = f"{endpoint.base_url} refused this call ({status}): {said}"
        return Trouble(CallFailedError(refused))
    return Trouble(EndpointRefusedError(_refusal(status, said, endpoint)))


def _refusal(status: int, said: str, endpoint: Endpoint) -> str:
    """Why no call will work, and the way out."""
    if status in {401, 403}:
        variable = endpoint.api_key_variable
        way = f"check the key in {variable}" if variable else "give a valid key"
        return f"{endpoint.base_url} does not accept the key ({status}: {said}); {way}"
    if status == 404 and "model" in said.casefold():
        return f"{endpoint.base_url} does not know the model {endpoint.model!r} (404: {said})"
    if status == 404:
        return (
            f"{endpoint.base_url} has no /chat/completions (404); an OpenAI-compatible address"
            " usually ends in /v1"
        )
    return f"{endpoint.base_url} answered {status}: {said}"


def _said(error: openai.APIStatusError) -> str:
    """The server's own words, short and in one line; a web page is named, not quoted."""
    body = error.body
    if isinstance(body, Mapping):
        body = body.get("message") or body.get("detail") or body.get("error") or body
    text = _plain(str(body or error.response.reason_phrase), 240)
    return "a web page" if text.lstrip().lower().startswith(("<!doctype", "<html")) else text


def _plain(text: str, longest: int) -> str:
    text = re.sub(r"\s+", " ", text).strip()
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _cost_unless_sent(error: BaseException) -> float | None:
    """Nothing if the request cannot have reached the server, else unknown."""
    never = type(error.__cause__).__name__ in {"ConnectError", "ConnectTimeout"}
    return 0.0 if never else None


def _retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the server asks to wait, given as a number or a date; None where it names none."""
    written = headers.get("retry-after", "").strip()
    try:
        return max(0.0, float(written))
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(written)
    except ValueError:
        return None
    if until.tzinfo is None:
        until = until.replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())
