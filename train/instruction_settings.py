"""What can vary between runs of instruction tuning."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from train.tuning import Tuning


class Form(StrEnum):
    """How a conversation is written out."""

    CHAT = "chat"
    PLAIN = "plain"


@dataclass(frozen=True, slots=True)
class InstructionSettings:
    """What can vary from run to run."""

    base: str
    """A model folder, or a Hugging Face id."""

    data: tuple[str, ...]
    """Files of items, folders of them, or released splits written `occuquest:train`."""

    weights: tuple[float, ...] = ()
    """How many items come from each of `data`, relative to the others; empty takes each once."""

    hold_out: str = ""
    """A category that is never trained on, only measured; empty for none."""

    held_out_share: float = 0.04
    """Share of every category's items that is only measured; at least one where there are two."""

    measured_items: int = 50
    """At most so many held-out items of a category are measured; the others are left out."""

    skip_bad: bool = False
    """Leave out rows that cannot be learned from, and count them, instead of refusing to begin."""

    tuning: str = Tuning.LORA.value
    """What learns: full, lora, qlora-8bit or qlora-4bit."""

    form: str = Form.CHAT.value
    """chat: the base's own template; plain: `<|user|>` and `<|assistant|>` lines."""

    adapter: str = ""
    """A folder with an adapter of the same base to go on from; empty begins a new one."""

    out: Path = Path("runs/instructions")
    """Folder for checkpoints, the log and, in `model/`, what was learned."""

    epochs: int = 3
    """Passes over the items; the last is kept."""

    max_tokens: int = 2048
    """A longer item is cut here, and counted."""

    packing: bool = True
    """Lay items side by side in one row, none seeing another, where the base allows it."""

    pack_tokens: int = 2048
    """Tokens of items in one forward pass: what memory depends on."""

    packs_a_step: int = 16
    """Forward passes that each step learns from, over all processes."""

    learning_rate_full: float = 2e-5
    """Peak of the schedule when every weight learns."""

    learning_rate_adapter: float = 2e-4
    """Peak of the schedule when an adapter learns."""

    weight_decay: float = 0.0
    """Decoupled, on matrices only."""

    warm_up: float = 0.03
    """Share of the steps before the peak; a straight line down to zero follows."""

    rank: int = 16
    alpha: float = 32.0
    adapter_dropout: float = 0.05
    """The adapter's shape."""

    bf16: bool = True
    """Multiply in bfloat16, and hold a frozen base in it."""

    gradient_checkpointing: bool = False
    """Compute activations twice instead of keeping them."""

    eight_bit_optimiser: bool = False
    """Hold the optimiser's moments in 8 bits."""

    checkpoint_steps: int = 100
    """Steps between two checkpoints; the last two are kept."""

    check_memory: bool = True
    """Refuse to begin when the formula says that memory will not do."""

    seed: int = 1
    """Fixes the adapter's first weights, what is held out or drawn, order and dropout."""

    def __post_init__(self) -> None:
        """Refuse what contradicts itself, by name."""
        for name, kinds in (("tuning", Tuning), ("form", Form)):
            if (value := getattr(self, name)) not in list(kinds):
                raise SystemExit(f"{name} is {value!r}; expected one of {', '.join(kinds)}")
        for name in ("epochs", "pack_tokens", "packs_a_step", "rank", "checkpoint_steps"):
            if (number := getattr(self, name)) < 1:
                raise SystemExit(f"{name} is {number}; expected 1 or more")
        for name in ("held_out_share", "warm_up", "adapter_dropout"):
            if not 0 <= (share := getattr(self, name)) < 1:
                raise SystemExit(f"{name} is {share}; expected 0 or more, and less than 1")
        self._check_data()
        if self.adapter and self.kind is Tuning.FULL:
            raise SystemExit("adapter is given, but tuning is full; expected lora or qlora")

    def _check_data(self) -> None:
        if not self.data:
            raise SystemExit("data is empty; expected files, folders or released splits")
        if self.weights and len(self.weights) != len(self.data):
            raise SystemExit(
                f"weights has {len(self.weights)} numbers for {len(self.data)} of data"
            )
        if any(weight <= 0 for weight in self.weights):
            raise SystemExit(f"weights is {self.weights}; expected numbers above 0")
        if not 8 <= self.max_tokens <= self.pack_tokens:
            raise SystemExit(
                f"max_tokens is {self.max_tokens}; expected 8 to pack_tokens ({self.pack_tokens})"
            )

    @property
    def kind(self) -> Tuning:
        """What learns."""
        return Tuning(self.tuning)

    @property
    def peak_learning_rate(self) -> float:
        """The learning rate for what learns."""
        full = self.kind is Tuning.FULL
        return self.learning_rate_full if full else self.learning_rate_adapter
