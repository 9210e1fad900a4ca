"""Where the files that ship with Occuscope are: beside the package, or inside it once installed."""

from __future__ import annotations

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent
ASSETS = next(
    folder for folder in (_PACKAGE.parent / "assets", _PACKAGE / "assets") if folder.is_dir()
)


def asset_path(*parts: str) -> Path:
    """The path of one shipped file or folder."""
    return ASSETS.joinpath(*parts)
