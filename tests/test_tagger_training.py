import csv
import math

import numpy as np
import pytest

from occu_core.occuquest.tagging import NO_OCCUPATION, Tag
from occu_core.occuquest.taxonomy import categories
from tests.conftest import ROOT, SHARED
from train.draw_prompts_to_label import DrawSettings, draw
from train.expert_questions import ExpertQuestion, Part, read_expert_questions
from train.make_occuquest_taxonomy import singular
from train.measure_tagger import calibration
from train.real_prompts import RealPrompt, read_real_prompts
from train.soc_categories import categories_of
from train.tagger_choice import accuracy, biased, negative_log_likelihood

LABELS = ROOT / "assets/occuquest/labels"
real_data = pytest.mark.skipif(
    not (SHARED / "instruct").exists(), reason="no public instruction sets beside the project"
)


def test_as_many_prompts_are_drawn_from_each_set_and_the_same_ones_each_time():
    prompts = [RealPrompt(f"set {n % 3}", f"prompt {n}") for n in range(300)]
    drawn = draw(prompts, DrawSettings(prompts=40, seed=5))
    counts = [sum(p.dataset == f"set {n}" for p in drawn) for n in range(3)]
    assert counts == [14, 13, 13]
    assert len({p.prompt_id for p in drawn}) == 40
    assert drawn == draw(prompts, DrawSettings(prompts=40, seed=5))
    assert [p.dataset for p in drawn] != sorted(p.dataset for p in drawn)


def test_a_set_that_is_too_small_is_named():
    with pytest.raises(SystemExit, match="tiny has 1 prompts; 4 are wanted"):
        draw([RealPrompt("tiny", "one")], DrawSettings(prompts=4))


def test_the_same_question_asked_twice_is_in_one_part():
    first = ExpertQuestion("What is a tort?", "Law", ("Legal",))
    again = ExpertQuestion("what  is a TORT", "Law", ("Legal",))
    assert first.key == again.key == "what is a tort"
    assert first.part is again.part


def test_a_half_is_test_and_a_fifth_of_the_rest_chooses():
    parts = [ExpertQuestion(f"question {n}", "Law", ("Legal",)).part for n in range(4_000)]
    shares = {part: parts.count(part) / len(parts) for part in Part}
    assert shares[Part.TEST] == pytest.approx(0.5, abs=0.03)
    assert shares[Part.VALID] == pytest.approx(0.1, abs=0.02)


@real_data
def test_no_test_question_is_a_training_question():
    words = {
        part: {q.key for q in read_expert_questions(part, SHARED / "instruct")} for part in Part
    }
    assert not words[Part.TEST] & (words[Part.TRAIN] | words[Part.VALID])
    assert len(words[Part.TEST]) > 600


def test_no_prompt_that_was_labelled_for_measuring_was_read_for_training():
    paths = [LABELS / f"labels_{which}.csv" for which in ("train", "a", "b")]
    if not all(path.exists() for path in paths):
        pytest.skip("the labels are not there yet")
    train, *measured = (
        {row["prompt_id"] for row in csv.DictReader(path.open(encoding="utf-8"))} for path in paths
    )
    assert len(train) > 1_500
    assert not train & set.union(*measured)


def test_labels_for_training_name_classes_that_there_are():
    classes = {*categories(), NO_OCCUPATION}
    with (LABELS / "labels_train.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert all(set(row["categories"].split("|")) <= classes for row in rows)


@real_data
def test_prompts_of_all_sets_are_read_once():
    prompts = read_real_prompts(SHARED / "instruct")
    assert len({p.dataset for p in prompts}) == 11
    assert len({p.text for p in prompts}) == len(prompts)
    assert all(p.text == p.text.strip() != "" for p in prompts)


def test_a_longer_beginning_of_a_code_decides():
    prefixes = {"29-": ("Healthcare Services",), "29-1051": ("Pharmaceuticals",), "21-20": ()}
    assert categories_of("29-1051.00", prefixes) == ("Pharmaceuticals",)
    assert categories_of("29-1141", prefixes) == ("Healthcare Services",)
    assert categories_of("21-2011.00", prefixes) == ()


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Travel Guides", "Travel Guide"),
        ("Secretaries", "Secretary"),
        ("Taxi Drivers and Chauffeurs", None),
        ("Engineers, All Other", None),
    ],
)
def test_titles_become_names_of_one_worker_or_are_left(title, name):
    assert singular(title) == name


def test_calibration_error_by_hand():
    sure, unsure = Tag("Legal", None, 0.9), Tag(None, None, 0.5)
    found = calibration([sure, sure, unsure, unsure], np.array([True, False, True, False]), bins=2)
    # sure: |0.9 - 0.5| for half of the tags; unsure: |0.5 - 0.5|
    assert found["ece"] == pytest.approx(0.2)
    assert found["bins"] == [[0.5, 0.5, 2], [0.9, 0.5, 2]]


def test_a_bias_moves_only_no_occupation_and_accuracy_counts_any_accepted_class():
    logits = np.array([[1.0, 0.0, 2.0], [0.0, 3.0, 1.0]])
    accepted = np.array([[True, False, False], [True, True, False]])
    assert accuracy(logits, accepted) == 0.5
    assert accuracy(biased(logits, -1.5), accepted) == 1.0
    assert logits[0, 2] == 2.0


def test_likelihood_is_of_all_accepted_classes_together():
    logits = np.log(np.array([[0.2, 0.3, 0.5]]))
    found = negative_log_likelihood(logits, np.array([[True, True, False]]))
    assert found == pytest.approx(math.log(2))
