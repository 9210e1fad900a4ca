"""Model directories: a card, weights as safetensors, and nothing that could run code."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.models.base import CardMetric, Cohort, ModelCard, ModelKind, OccupationModel
from occu_core.occupations import Taxonomy, occ1990dd

CARD_FILE = "card.json"
DEFAULT_MODEL = "language_model"


class ModelError(ValueError):
    """A model that cannot be loaded: says which, why, and what there is."""


def shipped_models() -> list[Path]:
    """The folders of the models that ship, the default first, then by name."""
    folders = [card.parent for card in asset_path("models").glob(f"*/{CARD_FILE}")]
    return sorted(folders, key=lambda folder: (folder.name != DEFAULT_MODEL, folder.name))


def model_folder(name_or_folder: str) -> Path:
    """The folder of a shipped model by name, or a folder that holds a model.

    Raises:
        ModelError: if it is neither, naming the models there are.
    """
    shipped = {folder.name: folder for folder in shipped_models()}
    if name_or_folder in shipped:
        return shipped[name_or_folder]
    folder = Path(name_or_folder)
    if (folder / CARD_FILE).is_file():
        return folder
    names = ", ".join(shipped) or "none"
    raise ModelError(
        f"no model {name_or_folder[:200]!r}: neither a shipped model ({names})"
        f" nor a folder with a {CARD_FILE}"
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


def load_model(name_or_folder: str = DEFAULT_MODEL) -> OccupationModel:
    """Load a shipped model by name, or any model folder.

    Raises:
        ModelError: if there is none, it is damaged, or it was made for another taxonomy.
    """
    folder = model_folder(name_or_folder)
    card = read_card(folder)
    taxonomy = _taxonomy_of(card, folder)
    try:
        return _load(card, folder, taxonomy)
    except (OSError, KeyError, ValueError, RuntimeError) as error:
        raise ModelError(f"{folder}: the model cannot be loaded: {error}") from error


def _load(card: ModelCard, folder: Path, taxonomy: Taxonomy) -> OccupationModel:
    """Torch is imported only by the kinds that need it."""
    if card.kind is ModelKind.MARKOV:
        from occu_core.models.markov import MarkovModel

        return MarkovModel.load(folder, card, taxonomy)
    if card.kind is ModelKind.CAREER:
        from occu_core.models.career import CareerModel

        return CareerModel.load(folder, card, taxonomy)
    from occu_core.models.language_model import LanguageModel

    return LanguageModel.load(folder, card, taxonomy)


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
