"""The answers of the JSON route, whatever carries them: a request's parts in, status and JSON out.

`POST /api/predict` takes what `occu predict` takes, one career, in whose object `model` and `top`
may stand beside the career's own keys; it answers what `occu predict --json` prints. A request that
cannot be answered gets a status from 400 up and `{"error": "a sentence"}`, never a traceback.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from occu_core.careers import Query
from occu_core.data.career_json import MOST_BYTES, CareerJsonError, query_of, read_json
from occu_core.models.base import ModelCard
from occu_core.models.model_files import ModelError
from occu_core.occupations import UnknownOccupationError
from occu_core.predictions import NOTE, Prediction, to_json

MEDIA_TYPE = "application/json"
RETRY_SECONDS = 2
_LOG = logging.getLogger(__name__)
Ask = Callable[[str, Query], Prediction]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP status, a value for `json.dumps`, and headers beyond those that every answer has."""

    status: int
    content: Mapping[str, object]
    headers: tuple[tuple[str, str], ...] = ()

    @classmethod
    def refusal(cls, status: int, why: str, *headers: tuple[str, str]) -> Answer:
        """An answer to what cannot be answered."""
        return cls(status, {"error": why}, headers)


def refused_unread(content_type: str | None, length: str | None) -> Answer | None:
    """The refusal of a request by its headers alone, before its body is read.

    Only `application/json` is taken: a browser sends that from another site's page only after it
    has asked for leave, which is never given.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != MEDIA_TYPE or not _utf_8(parameters):
        return Answer.refusal(
            415,
            f"content type {(content_type or 'none')[:60]!r} is not allowed;"
            f" expected {MEDIA_TYPE} in UTF-8",
        )
    if length is not None and length.isascii() and length.isdigit() and int(length) > MOST_BYTES:
        return too_large()
    return None


def predict_answer(body: bytes, cards: Mapping[str, ModelCard], ask: Ask) -> Answer:
    """What to answer a request to predict; `cards` are the models that may be asked by name.

    The first of them is asked unless the request names one.
    """
    try:
        return Answer(200, _predicted(body, cards, ask))
    except _RefusalError as refused:
        return refused.answer
    except (CareerJsonError, UnknownOccupationError) as error:
        return Answer.refusal(422, str(error))
    except Exception:
        _LOG.exception("the JSON route could not answer")
        return failed()


def models_answer(cards: Mapping[str, ModelCard]) -> Answer:
    """The models that may be asked, the default first."""
    models = [
        {
            "name": name,
            "title": card.title,
            "kind": card.kind.value,
            "version": card.version,
            "data": card.data,
            "default": place == 0,
        }
        for place, (name, card) in enumerate(cards.items())
    ]
    return Answer(200, {"models": models, "note": NOTE})


def health_answer(cards: Mapping[str, ModelCard]) -> Answer:
    """Whether there is a model to ask."""
    return Answer(200, {"status": "ok"}) if cards else _no_models()


def too_large() -> Answer:
    """The refusal of a body past the limit."""
    return Answer.refusal(
        413, f"the body is larger than {MOST_BYTES // 1_000_000} MB; expected one career"
    )


def too_slow(seconds: float) -> Answer:
    """The refusal of a body that does not arrive."""
    return Answer.refusal(408, f"the body did not arrive within {seconds:.0f} seconds")


def busy() -> Answer:
    """The refusal of a request while too many others wait."""
    why = "too many requests are waiting; try again in a moment"
    return Answer.refusal(503, why, ("Retry-After", str(RETRY_SECONDS)))


def wrong_method(method: str, allowed: str) -> Answer:
    """The refusal of a method."""
    return Answer.refusal(
        405, f"method {method[:20]!r} is not allowed; expected {allowed}", ("Allow", allowed)
    )


def no_such_path(path: str, known: tuple[str, ...]) -> Answer:
    """The refusal of any other address below `/api/`."""
    return Answer.refusal(404, f"there is no {path[:80]!r}; expected one of {', '.join(known)}")


def failed() -> Answer:
    """The answer when the fault is this program's; what happened stands in the server's log."""
    return Answer.refusal(500, "the request could not be answered; the server's log says why")


class _RefusalError(Exception):
    """Ends the work on a request with its answer."""

    def __init__(self, answer: Answer) -> None:
        self.answer = answer


def _predicted(body: bytes, cards: Mapping[str, ModelCard], ask: Ask) -> dict[str, object]:
    if len(body) > MOST_BYTES:
        raise _RefusalError(too_large())
    try:
        content = read_json(body)
    except CareerJsonError as error:
        raise _RefusalError(Answer.refusal(400, str(error))) from None
    named, top = _options(content)
    name = _known(named, cards)
    if top is not None and (type(top) is not int or top < 1):
        why = f"top: {_short(top)} is not allowed; expected a whole number from 1 up"
        raise _RefusalError(Answer.refusal(422, why))
    query = query_of(content)
    try:
        return to_json(ask(name, query), top)
    except ModelError as error:
        _LOG.warning("%s", error)
        why = f"model {name!r} cannot be loaded on this server"
        raise _RefusalError(Answer.refusal(503, why)) from None


def _options(content: object) -> tuple[object, object]:
    """The request's model and top, taken out of its career's object."""
    if not isinstance(content, dict):
        return None, None
    return content.pop("model", None), content.pop("top", None)


def _known(named: object, cards: Mapping[str, ModelCard]) -> str:
    """The model to ask: only by the name of one that is listed, never by a folder."""
    if not cards:
        raise _RefusalError(_no_models())
    if named is None:
        return next(iter(cards))
    if not isinstance(named, str) or named not in cards:
        why = f"no model {_short(named)}; expected one of {', '.join(cards)}"
        raise _RefusalError(Answer.refusal(404, why))
    return named


def _no_models() -> Answer:
    return Answer.refusal(503, "no model is installed on this server")


def _short(value: object) -> str:
    shown = repr(value)
    return shown if len(shown) <= 60 else f"{shown[:60]}…"


def _utf_8(parameters: str) -> bool:
    """Whether a content type's parameters name no other encoding."""
    name, _, value = parameters.partition("=")
    other = name.strip().lower() == "charset"
    return not other or value.strip().strip('"').lower() in {"utf-8", "utf8"}
