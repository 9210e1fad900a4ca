"""Where a model's calibration lies, and whether it was made for the model as it is now."""

from __future__ import annotations

import json
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.evaluation.report_files import ReportError, record_of
from occu_core.explain.sure_records import Sureness
from occu_core.models.storage import model_folder, read_card, shipped_models

FILE = "prediction_sets.json"
_CHUNK = 65_536


class SureError(ValueError):
    """A calibration that is missing, damaged, or of another model: says how to make one."""


def sureness_of(name: str) -> Sureness:
    """What was calibrated and measured for a model by name or folder.

    Raises:
        ModelError: if there is no such model.
        SureError: if there is no calibration, or none that was made for this model.
    """
    folder = model_folder(name)
    path = sureness_path(folder)
    if not path.is_file():
        raise SureError(f"no sets were calibrated for the model {name!r} yet; {_how(name)}")
    found = read_sureness(path)
    if found.made_for != model_digest(folder):
        raise SureError(
            f"the sets of the model {name!r} were calibrated for other weights; {_how(name)}"
        )
    return found


def sureness_path(folder: Path) -> Path:
    """Beside the models that ship, or inside the folder of any other."""
    if folder.resolve() in {shipped.resolve() for shipped in shipped_models()}:
        return asset_path("explain", "prediction_sets", f"{folder.name}.json")
    return folder / FILE


def model_digest(folder: Path) -> str:
    """Sixteen hex digits that change with the model: its name, version, settings and weights.

    Of each file of weights the size, the beginning, the middle and the end are read: enough to
    tell trained weights apart, in an instant however large they are.
    """
    card = read_card(folder)
    said = (card.name, card.kind.value, card.version, card.taxonomy_digest, card.settings)
    digest = sha256(json.dumps(said).encode())
    for path in sorted(folder.glob("*.safetensors")):
        size = path.stat().st_size
        digest.update(f"{path.name} {size}".encode())
        with path.open("rb") as file:
            for place in (0, size // 2, max(size - _CHUNK, 0)):
                file.seek(place)
                digest.update(file.read(_CHUNK))
    return digest.hexdigest()[:16]


def read_sureness(path: Path) -> Sureness:
    """Read what `save_sureness` wrote.

    Raises:
        SureError: naming the file and the first field that cannot be read.
    """
    try:
        written = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        raise SureError(f"{path.name}: cannot be read as JSON; calibrate the model again") from None
    try:
        return record_of(Sureness, written, f"{path.name}:")
    except ReportError as error:
        raise SureError(str(error)) from None


def save_sureness(sureness: Sureness, path: Path) -> None:
    """Write one line for each record; the file appears only once it is whole."""
    path.parent.mkdir(parents=True, exist_ok=True)
    written = _rounded(asdict(sureness))
    assert isinstance(written, dict)  # a record is written as an object
    lines = ",\n".join(f"{json.dumps(key)}: {_lines(value)}" for key, value in written.items())
    partial = path.with_name(f".{path.name}.partial")
    partial.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
    partial.replace(path)


def _how(name: str) -> str:
    return f"make them with: python -m train.calibrate_sets {name}"


def _lines(value: object) -> str:
    if not isinstance(value, list | tuple) or not value:
        return json.dumps(value, ensure_ascii=False)
    rows = ",\n ".join(
        json.dumps(row, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for row in value
    )
    return f"[\n {rows}\n]"


def _rounded(value: object) -> object:
    """Numbers of six digits, which is more than they mean."""
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_rounded(item) for item in value]
    return float(f"{value:.6g}") if isinstance(value, float) else value
