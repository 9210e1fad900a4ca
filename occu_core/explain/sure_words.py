"""How sure a prediction is, in sentences that the numbers decide."""

from __future__ import annotations

from occu_core.careers import MOST_RECORDS
from occu_core.evaluation.report_numbers import share
from occu_core.evaluation.reports import Part
from occu_core.explain.how_sure import HowSure, by_outcome
from occu_core.explain.prediction_sets import PredictionSet
from occu_core.explain.reliability import TrackRecord
from occu_core.explain.sure_records import (
    OFFERED,
    Before,
    Cell,
    Event,
    Measurement,
    Reliability,
    Span,
)
from occu_core.explain.unsureness import HowUnsure

_AFTER = {
    Before.FIRST: "at their first record",
    Before.JOB: "whose last record is a job",
    Before.NOT_WORKING: "whose last record is Not working",
    Before.STUDENT: "whose last record is Student",
}
_KEEPING = {
    Before.JOB: "keeping the same job",
    Before.NOT_WORKING: "staying out of work",
    Before.STUDENT: "staying a student",
}
_DID = {Part.STAY: "stayed", Part.MOVE: "moved", Part.FIRST: "were at their first record"}


def size(answer: HowSure) -> str:
    """How many states the set has, and whether the last record's is one."""
    chosen, previous = answer.chosen, answer.prediction.query.previous
    states = len(answer.prediction.distribution.taxonomy)
    kept = previous is not None and previous in [occupation for occupation, _ in chosen.members]
    count = len(chosen.members)
    if previous is None:
        return f"{count} of {states} states."
    if not kept:
        return f"{count} of {states} states; {previous.title}, the last record, is not one of them."
    if count == 1:
        return f"Only {previous.title}, the last record's state."
    others = f"one of {count - 1} others" if count > 2 else "one other"
    return f"{count} of {states} states: {previous.title} again, or {others}."


def promise(answer: HowSure) -> str:
    """What the level means, and who calibrated it."""
    chosen = answer.chosen
    kind = chosen.cells[0].before
    apart = "" if kind is Before.FIRST else ", among those who stay and among those who move alike"
    return (
        f"Of 100 such sets, about {chosen.percent} hold what happens next{apart}. This was"
        f" calibrated on workers {_AFTER[kind]}: {_calibrated(chosen)}."
    )


def no_promise(answer: HowSure) -> str:
    """What a set does not say."""
    chosen = answer.chosen
    return (
        "It is a promise over many workers like the survey's, not about this one: for this worker"
        f" the model itself gives the set {100 * chosen.probability:.1f}%. It does not hold for"
        " every group of workers taken alone, nor outside the years and births of the survey, nor"
        " if the world of work has changed since."
    )


def caveats(answer: HowSure) -> list[str]:
    """Where less is known than usual about this worker; empty if nothing is missing."""
    dataset, percent = answer.prediction.query.past.dataset, answer.chosen.percent
    found = []
    if dataset is None:
        found.append(
            "The survey is unknown, so that the thresholds of all surveys together are used, and"
            " no track record can be shown. Choose it on the Career page."
        )
    elif not answer.calibrated_cohort:
        found.append(
            f"No worker of {dataset} calibrated these sets: the thresholds are those of all other"
            " surveys together, and no promise covers this one."
        )
    if percent not in OFFERED:
        shown = ", ".join(f"{level}%" for level in OFFERED)
        found.append(f"Sets of {percent}% were calibrated but not measured; measured are {shown}.")
    if any(cell.thresholds[0] == 0.0 for cell in answer.chosen.cells):
        found.append("Too few workers calibrated this set, so that it leaves nothing out.")
    return found


def measured(found: Measurement) -> str:
    """How often sets of this level held what happened, on test workers."""
    rows = by_outcome(found)
    names = {"stay": "of stays", "move": "of moves", "first": "of first records"}
    parts = [f"{share(rows[key].coverage)} {name}" for key, name in names.items() if key in rows]
    mean, median = rows["all"].mean_size, rows["all"].median_size
    sizes = "" if mean is None else f" They hold {mean:.0f} states on average, median {median:.0f}."
    return (
        f"On {rows['all'].rows:,} person-years of test workers ({found.label}) the {found.percent}%"
        f" sets held {share(rows['all'].coverage)} of what happened: {', '.join(parts)}"
        f" (95% intervals).{sizes}"
    )


def track_record(record: TrackRecord) -> str:
    """What came of predictions of this size: `when it gives 65–74%, it happened …`."""
    what = _KEEPING[record.curve.before] if record.event is Event.SAME else "not working"
    said = f"When this model gives {_span(record)} to {what}, it came true in"
    seen = (
        f"{said} {share(record.observed)} of {record.count:,} person-years (95% interval) of"
        f" {who(record.curve)}. Here it gives {_percent(record.predicted)}."
    )
    if not record.beyond:
        return seen
    return f"{seen} No test prediction was as extreme as this one: these are the nearest."


def who(curve: Reliability) -> str:
    """Whose record it is, such as `women with some college in the NLSY97 test sample`."""
    people = {"female": "women", "male": "men", None: "workers"}[curve.sex]
    education = f" with {_education(curve.education.value)}" if curve.education else ""
    return f"{curve.cohort} test {people}{education} {_AFTER[curve.before]}"


def unsure(found: HowUnsure) -> str:
    """The number of equally likely states beside what is usual."""
    first = (
        f"As unsure as among {_count(found.equally_likely)} equally likely states"
        " (1 would be certainty, 343 no idea at all)."
    )
    usual = found.usual
    if usual is None:
        return f"{first} What is usual is not known for workers of this survey and last record."
    low, middle, high = (_count(found.quantile(p) or 0.0) for p in (25, 50, 75))
    return (
        f"{first} Usual for {usual.cohort} workers {_AFTER[usual.before]} is {middle}; half of all"
        f" such predictions lie between {low} and {high}. {_ranked(found.less_sure_than or 0)}"
    )


def _ranked(less_sure_than: int) -> str:
    if less_sure_than < 5:
        return "This one is among the surest 5 in 100."
    if less_sure_than >= 95:
        return "This one is among the least sure 5 in 100."
    return f"About {less_sure_than} in 100 of them are surer than this one."


def _calibrated(chosen: PredictionSet) -> str:
    return " and ".join(_cell(cell) for cell in chosen.cells)


def _cell(cell: Cell) -> str:
    survey = cell.cohort or "all surveys"
    span = f" with {_records(cell.history)}" if cell.history else ""
    return f"{cell.rows:,} person-years of {survey}{span} who {_DID[cell.part]}"


def _records(span: Span) -> str:
    low, high = span
    if low == high:
        return f"{low} earlier record{'s' if low > 1 else ''}"
    return (
        f"{low} or more earlier records"
        if high == MOST_RECORDS
        else f"{low}–{high} earlier records"
    )


def _education(level: str) -> str:
    """As it is read after `with`."""
    return f"a {level}" if level.endswith("degree") else level


def _span(record: TrackRecord) -> str:
    low, high = _percent(record.lowest).removesuffix("%"), _percent(record.highest)
    return high if f"{low}%" == high else f"{low}–{high}"


def _percent(probability: float) -> str:
    return f"{100 * probability:.1f}%"


def _count(number: float) -> str:
    return f"{number:.1f}" if number < 9.95 else f"{number:.0f}"
