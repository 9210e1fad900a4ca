"""What the forecast scripts count and ask, on careers made up here."""

import numpy as np

from occu_core.careers import CareerHistory, Education, JobRecord, Sex
from occu_core.explain.draws import Draws
from occu_core.explain.education_paths import EducationTable
from occu_core.occupations import occ1990dd
from train.backtest_forecasts import BacktestSettings, education_of, outcomes
from train.count_education import BANDS, count, without_rare
from train.count_population import NAMES, matrices_of, moves, one_hot

STATES = occ1990dd()
COOK, NURSE, IDLE = (STATES.find(t) for t in ("Cooks", "Registered nurses", "Not working"))
LOW, HIGH, SOME, BACHELORS, _ = Education
CAREER = CareerHistory(
    "41",
    (
        JobRecord(2003, COOK, HIGH),
        JobRecord(2004, COOK, SOME),
        JobRecord(2006, NURSE, BACHELORS),
        JobRecord(2007, IDLE, None),
        JobRecord(2008, NURSE, BACHELORS),
    ),
    dataset="NLSY97",
    birth_year=1982,
    sex=Sex.FEMALE,
)


def test_education_is_counted_over_consecutive_years_with_both_levels_known():
    counts = count([CAREER])
    assert counts.sum() == 1
    assert counts[BANDS.index((21, 21)), 1, 2] == 1  # 2003 to 2004, at age 21
    assert without_rare(np.array([0, 4, 5])).tolist() == [0, 0, 5]


def test_true_education_is_carried_over_years_without_a_record():
    years, draws = (2005, 2006, 2007, 2008, 2009), Draws(1, 2)
    levels = education_of(CAREER, CAREER.until(2005), years, draws, None)
    assert levels.tolist() == [[2, 3, 3, 3, 3]] * 2


def test_forecast_education_begins_at_the_last_record_and_knows_nothing_later():
    counts = np.zeros((1, 5, 5), np.int64)
    counts[0] = np.eye(5) * 10
    table = EducationTable(((14, 60),), counts, "made up")
    levels = education_of(CAREER, CAREER.until(2006), (2006, 2007), Draws(1, 2), table)
    assert levels.tolist() == [[2, 2]] * 2


def test_what_happened_is_minus_one_where_nobody_was_asked():
    happened = outcomes(BacktestSettings(), [CAREER])
    nurse, idle = STATES.position(NURSE.code), STATES.position(IDLE.code)
    assert happened.years == (2006, 2007, 2008, 2009, 2010, 2011)
    assert happened.actual.tolist() == [[nurse, idle, nurse, -1, -1, -1]]
    assert happened.last.tolist() == [STATES.position(COOK.code)]


def test_moves_are_counted_from_group_to_group_for_everybody_and_each_group():
    found = moves([CAREER])
    matrices = matrices_of("model", found, np.array([one_hot(move) for move in found]))
    everybody = matrices[0]
    assert (everybody.dataset, everybody.workers, everybody.transitions) == (
        "NLSY97",
        "everybody",
        4,
    )
    cook, nurse, idle = (NAMES.index(n) for n in (COOK.group, NURSE.group, "Not working"))
    counts = np.array(everybody.counts)
    assert counts.sum() == 4
    assert (counts[cook, cook], counts[cook, nurse], counts[nurse, idle]) == (1, 1, 1)
    assert {m.workers: m.transitions for m in matrices} == {
        "everybody": 4,
        "female": 4,
        "some college": 1,
        "bachelor's degree": 2,
    }
    assert all(v in {0.0, None} for row in matrices_of(
        "observed", found, np.array([one_hot(move) for move in found])
    )[0].counts for v in row)  # fmt: skip
