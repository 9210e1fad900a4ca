"""Exact scores of a closed list of titles under a causal language model.

A text is run once. Then the inner nodes of a title tree are run behind every place of it that is
asked about: the subtrees hang side by side in rows, each node sees the text before its place and
the nodes above it (a tree mask, see `tree_attention`), and its position is that of its depth. The
rows of all places share passes of a bounded number of tokens. An architecture that cannot take
such a mask is found out when the model is loaded, and each title is then run behind the context.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from transformers import PreTrainedModel
from transformers.cache_utils import DynamicLayer

from occu_core.models import tree_attention
from occu_core.models.adapters import SharedModel
from occu_core.models.best_titles import BestTitles, Search
from occu_core.models.tree_attention import TreeContext
from occu_core.models.tree_rows import TreeRows, tree_rows, whole_tree
from occu_core.titles import TitleTrie, Tokens

TOKENS_A_PASS = 2_048
_MOST_LOGITS = 64_000_000
_ROWS_AT_ONCE = 64  # so that what a log-sum-exp works on stays in the processor's cache
_TREE_TOLERANCE = 1e-3
Scores = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class ReadText:
    """A text after one forward pass.

    Attributes:
        tokens: what was read.
        places: where it was asked what follows, as the numbers of tokens before them.
        following: log-probabilities of the next token there, nats, shape (places, vocabulary).
        layers: keys and values of each layer, shape (1, heads, tokens, width); empty if the
            architecture keeps no such cache.
    """

    tokens: Tokens
    places: tuple[int, ...]
    following: torch.Tensor
    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]


class TitleScorer:
    """Scores title trees with one model; finds out at once whether it can take a tree mask.

    Args:
        model: any causal language model.
        tokens_a_pass: how many tokens of trees are run at once, a row of a tree at least.
    """

    def __init__(
        self, model: PreTrainedModel | SharedModel, tokens_a_pass: int = TOKENS_A_PASS
    ) -> None:
        self.model = model.eval()
        if model.config._attn_implementation == "sdpa":
            model.set_attn_implementation(tree_attention.NAME)
        self._keeps_logits = "logits_to_keep" in inspect.signature(model.forward).parameters
        vocabulary = model.config.get_text_config().vocab_size
        self.tokens_a_pass = min(tokens_a_pass, max(_MOST_LOGITS // vocabulary, 1))
        self.takes_tree_masks = self._try_tree_mask()

    @torch.inference_mode()
    def read(self, tokens: Tokens, places: Sequence[int] | None = None) -> ReadText:
        """One plain forward pass; what follows is told at `places`, at the text's end unless given.

        A place is the number of tokens before it, 1 at least.
        """
        asked = tuple(places or (len(tokens),))
        logits, cache = self._run_text(tokens, asked, use_cache=True)
        return ReadText(tokens, asked, logits.log_softmax(-1), _key_values(cache))

    @torch.inference_mode()
    def along(self, tokens: Tokens, spans: Sequence[tuple[int, int]]) -> Scores:
        """The log P of some stretches of a text, each given all before it, from one plain pass.

        Args:
            tokens: the text.
            spans: the stretches, half-open, none at the very beginning.

        Returns:
            Nats, shape (spans,).
        """
        if not spans:
            return np.empty(0)
        places = [place for start, end in spans for place in range(start, end)]
        logits, _ = self._run_text(tokens, places, use_cache=False)
        told = torch.tensor([tokens[place] for place in places], device=logits.device)
        picked = logits.gather(1, told[:, None])[:, 0]
        steps = (picked - _masses(logits)).double().cpu().numpy()
        return np.add.reduceat(steps, np.cumsum([0, *(b - a for a, b in spans[:-1])]))

    def steps(self, text: ReadText, trie: TitleTrie) -> Scores:
        """The log P(token | text before the place, nodes above) at each node behind each place.

        Nats, shape (places, nodes).
        """
        if not self._hangs_trees(text):
            one_by_one = [self._steps_by_title(text.tokens[:n], trie) for n in text.places]
            return np.array(one_by_one).reshape(-1, len(trie.tokens))
        rows = whole_tree(trie)
        count = len(rows.tokens)
        places = torch.arange(len(text.places))
        picked = torch.arange(count).repeat(len(places))
        return self._run_tree(text, trie, rows, picked, places.repeat_interleave(count))

    def chosen(self, text: ReadText, trie: TitleTrie, titles: npt.NDArray[np.int64]) -> Scores:
        """The log P of chosen titles behind each place; nats, both of shape (places, choices)."""
        if self._hangs_trees(text):
            steps = self._steps_at(text, trie, [trie.above(some) for some in titles])
        else:
            steps = self.steps(text, trie)
        return np.array([trie.total(told)[some] for told, some in zip(steps, titles, strict=True)])

    def best(self, text: ReadText, trie: TitleTrie, k: int) -> list[BestTitles]:
        """The k likeliest titles behind each place; all places are searched side by side."""
        if not self._hangs_trees(text):
            return [BestTitles.of(trie.total(steps), k) for steps in self.steps(text, trie)]
        nothing: list[set[int]] = [set() for _ in text.places]
        searches = [Search(trie, first, k) for first in self._steps_at(text, trie, nothing)]
        while any(asked := [search.asks() for search in searches]):
            told = self._steps_at(text, trie, asked)
            for search, steps in zip(searches, told, strict=True):
                search.learn(steps)
        return [search.found() for search in searches]

    def _hangs_trees(self, text: ReadText) -> bool:
        return self.takes_tree_masks and bool(text.layers)

    def _steps_at(self, text: ReadText, trie: TitleTrie, parts: Sequence[Iterable[int]]) -> Scores:
        """The steps below a part of the tree behind each place; NaN where none is told."""
        rows, owners = tree_rows(trie, parts)
        return self._run_tree(text, trie, rows, torch.arange(len(owners)), owners)

    @torch.inference_mode()
    def _run_tree(
        self,
        text: ReadText,
        trie: TitleTrie,
        rows: TreeRows,
        picked: torch.Tensor,
        owners: torch.Tensor,
    ) -> Scores:
        """Run picked rows behind the places that own them, a bounded number of tokens at once."""
        steps = np.full((len(text.places), len(trie.tokens)), np.nan)
        begin = list(trie.first)
        tokens = [trie.tokens[node] for node in begin]
        steps[:, begin] = text.following[:, tokens].double().cpu().numpy()
        if not len(picked):
            return steps
        at_once = max(self.tokens_a_pass // rows.tokens.shape[1], 1)
        for start in range(0, len(picked), at_once):
            owner = owners[start : start + at_once]
            here = rows.pick(picked[start : start + at_once])
            told = self._run_rows(text, here, owner.tolist())
            steps[owner.repeat_interleave(here.ends.diff()), here.told] = told
        return steps

    def _run_rows(self, text: ReadText, rows: TreeRows, owners: Sequence[int]) -> Scores:
        """The steps that some rows tell; nats, shape (edges,)."""
        device, dtype = self.model.device, self.model.dtype
        lengths = [text.places[owner] for owner in owners]
        logits: torch.Tensor = self.model(
            input_ids=rows.tokens.to(device),
            position_ids=(rows.depths + torch.tensor(lengths)[:, None]).to(device),
            attention_mask=rows.mask[:, None].to(device, dtype),
            use_cache=False,
            tree_context=TreeContext.behind(text.layers, lengths),
        ).logits.flatten(0, 1)
        told_by, tokens = rows.told_by.to(device), rows.told_tokens.to(device)
        return (logits[told_by, tokens].float() - _masses(logits)[told_by]).double().cpu().numpy()

    def _run_text(
        self, tokens: Tokens, places: Sequence[int], *, use_cache: bool
    ) -> tuple[torch.Tensor, object]:
        """Scores of what follows each place, shape (places, vocabulary), and the cache, if any."""
        inputs = torch.tensor([tokens], device=self.model.device)
        asked = torch.tensor(places, device=self.model.device) - 1
        keep = {"logits_to_keep": asked} if self._keeps_logits else {}
        output = self.model(input_ids=inputs, use_cache=use_cache, **keep)
        logits = output.logits[0] if keep else output.logits[0, asked]
        return logits.float(), getattr(output, "past_key_values", None)

    @torch.inference_mode()
    def _steps_by_title(self, context: Tokens, trie: TitleTrie) -> Scores:
        """Each title behind the context, in batches of like length; for any causal model."""
        steps = np.empty(len(trie.tokens))
        paths = sorted((trie.path(leaf) for leaf in trie.leaves), key=len)
        at_once = max(1, self.tokens_a_pass // (len(context) + len(paths[-1])))
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
        context, places = (1, 2, 3, 4, 5), (3, 5)
        self.takes_tree_masks = True
        try:
            text = self.read(context, places)
            by_tree = self.steps(text, trie)
        except (RuntimeError, TypeError, ValueError, IndexError, AttributeError):
            return False
        if not text.layers:
            return False
        by_title = np.array([self._steps_by_title(context[:place], trie) for place in places])
        tolerance = _TREE_TOLERANCE if self.model.dtype == torch.float32 else 0.05
        return bool(np.abs(by_tree - by_title).max() < tolerance)


def _masses(logits: torch.Tensor) -> torch.Tensor:
    """The log-sum-exp of each row, in blocks that stay in the processor's cache; shape (rows,)."""
    blocks = range(0, len(logits), _ROWS_AT_ONCE)
    return torch.cat([logits[k : k + _ROWS_AT_ONCE].float().logsumexp(-1) for k in blocks])


def _key_values(cache: object) -> tuple[tuple[torch.Tensor, torch.Tensor], ...]:
    """Keys and values of each layer; empty where some layer forgets: windows, recurrent states."""
    layers = getattr(cache, "layers", [])
    if not all(type(layer) is DynamicLayer for layer in layers):
        return ()
    return tuple((layer.keys, layer.values) for layer in layers)
