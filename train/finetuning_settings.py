"""What can vary between fine-tuning runs."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from train.tuning import Tuning


class LossOn(StrEnum):
    """Which tokens are learned."""

    TITLES = "titles"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class FinetuneSettings:
    """What can vary from run to run."""

    base: str
    """Name of a model here, a model folder, or a Hugging Face id."""

    tables: tuple[str, ...]
    """Career tables with a split column."""

    tuning: str = Tuning.LORA.value
    """What learns: full, lora, qlora-8bit or qlora-4bit."""

    loss: str = LossOn.TITLES.value
    """Which tokens are learned: those of titles, or all."""

    out: Path = Path("runs/finetuned")
    """Folder for checkpoints, the log and the best model; its name is the model's."""

    coded_titles: bool = False
    """Write codes instead of titles: the paper's numeric variant."""

    epochs: int = 3
    """Passes over the training workers, unless valid stops improving."""

    patience: int = 1
    """Epochs without a better valid score before stopping."""

    pack_tokens: int = 2048
    """Tokens of resumes side by side in one forward pass: what memory depends on."""

    packs_a_step: int = 8
    """Packs that each step learns from, over all processes: gradients are accumulated."""

    learning_rate_full: float = 1e-5
    """Peak of the one-cycle schedule when every weight learns."""

    learning_rate_adapter: float = 2e-4
    """Peak of the one-cycle schedule when an adapter learns."""

    weight_decay: float = 0.0
    """Decoupled, on matrices only."""

    warm_up: float = 0.03
    """Share of the steps before the peak."""

    rank: int = 16
    alpha: float = 32.0
    adapter_dropout: float = 0.05
    """The adapter's shape."""

    hidden_share: float = 0.0
    """How often each covariate of a worker is hidden in training."""

    hidden_education: float = 0.0
    """How often education is hidden, half the time in three years of ten, else in all."""

    bf16: bool = True
    """Multiply in bfloat16, and hold a frozen base in it."""

    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them."""

    eight_bit_optimiser: bool = False
    """Hold the optimiser's moments in 8 bits."""

    valid_workers: int = 3000
    """At most so many valid workers are scored after each epoch."""

    measured_workers: int = 300
    """At most so many valid workers are measured exactly for the card."""

    checkpoint_seconds: float = 300.0
    """Seconds between two checkpoints within an epoch."""

    seed: int = 1
    """Fixes the adapter's first weights, order, dropout and what is hidden."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself, by name."""
        for name, kinds in (("tuning", Tuning), ("loss", LossOn)):
            if (value := getattr(self, name)) not in list(kinds):
                raise SystemExit(f"{name} is {value!r}; expected one of {', '.join(kinds)}")
        for name in ("epochs", "patience", "pack_tokens", "packs_a_step", "rank"):
            if getattr(self, name) < 1:
                raise SystemExit(f"{name} is {getattr(self, name)}; expected 1 or more")

    @property
    def kind(self) -> Tuning:
        """What learns."""
        return Tuning(self.tuning)

    @property
    def loss_on(self) -> LossOn:
        """Which tokens are learned."""
        return LossOn(self.loss)

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate for what learns."""
        full = self.kind is Tuning.FULL
        return self.learning_rate_full if full else self.learning_rate_adapter
