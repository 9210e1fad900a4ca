"""How probable one state is after many parts of one history, in a few batched passes.

Under a language model all parts of a history are read behind the keys and values of the whole:
a part shares everything before the first record it leaves out, and only the rest is read again,
at the positions where it then stands. Parts of like length go together, padded on the left, so
that the target's tokens end every row and nothing else is scored.

A difference of two probabilities loses digits that each of them had, so a small model on the
processor reads in double precision here.
"""

from __future__ import annotations

import copy
import inspect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt
import torch
from transformers import DynamicCache, PreTrainedModel

from occu_core.careers import Query
from occu_core.models.adapters import SharedModel
from occu_core.models.career import CareerInputs, CareerModel
from occu_core.models.language_model import LanguageModel
from occu_core.titles import Tokens

Part = tuple[int, ...]
Floats = npt.NDArray[np.float64]
KeyValues = Sequence[tuple[torch.Tensor, torch.Tensor]]
Network: TypeAlias = PreTrainedModel | SharedModel
_MOST_TOKENS = 4_096  # of one batch, padding included
_LEAST_FILLED = 0.7  # of the longest row of a batch
_MASKED = torch.finfo(torch.float16).min  # far enough below any score, in every precision
_MOST_DOUBLED = 50_000_000  # parameters: 400 MB in double precision
_DOUBLES: WeakKeyDictionary[torch.nn.Module, PreTrainedModel] = WeakKeyDictionary()


def read_parts(
    model: LanguageModel, query: Query, parts: Sequence[Part], target: int
) -> Floats | None:
    """Raw log P(target) after each part of the past; nats, shape (parts,).

    None where the tokenizer joins one record to the next: then a part is no sum of records.
    """
    written = _written(model, query, target)
    if written is None:
        return None
    network = _precise(model.scorer.model)
    if not model.scorer.takes_tree_masks:
        return _read_apart(network, written, parts)
    layers = _read(network, written.past)
    rows = [_row(written, part) for part in parts]
    found = np.empty(len(rows))
    for group in _groups([len(row.tokens) for row in rows]):
        found[group] = _score(network, layers, [rows[k] for k in group], written.target)
    return found


@torch.inference_mode()
def ask_career(model: CareerModel, queries: Sequence[Query], target: int) -> Floats:
    """Log P(target) for several queries to CAREER, pasts of one length together; nats."""
    found = np.empty(len(queries))
    lengths = [len(query.past.records) for query in queries]
    for length in set(lengths):
        group = [k for k, own in enumerate(lengths) if own == length]
        one_by_one = [model.encoder.inputs(queries[k].past, queries[k]) for k in group]
        inputs = CareerInputs(
            previous=torch.cat([one.previous for one in one_by_one]),
            years=torch.cat([one.years for one in one_by_one]),
            education=torch.cat([one.education for one in one_by_one]),
            traits=torch.cat([one.traits for one in one_by_one]),
        )
        found[group] = model.network(inputs, only_last=True)[:, -1, target].numpy()
    return found


def _precise(network: Network) -> Network:
    """A copy in double precision, kept as long as the model is; large ones stay as they are."""
    if isinstance(network, SharedModel):
        if network.adapter is not None:
            return network
        network = network.base.model
    small = network.num_parameters() <= _MOST_DOUBLED and network.dtype == torch.float32
    if not small or network.device.type != "cpu":
        return network
    if network not in _DOUBLES:
        _DOUBLES[network] = copy.deepcopy(network).double()
    return _DOUBLES[network]


@dataclass(frozen=True, slots=True)
class _Written:
    """A query in tokens: header and records, the last cue, and the target's title."""

    header: Tokens
    records: tuple[Tokens, ...]
    cue: Tokens
    target: Tokens

    @property
    def past(self) -> Tokens:
        """Everything before the last cue."""
        return self.header + _joined(self.records)


@dataclass(frozen=True, slots=True)
class _Row:
    """What a part does not share with the whole, and how many tokens it does share."""

    shared: int
    tokens: Tokens


def _written(model: LanguageModel, query: Query, target: int) -> _Written | None:
    whole, before = (
        model.tokens.resume(query.past),
        model.tokens.resume(replace(query.past, records=())),
    )
    if whole is None or before is None:
        return None
    header = len(before.tokens)
    starts = [header, *(end for _, end in whole.answers)]
    records = tuple(
        whole.tokens[start:end] for start, (_, end) in zip(starts, whole.answers, strict=False)
    )
    cue = model.tokens.split(query).context[len(whole.tokens) :]
    return _Written(before.tokens, records, cue, model.tokens.titles[target])


def _row(written: _Written, part: Part) -> _Row:
    same = next((k for k, place in enumerate(part) if k != place), len(part))
    shared = len(written.header) + sum(map(len, written.records[:same]))
    rest = _joined([written.records[place] for place in part[same:]])
    return _Row(shared, rest + written.cue + written.target[:-1])


def _groups(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Rows of like length, longest first."""
    group: list[int] = []
    for k in sorted(range(len(lengths)), key=lambda k: -lengths[k]):
        longest = lengths[group[0]] if group else 0
        full = longest * (len(group) + 1) > _MOST_TOKENS
        if group and (full or lengths[k] < _LEAST_FILLED * longest):
            yield group
            group = []
        group.append(k)
    if group:
        yield group


@torch.inference_mode()
def _read(network: Network, tokens: Tokens) -> KeyValues:
    """One plain pass, for what it leaves behind."""
    inputs = torch.tensor([tokens], device=network.device)
    output = network(input_ids=inputs, use_cache=True, **_last(network, 1))
    return [(layer.keys, layer.values) for layer in output.past_key_values.layers]


@torch.inference_mode()
def _score(network: Network, layers: KeyValues, rows: Sequence[_Row], target: Tokens) -> Floats:
    """Log P(target) at the end of each row; nats, shape (rows,)."""
    shared = torch.tensor([row.shared for row in rows])
    longest, before = max(len(row.tokens) for row in rows), int(shared.max())
    padding = torch.tensor([longest - len(row.tokens) for row in rows])
    tokens = torch.tensor([[0] * (longest - len(row.tokens)) + [*row.tokens] for row in rows])
    places = torch.arange(longest)
    sees_text = torch.arange(before) < shared[:, None, None]
    sees_row = (places <= places[:, None]) & (places >= padding[:, None, None])
    sees = torch.cat([sees_text.expand(-1, longest, -1), sees_row], dim=2)
    mask = torch.zeros(sees.shape).masked_fill_(~sees, _MASKED)
    cache = DynamicCache(config=network.config)
    for layer, (keys, values) in enumerate(layers):
        wide = [part[:, :, :before].expand(len(rows), -1, -1, -1) for part in (keys, values)]
        cache.update(*wide, layer)
    positions = shared[:, None] + (places - padding[:, None]).clamp(min=0)
    logits = network(
        input_ids=tokens.to(network.device),
        position_ids=positions.to(network.device),
        attention_mask=mask[:, None].to(network.device, network.dtype),
        past_key_values=cache,
        use_cache=True,
        **_last(network, len(target)),
    ).logits[:, -len(target) :]
    return _total(logits, target)


@torch.inference_mode()
def _read_apart(network: Network, written: _Written, parts: Sequence[Part]) -> Floats:
    """Each part as a text of its own, in padded batches; for any causal model."""
    texts = [
        written.header
        + _joined([written.records[place] for place in part])
        + written.cue
        + written.target[:-1]
        for part in parts
    ]
    found = np.empty(len(parts))
    for group in _groups([len(text) for text in texts]):
        longest = len(texts[group[0]])
        rows = torch.tensor([[*texts[k], *[0] * (longest - len(texts[k]))] for k in group])
        logits = network(input_ids=rows.to(network.device), use_cache=False).logits
        ends = [
            logits[row, len(texts[k]) - len(written.target) : len(texts[k])]
            for row, k in enumerate(group)
        ]
        found[group] = _total(torch.stack(ends), written.target)
    return found


def _total(logits: torch.Tensor, target: Tokens) -> Floats:
    """Chain rule over the target's tokens; from (rows, tokens, vocabulary) to (rows,)."""
    told = logits.cpu().double()
    steps = told[:, torch.arange(len(target)), list(target)] - told.logsumexp(-1)
    total: Floats = steps.sum(1).numpy()
    return total


def _last(network: Network, count: int) -> dict[str, int]:
    """Score the vocabulary only at the last places, where the architecture can."""
    can = "logits_to_keep" in inspect.signature(network.forward).parameters
    return {"logits_to_keep": count} if can else {}


def _joined(parts: Sequence[Tokens]) -> Tokens:
    return tuple(token for part in parts for token in part)
