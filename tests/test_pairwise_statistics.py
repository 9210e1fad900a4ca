"""Habits, length control, early looks, equivalence, and judges beside people."""

import numpy as np
import pytest
import statsmodels.api as sm
from scipy.stats import norm

from occu_core.pairwise.equivalence import Finding, equivalence
from occu_core.pairwise.habits import annotator_habits, habits, side_warnings
from occu_core.pairwise.judging_people import judges_beside_people
from occu_core.pairwise.length_control import length_controlled
from occu_core.pairwise.looking_early import boundary, looking_early, more_votes
from occu_core.pairwise.votes import Verdict
from occu_core.pairwise.win_rates import expertise, grouped, pair_rates
from tests.pairwise_by_hand import invented_votes, vote


def apart(verdicts, **more):
    """Votes that share neither question nor annotator."""
    return [vote(f"q{i}", verdict, f"a{i}", **more) for i, verdict in enumerate(verdicts)]


def test_a_pairs_rates_count_every_vote_and_name_systems_in_order():
    votes = [
        *apart(["left"] * 5 + ["right"] * 2 + ["tie"] * 2 + ["both_bad"]),
        vote("q90", "left", "z", left="beta", right="alpha"),
    ]
    found = pair_rates(votes)
    assert found.systems == ("alpha", "beta")
    assert (found.wins_first, found.wins_second, found.ties, found.both_bad) == (5, 3, 2, 1)
    assert (found.votes, found.first_on_left) == (11, 10)
    assert found.win_rate.value == pytest.approx(5 / 11)
    assert found.loss_rate.value == pytest.approx(3 / 11)
    assert (found.half_ties.above, found.half_ties.below) == (6.5, 11)
    assert found.acceptable == (None, None)


def test_acceptability_is_counted_by_system_where_it_was_asked():
    votes = [
        vote("q1", acceptable_left=True, acceptable_right=False),
        vote("q2", left="beta", right="alpha", acceptable_left=False, acceptable_right=False),
        vote("q3"),
        vote("q4", left="beta", right="alpha", acceptable_left=False, acceptable_right=True),
    ]
    found = pair_rates(votes)
    assert [(rate.above, rate.below) for rate in found.acceptable] == [(2, 3), (0, 3)]
    assert found.both_unacceptable == 1


def test_groups_leave_out_votes_without_a_label():
    votes = [vote("q1", expert=True), vote("q2", "right", expert=False), vote("q3")]
    found = dict(grouped(votes, expertise))
    assert set(found) == {"experts", "others"}
    assert found["experts"][0].wins_first == found["others"][0].wins_second == 1


def test_habits_have_their_own_denominators():
    votes = [
        vote("q1", "left", response_left="long one", response_right="short", seconds=2),
        vote("q2", "right", response_left="same", response_right="size", seconds=9),
        vote("q3", "right", response_left="short", response_right="long one", seconds=4),
        vote("q4", "tie", response_left="short", response_right="long one"),
        vote("q5", "both_bad"),
        vote("q6", "left"),
    ]
    found = habits(votes)
    assert (found.left.above, found.left.below) == (2, 4)
    assert (found.longer.above, found.longer.below) == (2, 2)
    assert (found.ties.above, found.ties.below) == (1, 6)
    assert (found.both_bad.above, found.seconds) == (1, 4)


def test_each_annotator_has_a_card_those_with_most_votes_first():
    votes = [vote("q1", "left", "b"), vote("q2", "right", "a"), vote("q3", "left", "b")]
    cards = annotator_habits(votes)
    assert [(card.annotator, card.votes) for card in cards] == [("b", 2), ("a", 1)]
    assert [card.left.value for card in cards] == [1.0, 0.0]
    assert cards[0].longer is None


def test_a_system_always_on_one_side_is_warned_of_and_balanced_sides_are_not():
    always = apart(["left", "right"] * 10)
    (warning,) = side_warnings(always)
    assert "alpha stood on the left in 20 of 20 votes against beta" in warning
    assert "cannot be told apart" in warning
    mostly = always + [vote(f"r{i}", left="beta", right="alpha") for i in range(2)]
    assert "are confounded" in side_warnings(mostly)[0]
    balanced = always + [vote(f"r{i}", left="beta", right="alpha") for i in range(20)]
    assert side_warnings(balanced) == ()
    assert side_warnings(always[:5]) == ()


def lengthy_votes(count=400):
    """The longer answer is preferred; alpha's are longer and no better."""
    rng = np.random.default_rng(3)
    votes = []
    for i in range(count):
        lengths = rng.integers((80, 20), (260, 200))
        likes = np.tanh((lengths[0] - lengths[1]) / 90) * 2 + rng.logistic() > 0
        verdict = "tie" if rng.random() < 0.1 else "left" if likes else "right"
        answers = ("x" * int(lengths[0]), "y" * int(lengths[1]))
        sides = {"response_left": answers[0], "response_right": answers[1]}
        votes.append(vote(f"q{i}", verdict, f"a{i}", **sides))
    return votes


def test_length_control_is_the_logistic_regression_of_statsmodels():
    votes = lengthy_votes()
    found = length_controlled(votes)
    lengths = np.array([len(v.response_left) - len(v.response_right) for v in votes], float)
    won = [{"left": 1, "right": 0}.get(v.verdict.value, 0.5) for v in votes]
    design = sm.add_constant(np.tanh(lengths / lengths.std()))
    fit = sm.GLM(won, design, family=sm.families.Binomial()).fit(cov_type="HC0")
    intercept, slope = fit.params
    assert found.win_rate == pytest.approx(1 / (1 + np.exp(-intercept)), abs=1e-6)
    assert found.length_effect == pytest.approx(slope, abs=1e-6)
    half = norm.ppf(0.975) * fit.bse[1]
    assert found.effect_low == pytest.approx(slope - half, rel=1e-4)
    assert found.effect_high == pytest.approx(slope + half, rel=1e-4)


def test_length_control_takes_back_what_length_alone_won():
    found = length_controlled(lengthy_votes())
    assert found.plain > 0.6
    assert found.low < 0.5 < found.high
    assert found.effect_low > 0


def test_length_control_does_not_depend_on_sides():
    votes = lengthy_votes()
    turned = {"left": "right", "right": "left"}
    swapped = [
        vote(v.question_id, turned.get(v.verdict.value, "tie"), v.annotator, "beta", "alpha",
             response_left=v.response_right, response_right=v.response_left)
        for v in votes
    ]  # fmt: skip
    assert length_controlled(swapped) == length_controlled(votes)


def test_length_control_needs_votes_lengths_and_a_finite_fit():
    assert length_controlled(lengthy_votes(19)) is None
    assert length_controlled(apart(["left", "right"] * 20)) is None
    parted = [
        vote(f"q{i}", "left" if i % 2 else "right", f"a{i}",
             response_left="x" * (30 if i % 2 else 10), response_right="y" * 20)
        for i in range(40)
    ]  # fmt: skip
    assert length_controlled(parted) is None


def test_the_anytime_boundary_is_the_published_formula():
    # Waudby-Smith et al. (2024), theorem 2.2, written for a standard error of one.
    rho2 = (-2 * np.log(0.05) + np.log(-2 * np.log(0.05) + 1)) / 100
    for t in (20, 100, 500):
        mixed = np.sqrt((t * rho2 + 1) / (t * rho2) * np.log((t * rho2 + 1) / 0.05**2))
        assert boundary(t) == pytest.approx(mixed)
        assert boundary(t) > norm.ppf(0.975)


def test_an_early_look_names_a_leader_only_when_it_is_sure():
    assert looking_early(apart(["left"] * 60 + ["right"] * 20)).leader == "alpha"
    assert looking_early(apart(["left"] * 20 + ["right"] * 60)).leader == "beta"
    assert looking_early(apart(["left"] * 45 + ["right"] * 35)).leader is None
    few = looking_early(apart(["left"] * 15 + ["right"] * 4))
    assert (few.low, few.leader) == (None, None)


@pytest.mark.slow
def test_looking_after_every_tenth_vote_misleads_at_most_one_study_in_twenty():
    rng, fooled, fixed = np.random.default_rng(5), 0, 0
    for _ in range(400):
        votes = apart(rng.choice(["left", "right", "tie"], 300, p=[0.4, 0.4, 0.2]))
        looks = [looking_early(votes[:seen]) for seen in range(20, 301, 10)]
        fooled += any(look.leader for look in looks)
        fixed += any(not look.rate.low <= 0.5 <= look.rate.high for look in looks)
    assert fooled <= 20 + 2 * np.sqrt(400 * 0.05 * 0.95)
    assert fixed > 60  # what peeking at ordinary intervals costs


def test_more_votes_follow_from_the_width_and_the_square_root():
    found = more_votes(apart(["left"] * 50 + ["right"] * 50), margin=0.05)
    assert found.half_width == pytest.approx(norm.ppf(0.975) * 0.05)
    assert found.more == int(np.ceil(100 * (norm.ppf(0.975) ** 2 - 1)))
    assert found.same_people == found.more
    assert more_votes(apart(["left"] * 50 + ["right"] * 50), margin=0.2).more == 0
    with pytest.raises(ValueError, match=r"margin 0.5 is not between 0 and 0.5"):
        more_votes(apart(["left", "right"]), margin=0.5)


def test_no_number_of_votes_makes_up_for_few_people_who_differ():
    votes = [vote(f"q{i}", "left" if i % 4 < 2 else "right", f"a{i % 4}") for i in range(80)]
    found = more_votes(votes, margin=0.05)
    assert found.same_people is None
    assert found.more > 0


def test_equivalence_is_two_one_sided_tests():
    votes = apart(["left"] * 210 + ["right"] * 190)
    found = equivalence(votes, margin=0.1)
    error = np.sqrt(0.525 * 0.475 / 400)
    assert found.p_equivalent == pytest.approx(norm.sf((0.1 - 0.025) / error))
    assert found.p_different == pytest.approx(2 * norm.sf(0.025 / error))
    assert found.high == pytest.approx(0.525 + norm.ppf(0.95) * error)
    assert found.finding is Finding.EQUIVALENT
    assert equivalence(votes, margin=0.05).finding is Finding.OPEN


def test_a_difference_can_be_real_and_too_small_to_matter():
    assert equivalence(apart(["left"] * 300 + ["right"] * 100)).finding is Finding.DIFFERENT
    slight = apart(["left"] * 5_300 + ["right"] * 4_700)
    assert equivalence(slight, margin=0.1).finding is Finding.BOTH
    assert equivalence(apart(["left"] * 10)) is None


def test_a_judge_is_set_beside_people_and_their_own_agreement():
    people = [
        *(vote("q1", "left", name) for name in ("ann", "bob")),
        *(vote("q2", verdict, name) for verdict, name in [("left", "ann"), ("right", "bob")]),
        vote("q3", "right", "ann"),
        vote("q9", "right", "ann"),
    ]
    judge = {"annotator": "judge", "automatic": True}
    judgements = [
        vote("q1", "left", **judge),
        vote("q1", "right", left="beta", right="alpha", **judge),
        vote("q2", "left", **judge),
        vote("q2", "left", left="beta", right="alpha", **judge),
        vote("q3", "left", **judge),
    ]
    (found,) = judges_beside_people(judgements, people)
    # q1: alpha in both orders; q2: the orders differ, so a tie; q3: alpha, against ann.
    assert (found.items, found.both_orders, found.inconsistent.above) == (3, 2, 1)
    assert (found.agreement.agreeing, found.agreement.pairs) == (2, 5)
    assert (found.decided.agreeing, found.decided.pairs) == (2, 3)
    assert (found.people.agreeing, found.people.pairs) == (1, 2)
    assert found.longest.value is None
    assert (found.habits.left.above, found.habits.left.below) == (4, 5)


def test_the_longer_answer_is_the_floor_for_a_judge():
    people = [
        vote("q1", "left", "ann", response_left="longer", response_right="short"),
        vote("q2", "right", "ann", response_left="longer", response_right="short"),
        vote("q2", "left", "bob", response_left="longer", response_right="short"),
    ]
    judgements = [vote(q, "left", "judge", automatic=True) for q in ("q1", "q2")]
    (found,) = judges_beside_people(judgements, people)
    assert (found.longest.agreeing, found.longest.pairs) == (2, 3)


def test_invented_votes_have_every_verdict():
    assert {v.verdict for v in invented_votes()} == set(Verdict)
