"""Second implementations of the statistics of votes, slow and plain, and votes to try them on."""

from itertools import permutations

import numpy as np

from occu_core.pairwise.votes import Verdict, Vote


def vote(question="q", verdict=Verdict.LEFT, annotator="ann", left="alpha", right="beta", **more):
    return Vote(question, left, right, Verdict(verdict), annotator, **more)


def invented_votes(questions=30, per_question=3, annotators=6, seed=0):
    """Three systems, four verdicts, answers of different lengths, sides at random."""
    rng = np.random.default_rng(seed)
    systems = ("alpha", "beta", "gamma")
    votes = []
    for question in range(questions):
        left, right = rng.permutation(systems)[:2]
        for annotator in rng.permutation(annotators)[:per_question]:
            verdict = rng.choice(list(Verdict), p=[0.4, 0.3, 0.2, 0.1])
            lengths = rng.integers(5, 60, 2)
            votes.append(
                vote(
                    f"q{question}",
                    verdict,
                    f"a{annotator}",
                    str(left),
                    str(right),
                    response_left="x" * int(lengths[0]),
                    response_right="y" * int(lengths[1]),
                )
            )
    return votes


def alpha_by_hand(items):
    """Krippendorff's nominal α from the coincidence matrix, pair of values by pair of values."""
    coincidences, totals = {}, {}
    for values in items:
        if len(values) > 1:
            for one, other in permutations(values, 2):
                share = 1 / (len(values) - 1)
                coincidences[one, other] = coincidences.get((one, other), 0) + share
            for value in values:
                totals[value] = totals.get(value, 0) + 1
    n = sum(totals.values())
    observed = sum(c for (one, other), c in coincidences.items() if one != other) / n
    expected = sum(totals[a] * totals[b] for a, b in permutations(totals, 2)) / (n * (n - 1))
    return 1 - observed / expected


def components_by_hand(values, questions, annotators):
    """Variances of question, annotator and rest, by Henderson's first method on dense matrices."""
    y, n = np.asarray(values, float), len(values)
    center = np.eye(n) - 1 / n
    same = [
        np.equal.outer(np.array(labels), np.array(labels)).astype(float)
        for labels in (questions, annotators, list(range(n)))
    ]
    squares = [y @ center @ m @ center @ y for m in same]
    expected = [[np.trace(center @ m @ center @ k) for k in same] for m in same]
    return np.linalg.solve(expected, squares), [m.sum() / n**2 for m in same]


def variance_by_hand(values, questions, annotators):
    """The variance of the mean where no component is negative."""
    components, shares = components_by_hand(values, questions, annotators)
    assert components[:2].min() > 0
    return float(components @ shares) * (len(values) - 1) / len(values)
