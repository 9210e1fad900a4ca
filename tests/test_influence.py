"""Leave one job out: equal to deleting the record by hand, for every kind of model."""

import copy
import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from occu_core.careers import CareerHistory, Education, JobRecord, Query
from occu_core.cli import app
from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.distributions import OccupationDistribution
from occu_core.explain.influence import influences, part_of
from occu_core.explain.parts_of_history import raw_probabilities
from occu_core.explain.why import why, why_csv, why_json
from occu_core.explain.why_words import influence_in_words
from occu_core.figures import record_influences
from occu_core.models import influence_scoring
from occu_core.models.base import ModelKind
from occu_core.models.ensemble import EnsembleModel
from occu_core.models.storage import load_model
from occu_core.occupations import Occupation, UnknownOccupationError, occ1990dd
from tests import small_baselines as small
from tests.careers_at_random import TOY, careers
from tests.fixed_model import FIRST, LATER, FixedModel
from tests.small_language_models import byte_level, language_model, long_career, merging

ROOT = Path(__file__).resolve().parents[1]
SAMPLE = str(ROOT / "assets/samples/cook-to-restaurant-manager.json")
COOKS, HEAD, CARPENTERS, ACTORS, *_ = TOY.occupations
MODELS = {
    "markov": lambda: load_model("markov"),
    "career": lambda: load_model("career"),
    "ensemble": lambda: load_model("ensemble"),
    "language model": lambda: load_model("language_model"),
    "untrained, byte level": lambda: language_model(byte_level(), TOY),
    "untrained, merging": lambda: language_model(merging(), TOY),
    "no tree masks": lambda: language_model(byte_level(), TOY, "gemma2"),
    "no attention": lambda: language_model(byte_level(), TOY, "mamba"),
    "absolute positions": lambda: language_model(byte_level(), TOY, "gpt2"),
    "bag of jobs": small.bag_of_jobs,
}
few = settings(
    max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture(params=MODELS, scope="module")
def model(request):
    return MODELS[request.param]()


def asked_after(career):
    last = career.records[-1].year if career.records else 2000
    return Query(career, last + 1, Education.HIGH_SCHOOL)


def by_hand(model, query, target, left_out=None):
    """P(target) with one record cut out of the history, from the model's whole answer."""
    records = list(query.past.records)
    if left_out is not None:
        del records[left_out]
    rewritten = Query(replace(query.past, records=tuple(records)), query.year, query.education)
    answer = model.predict(rewritten)
    return float(np.exp(answer.log_probs_raw[model.taxonomy.position(target.code)]))


def assert_equal_to_deleting(model, query, target, places=None):
    found = influences(model, query, target)
    whole = by_hand(model, query, target)
    assert found.probability == pytest.approx(whole, rel=1e-3, abs=0)
    assert len(found.records) == len(query.past.records)
    for place in range(len(found.records)) if places is None else places:
        one = found.records[place]
        without = by_hand(model, query, target, place)
        assert one.record == query.past.records[place]
        assert one.without == pytest.approx(without, rel=1e-3, abs=0)
        assert one.influence == pytest.approx(whole - without, abs=1e-6)


# Equality


@few
@given(data=st.data())
def test_influence_equals_deleting_the_record_and_asking_again(model, data):
    small_taxonomy = len(model.taxonomy) == len(TOY)
    career = data.draw(careers(TOY if small_taxonomy else occ1990dd(), most_records=5))
    target = data.draw(st.sampled_from(model.taxonomy.occupations))
    assert_equal_to_deleting(model, asked_after(career), target)


def test_a_long_history_is_read_in_several_batches_with_the_same_result():
    lengths = [10 + 8 * k for k in range(24)]
    groups = list(influence_scoring._groups(lengths))
    assert 2 < len(groups) < 12
    assert sorted(k for group in groups for k in group) == list(range(24))
    model = language_model(byte_level(), TOY)
    assert_equal_to_deleting(model, asked_after(long_career(TOY, 16)), COOKS)


def test_a_long_history_is_read_by_the_shipped_model_as_if_deleted_by_hand():
    model = load_model("language_model")
    query = asked_after(long_career(model.taxonomy, 24))
    assert_equal_to_deleting(model, query, model.taxonomy.find("Cooks"), (0, 11, 23))


def test_parts_that_skip_and_repeat_nothing_in_common_are_scored_apart():
    model = load_model("language_model")
    query = asked_after(long_career(model.taxonomy, 7))
    parts = [(), (6,), (0, 1, 2), (1, 4), (0, 2, 5, 6), tuple(range(7))]
    found = raw_probabilities(model, query, parts, model.taxonomy.find("Cashiers"))
    position = model.taxonomy.position(model.taxonomy.find("Cashiers").code)
    expected = [np.exp(model.predict(part_of(query, p)).log_probs_raw[position]) for p in parts]
    np.testing.assert_allclose(found, expected, atol=1e-6, rtol=1e-4)


def by_plain_pass(model, query, target):
    """P(target) from one plain pass over the whole text in double precision, nothing shared."""
    split = model.tokens.split(query)
    title = model.tokens.titles[model.taxonomy.position(target.code)]
    double = copy.deepcopy(model.scorer.model.base.model).double()
    with torch.inference_mode():
        logits = double(input_ids=torch.tensor([[*split.context, *title]])).logits[0]
    steps = logits[-len(title) - 1 : -1].log_softmax(-1)
    return float(steps[range(len(title)), title].sum().exp())


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "again", "histories", "bound"),
    [
        ("language_model", by_plain_pass, 200, 1e-6),
        ("career", by_hand, 200, 1e-6),
        # Whole predictions are in single precision: 3.8e-6 was the largest error of two of them.
        ("language_model", by_hand, 50, 5e-6),
    ],
)
def test_influence_equals_deleting_on_test_histories(survey_tables, name, again, histories, bound):
    model, rng, worst = load_model(name), np.random.default_rng(7), 0.0
    table = load_career_table(survey_tables / "nlsy97.csv.gz").only(Split.TEST)
    chosen = rng.permutation([c for c in table.careers if len(c.records) > 3])[:histories]
    for career in chosen:
        transition = list(career.transitions())[rng.integers(1, len(career.records))]
        query, target = transition.query, transition.outcome
        found, place = influences(model, query, target), rng.integers(len(query.past.records))
        deleted = part_of(query, tuple(k for k in range(len(found.records)) if k != place))
        expected = again(model, query, target) - again(model, deleted, target)
        worst = max(worst, abs(found.records[place].influence - expected))
    assert worst < bound  # how large it is: python -m tests.benchmarks.influence --table


# By hand, with a model whose few probabilities are written down


def toy_query(*occupations):
    records = tuple(JobRecord(2000 + k, o) for k, o in enumerate(occupations))
    return Query(CareerHistory("w", records), 2010)


def test_deleting_the_only_record_leaves_a_first_record():
    found = influences(FixedModel(), toy_query(CARPENTERS), COOKS)
    assert found.probability == pytest.approx(LATER[0])
    assert found.from_nothing == pytest.approx(FIRST[0])
    assert found.records[0].without == pytest.approx(FIRST[0])
    assert found.records[0].points == pytest.approx(100 * (LATER[0] - FIRST[0]))
    assert "20.0 points lower" in influence_in_words(found)


def test_a_record_that_speaks_against_the_target_has_a_negative_influence():
    found = influences(FixedModel(), toy_query(CARPENTERS), HEAD)
    assert found.records[0].points == pytest.approx(100 * (LATER[1] - FIRST[1]))
    assert "10.0 points higher" in influence_in_words(found)


def test_records_that_change_nothing_are_said_to_change_nothing():
    found = influences(FixedModel(), toy_query(COOKS, COOKS), COOKS)
    assert [one.influence for one in found.records] == [0.0, 0.0]
    assert "No single record" in influence_in_words(found)


def test_a_history_without_records_has_no_influences():
    found = influences(FixedModel(), toy_query(), COOKS)
    assert found.records == ()
    assert found.probability == found.from_nothing == pytest.approx(FIRST[0])
    assert "no records" in influence_in_words(found)


def test_the_last_record_counts_most_when_the_target_is_the_last_job():
    model = load_model("markov")
    cook, clerk = model.taxonomy.find("Cooks"), model.taxonomy.find("Cashiers")
    found = influences(
        model,
        asked_after(CareerHistory("w", (JobRecord(2000, clerk), JobRecord(2001, cook)))),
        cook,
    )
    assert found.strongest(1)[0].record.year == 2001
    assert found.strongest(1)[0].points > 10
    assert found.records[0].influence == 0  # a first-order table does not read it


def test_targets_and_records_outside_the_taxonomy_are_refused_by_name():
    stranger = Occupation("9999", "Lighthouse keepers", "Sea")
    with pytest.raises(UnknownOccupationError, match="9999"):
        influences(FixedModel(), toy_query(COOKS), stranger)
    for name in ("markov", "language_model", "career"):
        with pytest.raises(UnknownOccupationError, match="9999"):
            influences(load_model(name), toy_query(stranger), occ1990dd()["NW"])


class EvenModel(FixedModel):
    """Finds every state as likely."""

    def _after(self, past):
        return OccupationDistribution.from_scores(TOY, np.log(np.full(6, 1 / 6)))


@pytest.mark.parametrize(("dataset", "share"), [("NLSY97", 0.25), (None, 0.5)])
def test_an_ensembles_influence_is_mixed_by_the_weights_of_the_workers_dataset(dataset, share):
    weights = {"": np.array([0.5, 0.5]), "NLSY97": np.array([0.25, 0.75])}
    members = [FixedModel(), EvenModel()]
    card = replace(members[0].card, kind=ModelKind.ENSEMBLE)
    model = EnsembleModel(card, TOY, ("fixed", "even"), weights, members)
    query = toy_query(CARPENTERS)
    found = influences(model, replace(query, past=replace(query.past, dataset=dataset)), COOKS)
    assert found.records[0].influence == pytest.approx(share * (LATER[0] - FIRST[0]))


# The figure, the files and the command line


def test_the_figure_has_a_bar_for_each_record_and_says_them_in_words():
    found = influences(FixedModel(), toy_query(CARPENTERS), HEAD)
    chart = record_influences(found)
    bars = [(x, y) for trace in chart.figure.data for x, y in zip(trace.x, trace.y, strict=True)]
    assert bars == [(2000, pytest.approx(-10.0))]
    assert "2000 Carpenters -10.0" in chart.alt


def test_csv_and_json_hold_the_same_numbers():
    answer = why(load_model("markov"), asked_after(long_career(occ1990dd(), 5)))
    lines = [line for line in why_csv(answer).splitlines() if not line.startswith("#")]
    rows = list(csv.DictReader(io.StringIO("\n".join(lines))))
    written = json.loads(json.dumps(why_json(answer)))["influence"]["records"]
    assert [float(row["influence_points"]) for row in rows] == [
        one["influence_points"] for one in written
    ]
    assert [row["title"] for row in rows] == [one["title"] for one in written]


def test_the_command_explains_the_likeliest_state_unless_told():
    run = CliRunner().invoke(app, ["why", SAMPLE, "--model", "markov", "--json"])
    answer = json.loads(run.stdout)
    assert run.exit_code == 0
    assert answer["rank"] == 1
    assert len(answer["influence"]["records"]) == 13
    named = CliRunner().invoke(app, ["why", SAMPLE, "--model", "markov", "--target", "cooks"])
    assert named.stdout.startswith("Cooks (436) in 2010:")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ([SAMPLE, "--target", "wizard"], "unknown occupation 'wizard'; nearest titles"),
        ([SAMPLE, "--model", "nobody"], "no model 'nobody'"),
        ([SAMPLE, "--model", "markov", "--json", "--csv"], "exclude each other"),
        (["no-such-file.json"], "No such file"),
    ],
)
def test_the_command_refuses_what_it_cannot_use(arguments, words):
    run = CliRunner().invoke(app, ["why", *arguments])
    assert run.exit_code == 2
    assert words in run.stderr
    assert "Traceback" not in run.output
