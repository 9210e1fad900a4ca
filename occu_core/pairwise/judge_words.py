"""What judging costs, and how far a judge can be relied on, as lines of text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.judge_summary import JudgeSummary
from occu_core.pairwise.judges import Judgement, JudgingCost
from occu_core.pairwise.report_words import categories_lines, share
from occu_core.pairwise.win_rates import PairRates

_LISTED = 10


def costs_text(costs: Sequence[JudgingCost]) -> str:
    """One line for each judge."""
    return "\n".join(
        f"{one.judge}: {one.calls:,} calls, {one.known:,} known; about {one.tokens_in:,} tokens in,"
        f" {one.tokens_out:,} out, "
        + ("price not known" if one.cost is None else f"${one.cost:,.2f}")
        for one in costs
    )


def summary_text(summary: JudgeSummary) -> str:
    """A judge's summary; rates with interval, numerator and denominator."""
    return "\n".join(_lines(summary))


def unread_text(summary: JudgeSummary) -> str:
    """The replies without a verdict, the first of them by name; empty if there are none."""
    if not summary.unread:
        return ""
    count = f"{len(summary.unread):,} of {summary.calls:,}"
    lines = [f"warning: {summary.judge}: {count} replies give no verdict; their pairs get no vote"]
    for one in summary.unread[:_LISTED]:
        question, order = one.showing.question.question_id, one.showing.turn + 1
        lines.append(f"  {question}, order {order}: {one.problem}")
    if len(summary.unread) > _LISTED:
        lines.append("  the others stand in the .judgements.jsonl beside the votes")
    return "\n".join(lines)


def summary_json(summary: JudgeSummary) -> dict[str, object]:
    """A judge's summary; rates are objects with share, low, high, count and of."""
    return {
        "judge": summary.judge,
        "calls": summary.calls,
        "items": summary.items,
        "unread": list(map(_unread_json, summary.unread)),
        "position_inconsistency": _rate_json(summary.inconsistent),
        "first_position": _rate_json(summary.first_position),
        "longer": _rate_json(summary.habits.longer),
        "ties": _rate_json(summary.habits.ties),
        "both_bad": _rate_json(summary.habits.both_bad),
        "pairs": list(map(_pair_json, summary.pairs)),
        "by_category": [
            {"category": name, "pairs": list(map(_pair_json, pairs))}
            for name, pairs in summary.by_category
        ],
    }


def _lines(summary: JudgeSummary) -> Iterator[str]:
    yield (
        f"judge {summary.judge}: {summary.items:,} pairs read in both orders,"
        f" {len(summary.unread):,} of {summary.calls:,} replies without a verdict"
    )
    yield f"  changes its verdict with the order  {share(summary.inconsistent)}"
    yield f"  chose the answer shown first        {share(summary.first_position)}"
    yield f"  chose the longer answer             {share(summary.habits.longer)}"
    yield f"  called it a tie                     {share(summary.habits.ties)}"
    yield "  one vote a pair; a verdict that changes with the order is a tie:"
    for pair in summary.pairs:
        yield (
            f"    {pair.systems[0]} against {pair.systems[1]}: {pair.wins_first} wins, {pair.ties}"
            f" ties, {pair.both_bad} both bad, {pair.wins_second} losses; win rate"
            f" {share(pair.win_rate)}"
        )
    if summary.by_category:
        yield "  win rate by category:"
        yield from (f"  {line}" for line in categories_lines(summary.by_category))


def _unread_json(one: Judgement) -> dict[str, object]:
    shown = one.showing
    return {
        "question_id": shown.question.question_id,
        "system_left": shown.left.system,
        "system_right": shown.right.system,
        "order": shown.turn + 1,
        "problem": one.problem,
    }


def _pair_json(pair: PairRates) -> dict[str, object]:
    return {
        "systems": pair.systems,
        "wins_first": pair.wins_first,
        "ties": pair.ties,
        "both_bad": pair.both_bad,
        "wins_second": pair.wins_second,
        "win_rate": _rate_json(pair.win_rate),
    }


def _rate_json(rate: Rate | None) -> dict[str, float] | None:
    if rate is None:
        return None
    found = {"share": rate.value, "low": rate.low, "high": rate.high}
    return found | {"count": rate.above, "of": rate.below}
