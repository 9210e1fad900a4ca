"""A report as JSON, for programs and for the bundle, with field names that are kept."""

from __future__ import annotations

import json
from dataclasses import asdict

from occu_core.pairwise.clustered import Rate
from occu_core.pairwise.habits import Habits
from occu_core.pairwise.length_control import FORMULA
from occu_core.pairwise.report import StudyReport
from occu_core.pairwise.win_rates import Groups, PairRates

Json = dict[str, object]

METHOD = (
    "95% intervals for the mean over the populations of questions and annotators: Wilson's with"
    " Student's t on the effective number of votes, from crossed variance components"
)
_DIGITS = 6


def report_json(report: StudyReport) -> Json:
    """What `occu study report --json` prints.

    `votes`, `items` and `annotators` describe what was given; `votes` − `duplicates` − votes of
    judges and on adaptively chosen pairs are those `counted`.
    """
    found = report.agreement
    return _rounded(
        {
            **asdict(report.given),
            "duplicates": report.exclusions.duplicates,
            "counted": asdict(report.counted),
            "exclusions": asdict(report.exclusions),
            "pairs": [_pair(one) for one in report.pairs],
            "position": _share(report.overall.left, "left_share"),
            "length": _share(report.overall.longer, "longer_share"),
            "ties": _share(report.overall.ties, "share"),
            "both_bad": _share(report.overall.both_bad, "share"),
            "agreement": {
                **asdict(found),
                "kappas": [asdict(one) for one in found.kappas],
            },
            "consistency": _share(report.consistency, "same_share"),
            "by_annotator": [_habits(one) for one in report.by_annotator],
            "by_category": _groups(report.by_category),
            "expert": _groups(report.by_expertise),
            "bradley_terry": asdict(report.ranking) if report.ranking else None,
            "length_controlled": {
                "formula": FORMULA,
                "pairs": [asdict(one) for one in report.length_controlled],
            },
            "equivalence": [asdict(one) for one in report.equivalence],
            "anytime": [asdict(one) for one in report.early],
            "more_votes": [asdict(one) for one in report.more_votes],
            "judges": [asdict(one) | {"habits": _habits(one.habits)} for one in report.judges],
            "disagreements": [asdict(one) for one in report.disagreements],
            "warnings": report.warnings,
            "settings": asdict(report.settings) | {"intervals": METHOD},
            "version": report.version,
        }
    )


def _pair(found: PairRates) -> Json:
    return {
        "systems": found.systems,
        "wins_first": found.wins_first,
        "ties": found.ties,
        "both_bad": found.both_bad,
        "wins_second": found.wins_second,
        "votes": found.votes,
        "first_on_left": found.first_on_left,
        "win_rate": found.win_rate.value,
        "wilson": {"low": found.wilson[0], "high": found.wilson[1]},
        "clustered": {"low": found.win_rate.low, "high": found.win_rate.high},
        "loss_rate": _share(found.loss_rate, "value"),
        "win_rate_half_ties": _share(found.half_ties, "value"),
        "acceptable_first": _share(found.acceptable[0], "value"),
        "acceptable_second": _share(found.acceptable[1], "value"),
        "both_unacceptable": found.both_unacceptable,
    }


def _groups(groups: Groups) -> list[Json]:
    return [{"group": name, "pairs": [_pair(one) for one in pairs]} for name, pairs in groups]


def _habits(found: Habits) -> Json:
    return {
        "annotator": found.annotator,
        "votes": found.votes,
        "position": _share(found.left, "left_share"),
        "length": _share(found.longer, "longer_share"),
        "ties": _share(found.ties, "share"),
        "both_bad": _share(found.both_bad, "share"),
        "seconds": found.seconds,
    }


def _share(found: Rate | None, name: str) -> Json:
    """A rate under its own name, with its interval, numerator and denominator."""
    if found is None:
        return {name: None, "low": None, "high": None, "numerator": 0, "denominator": 0}
    return {
        name: found.value,
        "low": found.low,
        "high": found.high,
        "numerator": found.above,
        "denominator": found.below,
    }


def _rounded(found: Json) -> Json:
    """Six digits after the point, which is more than rates mean; tuples as lists."""
    rounded: Json = json.loads(
        json.dumps(found, allow_nan=False), parse_float=lambda text: round(float(text), _DIGITS)
    )
    return rounded
