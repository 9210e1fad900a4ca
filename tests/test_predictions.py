"""Predictions as every surface shows them."""

import csv
import io
import json

import pytest

from occu_core.careers import CareerHistory, JobRecord, Move, Query
from occu_core.models.base import ModelKind
from occu_core.predictions import NOTE, predict, surprises, to_csv, to_json
from occu_core.templates import TextTemplate
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
CAREER = CareerHistory(
    "w",
    (JobRecord(2000, COOK), JobRecord(2001, COOK), JobRecord(2003, ACTOR)),
    dataset="NLSY97",
    birth_year=1981,
)
QUERY = Query(CAREER.until(2001), 2001)


def test_the_four_parts_come_first_and_sum_to_one():
    answer = to_json(predict(FixedModel(), QUERY))
    assert answer["same_job"] == pytest.approx(0.4 / 0.9)
    assert answer["different_job"] == pytest.approx(0.3 / 0.9)
    assert answer["not_working"] == pytest.approx(0.15 / 0.9)
    assert answer["student"] == pytest.approx(0.05 / 0.9)
    assert answer["coverage"] == pytest.approx(0.9)


def test_there_is_no_same_job_without_a_previous_one():
    assert to_json(predict(FixedModel(), Query(CareerHistory("w"), 2000)))["same_job"] is None


def test_titles_come_likeliest_first_and_ties_keep_taxonomy_order():
    rows = to_json(predict(FixedModel(), QUERY))["distribution"]
    assert [row["code"] for row in rows] == ["1", "NW", "2", "3", "4", "ST"]
    assert sum(row["probability"] for row in rows) == pytest.approx(1)


def test_a_language_model_shows_its_prompt_and_the_raw_probability_of_each_title():
    answer = to_json(predict(FixedModel(), QUERY), top=2)
    assert answer["prompt"] == TextTemplate().prompt(QUERY)
    assert [set(row) for row in answer["distribution"]] == [
        {"code", "title", "probability", "log_probability_raw"}
    ] * 2
    assert answer["distribution"][0]["log_probability_raw"] == pytest.approx(-0.916290731874)


def test_a_classifier_has_neither_prompt_nor_raw_probability():
    answer = to_json(predict(FixedModel(ModelKind.MARKOV), QUERY))
    assert answer["prompt"] is None
    assert set(answer["distribution"][0]) == {"code", "title", "probability"}


def test_the_answer_names_model_data_intended_use_and_what_lies_outside():
    answer = to_json(predict(FixedModel(), Query(CAREER.until(2001), 2026)))
    assert answer["model"] == "fixed"
    assert answer["model_version"] == "1.2"
    assert answer["data"] == "NLSY97 1997–2022 (9,000 workers)"
    assert answer["note"] == NOTE
    assert answer["notes"][0].startswith("The year 2026 lies outside")
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_the_csv_says_where_it_comes_from_and_holds_every_title():
    text = to_csv(predict(FixedModel(), QUERY))
    comments = [line for line in text.splitlines() if line.startswith("# ")]
    assert comments == [
        "# model: fixed (Fixed)",
        "# version: 1.2",
        "# trained on: NLSY97 1997–2022 (9,000 workers)",
        "# query year: 2001",
        f"# note: {NOTE}",
    ]
    rows = list(csv.DictReader(io.StringIO(text.partition(comments[-1] + "\n")[2])))
    assert list(rows[0]) == ["code", "title", "group", "probability", "log_probability_raw"]
    assert [row["title"] for row in rows][:3] == ["Cooks", "Not working", "Cooks, head"]
    assert sum(float(row["probability"]) for row in rows) == pytest.approx(1)
    classifier = to_csv(predict(FixedModel(ModelKind.CAREER), QUERY))
    assert "code,title,group,probability\n" in classifier


def test_surprises_are_the_raw_probabilities_of_what_happened():
    model = FixedModel()
    found = surprises(model, CAREER)
    assert [(s.transition_year, s.occupation, s.move) for s in found] == [
        (2000, COOK, Move.FIRST),
        (2001, COOK, Move.STAY),
        (2003, ACTOR, Move.MOVE),
    ]
    assert [s.probability for s in found] == pytest.approx([0.2, 0.4, 0.1])
    assert len(model.asked) == 1
    assert surprises(model, CareerHistory("w")) == ()
