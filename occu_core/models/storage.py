"""Model directories: a card, weights as safetensors, and nothing that could run code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.models.base import CardMetric, Cohort, ModelCard, ModelKind, OccupationModel
from occu_core.models.model_files import CARD_FILE as CARD_FILE
from occu_core.models.model_files import ModelError as ModelError
from occu_core.models.model_files import Quantised, adapter_base, check_files
from occu_core.models.registry import added_models, register
from occu_core.occupations import Taxonomy, occ1990dd

DEFAULT_MODEL = "language_model"


def shipped_models() -> list[Path]:
    """The folders of the models that ship, the default first, then by name."""
    folders = [card.parent for card in asset_path("models").glob(f"*/{CARD_FILE}")]
    return sorted(folders, key=lambda folder: (folder.name != DEFAULT_MODEL, folder.name))


def available_models() -> dict[str, Path]:
    """The folders of all models that answer to a name: shipped ones first, then added ones."""
    shipped = {folder.name: folder for folder in shipped_models()}
    return {**shipped, **{k: v for k, v in added_models().items() if k not in shipped}}


def model_folder(name_or_folder: str) -> Path:
    """The folder of a shipped or added model by name, or a folder that holds a model.

    Raises:
        ModelError: if it is none of them, naming the models there are.
    """
    available = available_models()
    if name_or_folder in available:
        return available[name_or_folder]
    folder = Path(name_or_folder)
    if (folder / CARD_FILE).is_file():
        return folder
    names = ", ".join(available) or "none"
    raise ModelError(
        f"no model {name_or_folder[:200]!r}: neither a shipped model nor one that was added"
        f" ({names}) nor a folder with a {CARD_FILE}"
    )


def add_model(folder: Path, name: str | None = None) -> str:
    """Make a user's model folder answer to a name, its card's unless given; returns the name.

    Raises:
        ModelError: if the folder is no safe model for this version's taxonomy, its base is
            missing, or the name is not allowed or taken.
    """
    if not (folder / CARD_FILE).is_file():
        raise ModelError(f"{folder}: is not a model folder; expected one with a {CARD_FILE}")
    card = read_card(folder)
    _taxonomy_of(card, folder)
    check_files(folder)
    base_of(folder)
    chosen = name or card.name
    if chosen in {shipped.name for shipped in shipped_models()}:
        raise ModelError(f"{chosen!r} is the name of a shipped model; choose another with --name")
    register(chosen, folder)
    return chosen


def base_of(folder: Path) -> str | None:
    """Where an adapter's base is: a folder, or an id in the Hugging Face cache; None if no adapter.

    Raises:
        ModelError: if the base is not on this computer.
    """
    named = adapter_base(folder)
    if named is None:
        return None
    if named in (available := available_models()):
        return str(available[named])
    for place in (Path(named), folder / named):
        if (place / "config.json").is_file():
            return str(place)
    from huggingface_hub import try_to_load_from_cache
    from huggingface_hub.errors import HFValidationError

    try:
        if isinstance(try_to_load_from_cache(named, "config.json"), str):
            return named
    except HFValidationError:
        pass  # a folder that is gone cannot be an id
    raise ModelError(
        f"{folder}: its base {named!r} is not here: neither a model by name, nor a folder,"
        f" nor in the Hugging Face cache (`hf download {named}`)"
    )


def read_card(folder: Path) -> ModelCard:
    """A model's card, checked.

    Raises:
        ModelError: if it is damaged.
    """
    try:
        written = json.loads((folder / CARD_FILE).read_text(encoding="utf-8"))
        written["kind"] = ModelKind(written["kind"])
        written["metrics"] = tuple(CardMetric(**metric) for metric in written["metrics"])
        written["trained_on"] = tuple(_cohort(cohort) for cohort in written["trained_on"])
        return ModelCard(**written)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder / CARD_FILE}: is not a model card: {error}") from None


def write_card(folder: Path, card: ModelCard) -> None:
    """Write a card beside its weights."""
    text = json.dumps(dataclasses.asdict(card), indent=2, ensure_ascii=False) + "\n"
    partial = folder / f"{CARD_FILE}.new"
    partial.write_text(text, encoding="utf-8")
    partial.replace(folder / CARD_FILE)


def load_model(
    name_or_folder: str = DEFAULT_MODEL, *, quantised: Quantised | None = None
) -> OccupationModel:
    """Load a shipped or added model by name, or any model folder.

    Args:
        name_or_folder: which.
        quantised: hold a language model's matrices in 8 or 4 bits; unless given, as its card says.

    Raises:
        ModelError: if there is none, it is damaged, it was made for another taxonomy, or it cannot
            be quantised.
    """
    folder = model_folder(name_or_folder)
    card = read_card(folder)
    taxonomy = _taxonomy_of(card, folder)
    if quantised and card.kind is not ModelKind.LANGUAGE_MODEL:
        raise ModelError(f"{folder}: only language models can be quantised; this is a {card.kind}")
    try:
        return _load(card, folder, taxonomy, quantised)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: the model cannot be loaded: {error}") from error


def _load(
    card: ModelCard, folder: Path, taxonomy: Taxonomy, quantised: Quantised | None
) -> OccupationModel:
    """Torch is imported only by the kinds that need it."""
    if card.kind is ModelKind.MARKOV:
        from occu_core.models.markov import MarkovModel

        return MarkovModel.load(folder, card, taxonomy)
    if card.kind is ModelKind.CAREER:
        from occu_core.models.career import CareerModel

        return CareerModel.load(folder, card, taxonomy)
    if card.kind is not ModelKind.LANGUAGE_MODEL:
        from occu_core.models.baselines import load_baseline

        return load_baseline(card, folder, taxonomy)
    from occu_core.models.language_model import LanguageModel

    written = card.settings.get("quantised")
    bits = quantised or (Quantised(str(written)) if written else None)
    return LanguageModel.load(folder, card, taxonomy, base=base_of(folder), quantised=bits)


def _taxonomy_of(card: ModelCard, folder: Path) -> Taxonomy:
    taxonomy = occ1990dd()
    if (card.taxonomy, card.taxonomy_digest) != (taxonomy.name, taxonomy.digest):
        raise ModelError(
            f"{folder}: made for taxonomy {card.taxonomy} ({card.taxonomy_digest});"
            f" this version has {taxonomy.name} ({taxonomy.digest})"
        )
    return taxonomy


def _cohort(written: dict[str, object]) -> Cohort:
    ranges = {k: tuple(v) for k, v in written.items() if isinstance(v, list)}
    return Cohort(**{**written, **ranges})  # type: ignore[arg-type]
