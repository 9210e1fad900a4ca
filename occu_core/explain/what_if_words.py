"""Comparisons and sweeps in words: for the page, the command line and those who cannot see."""

from __future__ import annotations

from occu_core.explain.case_changes import shown
from occu_core.explain.sweeps import ASSOCIATION, Gap, Sweep
from occu_core.explain.what_if import Shift, WhatIf
from occu_core.models.base import ModelKind
from occu_core.predictions import Prediction

ONE_SEED = (
    "The noise floor is how far the same change moves between {seeds} small CAREER models that"
    " differ only in their random seed (95%): what lies within it, another training run could"
    " undo. It does not cover which workers the survey happened to ask."
)
TWO_MODELS = (
    "The noise floor is how far two small CAREER models that differ only in their random seed lie"
    " apart (95%): two models that lie no further apart may differ by chance alone."
)


def points(probability: float, *, sign: bool = True) -> str:
    """A difference of probabilities in percentage points, as people read it.

    >>> points(0.0523), points(-0.0004), points(0.012, sign=False), points(0.0)
    ('+5.2', '−0.04', '1.2', '0')
    """
    size = 100 * abs(probability)
    if size < 1e-9:
        return "0"
    digits = 2 if size < 0.095 else 1
    text = "<0.01" if size < 0.005 else f"{size:.{digits}f}"
    return text if not sign else ("+" if probability > 0 else "−") + text


def change_and_noise(shift: Shift) -> str:
    """A change and its noise floor, in points.

    >>> change_and_noise(Shift(None, "Student", 0.10, 0.15, 0.012))
    '+5.0 ± 1.2'
    """
    if shift.change is None:
        return "–"
    floor = "" if shift.noise is None else f" ± {points(shift.noise, sign=False)}"
    return points(shift.change) + floor


def what_differs(what_if: WhatIf) -> str:
    """What differs between the two sides, in one line."""
    found = [f"{d.what}: {d.before} → {d.after}" for d in what_if.differs]
    if not what_if.same_model:
        found.append(f"model: {what_if.before.card.title} → {what_if.after.card.title}")
    return "; ".join(found) or "nothing differs"


def summary(what_if: WhatIf) -> str:
    """The four parts, how much moves in all, and how many states pass the noise floor."""
    parts = [_part_in_words(part) for part in what_if.parts if part.change is not None]
    beyond = len(what_if.beyond_noise)
    seeds = what_if.seed_total_variation
    among = (
        f" (seed models: {points(seeds[0], sign=False)}–{points(seeds[1], sign=False)})"
        if seeds
        else ""
    )
    return (
        f"{' '.join(parts)} In all, {points(what_if.total_variation, sign=False)} points of"
        f" probability move{among}; {beyond} of {len(what_if.shifts)} states change by more than"
        " their noise floor, which chance alone lets about one in twenty do."
    )


def noise_in_words(what_if: WhatIf) -> str:
    """What the noise floor is, for this comparison."""
    cards = dict.fromkeys(side.card.title for side in _not_career(what_if))
    others = f" Of {' and '.join(cards)}, a model of another kind, it says less." if cards else ""
    return (ONE_SEED if what_if.same_model else TWO_MODELS).format(seeds=what_if.seeds) + others


def movers_in_words(what_if: WhatIf, count: int) -> str:
    """The occupations that change most, with their noise."""
    rows = [
        f"{s.name} {change_and_noise(s)}{' (within noise)' if s.within_noise else ''}"
        for s in what_if.movers(count)
    ]
    return f"Largest changes in percentage points: {'; '.join(rows) or 'none'}."


def gap_in_words(sweep: Sweep, gap: Gap) -> str:
    """The widest gap of one outcome, or that it is noise."""
    between = f"{shown(gap.highest)} over {shown(gap.lowest)}"
    size = f"{points(gap.gap, sign=False)} points"
    noise = f"noise ±{points(gap.noise, sign=False)}"
    if not gap.gap:
        return f"{gap.name}: the same whatever the {sweep.field.replace('_', ' ')}."
    if gap.within_noise:
        return f"{gap.name}: at most {size} ({between}), within noise (±{noise[7:]})."
    return f"{gap.name}: {size} higher for {between} ({noise})."


def sweep_in_words(sweep: Sweep, top: int) -> str:
    """The widest gap of each outcome; what such a gap is comes first."""
    gaps = [gap_in_words(sweep, sweep.widest_gap(*outcome)) for outcome in sweep.outcomes(top)]
    return f"{ASSOCIATION.capitalize()}. " + " ".join(gaps)


def _not_career(what_if: WhatIf) -> list[Prediction]:
    sides = what_if.before, what_if.after
    return [side for side in sides if side.card.kind is not ModelKind.CAREER]


def _part_in_words(part: Shift) -> str:
    change, noise = part.change or 0.0, part.noise or 0.0
    floor = f"±{points(noise, sign=False)}"
    if part.within_noise:
        return f"{part.name}: {points(change)} points, within noise ({floor})."
    verb = "rises" if change > 0 else "falls"
    return f"{part.name} {verb} by {points(abs(change), sign=False)} points (noise {floor})."
