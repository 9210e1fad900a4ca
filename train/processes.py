"""One run over several processes: who does what, and adding up what each found."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

import torch
from torch import distributed, nn

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Processes:
    """The processes that share a run; alone unless a launcher started several."""

    rank: int = 0
    count: int = 1

    @classmethod
    def join(cls) -> Self:
        """Meet the others that `torchrun` or `accelerate launch` started."""
        if int(os.environ.get("WORLD_SIZE", "1")) == 1:
            return cls()
        if _has_gpu():
            torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", "0")))
        if not distributed.is_initialized():
            distributed.init_process_group("nccl" if _has_gpu() else "gloo")
        return cls(distributed.get_rank(), distributed.get_world_size())

    @property
    def first(self) -> bool:
        """Whether this is the one that speaks and saves."""
        return self.rank == 0

    @property
    def device(self) -> torch.device:
        """This process's GPU, or the processor."""
        if not _has_gpu():
            return torch.device("cpu")
        return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")))

    def share(self, items: Sequence[T]) -> list[T]:
        """This process's part of what all do together.

        >>> [Processes(rank, 2).share("abcde") for rank in range(2)]
        [['a', 'c', 'e'], ['b', 'd']]
        """
        return list(items[self.rank :: self.count])

    def total(self, *values: float) -> tuple[float, ...]:
        """Each value added up over the processes."""
        if self.count == 1:
            return values
        summed = torch.tensor(values, dtype=torch.float64, device=self.device)
        distributed.all_reduce(summed)
        return tuple(summed.tolist())

    def add_gradients(self, parameters: Iterable[nn.Parameter]) -> None:
        """Give every process the sum of all gradients; a process without one counts as zero."""
        if self.count == 1:
            return
        for weights in parameters:
            if weights.grad is None:
                weights.grad = torch.zeros_like(weights)
            distributed.all_reduce(weights.grad)

    def wait(self) -> None:
        """Go on only once all are here."""
        if self.count > 1:
            distributed.barrier()

    def leave(self) -> None:
        """Part, so that no process waits for another at the end."""
        if self.count > 1:
            distributed.destroy_process_group()


def _has_gpu() -> bool:
    return torch.cuda.is_available() and os.environ.get("ACCELERATE_USE_CPU", "").lower() != "true"
