"""Why a model cannot write paths title by title; known without loading torch."""

from __future__ import annotations


class PathError(ValueError):
    """A model that can write no titles, or none behind a shared context."""
