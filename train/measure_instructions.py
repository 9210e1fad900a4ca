"""Measure what instruction tuning takes beside its formula; print memory and time by base size.

    python -m train.measure_instructions
    python -m train.measure_instructions --sizes 6.7e9 --steps 8 --checkpointing   # on a GPU

Each way of tuning takes a few steps of one pack on a Llama of random weights, in a process of its
own. On a GPU its peak is what torch allocated; on a processor, how much more the process held than
one that tunes a base of hardly any weights. Beside it stands what `train.finetuning_costs` counts,
which leaves out what scores of the vocabulary take while they are made, and its total with room for
that; below, the totals for usual sizes.
"""

from __future__ import annotations

import argparse
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from tokenizers import Tokenizer, models
from transformers import (
    LlamaConfig,
    LlamaForCausalLM,
    PreTrainedTokenizerFast,
    TrainerCallback,
    TrainerControl,
    TrainerState,
    TrainingArguments,
)
from transformers.utils import logging

from occu_core.models.tokens import ResumeTokens
from train.finetuning_costs import Shape, Way, memory, operations
from train.instruction_checks import counted
from train.instruction_forms import Example
from train.instruction_settings import InstructionSettings
from train.processes import Processes
from train.tuning import Adapter, Base, Tuning, load_base, make_tunable

USUAL = (1.1e9, 3.2e9, 6.7e9, 13e9)
VOCABULARY = 32_000
LABELLED = 0.75  # of an epoch's tokens are answers, as in the sample's accounting and legal items
_TERAFLOPS = 120.0
_PARTS = 4  # items in a pack
_HARDLY_ANY = Shape(1, 64, 160, 1000, 64)


@dataclass(frozen=True, slots=True)
class Question:
    """What to measure."""

    sizes: tuple[float, ...] = (6e7, 2e8)
    """Weights of the bases."""

    pack_tokens: int = 512
    """Tokens in one forward pass."""

    steps: int = 3
    """Steps that are timed, after a first that is not."""

    checkpointing: bool = False
    """Compute activations twice instead of keeping them."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What one run took: bytes at its peak, and tokens a second."""

    peak: float
    pace: float


def main(asked: Question) -> None:
    """Measure each size and way, then print the formula for the usual sizes."""
    logging.disable_progress_bar()
    device = Processes().device
    called = torch.cuda.get_device_name(device) if device.type == "cuda" else "this processor"
    print(f"Measured on {called}, packs of {asked.pack_tokens} tokens:\n")
    print("| Weights | Tuning | Peak, GB | Counted, GB | With room, GB | Tokens a second |")
    print("|---|---|---|---|---|---|")
    for tuning in Tuning:
        way = _way(tuning, asked.pack_tokens, checkpointing=asked.checkpointing)
        libraries = 0.0 if device.type == "cuda" else _apart(_HARDLY_ANY, tuning, asked).peak
        for size in asked.sizes:
            shape = Shape.of_size(size, VOCABULARY)
            taken, needed = _apart(shape, tuning, asked), memory(shape, way)
            print(
                f"| {shape.parameters / 1e6:,.0f} million | {tuning}"
                f" | {(taken.peak - libraries) / 1e9:.2f}"
                f" | {counted(needed) / 1e9:.2f} | {needed.total / 1e9:.2f} | {taken.pace:,.0f} |",
                flush=True,
            )
    print("\n" + "\n".join(reckoned()))


def reckoned() -> Iterator[str]:
    """The formula's table: packs of 2,048 tokens, computed twice, one GPU of a bfloat16 kind."""
    yield f"Reckoned, GB and hours for 10 million tokens at {_TERAFLOPS:g} teraflops:\n"
    yield "| Base | " + " | ".join(Tuning) + " |"
    yield "|---|" + "---|" * len(Tuning)
    for size in USUAL:
        shape = Shape.of_size(size, VOCABULARY)
        cells = []
        for tuning in Tuning:
            way = _way(tuning, 2048, checkpointing=True)
            hours = operations(shape, way, 1e7) / _TERAFLOPS / 1e12 / 3600
            cells.append(f"{memory(shape, way).total / 1e9:.0f} GB, {hours:.1f} h")
        yield f"| {shape.parameters / 1e9:.1f} billion | " + " | ".join(cells) + " |"


def take(base: Base, tuning: Tuning, asked: Question) -> Taken:
    """A few steps in this process."""
    from train.instruction_trainer import make_trainer

    device = Processes().device
    before = _peak(device)
    network = load_base(base, tuning, device, bf16=True)
    model = make_tunable(network, base, tuning, Adapter(16, 32.0, 0.05), save_memory=False)
    settings = InstructionSettings(
        base="base",
        data=("random",),
        out=Path(base.source) / tuning,
        tuning=tuning.value,
        max_tokens=asked.pack_tokens,
        pack_tokens=asked.pack_tokens,
        packs_a_step=1,
        epochs=1,
        gradient_checkpointing=asked.checkpointing,
        checkpoint_steps=10**6,
    )
    parts = (settings, model, _tokenizer(), _examples(asked), (), Processes())
    trainer = make_trainer(*parts, packed=True)
    clock = _Clock()
    trainer.add_callback(clock)
    trainer.train()
    return Taken(_peak(device) - before, asked.pack_tokens * asked.steps / clock.seconds)


class _Clock(TrainerCallback):  # type: ignore[misc]
    """Seconds from the end of the first step to the end of the last."""

    def __init__(self) -> None:
        self._ends: list[float] = []

    @property
    def seconds(self) -> float:
        return self._ends[-1] - self._ends[0]

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: object
    ) -> None:
        """Note the time, once the GPU has done all it was given."""
        if torch.cuda.is_available():
            torch.cuda.synchronize()
        self._ends.append(time.monotonic())


def _apart(shape: Shape, tuning: Tuning, asked: Question) -> Taken:
    """The same in a process of its own, on a base made here."""
    with tempfile.TemporaryDirectory() as folder:
        _save_llama(shape, Path(folder))
        given = [folder, tuning.value, str(asked.pack_tokens), str(asked.steps)]
        command = [sys.executable, "-m", "train.measure_instructions", "--take", *given]
        command += ["--checkpointing"] if asked.checkpointing else []
        ran = subprocess.run(command, capture_output=True, text=True, check=False)
    if ran.returncode:
        raise SystemExit(f"{tuning} failed: {ran.stderr.strip()[-400:]}")
    return Taken(**json.loads(ran.stdout.splitlines()[-1]))


def _save_llama(shape: Shape, folder: Path) -> None:
    config = LlamaConfig(
        vocab_size=shape.vocabulary,
        hidden_size=shape.width,
        intermediate_size=shape.feed_forward,
        num_hidden_layers=shape.layers,
        num_attention_heads=shape.width // 64,
    )
    torch.set_default_dtype(torch.bfloat16)
    LlamaForCausalLM(config).save_pretrained(folder)


def _examples(asked: Question) -> list[Example]:
    """Random items that fill each step's pack, three quarters of each an answer."""
    length = asked.pack_tokens // _PARTS
    rng = random.Random(1)
    answers = ((round(length * (1 - LABELLED)), length),)
    return [
        Example("", ResumeTokens(tuple(rng.choices(range(2, 1000), k=length)), answers), 0)
        for _ in range(_PARTS * (asked.steps + 1))
    ]


def _tokenizer() -> PreTrainedTokenizerFast:
    words = Tokenizer(models.WordLevel({"</s>": 0, "?": 1}, unk_token="?"))
    return PreTrainedTokenizerFast(tokenizer_object=words, eos_token="</s>", pad_token="</s>")


def _peak(device: torch.device) -> float:
    if device.type == "cuda":
        return float(torch.cuda.max_memory_allocated(device))
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024.0


def _way(tuning: Tuning, tokens: int, *, checkpointing: bool) -> Way:
    return Way(tuning, 16, tokens, LABELLED, checkpointing, eight_bit_optimiser=False)


def _run() -> None:
    usual = Question()
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--sizes", type=float, nargs="+", default=usual.sizes)
    parser.add_argument("--pack-tokens", type=int, default=usual.pack_tokens)
    parser.add_argument("--steps", type=int, default=usual.steps)
    parser.add_argument("--checkpointing", action="store_true")
    parser.add_argument("--take", nargs=4, help=argparse.SUPPRESS)
    said = parser.parse_args()
    if said.take:
        folder, tuning, tokens, steps = said.take
        asked = Question((), int(tokens), int(steps), said.checkpointing)
        print(json.dumps(asdict(take(Base(folder, folder), Tuning(tuning), asked))))
    else:
        main(Question(tuple(said.sizes), said.pack_tokens, said.steps, said.checkpointing))


if __name__ == "__main__":
    _run()
