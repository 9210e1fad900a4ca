"""The sample items that ship, written for the project: balanced by design, not evidence."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from occu_core.assets import asset_path
from occu_core.occuquest.item_files import read_items
from occu_core.occuquest.items import Item

SAMPLE_NOTE = "Written for the project; balanced by design, not evidence."


@cache
def sample_items(folder: Path | None = None) -> tuple[Item, ...]:
    """Every sample item, a file for each category, in the files' order; none if none ship.

    Raises:
        ItemFileError: naming file and row, if one is damaged.
    """
    folder = folder or asset_path("occuquest", "sample")
    return tuple(item for path in sorted(folder.glob("*.jsonl")) for item in read_items(path))
