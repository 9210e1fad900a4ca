"""The scripts from careers to reports, run on made-up careers and a model fitted to them."""

import csv
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.evaluation.report_files import leaderboards, load_reports
from occu_core.evaluation.reports import Part
from occu_core.evaluation.scores import Detail, ScoreTable
from occu_core.models.base import ModelKind
from occu_core.models.markov import MarkovModel, Smoothing, count_transitions
from occu_core.models.storage import load_model, read_card, write_card
from occu_core.occupations import occ1990dd
from train import check_horizons, check_membership, score_models, write_reports
from train.saving import make_card
from train.score_files import best_scores, scores_folder

CODES = [o.code for o in occ1990dd().occupations][-6:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Made-up careers of both cohorts, and two Markov models of them, one smoother."""
    folder = tmp_path_factory.mktemp("reports")
    draws = np.random.default_rng(1)
    header = ("dataset", "person_id", "year", "occupation", "split", "birth_year", "weight")
    with (folder / "table.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        for person in range(400):
            dataset = "NLSY97" if person % 2 else "NLSY79"
            split = ("train", "train", "valid", "test", "valid")[person // 20 % 5]
            state = draws.integers(6)
            for year in range(2005, 2015):
                state = state if draws.random() < 0.6 else draws.integers(6)
                writer.writerow((dataset, person, year, CODES[state], split, 1980, person % 3))
    table = load_career_table(folder / "table.csv")
    for name, share in (("sharp", 0.1), ("smooth", 20.0)):
        train = table.only(Split.TRAIN).careers
        card = make_card(ModelKind.MARKOV, name.title(), occ1990dd(), train, {}, name=name)
        counts = count_transitions(train, occ1990dd())
        (folder / name).mkdir()
        model = MarkovModel(card, occ1990dd(), counts, Smoothing(1.0, share, share))
        model.save(folder / name)
        write_card(folder / name, card)
    return folder


@pytest.fixture
def scoring(folder):
    return score_models.Scoring(
        models=(str(folder / "sharp"), str(folder / "smooth")),
        splits=(Split.TEST, Split.VALID),
        detail=Detail.NORMALISED,
        tables=(str(folder / "table.csv"),),
        out=folder / "scores",
    )


@pytest.fixture
def settings(folder, scoring):
    """A settings file over the scores, which are made."""
    score_models.main(scoring)
    sharp, smooth = scoring.models
    path = folder / "reports.toml"
    path.write_text(
        f'models = ["{sharp}", "{smooth}"]\npairs = ["{sharp} against {smooth}"]\n'
        f'seeds_a = ["{sharp}", "{smooth}"]\nseeds_b = ["{smooth}"]\n'
        f'tables = ["{folder / "table.csv"}"]\nscores = "{folder / "scores"}"\n'
        f'out = "{folder / "reports"}"\nsimulated = true\n',
        encoding="utf-8",
    )
    return path


def test_scores_are_those_of_the_model_with_the_surveys_weights(scoring):
    score_models.main(scoring)
    name = scoring.models[0]
    scores = best_scores(name, Split.TEST, scoring.tables, scoring.out)
    assert scores.detail is Detail.NORMALISED
    model, table = load_model(name), load_career_table_of(scoring)
    expected = np.concatenate([model.log_likelihoods(c) for c in table.only(Split.TEST).careers])
    assert scores.log_p_raw == pytest.approx(expected)
    assert scores.weight.tolist() == [int(p) % 3 for p in scores.person_id]


def load_career_table_of(scoring):
    return load_career_table(Path(scoring.tables[0]))


def test_scores_that_are_there_are_not_made_again(scoring, monkeypatch, capsys):
    score_models.main(scoring)
    monkeypatch.setattr(score_models, "load_model", lambda _: pytest.fail("scored again"))
    score_models.main(scoring)
    assert capsys.readouterr().out.count("is there already") >= 4


def test_a_stopped_run_goes_on_after_the_parts_it_has(scoring, folder, monkeypatch):
    careers = list(load_career_table_of(scoring).only(Split.TRAIN).careers)
    model, calls = load_model(scoring.models[0]), []
    monkeypatch.setattr(score_models, "PART", 70)
    real = score_models.score

    def stopping(*arguments, **options):
        calls.append(arguments)
        if len(calls) == 2:
            raise KeyboardInterrupt
        return real(*arguments, **options)

    monkeypatch.setattr(score_models, "score", stopping)
    broken, whole = folder / "broken.npz", folder / "whole.npz"
    with pytest.raises(KeyboardInterrupt):
        score_models.score_in_parts(model, careers, Detail.RAW, {}, broken)
    assert not broken.exists()
    score_models.score_in_parts(model, careers, Detail.RAW, {}, broken)
    assert len(calls) == 4  # three parts, of which one was stopped
    score_models.score_in_parts(model, careers, Detail.RAW, {}, whole)
    first, second = ScoreTable.load(broken), ScoreTable.load(whole)
    assert first.log_p_raw.tobytes() == second.log_p_raw.tobytes()
    assert first.rows_digest == second.rows_digest
    assert not broken.with_suffix(".parts").exists()


def test_other_weights_never_share_a_folder_but_another_card_does(scoring, folder):
    before = scores_folder(scoring.models[0], scoring.tables, scoring.out)
    assert before != scores_folder(scoring.models[1], scoring.tables, scoring.out)
    card = folder / "sharp" / "card.json"
    text = card.read_text(encoding="utf-8")
    card.write_text(text.replace('"Sharp"', '"Sharper"'), encoding="utf-8")
    assert scores_folder(scoring.models[0], scoring.tables, scoring.out) == before
    card.write_text(text, encoding="utf-8")


def test_an_ensembles_scores_belong_to_its_members_weights_too(scoring, folder):
    both = folder / "both"
    both.mkdir()
    card = replace(read_card(folder / "sharp"), name="both", kind=ModelKind.ENSEMBLE)
    write_card(both, card)
    (both / "config.json").write_text('{"members": ["../sharp", "../smooth"]}', encoding="utf-8")
    before = scores_folder(str(both), scoring.tables, scoring.out)
    assert scores_folder(str(both), scoring.tables, scoring.out) == before
    weights = folder / "smooth" / "model.safetensors"
    kept = weights.read_bytes()
    weights.write_bytes(kept + b" ")
    assert scores_folder(str(both), scoring.tables, scoring.out) != before
    weights.write_bytes(kept)


def test_missing_scores_are_answered_with_the_command_that_makes_them(scoring, folder):
    with pytest.raises(SystemExit, match=r"python -m train\.score_models .*sharp --split train"):
        best_scores(scoring.models[0], Split.TRAIN, scoring.tables, folder / "scores")


def test_reports_are_written_for_each_set_of_rows(settings, folder):
    write_reports.main(settings)
    found = load_reports(folder / "reports")
    assert found.problems == ()
    boards = {board.rows_label: board for board in leaderboards(found.models)}
    assert set(boards) == {
        "NLSY97 1997–2011, test (simulated)",
        "NLSY97 all years, test (simulated)",
        "NLSY79 all years, test (simulated)",
    }
    for board in boards.values():
        assert [report.provenance.title for report in board.reports] == ["Sharp", "Smooth"]
        assert all(report.stay.temperature for report in board.reports)
    pairs = [c for c in found.comparisons if (c.seeds_a, c.seeds_b) == (1, 1)]
    assert len(pairs) == 3 * len(Part)
    overall = [c for c in pairs if c.part is Part.ALL]
    assert all(c.difference_percent.high < 0 for c in overall)
    assert all(c.simulated for c in found.comparisons)
    assert len(found.comparisons) == 2 * len(pairs)


def test_the_same_scores_give_the_same_files(settings, folder):
    write_reports.main(settings)
    first = {path.name: path.read_bytes() for path in (folder / "reports").glob("*.json")}
    write_reports.main(settings)
    assert first == {path.name: path.read_bytes() for path in (folder / "reports").glob("*.json")}
    assert str(folder) not in b"".join(first.values()).decode()


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('pairs = ["a against c"]', "'a against c' is not a pair; expected `a against b`"),
        ('pairs = ["a"]', "'a' is not a pair"),
        ('seeds_a = ["a"]', "expected both or neither"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(line, message, tmp_path):
    path = tmp_path / "reports.toml"
    path.write_text(f'models = ["a", "b"]\n{line}\n', encoding="utf-8")
    with pytest.raises(SystemExit, match=message):
        write_reports.main(path)


def test_each_model_gets_a_membership_report_for_each_cohort(folder, scoring):
    check = check_membership.Check(
        models=(scoring.models[0],),
        workers=60,
        audited=40,
        tables=scoring.tables,
        out=folder / "members",
    )
    check_membership.main(check)
    found = load_reports(folder / "members")
    assert found.problems == ()
    assert {m.provenance.data for m in found.memberships} == {"NLSY97", "NLSY79"}
    for report in found.memberships:
        assert (report.train_workers, report.test_workers) == (60, 40)
        assert f"{report.attack_auc.value:.1%} of pairs" in report.finding
        assert "--workers 60 --audited 40" in report.provenance.command


def test_two_years_ahead_become_an_experiment(folder, scoring):
    asked = check_horizons.Horizons(
        scoring.models[0], transitions=12, tables=scoring.tables, out=folder / "horizons"
    )
    check_horizons.main(asked)
    (curve,) = load_reports(folder / "horizons").curves
    # A Markov table takes a gap for one step, so the two ways differ.
    distance = next(p.value for p in curve.points if p.label == "total variation")
    assert 0.05 < distance.low <= distance.value <= distance.high < 1
    assert f"differ by {distance.value:.3f}" in curve.finding
    assert curve.rows_label == "NLSY97, test, 12 two-year transitions"
