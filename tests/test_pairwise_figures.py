"""Figures of a study show exactly its report's numbers, and say them in words."""

import pytest

from occu_core.figures import pairwise
from occu_core.pairwise.report import study_report
from tests.pairwise_by_hand import invented_votes, vote

REPORT = study_report(invented_votes())


def whiskers(chart):
    return [(shape.x0, shape.x1) for shape in chart.figure.layout.shapes if shape.line.dash is None]


def test_win_rates_are_drawn_with_their_clustered_intervals():
    chart = pairwise.win_rates(REPORT)
    assert list(chart.figure.data[0].x) == [pair.win_rate.value for pair in REPORT.pairs]
    assert whiskers(chart) == [(p.win_rate.low, p.win_rate.high) for p in REPORT.pairs]
    assert "alpha wins against beta" in chart.alt
    halves = pairwise.win_rates(REPORT, half_ties=True)
    assert list(halves.figure.data[0].x) == [pair.half_ties.value for pair in REPORT.pairs]


def test_strengths_are_drawn_strongest_first_and_not_for_two_systems():
    chart = pairwise.strengths(REPORT)
    drawn = list(chart.figure.data[0].x)
    assert drawn == sorted(drawn, reverse=True) == [s.log_strength for s in REPORT.ranking.systems]
    assert pairwise.strengths(study_report([vote()])) is None


def test_habits_of_everyone_and_of_each_annotator_are_drawn():
    chart = pairwise.habit_dots([REPORT.overall, *REPORT.by_annotator])
    assert len(chart.figure.data[0].x) == 2 * (1 + len(REPORT.by_annotator))
    assert list(chart.figure.data[0].x)[:2] == [
        REPORT.overall.left.value,
        REPORT.overall.longer.value,
    ]
    assert "Everyone: left answer" in chart.alt
    assert "a0: longer answer" in chart.alt


def test_agreement_is_drawn_where_there_is_any():
    chart = pairwise.agreement(REPORT)
    found = REPORT.agreement
    assert list(chart.figure.data[0].x) == [found.raw, found.alpha]
    assert whiskers(chart) == [(found.raw_low, found.raw_high), (found.low, found.high)]
    assert pairwise.agreement(study_report([vote()])) is None


def test_names_of_systems_are_not_markup():
    hostile = study_report([vote(left="<b>x</b>", right="beta")])
    chart = pairwise.win_rates(hostile)
    shown = " ".join(a.text for a in chart.figure.layout.annotations)
    assert "<b>x</b>" not in shown
    assert "&lt;b&gt;x" in shown


def test_every_figure_has_words():
    for chart in (
        pairwise.win_rates(REPORT),
        pairwise.strengths(REPORT),
        pairwise.agreement(REPORT),
    ):
        assert "95%" in chart.alt
        assert f"{REPORT.counted.votes}" in chart.alt or "items" in chart.alt


@pytest.mark.parametrize("seed", [1, 2])
def test_any_votes_can_be_drawn(seed):
    assert pairwise.win_rates(study_report(invented_votes(5, 2, 3, seed))).figure.data
