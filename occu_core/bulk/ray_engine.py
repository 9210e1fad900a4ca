"""Who scores the chunks: Ray Data, on this computer or on a cluster.

One task reads the table and hands over whole chunks; each scoring process loads the model once.
The parts come back to this process, in order, which alone writes files: a kill leaves what the
local engine leaves, and either goes on where the other stopped. On a cluster the table and the
model must lie where every node sees them, under the same name.
"""

from __future__ import annotations

import os
import pickle
import socket
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from occu_core.bulk.chunks import Source, chunks
from occu_core.bulk.engines import Part, PartScorer
from occu_core.bulk.job import JobError, Layout, ScoreJob
from occu_core.models.storage import load_model

if TYPE_CHECKING:
    import pyarrow as pa  # type: ignore[import-untyped]
    from ray.data import Dataset

_OBJECT_STORE_BYTES = 256_000_000
_QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",  # nothing is sent anywhere
    "RAY_DATA_LOG_LEVEL": "ERROR",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
_CHUNK, _PART = "chunk", "part"


class RayEngine:
    """Ray Data with so many scoring processes of one core each."""

    def __init__(self, workers: int | None = None, address: str | None = None) -> None:
        self.workers = workers
        self.address = address

    def parts(self, job: ScoreJob, source: Source, finished: frozenset[int]) -> Iterator[Part]:
        """The parts in order.

        Raises:
            JobError: if Ray is not installed, cannot be reached, or one of its processes failed.
        """
        with _running(self.address, self.workers) as cores:
            from ray.exceptions import RayError

            try:
                for row in _dataset(job, source, finished, self.workers or cores).iter_rows():
                    yield pickle.loads(row[_PART])
            except RayError as error:
                why = str(error).strip().splitlines()[-1][:300]
                raise JobError(
                    f"Ray: {why}; what is done is kept, and the same command goes on"
                ) from None


@contextmanager
def _running(address: str | None, workers: int | None) -> Iterator[int]:
    """Ray, started here or joined, and how many cores it has; shut down at the end."""
    for name, value in _QUIET.items():
        os.environ.setdefault(name, value)
    try:
        import ray
    except ImportError:
        raise JobError(
            'Ray is not installed; `pip install "occuscope[ray]"`, or leave out --engine ray'
        ) from None
    if address is not None:
        _check_address(address)
    # One core more than scorers, for the task that reads the table.
    local = {
        "num_cpus": (workers or os.cpu_count() or 1) + 1,
        "object_store_memory": _OBJECT_STORE_BYTES,
        "include_dashboard": False,
    }
    try:
        ray.init(
            address=address or "local",
            log_to_driver=False,
            logging_level="ERROR",
            **({} if address else local),
        )
    except Exception as error:  # Ray has no narrower one for a start that took too long
        ray.shutdown()
        why = str(error).strip().partition("\n")[0][:300]
        at = f"at {address} cannot be reached" if address else "cannot be started here"
        raise JobError(f"Ray {at}: {why}") from None
    try:
        yield max(1, int(ray.cluster_resources().get("CPU", 2)) - 1)
    finally:
        ray.shutdown()


def _check_address(address: str) -> None:
    """Refuse at once an address where nobody answers: Ray itself asks for many minutes."""
    if address == "auto":
        return
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not (host and port.isdigit()):
        raise JobError(f"--ray-address {address[:80]!r} is none; expected HOST:PORT or auto")
    try:
        socket.create_connection((host, int(port)), timeout=5).close()
    except (OSError, OverflowError) as error:
        raise JobError(f"Ray at {address} cannot be reached: {error}") from None


def _dataset(job: ScoreJob, source: Source, finished: frozenset[int], workers: int) -> Dataset:
    """Reading, then scoring; neither begins before the parts are asked for."""
    import ray

    context = ray.data.DataContext.get_current()
    context.execution_options.preserve_order = True
    context.enable_progress_bars = False
    context.print_on_execution_start = False
    context.target_max_block_size = 1  # each chunk by itself: none waits for others to fill a block
    chunked = ray.data.read_datasource(_source_class()(source, finished), override_num_blocks=1)
    return chunked.map_batches(
        _Scorer,
        fn_constructor_args=(job.model, job.layout, source),
        batch_size=1,
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=1,
    )


class _Scorer:
    """A scoring process: one model, loaded once."""

    def __init__(self, model: str, layout: Layout, source: Source) -> None:
        self.scorer = PartScorer(load_model(model), layout, source)

    def __call__(self, batch: dict[str, Any]) -> dict[str, list[bytes]]:
        """The part of each chunk, both pickled."""
        return {_PART: [pickle.dumps(self.scorer.part(pickle.loads(one))) for one in batch[_CHUNK]]}


def _source_class() -> type:
    """The class can be made only where Ray is installed."""
    from ray.data.block import BlockMetadata
    from ray.data.datasource import Datasource, ReadTask

    class Chunks(Datasource):  # type: ignore[misc]
        """One task that reads the table from its beginning to its end."""

        def __init__(self, source: Source, finished: frozenset[int]) -> None:
            super().__init__()
            self.source, self.finished = source, finished

        def estimate_inmemory_data_size(self) -> int | None:
            """Not known."""
            return None

        def get_read_tasks(self, parallelism: int, *_: object, **__: object) -> list[ReadTask]:
            """One, whatever is asked for: chunks follow from the rows before them."""
            told = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
            source, finished = self.source, self.finished
            return [ReadTask(lambda: _blocks(source, finished), told)]

    return Chunks


def _blocks(source: Source, finished: frozenset[int]) -> Iterable[pa.Table]:
    import pyarrow as pa

    for chunk in chunks(source, finished):
        yield pa.table({_CHUNK: pa.array([pickle.dumps(chunk)], pa.large_binary())})
