"""The shipped tagger's network: a small sentence encoder with two heads, stored in eight bits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import numpy as np
import numpy.typing as npt
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import BertConfig, BertModel

_SCALE = ".scale"
_LEVELS = 127


@dataclass(frozen=True, slots=True)
class NetworkShape:
    """Sizes of the encoder (BERT's names) and how many classes there are."""

    vocab_size: int
    hidden_size: int
    num_hidden_layers: int
    num_attention_heads: int
    intermediate_size: int
    classes: int


class TaggerNetwork(nn.Module):
    """Tokens to class logits, and to a unit vector of what the text means.

    Both heads read the mean of the encoder's last states over the tokens. Meanings of texts and of
    occupations lie in one space, so that the nearest occupation is the likeliest. A text's class is
    told by the taught states and by its meaning, which forgets less: the two logits are added.
    """

    def __init__(self, shape: NetworkShape) -> None:
        super().__init__()
        config = BertConfig(
            vocab_size=shape.vocab_size,
            hidden_size=shape.hidden_size,
            num_hidden_layers=shape.num_hidden_layers,
            num_attention_heads=shape.num_attention_heads,
            intermediate_size=shape.intermediate_size,
        )
        self.encoder = BertModel(config, add_pooling_layer=False)
        self.category = nn.Linear(shape.hidden_size, shape.classes)
        self.meaning = nn.Linear(shape.hidden_size, shape.hidden_size)
        self.category_of_meaning = nn.Linear(shape.hidden_size, shape.classes)

    def forward(self, tokens: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits (texts, classes) and meanings (texts, hidden); `mask` is 1 where a token is."""
        return self.heads(self.layers(self.encoder.embeddings(tokens), mask), mask)

    def layers(
        self, states: Tensor, mask: Tensor, first: int = 0, end: int | None = None
    ) -> Tensor:
        """States after the encoder's layers from `first` to before `end`."""
        open_to = mask[:, None, None, :].bool().expand(-1, 1, mask.shape[1], -1)
        for layer in self.encoder.encoder.layer[first:end]:
            states = layer(states, open_to)
        return states

    def heads(self, states: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Logits and meanings from the last states."""
        mean = (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True)
        meaning = nn.functional.normalize(self.meaning(mean), dim=1)
        return self.category(mean) + self.category_of_meaning(meaning), meaning


def save_network(network: TaggerNetwork, occupations: npt.NDArray[np.float32], path: Path) -> None:
    """Write weights and the occupations' vectors: matrices as 8-bit rows with a scale each."""
    tensors = {"occupations": torch.from_numpy(occupations), **network.state_dict()}
    stored: dict[str, Tensor] = {}
    for name, tensor in tensors.items():
        if tensor.ndim == 2:
            scale = tensor.abs().amax(1).clamp_min(1e-12) / _LEVELS
            stored[name] = (tensor / scale[:, None]).round().to(torch.int8)
            stored[name + _SCALE] = scale.float()
        elif tensor.is_floating_point():
            stored[name] = tensor.float().contiguous()
    partial = path.with_name(f".{path.name}.partial")
    save_file(stored, partial)
    partial.chmod(0o644)
    partial.replace(path)


def load_network(path: Path, shape: NetworkShape) -> tuple[TaggerNetwork, npt.NDArray[np.float32]]:
    """The network, ready to tag, and the occupations' unit vectors.

    Raises:
        RuntimeError: where the file is not of this shape (torch names the tensor).
    """
    tensors = _restored(load_file(path))
    occupations = tensors.pop("occupations").numpy()
    network = TaggerNetwork(shape)
    kept = {name: tensor for name, tensor in network.state_dict().items() if name not in tensors}
    network.load_state_dict(tensors | {n: t for n, t in kept.items() if not t.is_floating_point()})
    network.eval()
    return network, cast(npt.NDArray[np.float32], occupations)


def _restored(stored: Mapping[str, Tensor]) -> dict[str, Tensor]:
    return {
        name: tensor.float() * stored[name + _SCALE][:, None] if name + _SCALE in stored else tensor
        for name, tensor in stored.items()
        if not name.endswith(_SCALE)
    }
