"""Balance: measures by hand and by a second implementation, intervals and correction by trial."""

import json
import math
from collections import Counter
from fractions import Fraction
from itertools import combinations
from statistics import mean

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import entropy as scipy_entropy
from typer.testing import CliRunner

from occu_core.cli import app
from occu_core.occuquest import balance_counts
from occu_core.occuquest.balance import Weighing, measure_all
from occu_core.occuquest.balance_correction import Reading, correct, tags_of_others
from occu_core.occuquest.balance_counts import Counting, Counts, Label
from occu_core.occuquest.balance_files import (
    BalanceFileError,
    balance_json,
    correction_json,
    read_figures,
)
from occu_core.occuquest.balance_metrics import (
    divergence,
    effective_categories,
    gini,
    normalised_entropy,
    rarefy,
)
from occu_core.occuquest.balance_standard import Reference, Standard, standard
from occu_core.occuquest.items import Item, Message, Role
from occu_core.occuquest.reading_rows import DatasetError

NAMES = {"cook": "Cook", "waiter": "Waiter", "judge": "Judge", "nurse": "Nurse"}
SMALL = Standard(
    categories=("Food", "Law", "Health", "Sales"),
    sizes=(2, 1, 1, 0),
    employed=(60.0, 10.0, 30.0, 0.0),
    occupations=NAMES,
    category_of={"Cook": "Food", "Waiter": "Food", "Judge": "Law", "Nurse": "Health"},
)
counts_of_26 = st.lists(st.integers(0, 10_000), min_size=26, max_size=26).filter(any)


def counted(*categories, nobody=0, **occupations):
    return Counts(
        categories=Counter(dict(zip(SMALL.categories, categories, strict=True))),
        occupations=Counter({name.capitalize(): count for name, count in occupations.items()}),
        no_occupation=nobody,
    )


def measured(counts, **settings):
    return Weighing(SMALL, replicates=200, **settings).measure("set", counts)


# Measures


def test_measures_of_a_hand_worked_spread():
    # Shares ½, ¼, ¼, 0: H = ½·ln 2 + ½·ln 4 = 1.5 ln 2; Gini from |xᵢ − xⱼ| = 22 / (2·16·1).
    x = [2, 1, 1, 0]
    assert float(normalised_entropy(x)) == pytest.approx(0.75)
    assert float(effective_categories(x)) == pytest.approx(2**1.5)
    assert float(gini(x)) == pytest.approx(0.375)
    # To shares ½, ⅙, ⅙, ⅙: 0 + 2·¼·ln(3/2).
    assert float(divergence(x, [3, 1, 1, 1])) == pytest.approx(0.5 * math.log(1.5))


@given(counts_of_26, st.lists(st.integers(1, 10_000), min_size=26, max_size=26))
def test_measures_equal_a_second_implementation(x, reference):
    total, pairs = sum(x), [abs(a - b) for a in x for b in x]
    assert float(normalised_entropy(x)) == pytest.approx(scipy_entropy(x, base=26), abs=1e-9)
    assert float(gini(x)) == pytest.approx(sum(pairs) / (2 * 26 * total), abs=1e-9)
    assert float(divergence(x, reference)) == pytest.approx(scipy_entropy(x, reference), abs=1e-9)
    shares = [Fraction(n, total) for n in x if n]
    hill = math.exp(-sum(float(p) * math.log(p) for p in shares))
    assert float(effective_categories(x)) == pytest.approx(hill)


def test_measures_of_many_resamples_are_those_of_each():
    x = np.random.default_rng(1).integers(0, 50, (7, 26))
    for measure in (normalised_entropy, effective_categories, gini):
        assert measure(x) == pytest.approx([float(measure(row)) for row in x])


def test_a_category_that_the_reference_has_nothing_of_is_infinitely_far():
    assert float(divergence([1, 1], [1, 0])) == math.inf
    assert float(divergence([1, 0], [1, 1])) == pytest.approx(math.log(2))


def test_the_occupation_list_itself_is_as_uneven_as_published():
    sizes = (120, 103, 102, 72, 72, 60, 54, 52, 44, 37, 36, 30, 30, 28, 27, 26, 24, 21, 20, 20, 16)
    sizes = (*sizes, 14, 10, 10, 6, 6)
    assert float(normalised_entropy(sizes)) == pytest.approx(0.918, abs=5e-4)
    assert float(gini(sizes)) == pytest.approx(0.41, abs=5e-3)


# Rarefaction


@given(st.lists(st.integers(1, 3), max_size=4), st.integers(0, 2), st.data())
def test_rarefaction_is_the_mean_over_every_possible_draw(counts, nobody, data):
    items = [k for k, count in enumerate(counts) for _ in range(count)] + [None] * nobody
    at = data.draw(st.integers(0, len(items)))
    draws = combinations(items, at)
    expected = mean(len({k for k in drawn if k is not None}) for drawn in draws)
    assert rarefy(counts, len(items), at).expected == pytest.approx(expected)


def test_all_items_meet_every_occupation_and_one_item_at_most_one():
    assert rarefy([5, 3, 1], 9, 9).expected == pytest.approx(3)
    assert rarefy([5, 3, 1], 12, 1).expected == pytest.approx(9 / 12)
    big = rarefy([400_000, 1], 1_000_000, 500_000)
    assert big.expected == pytest.approx(1.5, abs=1e-6)


def test_more_items_than_there_are_cannot_be_drawn():
    with pytest.raises(ValueError, match="10 items cannot be drawn from 9"):
        rarefy([9], 9, 10)


def test_rarefied_coverage_is_compared_at_one_size():
    few, many = counted(2, 0, 0, 0, cook=1, waiter=1), counted(10, 0, 0, 0, cook=5, waiter=5)
    small, large = measure_all({"few": few, "many": many}, Weighing(SMALL, replicates=50))
    assert small.coverage_at == large.coverage_at == 2
    assert small.coverage.value == pytest.approx(2 / 4)
    # One of each among two of ten: 1 + 5/9 occupations.
    assert large.coverage.value == pytest.approx((1 + 5 / 9) / 4)


@pytest.mark.slow
def test_rarefactions_interval_covers_what_other_draws_of_the_source_give():
    draws = np.random.default_rng(3)
    p = draws.dirichlet([0.3] * 200)
    truth = float((1 - (1 - p) ** 100).sum())
    found = [rarefy(draws.multinomial(600, p), 600, 100) for _ in range(400)]
    assert np.mean([one.low <= truth <= one.high for one in found]) >= 0.93


# Shares, and how sure they are


def test_shares_are_of_all_items_and_spread_is_of_those_with_a_category():
    found = measured(counted(2, 1, 1, 0, nobody=4))
    assert [c.share.value for c in found.categories.values()] == [0.25, 0.125, 0.125, 0]
    assert found.no_occupation.value == 0.5
    assert found.spread.entropy.value == pytest.approx(0.75)
    assert found.spread.kl.value == pytest.approx(math.log(4) - 1.5 * math.log(2))


def test_size_is_controlled_by_items_per_occupation():
    found = measured(counted(2, 1, 1, 0))
    assert [c.per_occupation for c in found.categories.values()] == [1, 1, 1, 0]
    assert found.controlled.effective_categories.value == pytest.approx(3)


@pytest.mark.parametrize(
    ("reference", "expected"),
    [
        (Reference.CATEGORIES, math.log(4) - math.log(2)),
        (Reference.OCCUPATIONS, math.log(2)),  # ½ ln(½ / ½) + ½ ln(½ / ¼) … by hand below
        (Reference.EMPLOYMENT, 0.5 * math.log(0.5 / 0.6) + 0.5 * math.log(0.5 / 0.1)),
    ],
)
def test_the_divergence_is_to_the_stated_reference(reference, expected):
    if reference is Reference.OCCUPATIONS:
        expected = 0.5 * math.log(0.5 / 0.5) + 0.5 * math.log(0.5 / 0.25)
    found = measured(counted(5, 5, 0, 0), reference=reference)
    assert found.spread.kl.value == pytest.approx(expected)
    assert found.reference is reference


def test_items_where_the_reference_has_nobody_leave_no_divergence():
    found = measured(counted(5, 0, 0, 5), reference=Reference.EMPLOYMENT)
    assert found.spread.kl is None
    assert balance_json(found)["kl"] is None


def test_nothing_with_a_category_has_no_spread_and_nothing_at_all_is_refused():
    found = measured(counted(0, 0, 0, 0, nobody=3))
    assert found.spread is None
    assert balance_json(found)["entropy"] is None
    assert found.no_occupation.value == 1
    with pytest.raises(ValueError, match="set: has no items"):
        measured(Counts())


def test_the_same_seed_gives_the_same_figures():
    counts = counted(20, 5, 9, 1, nobody=7, cook=3)
    assert measured(counts) == measured(counts)
    assert measured(counts) != measured(counts, seed=2)


def test_a_category_nothing_is_of_gets_the_exact_upper_end():
    # The largest share under which 20 items miss it with probability 2.5%.
    sales = measured(counted(10, 5, 5, 0)).categories["Sales"].share
    assert sales.low == 0
    assert (1 - sales.high) ** 20 == pytest.approx(0.025)


@pytest.mark.slow
@pytest.mark.parametrize("items", [100, 1_000])
def test_intervals_cover_the_truth_about_as_often_as_they_say(items):
    draws = np.random.default_rng(5)
    p = draws.dirichlet([3] * 27)
    wide = Standard(tuple(map(str, range(26))), (1,) * 26, (1.0,) * 26, {"a": "A"}, {"A": "0"})
    truths = float(normalised_entropy(p[:26])), float(p[0])
    covered = np.zeros(2)
    for seed in range(300):
        x = draws.multinomial(items, p)
        counts = Counts(
            Counter(dict(zip(wide.categories, x.tolist(), strict=False))), no_occupation=int(x[26])
        )
        found = Weighing(wide, replicates=300, seed=seed).measure("x", counts)
        ends = found.spread.entropy, found.categories["0"].share
        covered += [one.low <= truth <= one.high for one, truth in zip(ends, truths, strict=True)]
    assert all(covered / 300 >= 0.87)


# Counting


def lines(*rows):
    return "".join(json.dumps(row) + "\n" for row in rows).encode()


def asked(text, **fields):
    return {"messages": [{"role": "user", "content": text}], **fields}


def tagger(questions):
    return [Label("Law", "Judge") if "law" in q else Label(None) for q in questions]


def test_rows_are_counted_by_their_tag_else_their_category_else_tagged_here():
    raw = lines(
        asked("a", tag_category="Food", tag_occupation="Cook", category="Law"),
        asked("b", tag_category=None),
        asked("c", category="Health", occupation="NURSE"),
        asked("d", category="Health", occupation="Wizard"),
        asked("e", category="No occupation"),
        asked("about law", category="open_qa"),
        asked("about nothing", category=None),
        asked("f", tag_category="Farming"),
    )
    found = Counting(SMALL, tagger).file(raw)
    assert found.categories == {"Food": 1, "Health": 2, "Law": 1}
    assert found.occupations == {"Cook": 1, "Nurse": 1, "Judge": 1}
    assert (found.no_occupation, found.outside, found.tagged_here) == (3, 1, 2)
    assert found.aside.lines() == [
        "row 8: tag_category 'Farming' is none of the 4 categories; expected one of them, or"
        " 'No occupation'"
    ]


def test_tagged_rows_need_neither_a_text_nor_a_tagger():
    raw = b"tag_category,colour\nFood,red\n,blue\n"
    found = Counting(SMALL).file(raw, "tags.csv")
    assert (found.categories, found.no_occupation) == ({"Food": 1}, 1)


def test_untagged_rows_without_a_tagger_are_refused_with_the_way_out():
    with pytest.raises(ValueError, match="set: has items without a category; tag them first"):
        Counting(SMALL).file(lines(asked("x")), "set")
    with pytest.raises(DatasetError, match="not known: colour"):
        Counting(SMALL, tagger).file(lines({"colour": "red"}), "set")


def test_a_dataset_in_several_files_is_one():
    counting, into = Counting(SMALL, tagger), Counts()
    for _ in range(2):
        counting.file(lines(asked("x", category="Food")), into=into)
    assert into.items == 2


def test_many_untagged_rows_are_tagged_in_batches_and_none_is_lost():
    sizes = []

    def counting_tagger(questions):
        sizes.append(len(questions))
        return tagger(questions)

    found = Counting(SMALL, counting_tagger).file(lines(*(asked(f"law {k}") for k in range(1300))))
    assert found.items == found.categories["Law"] == sum(sizes) == 1300
    assert max(sizes) == 512


def test_items_at_hand_are_counted_as_their_rows_are():
    items = [
        Item((Message(Role.USER, "x"),), category="Food", occupation="cook"),
        Item((Message(Role.USER, "about law"),)),
    ]
    found = Counting(SMALL, tagger).items(items)
    assert (found.categories, found.tagged_here) == ({"Food": 1, "Law": 1}, 1)


@pytest.mark.slow
def test_a_hundred_thousand_tagged_rows_are_counted_in_twelve_seconds(tmp_path):
    # At this pace a million take less than two minutes.
    import time

    row = lines(asked("word " * 200, tag_category="Food", tag_occupation="Cook"))
    (tmp_path / "many.jsonl").write_bytes(row * 100_000)
    began = time.perf_counter()
    assert Counting(SMALL).file(tmp_path / "many.jsonl").items == 100_000
    assert time.perf_counter() - began < 12


# Correction


def test_a_correction_by_hand():
    # Tags say Food 60 of 100; of four read prompts, two tagged Food, one of them wrongly.
    read = [Reading("Food", ("Food",)), Reading("Food", ("Law",)), Reading("Law", ("Law",))]
    read.append(Reading(None, (None,)))
    found = correct({"Food": 60, "Law": 30, None: 10}, read, ["Food", "Law"])
    assert found.read == 4
    assert found.categories["Food"].value == pytest.approx(0.6 - 1 / 4)
    assert found.categories["Law"].value == pytest.approx(0.3 + 1 / 4)
    assert found.no_occupation.value == pytest.approx(0.1)
    # Differences 0, 1, 0, 0 and the made-up +1, −1: variance 0.5667 of six.
    variance = 0.6 * 0.4 / 100 + np.var([0, 1, 0, 0, 1, -1], ddof=1) / 6
    half = 1.959963984540054 * math.sqrt(variance)
    assert found.categories["Food"].high == pytest.approx(0.35 + half)
    assert found.categories["Food"].low == 0


def test_readers_who_differ_count_half_each():
    read = [Reading("Food", ("Food", "Law")), Reading("Law", ("Law", "Law"))]
    found = correct({"Food": 1, "Law": 1}, read, ["Food", "Law"])
    assert found.categories["Food"].value == pytest.approx(0.5 - 0.25)


def test_all_prompts_read_need_no_tags():
    read = [Reading("Food", ("Law",)), Reading("Food", ("Law",)), Reading("Law", ("Food",))]
    found = correct({}, read, ["Food", "Law"])
    assert found.categories["Law"].value == pytest.approx(2 / 3)


def test_read_prompts_are_not_counted_twice():
    read = [Reading("Food", ("Food",)), Reading(None, (None,))]
    assert tags_of_others({"Food": 3, None: 1}, read) == {"Food": 2, None: 0}
    with pytest.raises(ValueError, match="more prompts with tag 'None' were read than there are"):
        tags_of_others({"Food": 3}, read)
    with pytest.raises(ValueError, match="1 prompts were read; expected at least two"):
        correct({"Food": 3}, read[:1], ["Food"])


@pytest.mark.parametrize(("read", "prompts"), [(36, 500), (400, 10_000)])
def test_the_correction_recovers_known_proportions_at_its_stated_coverage(read, prompts):
    """A tagger that errs in a known way, 600 datasets: at least 95% of intervals hold the truth."""
    draws = np.random.default_rng(11)
    kinds = ("Food", "Law", "Health", "Sales", None)
    truth = np.array([0.4, 0.25, 0.03, 0.02, 0.3])
    confusion = np.full((5, 5), 0.05) + np.diag([0.75] * 5)
    confusion[4] = (0.3, 0.1, 0.1, 0.1, 0.4)  # nobody's work is often taken for somebody's
    covered, values, naive = np.zeros(5), np.zeros(5), np.zeros(5)
    for _ in range(600):
        is_of = draws.choice(5, prompts, p=truth)
        chance = draws.random(prompts)[:, None]
        tag = np.minimum(4, (chance > confusion.cumsum(axis=1)[is_of]).sum(axis=1))
        sample = [
            Reading(kinds[t], (kinds[y],)) for t, y in zip(tag[:read], is_of[:read], strict=False)
        ]
        others = Counter(kinds[t] for t in tag[read:].tolist())
        found = correct(others, sample, kinds[:4])
        ends = [*found.categories.values(), found.no_occupation]
        covered += [one.low <= p <= one.high for one, p in zip(ends, truth, strict=True)]
        values += [one.value for one in ends]
        naive += [others[kind] / (prompts - read) for kind in kinds]
    assert all(covered / 600 >= 0.945)
    assert values / 600 == pytest.approx(truth, abs=0.02)
    assert abs(naive / 600 - truth).max() > 0.1  # what the correction takes away


def test_intervals_of_a_correction_are_not_wider_than_reading_alone_where_the_tagger_is_good():
    draws = np.random.default_rng(13)
    is_of = draws.random(5_000) < 0.4
    tag = np.where(draws.random(5_000) < 0.05, ~is_of, is_of)
    kinds = ("Food", "Law")
    sample = [
        Reading(kinds[t], (kinds[y],)) for t, y in zip(tag[:400] * 1, is_of[:400] * 1, strict=False)
    ]
    found = correct(Counter(kinds[t] for t in tag[400:] * 1), sample, kinds).categories["Law"]
    alone = 2 * 1.96 * math.sqrt(0.4 * 0.6 / 400)
    assert found.high - found.low < 0.6 * alone


# Files and command


def written(tmp_path, **changes):
    balance = balance_json(measured(counted(2, 1, 1, 0, nobody=4, cook=2)))
    corrected = correct({"Food": 2}, [Reading("Food", ("Food",))] * 2, SMALL.categories)
    one = {"title": "Set", "caveat": "Small.", "balance": balance}
    one |= {"corrected": correction_json(corrected)} | changes
    path = tmp_path / "balance.json"
    path.write_text(json.dumps({"how": "By hand.", "datasets": {"set": one}}))
    return path, corrected


def test_shipped_figures_give_their_counts_and_correction_back(tmp_path):
    path, corrected = written(tmp_path)
    (found,) = read_figures(path).datasets
    assert (found.name, found.title, found.caveat) == ("set", "Set", "Small.")
    assert found.counts.categories == {"Food": 2, "Law": 1, "Health": 1}
    assert (found.counts.no_occupation, found.counts.items) == (4, 8)
    assert found.counts.occupations == {"Cook": 2}
    assert found.corrected == corrected


@pytest.mark.parametrize("changes", [{"balance": 3}, {"balance": {}}, {"corrected": {"read": 1}}])
def test_damaged_figures_are_refused_by_name(tmp_path, changes):
    path, _ = written(tmp_path, **changes)
    with pytest.raises(BalanceFileError, match=r"balance\.json: is not a file of balance figures"):
        read_figures(path)
    with pytest.raises(BalanceFileError, match=r"gone\.json: No such file"):
        read_figures(tmp_path / "gone.json")


def run(*arguments):
    return CliRunner().invoke(app, ["balance", *map(str, arguments)])


@pytest.fixture
def tagged(tmp_path):
    path = tmp_path / "tagged.jsonl"
    rows = [asked("x", tag_category="Legal", tag_occupation=None) for _ in range(3)]
    path.write_bytes(lines(*rows, asked("y", tag_category="Sales"), asked("z", tag_category=None)))
    return path


def test_the_command_prints_the_promised_fields_for_each_dataset(tagged):
    result = run(tagged, "--json")
    assert result.exit_code == 0
    found = json.loads(result.stdout)["tagged.jsonl"]
    promised = {"items", "categories", "entropy", "effective_categories", "gini", "kl", "coverage"}
    assert promised | {"no_occupation"} <= found.keys()
    assert found["items"] == 5
    assert set(found["categories"]) == set(standard().categories)
    legal = found["categories"]["Legal"]
    assert (legal["count"], legal["share"]) == (3, 0.6)
    assert legal["low"] <= 0.6 <= legal["high"]
    assert found["no_occupation"] == 0.2
    assert found["reference"] == "categories"


def test_the_command_prints_datasets_side_by_side_and_says_what_it_left_out(tagged, tmp_path):
    other = tmp_path / "other.jsonl"
    other.write_bytes(tagged.read_bytes() + b"{torn\n")
    result = run(tagged, other, "--reference", "employment", "--at", 4)
    assert result.exit_code == 0
    assert "kl to employment" in result.stdout
    assert "coverage at 4 items" in result.stdout
    assert "other.jsonl row 6: is not JSON" in result.stderr
    assert "1 rows are left out" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["gone.jsonl"], "gone.jsonl: there is no such file"),
        (["{tagged}", "--at", "9"], "9 items cannot be drawn from 5"),
    ],
)
def test_the_command_refuses_in_one_line(tagged, arguments, said):
    result = run(*(a.format(tagged=tagged) for a in arguments))
    assert result.exit_code == 2
    assert f"error: {said}" in result.stderr
    assert "Traceback" not in result.output


def test_a_split_of_occuquest_in_a_folder_is_named_by_folder_and_split(tmp_path):
    (tmp_path / "quora.jsonl").write_bytes(lines(asked("x", category="Legal", occupation="Judge")))
    result = run(f"{tmp_path}:quora", "--json")
    assert result.exit_code == 0
    (found,) = json.loads(result.stdout).values()
    assert found["items"] == 1


def test_untagged_items_are_tagged_on_the_way(tmp_path, monkeypatch):
    monkeypatch.setattr(balance_counts, "tag_offline", lambda qs: [Label("Legal")] * len(qs))
    path = tmp_path / "plain.jsonl"
    path.write_bytes(lines("What is a tort?", "And a lien?"))
    found = json.loads(run(path, "--json").stdout)["plain.jsonl"]
    assert (found["categories"]["Legal"]["count"], found["tagged_here"]) == (2, 2)
