"""Everybody's moves at once: from which occupation group to which, observed and predicted.

Observed counts are of the training splits; a count under 5 is `None`, because it could tell of
somebody. Predicted counts are the sums of a model's probabilities at transitions of workers that it
did not learn from. Shares within an origin can therefore be compared, totals cannot.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

LEAST = 5
EVERYBODY = "everybody"
Matrix = tuple[tuple[float | None, ...], ...]


@dataclass(frozen=True, slots=True)
class GroupMatrix:
    """Moves of one group of workers; rows are origins, columns destinations.

    Attributes:
        dataset: the cohort.
        workers: who: everybody, one sex or one level of education.
        source: `observed`, or the name of a model.
        transitions: how many there are, those left out included.
        counts: None where fewer than 5 were observed.
    """

    dataset: str
    workers: str
    source: str
    transitions: int
    counts: Matrix

    def array(self) -> npt.NDArray[np.float64]:
        """The counts, NaN where left out; shape (origins, destinations)."""
        return np.array(self.counts, dtype=np.float64)

    def shares(self) -> npt.NDArray[np.float64]:
        """Shares of each origin's known moves, NaN where left out or nobody starts."""
        counts = self.array()
        with np.errstate(invalid="ignore"):
            return np.asarray(counts / np.nansum(counts, axis=1, keepdims=True))


@dataclass(frozen=True, slots=True)
class Population:
    """All matrices over the same parts of the states.

    Attributes:
        parts: the occupation groups, Not working and Student.
        sources: what each source is, in words, by name.
        command: what made the file.
        matrices: of every dataset, group of workers and source.
    """

    parts: tuple[str, ...]
    sources: dict[str, str]
    command: str
    matrices: tuple[GroupMatrix, ...]

    def find(self, dataset: str, workers: str, source: str) -> GroupMatrix:
        """One matrix.

        Raises:
            KeyError: if there is none.
        """
        for matrix in self.matrices:
            if (matrix.dataset, matrix.workers, matrix.source) == (dataset, workers, source):
                return matrix
        raise KeyError(f"no matrix of {source} for {workers} in {dataset}")


def suppressed(counts: npt.NDArray[np.int64]) -> Matrix:
    """Counts with those from 1 to 4 left out.

    >>> suppressed(np.array([[0, 4], [5, 12]]))
    ((0.0, None), (5.0, 12.0))
    """
    return tuple(
        tuple(None if 0 < count < LEAST else float(count) for count in row) for row in counts
    )


def save_population(population: Population, path: Path) -> None:
    """Write the matrices under their name once they are whole."""
    partial = path.with_name(f".{path.name}.new")
    partial.write_text(json.dumps(asdict(population), ensure_ascii=False) + "\n", encoding="utf-8")
    partial.replace(path)


def load_population(path: Path) -> Population:
    """Read the matrices.

    Raises:
        ValueError: if the file is damaged.
    """
    try:
        written = json.loads(path.read_text(encoding="utf-8"))
        matrices = tuple(
            GroupMatrix(**{**m, "counts": tuple(tuple(row) for row in m["counts"])})
            for m in written["matrices"]
        )
        parts, sources = tuple(written["parts"]), dict(written["sources"])
        return Population(parts, sources, written["command"], matrices)
    except FileNotFoundError:
        raise ValueError(f"{path.name} is not there") from None
    except (OSError, KeyError, TypeError, ValueError) as error:
        raise ValueError(f"{path.name}: is no population matrix: {error}") from None
