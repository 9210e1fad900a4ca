"""Evaluation: every expected number is worked out by hand from the fixed model's few."""

from math import log, sqrt

import pytest

from occu_core.careers import CareerHistory, JobRecord
from occu_core.data.career_table import CareerTable
from occu_core.evaluation.evaluate import RowScore, evaluate
from occu_core.evaluation.metrics import perplexity
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
# Raw 0.2, 0.4, 0.1; ranks 0, 0, 4. Then raw 0.1, rank 5. Then nothing.
COOK_THEN_ACTOR = CareerHistory(
    "a", (JobRecord(1990, COOK), JobRecord(1991, COOK), JobRecord(1993, ACTOR))
)
PUPIL = CareerHistory("b", (JobRecord(1991, STUDENT),))
TABLE = CareerTable((COOK_THEN_ACTOR, PUPIL, CareerHistory("c")), (None,) * 3, (4, 0, 3))


def test_every_measure_is_the_one_worked_out_by_hand():
    report = evaluate(FixedModel(), TABLE)
    assert (report.workers, report.transitions, report.skipped) == (2, 4, 7)
    assert (report.model, report.model_version, report.normalised) == ("fixed", "1.2", True)
    assert report.perplexity_raw == pytest.approx((0.2 * 0.4 * 0.1 * 0.1) ** (-1 / 4))
    assert report.perplexity == pytest.approx(0.9 * report.perplexity_raw)
    assert report.coverage == pytest.approx(0.9)
    assert report.perplexity_first == pytest.approx(0.9 / sqrt(0.2 * 0.1))
    assert report.perplexity_stay == pytest.approx(0.9 / 0.4)
    assert report.perplexity_move == pytest.approx(0.9 / 0.1)
    assert (report.top1, report.top5) == (2 / 4, 3 / 4)
    assert report.seconds >= 0


def test_raw_only_leaves_out_what_needs_every_title():
    report = evaluate(FixedModel(), TABLE, raw_only=True)
    assert report.perplexity_raw == pytest.approx((0.2 * 0.4 * 0.1 * 0.1) ** (-1 / 4))
    assert report.perplexity_stay == pytest.approx(1 / 0.4)
    assert not report.normalised
    assert {report.perplexity, report.coverage, report.top1, report.top5} == {None}


@pytest.mark.parametrize("raw_only", [False, True])
def test_years_choose_the_targets_and_keep_all_earlier_history(raw_only):
    model = FixedModel()
    report = evaluate(model, TABLE, years=(1991, 1992), raw_only=raw_only)
    assert (report.workers, report.transitions, report.years) == (2, 2, (1991, 1992))
    assert report.perplexity_raw == pytest.approx(1 / sqrt(0.4 * 0.1))
    assert report.perplexity_stay is not None
    assert report.perplexity_move is None
    assert model.asked == [COOK_THEN_ACTOR.until(1993), PUPIL]


def test_careers_without_a_scored_year_are_not_computed():
    model = FixedModel()
    assert evaluate(model, TABLE, years=(1992, 1993)).workers == 1
    assert model.asked == [COOK_THEN_ACTOR]


def test_years_without_a_record_are_refused():
    with pytest.raises(ValueError, match="no person-year with an occupation in 2000–2010"):
        evaluate(FixedModel(), TABLE, years=(2000, 2010))


def test_a_table_without_occupations_is_refused():
    with pytest.raises(ValueError, match="no person-year with an occupation; there is nothing"):
        evaluate(FixedModel(), CareerTable((CareerHistory("c"),), (None,), (1,)))


@pytest.mark.parametrize("raw_only", [False, True])
def test_each_scored_person_year_and_the_progress_are_told(raw_only):
    rows, progress = [], []
    evaluate(
        FixedModel(),
        TABLE,
        years=(1991, 1991),
        raw_only=raw_only,
        on_row=rows.append,
        on_progress=lambda done, careers: progress.append((done, careers)),
    )
    normalised = (None, None) if raw_only else (log(0.4 / 0.9), log(0.1 / 0.9))
    assert rows == [
        RowScore("a", 1991, pytest.approx(normalised[0]), pytest.approx(log(0.4))),
        RowScore("b", 1991, pytest.approx(normalised[1]), pytest.approx(log(0.1))),
    ]
    assert progress == [(1, 2), (2, 2)]


def test_perplexity_of_nothing_is_refused():
    with pytest.raises(ValueError, match="at least one transition"):
        perplexity([])
