"""Ten groups of real instruction text that differ in size and difficulty, for the experiment.

A group is a public set, or a kind of task within one, as its makers labelled it: a label that is
known, not tagged. Small kinds are joined with their likes, so that each group can hold out 160
items and still keep most of itself to learn from.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from train.mixture_text import as_text
from train.real_prompts import INSTRUCT

_DOLLY_KINDS = {
    "general_qa": "Dolly: general questions",
    "open_qa": "Dolly: questions of fact",
    "classification": "Dolly: sorting",
    "brainstorming": "Dolly: ideas and writing",
    "creative_writing": "Dolly: ideas and writing",
    "closed_qa": "Dolly: about a passage",
    "summarization": "Dolly: about a passage",
    "information_extraction": "Dolly: about a passage",
}
_USERS = "Real users' first prompts"
_EXPERTS = "Working experts' questions"
_HUMAN_TASKS = "Self-Instruct, by people"

ABOUT = {
    "Alpaca: without input": "instructions and answers by a language model",
    "Alpaca: with input": "instructions with an input, and answers, by a language model",
    **dict.fromkeys(_DOLLY_KINDS.values(), "written by people; a filtered subset"),
    _HUMAN_TASKS: "the seed tasks and the user-oriented tasks, written by people",
    _USERS: "ShareGPT and OpenAssistant, prompts alone",
    _EXPERTS: "ExpertQA, questions alone",
}
"""What each group is; also their order."""


def read_groups(folder: Path = INSTRUCT) -> dict[str, list[str]]:
    """The texts of each group in the plain form.

    Raises:
        SystemExit: if the sets are not there.
    """
    if not folder.is_dir():
        raise SystemExit(f"{folder}: there is no such folder; the experiment needs its public sets")
    found: dict[str, list[str]] = {name: [] for name in ABOUT}
    for row in _json(folder / "train/alpaca_random_9k.json.gz"):
        kind = "Alpaca: with input" if row["input"] else "Alpaca: without input"
        found[kind].append(_answered(row["instruction"], row["input"], row["output"]))
    for row in _json(folder / "train/dolly_3k_filtered.json"):
        text = _answered(row["instruction"], row["input"], row["output"])
        found[_DOLLY_KINDS[row["category"]]].append(text)
    for name in ("train/self_instruct_seed_tasks", "prompts/self_instruct_user_oriented_252"):
        for row in _lines(folder / f"{name}.jsonl"):
            first = row["instances"][0]
            text = _answered(row["instruction"], first["input"], first["output"])
            found[_HUMAN_TASKS].append(text)
    for row in _json(folder / "train/sharegpt_v3_first_prompt_500.json"):
        found[_USERS].append(_asked(_first_of_user(row)))
    found[_USERS] += [
        _asked(row) for row in _lines(folder / "train/oasst_prompt_lottery_en_250.jsonl")
    ]
    found[_EXPERTS] += [
        _asked(row["question"]) for row in _lines(folder / "prompts/expertqa_questions.jsonl")
    ]
    return found


def _answered(instruction: str, given: str, answer: str) -> str:
    asked = f"{instruction}\n\n{given}" if given else instruction
    return as_text([("user", asked), ("assistant", answer)])


def _asked(prompt: str) -> str:
    return as_text([("user", prompt)])


def _first_of_user(row: Mapping[str, Any]) -> str:
    return str(next((m["value"] for m in row["conversations"] if m["from"] == "human"), ""))


def _json(path: Path) -> list[Any]:
    raw = path.read_bytes()
    found: list[Any] = json.loads(gzip.decompress(raw) if path.suffix == ".gz" else raw)
    return found


def _lines(path: Path) -> list[Any]:
    lines = path.read_text(encoding="utf-8").split("\n")
    return [json.loads(line) for line in lines if line.strip()]
