"""Tables of weights in two or four bits a number: a fraction of their size, most of their sense."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float32]
ZERO = {4: 8.0, 2: 1.5}
"""Where zero lies among a number's levels: of two bits none is zero, so that no sign is lost."""
CUTS = {4: (0.5, 0.6, 0.7, 0.8, 0.9, 1.0), 2: (0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.6, 0.7)}
"""Shares of a row's largest number that its scale is tried with: what is larger is cut."""


@dataclass(frozen=True)
class FewBits:
    """A table whose numbers are evenly spaced levels, times a scale for each row.

    Attributes:
        levels: from 0 on, several to a byte; shape (rows, width × bits / 8). The lowest bits hold
            the first part of the width.
        scales: shape (rows,).
        bits: of a number, 2 or 4.
    """

    levels: npt.NDArray[np.uint8]
    scales: Floats
    bits: int

    def __post_init__(self) -> None:
        """Check that there is one scale a row."""
        if self.scales.shape != self.levels.shape[:1]:
            raise ValueError(f"{len(self.scales)} scales for {len(self.levels)} rows")

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and width."""
        return len(self.levels), self.levels.shape[1] * 8 // self.bits

    def rows(self, places: npt.NDArray[np.int64] | slice = slice(None)) -> Floats:
        """Some rows, or all, as numbers; shape (places, width)."""
        levels, mask = self.levels[places], 2**self.bits - 1
        parts = [levels >> shift & mask for shift in range(0, 8, self.bits)]
        numbers = np.concatenate(parts, axis=1).astype(np.float32) - np.float32(ZERO[self.bits])
        numbers *= self.scales[places][:, None]
        return numbers


def packed(table: Floats, bits: int = 4) -> FewBits:
    """A table in few bits; shape (rows, width), the width a multiple of 8 / bits.

    A row's scale is the one of a few that loses least.
    """
    highest = 2**bits - 1 - ZERO[bits]
    largest = np.maximum(np.abs(table).max(axis=1), 1e-9) / highest
    tried = [(largest * share).astype(np.float32) for share in CUTS[bits]]
    lost = [
        (((_levels(table, s, bits) - ZERO[bits]) * s[:, None] - table) ** 2).sum(axis=1)
        for s in tried
    ]
    scales = np.stack(tried)[np.argmin(lost, axis=0), np.arange(len(table))]
    levels = _levels(table, scales, bits).astype(np.uint8)
    together = np.zeros((len(table), table.shape[1] * bits // 8), np.uint8)
    for part, shift in zip(np.split(levels, 8 // bits, axis=1), range(0, 8, bits), strict=True):
        together |= part << shift
    return FewBits(together, scales, bits)


def _levels(table: Floats, scales: Floats, bits: int) -> Floats:
    levels: Floats = np.clip(np.rint(table / scales[:, None] + ZERO[bits]), 0, 2**bits - 1)
    return levels
