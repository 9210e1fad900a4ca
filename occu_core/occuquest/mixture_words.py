"""The mixture experiment's findings in sentences, each with its number and interval."""

from __future__ import annotations

from occu_core.occuquest.mixture_report import (
    LOSS_ROBUST,
    PROPORTIONAL,
    ROBUST,
    UNIFORM,
    Measure,
    MixtureDifference,
    MixtureReport,
)

_OF = {
    Measure.WORST: "the worst group's loss",
    Measure.NAMED: "the hardest group's loss",
    Measure.MEAN: "the mean loss of groups",
    Measure.OVERALL: "the loss on all text",
}
_WITHIN = {PROPORTIONAL: "mixing in proportion"}
"""Names that read differently within a sentence."""

_TOLD = (
    (ROBUST, UNIFORM, Measure.WORST),
    (LOSS_ROBUST, UNIFORM, Measure.WORST),
    (ROBUST, PROPORTIONAL, Measure.WORST),
    (ROBUST, UNIFORM, Measure.MEAN),
    (UNIFORM, PROPORTIONAL, Measure.WORST),
    (UNIFORM, PROPORTIONAL, Measure.OVERALL),
)


def findings(report: MixtureReport) -> list[str]:
    """What the report found, the robust mixture against 1:1 first."""
    found = [d for told in _TOLD if (d := report.difference(*told))]
    return [*(_sentence(one) for one in found), *_robust_share(report)]


def _robust_share(report: MixtureReport) -> list[str]:
    """Where the robust mixture's text goes, and what that does there: why it helps, or does not."""
    by_name = {mixture.name: mixture for mixture in report.mixtures}
    if not {ROBUST, UNIFORM} <= by_name.keys():
        return []
    robust, alike = by_name[ROBUST], by_name[UNIFORM]
    names = [group.name for group in report.groups]

    def told(group: str) -> str:
        place = names.index(group)
        change = robust.losses[place].value - alike.losses[place].value
        return (
            f"{robust.shares[place]:.1%} of the text against {alike.shares[place]:.1%} under"
            f" {UNIFORM}, and its loss changes by {_signed(change)}"
        )

    most = names[robust.shares.index(max(robust.shares))]
    lines = [f"{ROBUST} gives most to {most}: {told(most)}."]
    if most != report.named:
        lines.append(f"The hardest group, {report.named}, gets {told(report.named)}.")
    return lines


def _sentence(one: MixtureDifference) -> str:
    change = one.difference
    seeds = ", ".join(map(_signed, one.by_seed))
    known = f"95% interval {_signed(change.low)} to {_signed(change.high)}; by seed {seeds}"
    if change.low <= 0 <= change.high:
        return (
            f"{one.mixture} against {_WITHIN.get(one.against, one.against)}: no clear difference in"
            f" {_OF[one.measure]}, {_signed(change.value)} nats per token ({known})."
        )
    verb = "lowers" if change.value < 0 else "raises"
    return (
        f"{one.mixture} {verb} {_OF[one.measure]} by {abs(change.value):.3f} nats per token against"
        f" {_WITHIN.get(one.against, one.against)} ({known})."
    )


def _signed(number: float) -> str:
    """With its sign, a real minus.

    >>> _signed(-0.0123), _signed(0.02)
    ('−0.012', '+0.020')
    """
    return f"{number:+.3f}".replace("-", "−")
