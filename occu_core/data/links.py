"""A view of the app as text that fits in a link: a career, its query and the models beside it."""

from __future__ import annotations

import base64
import json
import re
import zlib
from dataclasses import dataclass

from occu_core.careers import Query
from occu_core.data.career_json import CareerJsonError, parse_query, query_to_json
from occu_core.models.registry import MODEL_NAME

VERSION = 1
MOST_CHARACTERS = 8_000
MOST_UNPACKED_BYTES = 100_000
_BASE64URL = re.compile(r"[A-Za-z0-9_-]+")


class LinkError(ValueError):
    """A link that cannot be opened, or a view that no link can hold."""


@dataclass(frozen=True, slots=True)
class View:
    """What a link reopens: one query, and the one or two models it is put to."""

    query: Query
    models: tuple[str, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.models) <= 2:
            raise LinkError(f"a view has {len(self.models)} models; expected one or two")
        for model in self.models:
            if not MODEL_NAME.fullmatch(model):
                raise LinkError(
                    f"{model[:60]!r} is not a model name; expected up to 64 letters, digits,"
                    " dots, dashes and underscores"
                )


def encode_view(view: View, *, sensitive: bool = False) -> str:
    """The view as base64url text; sex and race/ethnicity are left out unless `sensitive`."""
    career = query_to_json(view.query, sensitive=sensitive)
    career["records"] = [
        {"year": r.year, "education": r.education, "occupation": r.occupation.code}
        for r in view.query.past.records
    ]
    content = {"version": VERSION, "models": view.models, "career": career}
    packed = zlib.compress(json.dumps(content, separators=(",", ":")).encode(), level=9)
    return base64.urlsafe_b64encode(packed).decode().rstrip("=")


def decode_view(text: str) -> View:
    """The view of a link.

    Raises:
        LinkError: if the link is damaged, too long, of another version, or holds no valid career.
    """
    if len(text) > MOST_CHARACTERS:
        raise LinkError(
            f"this link has {len(text):,} characters; expected at most {MOST_CHARACTERS:,}"
        )
    content = _unpack(text)
    if content.get("version") != VERSION:
        raise LinkError(
            f"this link has version {str(content.get('version'))[:20]};"
            f" this app opens version {VERSION}"
        )
    models = content.get("models")
    if not isinstance(models, list) or not all(isinstance(model, str) for model in models):
        raise _damaged()
    try:
        return View(parse_query(json.dumps(content.get("career")), "this link"), tuple(models))
    except CareerJsonError as error:
        raise LinkError(str(error)) from None
    except RecursionError:
        raise _damaged() from None


def _unpack(text: str) -> dict[str, object]:
    """The JSON object inside, never unpacked past its limit: a short link can hide a huge one."""
    if not _BASE64URL.fullmatch(text):
        raise _damaged()
    try:
        packed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        stream = zlib.decompressobj()
        unpacked = stream.decompress(packed, MOST_UNPACKED_BYTES)
        content = json.loads(unpacked) if stream.eof and not stream.unused_data else None
    except (ValueError, zlib.error, RecursionError):
        raise _damaged() from None
    if not isinstance(content, dict):
        raise _damaged()
    return content


def _damaged() -> LinkError:
    return LinkError("this link is damaged or incomplete; copy it again, all of it")
