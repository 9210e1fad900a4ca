"""Questions by working experts (ExpertQA), split by their own words before any look at them."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from train.real_prompts import INSTRUCT


class Part(StrEnum):
    """What a question is for: a half is test, and a fifth of the other half chooses."""

    TRAIN = "train"
    VALID = "valid"
    TEST = "test"


@dataclass(frozen=True, slots=True)
class ExpertQuestion:
    """A question with its writer's field and the categories that count as right."""

    text: str
    field: str
    accepted: tuple[str, ...]

    @property
    def key(self) -> str:
        """The question's words alone: the same question asked twice has one key."""
        return " ".join(re.findall(r"\w+", self.text.casefold()))

    @property
    def part(self) -> Part:
        """Decided by a hash of the words, so identical questions stay together."""
        number = int(sha256(self.key.encode()).hexdigest()[:8], 16)
        if number % 2:
            return Part.TEST
        return Part.VALID if number // 2 % 5 == 0 else Part.TRAIN


def read_expert_questions(part: Part, folder: Path = INSTRUCT) -> tuple[ExpertQuestion, ...]:
    """The questions of one part whose field has accepted categories; other fields are left out."""
    accepted = _accepted(folder / "expertqa_field_map.csv")
    with (folder / "prompts/expertqa_questions.jsonl").open(encoding="utf-8") as file:
        rows = [json.loads(line) for line in file]
    found = (
        ExpertQuestion(row["question"], row["field"], accepted[row["field"]])
        for row in rows
        if row["field"] in accepted
    )
    return tuple(question for question in found if question.part is part)


def _accepted(path: Path) -> Mapping[str, tuple[str, ...]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["field"]: tuple(row["categories"].split("|")) for row in csv.DictReader(file)}
