"""One engine: the page, the command line, the JSON route and the batch give the same numbers."""

import functools
import json
import random
import urllib.request

import pytest
from streamlit.testing.v1 import AppTest
from typer.testing import CliRunner

from occu_core import cli
from occu_core.batch import predict_next
from occu_core.careers import CareerHistory, Education, JobRecord, Query, RaceEthnicity, Region, Sex
from occu_core.data.career_json import query_to_json
from occu_core.figures import percent
from occu_core.models import storage
from occu_core.models.storage import DEFAULT_MODEL, shipped_models
from occu_core.occupations import occ1990dd
from pages.shared.loaders import model_cards
from pages.shared.session import Desk
from tests.browser import running_app
from tests.conftest import ROOT

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not shipped_models(), reason="no model in assets/models"),
]
CAREERS, SEED, TOLERANCE = 50, 20, 1e-6
PARTS = ("same_job", "different_job", "not_working", "student")


def any_query(dice):
    """A question about a career of up to six records; each covariate is known or not."""
    maybe = lambda values: dice.choice([None, *values])  # noqa: E731
    years = sorted(dice.sample(range(1985, 2021), dice.randint(0, 6)))
    jobs = [dice.choice(occ1990dd().occupations) for _ in years]
    past = CareerHistory(
        "",
        tuple(JobRecord(y, job, maybe(Education)) for y, job in zip(years, jobs, strict=True)),
        dataset=maybe(["NLSY79", "NLSY97"]),
        birth_year=maybe(range(1957, 1984)),
        sex=maybe(Sex),
        race_ethnicity=maybe(RaceEthnicity),
        region=maybe(Region),
    )
    return Query(past, years[-1] + 1, past.records[-1].education) if years else Query(past, 2000)


@pytest.fixture(scope="module")
def queries():
    dice = random.Random(SEED)
    return [any_query(dice) for _ in range(CAREERS)]


@pytest.fixture(scope="module", autouse=True)
def loaded_once():
    """The real model, loaded once by everyone in this process instead of fifty times."""
    with pytest.MonkeyPatch.context() as patch:
        once = functools.cache(storage.load_model)
        patch.setattr(storage, "load_model", once)
        patch.setattr(cli, "load_model", once)
        yield


@pytest.fixture(scope="module")
def by_command(queries, loaded_once, tmp_path_factory):
    """What `occu predict --json` prints for each."""
    folder = tmp_path_factory.mktemp("careers")
    found = []
    for place, query in enumerate(queries):
        file = folder / f"{place}.json"
        file.write_text(json.dumps(query_to_json(query)), encoding="utf-8")
        run = CliRunner().invoke(cli.app, ["predict", str(file), "--json"])
        assert run.exit_code == 0, run.output
        found.append(json.loads(run.stdout))
    return found


def shares(answer):
    """Probability by title."""
    return {row["title"]: row["probability"] for row in answer["distribution"]}


def assert_same(found, expected):
    assert set(found) == set(expected)
    assert max(abs(found[title] - expected[title]) for title in expected) <= TOLERANCE


def test_the_route_answers_what_the_command_prints(queries, by_command):
    with running_app() as address:
        for query, expected in zip(queries, by_command, strict=True):
            request = urllib.request.Request(
                f"{address}/api/predict",
                json.dumps(query_to_json(query)).encode(),
                {"Content-Type": "application/json"},
            )
            with urllib.request.urlopen(request, timeout=120) as answer:
                found = json.load(answer)
            assert_same(shares(found), shares(expected))
            for key in ("coverage", *PARTS):
                assert found[key] == pytest.approx(expected[key], abs=TOLERANCE)
            for key in ("model", "model_version", "query", "prompt", "notes"):
                assert found[key] == expected[key]


def test_the_batch_holds_what_the_command_prints(queries, by_command):
    model = storage.load_model(DEFAULT_MODEL)
    careers = [query.past for query in queries]
    for row, query, expected in zip(
        predict_next(model, careers, top=None), queries, by_command, strict=True
    ):
        if not query.past.records:  # a table has no worker without a record
            assert "no record" in row.problem
            continue
        assert row.state.query == query
        assert_same({o.title: p for o, p in row.state.top}, shares(expected))
        assert row.state.coverage == pytest.approx(expected["coverage"], abs=TOLERANCE)
        for part in PARTS:
            assert getattr(row.state.parts, part) == pytest.approx(expected[part], abs=TOLERANCE)


def test_the_page_shows_what_the_command_prints(queries, by_command):
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=600).run()
    at.switch_page("pages/next_job.py")
    title = model_cards()[DEFAULT_MODEL].title
    for query, expected in zip(queries, by_command, strict=True):
        at.session_state["desk"] = Desk(query, "Any", query.past.records)
        at.session_state["next_job.all"] = True
        at.run()
        assert not at.exception
        table = at.dataframe[0].value
        found = dict(zip(table["Occupation"], table[title] / 100, strict=True))
        assert_same(found, shares(expected))
        assert [metric.value for metric in at.metric] == [
            "–" if expected[part] is None else percent(expected[part]) for part in PARTS
        ]
