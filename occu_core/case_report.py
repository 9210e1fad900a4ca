"""A case on one printed page: the career, the question, the answer, and what it rests on.

One HTML file without scripts, pictures or anything from elsewhere; its bars are SVG drawn from the
numbers. All text in it is escaped.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from html import escape
from itertools import groupby

from occu_core.careers import CareerHistory, Education, JobRecord
from occu_core.figures.drawing import DIFFERENT_JOB, NO_WORK, SAME_JOB, STUDYING, percent
from occu_core.models.base import ModelCard
from occu_core.models.support import outside_training
from occu_core.predictions import NOTE, Prediction

MOST_SPELLS, MOST_TITLES = 10, 10
_PARTS = (
    ("same_job", "Same job", SAME_JOB),
    ("different_job", "Different job", DIFFERENT_JOB),
    ("not_working", "Not working", NO_WORK),
    ("student", "Student", STUDYING),
)
_WIDTH = 180  # of the longest bar, in pixels
_STYLE = """
@page { size: A4; margin: 14mm }
body { font: 9.5pt/1.32 system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', sans-serif;
  color: #17232B; background: #fff; max-width: 182mm; margin: 8mm auto; padding: 0 4mm }
@media print { body { margin: 0; padding: 0; max-width: none } }
h1 { font-size: 15pt; margin: 0 0 1mm } h2 { font-size: 10.5pt; margin: 3mm 0 .8mm }
p { margin: 0 0 1mm } .small { font-size: 8pt; color: #45545E }
.warning { border-left: 3px solid #B8651B; padding-left: 2.5mm }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0 8mm }
@media screen and (max-width: 600px) { .columns { grid-template-columns: 1fr } }
table { border-collapse: collapse; width: 100%; font-size: 8.5pt }
th, td { text-align: left; vertical-align: top; padding: .25mm 2mm .25mm 0 }
th { font-weight: 600; border-bottom: 1px solid #D9E2E1 } td.n { text-align: right }
td.n, td.y { white-space: nowrap; font-variant-numeric: tabular-nums } th.n { text-align: right }
a { color: #0F766E }
svg { display: block; max-width: 100% } tr, h2 { break-inside: avoid }
"""


def case_report(
    predictions: Sequence[Prediction], name: str, *, made: date, link: str | None = None
) -> str:
    """The page of one case as HTML; the models' answers are to the same question.

    Args:
        predictions: one or two models' answers.
        name: what the case is called.
        made: the day that stands on the page.
        link: an address that reopens the case, `http` or `https`.
    """
    query = predictions[0].query
    title = f"{name}: what comes next in {query.year}"
    cards = [prediction.card for prediction in predictions]
    body = [
        f"<h1>{escape(title)}</h1>",
        f'<p class="small">Occuscope, {made.isoformat()}. {escape(NOTE)}</p>',
        *_warnings(predictions),
        *_career(query.past),
        *_question(predictions[0]),
        '<div class="columns">',
        *(line for prediction in predictions for line in _parts(prediction)),
        "</div>",
        *_titles(predictions),
        "<h2>What the numbers rest on</h2>",
        *(_model(prediction) for prediction in predictions),
        *_reopen(link, cards),
    ]
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style></head>\n<body>\n"
        + "\n".join(body)
        + "\n</body></html>\n"
    )


def _warnings(predictions: Sequence[Prediction]) -> Iterator[str]:
    found = dict.fromkeys(s for p in predictions for s in outside_training(p.card, p.query))
    for sentence in found:
        yield f'<p class="warning"><b>Read with care.</b> {escape(sentence)}</p>'


def _career(past: CareerHistory) -> Iterator[str]:
    known = [
        ("Survey", past.dataset),
        ("Born", past.birth_year),
        ("Sex", past.sex),
        ("Race/ethnicity", past.race_ethnicity),
        ("Region", past.region),
    ]
    yield "<h2>The career</h2>"
    worker = "; ".join(f"{label}: {value or 'unknown'}" for label, value in known)
    yield f"<p>{escape(worker)}.</p>"
    runs = _runs(past.records)
    if not runs:
        yield "<p>No records yet.</p>"
        return
    if len(runs) > MOST_SPELLS:
        left_out = sum(len(run) for run in runs[:-MOST_SPELLS])
        yield f"<p>{left_out} earlier records of {len(past.records)} are not shown.</p>"
    yield "<table><tr><th>Years</th><th>Occupation</th><th>Education</th></tr>"
    for run in runs[-MOST_SPELLS:]:
        years = f"{run[0].year}–{run[-1].year}" if len(run) > 1 else str(run[0].year)
        title, level = run[0].occupation.title, _education(run[0].education)
        yield f'<tr><td class="y">{years}</td><td>{escape(title)}</td><td>{level}</td></tr>'
    yield "</table>"


def _runs(records: Sequence[JobRecord]) -> list[list[JobRecord]]:
    """Consecutive records in one occupation and education."""
    alike = groupby(records, key=lambda record: (record.occupation.code, record.education))
    return [list(run) for _, run in alike]


def _question(prediction: Prediction) -> Iterator[str]:
    query = prediction.query
    yield "<h2>The question</h2>"
    after = f"after {query.previous.title}" if query.previous else "as the first record"
    states = len(prediction.distribution.taxonomy)
    yield (
        f"<p>Which of {states} states in {query.year}, {escape(after)}, education"
        f" {_education(query.education)}?</p>"
    )


def _parts(prediction: Prediction) -> Iterator[str]:
    yield f"<section><h2>{escape(prediction.card.title)}</h2>"
    yield "<table>"
    for field, label, colour in _PARTS:
        share = getattr(prediction.parts, field)
        shown = "–" if share is None else percent(share)
        bar = _bar(share or 0.0, 1.0, colour)
        yield f'<tr><td>{label}</td><td>{bar}</td><td class="n">{shown}</td></tr>'
    yield "</table></section>"


def _titles(predictions: Sequence[Prediction]) -> Iterator[str]:
    first = predictions[0]
    top = first.distribution.top(MOST_TITLES)
    yield f"<h2>Likeliest occupations, by {escape(first.card.title)}</h2>"
    heads = "".join(f'<th class="n">{escape(p.card.title)}</th>' for p in predictions)
    yield f"<table><tr><th>Occupation (occ1990dd code)</th><th></th>{heads}</tr>"
    for occupation, probability in top:
        bar = _bar(probability, top[0][1], _colour(first, occupation.code))
        shares = "".join(
            f'<td class="n">{percent(p.distribution.prob(occupation.code))}</td>'
            for p in predictions
        )
        named = f"{escape(occupation.title)} ({escape(occupation.code)})"
        yield f"<tr><td>{named}</td><td>{bar}</td>{shares}</tr>"
    left = [1 - sum(p.distribution.prob(o.code) for o, _ in top) for p in predictions]
    rest = "".join(f'<td class="n">{percent(max(share, 0.0))}</td>' for share in left)
    others = len(first.distribution.taxonomy) - len(top)
    yield f"<tr><td>All {others} others together</td><td></td>{rest}</tr></table>"


def _colour(prediction: Prediction, code: str) -> str:
    previous = prediction.query.previous
    states = {"NW": NO_WORK, "ST": STUDYING}
    if code in states:
        return states[code]
    return SAME_JOB if previous is not None and previous.code == code else DIFFERENT_JOB


def _model(prediction: Prediction) -> str:
    card = prediction.card
    cohorts = "; ".join(
        f"{c.dataset}: {c.workers:,} workers born {c.birth_years[0]}–{c.birth_years[1]},"
        f" interviewed {c.years[0]}–{c.years[1]}"
        for c in card.trained_on
    )
    share = f"{100 * prediction.distribution.coverage:.2f}%"
    covered = (
        "It can only answer with one of the titles."
        if prediction.prompt is None
        else f"Before scaling, {share} of its probability lay on the titles (coverage)."
    )
    return (
        f"<p><b>{escape(card.title)}</b> {escape(card.version)} ({escape(card.name)}), trained on"
        f" {escape(cohorts or 'data its card does not name')}. {covered}</p>"
    )


def _reopen(link: str | None, cards: Sequence[ModelCard]) -> Iterator[str]:
    models = " ".join(f"--model {card.name}" for card in cards[:1])
    yield (
        '<p class="small">The same numbers without a browser: save the career as JSON and run'
        f" <code>occu predict career.json {escape(models)}</code>.</p>"
    )
    if link:
        yield f'<p class="small"><a href="{escape(link)}">Open this case in Occuscope</a></p>'


def _bar(share: float, whole: float, colour: str) -> str:
    width = round(_WIDTH * share / whole, 1) if whole else 0.0
    return (
        f'<svg width="{_WIDTH}" height="12" viewBox="0 0 {_WIDTH} 12" aria-hidden="true">'
        f'<rect width="{width}" height="10" y="1" rx="2" fill="{colour}"/></svg>'
    )


def _education(level: Education | None) -> str:
    return escape(level.value) if level else "unknown"
