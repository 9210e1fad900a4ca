"""Report figures show exactly the numbers of their reports; sentences say what these mean."""

from dataclasses import replace

import pytest

from occu_core import figures
from occu_core.evaluation import report_words as words
from occu_core.evaluation.ranking import headline_pair, ordered_boards, pairs_on, ranked
from occu_core.evaluation.report_files import ReportError, report_json
from occu_core.evaluation.report_upload import MOST_BYTES, parse_own_report
from occu_core.evaluation.reports import ExperimentPoint, Interval, Part, Perplexities
from tests.reports_at_hand import CALIBRATION, COMPARISON, CURVE, MEMBERSHIP, MODEL, PROVENANCE

HEADLINE = replace(PROVENANCE, simulated=False)


def model(name, value, about=HEADLINE, normalised=None, **changes):
    """A report of one model with a raw perplexity, and a normalised one if given."""

    def over(overall):
        return Perplexities(Interval(overall, overall - 0.5, overall + 0.5), None, None, None)

    return replace(
        MODEL,
        provenance=replace(about, model=name, title=name),
        perplexity_raw=over(value),
        perplexity=over(normalised) if normalised else None,
        **changes,
    )


LM, CAREER = model("Language model", 8.5, normalised=8.4), model("CAREER", 9.0)


def board_of(*reports):
    return next(iter(ordered_boards(reports).values()))


def annotations(chart):
    return " ".join(annotation.text for annotation in chart.figure.layout.annotations)


def test_the_leaderboard_draws_each_estimate_and_its_interval_lowest_first():
    chart = figures.leaderboard(board_of(CAREER, LM))
    assert chart.figure.data[0].x == (8.5, 9.0)
    whiskers = [(s.x0, s.x1) for s in chart.figure.layout.shapes]
    assert whiskers == [(8.0, 9.0), (8.5, 9.5)]
    assert "8.50 (8.00–9.00)" in annotations(chart)
    assert "lowest first: Language model 8.50" in chart.alt


def test_a_normalised_leaderboard_leaves_out_models_with_raw_scores_alone():
    board = board_of(CAREER, LM)
    assert [r.provenance.title for r, _ in ranked(board, normalised=True)] == ["Language model"]
    assert figures.leaderboard(board, normalised=True).figure.data[0].x == (8.4,)


def test_models_scored_on_other_rows_never_share_a_leaderboard():
    other = model("Mine", 2.0, replace(HEADLINE, rows_digest="f" * 16, rows=60))
    boards = ordered_boards((LM, other, CAREER))
    assert [[r.provenance.title for r in b.reports] for b in boards.values()] == [
        ["Language model", "CAREER"],
        ["Mine"],
    ]
    assert len(boards) == 2  # though both sets of rows have the same description
    assert any("60 rows ffffff" in label for label in boards)


def test_the_headline_comes_first_and_simulated_careers_last():
    everything = replace(HEADLINE, years=None, rows_digest="a" * 16)
    older = replace(HEADLINE, data="NLSY79", years=None, rows_digest="b" * 16)
    mine = replace(HEADLINE, data="mine.csv", split=None, years=None, rows_digest="c" * 16)
    abouts = (PROVENANCE, mine, older, everything, replace(HEADLINE, rows_digest="d" * 16))
    assert list(ordered_boards(tuple(model("m", 9.0, about) for about in abouts))) == [
        "NLSY97 1997–2011, test",
        "NLSY97 all years, test",
        "NLSY79 all years, test",
        "mine.csv all years",
        "NLSY97 1997–2011, test (simulated)",
    ]


def test_only_comparisons_on_exactly_the_same_rows_are_shown():
    board = board_of(
        model("language_model", 8.5), replace(CAREER, provenance=replace(HEADLINE, model="career"))
    )
    elsewhere = replace(COMPARISON, rows_digest="f" * 16)
    assert pairs_on(board, [elsewhere]) == []
    overall = replace(COMPARISON, part=Part.ALL, seeds_a=1, seeds_b=1)
    (pair,) = pairs_on(board, [elsewhere, overall, replace(overall, part=Part.MOVE)])
    assert set(pair) == {Part.ALL, Part.MOVE}
    over_seeds = replace(overall, seeds_a=3, seeds_b=3)
    assert headline_pair(board, [overall, over_seeds]) == over_seeds


@pytest.mark.parametrize(
    ("interval", "said"),
    [
        (Interval(-3.2, -4.3, -2.1), "A is 3.2% below B (95% interval 2.1–4.3%)"),
        (Interval(2.0, 1.0, 3.0), "A is 2.0% above B (95% interval 1.0–3.0%)"),
        (
            Interval(-0.4, -1.2, 0.4),
            "A is not told apart from B (−0.4%, 95% interval −1.2% to +0.4%)",
        ),
        (Interval(-3.0), "A is 3.0% below B (no interval"),
    ],
)
def test_a_comparison_says_which_is_lower_and_how_sure_that_is(interval, said):
    pair = replace(COMPARISON, title_a="A", title_b="B", part=Part.ALL, difference_percent=interval)
    moves = replace(pair, part=Part.MOVE, difference_percent=Interval(-5.0, -6.0, -4.0))
    sentence = words.pair_in_words({Part.ALL: pair, Part.MOVE: moves})
    assert sentence.startswith(said)
    assert "on moves 5.0% below (95% interval 4.0–6.0%)" in sentence
    assert "3 and 3 training seeds" in sentence


def test_the_answer_does_not_call_an_open_race_won():
    board = board_of(LM, CAREER)
    open_race = replace(COMPARISON, difference_percent=Interval(-0.4, -1.2, 0.4))
    assert "stays open" in words.answer(board, open_race)
    assert "not luck" in words.answer(board, COMPARISON)
    assert "not compared in pairs" in words.answer(board, None)


def test_a_difference_is_coloured_only_where_its_interval_leaves_zero_out():
    below = replace(COMPARISON, difference_percent=Interval(-3.0, -4.0, -2.0))
    unsure = replace(COMPARISON, difference_percent=Interval(-1.0, -3.0, 1.0))
    colours = figures.differences([below, unsure]).figure.data[0].marker.color
    assert colours[0] != colours[1]


def test_reliability_draws_predicted_against_observed():
    chart = figures.reliability(MODEL, CALIBRATION, "keeping the same state")
    curve = chart.figure.data[1]
    assert (curve.x, curve.y) == ((0.25, 0.75), (0.3, 0.7))
    assert curve.error_y.array == pytest.approx((0.1, 0.1))
    assert "25.0% came true 30.0% (20.0–40.0)" in chart.alt


def test_an_error_below_its_noise_floor_is_said_to_be_chance():
    quiet = replace(CALIBRATION, error=0.02)
    assert "cannot be told from chance" in words.calibration_in_words(quiet, "staying")
    loud = words.calibration_in_words(CALIBRATION, "staying")
    assert "off by 5.0 percentage points" in loud
    assert "More than chance" in loud
    assert "temperature of 1.50" in loud


def test_a_group_of_few_workers_is_named_in_a_warning():
    assert "female (6)" in words.small_groups(MODEL, "sex")
    large = replace(MODEL.subgroups[0], workers=500, perplexity=Interval(9.5, 9.0, 10.0))
    assert words.small_groups(replace(MODEL, subgroups=(large,)), "sex") is None
    assert figures.subgroups(MODEL, "sex").figure.data[0].x == (9.5,)


def test_an_experiment_with_an_order_is_a_line_and_one_without_is_rows():
    line = replace(
        CURVE,
        points=tuple(
            ExperimentPoint(f"{x}% of the other cohort", "LM", Interval(12.0 - x / 50), float(x))
            for x in (100, 0)
        ),
    )
    drawn = figures.experiment(line).figure
    assert drawn.data[0].x == (0.0, 100.0)
    assert drawn.data[0].y == (12.0, 10.0)
    rows = figures.experiment(CURVE).figure
    assert rows.data[0].mode == "markers"
    assert rows.data[0].x == (10.0, 9.0)


def test_perplexities_far_apart_are_drawn_on_a_log_scale():
    far = (
        ExperimentPoint("off", "LM", Interval(365.0)),
        ExperimentPoint("on", "LM", Interval(8.0)),
    )
    assert figures.experiment(replace(CURVE, points=far)).figure.layout.xaxis.type == "log"


def test_membership_draws_the_chance_of_telling_training_workers():
    chart = figures.memberships([MEMBERSHIP])
    assert chart.figure.data[0].x == (0.5,)
    assert "CAREER, NLSY97 50.0% (40.0–60.0)" in chart.alt


def test_a_title_cannot_bring_markup_into_a_figure():
    chart = figures.leaderboard(board_of(model("<b>x", 9.0), model("<i>y", 8.0)))
    assert "&lt;i&gt;y" in annotations(chart)
    assert "<i>y" not in annotations(chart)


def test_every_figure_names_its_rows():
    for chart in (
        figures.leaderboard(board_of(MODEL)),
        figures.differences([COMPARISON]),
        figures.subgroups(MODEL, "sex"),
        figures.reliability(MODEL, CALIBRATION, "staying"),
        figures.experiment(CURVE),
    ):
        assert "NLSY97 1997–2011, test" in annotations(chart).replace("<br>", " ")


# A user's own report


def changed(**fields):
    return report_json(replace(MODEL, **fields)).encode()


def test_an_own_report_is_read_back_and_marked_as_the_users():
    own = parse_own_report(report_json(MODEL).encode(), "mine.json")
    assert own == replace(MODEL, provenance=replace(PROVENANCE, title="CAREER (yours)"))


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (b"{", "mine.json: is not JSON"),
        (b" " * (MOST_BYTES + 1), "expected at most 500,000"),
        (report_json(CURVE).encode(), "kind is 'curve'; expected 'model'"),
        (
            changed(weighted=Perplexities(Interval(0.3), None, None, None)),
            "weighted overall value is 0.3; expected 1 to 1e+12",
        ),
        (changed(top1=Interval(1.5)), "top1 value is 1.5; expected 0 to 1"),
        (
            changed(provenance=replace(PROVENANCE, title="x" * 300)),
            "provenance title has 300 characters; expected at most 200",
        ),
        (
            changed(subgroups=MODEL.subgroups * 300),
            "subgroups has 300 items; expected at most 200",
        ),
        (
            changed(provenance=replace(PROVENANCE, rows=-1)),
            "provenance rows is -1; expected 0",
        ),
    ],
)
def test_a_report_that_cannot_be_is_refused_by_field_value_and_what_is_allowed(raw, said):
    with pytest.raises(ReportError) as refused:
        parse_own_report(raw, "mine.json")
    assert said in str(refused.value)


def test_a_command_to_copy_quotes_what_a_report_calls_its_table():
    about = replace(PROVENANCE, data="x; rm -rf ~", split=None, years=None)
    assert "evaluate 'x; rm -rf ~' --model" in words.evaluate_command(about)
    headline = words.evaluate_command(PROVENANCE)
    assert "nlsy97.csv.gz --model MY_MODEL --split test --years 1997-2011" in headline
