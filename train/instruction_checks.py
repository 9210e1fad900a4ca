"""What must hold before a run begins: the base, the adapter, the disk and the memory."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import AutoConfig, PreTrainedConfig
from transformers import PreTrainedTokenizerBase as Tokenizer

from occu_core.models.model_files import ADAPTER_CONFIG, ModelError, adapter_base
from train.finetuning_costs import Memory, Shape, Way, memory
from train.finetuning_data import most_tokens
from train.instruction_settings import InstructionSettings
from train.processes import Processes
from train.tuning import Base, Tuning, load_tokenizer

FACTS = "instructions.json"
_GIGABYTE = 1e9
_HELD_AT_ONCE = 3  # the last two checkpoints, and the one that is being written


@dataclass(frozen=True, slots=True)
class Begun:
    """A base found, its weights not yet read.

    Attributes:
        base: its folder or id; an adapter names it so.
        config: its own.
        tokenizer: its own.
        digest: of its weights, for a folder; its commit, for an id.
    """

    base: Base
    config: PreTrainedConfig
    tokenizer: Tokenizer
    digest: str


def find_base(settings: InstructionSettings) -> Begun:
    """Find the base and read all of it but weights.

    Raises:
        SystemExit: if there is none, it is an adapter, or it reads fewer tokens than items have.
    """
    source = Base.find(settings.base).source
    folder = Path(source)
    if (folder / ADAPTER_CONFIG).is_file():
        raise SystemExit(
            f"{settings.base}: is an adapter; give its base as `base` and it as `adapter`"
        )
    try:
        config = AutoConfig.from_pretrained(source, trust_remote_code=False)
        base = Base(source, str(folder.resolve()) if folder.is_dir() else source)
        tokenizer = load_tokenizer(base)
    except (OSError, ValueError) as error:
        why = str(error).strip().partition("\n")[0][:200]
        raise SystemExit(f"{settings.base}: is no base that can be read: {why}") from None
    limit = most_tokens(config)
    if limit is not None and settings.max_tokens > limit:
        raise SystemExit(
            f"{settings.base}: reads at most {limit:,} tokens; lower max_tokens"
            f" ({settings.max_tokens:,})"
        )
    return Begun(base, config, tokenizer, base_digest(source, config))


def base_digest(source: str, config: PreTrainedConfig) -> str:
    """What tells a base from another of the same name: its weights' digest, or its commit."""
    folder = Path(source)
    if not folder.is_dir():
        return str(getattr(config, "_commit_hash", None) or "unknown")
    found = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            found.update(hashlib.file_digest(file, "sha256").digest())
    return found.hexdigest()[:16]


def check_adapter(folder: Path, begun: Begun) -> None:
    """Refuse an adapter that was made for another base.

    Raises:
        SystemExit: naming both bases.
    """
    try:
        named = adapter_base(folder)
    except ModelError as error:
        raise SystemExit(f"adapter: {error}") from None
    if named is None:
        raise SystemExit(f"adapter: {folder} holds no {ADAPTER_CONFIG}")
    known = _digest_beside(folder)
    same = known == begun.digest if known else named in (begun.base.name, begun.base.source)
    if not same:
        raise SystemExit(
            f"adapter: {folder} is for {named} ({known or 'digest unknown'}), not for"
            f" {begun.base.name} ({begun.digest}); give its own base, or begin a new adapter"
        )


def check_room(
    settings: InstructionSettings, begun: Begun, labelled: float, processes: Processes
) -> Memory:
    """Refuse a run that the disk or the memory cannot hold; what the formula says it needs.

    Args:
        settings: of the run.
        begun: its base.
        labelled: share of tokens that the loss counts.
        processes: who runs; each holds a whole copy.

    Raises:
        SystemExit: with what is needed, what is free, and what would need less.
    """
    shape = shape_of(begun.config)
    needed = memory(shape, way_of(settings, labelled))
    free = free_memory(processes)
    # On a processor nothing is known of an allocator: only what is counted must fit.
    at_least = needed.total if processes.device.type == "cuda" else counted(needed)
    if settings.check_memory and free is not None and at_least > free:
        raise SystemExit(
            f"memory: {settings.tuning} of {shape.parameters / 1e9:.2g} billion weights needs about"
            f" {at_least / _GIGABYTE:.1f} GB; {free / _GIGABYTE:.1f} GB are free. Needs less:"
            f" {_lighter(settings)}; or try all the same with check_memory = false"
        )
    learned = shape.parameters if settings.kind is Tuning.FULL else shape.adapter(settings.rank)
    bytes_needed = 12.0 * learned * _HELD_AT_ONCE + 8.0 * learned
    settings.out.mkdir(parents=True, exist_ok=True)
    left = shutil.disk_usage(settings.out).free
    if bytes_needed > left:
        raise SystemExit(
            f"disk: checkpoints and the result need {bytes_needed / _GIGABYTE:.1f} GB;"
            f" {settings.out} has {left / _GIGABYTE:.1f} GB free: choose another `out`"
        )
    return needed


def shape_of(config: PreTrainedConfig) -> Shape:
    """A base's shape as the formula reckons it: as a Llama of the same sizes."""
    text = config.get_text_config()
    heads = text.num_attention_heads
    key_heads = getattr(text, "num_key_value_heads", None) or heads
    width = text.hidden_size
    inside = getattr(text, "intermediate_size", None) or getattr(text, "n_inner", None)
    return Shape(
        layers=text.num_hidden_layers,
        width=width,
        feed_forward=inside or 4 * width,
        vocabulary=text.vocab_size,
        key_width=width * key_heads // heads,
        tied=bool(getattr(text, "tie_word_embeddings", False)),
    )


def way_of(settings: InstructionSettings, labelled: float) -> Way:
    """How a run tunes, for the formula."""
    return Way(
        tuning=settings.kind,
        rank=settings.rank,
        tokens=settings.pack_tokens,
        labelled=labelled,
        checkpointing=settings.gradient_checkpointing,
        eight_bit_optimiser=settings.eight_bit_optimiser,
    )


def counted(needed: Memory) -> float:
    """Bytes without any allowance."""
    return needed.weights + needed.gradients + needed.moments + needed.activations


def free_memory(processes: Processes) -> float | None:
    """Bytes free on the GPU, or in the computer's memory for each process; None if unknown."""
    if processes.device.type == "cuda":
        return float(torch.cuda.mem_get_info(processes.device)[0])
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    except OSError:
        return None
    found = next((line for line in lines if line.startswith("MemAvailable:")), None)
    return None if found is None else float(found.split()[1]) * 1024 / processes.count


def _lighter(settings: InstructionSettings) -> str:
    ways = []
    if settings.kind is not Tuning.QLORA_4BIT:
        ways.append("tuning = qlora-4bit")
    if not settings.gradient_checkpointing:
        ways.append("gradient_checkpointing = true")
    if settings.kind is Tuning.FULL and not settings.eight_bit_optimiser:
        ways.append("eight_bit_optimiser = true")
    return ", ".join([*ways, f"a pack_tokens below {settings.pack_tokens}"])


def _digest_beside(folder: Path) -> str | None:
    """The digest of its base that a run wrote beside an adapter; None for others' adapters."""
    try:
        written = json.loads((folder / FACTS).read_text(encoding="utf-8"))
        found = written["base_digest"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, str) else None
