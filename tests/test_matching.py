import json
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import pytest

from occu_core.assets import asset_path
from occu_core.matching.confidence import Confidence
from occu_core.matching.feature_network import FeatureNetwork
from occu_core.matching.features import Vocabulary, features, hashed
from occu_core.matching.few_bits import packed
from occu_core.matching.match_words import caution
from occu_core.matching.matcher import Sureness, TitleError, load_matcher
from occu_core.matching.network import multiplied
from occu_core.matching.normalising import title_key, words
from occu_core.matching.suggesting import suggest
from occu_core.matching.weights import (
    PIECES,
    WEIGHTS,
    MatcherError,
    read_weights,
    save_weights,
)
from occu_core.occupations import occ1990dd
from tests.conftest import ROOT
from tests.everyday_titles import EVERYDAY

SHIPPED = asset_path("matching")
NO_JOBS = ("stay-at-home mom", "unemployed", "retired", "n/a", "None")
NO_TITLES = ("asdfgh", "qwrtz plk", "xxxxxxxx")


def first(title):
    return load_matcher().match([title])[0]


# What the shipped weights know


def test_everyday_titles_are_enough_to_tell():
    assert len(EVERYDAY) >= 60
    assert {code for codes in EVERYDAY.values() for code in codes} <= {o.code for o in occ1990dd()}


def test_nearly_all_everyday_titles_have_an_accepted_first_occupation():
    matches = load_matcher().match(list(EVERYDAY))
    wrong = {m.title: m.best.title for m in matches if m.best.code not in EVERYDAY[m.title]}
    assert len(wrong) <= 0.05 * len(EVERYDAY), wrong


def test_all_everyday_titles_have_an_accepted_occupation_among_five():
    for match in load_matcher().match(list(EVERYDAY)):
        found = {candidate.occupation.code for candidate in match.ranked}
        assert found & EVERYDAY[match.title], match


@pytest.mark.parametrize("title", NO_TITLES)
def test_letters_that_are_no_title_have_low_confidence_that_says_so(title):
    match = first(title)
    assert match.sureness is Sureness.DOUBTFUL
    assert "low confidence" in caution(match)
    assert title.split()[0] in caution(match)


@pytest.mark.parametrize("title", NO_JOBS)
def test_answers_without_a_job_are_said_to_be_none(title):
    match = first(title)
    assert match.state.title == "Not working"
    assert match.sureness is Sureness.DOUBTFUL
    assert "without a job" in caution(match)


def test_an_answer_without_a_job_is_doubtful_however_sure_the_network_is():
    certain = replace(load_matcher(), confidence=Confidence((0.0,) * 5, 9.0))
    cook, retired = certain.match(["cook", "retired"])
    assert cook.sureness is Sureness.SURE
    assert retired.sureness is Sureness.DOUBTFUL


def test_a_student_is_a_student():
    assert first("full-time student").state.title == "Student"
    assert first("student nurse").state is None


def test_another_language_is_not_claimed_to_be_known():
    match = first("enfermera")
    assert match.sureness is not Sureness.SURE
    assert match.unknown_words == ("enfermera",)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Cook, short order", "short order cook"),
        ("TRUCK DRIVER", "truck driver"),
        ("truck driver 🚚", "truck driver"),
        ("asst mgr", "assistant manager"),
        ("R.N.", "RN"),
    ],
)
def test_forms_of_one_title_mean_the_same(one, other):
    ours, theirs = load_matcher().probabilities([one, other])
    assert ours == pytest.approx(theirs, abs=1e-6)


@pytest.mark.parametrize("title", ["", "   ", "123", "🚚", "!?"])
def test_what_has_no_letter_is_refused_with_an_example(title):
    with pytest.raises(TitleError, match="is no job title; expected words such as 'truck driver'"):
        first(title)


def test_a_very_long_text_is_read_in_bounded_time():
    started = time.perf_counter()
    long = first("truck driver " * 1000)
    assert time.perf_counter() - started < 1
    assert long.ranked[0].occupation.code == "804"
    assert first("x" * 10_000).sureness is Sureness.DOUBTFUL


@pytest.mark.parametrize(
    "title",
    ["'; DROP TABLE jobs; --", "<script>alert(1)</script>", "${nurse*7}", "\u202enurse\u0000"],
)
def test_text_that_is_code_elsewhere_is_only_words_here(title):
    match = first(title)
    assert match.title == title
    assert 0 <= match.confidence <= 1


def test_probabilities_of_all_341_jobs_sum_to_one_and_are_ranked():
    match = load_matcher().match(["barista"], top=400)[0]
    shares = [candidate.probability for candidate in match.ranked]
    assert len(shares) == 341
    assert sum(shares) == pytest.approx(1, abs=1e-4)
    assert shares == sorted(shares, reverse=True)


def test_a_title_means_the_same_alone_and_among_others():
    titles = list(EVERYDAY)[:40]
    together = load_matcher().match(titles * 20)
    assert len(together) == 800
    for title, match in zip(titles, together, strict=False):
        alone = first(title)
        assert match.best == alone.best
        assert match.confidence == pytest.approx(alone.confidence, abs=1e-5)


def test_a_title_takes_less_than_20_milliseconds():
    matcher, titles = load_matcher(), list(EVERYDAY)
    matcher.match(titles[:5])
    times = []
    for title in titles:
        started = time.perf_counter()
        matcher.match([title])
        times.append(time.perf_counter() - started)
    assert np.median(times) < 0.020


def test_the_folder_that_ships_is_small_and_holds_no_titles():
    files = [path for path in SHIPPED.iterdir() if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 8_000_000
    raw = (SHIPPED / WEIGHTS).read_bytes()
    for title in ("abalone", "barista", "truck driver", "Registered"):
        assert title.encode() not in raw


def test_matching_needs_no_torch_no_pandas_and_no_network():
    code = (
        "import socket, sys;"
        "socket.socket.connect = lambda *a: sys.exit('network');"
        "from occu_core.matching.matcher import load_matcher;"
        "print(load_matcher().match(['RN'])[0].best.code);"
        "print([m for m in ('torch', 'sklearn', 'pandas', 'streamlit') if m in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert run.stdout.split("\n")[:2] == ["95", "[]"]


# How it is built


def features_network():
    vectors = np.array([[1, 0, 0, -1], [0, 7, 0.5, 0]], np.float32)
    head = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0, 2]], np.float32)
    hashes = np.sort(hashed(["wcook", "wnurse"]))
    vocabulary = Vocabulary(hashes, np.zeros(0, np.uint32))
    return FeatureNetwork(vocabulary, packed(vectors), head, np.array([0, 0, 1], np.float32))


def test_a_network_sums_vectors_over_the_root_of_their_number():
    # By hand: (1, 7, 0.5 → 0 or 1 in steps of 1, -1) / √2, so logits (1, 7, −2 + √2) / √2.
    logits = features_network().logits_of([np.array([0, 1])])[0]
    assert logits == pytest.approx(np.array([1, 7, -2 + np.sqrt(2)]) / np.sqrt(2), abs=1e-5)


def test_a_title_without_known_features_has_the_bias_alone():
    assert features_network().logits(["zzz"])[0].tolist() == [0, 0, 1]


def test_two_readers_are_multiplied_each_to_its_power():
    one = np.array([[0.5, 0.25, 0.25]], np.float32)
    other = np.array([[0.1, 0.8, 0.1]], np.float32)
    product = one**0.5 * other**2
    found = multiplied(np.log(one), np.log(other), (0.5, 2.0))
    assert found == pytest.approx(product / product.sum(), abs=1e-6)


@pytest.mark.parametrize(("bits", "lost_at_most"), [(4, 0.013), (2, 0.125)])
def test_few_bits_keep_a_table_nearly(bits, lost_at_most):
    table = np.random.default_rng(1).normal(size=(50, 64)).astype(np.float32)
    stored = packed(table, bits)
    assert stored.levels.shape == (50, 64 * bits // 8)
    assert stored.shape == (50, 64)
    assert ((stored.rows() - table) ** 2).sum() < lost_at_most * (table**2).sum()
    assert np.array_equal(stored.rows(np.array([7, 3])), stored.rows()[[7, 3]])
    assert np.array_equal(packed(stored.rows(), bits).levels, stored.levels)


def test_four_bits_keep_a_vector_better_than_the_largest_number_as_scale_would():
    vectors = np.random.default_rng(1).normal(size=(50, 64)).astype(np.float32)
    lost = ((packed(vectors).rows() - vectors) ** 2).sum(axis=1)
    steps = np.abs(vectors).max(axis=1, keepdims=True) / 7
    plain = ((np.rint(vectors / steps) * steps - vectors) ** 2).sum(axis=1)
    assert (lost <= plain + 1e-5).all()
    assert lost.sum() < 0.85 * plain.sum()


def test_features_are_words_neighbours_ends_and_parts():
    parts = ("<fr", "fry", "ry>", "<fry", "fry>", "<fry>")
    parts += ("<co", "coo", "ook", "oks", "ks>", "<coo", "cook", "ooks", "oks>")
    parts += ("<cook", "cooks", "ooks>")
    assert list(features("Cooks, fry")) == [
        *("wfry", "wcook", "bfry cook", "lcook", "ffry"),
        *(f"c{part}" for part in parts),
    ]


def test_a_vocabulary_finds_only_what_it_holds():
    known = np.sort(hashed(["wcook", "lcook"]))
    vocabulary = Vocabulary(known, hashed(["cook"]))
    assert [int(known[place]) for place in vocabulary.places("cook")] == hashed(
        ["wcook", "lcook"]
    ).tolist()
    assert vocabulary.places("zzz").tolist() == []
    assert vocabulary.unknown_words("cook zzz") == ("zzz",)


def test_words_are_in_spoken_order_with_abbreviations_written_out():
    assert words("Mgr., Asst. (night)") == ["assistant", "night", "manager"]
    assert title_key("Cooks, Short-Order") == title_key("short order COOK")
    assert title_key("nurse manager") == title_key("managers of nurses")
    assert title_key("nurse") != title_key("nursery")


def test_suggestions_fall_back_on_spelling_without_a_matcher():
    taxonomy = occ1990dd()
    assert suggest("truk driver", None, taxonomy, 3) == taxonomy.search("truk driver", 3)
    assert suggest("123", load_matcher(), taxonomy, 3) == taxonomy.search("123", 3)


def test_suggestions_have_what_people_call_the_job_first():
    codes = [one.code for one in suggest("RN", load_matcher(), occ1990dd(), 6)]
    assert codes[0] == "95"
    assert len(codes) == len(set(codes)) == 6
    assert suggest("unemployed", load_matcher(), occ1990dd(), 6)[0].code == "NW"


# Damaged weights


def copy_weights(tmp_path):
    weights = read_weights(SHIPPED)
    save_weights(weights, {"seed": 1}, tmp_path)
    return weights


def test_saved_weights_read_back_the_same(tmp_path):
    weights = copy_weights(tmp_path)
    again = read_weights(tmp_path)
    assert again.codes == weights.codes
    assert np.array_equal(again.features.vectors.levels, weights.features.vectors.levels)
    titles = list(EVERYDAY)
    ours, theirs = (one.network().probabilities(titles) for one in (again, weights))
    assert ours == pytest.approx(theirs, abs=1e-6)
    assert (again.confidence, again.sure_from) == (weights.confidence, weights.sure_from)


@pytest.mark.parametrize("name", ["matcher.json", WEIGHTS, PIECES])
def test_a_missing_or_damaged_file_is_named(tmp_path, name):
    copy_weights(tmp_path)
    (tmp_path / name).write_bytes(b"\x01damaged")
    with pytest.raises(MatcherError, match="is no matcher that can be loaded"):
        load_matcher(tmp_path)
    (tmp_path / name).unlink()
    with pytest.raises(MatcherError, match=f"{name}: is missing"):
        read_weights(tmp_path)


def test_weights_of_other_occupations_are_refused(tmp_path):
    weights = read_weights(SHIPPED)
    other = replace(weights, codes=("9999", *weights.codes[1:]))
    save_weights(other, {}, tmp_path)
    with pytest.raises(MatcherError, match="knows code 9999"):
        load_matcher(tmp_path)
    settings = json.loads((tmp_path / "matcher.json").read_text())
    settings["codes"] = settings["codes"][:-1]
    (tmp_path / "matcher.json").write_text(json.dumps(settings))
    with pytest.raises(MatcherError, match="not one row for each code"):
        load_matcher(tmp_path)
