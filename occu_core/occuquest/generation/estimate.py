"""What a plan will cost, worked out before the first call."""

from __future__ import annotations

from dataclasses import dataclass

from occu_core.endpoints import Endpoint, Turn
from occu_core.occuquest.generation.plan import Plan, Stage
from occu_core.occuquest.generation.prompts import Brief, expected, prompt

CHARACTERS_A_TOKEN = 4.0
"""English text under the tokenizers in use."""

TOKENS_OUT = {
    Stage.RESPONSIBILITIES: 22,
    Stage.TOPICS: 60,
    Stage.QUESTIONS: 45,
    Stage.ANSWERS: 320,
    Stage.DIALOGUES: 220,
}
"""Tokens for each element that is asked for, from the lengths that the prompts ask for; a turn of
the user and its answer are one element."""

_TYPICAL = {"responsibility": "w" * 80, "topic": "w" * 40, "question": "w" * 160}
_FEATURES = ("w" * 30,) * 4


@dataclass(frozen=True, slots=True)
class StageEstimate:
    """Calls of one stage with the tokens and dollars expected; dollars None without prices."""

    stage: Stage
    calls: int
    tokens_in: int
    tokens_out: int
    cost: float | None


@dataclass(frozen=True, slots=True)
class Estimate:
    """A plan's cost by stage, where nothing fails and nothing was asked before."""

    stages: tuple[StageEstimate, ...]

    @property
    def calls(self) -> int:
        """Calls of all stages."""
        return sum(stage.calls for stage in self.stages)

    @property
    def cost(self) -> float | None:
        """Dollars expected; None without prices."""
        costs = [stage.cost for stage in self.stages if stage.cost is not None]
        return sum(costs) if len(costs) == len(self.stages) else None


def estimate(plan: Plan, endpoint: Endpoint) -> Estimate:
    """Calls, tokens and cost of a plan."""
    return Estimate(tuple(_stage(stage, n, plan, endpoint) for stage, n in plan.calls().items()))


def _stage(stage: Stage, calls: int, plan: Plan, endpoint: Endpoint) -> StageEstimate:
    turns = prompt(stage, Brief(plan.subjects[0], features=_FEATURES, **_TYPICAL), plan.sizes)
    tokens_in = calls * round(_characters(turns) / CHARACTERS_A_TOKEN)
    a_call = min(TOKENS_OUT[stage] * expected(stage, plan.sizes), endpoint.max_tokens)
    return StageEstimate(
        stage,
        calls,
        tokens_in,
        calls * a_call,
        endpoint.cost(tokens_in, calls * a_call) if endpoint.priced else None,
    )


def _characters(turns: tuple[Turn, ...]) -> int:
    return sum(len(turn.content) for turn in turns)
