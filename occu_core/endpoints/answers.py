"""What a server sent back, read as a reply or as the trouble that it is."""

from __future__ import annotations

from openai.types.chat import ChatCompletion

from occu_core.endpoints.endpoint import Endpoint, Turn
from occu_core.endpoints.errors import CallFailedError, EndpointRefusedError
from occu_core.endpoints.replies import Reply, now
from occu_core.endpoints.troubles import Trouble


def reply_of(
    completion: ChatCompletion | str, turns: tuple[Turn, ...], endpoint: Endpoint
) -> Reply | Trouble:
    """The reply in a completion; the client checks no shapes, so everything may be missing."""
    if isinstance(completion, str):
        said = (
            f"{endpoint.base_url} answered with a web page, not with JSON; an OpenAI-compatible"
            " address usually ends in /v1"
        )
        return Trouble(EndpointRefusedError(said))
    tokens_in, tokens_out, cost = _usage(completion, turns, endpoint)
    choices = getattr(completion, "choices", None)
    if not choices:
        said = f"{endpoint.base_url} answered without any choice"
        return Trouble(CallFailedError(said), again=True, cost=cost)
    text = getattr(getattr(choices[0], "message", None), "content", None)
    ended = getattr(choices[0], "finish_reason", None)
    if not isinstance(text, str) or not text.strip():
        why = f" (finish_reason {ended})" if ended else ""
        said = f"{endpoint.base_url} answered with an empty message{why}"
        return Trouble(CallFailedError(said), again=ended != "content_filter", cost=cost)
    model = getattr(completion, "model", None) or endpoint.model
    return Reply(text, str(model), tokens_in, tokens_out, cost, ended == "length", now())


def _usage(
    completion: ChatCompletion, turns: tuple[Turn, ...], endpoint: Endpoint
) -> tuple[int, int, float]:
    """Tokens in, tokens out and dollars; a server that reports none is counted at the most."""
    usage = getattr(completion, "usage", None)
    counts = [getattr(usage, name, None) for name in ("prompt_tokens", "completion_tokens")]
    tokens_in, tokens_out = counts
    if not isinstance(tokens_in, int) or not isinstance(tokens_out, int):
        tokens_in, tokens_out = endpoint.tokens_at_most(turns)
    return tokens_in, tokens_out, endpoint.cost(tokens_in, tokens_out)
