"""Teachers: what they expect, the careers they dream, and what the student loses against them."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from occu_core.careers import CareerHistory, Education, JobRecord
from occu_core.models.storage import load_model
from occu_core.occupations import occ1990dd
from occu_core.titles import NO_PARENT, TitleTrie
from train.distillation import TreeTargets
from train.teachers import Taught, Teachers, together

# Two titles that begin alike and one that does not: 5 6 0, 5 7 0, 8 0.
TRIE = TitleTrie.build([(5, 6, 0), (5, 7, 0), (8, 0)])
TREE = TreeTargets.of(TRIE)


def career(name, titles, first=2000):
    jobs = occ1990dd()
    records = tuple(
        JobRecord(first + k, jobs.find(title), Education.HIGH_SCHOOL)
        for k, title in enumerate(titles)
    )
    return CareerHistory(name, records, dataset="NLSY97", birth_year=1982)


CAREERS = [
    career("a", ["Student", "Cooks", "Cooks"]),
    career("b", ["Not working"]),
    career("c", ["Student", "Not working"], first=1998),
]


@pytest.fixture(scope="module")
def teachers():
    return Teachers.load(["career", "career"])


def test_the_first_token_is_told_by_the_sum_of_the_titles_that_begin_with_it():
    scores = torch.zeros(1, 9)
    expected = torch.tensor([[0.1, 0.3, 0.6]])
    (nats,) = TREE.nats(scores, torch.tensor([NO_PARENT]), expected).tolist()
    assert nats == pytest.approx(math.log(9))  # flat scores cost the same, whatever is expected
    scores[0, 5] = 2.0
    mass = math.log(8 + math.exp(2.0))
    (nats,) = TREE.nats(scores, torch.tensor([NO_PARENT]), expected).tolist()
    assert nats == pytest.approx(0.4 * (mass - 2.0) + 0.6 * mass)


def test_further_on_only_the_titles_that_go_on_so_count():
    scores = torch.zeros(1, 9)
    scores[0, 7] = 1.0
    node = TRIE.tokens.index(5)
    mass = math.log(8 + math.e)
    (nats,) = TREE.nats(scores, torch.tensor([node]), torch.tensor([[0.1, 0.3, 0.6]])).tolist()
    assert nats == pytest.approx(0.25 * mass + 0.75 * (mass - 1.0))


def test_teachers_who_are_certain_teach_what_happened():
    scores = torch.randn(1, 9)
    certain = torch.tensor([[0.0, 1.0, 0.0]])
    node = TRIE.tokens.index(5)
    found = TREE.nats(scores, torch.tensor([node]), certain)
    assert found.item() == pytest.approx(-scores.log_softmax(1)[0, 7].item())


def test_what_teachers_expect_is_their_mean_in_the_order_of_the_careers(teachers):
    model = load_model("career")
    for taught, asked in zip(teachers.foresee(CAREERS), CAREERS, strict=True):
        assert taught.career is asked
        alone = np.stack([found.probs for found in model.distributions(asked)])
        np.testing.assert_allclose(taught.probabilities.float().numpy(), alone, atol=1e-3)


def test_dreamed_careers_keep_years_education_and_traits_and_change_states(teachers):
    many = CAREERS * 30
    dreamed = teachers.simulate(many, seed=1)
    for one, real in zip(dreamed, many, strict=True):
        kept = tuple(
            replace(record, occupation=old.occupation)
            for record, old in zip(one.records, real.records, strict=True)
        )
        assert replace(one, records=kept) == real
    assert dreamed != many
    assert teachers.simulate(many, seed=1) == dreamed
    assert teachers.simulate(many, seed=2) != dreamed


def test_states_are_drawn_as_often_as_the_teachers_expect(teachers):
    alone = [CAREERS[1]] * 2000
    dreamed = teachers.simulate(alone, seed=3)
    share = np.mean([one.records[0].occupation.title == "Not working" for one in dreamed])
    position = occ1990dd().position("NW")
    expected = teachers.foresee(alone[:1])[0].probabilities[0, position].item()
    error = math.sqrt(expected * (1 - expected) / len(alone))
    assert abs(share - expected) < 4 * error


def test_each_record_counts_as_much_as_its_career_says(teachers):
    taught = teachers.foresee(CAREERS[:2])
    expected, trust = together([taught[0], replace(taught[1], trust=1.0)], 0.7)
    assert expected.shape == (4, 343)
    assert trust.tolist() == pytest.approx([0.7, 0.7, 0.7, 1.0])


def test_a_teacher_of_another_kind_is_refused():
    with pytest.raises(SystemExit, match="markov is no CAREER model"):
        Teachers.load(["career", "markov"])


def test_careers_without_teachers_carry_no_expectation():
    assert Taught(CAREERS[0], None).trust is None
