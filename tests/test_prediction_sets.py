"""Sets that hold what happens, track records and unsureness: by hand, by chance, and as shipped."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.careers import CareerHistory, Education, JobRecord, Query, Sex
from occu_core.evaluation.reports import Interval, Part
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import NONE, Detail, ScoreTable
from occu_core.explain import sure_words as words
from occu_core.explain.how_sure import by_outcome, how_sure, sure_to_json
from occu_core.explain.prediction_sets import (
    FEWEST_ROWS,
    calibrate,
    cells_for,
    conformity,
    covered,
    percent_of,
    prediction_set,
    set_members,
    threshold,
    thresholds_of,
)
from occu_core.explain.reliability import like_this, reliability_curves, track_records
from occu_core.explain.sure_files import (
    FILE,
    SureError,
    model_digest,
    read_sureness,
    save_sureness,
    sureness_of,
    sureness_path,
)
from occu_core.explain.sure_measuring import Answers, compare_sets, measure
from occu_core.explain.sure_records import (
    OFFERED,
    PERCENTS,
    POOLED,
    Before,
    Cell,
    Event,
    Reliability,
    Sureness,
    Unsureness,
)
from occu_core.explain.unsureness import how_unsure, perplexities, usual_unsureness
from occu_core.models.base import ModelKind
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.models.storage import load_model, shipped_models, write_card
from occu_core.occupations import occ1990dd
from occu_core.predictions import predict
from tests.careers_at_random import TOY
from tests.fixed_model import FIRST, LATER, FixedModel
from tests.small_baselines import made_up, markov
from train import calibrate_sets
from train.saving import make_card

COOK, CHEF = TOY.occupations[:2]
SHIPPED = [folder.name for folder in shipped_models()]
PAST = CareerHistory("w", (JobRecord(2001, COOK), JobRecord(2002, COOK)), "NLSY97")
QUERY = Query(PAST, 2003, Education.HIGH_SCHOOL)


def cell(part, bound, *, kind=Before.JOB, cohort=POOLED, history=None, rows=100):
    return Cell(cohort, history, kind, part, rows, tuple(bound for _ in PERCENTS))


def sureness(*cells, **parts):
    found = {"tried": (), "measurements": (), "reliability": (), "unsureness": (), **parts}
    return Sureness(
        "fixed", "Fixed", "1", "0" * 16, 1, "made by hand", "a", "b", "c", cells, **found
    )


# Sets


def test_a_threshold_is_the_kth_lowest_score_with_k_from_the_level():
    scores = np.arange(1, 10) / 10  # nine: k = 10 × (1 − level)
    assert threshold(scores, 90) == pytest.approx(0.1, rel=1e-4)
    assert threshold(scores, 80) == pytest.approx(0.2, rel=1e-4)
    assert threshold(scores, 50) == pytest.approx(0.5, rel=1e-4)
    assert threshold(scores, 80) <= 0.2


def test_a_level_that_too_few_scores_can_show_leaves_nothing_out():
    assert threshold(np.arange(1, 10) / 10, 95) == 0.0
    assert threshold(np.array([]), 90) == 0.0


def test_the_last_state_needs_its_own_probability_and_others_theirs_given_a_move():
    log_probs = np.log([LATER])  # given a move, in sixths of the 0.6 left: 0.1 is 0.1667
    previous = np.array([0])
    inside = set_members(log_probs, previous, np.array([0.39]), np.array([0.166]))
    assert inside.tolist() == [[True, True, True, True, True, False]]
    inside = set_members(log_probs, previous, np.array([0.41]), np.array([0.2]))
    assert inside.tolist() == [[False, False, False, False, True, False]]


def test_a_first_record_has_no_last_state_and_needs_the_plain_probability():
    inside = set_members(np.log([FIRST]), np.array([NONE]), np.array([0.9]), np.array([0.15]))
    assert inside.tolist() == [[True, True, False, False, True, False]]


def test_a_set_that_would_be_empty_is_the_likeliest_state():
    inside = set_members(np.log([LATER]), np.array([0]), np.array([0.9]), np.array([0.9]))
    assert inside.tolist() == [[True, False, False, False, False, False]]


def test_the_score_of_what_happened_is_by_how_it_happened():
    career = CareerHistory(
        "w", tuple(JobRecord(2000 + k, o) for k, o in enumerate((COOK, COOK, CHEF)))
    )
    rows = score(FixedModel(), [career])
    # First 0.2; stayed 0.4; moved 0.1 of the 0.6 that leaving has.
    assert conformity(rows) == pytest.approx([0.2, 0.4, 0.1 / 0.6])


def test_whether_an_outcome_is_covered_agrees_with_the_whole_set():
    model, careers = markov(), made_up(60, 7)
    rows = score(model, careers)
    cells = calibrate(score(model, made_up(60, 8)), TOY)
    bounds = thresholds_of(cells, rows, TOY, 80)
    whole = np.array([d.log_probs_raw for c in careers for d in model.distributions(c)])
    inside = set_members(whole, rows.previous, *bounds)
    assert covered(rows, *bounds).tolist() == inside[np.arange(len(rows)), rows.outcome].tolist()
    assert 0.6 < covered(rows, *bounds).mean() < 1


def random_rows(count, seed):
    """Outcomes of a model whose probabilities mean nothing; half of later records are moves."""
    draws = np.random.default_rng(seed)
    probs = draws.dirichlet(np.ones(6) / 2, count)
    previous = draws.integers(0, 6, count)
    moved = draws.random(count) < 0.5
    outcome = np.where(moved, (previous + draws.integers(1, 6, count)) % 6, previous)
    each = np.arange(count)
    empty = score(FixedModel(), [CareerHistory("0", (JobRecord(2000, COOK),), "NLSY97")])
    blank = {name: np.repeat(getattr(empty, name), count) for name in ("dataset", "sex",
             "race_ethnicity", "education", "birth_year", "weight", "year", "log_p", "rank",
             "coverage", "destination", "p_destination", "p_not_working")}  # fmt: skip
    return ScoreTable(
        empty.model, Detail.RAW, **blank, person_id=each.astype(str),
        history=draws.integers(1, 20, count), outcome=outcome, previous=previous,
        log_p_raw=np.log(probs[each, outcome]), p_same=probs[each, previous],
    ), np.log(probs)  # fmt: skip


@pytest.mark.parametrize("percent", [80, 90])
def test_stays_and_moves_are_covered_as_promised_however_wrong_the_model_is(percent):
    cells = calibrate(random_rows(6_000, 1)[0], TOY)
    rows, _ = random_rows(20_000, 2)
    hit = covered(rows, *thresholds_of(cells, rows, TOY, percent))
    for part in (hit, hit[rows.changed], hit[~rows.changed]):
        assert part.mean() == pytest.approx(percent / 100, abs=0.015)


def test_plain_sets_miss_moves_that_sets_by_outcome_hold():
    rows, log_probs = random_rows(3_000, 3)
    # A model that is nearly sure of a stay, and right half of the time.
    sure = np.full(log_probs.shape, 0.02)
    sure[np.arange(len(rows)), rows.previous] = 0.9
    tried = {t.sets: t for t in compare_sets(Answers(rows, np.log(sure)), TOY, "NLSY97")}
    by_outcome_set = tried["by outcome, P(state | moved)"]
    assert by_outcome_set.coverage_move >= 0.85
    assert tried["one threshold on P(state)"].coverage_stay == 1.0


def test_cells_are_the_narrowest_that_enough_rows_made():
    few, many = cell(Part.STAY, 0.1), cell(Part.STAY, 0.2, cohort="NLSY97")
    own = cell(Part.STAY, 0.3, cohort="NLSY97", history=(2, 4))
    moves = cell(Part.MOVE, 0.4)
    every = (few, many, own, moves)
    assert cells_for(every, "NLSY97", 3, Before.JOB) == (own, moves)
    assert cells_for(every, "NLSY97", 9, Before.JOB) == (many, moves)
    assert cells_for(every, "PSID", 3, Before.JOB) == (few, moves)


def test_a_cell_of_its_own_needs_sixty_rows():
    rows, _ = random_rows(2_000, 4)
    found = calibrate(rows, TOY)
    assert all(c.rows >= FEWEST_ROWS for c in found if c.cohort != POOLED)
    assert {c.part for c in found if c.cohort == POOLED} == {Part.FIRST, Part.STAY, Part.MOVE}
    assert sum(c.rows for c in found if c.cohort == POOLED) == len(rows)


@pytest.mark.parametrize("level", ["0", "1", "1.5", "abc", "", "90", "-0.9", "0.4", "nan", "0.999"])
def test_a_level_that_no_set_can_have_is_refused(level):
    with pytest.raises(ValueError, match="not one a set can have; expected 0.5 to 0.99"):
        percent_of(level)
    assert percent_of("0.9") == 90


def test_a_set_of_one_prediction_lists_its_states_likeliest_first():
    stay, move = cell(Part.STAY, 0.3), cell(Part.MOVE, 0.2)
    found = prediction_set(predict(FixedModel(), QUERY), sureness(stay, move), 90)
    assert [o.title for o, _ in found.members] == ["Cooks", "Not working"]
    assert found.probability == pytest.approx((0.4 + 0.15) / 0.9)
    assert found.groups[0] == ("Food", 1, pytest.approx(0.4 / 0.9))
    with pytest.raises(ValueError, match="not within 50–99%"):
        prediction_set(predict(FixedModel(), QUERY), sureness(stay, move), 100)


# Measured


def test_coverage_and_size_are_counted_for_every_group():
    rows, log_probs = random_rows(600, 5)
    cells = (cell(Part.STAY, 0.0), cell(Part.MOVE, 2.0), *(
        cell(part, 0.0, kind=kind) for kind in (Before.NOT_WORKING, Before.STUDENT)
        for part in (Part.STAY, Part.MOVE)
    ))  # fmt: skip
    found = measure(rows, Answers(rows, log_probs), cells, TOY, ("NLSY97", None, 90))
    by = {(m.by, m.group): m for m in found.groups}
    job = np.isin(rows.previous, [0, 1, 2, 3])
    # After a job the set is that job alone; otherwise it is all six states.
    assert by["last_state", "job"].mean_size == 1
    assert by["last_state", "student"].median_size == 6
    assert by["last_state", "job"].coverage.value == pytest.approx((~rows.changed)[job].mean())
    assert by["all", "all"].coverage.value == pytest.approx((~rows.changed | ~job).mean())
    assert by["all", "all"].rows == by["all", "all"].sized == 600


# Track record


def test_predictions_are_put_beside_what_came_of_them():
    rows, _ = random_rows(4_000, 6)
    curves = reliability_curves(rows, TOY)
    (found,) = [c for c in curves if (c.event, c.before) == (Event.SAME, Before.JOB)]
    job = np.isin(rows.previous, [0, 1, 2, 3])
    said, came = rows.p_same[job], ~rows.changed[job]
    assert found.rows == job.sum() == sum(found.counts)
    for low, high, share, count in zip(
        found.lowest, found.highest, found.observed, found.counts, strict=True
    ):
        here = (said >= low) & (said <= high)
        assert count == here.sum()
        assert share == pytest.approx(came[here].mean())
    assert min(found.counts) >= 200


CURVE = Reliability(
    Event.SAME, Before.JOB, "NLSY97", None, None, 600, 30,
    (0.1, 0.3, 0.5), (0.3, 0.5, 0.7), (0.2, 0.4, 0.6), (0.25, 0.45, 0.55),
    (0.2, 0.4, 0.5), (0.3, 0.5, 0.6), (200, 200, 200),
)  # fmt: skip


def test_the_record_is_of_the_bin_that_holds_the_prediction():
    (record,) = track_records((CURVE,), predict(FixedModel(), QUERY))  # raw P(Cooks) is 0.4
    assert (record.lowest, record.highest, record.count) == (0.3, 0.5, 200)
    assert record.observed == Interval(0.45, 0.4, 0.5)
    assert not record.beyond
    assert "gives 30.0–50.0% to keeping the same job" in words.track_record(record)
    assert "45.0% (40.0–50.0) of 200 person-years" in words.track_record(record)


def test_a_prediction_beyond_all_that_were_seen_says_so():
    low = replace(CURVE, lowest=(0.01, 0.02, 0.03), highest=(0.02, 0.03, 0.04))
    (record,) = track_records((low,), predict(FixedModel(), QUERY))
    assert record.beyond
    assert "as extreme" in words.track_record(record)


def test_workers_like_this_are_the_narrowest_group_with_a_curve():
    women = replace(CURVE, sex=Sex.FEMALE)
    schooled = replace(CURVE, education=Education.HIGH_SCHOOL)
    both = replace(women, education=Education.HIGH_SCHOOL)
    asked = replace(QUERY, past=replace(PAST, sex=Sex.FEMALE))
    assert like_this((CURVE, women, schooled, both), asked, Event.SAME) is both
    assert like_this((CURVE, women, schooled), asked, Event.SAME) is schooled
    assert like_this((CURVE, women), asked, Event.SAME) is women
    assert like_this((CURVE, both), QUERY, Event.SAME) is CURVE
    unknown = replace(QUERY, past=replace(PAST, dataset=None))
    assert like_this((CURVE,), unknown, Event.SAME) is None


# Unsureness


def test_unsureness_counts_equally_likely_states():
    log_probs = np.log([[0.25, 0.25, 0.25, 0.25], [1.0, 1e-300, 1e-300, 1e-300]])
    assert perplexities(log_probs) == pytest.approx([4, 1])
    assert perplexities(log_probs - 1.0) == pytest.approx([4, 1])  # raw, before normalising


def test_unsureness_is_ranked_among_usual_predictions():
    usual = Unsureness("NLSY97", Before.JOB, 500, tuple(q / 10 for q in range(5, 100, 5)))
    found = how_unsure(predict(FixedModel(), QUERY), (usual,))
    probs = np.array(LATER) / sum(LATER)
    expected = np.exp(-(probs * np.log(probs)).sum())
    assert found.equally_likely == pytest.approx(expected)  # 4.7: above the 45th percentile, 4.5
    assert found.less_sure_than == 45
    assert "About 45 in 100 of them are surer" in words.unsure(found)
    assert how_unsure(predict(FixedModel(), QUERY), ()).less_sure_than is None


def test_usual_unsureness_needs_a_hundred_rows():
    rows, log_probs = random_rows(400, 9)
    (found,) = usual_unsureness(rows, log_probs, TOY)
    assert found.before is Before.JOB
    here = perplexities(log_probs)[np.isin(rows.previous, [0, 1, 2, 3])]
    assert found.quantiles[9] == pytest.approx(np.median(here))


# What ships


@pytest.fixture(scope="module", params=SHIPPED)
def shipped(request):
    return request.param, sureness_of(request.param)


def headline(found, percent=90, years=(1997, 2011)):
    return next(
        m for m in found.measurements
        if (m.cohort, m.years, m.percent) == ("NLSY97", years, percent)
    )  # fmt: skip


def test_shipped_90_percent_sets_hold_88_to_92_percent_and_85_of_moves(shipped):
    rows = by_outcome(headline(shipped[1]))
    most = 0.93 if shipped[0] == "markov" else 0.92  # its many ties err on the safe side
    assert 0.88 <= rows["all"].coverage.value <= most
    assert rows["move"].coverage.value >= 0.85
    assert rows["all"].rows == 25_563


def test_every_offered_level_is_measured_for_every_group(shipped):
    for percent in OFFERED:
        groups = {(m.by, m.group): m for m in headline(shipped[1], percent).groups}
        for by in ("sex", "race_ethnicity", "education", "birth_cohort", "history"):
            assert sum(key[0] == by for key in groups) >= 2
        assert groups["sex", "female"].mean_size
        assert all(m.coverage.low is not None or m.blocks < 20 for m in groups.values())


def test_a_larger_level_never_loses_a_state(shipped):
    name, found = shipped
    taxonomy = occ1990dd()
    jobs = tuple(JobRecord(2000 + k, taxonomy["436"]) for k in range(4))
    prediction = predict(load_model(name), Query(CareerHistory("w", jobs, "NLSY97"), 2004))
    sets = [
        {o.code for o, _ in prediction_set(prediction, found, p).members} for p in (50, 80, 90, 95)
    ]
    assert sets[0] <= sets[1] <= sets[2] <= sets[3]
    assert "436" in sets[1]


def test_an_answer_as_json_holds_set_record_and_measures(shipped):
    name, found = shipped
    past = CareerHistory("w", (JobRecord(2000, occ1990dd()["436"]),), "NLSY97", 1981)
    answer = how_sure(predict(load_model(name), Query(past, 2001)), found)
    written = json.loads(json.dumps(sure_to_json(answer)))
    assert written["level"] == 0.9
    assert written["set_size"] == len(written["set"])
    assert written["set"][0]["description"]
    assert {record["event"] for record in written["track_record"]} == {"same state", "not working"}
    assert written["measured"]["rows"] == "NLSY97 1997–2011"


# Files


@pytest.fixture
def own(tmp_path):
    """A Markov model of made-up careers with a split, not calibrated yet."""
    table = tmp_path / "own.csv"
    codes = [o.code for o in occ1990dd().occupations][-6:]
    draws = np.random.default_rng(1)
    with table.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("dataset", "person_id", "year", "occupation", "split", "birth_year"))
        for person in range(800):
            split = ("train", "valid", "test", "valid", "test")[person // 20 % 5]
            state = draws.integers(6)
            for year in range(2005, 2012):
                state = state if draws.random() < 0.6 else draws.integers(6)
                writer.writerow(("PSID", person, year, codes[state], split, 1980))
    careers = calibrate_sets.load_split((str(table),), calibrate_sets.Split.TRAIN)
    card = make_card(ModelKind.MARKOV, "Mine", occ1990dd(), careers, {}, name="mine")
    folder = tmp_path / "mine"
    folder.mkdir()
    counts = count_transitions(careers, occ1990dd())
    MarkovModel(card, occ1990dd(), counts, Smoothing(1.0, 0.1, 0.1)).save(folder)
    write_card(folder, card)
    return folder, table


def test_a_model_of_ones_own_is_calibrated_by_the_script(own, capsys):
    folder, table = own
    with pytest.raises(SureError, match="no sets were calibrated.*train.calibrate_sets"):
        sureness_of(str(folder))
    calibrate_sets.main(
        calibrate_sets.Calibrating(
            (str(folder),), (str(table),), choosing=200, sized=300, scores=folder.parent / "scores"
        )
    )
    found = sureness_of(str(folder))
    assert sureness_path(folder) == folder / FILE
    rows = by_outcome(next(m for m in found.measurements if m.percent == 90))
    # Six equally likely destinations: many scores tie, which errs on the safe side only.
    assert rows["all"].coverage.value >= 0.88
    assert rows["move"].coverage.value >= 0.85
    assert rows["all"].mean_size <= 6.5
    assert "PSID all years, 90%" in capsys.readouterr().out
    (folder / "model.safetensors").write_bytes((folder / "model.safetensors").read_bytes() + b" ")
    with pytest.raises(SureError, match="calibrated for other weights"):
        sureness_of(str(folder))


def test_a_calibration_comes_back_from_its_file_as_it_was(tmp_path):
    found = sureness(cell(Part.STAY, 0.25), reliability=(CURVE,))
    save_sureness(found, tmp_path / "a.json")
    assert read_sureness(tmp_path / "a.json") == found


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"model": 3}', "[" * 100_000])
def test_a_damaged_calibration_is_named(tmp_path, text):
    (tmp_path / "a.json").write_text(text)
    with pytest.raises(SureError, match="^a.json: "):
        read_sureness(tmp_path / "a.json")


def test_other_weights_or_another_version_are_another_model(own):
    folder, _ = own
    before = model_digest(folder)
    card = json.loads((folder / "card.json").read_text())
    (folder / "card.json").write_text(json.dumps({**card, "version": "2"}))
    assert model_digest(folder) != before


# Command line


@pytest.fixture
def career(tmp_path):
    def write(**changes):
        written = {
            "dataset": "NLSY97",
            "birth_year": 1981,
            "records": [{"year": 2009, "education": "high school", "occupation": "Cooks"}],
            **changes,
        }
        path = tmp_path / "career.json"
        path.write_text(json.dumps(written), encoding="utf-8")
        return str(path)

    return write


def sure(*arguments):
    return CliRunner().invoke(cli.app, ["sure", *arguments])


def test_the_command_prints_the_set_the_promise_and_the_record(career):
    found = sure(career(), "--model", "markov")
    assert found.exit_code == 0
    for said in (
        "90% set",
        "Of 100 such sets, about 90 hold",
        "When this model gives",
        "As unsure",
    ):
        assert said in found.stdout
    assert "Cooks (436)" in found.stdout


def test_the_commands_json_is_the_engines(career):
    found = json.loads(sure(career(), "--model", "markov", "--level", "0.8", "--json").stdout)
    past = CareerHistory(
        "", (JobRecord(2009, occ1990dd()["436"], Education.HIGH_SCHOOL),), "NLSY97", 1981
    )
    query = Query(past, 2010, Education.HIGH_SCHOOL)
    answer = how_sure(predict(load_model("markov"), query), sureness_of("markov"), 80)
    assert found == json.loads(json.dumps(sure_to_json(answer)))


@pytest.mark.parametrize("level", ["0", "1", "1.5", "abc"])
def test_the_command_refuses_a_level_that_no_set_can_have(career, level):
    found = sure(career(), "--model", "markov", "--level", level)
    assert found.exit_code == 2
    assert "not one a set can have" in found.stderr


def test_a_first_record_has_a_set_too(career):
    found = sure(career(records=[], query={"year": 1999}), "--model", "markov", "--json")
    answer = json.loads(found.stdout)
    assert found.exit_code == 0
    assert answer["calibrated_by"] == [
        {"cohort": "NLSY97", "earlier_records": None, "after": "first record", "outcome": "first",
         "person_years": answer["calibrated_by"][0]["person_years"]}
    ]  # fmt: skip


def test_a_question_outside_the_training_data_is_answered_with_notes(career):
    found = sure(career(dataset="PSID", birth_year=1930), "--model", "markov")
    assert found.exit_code == 0
    assert "never saw the PSID dataset" in found.stderr
    assert "No worker of PSID calibrated these sets" in found.stderr
    unknown = sure(career(dataset=None), "--model", "markov")
    assert "The survey is unknown" in unknown.stderr


def test_a_model_without_calibration_says_how_to_make_one(career, own):
    found = sure(career(), "--model", str(own[0]))
    assert found.exit_code == 2
    assert "train.calibrate_sets" in found.stderr
