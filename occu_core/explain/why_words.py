"""Explanations as sentences."""

from __future__ import annotations

from occu_core.explain.influence import Influences, RecordInfluence
from occu_core.explain.rationales import Rationale

_LEAST_POINTS = 0.05


def influence_in_words(found: Influences) -> str:
    """What speaks most for the target and what most against it, in one or two sentences."""
    if not found.records:
        return "There are no records, so only what is known of the worker and the year speaks."
    for_it = max(found.records, key=lambda one: one.influence)
    against = min(found.records, key=lambda one: one.influence)
    sentences = []
    if for_it.points >= _LEAST_POINTS:
        sentences.append(
            f"What speaks most for it is {_named(for_it)}: had it not been recorded, the"
            f" probability would be {abs(for_it.points):.1f} points lower."
        )
    if against.points <= -_LEAST_POINTS:
        sentences.append(
            f"What speaks most against it is {_named(against)}: without it, the probability would"
            f" be {abs(against.points):.1f} points higher."
        )
    return " ".join(sentences) or (
        f"No single record moves it by as much as {_LEAST_POINTS} points: others say the same, or"
        " the model's answer does not rest on the history."
    )


def rationale_in_words(found: Rationale) -> str:
    """How few records suffice, or that none do."""
    count, all_records = len(found.records), len(found.query.past.records)
    target, last = found.target.title, found.steps[-1]
    if found.found and not count:
        return f"{target} is likeliest even before any record is read."
    if found.found:
        number = f"{count} of {all_records} records" if count > 1 else "One record"
        suffice = "suffice" if count > 1 else f"of {all_records} suffices"
        return f"{number} {suffice} to make {target} the likeliest."
    if not all_records:
        return f"There is no record, and {last.likeliest.title} is likelier than {target}."
    tried = "No part of the history" if found.exhausted else f"No {found.tried} records"
    best = "with no record" if not count else f"with {count} of {all_records} records"
    return (
        f"{tried} that this search tries makes {target} the likeliest; it comes closest {best},"
        f" at {last.probability:.1%}, behind {last.likeliest.title}"
        f" ({last.likeliest_probability:.1%})."
    )


def _named(one: RecordInfluence) -> str:
    return f"{one.record.occupation.title} in {one.record.year}"
