"""What each occupation is, in one plain sentence written for this project."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from occu_core.assets import asset_path


@cache
def descriptions() -> Mapping[str, str]:
    """A sentence of what people in it do for each code of occ1990dd.

    >>> descriptions()["435"]
    'Take orders in restaurants, bring food and drinks to tables, and collect the bill.'
    """
    path = asset_path("taxonomies", "occ1990dd_descriptions.csv")
    with path.open(encoding="utf-8", newline="") as file:
        return MappingProxyType({r["code"]: r["description"] for r in csv.DictReader(file)})


def description(code: str) -> str:
    """What the occupation with this code is; empty for a code outside occ1990dd."""
    return descriptions().get(code, "")
