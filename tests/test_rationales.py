"""Greedy rationalization: the part of a history that makes a state the likeliest."""

import random
from dataclasses import replace

import numpy as np
import pytest

from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.distributions import OccupationDistribution
from occu_core.explain.rationales import rationale
from occu_core.explain.why import rationale_model
from occu_core.explain.why_words import rationale_in_words
from occu_core.models.storage import load_model, read_card, shipped_models
from occu_core.occupations import UnknownOccupationError, occ1990dd
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel
from tests.made_up_survey import write_survey
from tests.small_language_models import long_career
from train import train_for_rationales
from train.thinned_lessons import lessons, thin

COOKS, HEAD, CARPENTERS, ACTORS, *_ = TOY.occupations
QUERY = Query(long_career(occ1990dd(), 3), 2010)


# What each record adds to one title's score, by its own occupation: title's place and vote.
VOTES = {"1": (0, 1.0), "2": (0, 2.0), "3": (2, 1.5), "4": (3, 0.1)}


class AddingModel(FixedModel):
    """Each record adds to one title's score."""

    def _after(self, past):
        scores = np.array([0.0, 0.0, 1.2, 0.0, 0.0, 0.0])  # Carpenters, before any record
        for record in past.records:
            place, vote = VOTES.get(record.occupation.code, (5, 0.0))
            scores[place] += vote
        return OccupationDistribution.from_scores(TOY, scores - np.logaddexp.reduce(scores))


def query(*occupations):
    records = tuple(JobRecord(2000 + k, o) for k, o in enumerate(occupations))
    return Query(CareerHistory("w", records, birth_year=1980), 2020)


def years(found):
    return [record.year for record in found.records]


def test_the_record_that_raises_the_target_most_is_added_first():
    # Cooks starts 1.2 behind; the head cook's record alone (2.0) carries it over Carpenters.
    found = rationale(AddingModel(), query(COOKS, HEAD, ACTORS), COOKS)
    assert found.found
    assert years(found) == [2001]
    assert found.steps[0].record is None
    assert found.steps[0].likeliest == CARPENTERS
    assert found.steps[-1].likeliest == COOKS
    scores = np.exp([2.0, 0.0, 1.2, 0.0, 0.0, 0.0])
    assert found.steps[-1].probability == pytest.approx(scores[0] / scores.sum())


def test_records_are_added_until_the_target_comes_first_and_no_longer():
    # One record of Cooks is 1.0, short of 1.2; two are enough, the latest of equals first.
    found = rationale(AddingModel(), query(COOKS, ACTORS, COOKS, COOKS), COOKS)
    assert found.found
    assert years(found) == [2003, 2002]
    assert rationale_in_words(found) == "2 of 4 records suffice to make Cooks the likeliest."


def test_a_target_that_is_likeliest_without_records_needs_none():
    found = rationale(AddingModel(), query(COOKS), CARPENTERS)
    assert found.found
    assert found.records == ()
    assert "before any record" in rationale_in_words(found)


def test_a_target_that_never_comes_first_gets_the_part_that_comes_closest():
    # Actors: 0.1 a record; the carpenter's record would only push it back, so it is not shown.
    found = rationale(AddingModel(), query(ACTORS, CARPENTERS, ACTORS), ACTORS)
    assert not found.found
    assert years(found) == [2002, 2000]
    assert found.tried == 3
    assert found.exhausted
    assert "comes closest with 2 of 3 records" in rationale_in_words(found)


def test_an_empty_history_has_an_empty_rationale():
    found = rationale(AddingModel(), query(), COOKS)
    assert not found.found
    assert found.records == ()
    assert rationale_in_words(found) == "There is no record, and Carpenters is likelier than Cooks."


def test_the_search_gives_up_after_so_many_records():
    found = rationale(AddingModel(), query(*[ACTORS] * 6), ACTORS, most=2)
    assert (found.found, found.tried, found.exhausted) == (False, 2, False)
    assert rationale_in_words(found).startswith("No 2 records")


def test_progress_is_told_and_can_cancel():
    told = []
    rationale(AddingModel(), query(COOKS, COOKS), COOKS, on_progress=lambda *p: told.append(p))
    assert told == [(0, 2), (1, 2)]

    def stop(done, most):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rationale(AddingModel(), query(COOKS, COOKS), COOKS, on_progress=stop)


def test_what_is_fixed_about_the_worker_stays_while_records_are_left_out():
    asked = []

    class Listening(AddingModel):
        def predict(self, query):
            asked.append(query)
            return super().predict(query)

    rationale(Listening(), query(COOKS, COOKS), COOKS)
    assert {one.past.birth_year for one in asked} == {1980}
    assert {one.year for one in asked} == {2020}
    assert all(list(q.past.records) == sorted(q.past.records, key=lambda r: r.year) for q in asked)


@pytest.mark.parametrize("name", [folder.name for folder in shipped_models()])
def test_a_shipped_models_rationale_makes_its_top_prediction_the_likeliest(name):
    model, career = load_model(name), long_career(occ1990dd(), 6)
    asked = Query(career, 2010)
    target = model.predict(asked).top(1)[0][0]
    found = rationale(model, asked, target)
    assert found.found
    part = replace(career, records=tuple(sorted(found.records, key=lambda r: r.year)))
    assert model.predict(Query(part, 2010)).top(1)[0][0] == target


def test_an_unknown_target_is_refused():
    stranger = replace(COOKS, code="9999")
    with pytest.raises(UnknownOccupationError, match="9999"):
        rationale(AddingModel(), query(COOKS), stranger)


def test_the_variant_is_asked_for_the_model_it_comes_from_and_only_then():
    markov = load_model("markov")
    assert rationale_model(markov) is markov
    if (asset_path("models_for_rationales", "language_model", "card.json")).is_file():
        variant = rationale_model(load_model("language_model"))
        assert variant.card.name == "language_model_for_rationales"
        assert rationale_model(load_model("language_model")) is variant


# Training


def test_a_thinned_career_keeps_some_records_in_order_and_all_else():
    career, rng = long_career(occ1990dd(), 12), random.Random(1)
    sizes = set()
    for _ in range(300):
        thinned = thin(career, rng)
        kept = list(thinned.records)
        assert kept
        assert kept == [record for record in career.records if record in kept]
        assert replace(thinned, records=career.records) == career
        sizes.add(len(kept))
    assert sizes == set(range(1, 13))


def test_the_teacher_is_asked_where_the_learner_answers():
    reader = load_model("language_model").tokens
    workers = [long_career(occ1990dd(), records) for records in range(2, 9)]
    made = lessons(reader, workers, lambda career: career, 1.0, 400, random.Random(2))
    assert len(made) == 2
    for lesson in made:
        answers = lesson.part.labels[lesson.part.labels != -100]
        np.testing.assert_array_equal(lesson.whole[lesson.rows, lesson.places + 1], answers)


def test_a_variant_is_trained_from_parts_of_careers_and_measured(tmp_path):
    table = write_survey(tmp_path / "survey.csv", workers=12)
    path = tmp_path / "settings.toml"
    path.write_text(f'tables = ["{table}"]\nout = "{tmp_path}/out"\n', encoding="utf-8")
    train_for_rationales.main(path)
    card = read_card(tmp_path / "out/best")
    assert card.name == "language_model_for_rationales"
    assert card.settings["thinned_share"] == 0.5
    assert {metric.split for metric in card.metrics} == {"valid"}
    before, after = (
        load_model(str(folder)).predict(QUERY).log_probs
        for folder in (asset_path("models", "language_model"), tmp_path / "out/best")
    )
    assert 1e-6 < np.abs(before - after).max() < 3


def test_a_batch_that_is_not_thinned_is_read_whole():
    reader = load_model("language_model").tokens
    workers = [long_career(occ1990dd(), records) for records in range(2, 6)]
    made = lessons(reader, workers, lambda career: career, 0.0, 10_000, random.Random(2))
    assert sum(lesson.part.titles for lesson in made) == sum(range(2, 6))
