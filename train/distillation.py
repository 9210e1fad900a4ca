"""What a language model loses against its teachers, by the chain rule over the title tree.

At each token of an answer the teachers' probability of the node's children, given that the title
has come this far, is the target: knowledge distillation (Hinton, Vinyals, Dean 2015) on a tree.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch

from occu_core.titles import NO_PARENT, TitleTrie

_FLOOR = 1e-12


@dataclass(frozen=True, slots=True)
class TreeTargets:
    """A title tree as tensors.

    Attributes:
        above: 1 where a node lies on the way to a title, shape (states, nodes).
        children: each node's children, −1 beyond them, before any token last; (nodes + 1, most).
        tokens: of each node, shape (nodes,).
    """

    above: torch.Tensor
    children: torch.Tensor
    tokens: torch.Tensor

    @classmethod
    def of(cls, trie: TitleTrie) -> TreeTargets:
        """The tensors of a tree of titles."""
        above = torch.zeros((len(trie.leaves), len(trie.tokens)))
        children: list[list[int]] = [[] for _ in range(len(trie.tokens) + 1)]
        for node, parent in enumerate(trie.parents):
            children[parent].append(node)
        for state, leaf in enumerate(trie.leaves):
            node = leaf
            while node != NO_PARENT:
                above[state, node] = 1.0
                node = trie.parents[node]
        padded = [torch.tensor([*nodes, NO_PARENT]) for nodes in children]
        rows = torch.nn.utils.rnn.pad_sequence(padded, batch_first=True, padding_value=NO_PARENT)
        return cls(above, rows, torch.tensor(trie.tokens))

    def nats(
        self, scores: torch.Tensor, nodes: torch.Tensor, expected: torch.Tensor
    ) -> torch.Tensor:
        """Cross-entropy of each token against what the teachers expect there.

        Args:
            scores: logits, shape (tokens, vocabulary).
            nodes: how far each title has been written, shape (tokens,).
            expected: the teachers' probabilities of whole titles there, shape (tokens, states).

        Returns:
            Nats, shape (tokens,).
        """
        children = self.children[nodes]  # (tokens, most)
        there = children != NO_PARENT
        mass = (expected @ self.above).gather(1, children.clamp(min=0)) * there
        targets = mass / mass.sum(1, keepdim=True).clamp(min=_FLOOR)
        log_probs = scores.gather(1, self.tokens[children.clamp(min=0)])
        log_probs = log_probs - scores.logsumexp(1, keepdim=True)
        return -(targets * log_probs).sum(1)
