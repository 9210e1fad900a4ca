"""Tables of any size: the rows are those of `predict`, and no kill costs or doubles one."""

import csv
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from occu_core.bulk import chunks as chunking
from occu_core.bulk.engines import LocalEngine
from occu_core.bulk.job import JobError, Layout, ScoreJob, Selection, model_digest
from occu_core.bulk.parts import PartFolder, about_file
from occu_core.bulk.running import score_table
from occu_core.bulk.scoring import schema_of, scored, table_of
from occu_core.careers import CareerHistory, JobRecord, Query
from occu_core.data.career_rows import Split
from occu_core.data.files import load_career_table
from occu_core.distributions import OccupationDistribution
from occu_core.models.storage import load_model, model_folder
from occu_core.occupations import occ1990dd
from occu_core.predictions import NOTE, predict
from tests.careers_at_random import TOY
from tests.fixed_model import FixedModel
from train.simulate_careers import SimulationSettings
from train.simulate_careers import main as simulate

ROOT = Path(__file__).resolve().parents[1]
COMMAND = [sys.executable, "-c", "from occu_core.cli import main; main()", "score"]
TABLE = """person_id,year,occupation,split,education
1,2000,Cooks,train,
1,2001,Student,train,high school
2,2001,Not working,test,
2,2002,,test,
2,2004,Cooks,test,
3,2002,Carpenters,test,
"""


@pytest.fixture(scope="module")
def simulated(tmp_path_factory):
    """1,500 simulated person-years, in order."""
    path = tmp_path_factory.mktemp("simulated") / "simulated.csv"
    simulate(SimulationSettings(path, 1_500))
    return path


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "t.csv"
    path.write_text(TABLE, encoding="utf-8")
    return path


def run(table, out, *, engine=None, restart=False, **options):
    """The outcome and the rows of a job with the Markov model."""
    selection = Selection(
        *(options.get(name) for name in ("split", "years")), options.get("next_year", False)
    )
    job = ScoreJob(
        table,
        options.get("model", "markov"),
        selection,
        Layout(options.get("top", 10), options.get("raw", False)),
    )
    outcome = score_table(job, out, engine or LocalEngine(), restart=restart)
    return outcome, pq.read_table(out).to_pylist()


def years_of(rows):
    return list(dict.fromkeys((row["person_id"], row["year"]) for row in rows))


def asked_one_by_one(table, model, top):
    """What `predict` answers to every transition of a table, likeliest titles first."""
    for career in load_career_table(table).careers:
        for transition in career.transitions():
            likeliest = predict(model, transition.query).distribution.top(top)
            for occupation, probability in likeliest:
                yield career.dataset, career.worker_id, transition.query.year, occupation.code
                yield probability


@pytest.mark.parametrize("top", [1, 10, 343])
def test_every_row_is_that_of_predict(simulated, tmp_path, top):
    _, rows = run(simulated, tmp_path / "o.parquet", top=top)
    expected = list(asked_one_by_one(simulated, load_model("markov"), top))
    keys = [(r["dataset"], r["person_id"], r["year"], r["code"]) for r in rows]
    assert keys == expected[::2]
    assert np.abs(np.array([r["probability"] for r in rows]) - expected[1::2]).max() < 1e-12
    assert len(rows) == 1_500 * top


def test_all_titles_are_columns_that_hold_the_same_probabilities(simulated, tmp_path):
    _, long = run(simulated, tmp_path / "long.parquet", top=343)
    run(simulated, tmp_path / "wide.parquet", top=None)
    wide = pq.read_table(tmp_path / "wide.parquet")
    codes = [occupation.code for occupation in occ1990dd()]
    assert wide.schema.names == ["dataset", "person_id", "year", *codes]
    assert wide.schema.field("436").metadata[b"title"] == b"Cooks"
    probability = {(r["person_id"], r["year"], r["code"]): r["probability"] for r in long}
    for row in wide.slice(700, 20).to_pylist():
        for code in codes:
            expected = probability[row["person_id"], row["year"], code]
            assert row[code] == pytest.approx(expected, rel=1e-6)


def test_ties_keep_taxonomy_order_and_the_whole_career_is_read_once():
    model, cooks = FixedModel(), TOY["1"]
    career = CareerHistory("w", (JobRecord(2000, cooks), JobRecord(2001, cooks)))
    layout = Layout(4)
    schema = schema_of(layout, TOY, datasets=False)
    rows = table_of(scored(model, [career], Selection(), layout), layout, TOY, schema).to_pylist()
    # FIRST is (0.2, 0.2, 0.1, 0.1, 0.2, 0.1) of 0.9, LATER (0.4, 0.1, 0.1, 0.1, 0.15, 0.05).
    assert [(r["year"], r["code"]) for r in rows] == [
        *((2000, "1"), (2000, "2"), (2000, "NW"), (2000, "3")),
        *((2001, "1"), (2001, "NW"), (2001, "2"), (2001, "3")),
    ]
    assert [r["probability"] for r in rows[:5]] == pytest.approx([2 / 9] * 3 + [1 / 9, 4 / 9])
    assert model.asked == [career]


@pytest.mark.slow
@pytest.mark.parametrize("model", ["career", "language_model"])
def test_learned_models_give_the_rows_of_their_predictions(small, tmp_path, model):
    _, rows = run(small, tmp_path / "o.parquet", model=model, top=5)
    expected = list(asked_one_by_one(small, load_model(model), 5))
    assert [(None, r["person_id"], r["year"], r["code"]) for r in rows] == expected[::2]
    # One pass over a career and a pass for each query differ in single precision.
    assert [r["probability"] for r in rows] == pytest.approx(expected[1::2], rel=1e-4)


@pytest.mark.slow
def test_raw_probabilities_are_those_before_normalising_by_the_shorter_way(small, tmp_path):
    model = load_model("language_model")
    _, rows = run(small, tmp_path / "o.parquet", model="language_model", top=3, raw=True)
    expected = []
    for career in load_career_table(small).careers:
        for transition in career.transitions():
            distribution = model.predict(transition.query)
            raw = np.exp(distribution.log_probs_raw)
            order = np.argsort(-raw, kind="stable")[:3]
            expected += [(distribution.taxonomy.occupations[i].code, raw[i]) for i in order]
    assert [r["code"] for r in rows] == [code for code, _ in expected]
    assert [r["probability"] for r in rows] == pytest.approx([p for _, p in expected], rel=1e-4)


def test_raw_probabilities_of_all_titles_sum_to_the_coverage():
    career = CareerHistory("w", (JobRecord(2000, TOY["1"]),))
    schema = schema_of(Layout(None, raw=True), TOY, datasets=False)
    found = scored(FixedModel(), [career], Selection(), Layout(None, raw=True))
    (row,) = table_of(found, Layout(None, raw=True), TOY, schema).to_pylist()
    assert [row[o.code] for o in TOY] == pytest.approx([0.2, 0.2, 0.1, 0.1, 0.2, 0.1])  # 0.9 in all
    found = scored(FixedModel(), [career], Selection(), Layout(2, raw=True))
    rows = table_of(found, Layout(2), TOY, schema_of(Layout(2), TOY, datasets=False)).to_pylist()
    assert [r["code"] for r in rows] == ["1", "2"]


def test_next_asks_for_the_year_after_the_last_record(small, tmp_path):
    outcome, rows = run(small, tmp_path / "o.parquet", next_year=True, top=2)
    assert years_of(rows) == [("1", 2002), ("2", 2005), ("3", 2003)]
    assert outcome.checked.person_years == 3
    first = load_career_table(small).careers[0]
    query = Query(first, 2002, first.records[-1].education)
    expected = predict(load_model("markov"), query).distribution.top(2)
    assert [(r["code"], r["probability"]) for r in rows[:2]] == [
        (occupation.code, pytest.approx(p, abs=1e-12)) for occupation, p in expected
    ]


def test_next_reads_the_education_of_the_last_record(small):
    career = load_career_table(small).careers[0]
    assert Selection(next_year=True).question(career).education == career.records[-1].education
    assert career.records[-1].education == "high school"


def test_a_split_and_some_years_are_chosen_with_all_earlier_history(small, tmp_path):
    _, everything = run(small, tmp_path / "a.parquet", top=3)
    _, test = run(small, tmp_path / "b.parquet", split=Split.TEST, top=3)
    assert test == [row for row in everything if row["person_id"] in "23"]
    _, late = run(small, tmp_path / "c.parquet", years=(2002, 2004), top=3)
    assert years_of(late) == [("2", 2004), ("3", 2002)]
    assert late == [row for row in everything if row["year"] >= 2002]


def test_one_late_year_of_a_long_career_is_asked_by_itself():
    class Counting(FixedModel):
        queries = ()

        def predict(self, query):
            self.queries = (*self.queries, query)
            return super().predict(query)

    model = Counting()
    career = CareerHistory("w", tuple(JobRecord(2000 + k, TOY["1"]) for k in range(9)))
    found = list(scored(model, [career], Selection(years=(2007, 2007)), Layout()))
    assert [
        (year, len(query.past.records))
        for (_, year, _), query in zip(found, model.queries, strict=True)
    ] == [(2007, 7)]
    assert model.asked == []


def test_a_table_in_any_order_gives_the_rows_of_the_whole_reader(simulated, tmp_path):
    header, *rows = simulated.read_text(encoding="utf-8").splitlines()
    random.Random(4).shuffle(rows)
    shuffled = tmp_path / "shuffled.csv"
    shuffled.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    outcome, found = run(shuffled, tmp_path / "o.parquet", top=3)
    assert not outcome.checked.in_order
    assert [(r["person_id"], r["year"], r["code"]) for r in found] == [
        key[1:] for key in list(asked_one_by_one(shuffled, load_model("markov"), 3))[::2]
    ]


def test_bad_rows_are_reported_with_what_is_allowed_and_cost_their_workers_only(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text(
        TABLE + "4,2000,=cmd(),test,\n4,2001,Cooks,test,\n5,1897,Cooks,test,\n", encoding="utf-8"
    )
    outcome, rows = run(table, tmp_path / "o.parquet")
    assert {row["person_id"] for row in rows} == {"1", "2", "3"}
    with outcome.report.open(encoding="utf-8", newline="") as file:
        title, year = csv.DictReader(file)
    assert (title["row"], title["person_id"], title["column"]) == ("8", "4", "occupation")
    assert title["value"] == "'=cmd()"
    assert title["problem"].startswith("expected one of the titles or codes; nearest titles")
    assert (year["row"], year["value"], year["problem"]) == ("10", "1897", "expected 1950–2030")
    held = outcome.checked
    assert (held.rows, held.bad_rows, held.workers, held.workers_left_out) == (9, 2, 3, 2)
    assert (held.rows_left_out, held.skipped_rows, held.person_years) == (3, 1, 5)
    assert about_file(tmp_path / "o.parquet")["table_held"]["workers_left_out"] == 2


def test_the_report_of_an_earlier_table_goes_when_the_repaired_one_is_scored(tmp_path):
    table, out = tmp_path / "t.csv", tmp_path / "o.parquet"
    table.write_text(TABLE + "5,1897,Cooks,test,\n", encoding="utf-8")
    before, _ = run(table, out)
    table.write_text(TABLE, encoding="utf-8")
    after, _ = run(table, out, restart=True)
    assert before.report is not None
    assert (after.report, before.report.exists()) == (None, False)


def test_a_year_after_the_last_year_there_is_is_a_bad_row(tmp_path):
    table = tmp_path / "t.csv"
    table.write_text("person_id,year,occupation\n1,2030,Cooks\n2,2029,Cooks\n", encoding="utf-8")
    outcome, rows = run(table, tmp_path / "o.parquet", next_year=True, top=1)
    assert years_of(rows) == [("2", 2030)]
    assert "the last record is of 2030" in outcome.report.read_text(encoding="utf-8")
    outcome, rows = run(table, tmp_path / "p.parquet", top=1)
    assert (years_of(rows), outcome.report) == ([("1", 2030), ("2", 2029)], None)


def test_the_file_says_of_itself_what_it_holds(small, tmp_path):
    run(small, tmp_path / "o.parquet", top=7, split=Split.TEST)
    told = json.loads(pq.read_schema(tmp_path / "o.parquet").metadata[b"occuscope"])
    card = load_model("markov").card
    assert (told["model"], told["model_version"]) == (card.name, card.version)
    assert (told["trained_on"], told["table"], told["top"]) == (card.data, "t.csv", 7)
    assert (told["split"], told["years"], told["next"]) == ("test", None, False)
    assert told["note"] == NOTE
    assert "float64" in told["probability"]
    assert "normalised over 343 states" in told["probability"]


def test_another_model_file_has_another_digest(tmp_path):
    folder = tmp_path / "markov"
    shutil.copytree(model_folder("markov"), folder)
    before = model_digest(folder)
    assert before == model_digest(model_folder("markov"))
    (folder / "README.md").write_text("another story", encoding="utf-8")
    assert model_digest(folder) == before
    with (folder / "model.safetensors").open("ab") as file:
        file.write(b" ")
    assert model_digest(folder) != before


def test_the_digest_of_an_ensemble_is_also_that_of_its_members(tmp_path):
    shutil.copytree(model_folder("markov"), tmp_path / "member")
    (tmp_path / "mixed").mkdir()
    for name in ("card.json", "model.safetensors"):
        shutil.copy(model_folder("ensemble") / name, tmp_path / "mixed" / name)
    config = {"members": ["../member"], "datasets": [""]}
    (tmp_path / "mixed/config.json").write_text(json.dumps(config), encoding="utf-8")
    before = model_digest(tmp_path / "mixed")
    with (tmp_path / "member/model.safetensors").open("ab") as file:
        file.write(b" ")
    assert model_digest(tmp_path / "mixed") != before


class Interrupted(LocalEngine):
    """Stops before the part of this place, as Ctrl-C does; remembers what it was asked for."""

    def __init__(self, after=1_000_000):
        self.after = after

    def parts(self, job, source, finished):
        self.finished = finished
        for k, part in enumerate(super().parts(job, source, finished)):
            if k == self.after:
                raise KeyboardInterrupt
            yield part


@pytest.fixture(scope="module")
def unbroken(simulated, tmp_path_factory):
    """The bytes that a run without interruption writes; all titles as rows: six parts."""
    out = tmp_path_factory.mktemp("unbroken") / "o.parquet"
    outcome, _ = run(simulated, out, top=343)
    assert outcome.checked.parts == 6
    return out.read_bytes()


def test_a_stopped_job_goes_on_where_it_was_and_ends_with_the_same_bytes(
    simulated, unbroken, tmp_path
):
    out = tmp_path / "o.parquet"
    for already in (0, 2):
        engine = Interrupted(2)
        with pytest.raises(KeyboardInterrupt):
            run(simulated, out, top=343, engine=engine)
        assert engine.finished == frozenset(range(already))
        assert not out.exists()
    outcome, _ = run(simulated, out, top=343)
    assert 4 * 291 <= outcome.resumed < 1_500
    assert out.read_bytes() == unbroken
    assert os.listdir(tmp_path) == ["o.parquet"]  # noqa: PTH208


def test_a_damaged_part_is_scored_again(simulated, unbroken, tmp_path):
    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(simulated, out, top=343, engine=Interrupted(3))
    part = PartFolder(out).part(1)
    part.write_bytes(part.read_bytes()[:-500])
    engine = Interrupted()
    run(simulated, out, top=343, engine=engine)
    assert engine.finished == frozenset({0, 2})
    assert out.read_bytes() == unbroken


def test_a_part_whose_middle_is_damaged_is_found_when_joining(simulated, unbroken, tmp_path):
    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(simulated, out, top=343, engine=Interrupted(3))
    part = PartFolder(out).part(1)
    whole = bytearray(part.read_bytes())
    whole[100:20_000] = bytes(19_900)
    part.write_bytes(whole)
    with pytest.raises(JobError, match="damaged; the same command scores it again"):
        run(simulated, out, top=343)
    assert not out.exists()
    run(simulated, out, top=343)
    assert out.read_bytes() == unbroken


def test_other_settings_do_not_go_on_with_a_begun_job(simulated, tmp_path):
    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(simulated, out, top=343, engine=Interrupted(1))
    with pytest.raises(JobError, match="other settings \\(top was 343, now 5\\).*--restart"):
        run(simulated, out, top=5)
    changed = tmp_path / "simulated.csv"
    changed.write_text(simulated.read_text().replace("Cooks", "Carpenters", 1), encoding="utf-8")
    with pytest.raises(JobError, match="table_sha256 was"):
        run(changed, out, top=343)
    _, rows = run(simulated, out, top=5, restart=True)
    assert len(rows) == 5 * 1_500


def test_a_complete_file_is_left_alone_and_one_of_another_job_is_refused(small, tmp_path):
    out = tmp_path / "o.parquet"
    run(small, out)
    before = out.stat().st_mtime_ns
    outcome, _ = run(small, out)
    assert outcome.already_complete
    assert out.stat().st_mtime_ns == before
    with pytest.raises(JobError, match="another job \\(top was 10, now 3\\)"):
        run(small, out, top=3)
    assert len(run(small, out, top=3, restart=True)[1]) == 15
    shutil.copy(small, out)
    with pytest.raises(JobError, match="not by `occu score`"):
        run(small, out, restart=True)
    assert out.read_text(encoding="utf-8") == TABLE


def test_a_kill_after_the_last_step_leaves_a_complete_job(small, tmp_path):
    out = tmp_path / "o.parquet"
    run(small, out)
    left = PartFolder(out).path
    left.mkdir()
    (left / "part-0000000.parquet").write_bytes(b"")
    outcome, _ = run(small, out)
    assert outcome.already_complete
    assert not left.exists()


def test_one_file_is_written_by_one_process(small, tmp_path):
    folder = PartFolder(tmp_path / "o.parquet")
    with folder.opened(), pytest.raises(JobError, match="another process is writing o.parquet"):
        run(small, tmp_path / "o.parquet")


def test_a_folder_of_somebody_else_is_left_alone(small, tmp_path):
    mine = tmp_path / "o.parquet.parts"
    mine.mkdir()
    (mine / "thesis.doc").write_text("years of work", encoding="utf-8")
    with pytest.raises(JobError, match="thesis.doc: is not of a job"):
        run(small, tmp_path / "o.parquet", restart=True)
    assert (mine / "thesis.doc").read_text(encoding="utf-8") == "years of work"


def started(table, out, *more, **options):
    """The command as a process of its own."""
    return subprocess.Popen(
        [*COMMAND, str(table), "--out", str(out), "--model", "markov", "--top", "343", *more],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        **options,
    )


def killed_once(table, out, ripe, delay):
    """Start, wait until `ripe`, wait a little, kill; whether the kill came before the end."""
    process = started(table, out)
    deadline = time.monotonic() + 120
    while process.poll() is None and not ripe() and time.monotonic() < deadline:
        time.sleep(0.002)
    time.sleep(delay)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    return process.returncode == -signal.SIGKILL


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2])
def test_kills_at_random_moments_cost_and_double_no_row(simulated, unbroken, tmp_path, seed):
    rng, out = random.Random(seed), tmp_path / "o.parquet"
    parts = PartFolder(out).path
    kills = 0
    for wanted in (0, 1, 3, 5):
        kills += killed_once(
            simulated,
            out,
            lambda wanted=wanted: len(list(parts.glob("part-*.parquet"))) >= wanted,
            rng.random() * (0.5 if wanted == 0 else 0.02),  # a whole run can take but a second
        )
        for part in parts.glob("part-*.parquet"):
            assert pq.read_metadata(part).num_rows > 0
    assert kills >= 2
    process = started(simulated, out)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert out.read_bytes() == unbroken
    assert os.listdir(tmp_path) == ["o.parquet"]  # noqa: PTH208


@pytest.mark.slow
def test_kills_while_sorting_and_while_joining_cost_nothing_either(simulated, tmp_path):
    header, *rows = simulated.read_text(encoding="utf-8").splitlines()
    random.Random(5).shuffle(rows)
    table, out = tmp_path / "shuffled.csv", tmp_path / "o.parquet"
    table.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    run(table, tmp_path / "expected.parquet", top=343)
    parts = PartFolder(out).path
    sorting, joining = parts / "sorted.sqlite3.new", parts / "joined.parquet.new"
    kills = killed_once(table, out, sorting.exists, 0) + killed_once(table, out, joining.exists, 0)
    assert kills >= 1
    process = started(table, out)
    process.communicate(timeout=120)
    assert process.returncode == 0
    assert out.read_bytes() == (tmp_path / "expected.parquet").read_bytes()


@pytest.mark.slow
def test_ctrl_c_says_how_to_go_on_and_ends_with_130(simulated, unbroken, tmp_path):
    out = tmp_path / "o.parquet"
    process = started(simulated, out)
    while not list(PartFolder(out).path.glob("part-*.parquet")) and process.poll() is None:
        time.sleep(0.002)
    process.send_signal(signal.SIGINT)
    answer, said = process.communicate(timeout=120)
    assert (process.returncode, answer) == (130, "")
    assert f"stopped; the same command goes on with {out}" in said
    assert "Traceback" not in said
    run(simulated, out, top=343)
    assert out.read_bytes() == unbroken


@pytest.mark.slow
def test_a_full_disk_is_said_in_words_and_what_is_done_is_kept(simulated, unbroken, tmp_path):
    out = tmp_path / "o.parquet"

    def little_room():
        """Parts fit, the joined file does not."""
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(unbroken) // 2,) * 2)

    process = started(simulated, out, preexec_fn=little_room)
    answer, said = process.communicate(timeout=120)
    assert (process.returncode, answer) == (2, "")
    assert "what is done is kept, and the same command goes on" in said
    assert "Traceback" not in said
    assert not out.exists()
    engine = Interrupted()
    outcome, _ = run(simulated, out, top=343, engine=engine)
    assert outcome.resumed == 1_500
    assert out.read_bytes() == unbroken


def test_the_chunks_are_the_same_whatever_is_finished(simulated):
    source = chunking.Source(simulated, None, Selection(), 300)
    every = list(chunking.chunks(source))
    assert [chunk.number for chunk in every] == list(range(len(every)))
    assert sum(chunk.person_years for chunk in every) == 1_500
    assert list(chunking.chunks(source, {0, 2})) == [every[1], *every[3:]]


def test_a_distribution_that_is_not_normalised_would_show(small, tmp_path):
    _, rows = run(small, tmp_path / "o.parquet", top=343)
    for key in years_of(rows):
        mass = sum(r["probability"] for r in rows if (r["person_id"], r["year"]) == key)
        assert mass == pytest.approx(1.0, abs=1e-9)


def test_single_precision_is_for_all_titles_only():
    long = schema_of(Layout(3), TOY, datasets=True)
    wide = schema_of(Layout(None), TOY, datasets=False)
    assert [str(long.field(name).type) for name in ("year", "probability")] == ["int16", "double"]
    assert {str(field.type) for field in wide if field.name not in ("person_id", "year")} == {
        "float"
    }
    distribution = OccupationDistribution.from_scores(TOY, np.log([0.5, 0.1, 0.1, 0.1, 0.1, 0.1]))
    career = CareerHistory("w", (JobRecord(2000, TOY["1"]),))
    table = table_of([(career, 2000, distribution)], Layout(None), TOY, wide)
    assert table.to_pylist()[0]["1"] == pytest.approx(0.5)


ray_needed = pytest.mark.skipif(
    not any((Path(p) / "ray").is_dir() for p in sys.path),
    reason='Ray is not installed: pip install "occuscope[ray]"',
)


@pytest.mark.slow
@ray_needed
def test_ray_writes_the_same_file_and_goes_on_with_a_job_of_the_local_engine(
    simulated, unbroken, tmp_path
):
    from occu_core.bulk.ray_engine import RayEngine

    out = tmp_path / "o.parquet"
    with pytest.raises(KeyboardInterrupt):
        run(simulated, out, top=343, engine=Interrupted(1))
    outcome, _ = run(simulated, out, top=343, engine=RayEngine(2))
    assert 291 <= outcome.resumed < 600
    assert out.read_bytes() == unbroken


def test_without_ray_the_way_to_get_it_is_said(small, tmp_path, monkeypatch):
    from occu_core.bulk.ray_engine import RayEngine

    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(JobError, match=r'pip install "occuscope\[ray\]"'):
        run(small, tmp_path / "o.parquet", engine=RayEngine(1))


@ray_needed
@pytest.mark.parametrize(
    ("address", "said"),
    [("127.0.0.1:1", "Ray at 127.0.0.1:1 cannot be reached"), ("nowhere", "expected HOST:PORT")],
)
def test_a_cluster_that_is_not_there_is_refused_at_once(small, tmp_path, address, said):
    from occu_core.bulk.ray_engine import RayEngine

    with pytest.raises(JobError, match=said):
        run(small, tmp_path / "o.parquet", engine=RayEngine(1, address))


def test_what_was_begun_is_described_by_its_job(small):
    job = ScoreJob(small, "markov", Selection(Split.TEST, (2000, 2004)), Layout(5))
    about = job.about()
    assert (about["split"], about["years"], about["top"]) == ("test", [2000, 2004], 5)
    assert replace(job, layout=Layout(None)).about()["top"] == "all"
    assert job.about() == about
