"""A closed list of titles as a tree of tokens, scored by the chain rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

Tokens = tuple[int, ...]
NO_PARENT = -1


@dataclass(frozen=True)
class TitleTrie:
    """All titles as paths of tokens, beginnings stored once; parents come before children.

    >>> trie = TitleTrie.build([(5, 6, 0), (5, 7, 0)])
    >>> trie.tokens
    (5, 6, 0, 7, 0)
    >>> trie.parents
    (-1, 0, 1, 0, 3)
    >>> trie.leaves
    (2, 4)
    """

    tokens: Tokens
    parents: tuple[int, ...]
    leaves: tuple[int, ...]

    @classmethod
    def build(cls, titles: Sequence[Tokens]) -> TitleTrie:
        """Merge tokenised titles.

        Raises:
            ValueError: if a title is empty, repeats another or begins another; a terminator that
                no title contains, such as the line end, prevents the last.
        """
        nodes: dict[tuple[int, int], int] = {}
        leaves = []
        for title in titles:
            node = NO_PARENT
            for token in title:
                node = nodes.setdefault((node, token), len(nodes))
            leaves.append(node)
        parents = tuple(parent for parent, _ in nodes)
        if NO_PARENT in leaves or len(set(leaves)) < len(leaves) or set(leaves) & set(parents):
            raise ValueError(
                "a title is empty, repeats another or begins another; give each a terminator"
            )
        return cls(tuple(token for _, token in nodes), parents, tuple(leaves))

    @cached_property
    def inner(self) -> tuple[int, ...]:
        """The nodes that have children: the only ones a model must read."""
        return tuple(sorted(set(self.parents) - {NO_PARENT}))

    @cached_property
    def children(self) -> tuple[tuple[int, ...], ...]:
        """What each node is followed by; empty for a leaf."""
        found: list[list[int]] = [[] for _ in self.tokens]
        for node, parent in enumerate(self.parents):
            if parent != NO_PARENT:
                found[parent].append(node)
        return tuple(map(tuple, found))

    @cached_property
    def below(self) -> tuple[int, ...]:
        """How many inner nodes each node's subtree has, itself included; 0 for a leaf."""
        counts = [0] * len(self.tokens)
        for node in reversed(self.inner):
            counts[node] = 1 + sum(counts[child] for child in self.children[node])
        return tuple(counts)

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The nodes of first tokens."""
        return tuple(node for node, parent in enumerate(self.parents) if parent == NO_PARENT)

    def above(self, titles: Iterable[int]) -> set[int]:
        """The inner nodes on the paths of some titles, by their numbers."""
        return {node for title in titles for node in self.path(self.leaves[title])[:-1]}

    def path(self, node: int) -> list[int]:
        """The nodes from the first token down to a node, itself included."""
        path = [node]
        while (parent := self.parents[path[-1]]) != NO_PARENT:
            path.append(parent)
        return path[::-1]

    def subtrees(self, size: int, nodes: Iterable[int] | None = None) -> list[list[int]]:
        """The inner nodes, parents first, in groups that no edge crosses.

        Subtrees of the root are packed, largest first, into groups of at most `size` nodes; a
        larger subtree is a group of its own. Each group can be read apart from the others.

        Args:
            size: of a group, in nodes.
            nodes: which inner nodes, with every node above them; all unless given.
        """
        root: dict[int, int] = {}
        members: dict[int, list[int]] = {}
        for node in self.inner if nodes is None else sorted(nodes):
            parent = self.parents[node]
            root[node] = node if parent == NO_PARENT else root[parent]
            members.setdefault(root[node], []).append(node)
        groups: list[list[int]] = []
        for subtree in sorted(members.values(), key=len, reverse=True):
            for group in groups:
                if len(group) + len(subtree) <= size:
                    group.extend(subtree)
                    break
            else:
                groups.append(list(subtree))
        return groups

    def total(self, steps: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Chain rule: log P(title) from log P(token | everything above it) at each node.

        Args:
            steps: nats, shape (nodes,).

        Returns:
            Nats, shape (titles,), in the order the titles were given.
        """
        totals = np.append(steps, 0.0)  # the last entry stands before any token
        for node, parent in enumerate(self.parents):
            totals[node] += totals[parent]
        return totals[list(self.leaves)]
