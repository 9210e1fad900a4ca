"""What reports say, in sentences that need no statistics to read."""

from __future__ import annotations

from shlex import quote

from occu_core.evaluation.report_files import Leaderboard
from occu_core.evaluation.report_numbers import points, signed, with_interval
from occu_core.evaluation.reports import (
    Calibration,
    Comparison,
    Interval,
    ModelReport,
    Part,
    Provenance,
)

FEW_WORKERS = 100
_PARTS = {
    Part.ALL: "over all person-years",
    Part.FIRST: "on first records",
    Part.STAY: "on stays",
    Part.MOVE: "on moves",
}


def excludes_zero(interval: Interval) -> bool:
    """Whether a difference has an interval and it lies on one side of zero."""
    low, high = interval.low, interval.high
    return low is not None and high is not None and (low > 0 or high < 0)


def difference(interval: Interval) -> str:
    """A difference in percent in words, with its interval on the side it lies on.

    >>> difference(Interval(-3.2, -4.3, -2.1))
    '3.2% below (95% interval 2.1–4.3%)'
    >>> difference(Interval(-0.4, -1.2, 0.4))
    'not told apart from (−0.4%, 95% interval −1.2% to +0.4%)'
    """
    low, high = interval.low, interval.high
    if low is None or high is None:
        return f"{_size(interval.value)} {_side(interval.value)} (no interval: too few workers)"
    if not excludes_zero(interval):
        return (
            f"not told apart from ({signed(interval.value)}, 95% interval {signed(low)} to"
            f" {signed(high)})"
        )
    near, far = sorted((abs(low), abs(high)))
    return f"{_size(interval.value)} {_side(interval.value)} (95% interval {near:.1f}–{far:.1f}%)"


def pair_in_words(parts: dict[Part, Comparison]) -> str:
    """One model against another: overall, then on moves, stays and first records."""
    chosen = [parts[part] for part in (Part.ALL, Part.MOVE, Part.STAY, Part.FIRST) if part in parts]
    first = chosen[0]
    beginning = difference(first.difference_percent)
    where = "" if first.part is Part.ALL else f" {_PARTS[first.part]}"
    later = "; ".join(
        f"{_PARTS[c.part]} {difference(c.difference_percent).replace('apart from', 'apart')}"
        for c in chosen[1:]
    )
    kind = "normalised" if first.normalised else "raw"
    seeds = (
        f", over {first.seeds_a} and {first.seeds_b} training seeds"
        if max(first.seeds_a, first.seeds_b) > 1
        else ""
    )
    return (
        f"{first.title_a} is {_with_object(beginning, first.title_b)}{where}"
        f"{f'; {later}' if later else ''}. ({kind.capitalize()} perplexity, paired on the same"
        f" {parts[first.part].rows:,} person-years{seeds}.)"
    )


def answer(board: Leaderboard, pair: Comparison | None) -> str:
    """The best model of a leaderboard, how much better it is, and how sure that is."""
    best = board.reports[0]
    title, overall = best.provenance.title, best.perplexity_raw.overall
    first = (
        f"{title} has the lowest raw perplexity, {with_interval(overall)}, of"
        f" {len(board.reports)} on {board.rows:,} person-years of"
        f" {best.provenance.workers:,} workers ({board.rows_label})."
    )
    if len(board.reports) == 1:
        return f"Only {title} was scored on these rows: {with_interval(overall)}."
    if pair is None:
        return (
            f"{first} It was not compared in pairs, and whether two intervals overlap does not"
            " say whether it is really ahead."
        )
    sure = excludes_zero(pair.difference_percent)
    verdict = (
        "the interval leaves zero out, so this is not luck of the draw of workers"
        if sure
        else "the interval holds zero, so which is better stays open"
    )
    return f"{first} {_sentence(pair)}: {verdict}.{_about_trust(best.stay)}"


def small_groups(report: ModelReport, by: str) -> str | None:
    """A warning that names the groups of one characteristic with few workers."""
    small = [
        f"{s.group} ({s.workers:,})"
        for s in report.subgroups
        if s.by == by and (s.workers < FEW_WORKERS or s.perplexity.low is None)
    ]
    if not small:
        return None
    return (
        f"Few workers, so read these with care: {', '.join(small)}. A handful of people can move"
        " the number."
    )


def calibration_verdict(found: Calibration) -> str:
    """Whether probabilities can be taken at their word, in a few words."""
    if found.error <= found.floor_high:
        return f"within chance ({points(found.floor_high)})"
    return f"chance: up to {points(found.floor_high)}"


def calibration_in_words(found: Calibration, what: str) -> str:
    """The calibration error beside its noise floor, and what rescaling does about it.

    `what` is the event, such as `keeping the same state`.
    """
    lean = sum((p.predicted - p.observed.value) * p.count for p in found.points)
    off = (
        f"Its probabilities of {what} are off by {points(found.error)} percentage points;"
        f" perfect ones would show {points(found.floor)} by chance, rarely more than"
        f" {points(found.floor_high)}."
    )
    if found.error <= found.floor_high:
        verdict = (
            f" With {found.rows:,} predictions the difference cannot be told from chance: they can"
            " be taken at their word."
        )
    else:
        verdict = f" More than chance: they are on average too {'high' if lean > 0 else 'low'}."
    return off + verdict + _rescaled(found)


def evaluate_command(about: Provenance) -> str:
    """How to score a model of one's own on the rows of a report."""
    table = f"{about.data.lower()}.csv.gz" if about.split else about.data
    split = f" --split {quote(about.split)}" if about.split else ""
    years = f" --years {about.years[0]}-{about.years[1]}" if about.years else ""
    return f"occu evaluate {quote(table)} --model MY_MODEL{split}{years} --report my_report.json"


def _sentence(pair: Comparison) -> str:
    return f"{pair.title_a} is {_with_object(difference(pair.difference_percent), pair.title_b)}"


def _about_trust(stay: Calibration | None) -> str:
    if stay is None:
        return ""
    if stay.error <= stay.floor_high:
        return " Its probabilities of staying come true as often as they say, as far as data show."
    return (
        f" Its probabilities of staying are off by {points(stay.error)} points, more than chance"
        f" ({points(stay.floor_high)})."
    )


def _rescaled(found: Calibration) -> str:
    if found.temperature is None or found.error_after is None:
        return ""
    return (
        f" Divided by a temperature of {found.temperature:.2f}, fitted on other workers, they"
        f" would be off by {points(found.error_after)}."
    )


def _with_object(words: str, other: str) -> str:
    """`3.2% below (…)` and a model's title, in the right place."""
    head, _, interval = words.partition(" (")
    return f"{head} {other} ({interval}"


def _size(percent: float) -> str:
    return f"{abs(percent):.1f}%"


def _side(percent: float) -> str:
    return "below" if percent < 0 else "above"
