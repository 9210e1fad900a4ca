"""The title tree from the top down, as sampling walks it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from occu_core.titles import NO_PARENT, TitleTrie, Tokens

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class DownwardTree:
    """A title tree from the top.

    Attributes:
        token: of each node.
        parent: of each node.
        below: each inner node's children and their tokens, the root's under `NO_PARENT`.
        state: of each leaf.
        leaves: of each state.
    """

    token: tuple[int, ...]
    parent: tuple[int, ...]
    below: dict[int, tuple[Ints, Ints]]
    state: dict[int, int]
    leaves: tuple[int, ...]

    def words(self, nodes: Sequence[int]) -> Tokens:
        """The tokens of nodes."""
        return tuple(self.token[node] for node in nodes)

    def inner(self, state: int) -> list[int]:
        """The nodes of a title from the top, without its leaf; none for no state."""
        found: list[int] = []
        node = self.parent[self.leaves[state]] if state >= 0 else NO_PARENT
        while node != NO_PARENT:
            found.insert(0, node)
            node = self.parent[node]
        return found

    def chain(self, node: int) -> list[int]:
        """An inner node and those below it, as long as there is one child and it is no leaf."""
        found = [node]
        while len(self.below[found[-1]][0]) == 1:
            child = int(self.below[found[-1]][0][0])
            if child in self.state:
                break
            found.append(child)
        return found


@lru_cache(maxsize=4)
def downward(trie: TitleTrie) -> DownwardTree:
    """The same tree with each node's children."""
    below: dict[int, list[int]] = {}
    for node, parent in enumerate(trie.parents):
        below.setdefault(parent, []).append(node)
    return DownwardTree(
        trie.tokens,
        trie.parents,
        {
            node: (np.array(found), np.array([trie.tokens[child] for child in found]))
            for node, found in below.items()
        },
        {leaf: state for state, leaf in enumerate(trie.leaves)},
        trie.leaves,
    )
