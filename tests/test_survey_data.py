"""Runs on the real careers where they lie beside the project: `../shared/data/careers`."""

from itertools import pairwise

import pytest

from occu_core.data.career_table import Split
from occu_core.data.files import load_career_table
from occu_core.evaluation.evaluate import evaluate
from occu_core.models.storage import load_model

WORKERS = {"nlsy97": 8_092, "nlsy79": 11_296}
BARS = {
    "markov": (13.2, 8.65, 25.8),
    "career": (10.9, 7.40, 19.2),
    "language_model": (10.75, 7.10, 17.1),
    "ensemble": (10.7, 7.05, 17.0),
}
SCORED = (("nlsy97", (1997, 2011)), ("nlsy97", None), ("nlsy79", None))


@pytest.fixture(scope="module")
def tables(survey_tables):
    return {name: load_career_table(survey_tables / f"{name}.csv.gz") for name in WORKERS}


@pytest.mark.parametrize(("name", "workers"), WORKERS.items())
def test_every_worker_is_read_and_belongs_to_a_split(tables, name, workers):
    assert len(tables[name].careers) == workers
    assert None not in tables[name].splits


def test_real_education_falls_now_and_then_and_is_no_reason_to_reject(tables):
    levels = list(type(tables["nlsy79"].careers[0].records[0].education))
    falls = 0
    for career in tables["nlsy79"].careers:
        known = [levels.index(r.education) for r in career.records if r.education]
        falls += sum(b < a for a, b in pairwise(known))
    assert falls > 0


@pytest.mark.slow
@pytest.mark.parametrize("model", BARS)
def test_perplexity_on_test_is_within_its_bar(tables, model):
    loaded = load_model(model)
    for (table, years), bar in zip(SCORED, BARS[model], strict=True):
        part = tables[table].only(Split.TEST)
        report = evaluate(loaded, part, years=years, raw_only=True)
        assert report.perplexity_raw <= bar, f"{model} on {table} {years or 'all years'}"
