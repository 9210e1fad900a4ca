"""The JSON route beside the pages: Starlette's requests to `occu_core.json_route` and back.

It asks the very models that the pages ask. Nothing is allowed to other sites' pages (no CORS).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from occu_core import json_route
from occu_core.data.career_json import MOST_BYTES
from occu_core.json_route import Answer
from pages.shared.loaders import model_cards, prediction_of

PREDICT, HEALTH, MODELS = "/api/predict", "/api/health", "/api/models"
MOST_AT_ONCE, MOST_WAITING = 2, 16
_SECONDS_FOR_BODY = 20.0
_ALWAYS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def routes() -> list[BaseRoute]:
    """What `st.App` serves beside the pages; every other address below /api/ is answered 404."""
    return [
        _route(PREDICT, "POST", _Predictor().answer),
        _route(HEALTH, "GET", _health),
        _route(MODELS, "GET", _models),
        Route("/api", _nowhere, methods=_METHODS),
        Route("/api/{rest:path}", _nowhere, methods=_METHODS),
    ]


class _Predictor:
    """Runs models off the event loop, a few at a time, and lets no long queue build up."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(MOST_AT_ONCE, "json-route")
        self._waiting = 0

    async def answer(self, request: Request) -> Answer:
        headers = request.headers
        refused = json_route.refused_unread(
            headers.get("content-type"), headers.get("content-length")
        )
        if refused:
            return refused
        try:
            body = await asyncio.wait_for(_body(request), _SECONDS_FOR_BODY)
        except TimeoutError:
            return json_route.too_slow(_SECONDS_FOR_BODY)
        if body is None:
            return json_route.too_large()
        if self._waiting >= MOST_AT_ONCE + MOST_WAITING:
            return json_route.busy()
        self._waiting += 1  # only the event loop's own thread counts
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, _predict, body)
        finally:
            self._waiting -= 1


def _predict(body: bytes) -> Answer:
    return json_route.predict_answer(body, model_cards(), prediction_of)


async def _body(request: Request) -> bytes | None:
    """The body, or None as soon as it is past the limit, whatever length was announced."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            return None
    return bytes(body)


async def _health(request: Request) -> Answer:
    return json_route.health_answer(model_cards())


async def _models(request: Request) -> Answer:
    return json_route.models_answer(model_cards())


async def _nowhere(request: Request) -> Response:
    return _response(json_route.no_such_path(request.url.path, (PREDICT, HEALTH, MODELS)))


def _route(path: str, method: str, make: Callable[[Request], Awaitable[Answer]]) -> Route:
    allowed = f"{method}, HEAD" if method == "GET" else method

    async def serve(request: Request) -> Response:
        if request.method not in allowed.split(", "):
            return _response(json_route.wrong_method(request.method, allowed))
        try:
            return _response(await make(request))
        except ClientDisconnect:
            return Response(status_code=499)  # nobody is there to read it

    return Route(path, serve, methods=_METHODS)


def _response(answer: Answer) -> JSONResponse:
    return JSONResponse(
        dict(answer.content), answer.status, headers={**_ALWAYS, **dict(answer.headers)}
    )
