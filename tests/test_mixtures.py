"""Mixtures: the shares, the small models that learn from them, the report and where it is shown."""

import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from streamlit.testing.v1 import AppTest

from occu_core.assets import asset_path
from occu_core.figures.occuquest_mixtures import group_losses, group_shares
from occu_core.occuquest.balance import Estimate
from occu_core.occuquest.mixture_report import (
    PROPORTIONAL,
    ROBUST,
    UNIFORM,
    Measure,
    MixtureDifference,
    MixtureReport,
    MixtureReportError,
    MixtureResult,
    TextGroup,
    read_mixture_report,
    write_mixture_report,
)
from occu_core.occuquest.mixture_words import findings
from pages.shared.displays import as_text as shown_as_text
from tests.conftest import ROOT, SHARED
from train import experiment_mixtures, find_mixture, mixture_runs
from train.instruction_data import mix
from train.instruction_settings import InstructionSettings
from train.mixture_groups import ABOUT, read_groups
from train.mixture_measuring import measure
from train.mixture_model import SmallModel, find_shares, item_losses, learn, token_losses
from train.mixture_runs import Losses, Runs, Split
from train.mixture_settings import MixtureSettings
from train.mixture_text import END, Group, as_text, encode, split_groups
from train.mixtures import (
    MixtureError,
    RobustShares,
    by_ratio,
    by_temperature,
    excess_loss,
    places,
    uniform,
)
from train.settings import load_settings

SHIPPED = asset_path("occuquest", "reports") / "mixtures.json"
TINY = SmallModel(layers=1, width=32, heads=2, feed_forward=32, steps=60, batch_rows=6)
real_data = pytest.mark.skipif(
    not (SHARED / "instruct").exists(), reason="no public instruction sets beside the project"
)


# Shares


def test_a_temperature_of_one_is_in_proportion_and_a_large_one_nearly_alike():
    assert by_temperature([900, 100], 1) == pytest.approx([0.9, 0.1])
    assert by_temperature([900, 100], 2) == pytest.approx([0.75, 0.25])  # 30 : 10
    assert by_temperature([900, 100], 1e6) == pytest.approx([0.5, 0.5], abs=1e-5)


@pytest.mark.parametrize("ratios", [[], [0, 0], [1, -1], [1, math.nan], [math.inf, 1]])
def test_ratios_that_mix_nothing_are_refused(ratios):
    with pytest.raises(MixtureError, match="expected numbers of at least 0"):
        by_ratio(ratios)


@pytest.mark.parametrize("temperature", [0, -1, math.nan])
def test_a_temperature_that_is_none_is_refused(temperature):
    with pytest.raises(MixtureError, match="expected a number above 0"):
        by_temperature([1, 2], temperature)


def test_robust_shares_follow_the_excess_as_worked_by_hand():
    robust = RobustShares(2, step_size=1.0, smoothing=0.0)
    assert robust.update([math.log(2), 0]) == pytest.approx([2 / 3, 1 / 3])
    assert robust.update([math.log(2), 0]) == pytest.approx([4 / 5, 1 / 5])
    assert robust.mean == pytest.approx([(2 / 3 + 4 / 5) / 2, (1 / 3 + 1 / 5) / 2])


def test_smoothing_keeps_every_group_in_the_mixture():
    robust = RobustShares(2, step_size=1.0, smoothing=0.1)
    assert robust.update([math.log(2), 0]) == pytest.approx([0.9 * 2 / 3 + 0.05, 0.35])
    for _ in range(50):
        robust.update([100.0, 0.0])
    assert robust.current == pytest.approx([0.95, 0.05])


def test_the_step_size_scales_the_gain():
    half = RobustShares(2, step_size=0.5, smoothing=0.0)
    assert half.update([math.log(4), 0]) == pytest.approx([2 / 3, 1 / 3])


def test_excess_is_clipped_token_by_token():
    assert excess_loss(np.array([3.0, 0.0]), np.array([1.0, 5.0])) == 1.0


def test_a_batch_gives_each_group_its_share_rounded_up_or_down_by_chance():
    shares = np.array([0.62, 0.25, 0.13])
    drawn = np.stack([places(shares, 10, offset) for offset in (np.arange(1000) + 0.5) / 1000])
    assert (drawn.sum(axis=1) == 10).all()
    assert (np.abs(drawn - 10 * shares) < 1).all()
    assert drawn.mean(axis=0) == pytest.approx(10 * shares, abs=0.01)
    assert places(np.array([0.0, 1.0]), 4, 0.0).tolist() == [0, 4]


# Texts


def numbered(count, word):
    return [
        as_text([("user", f"{word} {n}?"), ("assistant", f"{word} " * 9)]) for n in range(count)
    ]


def test_items_are_held_out_once_each_and_a_question_asked_twice_is_kept_once():
    texts = {"a": numbered(30, "apple"), "b": [*numbered(30, "pear"), *numbered(10, "Apple")]}
    first, second = split_groups(texts, valid=3, test=4, seed=1)
    assert [len(part) for part in (first.train, first.valid, first.test)] == [23, 3, 4]
    parts = [*first.train, *first.valid, *first.test]
    assert sorted(parts) == sorted(texts["a"])
    assert len(second.train) + 7 == 30  # the ten of the other group, in capitals, are no new ones


def test_a_group_too_small_to_hold_items_out_is_named():
    with pytest.raises(SystemExit, match="few: has 13 different items; .* at least 14"):
        split_groups({"few": numbered(13, "x")}, valid=3, test=4, seed=1)


def test_the_vocabulary_knows_nothing_of_held_out_texts():
    unseen = "qx" * 200
    corpus = encode([Group("a", tuple(numbered(40, "apple")), (unseen,), (unseen,))], 300, 16)
    assert corpus.valid.lengths.sum() == corpus.test.lengths.sum() == 400  # byte by byte


def test_a_held_out_item_is_read_whole_and_its_loss_is_the_models_own():
    train = tuple(numbered(60, "apple"))
    held = ("short" + END, " ".join(map(str, range(60))) + END)
    corpus = encode([Group("a", train, held, held)], 300, 16)
    model = TINY.build(corpus.vocabulary, seed=1).eval()
    nats, tokens = item_losses(model, corpus.valid)
    assert len(corpus.valid.tokens) > 4
    for item in range(2):
        total, count = 0.0, 0
        for window in torch.nonzero(corpus.valid.items == item).flatten():
            ids = corpus.valid.tokens[window, : corpus.valid.lengths[window]][None]
            total += model(ids, labels=ids).loss.item() * (ids.shape[1] - 1)
            count += ids.shape[1] - 1
        assert (nats[item], tokens[item]) == (pytest.approx(total, rel=1e-5), count)


def test_items_that_are_too_long_are_cut_and_counted():
    long = " ".join(str(n * 7919) for n in range(400)) + END
    corpus = encode([Group("a", (long, *numbered(20, "apple")), (long,), (long,))], 300, 16)
    assert corpus.cut == 1
    assert corpus.test.lengths.sum() == 512


# Models


def three_kinds():
    """One pattern that is learned at once, one that takes a while, and noise that never is."""
    draws = np.random.default_rng(0)
    kinds = {
        "easy": [["x"] * 15 for _ in range(80)],
        "slow": [[" abcdefgh"[1 + (n + k) % 8] for k in range(15)] for n in range(80)],
        "noise": [[chr(97 + c) for c in draws.integers(0, 26, 15)] for _ in range(80)],
    }
    texts = {name: [f"{n}{''.join(own)}" for n, own in enumerate(k)] for name, k in kinds.items()}
    return encode(split_groups(texts, valid=10, test=10, seed=1), 262, 16)


@pytest.fixture(scope="module")
def corpus():
    return three_kinds()


def test_a_model_learns_the_groups_that_its_mixture_has(corpus):
    alone = learn(corpus, np.array([1.0, 0.0, 0.0]), TINY, seed=1)
    alike = learn(corpus, uniform(3), TINY, seed=1)
    losses = [
        np.bincount(corpus.test.groups, nats) / np.bincount(corpus.test.groups, tokens)
        for nats, tokens in (item_losses(model, corpus.test) for model in (alone, alike))
    ]
    assert losses[0][1] > losses[1][1] + 1
    assert losses[0][0] < losses[0][1] - 1


def test_the_same_seed_gives_the_same_model_and_another_seed_another(corpus):
    short = replace(TINY, steps=4)
    first, again, other = (
        token_losses(learn(corpus, uniform(3), short, seed), corpus.test.tokens)
        for seed in (1, 1, 2)
    )
    assert torch.equal(first, again)
    assert not torch.allclose(first, other)


def test_noise_gains_weight_where_loss_counts_but_not_where_excess_over_a_reference_does(corpus):
    reference = learn(corpus, uniform(3), replace(TINY, steps=200), seed=1)
    excess = find_shares(corpus, reference, TINY, step_size=1.0, seed=2)
    absolute = find_shares(corpus, None, TINY, step_size=1.0, seed=2)
    noise = corpus.names.index("noise")
    assert absolute.shares.argmax() == noise
    assert absolute.shares[noise] > 0.6
    assert excess.shares[noise] < absolute.shares[noise] - 0.2
    assert excess.shares.argmin() == noise
    assert excess.path.sum(axis=1) == pytest.approx(np.ones(TINY.steps))
    assert excess.shares == pytest.approx(excess.path.mean(axis=0))


def test_a_run_is_made_once_and_another_seed_share_or_text_is_another_run(
    corpus, tmp_path, monkeypatch
):
    runs = Runs(corpus, replace(TINY, steps=2), tmp_path)
    test = runs.losses(uniform(3), 1, Split.TEST)
    found = runs.robust(1.0, 1, uniform(3))

    def never(*_):
        raise AssertionError("learned again")

    monkeypatch.setattr(mixture_runs, "learn", never)
    monkeypatch.setattr(mixture_runs, "find_shares", never)
    again = Runs(three_kinds(), replace(TINY, steps=2), tmp_path)
    assert np.array_equal(again.losses(uniform(3), 1, Split.TEST).nats, test.nats)
    assert np.array_equal(again.robust(1.0, 1, uniform(3)).path, found.path)
    changed = corpus.test.tokens.clone()
    changed[0, 0] += 1
    other = replace(corpus, test=replace(corpus.test, tokens=changed))
    for ask in (
        lambda: again.losses(uniform(3), 1, Split.VALID),
        lambda: again.losses(uniform(3), 2, Split.TEST),
        lambda: again.losses(np.array([0.5, 0.25, 0.25]), 1, Split.TEST),
        lambda: Runs(other, replace(TINY, steps=2), tmp_path).losses(uniform(3), 1, Split.TEST),
        lambda: Runs(corpus, replace(TINY, steps=3), tmp_path).losses(uniform(3), 1, Split.TEST),
    ):
        with pytest.raises(AssertionError, match="learned again"):
            ask()


# Measuring


def losses_of(*groups):
    """One item for each number, a token each."""
    nats = [nats for own in groups for nats in own]
    places_ = [place for place, own in enumerate(groups) for _ in own]
    return Losses(np.array(nats), np.ones(len(nats)), np.array(places_))


def test_measures_are_as_worked_by_hand():
    found = {
        "a": [losses_of([1.0, 3.0], [4.0, 4.0]), losses_of([2.0, 4.0], [5.0, 5.0])],
        "b": [losses_of([4.0, 6.0], [3.0, 3.0]), losses_of([4.0, 6.0], [3.0, 3.0])],
    }
    measured = measure(found, named=1, sizes=np.array([0.75, 0.25]), replicates=200)
    assert [e.value for e in measured.losses("a")] == [2.5, 4.5]
    assert {m: measured.of("a", m).value for m in Measure} == {
        Measure.WORST: 4.5, Measure.NAMED: 4.5, Measure.MEAN: 3.5, Measure.OVERALL: 3.0,
    }  # fmt: skip
    assert (measured.worst_group("a"), measured.worst_group("b")) == (1, 0)
    assert measured.difference("b", "a", Measure.WORST).value == 0.5  # 5 − 4.5
    assert measured.difference("b", "a", Measure.NAMED).value == -1.5
    assert measured.differences_by_seed("b", "a", Measure.NAMED) == [-1.0, -2.0]


def test_differences_are_paired_by_item_and_intervals_hold_seeds():
    hard = np.random.default_rng(1).normal(5, 1, 50)
    found = {
        "a": [losses_of(hard), losses_of(hard)],
        "b": [losses_of(hard - 0.1), losses_of(hard - 0.1)],
        "c": [losses_of(hard - 1), losses_of(hard + 1)],
    }
    measured = measure(found, named=0, sizes=np.ones(1), replicates=2000)
    paired = measured.difference("b", "a", Measure.MEAN)
    assert (paired.value, paired.low, paired.high) == pytest.approx((-0.1, -0.1, -0.1))
    alone = measured.of("a", Measure.MEAN)
    standard = hard.std() / math.sqrt(50)
    assert alone.high - alone.low == pytest.approx(2 * 1.96 * standard, rel=0.08)
    seeds = measured.difference("c", "a", Measure.MEAN)
    assert (seeds.low, seeds.high) == pytest.approx((-1, 1))


# The report


def a_report(**changes):
    losses = (Estimate(4.0, 3.9, 4.1), Estimate(5.0, 4.8, 5.2))
    measures = {m: Estimate(5.0, 4.8, 5.2) for m in Measure}
    names = (PROPORTIONAL, UNIFORM, ROBUST)
    report = MixtureReport(
        "how <b>",
        "python -m x",
        "small",
        (TextGroup("large", "l", 90, 900), TextGroup("small", "s", 10, 100)),
        tuple(MixtureResult(n, "", (0.9, 0.1), losses, "small", measures) for n in names),
        (
            MixtureDifference(
                ROBUST, UNIFORM, Measure.WORST, Estimate(-0.02, -0.03, -0.01), (-0.02,)
            ),
        ),
        {"x, step size 1": 5.0},
    )
    return replace(report, **changes)


def test_a_report_is_read_as_it_was_written(tmp_path):
    path = tmp_path / "new/mixtures.json"
    write_mixture_report(a_report(), path)
    assert read_mixture_report(path) == a_report()
    assert [p.name for p in path.parent.iterdir()] == ["mixtures.json"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("groups", []),
        ("mixtures", []),
        ("mixtures", "none"),
        ("named", "nobody"),
        ("differences", [{}]),
        ("tried", {"x": "much"}),
    ],
)
def test_a_damaged_report_is_refused_by_name(tmp_path, field, value):
    path = tmp_path / "mixtures.json"
    write_mixture_report(a_report(), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(MixtureReportError, match=r"mixtures\.json: is not a report of mixtures"):
        read_mixture_report(path)


@pytest.mark.parametrize("text", ["", "{", "[]", "null"])
def test_a_file_that_is_no_report_is_refused(tmp_path, text):
    path = tmp_path / "mixtures.json"
    path.write_text(text)
    with pytest.raises(MixtureReportError):
        read_mixture_report(path)
    with pytest.raises(MixtureReportError, match="No such file"):
        read_mixture_report(tmp_path / "absent.json")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ((-0.02, -0.03, -0.01), "lowers the worst group's loss by 0.020 nats per token against"),
        ((0.02, 0.01, 0.03), "raises the worst group's loss by 0.020"),
        ((-0.02, -0.05, 0.01), "no clear difference in the worst group's loss, −0.020"),
    ],
)
def test_a_finding_claims_no_more_than_its_interval(change, said):
    one = replace(a_report().differences[0], difference=Estimate(*change))
    assert said in findings(a_report(differences=(one,)))[0]


def test_findings_say_where_the_robust_text_goes_and_what_that_does_there():
    report = a_report()
    robust = replace(
        report.mixtures[2],
        shares=(0.8, 0.2),
        losses=(Estimate(3.75, 3.7, 3.8), Estimate(5.25, 5.2, 5.3)),
    )
    found = findings(replace(report, mixtures=(*report.mixtures[:2], robust)))
    assert found[1:] == [
        "Robust to excess loss gives most to large: 80.0% of the text against 90.0% under 1:1, and"
        " its loss changes by −0.250.",
        "The hardest group, small, gets 20.0% of the text against 10.0% under 1:1, and its loss"
        " changes by +0.250.",
    ]


def test_figures_say_in_words_what_they_draw_and_nothing_in_names_is_markup():
    report = a_report()
    hostile = replace(report.groups[0], name="<img src=x>")
    report = replace(report, groups=(hostile, report.groups[1]))
    losses, shares = group_losses(report), group_shares(report)
    assert "worst small at 5.00" in losses.alt
    assert "most to <img src=x> (90.0%)" in shares.alt
    assert [trace.name for trace in losses.figure.data] == [PROPORTIONAL, UNIFORM, ROBUST]
    assert list(losses.figure.layout.yaxis.ticktext) == ["&lt;img src=x&gt;", "small"]
    assert list(losses.figure.data[0].x) == [4.0, 5.0]
    assert list(shares.figure.data[0].x) == [0.9, 0.1]


needs_report = pytest.mark.skipif(not SHIPPED.exists(), reason="no report of mixtures ships")


@needs_report
@pytest.mark.parametrize("name", ["mixtures.json", "mixtures_short.json"])
def test_a_shipped_report_agrees_with_itself(name):
    report = read_mixture_report(SHIPPED.with_name(name))
    sizes = by_ratio([group.tokens for group in report.groups])
    found = {m.name: m for m in report.mixtures}
    assert found[PROPORTIONAL].shares == pytest.approx(sizes, abs=1e-5)
    assert found[UNIFORM].shares == pytest.approx([1 / len(sizes)] * len(sizes))
    for mixture in report.mixtures:
        losses = np.array([e.value for e in mixture.losses])
        assert sum(mixture.shares) == pytest.approx(1, abs=1e-4)
        assert mixture.measures[Measure.WORST].value == pytest.approx(losses.max())
        assert report.groups[losses.argmax()].name == mixture.worst_group
        assert mixture.measures[Measure.MEAN].value == pytest.approx(losses.mean(), abs=1e-4)
        assert mixture.measures[Measure.OVERALL].value == pytest.approx(losses @ sizes, abs=1e-4)
    for one in report.differences:
        values = [found[name].measures[one.measure].value for name in (one.mixture, one.against)]
        assert one.difference.value == pytest.approx(values[0] - values[1], abs=2e-5)
        assert one.difference.low <= one.difference.value <= one.difference.high
        assert len(one.by_seed) == 3


@needs_report
def test_the_page_shows_what_the_mixtures_cost():
    at = AppTest.from_file(str(ROOT / "pages/category_balance.py"), default_timeout=60).run()
    assert not at.exception
    assert "Mixing groups to train on" in [one.value for one in at.subheader]
    first = shown_as_text(findings(read_mixture_report(SHIPPED))[0])
    assert any(first in one.value for one in at.markdown)
    at.segmented_control(key="category_balance.mixtures").set_value("Share of training").run()
    assert not at.exception


# The commands


def rows_file(path: Path, word: str, count: int, category: str | None = None) -> str:
    rows = [
        {
            **({"category": category, "occupation": None, "topic": None} if category else {}),
            "messages": [
                {"role": "user", "content": f"What is {word} {n}?"},
                {"role": "assistant", "content": f"It is {word} " * (2 + n % 3)},
            ],
        }
        for n in range(count)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def quick(tmp_path, **changes):
    names = ("data", "group_by", "method")
    return MixtureSettings(
        **{"data": (), "group_by": "source", "method": "robust"}
        | {"held_out": 3, "vocabulary": 270, "row_tokens": 16, "steps": 2}
        | {"out": tmp_path / "out"}
        | {name: changes.pop(name) for name in names if name in changes}
        | changes
    )


def test_a_mixture_is_found_and_the_tuning_reads_it_as_it_is(tmp_path, capsys):
    data = (
        rows_file(tmp_path / "Grüße 🙂.jsonl", "law", 60),
        rows_file(tmp_path / "tax.jsonl", "tax", 20),
    )
    find_mixture.main(quick(tmp_path, data=data))
    said = capsys.readouterr().out
    assert "found: worst" in said
    assert "1:1: worst" in said
    tuning = load_settings(InstructionSettings, tmp_path / "out/tuning.toml")
    assert tuning.data == data
    assert sum(tuning.weights) == pytest.approx(1)
    written = json.loads((tmp_path / "out/mixture.json").read_text())
    assert sum(written["shares"].values()) == pytest.approx(1)
    assert set(written["losses"]["found"]) == set(data)


def test_weights_of_items_give_each_group_its_share_of_tokens(corpus):
    rows = (torch.zeros(10, 10), torch.zeros(30, 10))  # 10 and 30 tokens an item
    two = replace(corpus, names=("short", "long"), rows=rows, items=(10, 10))
    weights = find_mixture.item_weights(uniform(2), two)
    assert weights == pytest.approx([0.75, 0.25])
    mixed = mix([["short"] * 10, ["long"] * 10], weights.tolist(), seed=1)
    assert 10 * mixed.count("short") == 30 * mixed.count("long")


def test_the_categories_of_a_file_are_mixed_as_files_of_their_own(tmp_path):
    both = tmp_path / "both.jsonl"
    rows_file(tmp_path / "a", "law", 20, "Legal")
    rows_file(tmp_path / "b", "tax", 30, "Finance")
    both.write_text((tmp_path / "a").read_text() + (tmp_path / "b").read_text())
    settings = quick(tmp_path, data=(str(both),), group_by="category", method="proportional")
    find_mixture.main(settings)
    tuning = load_settings(InstructionSettings, tmp_path / "out/tuning.toml")
    finance, legal = (Path(path).read_text().splitlines() for path in tuning.data)
    assert (len(finance), len(legal)) == (30, 20)
    assert all(json.loads(row)["category"] == "Legal" for row in legal)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"data": ()}, "data is empty"),
        ({"method": "best"}, "method is 'best'; expected one of proportional, uniform"),
        ({"group_by": "mood"}, "group_by is 'mood'"),
        ({"method": "ratio", "ratios": (1.0,), "data": ("a", "b")}, "ratios has 1 numbers for 2"),
        ({"method": "ratio", "ratios": (1.0, 0.0), "data": ("a", "b")}, "expected numbers above 0"),
        ({"temperature": 0.0}, "temperature is 0.0; expected a number above 0"),
        ({"step_size": -1.0}, "step_size is -1.0"),
        ({"held_out": 1}, "held_out is 1; expected 2 or more"),
    ],
)
def test_settings_that_contradict_themselves_are_refused_by_name(tmp_path, changes, said):
    with pytest.raises(SystemExit, match=said):
        quick(tmp_path, **{"data": ("a",)} | changes)


def test_rows_and_groups_that_cannot_be_mixed_are_named_before_any_learning(tmp_path, monkeypatch):
    monkeypatch.setattr(find_mixture, "Runs", None)
    bad = tmp_path / "bad.jsonl"
    rows_file(bad, "law", 20)
    bad.write_text(bad.read_text() + '{"messages": [{"role": "user", "content": "No answer?"}]}\n')
    with pytest.raises(SystemExit, match=r"bad\.jsonl row 21: .* has no answer"):
        find_mixture.main(quick(tmp_path, data=(str(bad),)))
    with pytest.raises(SystemExit, match="absent"):
        find_mixture.main(quick(tmp_path, data=(str(tmp_path / "absent.jsonl"),)))
    few = rows_file(tmp_path / "few.jsonl", "tax", 4)
    with pytest.raises(SystemExit, match="few.*has 4 different items"):
        find_mixture.main(quick(tmp_path, data=(few,)))
    assert not (tmp_path / "out").exists()


def test_the_experiment_goes_from_texts_to_a_report_and_on_after_a_kill(tmp_path, monkeypatch):
    groups = {name: numbered(40 + 10 * n, f"w{n}") for n, name in enumerate(ABOUT)}
    monkeypatch.setattr(experiment_mixtures, "read_groups", lambda _: groups)
    settings = experiment_mixtures.ExperimentSettings(
        cache=tmp_path / "runs", out=tmp_path / "mixtures.json", valid=3, test=4,
        vocabulary=270, row_tokens=16, steps=2, measured_steps=1,
        step_sizes=(0.1, 1.0), loss_step_sizes=(0.1,), seeds=(1, 2),
    )  # fmt: skip
    learned = []
    real = mixture_runs.learn

    def stopping(corpus, shares, model, seed):
        if len(learned) == 3:
            raise KeyboardInterrupt
        learned.append(seed)
        return real(corpus, shares, model, seed)

    monkeypatch.setattr(mixture_runs, "learn", stopping)
    with pytest.raises(KeyboardInterrupt):
        experiment_mixtures.main(settings, "python -m x")
    monkeypatch.setattr(mixture_runs, "learn", real)
    before = {path: path.stat().st_mtime_ns for path in settings.cache.iterdir()}
    experiment_mixtures.main(settings, "python -m x")
    assert {path: path.stat().st_mtime_ns for path in before} == before
    report = read_mixture_report(settings.out)
    assert len(report.mixtures) == 5
    assert report.difference(ROBUST, UNIFORM, Measure.WORST)
    assert "apple" not in settings.out.read_text()


def test_seeds_that_chose_do_not_measure():
    with pytest.raises(SystemExit, match="seeds has 0"):
        experiment_mixtures.ExperimentSettings(seeds=(0, 1))


@real_data
def test_every_group_of_the_experiment_can_hold_out_its_items_and_keep_most():
    groups = split_groups(read_groups(SHARED / "instruct"), 60, 100, seed=1)
    assert [group.name for group in groups] == list(ABOUT)
    assert min(len(group.train) for group in groups) > 250
    words = [set(g.train) & {*g.valid, *g.test} for g in groups]
    assert not any(words)
