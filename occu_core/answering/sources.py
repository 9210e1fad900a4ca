"""Who answers: a model on this computer or a server, named on the command line or in a setting.

`OCCU_ANSWER_MODELS` names those of the Ask page: `NAME=PLACE;NAME=PLACE`, or the path of a TOML
file, by default `answer_models.toml` in the user's data folder, with a table for each name:

    [prollama]
    place = "/models/prollama"     # a model or adapter folder, or an id in the Hugging Face cache
    quantised = "4bit"             # or "8bit"; in full unless given

    [mini]
    place = "https://api.example.com/v1#mini-1"      # ADDRESS#MODEL of a server
    api_key_variable = "OPENAI_API_KEY"
    price_in = 0.15                # dollars for a million tokens, 0 for a server of your own
    price_out = 0.6
    cap = 2.0                      # dollars over all questions ever asked; 1 unless given
"""

from __future__ import annotations

import os
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from occu_core.endpoints import Endpoint, EndpointError
from occu_core.home import data_folder
from occu_core.models.model_files import ADAPTER_CONFIG, Quantised

SETTING = "OCCU_ANSWER_MODELS"
FILE = "answer_models.toml"
CAP = 1.0
MOST_TOKENS = 8_192
_NAME = re.compile(r"\S(?:.{0,62}\S)?")
_ID = re.compile(r"[\w.-]+/[\w.-]+")
_HERE = {"localhost", "127.0.0.1", "::1"}
_FIELDS = {"place", "quantised", "api_key_variable", "price_in", "price_out", "cap"}


class SourceError(ValueError):
    """A model to answer that cannot be used as it is named: says which, why and what may be."""


@dataclass(frozen=True, slots=True)
class Writing:
    """How an answer is written.

    Attributes:
        max_tokens: the most an answer may have.
        temperature: 0 always takes the likeliest token; None is the server's own, and 0 locally.
        top_p: the tokens drawn from hold at least this share of the probability.
        seed: same seed, same answers.
    """

    max_tokens: int = 512
    temperature: float | None = None
    top_p: float = 1.0
    seed: int = 1

    def __post_init__(self) -> None:
        for name, low, high in (
            ("max_tokens", 1, MOST_TOKENS),
            ("temperature", 0, 2),
            ("top_p", 0.01, 1),
            ("seed", 0, 2**31 - 1),
        ):
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise SourceError(f"{name} is {value}; expected {low:g} to {high:,}")


@dataclass(frozen=True, slots=True)
class LocalSource:
    """A model on this computer; `place` is a folder, or an id in the Hugging Face cache."""

    name: str
    place: str
    quantised: Quantised | None = None


@dataclass(frozen=True, slots=True)
class ServerSource:
    """An OpenAI-compatible server, and the most dollars to spend there."""

    name: str
    endpoint: Endpoint
    cap: float | None = None


Source = LocalSource | ServerSource


def configured() -> dict[str, Source]:
    """The models that are named in the setting, in its order; none where it is not there.

    Raises:
        SourceError: naming the entry, and what is wrong with it.
    """
    written = os.environ.get(SETTING, "").strip()
    if not written and not (data_folder() / FILE).is_file():
        return {}
    if not written or written.endswith(".toml"):
        path = Path(written) if written else data_folder() / FILE
        return {name: _of_table(name, table, path.name) for name, table in _tables(path).items()}
    found: dict[str, Source] = {}
    for entry in filter(None, map(str.strip, written.split(";"))):
        name, _, place = entry.partition("=")
        if not place:
            name, place = Path(entry).name, entry
        found[name.strip()] = _of_table(name.strip(), {"place": place.strip()}, SETTING)
    return found


def local_source(name: str, place: str, quantised: Quantised | None = None) -> LocalSource:
    """A model folder, or an id in the Hugging Face cache.

    Raises:
        SourceError: if it is neither, or holds no causal language model.
    """
    folder = Path(place).expanduser()
    if folder.is_dir():
        if not any((folder / file).is_file() for file in ("config.json", ADAPTER_CONFIG)):
            raise SourceError(
                f"{place}: is no model folder; expected one with config.json or {ADAPTER_CONFIG}"
            )
        return LocalSource(checked_name(name), str(folder), quantised)
    if _ID.fullmatch(place) and _cached(place):
        return LocalSource(checked_name(name), place, quantised)
    raise SourceError(
        f"no model {place[:200]!r}: neither a model folder, nor an id in the Hugging Face cache"
        " (`hf download OWNER/NAME`), nor ADDRESS#MODEL of a server, such as"
        " http://127.0.0.1:8000/v1#NAME"
    )


def split_address(place: str) -> tuple[str, str] | None:
    """The address and the model of ADDRESS#MODEL; None where it is no address.

    Raises:
        SourceError: if an address names no model.
    """
    if not re.match(r"https?://", place, re.I):
        return None
    address, _, model = place.partition("#")
    if not model.strip():
        raise SourceError(f"{address[:200]}: names no model; expected {address[:200]}#MODEL")
    return address, model.strip()


def checked_name(name: str) -> str:
    """What a system is called in files.

    Raises:
        SourceError: if it is no name.
    """
    if not _NAME.fullmatch(name):
        raise SourceError(f"the name {name[:80]!r} is not allowed; expected 1–64 characters")
    return name


def _of_table(name: str, table: object, where: str) -> Source:
    """One entry of the setting."""
    if not isinstance(table, dict) or not isinstance(table.get("place"), str):
        raise SourceError(f"{where}: {name[:80]!r} has no place; expected a folder or address")
    if unknown := set(table) - _FIELDS:
        allowed = ", ".join(sorted(_FIELDS))
        raise SourceError(f"{where}: {name} has a field {min(unknown)!r}; expected {allowed}")
    try:
        if served := split_address(table["place"]):
            return _server(name, *served, table)
        written = table.get("quantised")
        return local_source(name, table["place"], Quantised(written) if written else None)
    except (SourceError, EndpointError, ValueError, TypeError) as error:
        raise SourceError(f"{where}: {name}: {error}") from None


def _server(name: str, address: str, model: str, table: dict[str, object]) -> ServerSource:
    free = 0.0 if urlsplit(address).hostname in _HERE else None
    prices = [table.get(field, free) for field in ("price_in", "price_out")]
    endpoint = Endpoint(
        address,
        model,
        str(table["api_key_variable"]) if table.get("api_key_variable") else None,
        price_in=None if prices[0] is None else float(str(prices[0])),
        price_out=None if prices[1] is None else float(str(prices[1])),
        retries=1,
    )
    if not endpoint.priced:
        raise SourceError(
            f"has no price_in and price_out; give them in {FILE}, in dollars for a million tokens,"
            " 0 for a server of your own: the cap is kept by them"
        )
    return ServerSource(checked_name(name), endpoint, float(str(table.get("cap", CAP))))


def _tables(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise SourceError(f"{SETTING} names {path}, but there is no such file") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path}: is not TOML: {error}") from None


def _cached(named: str) -> bool:
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        return isinstance(try_to_load_from_cache(named, "config.json"), str)
    except HFValidationError:
        return False
