"""A text read once, behind which many rows of tokens are read on, each row its own way.

Rows keep the keys and values of what they alone have read; those of the context are shown to each
layer while it runs and never kept twice.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import signature
from weakref import WeakSet

import numpy as np
import numpy.typing as npt
import torch
from transformers import DynamicCache

from occu_core.models.language_model import LanguageModel
from occu_core.models.path_errors import PathError
from occu_core.titles import Tokens

Ints = npt.NDArray[np.int64]
_TOLERANCE = 1e-3
_MASKED = torch.finfo(torch.float16).min


@dataclass(frozen=True, slots=True)
class Tails:
    """What rows have read beyond the shared context, padded.

    Attributes:
        layers: keys and values of each layer, shape (rows, heads, columns, width).
        valid: which columns are no padding, shape (rows, columns).
    """

    layers: tuple[tuple[torch.Tensor, torch.Tensor], ...]
    valid: torch.Tensor

    def take(self, rows: Ints) -> Tails:
        """Some rows, perhaps several times."""
        if np.array_equal(rows, np.arange(len(self.valid))):
            return self
        chosen = torch.from_numpy(rows)
        layers = tuple((k[chosen], v[chosen]) for k, v in self.layers)
        return Tails(layers, self.valid[chosen])

    def until(self, columns: Ints) -> Tails:
        """Each row without what it read from a column on."""
        kept = torch.arange(self.valid.shape[1]) < torch.from_numpy(columns)[:, None]
        return Tails(self.layers, self.valid & kept)

    def packed(self) -> Tails:
        """Without the padding that no row needs, each row's own columns at the left."""
        order = torch.argsort((~self.valid).int(), dim=1, stable=True)
        order = order[:, : int(self.valid.sum(1).max())]
        layers = tuple((_columns(k, order), _columns(v, order)) for k, v in self.layers)
        return Tails(layers, self.valid.gather(1, order))


def joined(pieces: Sequence[Tails]) -> Tails:
    """Rows of several, one after another, in as many columns as the widest has."""
    widest = max(piece.valid.shape[1] for piece in pieces)
    layers = tuple(
        (
            torch.cat([_widened(piece.layers[n][0], widest) for piece in pieces]),
            torch.cat([_widened(piece.layers[n][1], widest) for piece in pieces]),
        )
        for n in range(len(pieces[0].layers))
    )
    padding = [widest - piece.valid.shape[1] for piece in pieces]
    pad = torch.nn.functional.pad
    valid = [pad(piece.valid, (0, more)) for piece, more in zip(pieces, padding, strict=True)]
    return Tails(layers, torch.cat(valid))


class SharedContext:
    """A context read once, behind which many rows of tokens can be read."""

    @torch.inference_mode()
    def __init__(self, model: LanguageModel, tokens: Tokens) -> None:
        self.model = model.scorer.model
        self.tokens = tokens
        inputs = torch.tensor([tokens], device=self.model.device)
        cache = self.model(input_ids=inputs, use_cache=True).past_key_values
        self.layers = tuple((layer.keys, layer.values) for layer in cache.layers)
        self._keeps_logits = "logits_to_keep" in signature(self.model.forward).parameters

    def no_tail(self) -> Tails:
        """One row that has read nothing yet."""
        layers = tuple((k[:, :, :0], v[:, :, :0]) for k, v in self.layers)
        return Tails(layers, torch.zeros((1, 0), dtype=torch.bool))

    @torch.inference_mode()
    def read(
        self, tails: Tails, tokens: Sequence[Tokens], untold: int = 0
    ) -> tuple[Tails, npt.NDArray[np.float32]]:
        """Read each row's next tokens.

        Returns:
            The longer tails, and the probabilities of the token after each of those read but the
            first `untold`, shape (rows, most tokens - untold, vocabulary).
        """
        longest = max(map(len, tokens))
        inputs = torch.tensor([[*one, *[0] * (longest - len(one))] for one in tokens])
        fresh = torch.arange(longest) < torch.tensor([[len(one)] for one in tokens])
        places = len(self.tokens) + tails.valid.sum(1, keepdim=True) + torch.arange(longest)
        cache = _BehindContext(self, tails)
        device, dtype = self.model.device, self.model.dtype
        logits = self.model(
            input_ids=inputs.to(device),
            position_ids=places.to(device),
            attention_mask=self._mask(tails, longest).to(device, dtype),
            past_key_values=cache,
            use_cache=True,
            **({"logits_to_keep": longest - untold} if self._keeps_logits else {}),
        ).logits[:, untold - longest :]
        layers = tuple((layer.keys, layer.values) for layer in cache.layers)
        longer = Tails(layers, torch.cat([tails.valid, fresh], dim=1))
        return longer, logits.float().softmax(-1).cpu().numpy()

    def _mask(self, tails: Tails, tokens: int) -> torch.Tensor:
        """Additive; context, valid columns and own earlier tokens; (rows, 1, tokens, columns)."""
        rows, columns = tails.valid.shape
        seen = [
            torch.ones(rows, tokens, len(self.tokens), dtype=torch.bool),
            tails.valid[:, None].expand(rows, tokens, columns),
            torch.ones(tokens, tokens, dtype=torch.bool).tril().expand(rows, -1, -1),
        ]
        hidden = ~torch.cat(seen, dim=2)[:, None]
        return torch.zeros(hidden.shape).masked_fill(hidden, _MASKED)


class _BehindContext(DynamicCache):  # type: ignore[misc]
    """Keeps what rows have read; shows each layer, while it runs, the context before it as well."""

    def __init__(self, context: SharedContext, tails: Tails) -> None:
        super().__init__(config=context.model.config)
        self._context = context.layers
        for n, (keys, values) in enumerate(tails.layers if tails.valid.shape[1] else ()):
            super().update(keys, values, n)

    def update(
        self, key_states: torch.Tensor, value_states: torch.Tensor, layer_idx: int, *rest: object
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Keep the new keys and values; all there are of one layer, the context's first."""
        own = super().update(key_states, value_states, layer_idx, *rest)
        shared = (part.expand(len(key_states), -1, -1, -1) for part in self._context[layer_idx])
        keys, values = (torch.cat(pair, dim=2) for pair in zip(shared, own, strict=True))
        return keys, values


def shared_context(model: LanguageModel, tokens: Tokens) -> SharedContext:
    """A context for `model`, once it is known that reading behind it gives what plain reading does.

    Raises:
        PathError: if it does not, or the architecture takes no such context.
    """
    try:
        if model not in _TRIED:
            _try(model, tokens)
            _TRIED.add(model)
        return SharedContext(model, tokens)
    except (RuntimeError, TypeError, AttributeError, IndexError) as error:
        raise PathError(f"the architecture shares no context: {error}") from None


_TRIED: WeakSet[LanguageModel] = WeakSet()


def _try(model: LanguageModel, tokens: Tokens) -> None:
    """Read a text in three parts, and as a whole."""
    begun = SharedContext(model, tokens[:-2])
    tails, _ = begun.read(begun.no_tail(), [tokens[-2:-1]])
    _, behind = begun.read(tails, [tokens[-1:]])
    network = model.scorer.model
    with torch.inference_mode():
        plain = network(input_ids=torch.tensor([tokens], device=network.device)).logits
    difference = np.abs(behind[0, 0] - plain[0, -1].float().softmax(-1).cpu().numpy()).max()
    if not difference < (_TOLERANCE if network.dtype == torch.float32 else 0.05):
        raise PathError("the architecture reads a shared context otherwise than a plain text")


def _columns(layer: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    rows, heads, _, width = layer.shape
    index = order[:, None, :, None].expand(rows, heads, order.shape[1], width)
    return layer.gather(2, index)


def _widened(layer: torch.Tensor, columns: int) -> torch.Tensor:
    return torch.nn.functional.pad(layer, (0, 0, 0, columns - layer.shape[2]))
