"""The random numbers of sampled futures: one for each path, year and purpose."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

EDUCATION = 0
FIRST_ATTEMPT = 1


@dataclass(frozen=True, slots=True)
class Draws:
    """Numbers that depend on seed, year, purpose and the path's own number, and on nothing else.

    The first 100 of 200 paths are therefore the 100 paths of the same seed.

    Attributes:
        seed: 0 or more.
        paths: how many.
        before: how many paths of the same seed come before these.
    """

    seed: int
    paths: int
    before: int = 0

    def uniform(self, year: int, purpose: int) -> npt.NDArray[np.float64]:
        """In [0, 1); shape (paths,)."""
        numbers = np.random.default_rng((self.seed, year, purpose))
        return numbers.random(self.before + self.paths)[self.before :]

    def part(self, first: int, count: int) -> Draws:
        """Those of some of the paths."""
        return Draws(self.seed, min(count, self.paths - first), self.before + first)
