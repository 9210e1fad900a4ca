"""What can vary when a mixture is found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

LEAST_HELD_OUT = 2


class Method(StrEnum):
    """How shares are found."""

    PROPORTIONAL = "proportional"
    UNIFORM = "uniform"
    RATIO = "ratio"
    TEMPERATURE = "temperature"
    ROBUST = "robust"


class GroupBy(StrEnum):
    """What is mixed: whole sources, or the categories of their items."""

    SOURCE = "source"
    CATEGORY = "category"


@dataclass(frozen=True, slots=True)
class MixtureSettings:
    """What can vary from run to run."""

    data: tuple[str, ...] = ()
    """Files of items, folders of them, or released splits, as finetune_instructions takes them."""

    group_by: str = GroupBy.SOURCE.value
    """source: each of `data` is a group; category: each category of their items is."""

    method: str = Method.ROBUST.value
    """proportional, uniform, ratio, temperature or robust."""

    ratios: tuple[float, ...] = ()
    """Shares of tokens relative to each other, one for each of `data`; for ratio alone."""

    temperature: float = 2.0
    """1 is in proportion to size, a large number nearly 1:1; for temperature alone."""

    step_size: float = 1.0
    """Of the exponentiated gradient; for robust alone."""

    skip_bad: bool = False
    """Leave out rows that cannot be learned from, instead of refusing to begin."""

    held_out: int = 40
    """Items of each group that the losses are measured on."""

    vocabulary: int = 1024
    row_tokens: int = 128
    steps: int = 450
    """Of the small models: entries of their BPE, tokens read together, and steps."""

    seed: int = 1
    """Decides what is held out, first weights and order."""

    out: Path = Path("runs/found_mixture")
    """Folder for `tuning.toml`, `mixture.json` and the runs."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself, by name."""
        for name, kinds in (("method", Method), ("group_by", GroupBy)):
            if (value := getattr(self, name)) not in list(kinds):
                raise SystemExit(f"{name} is {value!r}; expected one of {', '.join(kinds)}")
        if not self.data:
            raise SystemExit("data is empty; expected files, folders or released splits")
        by_ratio = self.method == Method.RATIO
        if by_ratio and (self.group_by != GroupBy.SOURCE or len(self.ratios) != len(self.data)):
            raise SystemExit(
                f"ratios has {len(self.ratios)} numbers for {len(self.data)} of data; expected one"
                " for each, with group_by source"
            )
        if by_ratio and min(self.ratios) <= 0:
            raise SystemExit(f"ratios is {self.ratios}; expected numbers above 0")
        for name in ("temperature", "step_size", "steps"):
            if not (number := getattr(self, name)) > 0:
                raise SystemExit(f"{name} is {number}; expected a number above 0")
        if self.held_out < LEAST_HELD_OUT:
            raise SystemExit(f"held_out is {self.held_out}; expected {LEAST_HELD_OUT} or more")
