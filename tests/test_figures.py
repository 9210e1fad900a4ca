"""Figures show exactly the numbers of their report, with its model and data."""

import numpy as np
import pytest

from occu_core import figures
from occu_core.careers import CareerHistory, Education, JobRecord, Move, Query
from occu_core.distributions import OccupationDistribution
from occu_core.models.base import Cohort, ModelCard, ModelKind
from occu_core.occupations import occ1990dd
from occu_core.predictions import Prediction, Surprise

TAXONOMY = occ1990dd()
COOK, NURSE = TAXONOMY.find("Cooks"), TAXONOMY.find("Registered nurses")


def card(title="Toy model"):
    return ModelCard(
        name="toy",
        kind=ModelKind.MARKOV,
        title=title,
        version="9.9",
        taxonomy=TAXONOMY.name,
        taxonomy_digest=TAXONOMY.digest,
        trained_on=(Cohort("NLSY97", 5341, (1997, 2022), (1980, 1984), (14, 42)),),
        settings={},
        metrics=(),
    )


def prediction(previous=COOK, title="Toy model", **weights):
    """Half on Cooks, a quarter on nurses, an eighth on each state without a job, the rest even."""
    shares = {"436": 0.5, "95": 0.25, "NW": 0.125, "ST": 0.0625, **weights}
    rest = (1 - sum(shares.values())) / (len(TAXONOMY) - len(shares))
    probs = np.array([shares.get(o.code, rest) for o in TAXONOMY])
    distribution = OccupationDistribution.from_scores(TAXONOMY, np.log(probs))
    records = (JobRecord(2001, previous, Education.HIGH_SCHOOL),) if previous else ()
    query = Query(CareerHistory("w", records), 2002)
    return Prediction(card(title), query, None, distribution, distribution.parts(previous))


def annotations(chart):
    written = [trace for trace in chart.figure.data if trace.type == "scatter"]
    labels = [text for trace in written for text in trace.text]
    return " ".join([*labels, *(one.text for one in chart.figure.layout.annotations)])


def test_the_four_parts_are_the_four_bars_and_sum_to_one():
    chart = figures.four_parts([prediction()])
    shown = {bar.name: bar.x[0] for bar in chart.figure.data}
    assert shown["Same job"] == pytest.approx(0.5)
    assert shown["Not working"] == pytest.approx(0.125)
    assert shown["Student"] == pytest.approx(0.0625)
    assert sum(shown.values()) == pytest.approx(1)
    assert "same job 50.0%" in chart.alt


def test_without_a_previous_job_the_same_job_is_said_not_to_apply():
    chart = figures.four_parts([prediction(previous=None)])
    assert chart.figure.data[0].x == (None,)
    assert "same job not applicable" in chart.alt


def test_the_bars_are_the_likeliest_states_in_order():
    chart = figures.top_occupations([prediction()], 3)
    assert chart.figure.data[0].x == pytest.approx((0.5, 0.25, 0.125))
    assert [row[0] for row in chart.figure.data[0].customdata] == [
        "Cooks",
        "Registered nurses",
        "Not working",
    ]
    assert "Cooks 50.0%; Registered nurses 25.0%; Not working 12.5%" in chart.alt


def test_a_second_model_keeps_the_order_of_the_first():
    chart = figures.top_occupations(
        [prediction(), prediction(title="Other", **{"436": 0.1, "95": 0.6})], 2
    )
    first, second = (trace for trace in chart.figure.data if trace.type == "bar")
    assert first.x == pytest.approx((0.5, 0.25))
    assert second.x == pytest.approx((0.1, 0.6))
    assert second.marker.opacity < 1


def test_group_bars_are_the_sums_of_their_occupations():
    chart = figures.top_groups([prediction()], 2)
    rest = (1 - 0.9375) / (len(TAXONOMY) - 4)
    service = sum(o.group == COOK.group for o in TAXONOMY) - 1
    assert chart.figure.data[0].x[0] == pytest.approx(0.5 + service * rest)


def test_a_step_ten_times_less_likely_is_one_unit_taller():
    steps = (
        Surprise(2000, COOK, Move.FIRST, 0.01),
        Surprise(2001, COOK, Move.STAY, 1.0),
        Surprise(2002, NURSE, Move.MOVE, 0.001),
    )
    chart = figures.past_steps(card(), steps)
    heights = {x: y for bar in chart.figure.data for x, y in zip(bar.x, bar.y, strict=True)}
    assert heights == pytest.approx({2000: 2, 2001: 0, 2002: 3})
    assert "Least expected: Registered nurses in 2002, 0.1%" in chart.alt


@pytest.mark.parametrize("make", [figures.four_parts, figures.top_occupations, figures.top_groups])
def test_every_figure_names_its_model_and_data(make):
    words = annotations(make([prediction()])).replace("<br>", " ")
    assert "Toy model 9.9: NLSY97 1997–2022 (5,341 workers)" in words


def test_a_figure_is_as_tall_for_any_career():
    heights = {
        figures.top_occupations([p]).figure.layout.height
        for p in (prediction(), prediction(previous=None), prediction(previous=NURSE))
    }
    assert len(heights) == 1


def test_a_model_title_cannot_bring_markup_into_a_figure():
    chart = figures.four_parts([prediction(title="<b>x"), prediction(title="<i>y")])
    assert "&lt;b&gt;x" in annotations(chart)
    assert "<b>x" not in annotations(chart)


def test_long_titles_are_shortened_on_the_chart_and_whole_on_hover():
    long = TAXONOMY["373"]
    chart = figures.top_occupations([prediction(**{"373": 0.05})], 5)
    row = [r[0] for r in chart.figure.data[0].customdata].index(long.title)
    assert long.title not in annotations(chart)
    assert chart.figure.data[0].x[row] == pytest.approx(0.05)
