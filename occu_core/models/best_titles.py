"""The likeliest titles of a tree, found best first: no title is likelier than its beginning.

A search asks for the scores below some nodes, learns them, and is done once every beginning that
has not been followed is less likely than the k-th best title found. Nodes are asked for in
portions that double, since a model reads fifty of them nearly as fast as one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from occu_core.titles import TitleTrie

Scores = npt.NDArray[np.float64]
FIRST_PORTION = 48
_WHOLE_SUBTREE = 16
# Scores of one node differ a little with what is run beside it; a near tie is followed, not cut.
_SLACK = 1e-3
# Beginnings are followed in order of promise: first those up to four times less likely than the
# k-th best title can be.
_PROMISING = np.log(4)


@dataclass(frozen=True, slots=True)
class BestTitles:
    """The k likeliest titles, likeliest first; ties keep the order in which titles were given.

    Attributes:
        titles: their numbers, shape (titles,); all of them if k is larger.
        log_probs: nats, shape (titles,).
        mass: two bounds of the probability of all titles together; equal if all are known.
    """

    titles: npt.NDArray[np.int64]
    log_probs: Scores
    mass: tuple[float, float]

    @classmethod
    def of(cls, log_probs: Scores, k: int, unknown: float = 0.0) -> BestTitles:
        """From the titles known (others are NaN) and the mass of beginnings not followed."""
        order = np.argsort(-log_probs, kind="stable")[:k]  # NaN comes last
        order = order[~np.isnan(log_probs[order])]
        known = float(np.exp(log_probs[~np.isnan(log_probs)]).sum())
        return cls(order, log_probs[order], (min(known, 1.0), min(known + unknown, 1.0)))


class Search:
    """A search for the k likeliest titles behind one place.

    Args:
        trie: the titles.
        first: the log P of each first token, NaN at other nodes; nats, shape (nodes,).
        k: how many titles are wanted.
    """

    def __init__(self, trie: TitleTrie, first: Scores, k: int) -> None:
        self._trie, self._k = trie, k
        self._totals = first.copy()  # log P of everything down to each node, NaN where unknown
        self._read = np.zeros(len(first), dtype=bool)
        self._inner = np.zeros(len(first), dtype=bool)
        self._inner[list(trie.inner)] = True
        self._asked: list[int] = []
        self._portion = FIRST_PORTION

    def asks(self) -> set[int]:
        """The nodes to be read next, with every node above them; none when the search is done."""
        leaves = self._totals[list(self._trie.leaves)]
        begun = self._totals[self._open()]
        worst = max(
            _kth(leaves, self._k) - _SLACK,
            _kth(np.concatenate([leaves, begun]), self._k) - _PROMISING,
        )
        candidates = np.flatnonzero(self._open() & (self._totals >= worst))
        self._asked = []
        for node in candidates[np.argsort(-self._totals[candidates], kind="stable")]:
            if len(self._asked) >= self._portion:
                break
            self._asked += self._along(int(node))
        if 2 * (self._read.sum() + len(self._asked)) > self._inner.sum() and self._asked:
            self._asked = np.flatnonzero(self._inner & ~self._read).tolist()
        self._portion *= 2
        return {above for node in self._asked for above in self._trie.path(node)}

    def learn(self, steps: Scores) -> None:
        """Take in the log P of each step below the nodes asked for; nats, shape (nodes,)."""
        for node in sorted(self._asked):
            children = list(self._trie.children[node])
            self._totals[children] = self._totals[node] + steps[children]
        self._read[self._asked] = True

    def found(self) -> BestTitles:
        """The answer, once `asks` has nothing left to ask."""
        unknown = float(np.exp(self._totals[self._open()]).sum())
        return BestTitles.of(self._totals[list(self._trie.leaves)], self._k, unknown)

    def _open(self) -> npt.NDArray[np.bool_]:
        """Nodes that are reached and lead on, but have not been read."""
        return self._inner & ~self._read & ~np.isnan(self._totals)

    def _along(self, node: int) -> list[int]:
        """A node with what is read along with it: a small subtree, or down to the next fork."""
        nodes = [node]
        for one in nodes:
            children = [child for child in self._trie.children[one] if self._inner[child]]
            if len(children) == 1 or self._trie.below[node] <= _WHOLE_SUBTREE:
                nodes += children
        return nodes


def _kth(log_probs: Scores, k: int) -> float:
    """The k-th largest of those that are known; −∞ if fewer are."""
    known = np.sort(log_probs[~np.isnan(log_probs)])
    return float(known[-k]) if len(known) >= k else -np.inf
