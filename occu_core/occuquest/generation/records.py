"""What a run leaves behind besides items: what was set aside, how each stage went, the manifest."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from enum import StrEnum

from occu_core.endpoints import Endpoint, Usage
from occu_core.occuquest.generation import duplicates, quality
from occu_core.occuquest.generation.plan import Plan, Stage
from occu_core.occuquest.generation.prompts import PROMPT_VERSION, TEMPLATES
from occu_core.occuquest.generation.splits import SHARES


class Ending(StrEnum):
    """How a run came to its end."""

    COMPLETE = "complete"
    CAP = "cap reached"
    PAUSED = "paused"
    REFUSED = "endpoint refused"


@dataclass(frozen=True, slots=True)
class SetAside:
    """Output that was not used: of which stage and occupation, why, and what it said."""

    stage: Stage
    occupation: str
    category: str
    reason: str
    raw: str


@dataclass(slots=True)
class StageYield:
    """How a stage went: of the planned conversations, how many were asked and what they made.

    `unreadable` counts replies without what was asked for, `failed` calls without a reply, and
    `left_out` what was read but has a fault.
    """

    planned: int = 0
    asked: int = 0
    unreadable: int = 0
    failed: int = 0
    made: int = 0
    left_out: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Manifest:
    """A run in numbers, with everything needed to make it again."""

    ending: Ending
    reason: str
    made_at: str
    items: int
    dialogues: int
    parts: dict[str, int]
    categories: dict[str, dict[str, int]]
    stages: dict[Stage, StageYield]
    usage: Usage

    def summary(self) -> dict[str, object]:
        """The run in numbers as JSON."""
        return asdict(self)

    def text(self, plan: Plan, endpoint: Endpoint) -> str:
        """The manifest file: results, then plan, parameters, thresholds and prompts."""
        written = {
            **self.summary(),
            "prompt_version": PROMPT_VERSION,
            "model": endpoint.model,
            "parameters": parameters(endpoint),
            "prices": {"dollars_in": endpoint.price_in, "dollars_out": endpoint.price_out},
            "plan": {name: value for name, value in asdict(plan).items() if name != "subjects"},
            "occupations": len(plan.subjects),
            "split_shares": list(SHARES),
            "filters": {
                "near_duplicate_jaccard": duplicates.THRESHOLD,
                "question_words": quality.QUESTION_WORDS,
                "answer_words": quality.ANSWER_WORDS,
                "turn_words": quality.TURN_WORDS,
                "repeated_percent": quality.REPEATED,
                "english_share": quality.ENGLISH_SHARE if plan.english_only else None,
            },
            "prompts": TEMPLATES,
        }
        return json.dumps(written, indent=1, ensure_ascii=False) + "\n"


def parameters(endpoint: Endpoint) -> dict[str, object]:
    """What decides a model's answers."""
    names = ("model", "temperature", "max_tokens", "seed")
    return {name: getattr(endpoint, name) for name in names}
