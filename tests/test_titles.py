"""The title tree: arithmetic against scoring each title alone, with a made-up language model."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from occu_core.titles import NO_PARENT, TitleTrie


class Hashed:
    """A language model over six tokens and a terminator, arbitrary but repeatable."""

    def next_log_probs(self, context):
        seed = [token + 1 for token in context]
        row = np.random.default_rng(seed or [0]).normal(size=7)
        return row - np.logaddexp.reduce(row)

    def steps(self, prompt, trie):
        above = {NO_PARENT: ()}
        steps = []
        for node, (token, parent) in enumerate(zip(trie.tokens, trie.parents, strict=True)):
            steps.append(self.next_log_probs(prompt + above[parent])[token])
            above[node] = (*above[parent], token)
        return np.array(steps)


tokens = st.integers(1, 6)
title = st.lists(tokens, min_size=1, max_size=4).map(lambda body: (*body, 0))
titles = st.lists(title, min_size=1, max_size=20, unique=True)
prompts = st.lists(tokens, max_size=3).map(tuple)


@given(titles, prompts)
def test_the_tree_agrees_with_scoring_each_title_alone(titles, prompt):
    model = Hashed()
    alone = [
        sum(model.next_log_probs(prompt + title[:k])[token] for k, token in enumerate(title))
        for title in titles
    ]
    trie = TitleTrie.build(titles)
    np.testing.assert_allclose(trie.total(model.steps(prompt, trie)), alone)


@given(titles, prompts)
def test_titles_together_never_exceed_probability_one(titles, prompt):
    trie = TitleTrie.build(titles)
    assert np.logaddexp.reduce(trie.total(Hashed().steps(prompt, trie))) <= 1e-9


@given(titles, st.integers(1, 8))
def test_subtrees_hold_every_inner_node_once_and_no_edge_crosses(titles, size):
    trie = TitleTrie.build(titles)
    groups = trie.subtrees(size)
    assert sorted(node for group in groups for node in group) == list(trie.inner)
    for group in groups:
        for place, node in enumerate(group):
            parent = trie.parents[node]
            assert parent == NO_PARENT or parent in group[:place]


@given(titles)
def test_a_beginning_that_titles_share_is_stored_once(titles):
    trie = TitleTrie.build(titles)
    beginnings = {title[:k] for title in titles for k in range(1, len(title) + 1)}
    assert len(trie.tokens) == len(beginnings)


@pytest.mark.parametrize("titles", [[(1,), (1, 2)], [(1, 2), (1,)], [(1, 0), (1, 0)], [()]])
def test_a_title_that_begins_or_repeats_another_is_refused(titles):
    with pytest.raises(ValueError, match="terminator"):
        TitleTrie.build(titles)


@given(titles)
def test_children_paths_and_counts_fit_the_parents(titles):
    trie = TitleTrie.build(titles)
    for node, children in enumerate(trie.children):
        assert children == tuple(k for k, parent in enumerate(trie.parents) if parent == node)
        beneath = [k for k in trie.inner if node in trie.path(k)]
        assert trie.below[node] == len(beneath)
    for title, leaf in zip(titles, trie.leaves, strict=True):
        assert tuple(trie.tokens[node] for node in trie.path(leaf)) == title
    assert trie.above(range(len(titles))) == set(trie.inner)
    assert set(trie.first) == {
        node for node in range(len(trie.tokens)) if len(trie.path(node)) == 1
    }
