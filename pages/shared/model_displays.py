"""How reports are shown: the answer first, then the evidence; titles are shown as plain text."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from occu_core import figures
from occu_core.evaluation import report_numbers as numbers
from occu_core.evaluation import report_words as words
from occu_core.evaluation.ranking import headline_pair, pairs_on, ranked
from occu_core.evaluation.report_files import Leaderboard
from occu_core.evaluation.reports import (
    Calibration,
    Comparison,
    Curve,
    MembershipReport,
    ModelReport,
    Part,
)
from pages.shared.displays import as_text, chart
from pages.shared.model_tables import groups_table

_BY = {
    "sex": "Sex",
    "race_ethnicity": "Race/ethnicity",
    "education": "Education",
    "birth_cohort": "Birth year",
    "history": "Earlier records",
}
_SAME = "keeping the same state"
_DESTINATION = "the likeliest new state, given a move"


def problems(found: Sequence[str]) -> None:
    """Report files that cannot be read."""
    if found:
        st.warning("Some report files were left out:", icon=":material/error:")
        st.code("\n".join(found), language=None, wrap_lines=True)


def nothing_yet() -> None:
    """What to run where there is no report."""
    st.info(
        "There is no report of any model yet. Reports are made by scoring models on the test"
        " workers of the career tables:",
        icon=":material/science:",
    )
    st.code(
        "python -m train.score_models language_model career markov --split test valid\n"
        "python -m train.write_reports train/settings/reports.toml",
        language=None,
        wrap_lines=True,
    )
    st.caption("Or open a report of your own below.")


def answers(board: Leaderboard, comparisons: Sequence[Comparison]) -> None:
    """Which model is best, by how much, how sure, and whether to trust its probabilities."""
    best = board.reports[0]
    overall = best.perplexity_raw.overall
    pair = headline_pair(board, comparisons)
    with st.grid(4, min_column_width=150, gap="small"):
        _metric("Best model", numbers.number(overall.value), best.provenance.title, _LOWER)
        if pair:
            _metric(
                f"{pair.title_a} vs {pair.title_b}",
                numbers.signed(pair.difference_percent.value),
                numbers.signed_interval(pair.difference_percent),
                _PAIRED,
            )
        move = best.perplexity_raw.move
        if move:
            _metric("On moves", numbers.number(move.value), numbers.ends(move), _MOVES)
        if best.stay:
            _metric(
                "P(stay) off by",
                f"{numbers.points(best.stay.error)} points",
                words.calibration_verdict(best.stay),
                f"Probabilities of {_SAME}: root mean square error, cleared of chance.",
            )
    st.markdown(as_text(words.answer(board, pair)))


def leaderboard(board: Leaderboard, part: Part, *, normalised: bool) -> None:
    """The models with their intervals, and who is missing from this measure."""
    shown = ranked(board, part, normalised=normalised)
    if not shown:
        st.caption("No model has this measure on these rows.")
        return
    chart(figures.leaderboard(board, part, normalised=normalised), "models.leaderboard")
    left_out = [
        r.provenance.title for r in board.reports if r not in [report for report, _ in shown]
    ]
    if left_out:
        st.caption(f"Not measured for {as_text(', '.join(left_out))}.")


def comparisons_in_words(board: Leaderboard, comparisons: Sequence[Comparison]) -> None:
    """Each pair on exactly these rows as a figure and as sentences."""
    pairs = pairs_on(board, comparisons)
    if not pairs:
        st.caption("No two models were compared in pairs on exactly these rows yet.")
        return
    overall = [pair[Part.ALL] for pair in pairs if Part.ALL in pair]
    if overall:
        chart(figures.differences(overall), "models.differences")
    with st.expander("In words, and by part", icon=":material/notes:", expanded=len(pairs) < 3):
        st.markdown("\n".join(f"- {as_text(words.pair_in_words(pair))}" for pair in pairs))


def trust(report: ModelReport) -> None:
    """Whether what it says comes true as often as it says."""
    known = [
        ("stay", report.stay, _SAME),
        ("destination", report.destination, _DESTINATION),
    ]
    found = [(name, c, event) for name, c, event in known if c is not None]
    if not found:
        st.caption("Only the probabilities of what happened were kept, so this is not known.")
        return
    for column, (name, c, event) in zip(st.columns(2, gap="large"), found, strict=False):
        with column:
            _reliability(report, c, event, f"models.{name}")


def groups(report: ModelReport) -> None:
    """How well each group's careers were foreseen, and what that can and cannot show."""
    kinds = list(dict.fromkeys(s.by for s in report.subgroups))
    if not kinds:
        st.caption("This report has no groups.")
        return
    by = st.selectbox(
        "Groups by",
        kinds,
        key="models.by",
        format_func=lambda kind: _BY.get(kind, kind),
        persist_state="session",
    )
    by = by if by in kinds else kinds[0]
    left, right = st.columns([1, 1.05], gap="large")
    with left:
        chart(figures.subgroups(report, by), "models.groups")
    with right:
        groups_table(report, by)
    if small := words.small_groups(report, by):
        st.warning(as_text(small), icon=":material/group_off:")
    st.caption(as_text(report.subgroup_note))


def experiments(curves: Sequence[Curve]) -> None:
    """One experiment in a figure, and all in words: what a paper claims and what was found here."""
    if not curves:
        st.caption("No experiment has been run yet: `python -m train.run_experiments` runs them.")
        return
    titles = [_curve_title(curve, curves) for curve in curves]
    chosen = st.selectbox("Experiment", titles, key="models.experiment", persist_state="session")
    curve = curves[titles.index(chosen)]
    left, right = st.columns([1, 1.05], gap="large")
    with left:
        _claim(curve)
        st.caption(f"Made by {as_text(curve.command)}")
    with right:
        chart(figures.experiment(curve), "models.curve")
    with st.expander("All claims and findings", icon=":material/fact_check:"):
        for title, curve in zip(titles, curves, strict=True):
            st.markdown(f"**{as_text(title)}**")
            _claim(curve)


def membership(found: Sequence[MembershipReport]) -> None:
    """Whether models give away whom they were trained on."""
    if not found:
        st.caption("No model was checked yet: `python -m train.check_membership` does it.")
        return
    left, right = st.columns([1, 1.05], gap="large")
    with left:
        chart(figures.memberships(found), "models.membership")
    with right:
        for report in found:
            st.markdown(
                f"**{as_text(report.provenance.title)}, {as_text(report.provenance.data)}** ·"
                f" {as_text(report.finding)}"
            )


def model_cards(cards: dict[str, str]) -> None:
    """What each shipped model says about itself: data, metrics, settings, use and limits."""
    for title, text in cards.items():
        with st.expander(as_text(title), icon=":material/description:"):
            st.markdown(text)


_LOWER = "Perplexity: how many equally likely states it is as uncertain as. Lower is better."
_MOVES = "Its perplexity where the state changed: harder than staying for every model."
_PAIRED = "Difference in perplexity with its 95% interval: both models answer for the same workers."


def _metric(label: str, value: str, below: str, explained: str) -> None:
    st.metric(
        as_text(label),
        value,
        delta=as_text(below),
        delta_color="off",
        delta_arrow="off",
        help=explained,
    )


def _reliability(report: ModelReport, found: Calibration, event: str, key: str) -> None:
    st.markdown(f"**{event.capitalize()}**")
    chart(figures.reliability(report, found, event), key)
    st.markdown(as_text(words.calibration_in_words(found, event)))


def _claim(curve: Curve) -> None:
    st.markdown(f":gray[Claim] · {as_text(curve.claim)}")
    st.markdown(f":green[Here] · {as_text(curve.finding)}")


def _curve_title(curve: Curve, curves: Sequence[Curve]) -> str:
    """The title, with its rows where another experiment has the same one."""
    made_up = " (simulated careers)" if curve.simulated else ""
    several = sum(other.title == curve.title for other in curves) > 1
    return f"{curve.title}{f', {curve.rows_label}' if several else ''}{made_up}"
