"""Cells of an exported table: what a spreadsheet would run as a formula is made text."""

from __future__ import annotations

import re
from typing import TypeVar

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")
_T = TypeVar("_T")


def safe_cell(value: _T) -> _T | str:
    """The value, or with an apostrophe before it if it is text that begins like a formula.

    A plain signed number stays as it is, so that workers' numbers still match.

    >>> safe_cell("=cmd|' /C calc'!A0"), safe_cell("-7"), safe_cell("Cooks"), safe_cell(-0.5)
    ("'=cmd|' /C calc'!A0", '-7', 'Cooks', -0.5)
    """
    if not isinstance(value, str) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}" if value.startswith("\t") or _begins(value) else value


def _begins(text: str) -> bool:
    """Whether the first letter after any blanks begins a formula; spreadsheets skip the blanks."""
    return text.lstrip(" \n\u00a0\ufeff").startswith(_FORMULA)
