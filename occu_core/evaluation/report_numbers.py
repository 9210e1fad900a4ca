"""Estimates and their intervals as people read them."""

from __future__ import annotations

from occu_core.evaluation.reports import Interval


def number(value: float) -> str:
    """A perplexity with the digits that mean something.

    >>> number(7.3603), number(190.009)
    ('7.36', '190')
    """
    return f"{value:.0f}" if value >= 100 else f"{value:.1f}" if value >= 20 else f"{value:.2f}"


def with_interval(interval: Interval) -> str:
    """A perplexity and its 95% interval.

    >>> with_interval(Interval(11.2, 10.8, 11.6)), with_interval(Interval(9.0))
    ('11.20 (10.80–11.60)', '9.00 (no interval)')
    """
    if interval.low is None or interval.high is None:
        return f"{number(interval.value)} (no interval)"
    return f"{number(interval.value)} ({number(interval.low)}–{number(interval.high)})"


def signed(percent: float) -> str:
    """A difference in percent with its sign.

    >>> signed(-3.24), signed(0.5)
    ('−3.2%', '+0.5%')
    """
    return f"{percent:+.1f}%".replace("-", "−")


def signed_interval(interval: Interval) -> str:
    """The 95% interval of a difference in percent."""
    if interval.low is None or interval.high is None:
        return "no interval"
    return f"{signed(interval.low)} to {signed(interval.high)}"


def ends(interval: Interval) -> str:
    """The 95% interval of a perplexity, without the estimate."""
    if interval.low is None or interval.high is None:
        return "no interval"
    return f"{number(interval.low)}–{number(interval.high)}"


def points(fraction: float) -> str:
    """A difference between shares in percentage points.

    >>> points(0.0673)
    '6.7'
    """
    return f"{100 * fraction:.1f}"


def auc(interval: Interval) -> str:
    """An area under the curve with its 95% interval; 0.5 is guessing.

    >>> auc(Interval(0.754, 0.74, 0.77))
    '0.754 (0.740–0.770)'
    """
    if interval.low is None or interval.high is None:
        return f"{interval.value:.3f}"
    return f"{interval.value:.3f} ({interval.low:.3f}–{interval.high:.3f})"


def share(interval: Interval) -> str:
    """A share in percent with its 95% interval.

    >>> share(Interval(0.5, 0.4, 0.6))
    '50.0% (40.0–60.0)'
    """
    ends = "" if interval.low is None else f" ({100 * interval.low:.1f}–{_hundred(interval.high)})"
    return f"{100 * interval.value:.1f}%{ends}"


def _hundred(fraction: float | None) -> str:
    return "–" if fraction is None else f"{100 * fraction:.1f}"
