"""Bradley–Terry strengths, against a published table and a fit by hand."""

import numpy as np
import pytest
from scipy.optimize import minimize

from occu_core.pairwise.ranking import ranking
from tests.pairwise_by_hand import invented_votes, vote

# Agresti, Categorical Data Analysis (2002), table 10.10: games won by each of seven American League
# teams of 1987 against each other, and table 10.11: Bradley–Terry estimates with Baltimore at 0.
TEAMS = ("Milwaukee", "Detroit", "Toronto", "New York", "Boston", "Cleveland", "Baltimore")
WON = (
    (0, 7, 9, 7, 7, 9, 11),
    (6, 0, 7, 5, 11, 9, 9),
    (4, 6, 0, 7, 7, 8, 12),
    (6, 8, 6, 0, 6, 7, 10),
    (6, 2, 6, 7, 0, 7, 12),
    (4, 4, 5, 6, 6, 0, 6),
    (2, 4, 1, 3, 1, 7, 0),
)
PUBLISHED = (1.58, 1.44, 1.29, 1.25, 1.11, 0.68, 0.0)


def games():
    number = 0
    for i, row in enumerate(WON):
        for j, won in enumerate(row):
            for _ in range(won):
                number += 1
                yield vote(f"game{number}", "left", "umpire", TEAMS[i], TEAMS[j])


def test_baseball_teams_have_the_published_strengths():
    found = ranking(list(games()), replicates=50)
    strengths = {one.system: one.log_strength for one in found.systems}
    for team, published in zip(TEAMS, PUBLISHED, strict=True):
        assert strengths[team] - strengths["Baltimore"] == pytest.approx(published, abs=0.006)
    assert [one.system for one in found.systems] == list(TEAMS)
    assert found.tie == 0


def test_with_ties_the_fit_maximises_newmans_likelihood():
    votes = invented_votes(questions=60)
    found = ranking(votes, replicates=20)
    names = sorted(one.system for one in found.systems)

    def loss(x):
        logs = dict(zip(names, np.append(x[:2], -x[:2].sum()), strict=True))
        total = 0.0
        for v in votes:
            first, second = (np.exp(logs[name]) for name in v.systems)
            tie = 2 * np.exp(x[2]) * np.sqrt(first * second)
            weight = {"first": first, "second": second}.get(v.outcome.value, tie)
            total -= np.log(weight / (first + second + tie))
        return total

    best = minimize(loss, np.zeros(3), method="BFGS").x
    strengths = {one.system: one.log_strength for one in found.systems}
    assert [strengths[name] for name in names[:2]] == pytest.approx(best[:2], abs=1e-3)
    assert found.tie == pytest.approx(np.exp(best[2]), abs=1e-3)


def test_intervals_hold_the_strengths_and_ranks_run_from_best_to_worst():
    found = ranking(invented_votes(questions=80), replicates=200)
    assert found.replicates == 200
    for place, one in enumerate(found.systems, 1):
        assert one.low < one.log_strength < one.high
        assert 1 <= one.best_rank <= place <= one.worst_rank <= 3
    assert sum(one.log_strength for one in found.systems) == pytest.approx(0)


def test_two_systems_are_not_ranked_and_neither_is_one_that_never_lost():
    assert ranking([vote()]) is None
    unbeaten = [vote(f"q{i}", "left", right=other) for i, other in enumerate(["beta", "gamma"] * 5)]
    between = [
        vote("t1", "left", left="beta", right="gamma"),
        vote("t2", "right", left="beta", right="gamma"),
    ]
    assert ranking(unbeaten + between) is None
    tied = [vote("t3", "tie"), *unbeaten, *between]
    assert ranking(tied, replicates=5) is not None


def test_the_same_seed_gives_the_same_ranking():
    votes = invented_votes()
    assert ranking(votes, seed=2, replicates=50) == ranking(votes, seed=2, replicates=50)
