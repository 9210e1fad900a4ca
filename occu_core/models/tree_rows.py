"""Title trees laid out for a model: subtrees side by side in rows, each node seeing those above."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import torch

from occu_core.titles import NO_PARENT, TitleTrie

ROW_NODES = 64
_MASKED = torch.finfo(torch.float16).min  # far enough below any score, in every precision


@dataclass(frozen=True, slots=True)
class TreeRows:
    """Inner nodes in rows of subtrees, and the nodes whose steps they tell.

    Attributes:
        tokens: what is read at each place, 0 for padding, shape (rows, nodes a row).
        depths: how far below the context it stands; 0 for the first token of a title.
        mask: 0 where a place attends to another of its row, very negative where it does not,
            shape (rows, nodes, nodes).
        told: the children of the rows' nodes, row after row, shape (edges,).
        told_tokens: their tokens, shape (edges,).
        told_by: the place of each one's parent, counted through the rows, shape (edges,).
        ends: how many of `told` stand before each row, and in all, shape (rows + 1,).
    """

    tokens: torch.Tensor
    depths: torch.Tensor
    mask: torch.Tensor
    told: torch.Tensor
    told_tokens: torch.Tensor
    told_by: torch.Tensor
    ends: torch.Tensor

    def pick(self, rows: torch.Tensor) -> TreeRows:
        """Some rows, in the order given; a row may come several times."""
        counts = self.ends[rows + 1] - self.ends[rows]
        ends = torch.cat([counts.new_zeros(1), counts.cumsum(0)])
        moved = torch.arange(len(rows)).repeat_interleave(counts)
        edges = torch.arange(int(ends[-1])) + (self.ends[rows] - ends[:-1])[moved]
        told_by = self.told_by[edges] + (moved - rows[moved]) * self.tokens.shape[1]
        picked = self.tokens[rows], self.depths[rows], self.mask[rows]
        return TreeRows(*picked, self.told[edges], self.told_tokens[edges], told_by, ends)


@lru_cache(maxsize=16)
def whole_tree(trie: TitleTrie) -> TreeRows:
    """All inner nodes, in rows of about `ROW_NODES`."""
    return tree_rows(trie, [trie.inner])[0]


def tree_rows(trie: TitleTrie, parts: Sequence[Iterable[int]]) -> tuple[TreeRows, torch.Tensor]:
    """Lay out several parts of one tree; no row holds nodes of two parts.

    Args:
        trie: the tree.
        parts: inner nodes, each with every node above it.

    Returns:
        The rows, parents before children, and which part each row belongs to, shape (rows,).
    """
    groups = [
        (k, group) for k, part in enumerate(parts) for group in trie.subtrees(ROW_NODES, part)
    ]
    shape = len(groups), max((len(group) for _, group in groups), default=1)
    tokens, depths = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    sees = torch.eye(shape[1], dtype=torch.bool).repeat(shape[0], 1, 1)
    told: list[int] = []
    told_by: list[int] = []
    ends = [0]
    for row, (_, group) in enumerate(groups):
        place = {node: column for column, node in enumerate(group)}
        for node, column in place.items():
            tokens[row, column] = trie.tokens[node]
            told += trie.children[node]
            told_by += [row * shape[1] + column] * len(trie.children[node])
            parent = trie.parents[node]
            if parent != NO_PARENT:
                depths[row, column] = depths[row, place[parent]] + 1
                sees[row, column] |= sees[row, place[parent]]
        ends.append(len(told))
    mask = torch.zeros(sees.shape).masked_fill_(~sees, _MASKED)
    edges = told, [trie.tokens[node] for node in told], told_by, ends
    written = (torch.tensor(numbers, dtype=torch.long) for numbers in edges)
    rows = TreeRows(tokens, depths, mask, *written)
    return rows, torch.tensor([part for part, _ in groups], dtype=torch.long)
