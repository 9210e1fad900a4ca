"""Who scores the chunks: this process, one after the other."""

from __future__ import annotations

import resource
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from occu_core.bulk.chunks import Chunk, Source, chunks
from occu_core.bulk.job import Layout, ScoreJob
from occu_core.bulk.scoring import schema_of, scored, table_of
from occu_core.data.table_lines import table_columns
from occu_core.models.base import OccupationModel
from occu_core.models.storage import load_model

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]


@dataclass(frozen=True)
class Part:
    """The scores of one chunk, and the most memory, in bytes, its process has had so far."""

    number: int
    person_years: int
    table: pa.Table
    peak_bytes: int


class Engine(Protocol):
    """Scores the chunks that are not finished."""

    def parts(self, job: ScoreJob, source: Source, finished: frozenset[int]) -> Iterator[Part]:
        """The parts in any order, each once."""


class LocalEngine:
    """One process; a language model uses as many threads as torch is allowed."""

    def parts(self, job: ScoreJob, source: Source, finished: frozenset[int]) -> Iterator[Part]:
        """The parts in order."""
        scorer = PartScorer(load_model(job.model), job.layout, source)
        for chunk in chunks(source, finished):
            yield scorer.part(chunk)


class PartScorer:
    """One loaded model and the columns that are wanted of it."""

    def __init__(self, model: OccupationModel, layout: Layout, source: Source) -> None:
        datasets = "dataset" in table_columns(source.table)
        self.model, self.layout, self.selection = model, layout, source.selection
        self.schema = schema_of(layout, model.taxonomy, datasets=datasets)

    def part(self, chunk: Chunk) -> Part:
        """Score one chunk."""
        found = scored(self.model, chunk.careers, self.selection, self.layout)
        table = table_of(found, self.layout, self.model.taxonomy, self.schema)
        return Part(chunk.number, chunk.person_years, table, peak_bytes())


def peak_bytes() -> int:
    """The most memory this process has had at once (its resident set)."""
    kibibytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kibibytes if sys.platform == "darwin" else kibibytes * 1024
