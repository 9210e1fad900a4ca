"""A report as lines of text for a terminal."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.judging_people import JudgeBesidePeople, Match
from occu_core.pairwise.report import StudyReport
from occu_core.pairwise.votes import Pair
from occu_core.pairwise.win_rates import Groups, PairRates


def report_text(report: StudyReport) -> str:
    """The report's main numbers; the JSON has all of them."""
    return "\n".join(
        chain(
            _counts(report),
            _pairs(report),
            _categories(report),
            _controls(report),
            _habits(report),
            _agreement(report),
            _ranking(report),
            _judges(report),
        )
    )


def share(found: Rate | None) -> str:
    """A rate in words, with numerator and denominator.

    >>> share(Rate(0.5, 0.4, 0.6, 48.5, 97))
    '50.0% (40.0–60.0%; 48.5/97)'
    """
    if found is None:
        return "no votes"
    ends = f"{100 * found.low:.1f}–{100 * found.high:.1f}%"
    return f"{found.value:.1%} ({ends}; {found.above:g}/{found.below})"


def categories_lines(groups: Groups) -> Iterator[str]:
    """A line for each category and pair of systems; wins, votes and the interval of the rate."""
    width = max((len(name) for name, _ in groups), default=0)
    for name, pairs in groups:
        for found in pairs:
            yield f"  {name:<{width}}  {share(found.win_rate)}  {_names(found.systems)}"


def _counts(report: StudyReport) -> Iterator[str]:
    given, counted, out = report.given, report.counted, report.exclusions
    yield f"{given.votes} votes on {given.items} items by {given.annotators} annotators"
    yield (
        f"counted {counted.votes}; left out {out.identical} on identical answers,"
        f" {out.repeats} repeats, {out.repeats_swapped} repeats with sides swapped,"
        f" {out.adaptive} on adaptively chosen pairs, {out.judges} by judges"
    )


def _pairs(report: StudyReport) -> Iterator[str]:
    for found in report.pairs:
        yield ""
        yield _names(found.systems)
        yield from _pair(found)


def _pair(found: PairRates) -> Iterator[str]:
    yield (
        f"  {found.wins_first} wins, {found.ties} ties, {found.both_bad} both bad,"
        f" {found.wins_second} losses; on the left in {found.first_on_left} of {found.votes}"
    )
    low, high = found.wilson
    yield f"  win rate {share(found.win_rate)}; Wilson's {100 * low:.1f}–{100 * high:.1f}%"
    yield f"  with ties as half {share(found.half_ties)}"


def _categories(report: StudyReport) -> Iterator[str]:
    if report.by_category:
        yield ""
        yield "win rate by category"
        yield from categories_lines(report.by_category)


def _controls(report: StudyReport) -> Iterator[str]:
    yield ""
    yield "at equal length, ties as half"
    for one in report.length_controlled:
        ends = f"{100 * one.low:.1f}–{100 * one.high:.1f}%"
        yield f"  {one.win_rate:.1%} ({ends}), {one.plain:.1%} without  {_names(one.systems)}"
    yield f"equivalence, within ±{report.settings.margin:g} of a half"
    for test in report.equivalence:
        tests = f"p different {test.p_different:.3f}, p equivalent {test.p_equivalent:.3f}"
        yield f"  {test.finding} ({tests})  {_names(test.systems)}"


def _habits(report: StudyReport) -> Iterator[str]:
    yield ""
    yield f"chose the left answer    {share(report.overall.left)} of decided votes"
    yield f"chose the longer answer  {share(report.overall.longer)} of decided votes"
    yield f"ties                     {share(report.overall.ties)}"


def _agreement(report: StudyReport) -> Iterator[str]:
    yield ""
    found = report.agreement
    if found.raw is None:
        yield "agreement: no item has two votes"
        return
    yield f"agreement on {found.overlap} items with two or more votes: {found.raw:.1%}"
    decided = "–" if found.raw_decided is None else f"{found.raw_decided:.1%}"
    yield f"  where both decided {decided} ({found.decided_agreeing}/{found.decided_pairs})"
    if found.alpha is not None and found.low is not None:
        yield f"  Krippendorff's α {found.alpha:.3f} ({found.low:.3f}–{found.high:.3f})"


def _ranking(report: StudyReport) -> Iterator[str]:
    if report.ranking is None:
        return
    yield ""
    yield "Bradley–Terry (log strength, 95% interval, ranks)"
    for one in report.ranking.systems:
        ends = "" if one.low is None else f" ({one.low:+.2f} to {one.high:+.2f})"
        ranks = "" if one.best_rank is None else f"  ranks {one.best_rank}–{one.worst_rank}"
        yield f"  {one.log_strength:+.2f}{ends}{ranks}  {one.system}"


def _judges(report: StudyReport) -> Iterator[str]:
    for one in report.judges:
        yield ""
        yield from _judge(one)


def _judge(one: JudgeBesidePeople) -> Iterator[str]:
    yield f"judge {one.judge} on {one.items} items people voted on"
    yield f"  agrees with people       {_match(one.agreement)}"
    yield f"  people with each other   {_match(one.people)}"
    if one.inconsistent is not None:
        yield f"  changes its verdict with the order {share(one.inconsistent)}"


def _names(systems: Pair) -> str:
    return f"{systems[0]} against {systems[1]}"


def _match(found: Match) -> str:
    if found.value is None:
        return "–"
    ends = "" if found.low is None or found.high is None else f"{found.low:.1%}–{found.high:.1%}; "
    return f"{found.value:.1%} ({ends}{found.agreeing}/{found.pairs})"
