"""Reports: made from scores, written, read strictly, and ranked only on the same rows."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.assets import asset_path
from occu_core.careers import CareerHistory, JobRecord
from occu_core.evaluation.model_report import Rows, compare_models, model_report
from occu_core.evaluation.report_files import (
    ReportError,
    file_name,
    leaderboards,
    load_reports,
    parse_report,
    report_json,
    save_report,
)
from occu_core.evaluation.reports import Interval, Part
from occu_core.evaluation.score import score
from occu_core.evaluation.scores import Detail
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel
from tests.reports_at_hand import COMPARISON, CURVE, EVERY, MEMBERSHIP, MODEL, PROVENANCE

COOK, HEAD, CARPENTER, ACTOR, NOT_WORKING, STUDENT = TOY.occupations
ROWS = Rows("NLSY97", "test", (1990, 1999))


def kind(report):
    return type(report).__name__


def career(person, *states):
    records = tuple(JobRecord(1990 + k, state) for k, state in enumerate(states))
    return CareerHistory(str(person), records, dataset="NLSY97")


@pytest.fixture(scope="module")
def careers():
    """Fifty workers in fifty blocks, with every kind of move."""
    draws = np.random.default_rng(1)
    return [
        career(20 * n, *(TOY.occupations[k] for k in draws.choice(6, 4, p=[0.5, *[0.1] * 5])))
        for n in range(50)
    ]


@pytest.mark.parametrize("report", EVERY, ids=kind)
def test_a_report_comes_back_from_its_file_as_it_was(report, tmp_path):
    path = tmp_path / file_name(report)
    save_report(report, path)
    assert parse_report(path.read_bytes(), path.name) == report
    assert json.loads(path.read_text(encoding="utf-8"))["kind"] in path.name


def test_a_folder_of_reports_is_sorted_by_kind(tmp_path):
    for report in EVERY:
        save_report(report, tmp_path / file_name(report))
    found = load_reports(tmp_path)
    assert (found.models, found.comparisons) == ((MODEL,), (COMPARISON,))
    assert (found.curves, found.memberships) == ((CURVE,), (MEMBERSHIP,))
    assert found.problems == ()


def test_reports_of_older_and_unknown_kinds_are_left_out(tmp_path):
    older = asset_path("reports", "normalised_language_model.json").read_bytes()
    (tmp_path / "normalised_language_model.json").write_bytes(older)
    (tmp_path / "speed.json").write_text('{"kind": "speed", "rows": 3}', encoding="utf-8")
    assert load_reports(tmp_path) == load_reports(tmp_path / "nothing")
    with pytest.raises(ReportError, match="is not a report; expected a `kind` among model"):
        parse_report(older, "older.json")


def damaged(**changes):
    written = json.loads(report_json(MODEL))
    for place, value in changes.items():
        *parents, last = place.split("__")
        inner = written
        for parent in parents:
            inner = inner[parent]
        inner[last] = value
    return json.dumps(written)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "bad.json: is not JSON"),
        ("[" * 100_000, "bad.json: is not JSON"),
        ("[1]", "bad.json: is not a report; expected a JSON object"),
        ('{"kind": "model"}', "bad.json: has no auc_change, auc_not_working, coverage"),
        (damaged(extra=1), "bad.json: has unknown extra; allowed: provenance"),
        (damaged(provenance=3), "bad.json: provenance is '3'; expected an object"),
        (damaged(provenance__rows="many"), "provenance rows is 'many'; expected int"),
        (damaged(provenance__rows=True), "provenance rows is 'True'; expected int"),
        (damaged(provenance__years=[1997]), "provenance years has 1 values; expected 2"),
        (damaged(subgroups={}), "bad.json: subgroups is '{}'; expected a list"),
        (damaged(perplexity_raw__overall__value=10**400), "overall value is '1000"),
        (damaged(perplexity_raw__overall__low=99), "is no interval; expected low ≤ high"),
        (damaged(top1__high=None), "is no interval; expected low ≤ high, or neither"),
        (damaged(top1__value=float("nan")), "top1 value is 'nan'; expected float"),
    ],
)
def test_a_damaged_report_is_named_and_the_others_are_read(text, message, tmp_path):
    (tmp_path / "bad.json").write_text(text, encoding="utf-8")
    save_report(CURVE, tmp_path / "good.json")
    found = load_reports(tmp_path)
    assert found.curves == (CURVE,)
    assert len(found.problems) == 1
    assert message in found.problems[0]
    assert found.problems[0].startswith("bad.json: ")


def test_an_unknown_part_is_refused_with_those_there_are():
    text = report_json(COMPARISON).replace('"move"', '"leap"')
    with pytest.raises(ReportError, match="part is 'leap'; expected one of all, first, stay, move"):
        parse_report(text)


@pytest.mark.parametrize("ends", [(1.0, None), (None, 1.0), (2.0, 1.0), (float("nan"), 1.0)])
def test_an_interval_has_both_ends_in_order_or_none(ends):
    with pytest.raises(ValueError, match=r"is no interval|is not finite"):
        Interval(1.5, *ends)


def test_files_of_different_reports_have_different_names():
    rows = replace(PROVENANCE, years=None)
    reports = [
        *EVERY,
        replace(MODEL, provenance=rows),
        replace(MODEL, provenance=replace(PROVENANCE, model="markov")),
        replace(COMPARISON, part=Part.ALL),
        replace(COMPARISON, normalised=True),
        replace(COMPARISON, seeds_a=1, seeds_b=1),
        replace(CURVE, experiment="size"),
    ]
    assert len({file_name(report) for report in reports}) == len(reports)


def test_models_on_different_rows_are_never_ranked_together():
    def report(model, perplexity, digest):
        scored = replace(PROVENANCE, model=model, rows_digest=digest)
        overall = replace(MODEL.perplexity_raw, overall=Interval(perplexity))
        return replace(MODEL, provenance=scored, perplexity_raw=overall)

    boards = leaderboards(
        (report("a", 9.0, "one"), report("b", 2.0, "two"), report("c", 8.0, "one"))
    )
    ranked = {b.rows_digest: [r.provenance.model for r in b.reports] for b in boards}
    assert ranked == {"one": ["c", "a"], "two": ["b"]}
    assert boards[0].rows_label == "NLSY97 1997–2011, test (simulated)"


def test_a_model_report_has_the_numbers_worked_out_by_hand():
    # Raw 0.2, 0.4, 0.1, then 0.1, 0.4: after the first record a stay, then two moves.
    table = score(
        FixedModel(),
        [career(1, COOK, COOK, ACTOR), career(41, STUDENT, COOK)],
        Detail.NORMALISED,
        weights={("NLSY97", "1", 1990): 1.0, ("NLSY97", "1", 1991): 3.0},
    )
    report = model_report(table, ROWS, "a command")
    about = report.provenance
    assert (about.model, about.workers, about.rows, about.years) == ("fixed", 2, 5, (1990, 1999))
    assert (about.data, about.split, about.command) == ("NLSY97", "test", "a command")
    raw = report.perplexity_raw
    assert raw.overall.value == pytest.approx((0.2 * 0.4 * 0.1 * 0.1 * 0.4) ** (-1 / 5))
    assert raw.first.value == pytest.approx((0.2 * 0.1) ** (-1 / 2))
    assert raw.stay.value == pytest.approx(1 / 0.4)
    assert raw.move.value == pytest.approx((0.1 * 0.4) ** (-1 / 2))
    assert report.perplexity.move.value == pytest.approx(0.9 * raw.move.value)
    assert report.coverage.value == pytest.approx(0.9)
    assert (report.top1.value, report.top5.value, report.top10.value) == (3 / 5, 4 / 5, 1)
    # P(same) is 4/9 for the stay and for one move, 0.5/9 for the other: one pair tied, one won.
    assert report.auc_change.value == pytest.approx(0.75)
    assert report.auc_not_working is None
    assert report.weighted.overall.value == pytest.approx((0.2 * 0.4**3) ** (-1 / 4))
    assert report.weighted.move is None
    squares = (4 / 9 - 1) ** 2 + (4 / 9) ** 2 + (0.5 / 9) ** 2
    assert report.stay.brier.value == pytest.approx(squares / 3)
    # Moves: 0.3 on Not working, who became an actor; 0.4/0.85 on a cook, who did.
    assert report.destination.brier.value == pytest.approx((0.3**2 + (0.4 / 0.85 - 1) ** 2) / 2)
    assert report.stay.temperature is None


def test_raw_scores_make_a_report_without_what_needs_every_title(careers):
    report = model_report(score(FixedModel(), careers, Detail.RAW), ROWS, "")
    absent = {report.perplexity, report.coverage, report.top1, report.destination}
    assert absent == {None}
    assert report.weighted is None
    assert report.auc_change
    assert report.auc_not_working
    assert report.stay.rows == 150
    outcome = model_report(score(FixedModel(), careers, Detail.OUTCOME), ROWS, "")
    assert outcome.perplexity_raw == report.perplexity_raw
    assert {outcome.stay, outcome.auc_change, outcome.auc_not_working} == {None}


def test_temperatures_come_from_the_calibrating_half(careers):
    table = score(FixedModel(), careers, Detail.NORMALISED)
    fitted = model_report(table, ROWS, "", calibrating=table)
    assert fitted.stay.temperature != fitted.destination.temperature
    assert fitted.stay.error_after is not None
    raw = score(FixedModel(), careers, Detail.RAW)
    assert model_report(table, ROWS, "", calibrating=raw).destination.temperature is None


def test_the_same_scores_give_the_same_bytes(careers):
    texts = {
        report_json(model_report(score(FixedModel(), order, Detail.NORMALISED), ROWS, ""))
        for order in (careers, list(careers))
    }
    assert len(texts) == 1


class TimidModel(FixedModel):
    """Puts half the probability on everything, so its raw perplexity is twice as high."""

    def distributions(self, career):
        for distribution in super().distributions(career):
            yield replace(distribution, coverage=distribution.coverage / 2)

    def log_likelihoods(self, career):
        return super().log_likelihoods(career) - np.log(2)

    def log_probabilities(self, career, positions):
        return super().log_probabilities(career, positions) - np.log(2)


@pytest.mark.parametrize("part", list(Part))
def test_two_models_are_compared_on_the_same_rows_in_any_order(careers, part):
    plain = score(FixedModel(), careers, Detail.RAW)
    timid = score(TimidModel(), careers[::-1], Detail.RAW)
    found = compare_models([timid], [plain], ROWS, part, "a command")
    percent = found.difference_percent
    assert (percent.value, percent.low, percent.high) == pytest.approx((100, 100, 100))
    assert (found.share_below, found.part, found.normalised) == (0, part, False)
    assert found.perplexity_a == pytest.approx(2 * found.perplexity_b)
    assert found.rows_digest == plain.rows_digest
    assert found.rows_label == "NLSY97 1990–1999, test"


def test_normalised_scores_are_compared_where_all_have_them(careers):
    plain, timid = (score(m, careers, Detail.NORMALISED) for m in (FixedModel(), TimidModel()))
    found = compare_models([timid, timid], [plain], ROWS, Part.ALL, "")
    assert found.normalised
    assert found.difference_percent.value == pytest.approx(0)
    assert (found.seeds_a, found.seeds_b) == (2, 1)
    mixed = compare_models([timid], [score(FixedModel(), careers, Detail.RAW)], ROWS, Part.ALL, "")
    assert not mixed.normalised


def test_models_on_different_rows_are_not_compared(careers):
    some, all_ = (score(FixedModel(), part, Detail.RAW) for part in (careers[1:], careers))
    with pytest.raises(ValueError, match=r"on rows .* \(196\) and fixed on .* \(200\); expected"):
        compare_models([some], [all_], ROWS, Part.ALL, "")


def test_a_part_without_rows_is_not_compared():
    stays = score(FixedModel(), [career(1, COOK, COOK)], Detail.RAW)
    assert compare_models([stays], [stays], ROWS, Part.MOVE, "") is None


TABLE = """dataset,person_id,year,occupation,split,weight
NLSY97,1,2000,Cooks,test,10
NLSY97,1,2001,Cooks,test,10
NLSY97,1,2002,Student,test,30
NLSY97,2,2001,Not working,test,
"""


@pytest.mark.parametrize("raw_only", [[], ["--raw-only"]])
def test_evaluate_writes_a_report_that_says_what_it_prints(raw_only, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    asked = ["evaluate", "table.csv", "--model", "markov", "--split", "test", "--json", *raw_only]
    result = CliRunner().invoke(cli.app, [*asked, "--report", "mine.json"])
    assert result.exit_code == 0, result.output
    printed = json.loads(result.stdout)
    (report,) = load_reports(tmp_path).models
    assert report.perplexity_raw.overall.value == pytest.approx(printed["perplexity_raw"], 1e-5)
    assert (report.perplexity is None) == (printed["perplexity"] is None) == bool(raw_only)
    assert report.provenance.rows_label == "NLSY97 all years, test"
    assert (report.provenance.workers, report.provenance.rows) == (2, 4)
    assert report.weighted.stay.value == pytest.approx(report.perplexity_raw.stay.value)
    assert report.provenance.command == " ".join(
        ["occu evaluate table.csv --model markov --split test", *raw_only]
    )


def test_evaluate_refuses_a_report_that_cannot_be_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "table.csv").write_text(TABLE, encoding="utf-8")
    for place, message in (("no/r.json", "there is no folder no; make it"), (".", "is a folder")):
        result = CliRunner().invoke(cli.app, ["evaluate", "table.csv", "--report", place])
        assert result.exit_code == 2
        assert f"error: --report {place}: {message}" in result.stderr
