"""The report, its JSON and its command, and real votes counted again in plain Python."""

import csv
import gzip
import json
import math
from collections import Counter
from itertools import combinations
from types import SimpleNamespace

import pytest
from statsmodels.stats.proportion import proportion_confint
from typer.testing import CliRunner

from occu_core.cli import app
from occu_core.pairwise.importing import VotesFormat, load_votes
from occu_core.pairwise.report import Settings, study_report
from occu_core.pairwise.report_json import report_json
from occu_core.pairwise.report_words import report_text
from occu_core.pairwise.votes import VotesError
from tests.conftest import SHARED
from tests.pairwise_by_hand import alpha_by_hand, components_by_hand, invented_votes, vote

FIELDS = {
    "pairs": {"systems", "wins_first", "ties", "both_bad", "wins_second", "first_on_left",
              "win_rate", "wilson", "clustered"},
    "position": {"left_share", "low", "high"},
    "length": {"longer_share", "low", "high"},
    "ties": {"share", "low", "high"},
    "agreement": {"raw", "raw_decided", "alpha", "low", "high", "overlap"},
}  # fmt: skip


def run(*words):
    return CliRunner().invoke(app, ["study", "report", *map(str, words)])


@pytest.fixture
def table(tmp_path):
    """Invented votes as a table with a column of another name."""
    path = tmp_path / "votes.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        names = ("question", "system_left", "system_right", "verdict", "rater")
        writer.writerow((*names, "response_left", "response_right", "category"))
        for v in invented_votes():
            row = (v.question_id, v.system_left, v.system_right, v.verdict.value, v.annotator)
            writer.writerow((*row, v.response_left, v.response_right, "law"))
    return path


def test_the_json_has_every_promised_field():
    found = report_json(study_report(invented_votes()))
    assert {"votes", "items", "annotators", "duplicates", *FIELDS} <= set(found)
    for name, fields in FIELDS.items():
        for one in found[name] if name == "pairs" else [found[name]]:
            assert fields <= set(one)
    json.dumps(found, allow_nan=False)


def test_what_is_given_is_what_is_counted_and_what_is_left_out():
    votes = [
        *invented_votes(),
        vote("same", response_left="yes", response_right="yes"),
        vote("again", "left"),
        vote("again", "left", left="beta", right="alpha"),
        vote("chosen", adaptive=True),
        vote("again", annotator="judge", automatic=True),
    ]
    found = report_json(study_report(votes, Settings(drop_identical=True)))
    assert (found["votes"], found["counted"]["votes"]) == (95, 91)
    assert found["duplicates"] == 1
    assert found["exclusions"] == {
        "judges": 1, "identical": 1, "adaptive": 1, "repeats": 0, "repeats_swapped": 1,
    }  # fmt: skip
    assert sum(pair["votes"] for pair in found["pairs"]) == 91
    assert found["consistency"]["denominator"] == 1
    assert found["consistency"]["same_share"] == 0
    assert found["judges"][0]["items"] == 1
    kept = study_report(votes)
    assert kept.counted.votes == 92
    assert any("1 votes are on identical answers" in warning for warning in kept.warnings)


def test_the_same_votes_and_seed_give_the_same_report_in_any_order():
    votes = invented_votes()
    assert study_report(votes) == study_report(votes)
    back = study_report(votes[::-1])
    assert [p.win_rate.above for p in back.pairs] == [
        p.win_rate.above for p in study_report(votes).pairs
    ]


def test_few_people_few_questions_and_language_models_alone_are_warned_of():
    one = study_report([vote(f"q{i}", automatic=True) for i in range(5)])
    assert [w for w in one.warnings if "language model's" in w]
    assert [w for w in one.warnings if "one annotator" in w]
    assert [w for w in one.warnings if "5 questions are few" in w]
    two = study_report([vote(f"q{i}", annotator=f"a{i % 2}") for i in range(5)])
    assert [w for w in two.warnings if "2 annotators are few" in w]


def test_no_vote_left_to_count_is_refused_with_the_reasons():
    with pytest.raises(VotesError, match="none of 1 votes counts: 1 on identical answers"):
        study_report([vote(response_left="a", response_right="a")], Settings(drop_identical=True))
    with pytest.raises(ValueError, match="margin 0.7 is not between 0 and 0.5"):
        Settings(margin=0.7)


def test_disagreements_are_listed_the_most_even_first():
    votes = [
        *(vote("q1", v, a) for v, a in zip(("left", "right", "tie"), "abc", strict=True)),
        *(
            vote("q2", v, a)
            for v, a in zip(("left", "right", "left", "right"), "abcd", strict=True)
        ),
        *(vote("q3", "left", a) for a in "ab"),
    ]
    found = study_report(votes).disagreements
    assert [(d.question_id, d.first, d.second, d.undecided) for d in found] == [
        ("q2", 2, 2, 0),
        ("q1", 1, 1, 1),
    ]


def test_the_text_shows_the_numbers_of_the_report():
    report = study_report(invented_votes())
    text = report_text(report)
    for pair in report.pairs:
        assert f"{pair.wins_first} wins, {pair.ties} ties" in text
        assert f"{pair.win_rate.value:.1%}" in text
    assert f"α {report.agreement.alpha:.3f}" in text
    assert "Bradley–Terry" in text


def test_the_command_reads_a_table_with_mapped_columns(table):
    result = run(table, "--format", "csv", "--map", "rater=annotator", "--json")
    assert result.exit_code == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["votes"], found["items"], found["annotators"]) == (90, 30, 6)
    assert [group["group"] for group in found["by_category"]] == ["law"]
    packed = table.with_suffix(".csv.gz")
    packed.write_bytes(gzip.compress(table.read_bytes()))
    again = run(packed, "--format", "csv", "--map", "rater=annotator", "--json")
    assert json.loads(again.stdout) == found


def test_the_command_prints_text_and_warns_on_standard_error(table):
    result = run(table, "--format", "csv", "--map", "rater=annotator")
    assert result.stdout.startswith("90 votes on 30 items by 6 annotators\n")
    assert "warning" not in result.stdout


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--format", "xml"), "--format 'xml': expected tulu | pandalm"),
        (("--format", "csv"), "has no column 'annotator'; found question"),
        (("--format", "csv", "--map", "rater"), "expected column=field"),
        (("--format", "csv", "--map", "rater=annotator", "--margin", "0.9"), "margin 0.9 is not"),
        (("--format", "csv", "--map", "rater=annotator", "--criterion", "x"), "criterion 'x'"),
        (("--format", "tulu"), "is not JSON"),
    ],
)
def test_the_command_refuses_in_a_line_with_exit_code_2(table, words, message):
    result = run(table, *words)
    assert result.exit_code == 2
    assert message in result.stderr
    assert "Traceback" not in result.output


def test_the_command_refuses_a_file_that_is_not_there(tmp_path):
    result = run(tmp_path / "absent", "--format", "csv")
    assert (result.exit_code, "there is no such file" in result.stderr) == (2, True)


# Real votes, counted again without any of the project's code.


def human_votes(name):
    path = SHARED / "instruct/human_votes" / name
    if not path.exists():
        pytest.skip(f"no human votes beside the project: {path.name}")
    return path


def plain(question, left, right, side, annotator, responses):
    first = min(left, right)
    outcome = {"left": left, "right": right}.get(side, side)
    outcome = "first" if outcome == first else side if side == "tie" else "second"
    return SimpleNamespace(
        question=question,
        pair=tuple(sorted((left, right))),
        side=side,
        outcome=outcome,
        annotator=annotator,
        first_left=left == first,
        lengths=tuple(map(len, responses)),
    )


def plain_tulu(path):
    for line in path.read_text(encoding="utf-8").splitlines():
        r = json.loads(line)
        side = {"a": "left", "b": "right", "t": "tie"}[r["preference"][0]]
        yield plain(
            r["instance_id"],
            r["model_a"],
            r["model_b"],
            side,
            r["evaluator"],
            (r["completion_a"], r["completion_b"]),
        )


def plain_pandalm(path):
    for r in json.loads(path.read_text(encoding="utf-8")):
        left, right = r["cmp_key"].split("_")
        texts = [
            x if isinstance(x, str) else json.dumps(x) for x in (r["response1"], r["response2"])
        ]
        for person in ("annotator1", "annotator2", "annotator3"):
            side = ("tie", "left", "right")[r[person]]
            yield plain((r["instruction"], r["input"]), left, right, side, person, texts)


def plain_llmbar(path):
    for r in json.loads(path.read_text(encoding="utf-8")):
        texts = (r["output_1"], r["output_2"])
        question = (r["input"], frozenset(texts))
        yield plain(question, "output_1", "output_2", ["left", "right"][r["label"] - 1], "l", texts)


def once_each(votes):
    """What counts: each annotator once an item, the first time."""
    seen, kept = set(), []
    for v in votes:
        key = (v.annotator, v.question, v.pair)
        if key not in seen:
            seen.add(key)
            kept.append(v)
    return kept


REAL = {
    "tulu1_eval_annotations.jsonl": (VotesFormat.TULU, plain_tulu),
    "pandalm_testset_v1_999.json": (VotesFormat.PANDALM, plain_pandalm),
    "llmbar_natural.json": (VotesFormat.LLMBAR, plain_llmbar),
    "llmbar_mtbench200.json": (VotesFormat.LLMBAR, plain_llmbar),
}


@pytest.fixture(params=REAL, scope="module")
def real(request):
    """A file's report as JSON, and its votes read by hand."""
    path = human_votes(request.param)
    layout, reader = REAL[request.param]
    found = report_json(study_report(load_votes(path, layout)))
    return found, list(reader(path))


def test_real_votes_are_counted_as_plain_python_counts_them(real):
    found, votes = real
    kept = once_each(votes)
    assert found["votes"] == len(votes)
    assert found["annotators"] == len({v.annotator for v in votes})
    assert found["items"] == len({(v.question, v.pair) for v in votes})
    assert found["duplicates"] == len(votes) - len(kept)
    for pair in found["pairs"]:
        own = [v for v in kept if list(v.pair) == pair["systems"]]
        counts = Counter(v.outcome for v in own)
        assert pair["votes"] == len(own)
        assert pair["wins_first"] == counts["first"]
        assert (pair["ties"], pair["wins_second"]) == (counts["tie"], counts["second"])
        assert pair["first_on_left"] == sum(v.first_left for v in own)
        assert pair["win_rate"] == pytest.approx(counts["first"] / len(own), abs=1e-6)
        half = (counts["first"] + counts["tie"] / 2) / len(own)
        assert pair["win_rate_half_ties"]["value"] == pytest.approx(half, abs=1e-6)
        low, high = proportion_confint(counts["first"], len(own), method="wilson")
        assert list(pair["wilson"].values()) == pytest.approx([low, high], abs=1e-6)
    assert {tuple(pair["systems"]) for pair in found["pairs"]} == {v.pair for v in kept}


def test_real_habits_are_those_of_plain_python(real):
    found, votes = real
    kept = once_each(votes)
    decided = [v for v in kept if v.side != "tie"]
    unequal = [v for v in decided if v.lengths[0] != v.lengths[1]]
    longer = sum((v.side == "left") == (v.lengths[0] > v.lengths[1]) for v in unequal)
    left = sum(v.side == "left" for v in decided)
    for name, share, above, below in (
        ("position", "left_share", left, len(decided)),
        ("length", "longer_share", longer, len(unequal)),
        ("ties", "share", len(kept) - len(decided), len(kept)),
    ):
        assert (found[name]["numerator"], found[name]["denominator"]) == (above, below)
        assert found[name][share] == pytest.approx(above / below, abs=1e-6)
        assert found[name]["low"] <= above / below <= found[name]["high"]


def test_real_agreement_is_that_of_plain_python(real):
    found, votes = real
    items = {}
    for v in once_each(votes):
        items.setdefault((v.question, v.pair), []).append(v.outcome)
    shared = [outcomes for outcomes in items.values() if len(outcomes) > 1]
    pairs = [both for outcomes in shared for both in combinations(outcomes, 2)]
    decided = [both for both in pairs if "tie" not in both]
    agreed = found["agreement"]
    assert agreed["overlap"] == len(shared)
    if not shared:
        assert agreed["alpha"] is None
        return
    for name, some in (("raw", pairs), ("raw_decided", decided)):
        assert agreed[name] == pytest.approx(sum(a == b for a, b in some) / len(some), abs=1e-6)
    assert agreed["alpha"] == pytest.approx(alpha_by_hand(shared), abs=1e-6)
    assert agreed["low"] < agreed["alpha"] < agreed["high"]


def test_the_clustered_interval_of_a_real_pair_is_that_of_dense_matrices():
    path = human_votes("tulu1_eval_annotations.jsonl")
    report = study_report(load_votes(path, VotesFormat.TULU))
    kept = once_each(plain_tulu(path))
    for pair in report.pairs:
        own = [v for v in kept if v.pair == pair.systems]
        won = [v.outcome == "first" for v in own]
        n, p = len(own), sum(won) / len(own)
        parts, shares = components_by_hand(
            won, [v.question for v in own], [v.annotator for v in own]
        )
        assert parts[:2].min() > 0
        variance = float(parts @ shares) * (n - 1) / n
        # The ends solve |p − θ| = t √(variance · θ(1 − θ)/(p(1 − p))) for one and the same t.
        for end in (pair.win_rate.low, pair.win_rate.high):
            scale = math.sqrt(variance * end * (1 - end) / (p * (1 - p)))
            assert 1.96 <= abs(p - end) / scale < 3.2  # t of the few who cast most votes
        ends = [
            abs(p - e) / math.sqrt(e * (1 - e)) for e in (pair.win_rate.low, pair.win_rate.high)
        ]
        assert ends[0] == pytest.approx(ends[1])
