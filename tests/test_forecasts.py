"""Sampled futures: exact against predictions, by hand, and the same whatever runs beside them."""

import csv
import io
import json
from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
import torch
from statsmodels.stats.proportion import proportion_confint
from typer.testing import CliRunner

from occu_core import cli
from occu_core.careers import CareerError, CareerHistory, Education, JobRecord, Query
from occu_core.data.career_json import parse_query, query_to_json
from occu_core.explain import path_sampling
from occu_core.explain.backtest import (
    SAME,
    BacktestReport,
    Happened,
    Run,
    load_backtest,
    measure,
    save_backtest,
    state_parts,
)
from occu_core.explain.consistency import two_years_ahead
from occu_core.explain.draws import Draws
from occu_core.explain.education_paths import (
    LEVELS,
    EducationRule,
    EducationTable,
    evolving,
    shipped_table,
)
from occu_core.explain.forecast_exports import paths_csv, shares_csv, to_json
from occu_core.explain.forecasts import (
    OTHER,
    Forecast,
    ForecastError,
    ForecastSettings,
    forecast,
    lanes,
    share_of,
    states_of_year,
)
from occu_core.explain.path_sampling import sample_paths
from occu_core.explain.population import (
    GroupMatrix,
    Population,
    load_population,
    save_population,
    suppressed,
)
from occu_core.explain.typical_paths import distances, medoids, typical_paths
from occu_core.figures import forecast_checks
from occu_core.figures import forecasts as figures
from occu_core.figures.forecast_flow import flow as flow_figure
from occu_core.models.base import ModelCard, ModelKind
from occu_core.models.career import CareerConfig, CareerModel, CareerNetwork
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.models.sampling import career_probabilities
from occu_core.models.storage import load_model, shipped_models
from occu_core.occupations import occ1990dd
from tests.careers_at_random import TOY
from tests.fixed_model import FIRST, LATER, FixedModel
from tests.small_language_models import language_model, sentencepiece_like

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
PAST = CareerHistory(
    "w",
    (JobRecord(2000, COOK, Education.HIGH_SCHOOL), JobRecord(2001, ACTOR, Education.HIGH_SCHOOL)),
    dataset="NLSY97",
    birth_year=1980,
)
QUERY = Query(PAST, 2002, Education.HIGH_SCHOOL)
CLERK = occ1990dd().find("Bank tellers")
REAL = Query(
    replace(PAST, records=tuple(JobRecord(y, CLERK, Education.SOME_COLLEGE) for y in (2000, 2001))),
    2002,
    Education.SOME_COLLEGE,
)
needs_models = pytest.mark.skipif(not shipped_models(), reason="no model in assets/models")


def card(kind):
    return ModelCard("toy", kind, "Toy", "1", TOY.name, TOY.digest, (), {}, ())


def markov():
    """Transition chances that differ from state to state, from counts made up here."""
    careers = [
        CareerHistory(
            str(k), tuple(JobRecord(1990 + y, TOY.occupations[s]) for y, s in enumerate(states)),
            dataset="NLSY97",
        )
        for k, states in enumerate([(0, 0, 1, 3, 3), (3, 0, 4, 4, 2), (2, 2, 5, 1, 3), (3, 3, 1)])
    ]  # fmt: skip
    counts = count_transitions(careers, TOY)
    return MarkovModel(card(ModelKind.MARKOV), TOY, counts, Smoothing(1.0, 2.0, 0.5))


def small_career():
    torch.manual_seed(4)
    config = CareerConfig(
        states=len(TOY), years=tuple(range(1998, 2010)), birth_years=(1980, 1981),
        datasets=("NLSY97",), positions=12, layers=2, width=16, heads=2, feed_forward=32,
        dropout=0.1,
    )  # fmt: skip
    network = CareerNetwork(config)
    with torch.no_grad():
        for weight in network.parameters():
            weight.mul_(4)
    return CareerModel(card(ModelKind.CAREER), TOY, network)


def by_hand(states, years=(2002, 2003, 2004), query=QUERY):
    """A forecast whose paths are written down."""
    states = np.array(states)
    settings = ForecastSettings(len(years), len(states), 1)
    levels = np.full(states.shape, LEVELS.index(Education.HIGH_SCHOOL))
    return Forecast(card(ModelKind.MARKOV), query, settings, TOY, tuple(years), states, levels)


def agree(counts, expected, n):
    """Shares within 4.5 standard errors of probabilities, the rare states taken together."""
    assert counts.sum() == n
    often = expected * n >= 5
    shares = np.append(counts[often], counts[~often].sum()) / n
    chances = np.append(expected[often], expected[~often].sum())
    error = np.sqrt(chances * (1 - chances) / n)
    assert (np.abs(shares - chances) <= 4.5 * error + 1e-9).all()
    chi_square = (n * (shares - chances) ** 2 / np.maximum(chances, 1 / n)).sum()
    assert chi_square < len(chances) + 5 * np.sqrt(2 * len(chances))


# Sampling


def test_shares_are_those_of_a_model_whose_probabilities_are_written_down():
    found = forecast(FixedModel(), QUERY, ForecastSettings(3, 2_000, 5))
    for year in range(3):
        agree(found.counts[year], np.array(LATER) / 0.9, 2_000)
    blank = forecast(FixedModel(), Query(CareerHistory(""), 2000), ForecastSettings(2, 2_000, 5))
    agree(blank.counts[0], np.array(FIRST) / 0.9, 2_000)
    agree(blank.counts[1], np.array(LATER) / 0.9, 2_000)


@pytest.mark.parametrize("make", [markov, small_career], ids=["markov", "career"])
def test_two_year_shares_are_the_exact_composition(make):
    model, n = make(), 2_000
    found = forecast(model, QUERY, ForecastSettings(2, n, 3))
    first = model.predict(QUERY).probs
    agree(found.counts[0], first, n)
    second = np.zeros(len(TOY))
    for state, weight in zip(TOY, first, strict=True):
        record = JobRecord(2002, state, QUERY.education)
        longer = replace(PAST, records=(*PAST.records, record))
        second += weight * model.predict(Query(longer, 2003, QUERY.education)).probs
    agree(found.counts[1], second, n)


def test_a_path_depends_on_its_own_past_and_not_on_another_paths():
    model, n = small_career(), 2_000
    found = forecast(model, QUERY, ForecastSettings(2, n, 7))
    for state in np.flatnonzero(found.counts[0] > 200):
        record = JobRecord(2002, TOY.occupations[state], QUERY.education)
        longer = replace(PAST, records=(*PAST.records, record))
        after = found.states[found.states[:, 0] == state, 1]
        expected = model.predict(Query(longer, 2003, QUERY.education)).probs
        agree(np.bincount(after, minlength=len(TOY)), expected, len(after))


def test_career_answers_many_histories_at_once_as_it_answers_each():
    model = small_career()
    queries = [
        Query(replace(PAST, records=(*PAST.records[:1], JobRecord(2001, state))), 2003, level)
        for state in TOY
        for level in (None, Education.GRADUATE)
    ]
    together = career_probabilities(model, queries)
    apart = np.array([model.predict(query).probs for query in queries])
    np.testing.assert_allclose(together, apart, rtol=1e-9)


@needs_models
def test_a_language_model_writes_titles_with_the_probabilities_it_predicts():
    model = load_model("language_model")
    n = 2_000
    found = forecast(model, REAL, ForecastSettings(1, n, 2))
    agree(found.counts[0], model.predict(REAL).probs, n)


@needs_models
def test_the_second_year_of_a_language_model_knows_the_first():
    model = load_model("language_model")
    n = 2_000
    found = forecast(model, REAL, ForecastSettings(2, n, 2))
    for state in np.argsort(-found.counts[0])[:2]:
        record = JobRecord(2002, found.taxonomy.occupations[state], REAL.education)
        longer = replace(REAL.past, records=(*REAL.past.records, record))
        after = found.states[found.states[:, 0] == state, 1]
        expected = model.predict(Query(longer, 2003, REAL.education)).probs
        agree(np.bincount(after, minlength=len(found.taxonomy)), expected, len(after))


@needs_models
def test_a_language_models_paths_are_the_same_beside_more_of_them():
    model = load_model("language_model")
    few, many = (forecast(model, REAL, ForecastSettings(4, n, 9)).states for n in (30, 120))
    np.testing.assert_array_equal(few, many[:30])


def test_a_model_that_hardly_writes_titles_is_asked_for_its_whole_distributions():
    model = language_model(sentencepiece_like(), TOY)
    expected = model.predict(QUERY)
    assert expected.coverage < 0.01
    found = forecast(model, QUERY, ForecastSettings(1, 500, 1))
    agree(found.counts[0], expected.probs, 500)


def test_the_same_seed_gives_the_same_paths_and_more_paths_leave_the_first_as_they_are():
    model = markov()
    settings = ForecastSettings(5, 250, 11, EducationRule.EVOLVING)
    first, again = (forecast(model, QUERY, settings) for _ in range(2))
    np.testing.assert_array_equal(first.states, again.states)
    np.testing.assert_array_equal(first.education, again.education)
    fewer = forecast(model, QUERY, replace(settings, paths=70))
    np.testing.assert_array_equal(fewer.states, first.states[:70])
    np.testing.assert_array_equal(fewer.education, first.education[:70])
    other = forecast(model, QUERY, replace(settings, seed=12))
    assert (other.states != first.states).any()


def test_sampling_can_be_stopped_between_years(monkeypatch):
    monkeypatch.setattr(path_sampling, "PATHS_AT_ONCE", 10)
    told = []

    def stop_at_three(done, steps):
        told.append((done, steps))
        if done == 3:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        forecast(markov(), QUERY, ForecastSettings(4, 25, 1), stop_at_three)
    assert told == [(1, 12), (2, 12), (3, 12)]


# Education


def one_band(rows):
    counts = np.zeros((2, 5, 5), np.int64)
    counts[0] = rows
    counts[1] = np.eye(5) * 10
    return EducationTable(((18, 24), (25, 40)), counts, "made up")


def test_education_moves_as_the_table_says_at_each_age():
    rows = np.eye(5, dtype=np.int64) * 8
    rows[1] = (0, 30, 10, 0, 0)
    start, years = (2002, Education.HIGH_SCHOOL), (2002, 2003, 2004, 2005, 2006)
    found = evolving(start, years, Draws(1, 4_000), birth_year=1980, table=one_band(rows))
    rose = (found == 2).mean(axis=0)
    assert rose[0] == 0
    assert rose[1] == pytest.approx(0.25, abs=0.03)
    assert rose[2] == pytest.approx(1 - 0.75**2, abs=0.03)
    assert rose[3] == pytest.approx(1 - 0.75**3, abs=0.03)  # the move at age 24
    assert rose[4] == rose[3]  # at 25 nobody moves
    assert set(np.unique(found)) == {1, 2}


def test_an_unknown_level_stays_unknown_and_one_never_seen_stays():
    table = EducationTable(((18, 40),), np.zeros((1, 5, 5), np.int64), "empty")
    draws, years = Draws(1, 5), (2002, 2003)
    unknown = evolving((2002, None), years, draws, birth_year=1980, table=table)
    never = evolving((2000, Education.BACHELORS), years, draws, birth_year=None, table=table)
    assert (unknown == -1).all()
    assert (never == LEVELS.index(Education.BACHELORS)).all()


def test_the_model_is_asked_with_the_education_of_the_path():
    class Recorder(FixedModel):
        def predict(self, query):
            self.asked.append((query.year, query.education, query.past.records[-1].education))
            return super().predict(query)

    model = Recorder()
    levels = np.array([[1, 2], [1, 3]])
    sample_paths(model, PAST, (2002, 2003), levels, Draws(1, 2))
    high, some, bachelors = (LEVELS[k] for k in (1, 2, 3))
    assert set(model.asked) == {(2002, high, high), (2003, some, high), (2003, bachelors, high)}


def test_the_shipped_table_holds_no_rare_count_and_every_level():
    table = shipped_table()
    assert not ((table.counts > 0) & (table.counts < 5)).any()
    for age in (10, 18, 23, 44, 80):
        for level in range(5):
            assert table.chances(age, level).sum() == pytest.approx(1)
    assert table.chances(22, 2)[3] > table.chances(35, 2)[3]  # degrees come in the twenties


# Settings and shares


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"years": 0}, "years 0 is not allowed; expected 1–30"),
        ({"years": 500}, "expected 1–30"),
        ({"paths": 0}, "expected 1–2,000"),
        ({"paths": 10**9}, "paths 1,000,000,000 is not allowed"),
        ({"seed": 1.5}, "seed 1.5 is not a whole number"),
        ({"seed": -1}, "seed -1"),
        ({"paths": True}, "not a whole number"),
    ],
)
def test_impossible_settings_say_what_is_allowed(settings, words):
    with pytest.raises(ForecastError, match=words):
        ForecastSettings(**settings)


def test_years_past_the_last_one_are_refused_with_how_many_there_are():
    with pytest.raises(ForecastError, match="10 years from 2025 reach 2034.*at most 6"):
        forecast(markov(), Query(PAST, 2025), ForecastSettings(10))
    assert forecast(markov(), Query(PAST, 2025), ForecastSettings(6, 3)).years[-1] == 2030


@pytest.mark.parametrize(("count", "paths"), [(0, 50), (50, 50), (7, 200), (1, 10)])
def test_intervals_are_wilsons(count, paths):
    share = share_of(count, paths)
    low, high = proportion_confint(count, paths, method="wilson")
    assert (share.low, share.high) == pytest.approx((low, high), abs=1e-12)
    p = count / paths
    assert share.standard_error == pytest.approx((p * (1 - p) / paths) ** 0.5)


def test_lanes_name_the_top_occupations_and_gather_the_rest():
    found = by_hand([[0, 0, 3], [0, 1, 4], [2, 0, 5], [3, 3, 4]])
    shown = lanes(found, 2)
    assert shown.names == ("Cooks", "Actors", OTHER, "Not working", "Student")
    # Cooks 4 years, Actors 3; Cooks, head and Carpenters are other jobs.
    assert shown.counts(found).tolist() == [[2, 1, 1, 0, 0], [2, 1, 1, 0, 0], [0, 1, 0, 2, 1]]
    flows = shown.flows(found)
    assert flows.shape == (2, 5, 5)
    assert (flows[0, 0, 0], flows[0, 0, 2], flows[0, 2, 0], flows[0, 1, 1]) == (1, 1, 1, 1)
    assert flows.sum(axis=(1, 2)).tolist() == [4, 4]
    one_year = by_hand([[0], [1]], years=(2002,))
    assert lanes(one_year, 1).flows(one_year).shape == (0, 4, 4)


def test_states_of_a_year_come_most_frequent_first():
    found = by_hand([[0, 0, 3], [0, 1, 4], [2, 0, 5], [3, 3, 4]])
    listed = [(o.title, share.value) for o, share in states_of_year(found, 2002)]
    assert listed == [("Cooks", 0.5), ("Carpenters", 0.25), ("Actors", 0.25)]


# Typical paths


def test_the_distance_of_paths_counts_a_job_of_the_same_group_half():
    paths = np.array([[0, 0, 4, 0], [1, 3, 5, 0]])
    # Cooks and Cooks, head share a group; Not working and Student share one but are no jobs.
    assert distances(paths, paths, TOY).tolist() == [[0, 2.5 / 4], [2.5 / 4, 0]]


def test_medoids_cost_no_more_than_any_other_choice_within_one_exchange():
    costs = np.random.default_rng(3).random((40, 12))
    chosen = medoids(costs, 3)
    cost = costs[:, chosen].min(axis=1).sum()
    for place in range(3):
        for other in range(12):
            changed = [*chosen[:place], other, *chosen[place + 1 :]]
            assert cost <= costs[:, changed].min(axis=1).sum() + 1e-9
    best = min(costs[:, list(pick)].min(axis=1).sum() for pick in combinations(range(12), 3))
    assert cost <= 1.05 * best


def test_typical_paths_are_sampled_ones_with_the_share_they_stand_for():
    found = by_hand([[0, 0, 0]] * 5 + [[0, 0, 1]] + [[3, 4, 4]] * 3 + [[3, 4, 2]])
    stays, leaves = typical_paths(found, 2)
    assert [o.title for o in stays.occupations] == ["Cooks"] * 3
    assert stays.share.value == 0.6
    assert stays.same == pytest.approx(17 / 18)
    spells = [(s.occupation.title, s.first_year, s.last_year) for s in leaves.spells(found.years)]
    assert spells == [("Actors", 2002, 2002), ("Not working", 2003, 2004)]
    assert leaves.share.value == 0.4
    alone = by_hand([[0, 0, 0]] * 3)
    assert [path.share.value for path in typical_paths(alone, 5)] == [1.0]
    with pytest.raises(ValueError, match="expected 1–8"):
        typical_paths(found, 0)


# Two years ahead


def test_one_year_at_a_time_is_the_square_of_a_markov_table():
    model = markov()
    table = np.array(
        [
            model.predict(Query(CareerHistory("", (JobRecord(2001, o),), "NLSY97"), 2002)).probs
            for o in TOY
        ]
    )
    found = two_years_ahead(model, QUERY, mass=1.1)
    assert found.followed == len(TOY)
    assert found.covered == pytest.approx(1)
    np.testing.assert_allclose(found.direct, table[3])
    np.testing.assert_allclose(found.composed, (table @ table)[3])
    assert found.total_variation == pytest.approx(np.abs(table[3] - (table @ table)[3]).sum() / 2)
    expected = np.corrcoef(table[3], (table @ table)[3])[0, 1]
    assert found.correlation == pytest.approx(expected)


def test_what_was_not_followed_bounds_the_error_of_the_composition():
    model = markov()
    whole = two_years_ahead(model, QUERY, mass=1.1)
    part = two_years_ahead(model, QUERY, mass=0.6)
    assert part.followed < whole.followed
    assert part.composed.sum() == pytest.approx(1)
    assert np.abs(part.composed - whole.composed).sum() / 2 <= 1 - part.covered
    with pytest.raises(CareerError):
        two_years_ahead(model, Query(PAST, 2030))


# Backtest


def test_a_backtest_compares_shares_of_the_workers_observed():
    names, of = state_parts(TOY)
    assert names == ("Food", "Construction", "Arts", "Not working", "Student")
    assert of.tolist() == [0, 0, 1, 2, 3, 4]
    happened = Happened(
        TOY,
        (2006,),
        np.array([[0], [4], [-1], [3]]),
        np.array([0, 0, 0, 0]),
        np.array([0, 1, 1, 2]),
    )
    paths = np.array([[[0], [1]], [[0], [4]], [[2], [2]], [[0], [0]]])
    parts, years = measure(happened, paths, replicates=200)
    rows = {row.part: row for row in parts}
    # Three are observed: a cook, one without work, an actor. Food: (1 + ½ + 1)/3 of their paths.
    assert rows["Food"].actual.value == pytest.approx(1 / 3)
    assert rows["Food"].predicted == pytest.approx(2.5 / 3)
    assert rows["Food"].difference.value == pytest.approx(0.5)
    assert rows["Construction"].predicted == 0
    assert rows["Not working"].predicted == pytest.approx(0.5 / 3)
    assert rows[SAME].actual.value == pytest.approx(1 / 3)
    assert rows[SAME].predicted == pytest.approx((0.5 + 0.5 + 1) / 3)
    assert years[0].workers == 3
    # |differences|: Food ½, Arts ⅓, Not working ⅙.
    assert years[0].total_variation == pytest.approx(0.5)
    assert years[0].mean_error == pytest.approx(1 / 5)
    pooled = np.array([5, 2, 0, 1, 0]) / 8  # of all four workers' paths
    share = 0.99 * pooled + 0.01 / 5
    chances = [(2 + share[0]) / 3, (1 + share[3]) / 3, share[2] / 3]
    assert years[0].perplexity.value == pytest.approx(np.exp(-np.log(chances).mean()))


def test_a_backtest_report_is_read_as_it_was_written(tmp_path):
    happened = Happened(TOY, (2006,), np.array([[0], [4]]), np.array([0, 0]), np.array([0, 1]))
    measured = measure(happened, np.array([[[0]], [[4]]]), replicates=20)
    run = Run("toy", "Toy", "true", *measured)
    report = BacktestReport("made up", 2005, 2, 1, 1, "none", (run,))
    save_backtest(report, tmp_path / "b.json")
    assert load_backtest(tmp_path / "b.json") == report
    (tmp_path / "b.json").write_text("{}")
    with pytest.raises(ValueError, match=r"b\.json: is not a backtest report"):
        load_backtest(tmp_path / "b.json")
    with pytest.raises(ValueError, match="not there"):
        load_backtest(tmp_path / "none.json")


# Population


def test_rare_counts_are_left_out_of_a_matrix_and_of_its_shares(tmp_path):
    matrix = GroupMatrix("X", "everybody", "observed", 26, suppressed(np.array([[15, 5], [4, 2]])))
    assert matrix.counts == ((15.0, 5.0), (None, None))
    np.testing.assert_allclose(matrix.shares(), [[0.75, 0.25], [np.nan, np.nan]])
    population = Population(("A", "B"), {"observed": "o"}, "none", (matrix,))
    save_population(population, tmp_path / "p.json")
    assert load_population(tmp_path / "p.json") == population
    with pytest.raises(KeyError, match="no matrix"):
        population.find("X", "female", "observed")


# Files and the command line


def test_files_hold_every_path_and_shares_that_sum_to_one():
    found = forecast(markov(), QUERY, ForecastSettings(3, 40, 1))
    rows = list(csv.DictReader(line for line in io.StringIO(paths_csv(found)) if line[0] != "#"))
    assert len(rows) == 120
    assert {row["education"] for row in rows} == {"high school"}
    states = [TOY.position(row["code"]) for row in rows]
    assert np.array(states).reshape(40, 3).tolist() == found.states.tolist()
    shares = list(csv.DictReader(x for x in io.StringIO(shares_csv(found)) if x[0] != "#"))
    for year in ("2002", "2003", "2004"):
        assert sum(float(r["share"]) for r in shares if r["year"] == year) == pytest.approx(1)
    answer = json.loads(json.dumps(to_json(found, typical_paths(found, 3)), allow_nan=False))
    assert answer["settings"] == {"years": 3, "paths": 40, "seed": 1, "education": "fixed"}
    assert answer["years"][0]["states"][0]["low"] < answer["years"][0]["states"][0]["share"]
    assert sum(path["share"] for path in answer["typical_paths"]) == pytest.approx(1)


@pytest.fixture
def occu(tmp_path, monkeypatch):
    (tmp_path / "career.json").write_text(json.dumps(query_to_json(REAL)), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return lambda *given: CliRunner().invoke(cli.app, ["forecast", *given])


@needs_models
def test_the_command_prints_what_the_engine_says_and_writes_every_path(occu, tmp_path):
    given = ("--years", "3", "--paths", "50", "--seed", "4", "--education", "evolving")
    run = occu("career.json", "--model", "markov", "--json", "--paths-out", "p.csv", *given)
    assert run.exit_code == 0, run.stderr
    answer = json.loads(run.stdout)
    query = parse_query((tmp_path / "career.json").read_bytes())
    settings = ForecastSettings(3, 50, 4, EducationRule.EVOLVING)
    found = forecast(load_model("markov"), query, settings)
    assert answer == json.loads(json.dumps(to_json(found, typical_paths(found, 5))))
    assert (tmp_path / "p.csv").read_text(encoding="utf-8") == paths_csv(found)
    text = occu("career.json", "--model", "markov", *given).stdout
    assert "50 futures 2002–2004, seed 4" in text
    assert "then evolving as in NLSY97 and NLSY79" in text


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (("--years", "0"), "years 0 is not allowed; expected 1–30"),
        (("--years", "500"), "years 500"),
        (("--years", "30"), "30 years from 2002 reach 2031, but years end in 2030"),
        (("--paths", "0"), "expected 1–2,000"),
        (("--paths", "1000000000"), "paths 1,000,000,000"),
        (("--seed", "one"), "valid integer"),
        (("--seed", "1.5"), "valid integer"),
        (("--education", "rising"), "fixed"),
        (("--model", "oracle"), "no model 'oracle'"),
        (("--types", "99", "--model", "markov"), "expected 1–8"),
        (("--paths-out", "nowhere/p.csv"), "there is no folder"),
    ],
)
def test_the_command_refuses_what_cannot_be_sampled(occu, given, words):
    run = occu("career.json", *given)
    assert run.exit_code == 2
    assert words in " ".join(run.stderr.split())
    assert run.stdout == ""
    assert "Traceback" not in run.stderr


@needs_models
def test_a_career_without_records_needs_a_year_and_then_has_futures(occu, tmp_path):
    (tmp_path / "blank.json").write_text('{"records": []}', encoding="utf-8")
    assert "query year is needed" in occu("blank.json", "--model", "markov").stderr
    (tmp_path / "blank.json").write_text('{"query": {"year": 2001}}', encoding="utf-8")
    run = occu("blank.json", "--model", "markov", "--years", "1", "--paths", "10")
    assert run.exit_code == 0
    assert "education: unknown in every year" in run.stdout


# Figures


def test_the_flow_starts_at_the_last_record_and_loses_nobody():
    found = by_hand([[0, 0, 3], [0, 1, 4], [2, 0, 5], [3, 3, 4]])
    chart = flow_figure(found, lanes(found, 2))
    sankey = chart.figure.data[0]
    into = {}
    for target, value in zip(sankey.link.target, sankey.link.value, strict=True):
        into[target] = into.get(target, 0) + value
    # An actor in 2001; then 3, 3 and 3 lanes that anybody is in.
    assert len(sankey.node.x) == 1 + 3 + 3 + 3
    assert sum(into.values()) == 4 * 3
    assert all(0 < y < 1 for y in sankey.node.y)
    assert "Not working 50.0%" in chart.alt
    assert "<b>2001</b> Actors<br>100.0% of futures" in sankey.node.customdata


def test_figures_of_shares_and_typical_paths_say_their_numbers():
    found = by_hand([[0, 0, 0]] * 3 + [[3, 4, 4]])
    shown = lanes(found, 2)
    chart = figures.shares(found, shown)
    cooks = chart.figure.data[0]
    assert list(cooks.y) == [0.75, 0.75, 0.75]
    assert cooks.error_y.array[0] == pytest.approx(share_of(3, 4).high - 0.75)
    assert "2003: Cooks 75.0%, Not working 25.0%" in chart.alt
    strips = figures.typical(found, shown, typical_paths(found, 2))
    assert "25.0%: 2002–2002 Actors, 2003–2004 Not working" in strips.alt
    assert [bar.x[0] for bar in strips.figure.data] == [3, 1, 2]


def test_a_matrix_draws_stays_but_scales_to_moves_and_leaves_rare_ones_blank():
    counts = suppressed(np.array([[90, 10], [3, 40]]))
    chart = forecast_checks.moves(
        GroupMatrix("X", "everybody", "observed", 143, counts), ("A", "B"), "Made up.", shares=True
    )
    heat = chart.figure.data[0]
    assert (heat.z[0][0], heat.z[0][1], heat.z[1][0]) == (0.9, 0.1, None)
    assert heat.zmax == pytest.approx(0.1)
    assert "A to B 10.0%" in chart.alt
    assert heat.customdata[1][0][2] == "none, or fewer than 5"
