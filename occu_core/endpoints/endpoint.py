"""An OpenAI-compatible server as we call it: address, model, parameters, prices and limits."""

from __future__ import annotations

import json
import math
import os
import re
from dataclasses import asdict, dataclass
from hashlib import sha256
from typing import Literal
from urllib.parse import urlsplit

from occu_core.endpoints.errors import EndpointRefusedError

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,127}")
_TOKENS_A_MESSAGE = 16  # role, separators and what a chat template adds; far above any known


@dataclass(frozen=True, slots=True)
class Turn:
    """One message sent to a model."""

    role: Literal["system", "user", "assistant"]
    content: str


def conversation(question: str, system: str | None = None) -> tuple[Turn, ...]:
    """A question as messages, after the system's words if there are any."""
    asked = Turn("user", question)
    return (Turn("system", system), asked) if system else (asked,)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to ask.

    It names the environment variable that holds the key and never holds the key itself. Prices are
    dollars for a million tokens: 0 for a server of one's own, None where they are not known.
    """

    base_url: str
    model: str
    api_key_variable: str | None = None
    temperature: float | None = None
    max_tokens: int = 1024
    seed: int | None = None
    price_in: float | None = None
    price_out: float | None = None
    concurrency: int = 8
    requests_per_minute: float | None = None
    timeout: float = 120.0
    retries: int = 5

    def __post_init__(self) -> None:
        _check_address(self.base_url)
        if not self.model.strip():
            raise EndpointRefusedError("no model is named; expected a name that the server knows")
        variable = self.api_key_variable
        if variable is not None and not _VARIABLE.fullmatch(variable):
            # Not repeated in the message: it may be a key pasted into the wrong place.
            raise EndpointRefusedError(
                "the name of the key's environment variable is not one; expected letters, digits"
                " and underscores, such as OPENAI_API_KEY, and never the key itself"
            )
        self._check_numbers()

    def _check_numbers(self) -> None:
        for name, low, high in (
            ("temperature", 0, 2),
            ("max_tokens", 1, 1_000_000),
            ("price_in", 0, 100_000),
            ("price_out", 0, 100_000),
            ("concurrency", 1, 256),
            ("requests_per_minute", 0.01, 1_000_000),
            ("timeout", 0.01, 3600),
            ("retries", 0, 20),
        ):
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and low <= value <= high):
                raise EndpointRefusedError(f"{name} is {value}; expected {low}–{high:,}")

    @property
    def priced(self) -> bool:
        """Whether it is known what a call costs."""
        return self.price_in is not None and self.price_out is not None

    def cost(self, tokens_in: int, tokens_out: int) -> float:
        """Dollars for so many tokens; 0 where prices are not known."""
        return (tokens_in * (self.price_in or 0) + tokens_out * (self.price_out or 0)) / 1e6

    def tokens_at_most(self, turns: tuple[Turn, ...]) -> tuple[int, int]:
        """No call with these messages takes more tokens: a token is at least one byte of text."""
        sent = sum(len(turn.content.encode()) + _TOKENS_A_MESSAGE for turn in turns)
        return sent + _TOKENS_A_MESSAGE, self.max_tokens

    def key(self, turns: tuple[Turn, ...], draw: int = 0) -> str:
        """What decides an answer, as a digest: model, messages and parameters, nothing secret."""
        asked = {
            "model": self.model,
            "messages": [asdict(turn) for turn in turns],
            "temperature": self.temperature,
            "max_tokens": self.max_tokens,
            "seed": self.seed,
            "draw": draw,
        }
        return sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()

    def api_key(self) -> str | None:
        """The key from its environment variable; None where the server asks for none.

        Raises:
            EndpointRefusedError: if the variable is named but holds nothing.
        """
        if self.api_key_variable is None:
            return None
        if found := os.environ.get(self.api_key_variable, "").strip():
            return found
        raise EndpointRefusedError(
            f"the environment variable {self.api_key_variable} is not set; set it to the key of"
            f" {self.base_url}"
        )


def _check_address(url: str) -> None:
    """Only http and https, and nothing secret in it."""
    try:
        parts = urlsplit(url)
        port_known = parts.port is None or parts.port > 0
    except ValueError:
        raise EndpointRefusedError("the endpoint is not an address; " + _EXPECTED) from None
    if parts.username or parts.password or parts.query or parts.fragment:
        raise EndpointRefusedError(
            "the endpoint holds a user, password or parameters; put the key into an environment"
            " variable and leave only the address, such as https://api.example.com/v1"
        )
    if parts.scheme not in {"http", "https"} or not parts.hostname or not port_known:
        raise EndpointRefusedError(f"the endpoint {url[:80]!r} is not an address; {_EXPECTED}")


_EXPECTED = "expected one with http or https, such as http://127.0.0.1:8000/v1"
