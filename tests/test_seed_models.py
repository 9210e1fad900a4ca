"""How the seed models are measured and published, on numbers worked out by hand."""

from dataclasses import replace

import numpy as np
import pytest

from occu_core.models.base import Cohort, ModelCard, ModelKind
from train.measure_seed_spread import chance_passes, measure
from train.publish_seed_models import check_family

COHORT = Cohort("NLSY97", 9000, (1997, 2022), (1980, 1984), (13, 42))
CARD = ModelCard("a", ModelKind.CAREER, "A", "1", "t", "d", (COHORT,), {}, ())


def family(*settings):
    return [replace(CARD, settings={"layers": 2, "name": "x", "out": "y", **s}) for s in settings]


def test_a_family_differs_in_the_seed_alone():
    check_family(family({"seed": 1, "out": "one"}, {"seed": 2, "name": "two"}))
    for wrong in (
        family({"seed": 1}, {"seed": 1}),
        family({"seed": 1}, {"seed": 2, "layers": 3}),
    ):
        with pytest.raises(SystemExit, match="differ in more than the seed, or share one"):
            check_family(wrong)


def test_independent_seeds_pass_what_the_others_allow_once_in_twenty():
    draws = np.random.default_rng(1).standard_normal((5, 20_000))
    assert chance_passes(draws) == pytest.approx(0.05, abs=0.004)
    draws[0] += 50  # always outside what the others allow, and it makes room for each of them
    assert chance_passes(draws) == pytest.approx(0.2, abs=0.001)


def test_the_measures_are_those_of_the_definition():
    # The floor of each of four changes is 3.1824 · 0.011547 among four small models.
    small = np.array([[0.01] * 4, [0.01] * 4, [0.03] * 4, [0.03] * 4])
    big = np.array([[0.05, 0.06, 0.01, -0.02], [0.03, -0.01, 0.02, -0.04]])
    found = measure("parts", 7, [(small[:, :3], big[:, :3]), (small[:, 3:], big[:, 3:])])
    assert (found.careers, found.changes) == (7, 4)
    assert found.floor_median == pytest.approx(3.6748, abs=1e-4)
    assert found.passed == 0.5  # 5 and 6 points
    assert found.passed_keep_sign == 0.5  # 5 and 3, but 6 and −1
    assert found.within_keep_sign == 1.0
    assert found.spread_small == pytest.approx(1.1547, abs=1e-4)
    # Two big models lie 2, 7, 1 and 2 points apart: variances 2, 24.5, 0.5 and 2.
    assert found.spread_big == pytest.approx((29 / 4) ** 0.5, abs=1e-4)
