"""What a run of answers will take, came to and lacks, in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path

from occu_core.answering.responding import RespondingCost, Responses

_LISTED = 10


def cost_text(cost: RespondingCost) -> str:
    """An estimate in a line."""
    dollars = "what they cost is not known" if cost.cost is None else f"about ${cost.cost:,.2f}"
    return (
        f"{cost.questions:,} questions, {cost.known:,} answered before; {cost.tokens_in:,} tokens"
        f" in, {cost.tokens_out:,} out; {dollars}"
    )


def warnings(made: Responses) -> Iterator[str]:
    """What has no answer, and how many answers are cut or empty."""
    for question, why in made.failed[:_LISTED]:
        yield f"question {question.question_id!r} has no answer: {why}"
    if more := len(made.failed[_LISTED:]):
        yield f"and {more:,} more questions"
    if cut := sum(one.reply.cut for one in made.answers):
        yield f"{cut:,} answers ran into --max-tokens"
    if empty := sum(not one.reply.text for one in made.answers):
        yield f"{empty:,} answers are empty"


def summary_json(made: Responses) -> dict[str, object]:
    """A finished run for programs."""
    return {
        "answers": len(made.answers),
        "failed": [question.question_id for question, _ in made.failed],
        "cut": sum(one.reply.cut for one in made.answers),
        "usage": asdict(made.usage),
    }


def summary_text(made: Responses, out: Path) -> str:
    """A finished run in a line."""
    if not made.answers:
        return "no question was answered; nothing is written"
    new, known, spent = made.usage.calls, made.usage.cached, made.usage.spent
    return (
        f"{len(made.answers):,} answers by {made.answers[0].system} in {out}: {new:,} new,"
        f" {known:,} known, {len(made.failed):,} without an answer; ${spent:,.4f} spent"
    )
