"""Scores of every person-year: by hand from the fixed model's few numbers, and kept in files."""

from dataclasses import replace
from math import log

import numpy as np
import pytest
from hypothesis import given

from occu_core.careers import CareerHistory, Education, JobRecord, Move, Sex
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail, Half, ScoreTable, block_of
from occu_core.evaluation.weights import read_weights
from tests.careers_at_random import TOY, careers
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
COOK_THEN_ACTOR = CareerHistory(
    "41",
    (
        JobRecord(1990, COOK, Education.HIGH_SCHOOL),
        JobRecord(1991, COOK),
        JobRecord(1993, ACTOR),
    ),
    dataset="NLSY79",
    sex=Sex.FEMALE,
    birth_year=1960,
)
PUPIL = CareerHistory("7", (JobRecord(1991, STUDENT), JobRecord(1992, COOK)), dataset="NLSY79")


@pytest.fixture
def scores():
    return score(FixedModel(), [COOK_THEN_ACTOR, PUPIL], Detail.NORMALISED)


def test_each_row_says_whose_it_is_and_what_happened(scores):
    assert scores.person_id.tolist() == ["41", "41", "41", "7", "7"]
    assert scores.year.tolist() == [1990, 1991, 1993, 1991, 1992]
    assert scores.history.tolist() == [0, 1, 2, 0, 1]
    assert scores.outcome.tolist() == [0, 0, 3, 5, 0]
    assert scores.previous.tolist() == [-1, 0, 0, -1, 5]
    assert scores.sex.tolist() == ["female"] * 3 + [""] * 2
    assert scores.education.tolist() == ["high school", "", "", "", ""]
    assert scores.birth_year.tolist() == [1960] * 3 + [-1] * 2
    assert scores.of_move(Move.STAY).tolist() == [False, True, False, False, False]
    assert scores.of_move(Move.MOVE).tolist() == [False, False, True, False, True]
    assert scores.model.not_working == 4


def test_the_whole_distribution_gives_every_column(scores):
    raw = np.array([0.2, 0.4, 0.1, 0.1, 0.4])
    assert np.exp(scores.log_p_raw) == pytest.approx(raw)
    assert np.exp(scores.log_p) == pytest.approx(raw / 0.9)
    assert scores.p_same == pytest.approx(
        [np.nan, 0.4 / 0.9, 0.4 / 0.9, np.nan, 0.05 / 0.9], nan_ok=True
    )
    assert scores.p_not_working == pytest.approx(np.array([0.2, 0.15, 0.15, 0.2, 0.15]) / 0.9)
    assert scores.coverage == pytest.approx(0.9)
    assert scores.rank.tolist() == [0, 0, 4, 5, 0]
    # After a cook the likeliest other state is Not working, 0.15 of 0.5; after a student, Cooks.
    assert scores.destination.tolist() == [-1, 4, 4, -1, 0]
    assert scores.p_destination == pytest.approx(
        [np.nan, 0.15 / 0.5, 0.15 / 0.5, np.nan, 0.4 / 0.85], nan_ok=True
    )


def test_raw_scores_are_those_of_the_distribution_before_normalising(scores):
    raw = score(FixedModel(), [COOK_THEN_ACTOR, PUPIL], Detail.RAW)
    assert raw.log_p_raw == pytest.approx(scores.log_p_raw)
    assert raw.p_same == pytest.approx(scores.p_same * 0.9, nan_ok=True)
    assert raw.p_not_working == pytest.approx(scores.p_not_working * 0.9)
    assert np.isnan(raw.log_p).all()
    assert set(raw.rank) == {-1}


def test_years_choose_the_targets_and_keep_earlier_history():
    model = FixedModel()
    found = score(model, [COOK_THEN_ACTOR, PUPIL], Detail.OUTCOME, years=(1991, 1991))
    assert found.history.tolist() == [1, 0]
    assert found.log_p_raw == pytest.approx([log(0.4), log(0.1)])
    assert model.asked == [COOK_THEN_ACTOR.until(1992), PUPIL.until(1992)]
    with pytest.raises(ValueError, match="no person-year with an occupation in 1950–1951"):
        score(model, [PUPIL], years=(1950, 1951))


def test_weights_stand_beside_their_person_year_and_absent_ones_are_not_zero():
    weights = {("NLSY79", "41", 1991): 2.5, ("NLSY97", "7", 1991): 9.0}
    found = score(FixedModel(), [COOK_THEN_ACTOR, PUPIL], Detail.OUTCOME, weights=weights)
    assert found.weight == pytest.approx([np.nan, 2.5, np.nan, np.nan, np.nan], nan_ok=True)


@given(careers())
def test_raw_and_whole_scores_agree_on_any_career(career):
    if career.records:
        raw, whole = (
            score(FixedModel(), [career], detail) for detail in (Detail.RAW, Detail.NORMALISED)
        )
        assert raw.log_p_raw == pytest.approx(whole.log_p_raw)
        assert raw.p_same == pytest.approx(whole.p_same * whole.coverage, nan_ok=True)
        assert raw.rows_digest == whole.rows_digest


def test_scores_come_back_from_their_file_as_they_were(scores, tmp_path):
    scores.save(tmp_path / "kept" / "scores.npz")
    back = ScoreTable.load(tmp_path / "kept" / "scores.npz")
    assert (back.model, back.detail) == (scores.model, scores.detail)
    assert back.p_same.tobytes() == scores.p_same.tobytes()
    assert back.person_id.tolist() == scores.person_id.tolist()
    assert back.rows_digest == scores.rows_digest


@pytest.mark.parametrize("damage", [b"", b"not scores", None])
def test_a_damaged_file_of_scores_is_named(damage, scores, tmp_path):
    scores.save(tmp_path / "scores.npz")
    whole = (tmp_path / "scores.npz").read_bytes()
    (tmp_path / "scores.npz").write_bytes(whole[:-200] if damage is None else damage)
    with pytest.raises(ValueError, match=r"scores\.npz: is not a file of scores"):
        ScoreTable.load(tmp_path / "scores.npz")


def test_the_digest_is_of_the_questions_not_of_their_order_or_the_answers(scores):
    turned = scores.where(np.arange(5)[::-1] >= 0)
    assert turned.rows_digest == scores.rows_digest
    backwards = score(FixedModel(), [PUPIL, COOK_THEN_ACTOR], Detail.RAW)
    assert backwards.rows_digest == scores.rows_digest
    assert backwards.in_order().year.tolist() == scores.in_order().year.tolist()


@pytest.mark.parametrize(
    "change",
    [
        {"year": np.array([1990, 1991, 1994, 1991, 1992])},
        {"outcome": np.array([0, 0, 3, 5, 1])},
        {"person_id": np.array(["41", "41", "41", "8", "8"])},
        {"dataset": np.array(["NLSY79"] * 4 + ["NLSY97"])},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_worker_year_or_outcome_gives_another_digest(scores, change):
    assert replace(scores, **change).rows_digest != scores.rows_digest
    assert scores.where(scores.year > 1990).rows_digest != scores.rows_digest


def test_blocks_hold_twenty_neighbouring_ids_and_names_stand_alone():
    people = ["19", "20", "39", "0", "ann", "bob", "ann"]
    table = score(
        FixedModel(),
        [CareerHistory(p, (JobRecord(1990, COOK),), dataset="A") for p in people],
        Detail.OUTCOME,
    )
    blocks = table.blocks.tolist()
    assert blocks[0] == blocks[3] != blocks[1] == blocks[2]
    assert blocks[4] == blocks[6] != blocks[5]
    assert sorted(set(blocks)) == [0, 1, 2, 3]
    assert [block_of(p) for p in people[:5]] == ["0", "1", "1", "0", "id ann"]


def test_neighbours_in_two_datasets_share_no_block():
    table = score(
        FixedModel(),
        [CareerHistory("1", (JobRecord(1990, COOK),), dataset=d) for d in ("A", "B")],
        Detail.OUTCOME,
    )
    assert len(set(table.blocks)) == 2


def test_the_halves_of_valid_part_even_from_odd_blocks():
    people = [str(n) for n in range(0, 100, 5)] + ["ann", "bob", "cid", "dan", "eve"]
    table = score(
        FixedModel(), [CareerHistory(p, (JobRecord(1990, COOK),)) for p in people], Detail.OUTCOME
    )
    selection, calibration = table.half(Half.SELECTION), table.half(Half.CALIBRATION)
    assert len(selection) + len(calibration) == len(table)
    assert not set(selection.person_id) & set(calibration.person_id)
    numbered = {int(p) // 20 for p in calibration.person_id if p.isdigit()}
    assert numbered == {1, 3}


def test_parts_are_joined_and_those_of_another_model_refused(scores):
    halves = [scores.where(scores.person_id == person) for person in ("41", "7")]
    assert ScoreTable.joined(halves).rows_digest == scores.rows_digest
    other = replace(halves[1], model=replace(scores.model, version="2"))
    with pytest.raises(ValueError, match="cannot join scores"):
        ScoreTable.joined([halves[0], other])


def test_weights_are_read_from_a_career_table(tmp_path):
    table = tmp_path / "table.csv"
    table.write_text("Person_ID;year;Weight\n1;1990;2.5\n1;1991.0;\n2;1990;0\n", encoding="utf-8")
    assert read_weights(table) == {("", "1", 1990): 2.5, ("", "2", 1990): 0.0}
    table.write_text("person_id,year\n1,1990\n", encoding="utf-8")
    assert read_weights(table) is None
    table.write_text("person_id,year,weight\n1,1990,1\n1,1991,-3\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"table\.csv row 3, column weight: '-3' is not allowed"):
        read_weights(table)
