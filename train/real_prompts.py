"""The prompts of public instruction sets beside the project, one reader for each layout."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

INSTRUCT = Path("../shared/data/instruct")
Row = Any


@dataclass(frozen=True, slots=True)
class RealPrompt:
    """What a person asked in a public set."""

    dataset: str
    text: str

    @property
    def prompt_id(self) -> str:
        """Twelve hexadecimal digits of the prompt's text."""
        return sha256(self.text.encode()).hexdigest()[:12]


def _plain(row: Row) -> str:
    return str(row)


def _field(name: str) -> Callable[[Row], str]:
    return lambda row: str(row[name])


def _first_turn(row: Row) -> str:
    return str(row["turns"][0])


def _instruction(row: Row) -> str:
    """An instruction with its input below it, as a model is shown the two."""
    return f"{row['instruction']}\n\n{row.get('input') or ''}"


def _self_instruct(row: Row) -> str:
    return f"{row['instruction']}\n\n{row['instances'][0]['input']}"


def _conversation(row: Row) -> str:
    return str(next((m["value"] for m in row["conversations"] if m["from"] == "human"), ""))


SETS: Mapping[str, tuple[str, Callable[[Row], str]]] = {
    "arena_hard": ("prompts/arena_hard_v0.1_500.jsonl", _field("prompt")),
    "koala": ("prompts/koala_test_180.jsonl", _field("prompt")),
    "mt_bench": ("prompts/mt_bench_80.jsonl", _first_turn),
    "self_instruct_user_oriented": (
        "prompts/self_instruct_user_oriented_252.jsonl",
        _self_instruct,
    ),
    "vicuna": ("prompts/vicuna_80.jsonl", _first_turn),
    "wizardlm": ("prompts/wizardlm_testset_218.jsonl", _field("Instruction")),
    "dolly": ("train/dolly_3k_filtered.json", _instruction),
    "alpaca": ("train/alpaca_random_9k.json.gz", _instruction),
    "sharegpt": ("train/sharegpt_v3_first_prompt_500.json", _conversation),
    "oasst": ("train/oasst_prompt_lottery_en_250.jsonl", _plain),
    "self_instruct_seeds": ("train/self_instruct_seed_tasks.jsonl", _self_instruct),
}
"""Each set's file and how its rows hold the prompt."""


def read_real_prompts(folder: Path = INSTRUCT) -> tuple[RealPrompt, ...]:
    """Every different prompt, in the sets' order; one found in two sets is the first one's."""
    found: dict[str, RealPrompt] = {}
    for dataset, (path, text_of) in SETS.items():
        for row in _rows(folder / path):
            if text := text_of(row).strip():
                found.setdefault(text, RealPrompt(dataset, text))
    return tuple(found.values())


def _rows(path: Path) -> Iterator[Row]:
    raw = path.read_bytes()
    text = (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode()
    if path.suffix == ".jsonl":
        yield from (json.loads(line) for line in text.split("\n") if line.strip())
    else:
        yield from json.loads(text)
