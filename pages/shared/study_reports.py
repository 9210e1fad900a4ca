"""A study's report: who wins how often and how sure that is, habits, agreement, what to read."""

from __future__ import annotations

import streamlit as st

from occu_core.figures import pairwise as figures
from occu_core.pairwise.report import Settings, StudyReport, study_report
from occu_core.pairwise.report_words import share
from occu_core.pairwise.store_summaries import StudySummary
from occu_core.pairwise.votes import Pair, Vote, VotesError
from occu_core.pairwise.win_rates import PairRates
from pages.shared import study_reading
from pages.shared.displays import as_text, chart
from pages.shared.study_store import store


def report(study: StudySummary) -> None:
    """Everything the votes say so far on one criterion."""
    votes = store().votes(study.name)
    criterion = _choose_criterion(study)
    try:
        stamp = (study.name, study.created, len(votes), votes[-1].time if votes else None)
        found = _report(stamp, criterion, votes)
    except VotesError as error:
        st.info(as_text(f"Nothing to report yet: {error}."), icon=":material/hourglass_empty:")
        return
    _counted(found)
    for warning in found.warnings:
        st.warning(as_text(warning[0].upper() + warning[1:]) + ".", icon=":material/warning:")
    wins, habits = st.columns(2, gap="large")
    with wins:
        _wins(found)
    with habits:
        _habits(found)
    _groups(found)
    _judges(found)
    study_reading.disagreements(found, votes, study.name)


def _choose_criterion(study: StudySummary) -> str:
    criteria = {one.name: one.question for one in study.settings.criteria}
    if len(criteria) == 1:
        return next(iter(criteria))
    return st.selectbox(
        "Asked", list(criteria), key="studies.criterion", format_func=criteria.__getitem__
    )


@st.cache_data(show_spinner="Computing the report…", max_entries=16)
def _report(stamp: tuple[object, ...], criterion: str, _votes: list[Vote]) -> StudyReport:
    """Computed anew when a vote came; `stamp` says whether one did."""
    return study_report(_votes, Settings(criterion=criterion))


def _counted(found: StudyReport) -> None:
    given, counted, out = found.given, found.counted, found.exclusions
    with st.grid(4, min_column_width=120, gap="small"):
        st.metric("Votes counted", f"{counted.votes:,}", help=f"Of {given.votes:,} given.")
        st.metric("Pairs of answers", f"{counted.items:,}")
        st.metric("People", f"{counted.annotators:,}")
        raw = found.agreement.raw
        st.metric("Agreement", "–" if raw is None else f"{raw:.0%}")
    reasons = {
        "on identical answers": out.identical, "repeats": out.repeats,
        "repeats with sides swapped": out.repeats_swapped,
        "on adaptively chosen pairs (in the ranking only)": out.adaptive, "by judges": out.judges,
    }  # fmt: skip
    left = [f"{count:,} {reason}" for reason, count in reasons.items() if count]
    if left:
        st.caption(f"Left out of rates: {', '.join(left)}.")


def _wins(found: StudyReport) -> None:
    st.subheader("Who wins")
    chart(figures.win_rates(found), "studies.wins")
    _rates_table([(None, found.pairs)], "The same with every interval")
    for test in found.equivalence:
        st.markdown(
            f"- {_names(test.systems)}: **{test.finding}** at ± {test.margin:.0%} around a half"
            f" (p of no difference {test.p_different:.3f}, of equivalence {test.p_equivalent:.3f})"
        )
    for early, more in zip(found.early, found.more_votes, strict=True):
        st.markdown(_now(early.low, early.high, early.leader, early.systems))
        st.markdown(
            f"- About **{more.more:,} more votes** until ± {more.margin:.0%}; now ±"
            f" {more.half_width:.1%}."
        )
    for one in found.length_controlled:
        st.markdown(
            f"- {_names(one.systems)} at equal length: **{one.win_rate:.1%}**"
            f" ({one.low:.1%}–{one.high:.1%}) with ties as half; {one.plain:.1%} without."
        )
    if strengths := figures.strengths(found):
        st.subheader("Ranking")
        chart(strengths, "studies.strengths")


def _now(low: float | None, high: float | None, leader: str | None, systems: Pair) -> str:
    if low is None or high is None:
        return f"- {_names(systems)}: too few questions to look early."
    ends = f"{low:.1%}–{high:.1%}, valid however often one looks"
    ahead = f"**{as_text(leader)}** is ahead" if leader else "nobody is ahead for sure"
    return f"- {_names(systems)}: {ahead} ({ends}; ties as half)."


def _habits(found: StudyReport) -> None:
    st.subheader("Habits")
    chart(figures.habit_dots([found.overall]), "studies.habits")
    st.markdown(f"Ties: {share(found.overall.ties)} of all votes.")
    with st.expander("By person", icon=":material/group:"):
        rows = [
            {
                "Who": one.annotator,
                "Votes": one.votes,
                "Left": share(one.left),
                "Longer": share(one.longer),
                "Ties": share(one.ties),
                "Median seconds": one.seconds,
            }
            for one in found.by_annotator
        ]
        st.dataframe(rows, hide_index=True, alt="Habits of each annotator")
    st.subheader("Agreement")
    if shown := figures.agreement(found):
        chart(shown, "studies.agreement")
    else:
        st.caption("No pair has votes of two people; two or more for each pair show it.")
    if found.consistency:
        st.markdown(f"The same pair again, same verdict: {share(found.consistency)}.")


def _groups(found: StudyReport) -> None:
    for title, groups in (
        ("By category", found.by_category),
        ("Experts and others", found.by_expertise),
    ):
        if groups:
            _rates_table(groups, title)


def _rates_table(groups: object, title: str) -> None:
    rows = [_rates_row(group, one) for group, pairs in groups for one in pairs]
    with st.expander(title, icon=":material/table_rows:"):
        st.dataframe(rows, hide_index=True, alt=f"{title}: win rates with both intervals")
        st.caption(
            "Wins of the first over all votes, ties among them. Clustered intervals allow for"
            " questions and people; Wilson's takes votes for independent and is too narrow."
        )


def _rates_row(group: str | None, one: PairRates) -> dict[str, object]:
    low, high = one.wilson
    good = [share(rate) if rate else "–" for rate in one.acceptable]
    asked = {"First good enough": good[0], "Second good enough": good[1]}
    return {
        **({} if group is None else {"Group": group}),
        "First": one.systems[0],
        "Second": one.systems[1],
        "Wins": one.wins_first,
        "Ties": one.ties,
        "Both bad": one.both_bad,
        "Losses": one.wins_second,
        "Win rate, clustered": share(one.win_rate),
        "Wilson": f"{low:.1%}–{high:.1%}",
        "Ties as half": share(one.half_ties),
        "First on the left": f"{one.first_on_left} of {one.votes}",
        **(asked if any(one.acceptable) else {}),
    }


def _judges(found: StudyReport) -> None:
    if not found.judges:
        return
    st.subheader("Judges beside people")
    rows = [
        {
            "Judge": one.judge,
            "Items": one.items,
            "Agrees with people": one.agreement.value,
            "People with each other": one.people.value,
            "“Longer is better” agrees": one.longest.value,
            "Changes with the order": share(one.inconsistent),
        }
        for one in found.judges
    ]
    percent = st.column_config.NumberColumn(format="percent")
    columns = ("Agrees with people", "People with each other", "“Longer is better” agrees")
    st.dataframe(
        rows, hide_index=True, column_config=dict.fromkeys(columns, percent),
        alt="How far each judge agrees with people, and people with each other",
    )  # fmt: skip


def _names(systems: Pair) -> str:
    return f"{as_text(systems[0])} against {as_text(systems[1])}"
