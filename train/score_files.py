"""Where the scores of a model lie: under its name and what its weights and the tables are."""

from __future__ import annotations

import json
from collections.abc import Iterator
from hashlib import file_digest, sha256
from pathlib import Path

from occu_core.data.career_table import Split
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.models.base import ModelKind
from occu_core.models.other_models import read_name
from occu_core.models.storage import CARD_FILE, ModelError, base_of, model_folder, read_card

SCORES = Path("runs/scores")
TABLES = ("../shared/data/careers/nlsy97.csv.gz", "../shared/data/careers/nlsy79.csv.gz")
_NOT_WEIGHTS = {"README.md", CARD_FILE}
_MADE_OF_OTHERS = {ModelKind.ENSEMBLE, ModelKind.STAY_MOVE, ModelKind.EMBEDDING_LOGIT}


def scores_folder(model: str, tables: tuple[str, ...], out: Path) -> Path:
    """`<out>/<name>-<fingerprint>`: other weights or tables never share a folder.

    The fingerprint is of the weights, those of the models it is made of included, and of the
    tables; not of the card, which grows metrics.
    """
    folder = _folder(model)
    digest = sha256()
    for path in [*_weights(folder), *(Path(table) for table in tables)]:
        digest.update(f"{path.name}\n".encode() + _digest(path))
    return out / f"{read_card(folder).name}-{digest.hexdigest()[:12]}"


def scores_file(folder: Path, split: Split, detail: Detail) -> Path:
    """The scores of one split in one detail."""
    return folder / f"{split.value}-{detail.value}.npz"


def best_scores(model: str, split: Split, tables: tuple[str, ...], out: Path) -> ScoreTable:
    """The most detailed scores there are.

    Raises:
        SystemExit: if there are none, with the command that makes them.
    """
    folder = scores_folder(model, tables, out)
    for detail in (Detail.NORMALISED, Detail.RAW):
        path = scores_file(folder, split, detail)
        if path.exists():
            return ScoreTable.load(path)
    raise SystemExit(
        f"{model} has no scores of {split.value} in {folder};"
        f" make them with: python -m train.score_models {model} --split {split.value}"
    )


def _folder(model: str) -> Path:
    try:
        return model_folder(model)
    except ModelError as error:
        raise SystemExit(str(error)) from None


def _weights(folder: Path) -> Iterator[Path]:
    """The files of a model that decide its answers, then those of the models it is made of."""
    yield from sorted(p for p in folder.iterdir() if p.is_file() and p.name not in _NOT_WEIGHTS)
    for other in _others(folder):
        if other.is_dir():  # a base may be an id in the Hugging Face cache
            yield from _weights(other)


def _others(folder: Path) -> list[Path]:
    """Members of an ensemble, the base of a head on a language model, the base of an adapter."""
    if (folder / CARD_FILE).is_file() and read_card(folder).kind in _MADE_OF_OTHERS:
        written = json.loads((folder / "config.json").read_text(encoding="utf-8"))
        names = [*written.get("members", ()), *([written["base"]] if "base" in written else ())]
        return [_folder(read_name(name, folder)) for name in names]
    base = base_of(folder)
    return [Path(base)] if base else []


def _digest(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").digest()
    except OSError as error:
        raise SystemExit(f"{path}: {error.strerror}") from None
