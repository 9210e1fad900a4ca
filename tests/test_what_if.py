"""Changes between two cases, their noise floors, sweeps, and the command that prints them."""

import csv
import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from occu_core.assets import ASSETS
from occu_core.careers import CareerError, CareerHistory, Education, JobRecord, Query, Region, Sex
from occu_core.cli import app
from occu_core.data.career_json import parse_query
from occu_core.distributions import OccupationDistribution
from occu_core.explain import sweeps, what_if
from occu_core.explain import what_if_words as words
from occu_core.explain.case_changes import (
    CaseChange,
    CaseChangeError,
    Difference,
    Field,
    changed,
    differences,
    read_change,
)
from occu_core.explain.seed_spread import (
    ask_seeds,
    load_seed_models,
    noise_between_models,
    noise_floor,
)
from occu_core.explain.what_if import answer, compare
from occu_core.explain.what_if_exports import sweep_to_csv, sweep_to_json, to_csv, to_json
from occu_core.figures import what_if as figures
from occu_core.models.base import Cohort, ModelCard, ModelKind
from occu_core.models.storage import ModelError, load_model, shipped_models
from occu_core.occupations import occ1990dd
from tests.careers_at_random import TOY

COOK, HEAD, CARPENTER = TOY.occupations[:3]
PAST = CareerHistory(
    "w", (JobRecord(2001, CARPENTER), JobRecord(2002, COOK)), "NLSY97", birth_year=1981
)
PINNED = Query(PAST, 2003, Education.HIGH_SCHOOL)
CHANGED = Query(PAST, 2003, Education.BACHELORS)
# In taxonomy order: Cooks; Cooks, head; Carpenters; Actors; Not working; Student.
HIGH_SCHOOL = (0.40, 0.10, 0.10, 0.10, 0.20, 0.10)
BACHELORS = (0.30, 0.22, 0.10, 0.07, 0.15, 0.16)
SEEDS = (
    (0.34, 0.20, 0.10, 0.05, 0.15, 0.16),
    (0.30, 0.22, 0.10, 0.07, 0.15, 0.16),
    (0.26, 0.24, 0.10, 0.09, 0.15, 0.16),
)
T = 4.302653  # the 97.5% quantile of Student's t with two degrees of freedom, from a printed table
SAMPLES = sorted((ASSETS / "samples").glob("*.json"))
SEED_MODELS = sorted((ASSETS / "seed_models").glob("*/card.json"))
needs_models = pytest.mark.skipif(
    not (SEED_MODELS and shipped_models()), reason="no model in assets/"
)


class ToldModel:
    """Answers by the education asked about alone."""

    def __init__(self, bachelors=BACHELORS, name="told"):
        cohort = Cohort("NLSY97", 9000, (1997, 2022), (1980, 1984), (13, 42))
        self.card = ModelCard(
            name, ModelKind.CAREER, name.capitalize(), "1", TOY.name, TOY.digest, (cohort,), {}, ()
        )
        self.taxonomy = TOY
        self.bachelors = bachelors

    def predict(self, query):
        higher = query.education in {Education.BACHELORS, Education.GRADUATE}
        probs = self.bachelors if higher else HIGH_SCHOOL
        return OccupationDistribution.from_scores(TOY, np.log(probs))


SEED_FAMILY = [ToldModel(bachelors) for bachelors in SEEDS]


def ask(query, model=None):
    return answer(model or ToldModel(), SEED_FAMILY, query)


def by_name(shifts):
    return {shift.name: shift for shift in shifts}


# Changes of a case


def test_all_changes_are_made_at_once_whatever_their_order():
    # Either alone is impossible: 2004 needs no new record, 1970 a later first job.
    texts = ["year=2010", "job=Student", "job.2001=Cooks, head", "education=unknown", "sex=FEMALE"]
    for order in (texts, texts[::-1]):
        found = changed(PINNED, [read_change(text, TOY) for text in order])
        assert [record.occupation.title for record in found.past.records] == [
            "Cooks, head",
            "Student",
        ]
        assert (found.year, found.education, found.past.sex) == (2010, None, Sex.FEMALE)


def test_a_change_of_education_is_of_the_year_asked_about_and_not_of_the_records():
    found = changed(PINNED, [read_change("education=graduate degree")])
    assert found.education is Education.GRADUATE
    assert found.past.records == PAST.records


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("year=abc", "year: 'abc' is not a year; expected one such as 1997"),
        ("year=unknown", "'unknown' is not a year"),
        ("year=٢٠٠٣", "is not a year"),
        ("year=99999999999999", "is not a year"),
        ("year=", "year: '' is not a year"),
        ("wage=3", "no field 'wage' to change; fields: job, year, education, birth_year, sex"),
        ("=3", "no field ''"),
        ("education", "'education' is not a change; expected FIELD=VALUE"),
        ("education=PhD", "education 'PhD' is not allowed; expected one of: less than high"),
        ("sex=x", "female; male; unknown"),
        ("job=Wizard", "unknown occupation 'Wizard'; nearest titles"),
        ("job.abc=Cooks", "job.abc: 'abc' is not a year"),
        ("sex.2001=female", "sex belongs to no record"),
    ],
)
def test_a_change_that_cannot_be_read_is_refused_by_name(text, why):
    with pytest.raises(CaseChangeError) as refused:
        read_change(text, TOY)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        (["birth_year=2001"], "birth year 2001 is not before the first job in 2001"),
        (["birth_year=1700"], "birth year 1700 is not possible; expected 1880"),
        (["year=2002"], "cannot predict 2002 from a history that reaches 2002"),
        (["year=1897"], "year 1897 is before 1950"),
        (["job.1999=Cooks"], "no record of 1999 to change; records: 2001, 2002"),
        (["sex=male", "sex=female"], "sex is changed twice"),
        (["job=Cooks", "job.2002=Actors"], "job.2002 is changed twice"),
    ],
)
def test_an_impossible_what_if_is_refused_with_the_reason(changes, why):
    with pytest.raises((CaseChangeError, CareerError)) as refused:
        changed(PINNED, [read_change(text, TOY) for text in changes])
    assert why in str(refused.value)


def test_a_career_without_records_has_no_job_to_change_and_none_before_birth():
    blank = Query(CareerHistory("w", birth_year=1980), 2000)
    with pytest.raises(CaseChangeError, match="no record"):
        changed(blank, [read_change("job=Cooks", TOY)])
    with pytest.raises(CareerError, match="cannot predict 2000 for a worker born in 2001"):
        changed(blank, [read_change("birth_year=2001")])


def test_differences_name_each_thing_in_which_two_cases_differ():
    other = CareerHistory(
        "v",
        (JobRecord(2001, CARPENTER, Education.HIGH_SCHOOL), JobRecord(2004, COOK)),
        birth_year=1981,
        region=Region.WEST,
    )
    assert differences(PINNED, PINNED) == ()
    assert set(differences(PINNED, Query(other, 2005))) == {
        Difference("education in 2001", "unknown", "high school"),
        Difference("job in 2002", "Cooks", "no record"),
        Difference("job in 2004", "no record", "Cooks"),
        Difference("year to predict", "2003", "2005"),
        Difference("education that year", "high school", "unknown"),
        Difference("region", "unknown", "West"),
        Difference("survey", "NLSY97", "unknown"),
    }


# Comparisons, worked out by hand


def test_changes_are_ranked_by_size_and_keep_their_sign():
    found = compare(ask(PINNED), ask(CHANGED))
    assert [shift.name for shift in found.shifts] == [
        *("Cooks, head", "Cooks", "Student", "Not working", "Actors", "Carpenters")
    ]
    assert [shift.change for shift in found.shifts] == pytest.approx(
        [0.12, -0.10, 0.06, -0.05, -0.03, 0.0]
    )
    head, cooks = found.shifts[:2]
    assert (head.before, head.after) == pytest.approx((0.10, 0.22))
    assert (cooks.before, cooks.after) == pytest.approx((0.40, 0.30))
    assert found.total_variation == pytest.approx(0.18)
    # Cooks are the same job, and the two states without a job are parts of their own.
    assert [shift.name for shift in found.movers(4)] == ["Cooks, head", "Actors"]


def test_the_four_parts_are_those_of_each_case():
    parts = by_name(compare(ask(PINNED), ask(CHANGED)).parts)
    assert [(p.before, p.after) for p in parts.values()] == [
        *(pytest.approx((0.40, 0.30)), pytest.approx((0.30, 0.39))),
        *(pytest.approx((0.20, 0.15)), pytest.approx((0.10, 0.16))),
    ]


def test_the_same_job_is_that_of_each_case_own_last_record():
    other = changed(PINNED, [CaseChange(Field.JOB, HEAD)])
    same = compare(ask(PINNED), ask(other)).parts[0]
    assert (same.before, same.after) == pytest.approx((0.40, 0.10))
    student = changed(PINNED, [CaseChange(Field.JOB, TOY["ST"])])
    parts = by_name(compare(ask(PINNED), ask(student)).parts)
    assert (parts["Same job"].after, parts["Same job"].change, parts["Same job"].noise) == (
        *(None, None, None),
    )
    assert parts["Different job"].after == pytest.approx(0.70)


def test_the_noise_floor_is_t_times_the_spread_of_the_change_over_seeds():
    found = compare(ask(PINNED), ask(CHANGED))
    shifts, parts = by_name(found.shifts), by_name(found.parts)
    assert shifts["Cooks, head"].noise == pytest.approx(T * 0.02)  # +10, +12, +14 points
    assert shifts["Cooks"].noise == pytest.approx(T * 0.04)  # −6, −10, −14 points
    assert shifts["Not working"].noise == pytest.approx(0.0, abs=1e-9)
    assert parts["Same job"].noise == pytest.approx(T * 0.04)
    assert parts["Different job"].noise == pytest.approx(T * 0.04)  # +5, +9, +13 points
    assert found.seed_total_variation == pytest.approx((0.16, 0.20))
    assert found.seeds == 3


def test_what_the_seed_models_disagree_on_in_both_cases_alike_is_no_noise_of_the_change():
    forwards, backwards = compare(ask(PINNED), ask(CHANGED)), compare(ask(CHANGED), ask(PINNED))
    floors = {shift.code: shift.noise for shift in forwards.shifts}
    assert {shift.code: shift.noise for shift in backwards.shifts} == pytest.approx(floors)
    assert all(shift.noise == 0 for shift in compare(ask(CHANGED), ask(CHANGED)).shifts)


def test_a_change_within_its_noise_is_flagged_and_a_larger_one_is_not():
    found = compare(ask(PINNED), ask(CHANGED))
    flags = {name: shift.within_noise for name, shift in by_name(found.shifts).items()}
    assert flags == {
        **{"Cooks, head": False, "Cooks": True, "Carpenters": True, "Actors": True},
        **{"Not working": False, "Student": False},
    }
    assert {shift.name for shift in found.beyond_noise} == {
        *("Cooks, head", "Not working", "Student")
    }


def test_two_models_side_by_side_differ_by_more_than_two_trainings_of_one_would():
    found = compare(ask(CHANGED), ask(CHANGED, ToldModel(HIGH_SCHOOL, "other")))
    assert not found.same_model
    assert found.differs == ()
    head = by_name(found.shifts)["Cooks, head"]
    assert (head.change, head.noise) == pytest.approx((-0.12, T * 0.02 * 2**0.5))
    assert found.seed_total_variation is None
    assert words.what_differs(found) == "model: Told → Other"


def test_the_same_case_twice_changes_nothing():
    found = compare(ask(PINNED), ask(PINNED))
    assert found.total_variation == 0
    assert found.beyond_noise == found.movers(5) == ()
    assert words.what_differs(found) == "nothing differs"
    assert figures.shifts(found).alt.endswith("none.")


def test_models_of_other_taxonomies_are_not_compared():
    first, second = ask(PINNED), ask(PINNED)
    other = OccupationDistribution(replace(TOY, name="other"), np.log(np.full(6, 1 / 6)))
    second = replace(second, prediction=replace(second.prediction, distribution=other))
    with pytest.raises(ValueError, match="'toy' and 'other' differ"):
        compare(first, second)


def test_floors_agree_with_a_second_implementation():
    stats = pytest.importorskip("scipy.stats")
    rng = np.random.default_rng(1)
    before, after = rng.random((2, 5, 7))
    for k in range(7):
        low, high = stats.t.interval(
            0.95, df=4, loc=0, scale=np.std(after[:, k] - before[:, k], ddof=1)
        )
        assert noise_floor(after - before)[k] == pytest.approx((high - low) / 2)
    assert noise_between_models(before, before) == pytest.approx(noise_floor(before) * 2**0.5)


def test_chance_alone_passes_the_floor_once_in_twenty():
    rng = np.random.default_rng(2)
    draws = rng.standard_normal((6, 200_000))
    passed = np.abs(draws[0]) > noise_floor(draws[1:])
    assert passed.mean() == pytest.approx(0.05, abs=0.002)


@pytest.mark.parametrize("seeds", [0, 1, 2])
def test_too_few_seed_models_have_no_spread(seeds, tmp_path):
    with pytest.raises(ValueError, match=f"{seeds} seed models"):
        noise_floor(np.zeros((seeds, 2)))
    with pytest.raises(ModelError, match="holds 0 seed models; expected 3 or more"):
        load_seed_models(tmp_path)


# Sweeps


def test_a_sweep_asks_every_value_and_agrees_with_each_what_if():
    values = sweeps.values_of(PINNED, Field.EDUCATION, ToldModel().card)
    assert values == tuple(Education)
    found = sweeps.sweep(PINNED, Field.EDUCATION, values, ask)
    row = found.row("2", "Cooks, head")
    assert [shift.after for shift in row] == pytest.approx([0.10, 0.10, 0.10, 0.22, 0.22])
    for point in found.points:
        alone = compare(
            ask(PINNED), ask(changed(PINNED, [CaseChange(Field.EDUCATION, point.value)]))
        )
        assert point.what_if == replace(alone, before=point.what_if.before, after=point.prediction)


def test_the_widest_gap_is_between_the_lowest_and_highest_value_with_its_own_floor():
    found = sweeps.sweep(CHANGED, Field.EDUCATION, tuple(Education), ask)
    gap = found.widest_gap("2", "Cooks, head")
    assert (gap.lowest, gap.highest) == (Education.LESS_THAN_HIGH_SCHOOL, Education.BACHELORS)
    assert (gap.gap, gap.noise) == pytest.approx((0.12, T * 0.02))
    assert not gap.within_noise
    same = found.widest_gap(None, "Same job")
    assert (same.gap, same.noise, same.within_noise) == (
        *(pytest.approx(0.10), pytest.approx(T * 0.04), True),
    )


def test_the_likeliest_outcomes_are_so_on_average_over_the_values():
    found = sweeps.sweep(PINNED, Field.EDUCATION, tuple(Education), ask)
    assert found.outcomes(2) == (
        *((None, name) for name in what_if.PARTS.values()),
        *(("2", "Cooks, head"), ("3", "Carpenters")),
    )


@pytest.mark.parametrize(
    ("field", "values"),
    [
        (Field.SEX, ("female", "male", None)),
        (Field.BIRTH_YEAR, (1980, 1981, 1982, 1983, 1984)),
        (Field.YEAR, tuple(range(2003, 2013))),
    ],
)
def test_the_values_of_a_sweep_are_all_there_are_and_the_cases_own(field, values):
    assert sweeps.values_of(PINNED, field, ToldModel().card) == values


def test_values_that_cannot_be_are_left_out_unless_they_are_asked_for():
    card = ToldModel().card
    child = Query(replace(PAST, records=(JobRecord(1983, COOK),)), 1984)
    assert sweeps.values_of(child, Field.BIRTH_YEAR, card) == (1980, 1981, 1982)
    with pytest.raises(CareerError, match="birth year 1984 is not before the first job in 1983"):
        sweeps.values_of(child, Field.BIRTH_YEAR, card, (1980, 1984))


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("job", "'job' cannot be swept; expected one of education, region, sex"),
        ("wage", "'wage' cannot be swept"),
        ("year=2003", "'2003' is not a span of years"),
        ("year=a-b", "'a-b' is not a span"),
        ("year=2009-2003", "2009-2003 ends before it begins"),
        ("birth_year=1900-1999", "has 100 years; expected 40 or fewer"),
        ("birth_year=1-99999999", "expected 40 or fewer"),
        ("sex=1980-1984", "sex has no years"),
        ("year=2000-2005", "cannot predict 2000 from a history that reaches 2002"),
    ],
)
def test_a_sweep_that_cannot_be_is_refused_by_name(text, why):
    with pytest.raises((CaseChangeError, CareerError)) as refused:
        sweeps.values_of(PINNED, *_field_card_span(text))
    assert why in str(refused.value)


def _field_card_span(text):
    field, span = sweeps.read_sweep(text)
    return field, ToldModel().card, span


def test_every_sweep_says_that_it_is_an_association_and_not_an_effect():
    found = sweeps.sweep(PINNED, Field.REGION, tuple(Region), ask)
    said = "an association in this cohort, not an effect"
    assert said in sweep_to_json(found)["read_as"]
    assert said in sweep_to_csv(found).splitlines()[0]
    chart = figures.sweep(found, found.outcomes())
    captions = " ".join(note.text for note in chart.figure.layout.annotations)
    assert said in captions.replace("<br>", " ").replace("An asso", "an asso")
    assert said in chart.alt


def test_figures_have_a_row_a_bar_and_a_noise_band_for_each_mover():
    found = compare(ask(PINNED), ask(CHANGED))
    chart = figures.shifts(found, 4)
    (bars,) = chart.figure.data
    assert list(bars.x) == pytest.approx([12, -3])
    bands = [shape for shape in chart.figure.layout.shapes if shape.type == "rect"]
    assert [band.x1 for band in bands] == pytest.approx([100 * T * 0.02] * 2)
    assert [band.x0 for band in bands] == [-band.x1 for band in bands]
    assert "Actors −3.0 ± 8.6 (within noise)" in chart.alt


def test_a_sweep_over_years_is_drawn_as_lines_and_over_labels_as_dots():
    years = sweeps.sweep(PINNED, Field.YEAR, (2003, 2004, 2005), ask)
    lines = [trace for trace in figures.sweep(years, years.outcomes(1)).figure.data if trace.name]
    assert [list(line.x) for line in lines] == [[2003, 2004, 2005]] * 5
    labels = sweeps.sweep(PINNED, Field.SEX, (Sex.FEMALE, None), ask)
    dots = figures.sweep(labels, labels.outcomes(1)).figure
    assert {trace.mode for trace in dots.data} == {"markers"}
    assert list(dots.layout.yaxis.ticktext) == ["female", "unknown"] * 5


# Files and the command line


def test_the_csv_has_a_row_for_each_part_and_state_with_change_noise_and_flag():
    text = to_csv(compare(ask(PINNED), ask(CHANGED)))
    rows = list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))
    assert len(rows) == 4 + 6
    assert rows[4]["outcome"] == "Cooks, head"
    assert float(rows[4]["change_points"]) == pytest.approx(12)
    assert float(rows[4]["noise_points"]) == pytest.approx(100 * T * 0.02)
    assert [row["within_noise"] for row in rows[4:6]] == ["False", "True"]
    assert "# differs: education that year: high school → bachelor's degree" in text


@pytest.fixture(scope="module")
def real():
    """A shipped example, a changed case, and who answers."""
    query = parse_query(SAMPLES[0].read_bytes())
    return query, load_model("career"), load_seed_models()


def occu(*arguments):
    return CliRunner().invoke(app, ["whatif", *map(str, arguments)])


@needs_models
def test_the_command_prints_the_engines_numbers(real):
    query, model, seeds = real
    run = occu(SAMPLES[0], "--set", "education=bachelor's degree", "--model", "career", "--json")
    assert run.exit_code == 0
    other = changed(query, [CaseChange(Field.EDUCATION, Education.BACHELORS)])
    core = to_json(compare(answer(model, seeds, query), answer(model, seeds, other)))
    printed = json.loads(run.stdout)
    assert len(printed["changes"]) == 343
    for mine, theirs in zip(printed["changes"], core["changes"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-9)


@needs_models
def test_the_command_sweeps_as_the_engine_does(real):
    query, model, seeds = real
    run = occu(SAMPLES[0], "--sweep", "region", "--model", "career", "--json", "--top", 3)
    found = sweeps.sweep(query, Field.REGION, tuple(Region), lambda q: answer(model, seeds, q))
    printed = json.loads(run.stdout)
    assert len(printed["rows"]) == 4 * (4 + 3)
    for mine, theirs in zip(printed["rows"], sweep_to_json(found, 3)["rows"], strict=True):
        assert mine == pytest.approx(theirs, abs=1e-9)
    assert printed["read_as"] == "an association in this cohort, not an effect"


@needs_models
def test_the_command_sets_any_two_cases_and_any_two_models_side_by_side():
    two = occu(SAMPLES[0], "--with", SAMPLES[1], "--model", "markov", "--json", "--top", 1)
    assert two.exit_code == 0
    assert json.loads(two.stdout)["changed"]["query"]["birth_year"] == 1959
    models = occu(SAMPLES[0], "--model", "markov", "--with-model", "career", "--json")
    found = json.loads(models.stdout)
    assert (found["pinned"]["model"], found["changed"]["model"]) == ("markov", "career")
    assert found["differs"] == []


@needs_models
def test_text_names_what_differs_and_flags_noise():
    run = occu(SAMPLES[0], "--set", "region=South", "--model", "career")
    assert run.exit_code == 0
    assert "region: West → South" in run.stdout
    assert "within noise" in run.stdout
    assert "never for hiring" in run.stderr
    swept = occu(SAMPLES[0], "--sweep", "birth_year", "--model", "career")
    assert "an association in this cohort, not an effect" in swept.stdout
    assert "(the case as it is)" in swept.stdout


@needs_models
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "nothing to compare; give --set FIELD=VALUE"),
        (["--set", "birth_year=1999"], "birth year 1999 is not before the first job in 1997"),
        (["--set", "year=2001"], "cannot predict 2001 from a history that reaches 2009"),
        (["--set", "hat=red"], "no field 'hat'"),
        (["--sweep", "job"], "'job' cannot be swept"),
        (["--sweep", "sex", "--with-model", "career"], "not with a second side"),
        (["--set", "sex=male", "--json", "--csv"], "expected one of them"),
        (["--set", "sex=male", "--model", "oracle"], "no model 'oracle'"),
        (["--with", "nowhere.json"], "nowhere.json: No such file"),
    ],
)
def test_what_cannot_be_asked_ends_with_code_2_and_the_reason(arguments, why):
    run = occu(SAMPLES[0], "--model", "markov", *arguments)
    assert run.exit_code == 2
    assert why in run.stderr.replace("\n", " ")
    assert not run.stdout


@needs_models
def test_a_change_that_changes_nothing_is_said_to_be_none():
    run = occu(SAMPLES[0], "--set", "region=West", "--model", "markov")
    assert run.exit_code == 0
    assert run.stdout.startswith("nothing differs")


# The seed models that ship


@needs_models
def test_the_seed_models_differ_in_the_seed_alone_and_are_small():
    models = load_seed_models()
    assert len(models) >= 4
    assert len({model.card.settings["seed"] for model in models}) == len(models)
    apart = {"seed", "out", "name", "title"}
    alike = [{k: v for k, v in m.card.settings.items() if k not in apart} for m in models]
    assert all(settings == alike[0] for settings in alike)
    for card in SEED_MODELS:
        assert sum(file.stat().st_size for file in card.parent.iterdir()) < 1.5e6


@needs_models
def test_the_seed_models_are_not_offered_as_models():
    assert not [f.name for f in shipped_models() if "seed" in f.name]


@needs_models
def test_the_seed_models_disagree_a_little_and_agree_on_what_a_probability_is(real):
    query, _, seeds = real
    answers = ask_seeds(seeds, query)
    assert answers.shape == (len(seeds), len(occ1990dd()))
    assert answers.sum(axis=1) == pytest.approx(np.ones(len(seeds)))
    assert 0 < answers.std(axis=0).max() < 0.2


@needs_models
def test_the_family_card_shows_the_perplexities_of_its_members():
    text = (ASSETS / "seed_models" / "README.md").read_text(encoding="utf-8")
    for part in ("## Data", "## Metrics", "## Settings", "## Intended use", "## Limits"):
        assert part in text
    for model in load_seed_models():
        for metric in model.card.metrics:
            assert f" {metric.perplexity_raw:.3f} |" in text
    measured = json.loads((ASSETS / "seed_models" / "spread.json").read_text(encoding="utf-8"))
    for spread in measured["spreads"]:
        assert f"{spread['passed_keep_sign']:.1%}" in text
