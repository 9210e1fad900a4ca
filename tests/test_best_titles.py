"""The search for the likeliest titles: equal to the whole list's, from the nodes it asked for."""

from unittest.mock import patch

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from occu_core.models import best_titles
from occu_core.models.best_titles import BestTitles, Search
from occu_core.titles import NO_PARENT, TitleTrie

tokens = st.integers(1, 4)
titles = st.lists(
    st.lists(tokens, max_size=7).map(lambda body: (*body, 0)), min_size=1, unique=True
)


def shares(trie, seed, weights):
    """A model's log P of each step: each child's weight over its siblings' and a leak's."""
    rng = np.random.default_rng(seed)
    drawn = rng.choice(weights, size=len(trie.tokens))
    sums = {parent: rng.choice(weights) for parent in sorted(set(trie.parents))}
    for node, parent in enumerate(trie.parents):
        sums[parent] += drawn[node]
    return np.log([drawn[node] / sums[parent] for node, parent in enumerate(trie.parents)])


def searched(trie, steps, k, *, portion=best_titles.FIRST_PORTION):
    """Run a search that is told nothing but what it asks for; returns the answer and the asked."""
    small = patch.multiple(best_titles, FIRST_PORTION=portion, _WHOLE_SUBTREE=min(portion, 16))
    with small:
        return _searched(trie, steps, k)


def _searched(trie, steps, k):
    first = [parent == NO_PARENT for parent in trie.parents]
    search = Search(trie, np.where(first, steps, np.nan), k)
    asked = set()
    while part := search.asks():
        assert all(trie.parents[node] in {NO_PARENT, *part} for node in part)
        assert part - asked, "asked for nothing new"
        asked |= part
        below = [trie.parents[node] in part for node in range(len(steps))]
        search.learn(np.where(below, steps, np.nan))
    return search.found(), asked


@settings(max_examples=400, deadline=None)
@given(titles, st.integers(0, 1000), st.sampled_from([(1,), (1, 2), (1, 5, 1000)]), st.data())
def test_it_finds_the_whole_lists_likeliest_in_the_same_order(titles, seed, weights, data):
    trie = TitleTrie.build(titles)
    steps = shares(trie, seed, weights)
    k = data.draw(st.integers(1, len(titles) + 2))
    whole = trie.total(steps)
    found, _ = searched(trie, steps, k, portion=data.draw(st.sampled_from([1, 4, 48])))
    order = np.argsort(-whole, kind="stable")[:k]
    np.testing.assert_array_equal(found.titles, order)
    np.testing.assert_array_equal(found.log_probs, whole[order])
    low, high = found.mass
    assert low - 1e-12 <= np.exp(whole).sum() <= high + 1e-12
    if k >= len(titles):
        assert low == high


def bushy(children=3, depth=6):
    """Every path of tokens 1 to `children` of one length."""
    paths = np.indices((children,) * depth).reshape(depth, -1).T + 1
    return TitleTrie.build([(*map(int, path), 0) for path in paths])


def test_it_reads_little_of_a_tree_whose_mass_is_in_one_place():
    trie = bushy()
    steps = np.log([0.9 if token in {0, 1} else 0.05 for token in trie.tokens])
    found, asked = searched(trie, steps, 1)
    assert found.titles.tolist() == [0]
    assert len(asked) < len(trie.inner) / 4
    assert found.mass[0] < np.exp(trie.total(steps)).sum() < found.mass[1]


def test_where_all_are_alike_it_reads_the_tree_once_and_keeps_the_given_order():
    trie = bushy()
    steps = np.log([1.0 if token == 0 else 1 / 3 for token in trie.tokens])
    found, asked = searched(trie, steps, 5)
    assert found.titles.tolist() == [0, 1, 2, 3, 4]
    assert asked == set(trie.inner)
    assert found.mass == pytest.approx((1, 1))


def test_a_beginning_as_likely_as_the_last_title_found_is_still_followed():
    # Token 2 leads, and its title is found first; the title behind token 1 is listed before it.
    trie = TitleTrie.build([(1, 3, 0), (2, 0), *[(k, 3, 0) for k in range(4, 20)]])
    begins = {1: 0.25, 2: 0.5}
    steps = [
        begins.get(token, 1e-3) if parent == NO_PARENT else 1.0
        for token, parent in zip(trie.tokens, trie.parents, strict=True)
    ]
    steps[trie.leaves[1]] = 0.5
    found, asked = searched(trie, np.log(steps), 1, portion=1)
    assert found.titles.tolist() == [0]
    assert len(asked) == 3


def test_all_titles_known_leave_nothing_between_the_bounds():
    found = BestTitles.of(np.log([0.1, 0.4, 0.4]), 2)
    assert found.titles.tolist() == [1, 2]
    assert found.mass == pytest.approx((0.9, 0.9))


def test_unknown_titles_are_never_named():
    found = BestTitles.of(np.array([np.nan, np.log(0.4)]), 2, unknown=0.1)
    assert found.titles.tolist() == [1]
    assert found.mass == pytest.approx((0.4, 0.5))
