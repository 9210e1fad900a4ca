"""What experiments conclude from intervals."""

import pytest

from occu_core.careers import CareerHistory, JobRecord
from occu_core.evaluation.bootstrap import Difference
from occu_core.evaluation.reports import Interval
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel
from train.experiment_curves import in_percent, meaning, truncated, verdict


def found(value, low, high):
    return Difference(9.0, 10.0, Interval(value, low, high), 0.5)


@pytest.mark.parametrize(
    ("low", "high", "above", "said"),
    [
        (1.0, 3.0, True, "The claim holds here."),
        (1.0, 3.0, False, "The claim does not hold here."),
        (-3.0, -1.0, False, "The claim holds here."),
        (-1.0, 1.0, True, "cannot be told"),
    ],
)
def test_a_claim_holds_only_if_the_interval_lies_on_its_side_of_zero(low, high, above, said):
    assert said in verdict(found((low + high) / 2, low, high), above=above)


def test_a_difference_is_written_with_its_interval():
    assert in_percent(found(-1.36, -1.69, -1.04)) == "-1.4% (95% interval -1.7 to -1.0)"


def test_only_the_last_records_are_read_and_the_questions_stay_the_same():
    records = tuple(JobRecord(2000 + k, TOY["1"]) for k in range(5))
    career = CareerHistory("7", records, dataset="X")
    all_read = truncated(FixedModel(), [career], None, at_least=3)
    cut = truncated(FixedModel(), [career], 1, at_least=3)
    assert cut.year.tolist() == all_read.year.tolist() == [2003, 2004]
    assert cut.rows_digest == all_read.rows_digest
    assert cut.history.tolist() == [1, 1]


def test_a_vast_difference_is_written_as_a_factor():
    said = in_percent(found(-99.9, -99.95, -99.8))
    assert said == "lower by a factor of 1,000 (95% interval 500 to 2,000)"


def test_titles_have_a_use_for_their_meaning_only_if_wrong_words_cost_something():
    numeric = found(20, 15, 25)
    assert "not from what the words mean" in meaning(numeric, found(0.1, -1, 1))
    assert meaning(numeric, found(5, 3, 7)) == "The claim holds here."
    assert "cannot be told" in meaning(found(1, -1, 3), found(0.1, -1, 1))
