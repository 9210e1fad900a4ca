"""Exact scores of a closed list of titles under a causal language model.

The context is run once. Then every inner node of the title tree is run once, in one batch: the
subtrees hang side by side in rows, each node sees the context and the nodes above it (a tree
mask, see `tree_attention`), and its position is that of its depth. An architecture that cannot
take such a mask is found out when the model is loaded, and each title is then run behind the
context in batches.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicLayer

from occu_core.models import tree_attention
from occu_core.titles import NO_PARENT, TitleTrie, Tokens

ROW_NODES = 64
_MOST_LOGITS = 64_000_000
_EXPANDED_TOKENS = 8_192
_TREE_TOLERANCE = 1e-3
_MASKED = torch.finfo(torch.float16).min  # far enough below any score, in every precision


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text after one forward pass.

    Attributes:
        tokens: what was read.
        log_probs: of the next token at the last positions, nats, shape (positions, vocabulary).
        layers: keys and values of each layer, shape (1, heads, tokens, width); empty if the
            architecture keeps no such cache.
    """

    tokens: Tokens
    log_probs: torch.Tensor
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]

    def following(self, length: int) -> torch.Tensor:
        """Log-probabilities of the token after the first `length`; shape (vocabulary,)."""
        return self.log_probs[length - 1 - len(self.tokens)]


@dataclass(frozen=True, slots=True)
class TreeRows:
    """A tree laid out as rows of subtrees; shapes (rows, nodes a row).

    Attributes:
        nodes: the trie's node at each place, −1 for padding.
        tokens: what is read there.
        depths: how far below the context it stands; 0 for the first token of a title.
        mask: 0 where a place attends to another of its row, very negative where it does not,
            shape (rows, nodes, nodes).
    """

    nodes: torch.Tensor
    tokens: torch.Tensor
    depths: torch.Tensor
    mask: torch.Tensor


class TitleScorer:
    """Scores title trees with one model; finds out at once whether it can take a tree mask."""

    def __init__(self, model: PreTrainedModel) -> None:
        self.model = model.eval()
        if model.config._attn_implementation == "sdpa":
            model.set_attn_implementation(tree_attention.NAME)
        self._keeps_logits = "logits_to_keep" in inspect.signature(model.forward).parameters
        self.takes_tree_masks = self._try_tree_mask()

    @torch.inference_mode()
    def read(self, tokens: Tokens, *, only_last: bool = False) -> ReadText:
        """One plain forward pass; `only_last` scores the vocabulary only at the text's end."""
        inputs = torch.tensor([tokens], device=self.model.device)
        keep = {"logits_to_keep": 1} if only_last and self._keeps_logits else {}
        output = self.model(input_ids=inputs, use_cache=True, **keep)
        log_probs = output.logits[0].float().log_softmax(-1)
        return ReadText(tokens, log_probs, _key_values(getattr(output, "past_key_values", None)))

    def steps(self, text: ReadText, length: int, trie: TitleTrie) -> npt.NDArray[np.float64]:
        """The log P(token | context and the nodes above it) at each node; nats, shape (nodes,).

        Args:
            text: a text that begins with the context.
            length: how many of its tokens are the context.
            trie: the titles.
        """
        if self.takes_tree_masks and text.layers:
            return self._steps_by_tree(text, length, trie)
        return self._steps_by_title(text.tokens[:length], trie)

    @torch.inference_mode()
    def along(
        self, tokens: Tokens, asked: Sequence[tuple[int, Sequence[Tokens]]]
    ) -> npt.NDArray[np.float64]:
        """Log P of several continuations at several places of one text, from one forward pass.

        The continuations hang beside the text: each sees the text before its place and itself.

        Args:
            tokens: the text.
            asked: places, as the number of tokens before them, each with its continuations.

        Returns:
            Nats, one continuation after another.

        Raises:
            ValueError: if the architecture takes no tree mask.
        """
        if not self.takes_tree_masks:
            raise ValueError("this architecture takes no tree mask; ask for each title by itself")
        hung = _hang(tokens, asked)
        logits = self.model(
            input_ids=hung.tokens[None].to(self.model.device),
            position_ids=hung.positions[None].to(self.model.device),
            attention_mask=hung.mask[None, None].to(self.model.device, self.model.dtype),
            use_cache=False,
        ).logits[0]
        told = logits[hung.told_by.to(logits.device)].float().cpu().double()
        steps = told.gather(1, hung.told[:, None])[:, 0] - told.logsumexp(1)
        totals = torch.zeros(int(hung.of[-1]) + 1, dtype=torch.float64)
        return totals.index_add(0, hung.of, steps).numpy()

    @torch.inference_mode()
    def _steps_by_tree(
        self, text: ReadText, length: int, trie: TitleTrie
    ) -> npt.NDArray[np.float64]:
        steps = torch.empty(len(trie.tokens), dtype=torch.float64)
        parents, tokens = _edges(trie)
        first = parents == NO_PARENT
        steps[first] = text.following(length).cpu()[tokens[first]].double()
        rows = tree_rows(trie)
        at_once = max(1, _MOST_LOGITS // (rows.tokens.shape[1] * text.log_probs.shape[-1]))
        for start in range(0, len(rows.tokens), at_once):
            part = slice(start, start + at_once)
            logits = self._run_rows(text, length, rows, part)
            place_of = torch.full((len(trie.tokens) + 1,), -1)
            nodes = rows.nodes[part].flatten()
            place_of[nodes] = torch.arange(len(nodes))  # padding, −1, writes to the extra place
            places = place_of[parents]
            here = ~first & (places >= 0)
            scores = logits.flatten(0, 1).float().cpu()
            mass = scores.logsumexp(-1)
            steps[here] = (scores[places[here], tokens[here]] - mass[places[here]]).double()
        return steps.numpy()

    def _run_rows(self, text: ReadText, length: int, rows: TreeRows, part: slice) -> torch.Tensor:
        """Logits at each place of some rows; shape (rows, nodes a row, vocabulary)."""
        device, dtype = self.model.device, self.model.dtype
        logits: torch.Tensor = self.model(
            input_ids=rows.tokens[part].to(device),
            position_ids=(rows.depths[part] + length).to(device),
            attention_mask=rows.mask[part, None].to(device, dtype),
            use_cache=False,
            tree_context=tuple((k[:, :, :length], v[:, :, :length]) for k, v in text.layers),
        ).logits
        return logits

    @torch.inference_mode()
    def _steps_by_title(self, context: Tokens, trie: TitleTrie) -> npt.NDArray[np.float64]:
        """Each title behind the context, in batches of like length; for any causal model."""
        steps = np.empty(len(trie.tokens))
        paths = sorted((_path(trie, leaf) for leaf in trie.leaves), key=len)
        at_once = max(1, _EXPANDED_TOKENS // (len(context) + len(paths[-1])))
        for start in range(0, len(paths), at_once):
            batch = paths[start : start + at_once]
            longest = max(len(path) for path in batch)
            rows = [
                [*context, *(trie.tokens[node] for node in path), *[0] * (longest - len(path))]
                for path in batch
            ]
            inputs = torch.tensor(rows, device=self.model.device)
            logits = self.model(input_ids=inputs, use_cache=False).logits
            log_probs = logits[:, len(context) - 1 :].float().cpu().log_softmax(-1)
            for row, path in enumerate(batch):
                tokens = [trie.tokens[node] for node in path]
                steps[path] = log_probs[row, torch.arange(len(path)), tokens].double().numpy()
        return steps

    def _try_tree_mask(self) -> bool:
        """Score a small tree both ways; only an architecture that agrees may take the short one."""
        last = min(self.model.config.get_text_config().vocab_size, 12) - 1
        trie = TitleTrie.build([(1, 2, last), (1, 3, 4, last), (2, 1, last), (3, 3, 3, last)])
        context = (1, 2, 3, 4, 5)
        try:
            text = self.read(context)
            by_tree = self._steps_by_tree(text, len(context), trie)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
            return False
        if not text.layers:
            return False
        by_title = self._steps_by_title(context, trie)
        tolerance = _TREE_TOLERANCE if self.model.dtype == torch.float32 else 0.05
        return bool(np.abs(by_tree - by_title).max() < tolerance)


@dataclass(frozen=True, slots=True)
class HungText:
    """A text with continuations hung beside it as one sequence.

    Attributes:
        tokens: the text, then what must be read of the continuations, shape (length,).
        positions: where each stands, shape (length,).
        mask: 0 where a place attends to another, very negative elsewhere, (length, length).
        told: every token of every continuation, shape (steps,).
        told_by: the place whose scores tell it, shape (steps,).
        of: which continuation it belongs to, shape (steps,).
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    told: torch.Tensor
    told_by: torch.Tensor
    of: torch.Tensor


def _hang(tokens: Tokens, asked: Sequence[tuple[int, Sequence[Tokens]]]) -> HungText:
    """Lay the continuations out behind the text."""
    laid, positions = list(tokens), list(range(len(tokens)))
    told: list[tuple[int, int, int]] = []
    branches: list[tuple[int, int, int]] = []
    paths = [(place, path) for place, continuations in asked for path in continuations]
    for which, (place, path) in enumerate(paths):
        start = len(laid)
        told_by = [place - 1, *range(start, start + len(path) - 1)]
        told += [(token, by, which) for token, by in zip(path, told_by, strict=True)]
        branches.append((place, start, start + len(path) - 1))
        laid += path[:-1]
        positions += range(place, place + len(path) - 1)
    sees = torch.zeros((len(laid), len(laid)), dtype=torch.bool)
    sees[: len(tokens), : len(tokens)] = True
    for place, start, end in branches:
        sees[start:end, :place] = True
        sees[start:end, start:end] = True
    mask = torch.zeros(sees.shape).masked_fill_(~sees.tril(), _MASKED)
    ids, places, owners = torch.tensor(told).unbind(1)
    return HungText(torch.tensor(laid), torch.tensor(positions), mask, ids, places, owners)


@lru_cache(maxsize=16)
def tree_rows(trie: TitleTrie) -> TreeRows:
    """Lay the inner nodes out in rows of about `ROW_NODES`, parents before children."""
    groups = trie.subtrees(ROW_NODES)
    shape = len(groups), max((len(group) for group in groups), default=1)
    nodes = torch.full(shape, NO_PARENT)
    tokens, depths = torch.zeros(shape, dtype=torch.long), torch.zeros(shape, dtype=torch.long)
    sees = torch.eye(shape[1], dtype=torch.bool).repeat(shape[0], 1, 1)
    for row, group in enumerate(groups):
        place = {node: column for column, node in enumerate(group)}
        for node, column in place.items():
            nodes[row, column] = node
            tokens[row, column] = trie.tokens[node]
            parent = trie.parents[node]
            if parent != NO_PARENT:
                depths[row, column] = depths[row, place[parent]] + 1
                sees[row, column] |= sees[row, place[parent]]
    mask = torch.zeros(sees.shape).masked_fill_(~sees, _MASKED)
    return TreeRows(nodes, tokens, depths, mask)


@lru_cache(maxsize=16)
def _edges(trie: TitleTrie) -> tuple[torch.Tensor, torch.Tensor]:
    """Each node's parent and token; shapes (nodes,)."""
    return torch.tensor(trie.parents), torch.tensor(trie.tokens)


def _path(trie: TitleTrie, leaf: int) -> list[int]:
    """The nodes from the first token of a title to its last."""
    path = [leaf]
    while (parent := trie.parents[path[-1]]) != NO_PARENT:
        path.append(parent)
    return path[::-1]


def _key_values(cache: object) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Keys and values of each layer; empty where some layer forgets: windows, recurrent states."""
    layers = getattr(cache, "layers", [])
    if not all(type(layer) is DynamicLayer for layer in layers):
        return ()
    return tuple((layer.keys, layer.values) for layer in layers)
